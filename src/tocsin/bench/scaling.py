"""How the cost of a scan grows with the number of targets at constant density."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.scenes.families import Scene, make_scene
from tocsin.session import Clock, Session
from tocsin.warmup import warm_up

__all__ = ["SIZES", "Cost", "Exponent", "ScalingStudy", "cost_of", "fitted", "scaling"]

SIZES = (200, 500, 1000, 2000, 5000, 10_000, 20_000)
SETTLED = 6  # scans until every target has a track: the cost of a scan is that of those that follow


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of CPU for one scan, median over the scans after the settling ones."""

    targets: int
    detections: float  # a scan
    track_ms: float  # sense, track and identify
    advance_ms: float  # all stages
    tracks: int  # listed after the last scan


@dataclass(frozen=True, slots=True)
class Exponent:
    """Slope of log cost over log targets by least squares, with its standard error."""

    value: float
    error: float
    steepest: float  # between neighbouring sizes


@dataclass(frozen=True, slots=True)
class ScalingStudy:
    """One family over its sizes: each size run `passes` times, the cheapest kept (what else runs only adds)."""

    family: str
    seed: int
    passes: int
    costs: tuple[Cost, ...]
    track: Exponent
    advance: Exponent


class _Scans(Clock):
    """CPU time of each scan: of sense, track and identify, and of all stages."""

    def __init__(self) -> None:
        self.tracked_s: list[float] = []
        self.whole_s: list[float] = []
        self._since = 0.0

    def begin(self) -> None:
        """Just before `advance`."""
        self._since = time.process_time()

    def mark(self, stage: str) -> None:
        """After a stage."""
        if stage == "identify":
            self.tracked_s.append(time.process_time() - self._since)

    def end(self) -> None:
        """Just after `advance`."""
        self.whole_s.append(time.process_time() - self._since)


def cost_of(scene: Scene) -> Cost:
    """Track one scene and time its scans."""
    warm_up(scene.plan)
    scans, listed = _Scans(), 0
    session = Session(scene.plan, clock=scans)
    for batch in scene.batches:
        _, events = session.take(batch)
        listed = len(events.tracks.table.track_id)
    count = float(np.median([len(batch.detections.row) for batch in scene.batches]))
    track_ms, advance_ms = (1e3 * float(np.median(part[SETTLED:])) for part in (scans.tracked_s, scans.whole_s))
    return Cost(len(scene.truth.object_id), count, track_ms, advance_ms, listed)


def fitted(targets: Sequence[float], cost: Sequence[float]) -> Exponent:
    """The exponent of a power law through (targets, cost)."""
    x, y = np.log(targets), np.log(cost)
    slope, start = np.polyfit(x, y, 1)
    freedom = max(len(x) - 2, 1)
    spread = float(np.sum((y - slope * x - start) ** 2)) / freedom / float(np.sum((x - x.mean()) ** 2))
    return Exponent(float(slope), float(np.sqrt(spread)), float(np.max(np.diff(y) / np.diff(x))))


def scaling(
    family: str,
    seed: int,
    *,
    sizes: Sequence[int] = SIZES,
    passes: int = 3,
    told: Callable[[str], None] = lambda _: None,
) -> ScalingStudy:
    """Costs over the sizes of `density` or `scaled`; sizes take turns, so that a busy spell falls on all of them."""
    best: dict[int, Cost] = {}
    for turn in range(passes):
        for size in sizes:
            found = cost_of(make_scene(f"{family}-{size}", seed))
            told(f"{family}-{size}, pass {turn + 1}: {found.track_ms:.2f} ms a scan")
            if size not in best or found.track_ms < best[size].track_ms:
                best[size] = found
    costs = tuple(best[size] for size in sizes)
    targets = [cost.targets for cost in costs]
    return ScalingStudy(
        family=family,
        seed=seed,
        passes=passes,
        costs=costs,
        track=fitted(targets, [cost.track_ms for cost in costs]),
        advance=fitted(targets, [cost.advance_ms for cost in costs]),
    )
