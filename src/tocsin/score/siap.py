"""Single Integrated Air Picture attributes, from many-to-one association of tracks with objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score.matching import nearest
from tocsin.score.scans import Scans

__all__ = ["Siap", "siap"]


@dataclass(frozen=True, slots=True)
class Siap:
    """SIAP attributes over all scans (Votruba et al. 2001, SIAP Metrics Implementation, SIAP SE Task Force).

    A reported point is associated with the nearest true point if that is nearer than the cut-off; several tracks may be
    associated with one object, which is what ambiguity counts. None: nothing to divide by.
    """

    completeness: float | None  # true points with a track / true points; ideal 1
    ambiguity: float | None  # associated reported points / true points with a track; ideal 1
    spuriousness: float | None  # reported points associated with no object / reported points; ideal 0
    positional_accuracy_m: float | None  # mean distance of associated points; ideal 0
    velocity_accuracy_mps: float | None  # mean norm of the velocity error of associated points; ideal 0
    track_number_changes_per_s: float | None  # changes of track number / seconds tracked, over all objects; ideal 0
    longest_track_segment: float | None  # sum of longest unbroken times on one track / sum of lifetimes; ideal 1


@dataclass(frozen=True, slots=True)
class _Runs:
    """Unbroken stretches of one track on one object, in ranks of the object's own true points."""

    track: IntArray
    start: IntArray
    end: IntArray  # inclusive


def _runs(track: IntArray, rank: IntArray) -> _Runs:
    order = np.lexsort((rank, track))
    track, rank = track[order], rank[order]
    begins = np.flatnonzero(np.r_[True, (np.diff(track) != 0) | (np.diff(rank) > 1)])
    ends = np.r_[begins[1:], len(track)] - 1
    return _Runs(track[begins], rank[begins], rank[ends])


def _changes(runs: _Runs, tracked: BoolArray) -> int:
    """Changes of track number by one who stays on a track while it lasts, then takes the one that lasts longest."""
    changes, current, at = 0, -1, 0
    upcoming = np.flatnonzero(tracked)
    while True:
        later = np.searchsorted(upcoming, at)
        if later == len(upcoming):
            return changes
        at = int(upcoming[later])
        cover = np.flatnonzero((runs.start <= at) & (runs.end >= at))
        same = cover[runs.track[cover] == current]
        chosen = int(same[0]) if len(same) else int(cover[np.argmax(runs.end[cover])])
        changes += current not in (-1, int(runs.track[chosen]))
        current = int(runs.track[chosen])
        at = int(runs.end[chosen]) + 1


def _continuity(time: FloatArray, track: IntArray, rank: IntArray) -> tuple[int, float, float]:
    """Changes, seconds tracked and longest unbroken seconds on one track, of one object with true points at `time`."""
    if len(track) == 0:
        return 0, 0.0, 0.0
    tracked = np.zeros(len(time), dtype=np.bool_)
    tracked[rank] = True
    seconds = float(np.sum(np.diff(time)[tracked[1:] & tracked[:-1]]))
    runs = _runs(track, rank)
    return _changes(runs, tracked), seconds, float(np.max(time[runs.end] - time[runs.start]))


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator > 0 else None


def siap(truth: TruthTable, estimates: EstimateTable, scans: Scans, cutoff_m: float) -> Siap:
    """SIAP attributes of reported tracks; times between two true points of an object count if both are tracked."""
    scan_of = np.zeros(len(truth.t_s), dtype=np.int64)
    parts: list[IntArray] = [np.zeros((0, 2), dtype=np.int64)]
    reported = 0
    for scan, (a, b) in enumerate(zip(scans.truth_rows, scans.estimate_rows, strict=True)):
        scan_of[a] = scan
        reported += len(b)
        index, distance = nearest(truth.state[a, :3], estimates.state[b, :3])
        near = distance < cutoff_m
        parts.append(np.stack([a[index[near]], b[near]], axis=1))
    scored = np.concatenate(scans.truth_rows)
    pairs = np.concatenate(parts)
    error = estimates.state[pairs[:, 1]] - truth.state[pairs[:, 0]]
    covered = len(np.unique(pairs[:, 0]))
    changes, tracked_s, longest_s, life_s = _totals(truth, estimates, scans.t_s, scan_of, scored, pairs)
    return Siap(
        completeness=_ratio(covered, len(scored)),
        ambiguity=_ratio(len(pairs), covered),
        spuriousness=_ratio(reported - len(pairs), reported),
        positional_accuracy_m=_ratio(float(np.linalg.norm(error[:, :3], axis=1).sum()), len(pairs)),
        velocity_accuracy_mps=_ratio(float(np.linalg.norm(error[:, 3:], axis=1).sum()), len(pairs)),
        track_number_changes_per_s=_ratio(changes, tracked_s),
        longest_track_segment=_ratio(longest_s, life_s),
    )


def _totals(
    truth: TruthTable, estimates: EstimateTable, t_s: FloatArray, scan_of: IntArray, scored: IntArray, pairs: IntArray
) -> tuple[int, float, float, float]:
    """Sums over objects: track number changes, seconds tracked, longest unbroken seconds, lifetimes."""
    objects = len(truth.object_id)
    scored = scored[np.lexsort((scan_of[scored], truth.object_index[scored]))]
    cuts = np.searchsorted(truth.object_index[scored], np.arange(1, objects))
    pairs = pairs[np.argsort(truth.object_index[pairs[:, 0]], kind="stable")]
    pair_cuts = np.searchsorted(truth.object_index[pairs[:, 0]], np.arange(1, objects))
    changes, tracked, longest, life = 0, 0.0, 0.0, 0.0
    for rows, part in zip(np.split(scored, cuts), np.split(pairs, pair_cuts), strict=True):
        if len(rows) == 0:
            continue
        scan = np.unique(scan_of[rows])
        rank = np.searchsorted(scan, scan_of[part[:, 0]])
        c, s, most = _continuity(t_s[scan], estimates.track_index[part[:, 1]], rank)
        changes, tracked, longest = changes + c, tracked + s, longest + most
        life += float(t_s[scan[-1]] - t_s[scan[0]])
    return changes, tracked, longest, life
