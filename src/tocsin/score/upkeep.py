"""How tracks were kept up: completeness, switches, false tracks, accuracy and latency over matched pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score.continuity import Pairs
from tocsin.score.matching import nearest
from tocsin.score.scans import Scans

__all__ = ["Upkeep", "upkeep"]


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Figures over the pairs of `continuity.pair_up`. None: no pair."""

    completeness: float  # true points with a track of their own / true points
    switches: int  # times an object's track is not the one of its last match
    switches_per_truth: float
    false_points_per_scan: float  # reported points that hold no object
    redundant_points_per_scan: float  # those of them that are near an object which another track holds
    false_tracks: int  # tracks that held nothing for at least half of their reported life
    false_tracks_per_min: float
    pos_rmse_m: float | None
    vel_rmse_mps: float | None
    latency_s: float | None  # median of (first match - first true point) over objects that were ever matched
    never_tracked: int
    completeness_by_kind: tuple[tuple[str, float], ...]  # rounded to 4 decimals, kinds in order of name
    switches_by_kind: tuple[tuple[str, int], ...]  # kinds with at least one


def _free_points(
    truth: TruthTable, estimates: EstimateTable, scans: Scans, pairs: Pairs, cutoff_m: float
) -> tuple[int, int]:
    used = np.zeros(len(estimates.t_s), dtype=np.bool_)
    used[pairs.estimate_row] = True
    false = redundant = 0
    for a, b in zip(scans.truth_rows, scans.estimate_rows, strict=True):
        free = b[~used[b]]
        _, distance = nearest(truth.state[a, :3], estimates.state[free, :3])
        false += len(free)
        redundant += int(np.count_nonzero(distance < cutoff_m))
    return false, redundant


def _false_tracks(estimates: EstimateTable, scans: Scans, pairs: Pairs) -> int:
    tracks = len(estimates.track_id)
    reported = np.bincount(estimates.track_index[np.concatenate(scans.estimate_rows)], minlength=tracks)
    good = np.bincount(estimates.track_index[pairs.estimate_row], minlength=tracks)
    return int(np.count_nonzero((reported > 0) & (good <= reported / 2)))


def _latency(truth: TruthTable, scans: Scans, pairs: Pairs) -> float | None:
    if len(pairs.scan) == 0:
        return None
    first = np.full((2, len(truth.object_id)), np.inf)
    seen_t = np.repeat(scans.t_s, [len(rows) for rows in scans.truth_rows])
    np.minimum.at(first[0], truth.object_index[np.concatenate(scans.truth_rows)], seen_t)
    np.minimum.at(first[1], truth.object_index[pairs.truth_row], scans.t_s[pairs.scan])
    matched = np.isfinite(first[1])
    return float(np.median(first[1, matched] - first[0, matched]))


def _by_kind(kind: tuple[str, ...], counts: IntArray) -> dict[str, int]:
    totals: dict[str, int] = {}
    for name, count in zip(kind, counts.tolist(), strict=True):
        totals[name] = totals.get(name, 0) + count
    return {name: totals[name] for name in sorted(totals) if totals[name]}


def _rms(error: FloatArray) -> float | None:
    return float(np.sqrt(np.sum(error**2) / len(error))) if len(error) else None


def upkeep(truth: TruthTable, estimates: EstimateTable, scans: Scans, pairs: Pairs, cutoff_m: float) -> Upkeep:
    """Figures of merit of tracks that should each hold one object for its whole life."""
    objects = len(truth.object_id)
    points = np.bincount(truth.object_index[np.concatenate(scans.truth_rows)], minlength=objects)
    hits = np.bincount(truth.object_index[pairs.truth_row], minlength=objects)
    truths, total, switches = int(np.count_nonzero(points)), int(points.sum()), int(pairs.switches.sum())
    false_points, redundant = _free_points(truth, estimates, scans, pairs, cutoff_m)
    false_tracks = _false_tracks(estimates, scans, pairs)
    minutes = float(scans.t_s[-1] - scans.t_s[0]) / 60 if len(scans.t_s) > 1 else 1.0
    error = estimates.state[pairs.estimate_row] - truth.state[pairs.truth_row]
    kind_hits = _by_kind(truth.kind, hits)
    return Upkeep(
        completeness=len(pairs.scan) / total if total else 0.0,
        switches=switches,
        switches_per_truth=switches / truths if truths else 0.0,
        false_points_per_scan=false_points / len(scans.t_s),
        redundant_points_per_scan=redundant / len(scans.t_s),
        false_tracks=false_tracks,
        false_tracks_per_min=false_tracks / minutes,
        pos_rmse_m=_rms(error[:, :3]),
        vel_rmse_mps=_rms(error[:, 3:]),
        latency_s=_latency(truth, scans, pairs),
        never_tracked=truths - int(np.count_nonzero(hits)),
        completeness_by_kind=tuple(
            (kind, round(kind_hits.get(kind, 0) / n, 4)) for kind, n in _by_kind(truth.kind, points).items()
        ),
        switches_by_kind=tuple(_by_kind(truth.kind, pairs.switches).items()),
    )
