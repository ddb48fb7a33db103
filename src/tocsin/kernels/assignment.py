"""The single best assignment of detections to tracks: global nearest neighbour, by shortest augmenting paths.

One track after another is added to the best assignment of those before it, along the cheapest alternating path (Ahuja,
Magnanti, Orlin, "Network Flows", 1993, section 12.4), here over the gated pairs only. A track may always stay without a
detection, so that a path always exists; it stays within the track's cluster, so that cost is linear in clusters.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.association import belief_marginals
from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray, IntArray

__all__ = ["best_assignment", "distinct_marginals"]

LEAST_GAIN = 1e-12  # of a path over another; below it is rounding, and could go round in circles


@kernel
def find_path(
    i: int,
    start: IntArray,
    det: IntArray,
    cost: FloatArray,
    chosen: IntArray,
    holder: IntArray,
    far_io: FloatArray,
    near_io: FloatArray,
    by_io: IntArray,
    queue_io: IntArray,
    waits_io: IntArray,
    touched_io: IntArray,
) -> int:
    """Cheapest way to give track i a detection or none; returns detection j, or -1 - r where track r ends with none.

    chosen (n,): pair of each track, -1: none; holder (m,): track of each detection, -1: free. far_io (n,) and near_io
    (m,) are the costs at which a track gives its detection up and a detection is reached, inf on entry; by_io (m,): the
    pair by which. queue_io (n + 1,) is scratch; waits_io (n,) is 0 on entry and on return.
    touched_io (n + 1,): the tracks that were reached, their number last.
    """
    n = chosen.shape[0]
    far_io[i], best, end = 0.0, math.inf, -1 - i
    queue_io[0], waits_io[i] = i, 1
    touched_io[0], touched_io[n] = i, 1
    head, tail = 0, 1
    while head != tail:
        r = queue_io[head]
        head = (head + 1) % (n + 1)
        waits_io[r] = 0
        if far_io[r] < best - LEAST_GAIN:
            best, end = far_io[r], -1 - r
        for q in range(start[r], start[r + 1]):
            j, reached = det[q], far_io[r] + cost[q]
            if q == chosen[r] or not reached < near_io[j] - LEAST_GAIN:
                continue
            near_io[j] = reached
            by_io[j] = q
            h = holder[j]
            if h < 0:
                if reached < best - LEAST_GAIN:
                    best, end = reached, j
            elif reached - cost[chosen[h]] < far_io[h] - LEAST_GAIN:
                if far_io[h] == math.inf:
                    touched_io[touched_io[n]] = h
                    touched_io[n] += 1
                far_io[h] = reached - cost[chosen[h]]
                if waits_io[h] == 0:
                    waits_io[h] = 1
                    queue_io[tail] = h
                    tail = (tail + 1) % (n + 1)
    return end


@kernel
def follow_path(
    i: int, end: int, det: IntArray, track_of: IntArray, by: IntArray, chosen_io: IntArray, holder_io: IntArray
) -> None:
    """Swap pairs along the path that `find_path` found for track i; track_of (pairs,): the track of each pair."""
    j = end
    if end < 0:
        r = -1 - end
        if r == i:
            return
        j = det[chosen_io[r]]
        chosen_io[r] = -1
    while True:
        q = by[j]
        r = track_of[q]
        before = chosen_io[r]
        chosen_io[r], holder_io[j] = q, r
        if r == i:
            return
        j = det[before]


@kernel
def best_assignment(
    start: IntArray, det: IntArray, psi: FloatArray, pair_out: FloatArray, miss_out: FloatArray, free_out: FloatArray
) -> int:
    """The assignment of greatest weight, as marginals of 0 and 1; arguments as of `association.belief_marginals`.

    Returns how many tracks have a detection.
    """
    n, m, pairs = miss_out.shape[0], free_out.shape[0], psi.shape[0]
    cost, track_of = np.empty(pairs), np.empty(pairs, np.int64)
    chosen, holder, by = np.full(n, -1, np.int64), np.full(m, -1, np.int64), np.full(m, -1, np.int64)
    far, near = np.full(n, math.inf), np.full(m, math.inf)
    queue, waits, touched = np.empty(n + 1, np.int64), np.zeros(n, np.int64), np.empty(n + 1, np.int64)
    for i in range(n):
        for q in range(start[i], start[i + 1]):
            cost[q] = -math.log(psi[q]) if psi[q] > 0.0 else math.inf
            track_of[q] = i
    for i in range(n):
        if start[i + 1] == start[i]:
            continue
        end = find_path(i, start, det, cost, chosen, holder, far, near, by, queue, waits, touched)
        follow_path(i, end, det, track_of, by, chosen, holder)
        for k in range(touched[n]):
            far[touched[k]] = math.inf
            for q in range(start[touched[k]], start[touched[k] + 1]):
                near[det[q]] = math.inf
    pair_out[:] = 0.0
    miss_out[:] = 1.0
    free_out[:] = 1.0
    count = 0
    for i in range(n):
        if chosen[i] >= 0:
            pair_out[chosen[i]] = 1.0
            miss_out[i] = 0.0
            free_out[det[chosen[i]]] = 0.0
            count += 1
    return count


@kernel
def distinct_marginals(
    start: IntArray, det: IntArray, psi: FloatArray, pair_out: FloatArray, miss_out: FloatArray, free_out: FloatArray
) -> int:
    """Marginals over what is left when no track may take a detection that the best assignment gives to another.

    Tracks that fly side by side are then not averaged over who is who, which would draw them together (Blom & Bloem,
    "Probabilistic data association avoiding track coalescence", IEEE TAC 45(2), 2000, who prune permutations); that a
    detection may be false, or a track missed, is weighed as before. Arguments as of `association.belief_marginals`.
    Returns how many pairs were left out.
    """
    pairs = psi.shape[0]
    best_assignment(start, det, psi, pair_out, miss_out, free_out)
    left = 0
    weight = np.empty(pairs)
    for q in range(pairs):
        weight[q] = psi[q]
        if free_out[det[q]] == 0.0 and pair_out[q] == 0.0:
            weight[q] = 0.0
            left += 1
    belief_marginals(start, det, weight, pair_out, miss_out, free_out)
    return left
