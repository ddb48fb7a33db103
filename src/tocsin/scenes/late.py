"""Orders of arrival: the rows of a scene that came in order of time, made late in one of several ways.

| way | what is late |
| --- | --- |
| `scans` | whole scans, each by uniform 0 to 2 s |
| `rows` | every row by itself, uniform 0 to 2 s: a scan comes in many pieces |
| `sensors` | every second scan is a second radar's (same place), and takes 1.5 s where the first one's takes 0.1 s |

Late is a row that is older than one that came before it. At every multiple of ten seconds the feed catches up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tocsin.records.arrays import BoolArray, FloatArray

__all__ = ["CATCH_UP_S", "WAYS", "Feed", "arrivals", "feed_of"]

WAYS = ("scans", "rows", "sensors")
LATEST_S, CATCH_UP_S = 1.999, 10.0


@dataclass(frozen=True, slots=True)
class Feed:
    """One order of arrival of a scenario's rows."""

    table: pa.Table
    late: BoolArray  # of each row, in order of arrival


def arrivals(way: str, t: FloatArray, rng: np.random.Generator) -> FloatArray:
    """When each row of times t (n,) arrives; the feed catches up at every multiple of CATCH_UP_S."""
    times, scan = np.unique(t, return_inverse=True)
    if way == "rows":
        delay = rng.uniform(0.0, LATEST_S, len(t))
    elif way == "scans":
        delay = rng.uniform(0.0, LATEST_S, len(times))[scan]
    else:
        delay = np.where(scan % 2 == 1, 1.5, 0.1)
    period = float(np.median(np.diff(times)))
    next_start = times[np.searchsorted(times, (np.floor(t / CATCH_UP_S) + 1.0) * CATCH_UP_S - 1e-9) % len(times)]
    border = np.where(next_start > t, next_start, np.inf) - 1e-6 * period
    return np.minimum(t + delay, border)


def feed_of(table: pa.Table, way: str, seed: int) -> Feed:
    """The rows in order of arrival. Rows that arrive at one moment keep their order."""
    t = table["t"].to_numpy()
    if way == "sensors":
        odd = np.unique(t, return_inverse=True)[1] % 2 == 1
        names = pa.array(np.where(odd, "radar-2", "radar-1"))
        table = table.set_column(table.column_names.index("sensor_id"), "sensor_id", names)
    order = np.arange(len(t)) if not way else np.lexsort((t, arrivals(way, t, np.random.default_rng(seed))))
    t = t[order]
    return Feed(table.take(pa.array(order)), t < np.maximum.accumulate(t))
