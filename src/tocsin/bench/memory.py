"""Does anything grow with the length of a run? A day of targets that come and go, through every stage."""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass, replace
from pathlib import Path

import numpy as np

from tocsin.pipeline import State
from tocsin.records.detections import ReportTable
from tocsin.records.warnings import Hazard
from tocsin.scenes.day import SKY, Sky, a_day, guarded_site
from tocsin.session import Session

__all__ = ["MemoryStudy", "Sample", "Size", "measure", "size_of"]

ANSWER_S = 300.0  # after which people answer a hazard: only named evidence closes one, so without them they add up


@dataclass(frozen=True, slots=True)
class Size:
    """What a value holds, followed through records, containers and arrays; nothing is counted twice."""

    bytes: int
    items: int  # entries of containers


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at one time."""

    t_s: float
    tracks: int  # listed
    ended: int  # tracks so far
    warnings: int  # live ones, as told by the events
    stage_bytes: tuple[tuple[str, int], ...]  # of each stage's state
    stage_items: tuple[tuple[str, int], ...]
    resident_bytes: int  # of the process, 0 where the system does not tell


@dataclass(frozen=True, slots=True)
class MemoryStudy:
    """Samples through the run. Growth: the most in the last quarter over the most in the second quarter."""

    hours: float
    scans: int
    detections: int
    targets: int  # that came and went, and are there at the end
    samples: tuple[Sample, ...]
    state_growth: float
    items_growth: float
    resident_growth: float


def size_of(value: object, seen: set[int] | None = None) -> Size:
    """Bytes and entries that a state holds."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return Size(0, 0)
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        inner = () if value.base is None else (value.base,)
        own = Size(value.nbytes if value.base is None else 0, 0)
    elif is_dataclass(value) and not isinstance(value, type):
        inner = tuple(getattr(value, name) for name in value.__dataclass_fields__)
        own = Size(sys.getsizeof(value), 0)
    elif isinstance(value, Mapping):
        inner = (*value.keys(), *value.values())
        own = Size(sys.getsizeof(value), len(value))
    elif isinstance(value, list | tuple | set | frozenset | deque):
        inner = tuple(value)
        own = Size(sys.getsizeof(value), len(value))
    else:
        inner, own = (), Size(sys.getsizeof(value), 0)
    parts = [own, *(size_of(part, seen) for part in inner)]
    return Size(sum(part.bytes for part in parts), sum(part.items for part in parts))


def resident_bytes() -> int:
    """Memory of this process that is in use now; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * 4096


def measure(
    seed: int, *, hours: float = 24.0, samples: int = 48, told: Callable[[str], None] = lambda _: None
) -> MemoryStudy:
    """Run the whole pipeline over the sky of one seed, and look at what its state holds."""
    rng = np.random.default_rng([seed, 3])
    plan, sky = guarded_site(), Sky(rng, SKY)
    session = Session(plan)
    scans, every = round(hours * 3600.0 / SKY.scan_period_s), hours * 3600.0 / samples
    taken: list[Sample] = []
    detections = ended = 0
    open_since: dict[int, Hazard] = {}
    for batch in a_day(rng, sky, hours * 3600.0):
        answers = _answers(open_since, batch.t_s)
        _, events = session.take(replace(batch, reports=answers))
        detections += len(batch.detections.row)
        ended += len(events.tracks.ended)
        for hazard in events.hazards:
            if hazard.state == "closed":
                open_since.pop(hazard.track_id, None)
            else:
                open_since.setdefault(hazard.track_id, hazard)
        if batch.t_s + SKY.scan_period_s >= every * (len(taken) + 1):
            taken.append(
                _sample(session.state, batch.t_s, len(events.tracks.table.track_id), ended, len(events.warnings))
            )
            told(f"{batch.t_s / 3600:.1f} h: {sum(b for _, b in taken[-1].stage_bytes) / 1e6:.2f} MB of state")
    whole = [float(sum(b for _, b in s.stage_bytes)) for s in taken]
    items = [float(sum(b for _, b in s.stage_items)) for s in taken]
    resident = [float(s.resident_bytes) for s in taken]
    growth = (_growth(series) for series in (whole, items, resident))
    return MemoryStudy(hours, scans, detections, sky.came, tuple(taken), *growth)


def _answers(open_since: dict[int, Hazard], t_s: float) -> ReportTable:
    """What people report of the hazards that have stood for long enough: that the thing is down."""
    due = [hazard for hazard in open_since.values() if t_s - hazard.since_t_s >= ANSWER_S]
    places = np.array([(*hazard.centre_m, np.nan) for hazard in due], dtype=np.float64).reshape(-1, 3)
    return ReportTable(
        t_s=np.full(len(due), t_s),
        source=("patrol",) * len(due),
        kind=("sighting",) * len(due),
        id=tuple(f"track {hazard.track_id}" for hazard in due),
        position_m=places,
        sigma_m=np.full(len(due), 50.0),
        claim=("wreck found",) * len(due),
    )


def _sample(state: State, t_s: float, tracks: int, ended: int, warnings: int) -> Sample:
    gc.collect()
    sizes = [(name, size_of(getattr(state, name))) for name in state.__dataclass_fields__]
    return Sample(
        t_s=t_s,
        tracks=tracks,
        ended=ended,
        warnings=warnings,
        stage_bytes=tuple((name, size.bytes) for name, size in sizes),
        stage_items=tuple((name, size.items) for name, size in sizes),
        resident_bytes=resident_bytes(),
    )


def _growth(series: list[float]) -> float:
    """The most in the last quarter over the most in the second one; 1 where nothing is held."""
    quarter = max(len(series) // 4, 1)
    before = max(series[quarter : 2 * quarter], default=0.0)
    return max(series[-quarter:]) / before if before else 1.0
