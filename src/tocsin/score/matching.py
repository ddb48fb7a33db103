"""Optimal one-to-one matching of two point sets under a cut-off, and the two set distances that are built on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from tocsin.records.arrays import FloatArray, IntArray

__all__ = ["Gospa", "Matching", "gospa", "match_points", "nearest", "ospa"]


@dataclass(frozen=True, slots=True)
class Matching:
    """k pairs closer than the cut-off; each truth and each estimate stands in at most one."""

    truth: IntArray  # (k,) index of the truth point
    estimate: IntArray  # (k,) index of the estimate
    distance_m: FloatArray  # (k,)


@dataclass(frozen=True, slots=True)
class Gospa:
    """GOSPA of one pair of sets, p = 2 and alpha = 2: total² = localisation + missed + false (all three in m²)."""

    total_m: float
    localisation_m2: float
    missed_m2: float
    false_m2: float


def _near_pairs(truth_m: FloatArray, estimate_m: FloatArray, cutoff_m: float) -> tuple[IntArray, IntArray, FloatArray]:
    """All pairs strictly closer than the cut-off: only they can lower the cost of a matching."""
    near = cKDTree(truth_m).sparse_distance_matrix(cKDTree(estimate_m), cutoff_m, output_type="coo_matrix")
    rows, columns = near.row.astype(np.int64), near.col.astype(np.int64)
    distance = np.linalg.norm(truth_m[rows] - estimate_m[columns], axis=1)
    keep = distance < cutoff_m
    return rows[keep], columns[keep], distance[keep]


def _solve_group(rows: IntArray, columns: IntArray, distance: FloatArray, cutoff_m: float) -> IntArray:
    """Positions, within one connected group of pairs, of those that an optimal assignment uses."""
    truths, row = np.unique(rows, return_inverse=True)
    estimates, column = np.unique(columns, return_inverse=True)
    saved = np.zeros((len(truths), len(estimates)))
    position = np.full(saved.shape, -1, dtype=np.int64)
    saved[row, column] = cutoff_m**2 - distance**2
    position[row, column] = np.arange(len(rows))
    chosen = position[linear_sum_assignment(saved, maximize=True)]
    return chosen[chosen >= 0]


def match_points(truth_m: FloatArray, estimate_m: FloatArray, cutoff_m: float) -> Matching:
    """The matching of truth (n, d) to estimates (m, d) that minimises the sum of min(distance, cutoff)² (metres).

    Pairs at the cut-off or beyond are left unmatched. Groups of points that no near pair connects are solved apart,
    which is exact and makes thousands of objects cheap. Points must be finite.
    """
    nothing = np.zeros(0, dtype=np.int64)
    if len(truth_m) == 0 or len(estimate_m) == 0:
        return Matching(nothing, nothing, np.zeros(0))
    rows, columns, distance = _near_pairs(truth_m, estimate_m, cutoff_m)
    if len(rows) == 0:
        return Matching(nothing, nothing, np.zeros(0))
    size = len(truth_m) + len(estimate_m)
    graph = coo_array((np.ones(len(rows)), (rows, columns + len(truth_m))), shape=(size, size))
    label = connected_components(graph, directed=False)[1][rows]
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(label[order]) > 0])
    lengths = np.diff(np.r_[starts, len(order)])
    used = [order[starts[lengths == 1]]]
    for start, length in zip(starts[lengths > 1], lengths[lengths > 1], strict=True):
        group = order[start : start + length]
        used.append(group[_solve_group(rows[group], columns[group], distance[group], cutoff_m)])
    chosen = np.concatenate(used)
    return Matching(rows[chosen], columns[chosen], distance[chosen])


def nearest(truth_m: FloatArray, estimate_m: FloatArray) -> tuple[IntArray, FloatArray]:
    """For each estimate (m, d) the nearest truth (n, d): its index and distance; index -1, infinity without truths."""
    if len(truth_m) == 0 or len(estimate_m) == 0:
        return np.full(len(estimate_m), -1, dtype=np.int64), np.full(len(estimate_m), np.inf)
    distance, index = cKDTree(truth_m).query(estimate_m)
    return np.asarray(index, dtype=np.int64), np.asarray(distance, dtype=np.float64)


def gospa(truths: int, estimates: int, matching: Matching, cutoff_m: float) -> Gospa:
    """Generalised OSPA with p = 2, alpha = 2 (Rahmathullah, García-Fernández and Svensson 2017, Proposition 1).

    Each unmatched truth (missed) and each unmatched estimate (false) costs cutoff²/2; each pair its squared distance.
    """
    pairs = len(matching.truth)
    localisation = float(np.sum(matching.distance_m**2))
    missed = cutoff_m**2 / 2 * (truths - pairs)
    false = cutoff_m**2 / 2 * (estimates - pairs)
    return Gospa(float(np.sqrt(localisation + missed + false)), localisation, missed, false)


def ospa(truths: int, estimates: int, matching: Matching, cutoff_m: float) -> float:
    """OSPA distance, order 2, metres (Schuhmacher, Vo and Vo 2008, IEEE TSP 56:3447, eq. 3); 0 for two empty sets."""
    larger = max(truths, estimates)
    if larger == 0:
        return 0.0
    cost = float(np.sum(matching.distance_m**2)) + cutoff_m**2 * (larger - len(matching.truth))
    return float(np.sqrt(cost / larger))
