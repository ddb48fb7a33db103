"""Which track holds which object, scan after scan: the matching that keeps a pair for as long as it is near."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score.matching import match_points
from tocsin.score.scans import Scans

__all__ = ["Pairs", "holder_of", "pair_up"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """k matched (truth row, estimate row) pairs in order of scan, and how often each object changed its track."""

    scan: IntArray  # (k,)
    truth_row: IntArray  # (k,)
    estimate_row: IntArray  # (k,)
    switches: IntArray  # (N,) for each object


def _kept(held: IntArray, place: IntArray, truth_m: FloatArray, estimate_m: FloatArray, cutoff_m: float) -> IntArray:
    """Pairs (k, 2) of this scan whose truth still has the track of its last match nearer than the cut-off."""
    candidate = np.flatnonzero(held >= 0)
    candidate = candidate[place[held[candidate]] >= 0]
    at = place[held[candidate]]
    near = np.linalg.norm(truth_m[candidate] - estimate_m[at], axis=1) < cutoff_m
    candidate, at = candidate[near], at[near]
    # Two objects may have last been held by one track: the one whose row comes first keeps it.
    _, first = np.unique(at, return_index=True)
    first.sort()
    return np.stack([candidate[first], at[first]], axis=1)


def _scan_pairs(held: IntArray, place: IntArray, truth_m: FloatArray, estimate_m: FloatArray, c_m: float) -> IntArray:
    kept = _kept(held, place, truth_m, estimate_m, c_m)
    free_truth = np.setdiff1d(np.arange(len(truth_m)), kept[:, 0], assume_unique=True)
    free_estimate = np.setdiff1d(np.arange(len(estimate_m)), kept[:, 1], assume_unique=True)
    fresh = match_points(truth_m[free_truth], estimate_m[free_estimate], c_m)
    return np.concatenate([kept, np.stack([free_truth[fresh.truth], free_estimate[fresh.estimate]], axis=1)])


def pair_up(truth: TruthTable, estimates: EstimateTable, scans: Scans, cutoff_m: float) -> Pairs:
    """CLEAR-MOT matching (Bernardin and Stiefelhagen 2008, section 2.1.2, steps 1 to 3), optimal among what is free.

    An object keeps the track of its last match while it is nearer than `cutoff_m`; everything else is matched
    optimally. A switch is a match with another track than the object's last one, however long ago that was.
    """
    last = np.full(len(truth.object_id), -1, dtype=np.int64)
    place = np.full(max(len(estimates.track_id), 1), -1, dtype=np.int64)
    switches = np.zeros(len(truth.object_id), dtype=np.int64)
    parts: list[IntArray] = [np.zeros((0, 3), dtype=np.int64)]
    for scan, (a, b) in enumerate(zip(scans.truth_rows, scans.estimate_rows, strict=True)):
        objects, tracks = truth.object_index[a], estimates.track_index[b]
        place[tracks] = np.arange(len(b))
        pairs = _scan_pairs(last[objects], place, truth.state[a, :3], estimates.state[b, :3], cutoff_m)
        place[tracks] = -1
        for held, holder in zip(objects[pairs[:, 0]].tolist(), tracks[pairs[:, 1]].tolist(), strict=True):
            switches[held] += last[held] not in (-1, holder)
            last[held] = holder
        parts.append(np.stack([np.full(len(pairs), scan), a[pairs[:, 0]], b[pairs[:, 1]]], axis=1))
    table = np.concatenate(parts)
    return Pairs(table[:, 0], table[:, 1], table[:, 2], switches)


def holder_of(truth: TruthTable, estimates: EstimateTable, pairs: Pairs) -> IntArray:
    """For each track (K,) the object that it was matched with most often (the earliest listed of equals), -1: never."""
    held = truth.object_index[pairs.truth_row]
    holder = estimates.track_index[pairs.estimate_row]
    couples, counts = np.unique(np.stack([holder, held], axis=1), axis=0, return_counts=True)
    result = np.full(len(estimates.track_id), -1, dtype=np.int64)
    order = np.lexsort((-couples[:, 1], counts))
    result[couples[order, 0]] = couples[order, 1]
    return result
