"""Several seeds of one scene put together: medians with their spread, and ratios to each peer seed by seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.bench.peers import Peer
from tocsin.bench.tracking import Absent, Figures, bench_scene
from tocsin.scenes.families import Scene

__all__ = ["SceneSummary", "Spread", "TrackerSummary", "bench_scenes", "summarise"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median over seeds, with the least and the most."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TrackerSummary:
    """One tracker over the seeds. Ratios are of the same seed, taken in turn with ours; None: no such figure."""

    tracker: str
    version: str
    runs: int
    finished: int
    problems: tuple[str, ...]
    detections_per_cpu_s: Spread | None
    speed_ratio: Spread | None  # ours / this one's
    advance_ratio: Spread | None  # all stages / sense, track and identify
    real_time: Spread | None  # seconds of data / CPU seconds of all that was timed
    worst_scan_s: Spread | None
    gospa_norm_m: Spread
    gospa_ratio: Spread  # ours / this one's
    completeness: Spread
    false_tracks: Spread
    switches_per_truth: Spread
    pos_rmse_m: Spread | None
    vel_rmse_mps: Spread | None


@dataclass(frozen=True, slots=True)
class SceneSummary:
    """One scene, ours first."""

    scene: str
    range_rate: bool  # ours was given it; no peer uses it
    seeds: tuple[int, ...]
    detections: float  # median
    scans: int
    seconds: float  # of data
    trackers: tuple[TrackerSummary, ...]
    absent: tuple[Absent, ...]


def _spread(values: Iterable[float | None]) -> Spread | None:
    found = [value for value in values if value is not None]
    return Spread(float(np.median(found)), min(found), max(found)) if found else None


def _sure(values: Iterable[float]) -> Spread:
    found = list(values)
    return Spread(float(np.median(found)), min(found), max(found))


def bench_scenes(
    scenes: Iterable[Scene],
    peers: Sequence[tuple[Peer, str]],
    *,
    range_rate: bool,
    limit_s: float = 900.0,
    told: Callable[[str], None] = lambda _: None,
) -> SceneSummary:
    """Ours and each (peer, interpreter) over the scenes of one family, put together."""
    figures, absent, seconds = [], [], 0.0
    for scene in scenes:
        new, missing = bench_scene(scene, peers, limit_s=limit_s, told=told)
        figures += new
        absent += missing
        seconds = scene.radar.scans * scene.radar.scan_period_s
    return summarise(figures, absent, seconds=seconds, range_rate=range_rate)


def summarise(
    figures: Sequence[Figures], absent: Sequence[Absent], *, seconds: float, range_rate: bool
) -> SceneSummary:
    """Put the figures of one scene together; `seconds` is the time that its data covers."""
    ours = {f.seed: f for f in figures if f.tracker == "tocsin"}
    names = dict.fromkeys(f.tracker for f in figures)
    scans = max(f.scans for f in ours.values())
    trackers = tuple(
        _tracker([f for f in figures if f.tracker == name], ours, seconds / max(scans, 1)) for name in names
    )
    missing = {item.tracker: item for item in absent}
    return SceneSummary(
        scene=next(iter(ours.values())).scene,
        range_rate=range_rate,
        seeds=tuple(ours),
        detections=float(np.median([f.detections for f in ours.values()])),
        scans=scans,
        seconds=seconds,
        trackers=trackers,
        absent=tuple(missing.values()),
    )


def _tracker(runs: list[Figures], ours: dict[int, Figures], scan_s: float) -> TrackerSummary:
    speed = [(ours[f.seed].detections_per_cpu_s, f.detections_per_cpu_s) for f in runs]
    whole = [(f.scans * scan_s, f.advance_cpu_s or f.cpu_s) for f in runs]
    return TrackerSummary(
        tracker=runs[0].tracker,
        version=runs[0].version,
        runs=len(runs),
        finished=sum(not f.problem for f in runs),
        problems=tuple(dict.fromkeys(f.problem for f in runs if f.problem)),
        detections_per_cpu_s=_spread(f.detections_per_cpu_s for f in runs),
        speed_ratio=_spread(a / b if a and b else None for a, b in speed),
        advance_ratio=_spread(f.advance_cpu_s / f.cpu_s if f.advance_cpu_s and f.cpu_s else None for f in runs),
        real_time=_spread(seconds / cpu if cpu else None for seconds, cpu in whole),
        worst_scan_s=_spread(f.worst_scan_s for f in runs),
        gospa_norm_m=_sure(f.gospa_norm_m for f in runs),
        gospa_ratio=_sure(ours[f.seed].gospa_norm_m / f.gospa_norm_m for f in runs),
        completeness=_sure(f.completeness for f in runs),
        false_tracks=_sure(float(f.false_tracks) for f in runs),
        switches_per_truth=_sure(f.switches_per_truth for f in runs),
        pos_rmse_m=_spread(f.pos_rmse_m for f in runs),
        vel_rmse_mps=_spread(f.vel_rmse_mps for f in runs),
    )
