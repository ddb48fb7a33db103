"""Marginal association probabilities by belief propagation, exactly in small clusters, and by brute force.

Williams & Lau, "Approximate evaluation of marginal association probabilities with belief propagation", IEEE Trans.
Aerosp. Electron. Syst. 50(4), 2014: messages between tracks and detections over the gated pairs, which converge always.
Linear in the number of pairs.
"""

from __future__ import annotations

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray, IntArray

__all__ = ["EXACT_DETECTIONS", "belief_marginals", "claim_detections", "cluster_marginals", "exact_marginals"]

EXACT_DETECTIONS = 10  # a cluster of more is left to belief propagation: work doubles with each

ITERATIONS_MAX = 200
TOLERANCE = 1e-7  # largest change of a message, which lies in 0..1


@kernel
def belief_marginals(
    start: IntArray, det: IntArray, psi: FloatArray, pair_out: FloatArray, miss_out: FloatArray, free_out: FloatArray
) -> int:
    """Marginals of n tracks and m detections from weights psi (pairs,), ordered by track as `start` (n + 1,) says.

    psi is the weight of the pair relative to "track undetected and detection explained by nothing tracked".
    pair_out (pairs,): probability that the track gave the detection; miss_out (n,): that the track gave none;
    free_out (m,): that no track gave the detection. Returns the iterations used.
    """
    n, m, pairs = start.shape[0] - 1, free_out.shape[0], psi.shape[0]
    nu, mu, inflow = np.ones(pairs), np.zeros(pairs), np.zeros(m)
    used = 0
    for iteration in range(ITERATIONS_MAX):
        used, change = iteration + 1, 0.0
        inflow[:] = 1.0
        for i in range(n):
            total = 1.0
            for q in range(start[i], start[i + 1]):
                total += psi[q] * nu[q]
            for q in range(start[i], start[i + 1]):
                rest = 1.0
                if start[i + 1] - start[i] > 1:
                    rest = max(total - psi[q] * nu[q], 1.0)
                mu[q] = psi[q] / rest
                inflow[det[q]] += mu[q]
        for q in range(pairs):
            new = 1.0 / max(inflow[det[q]] - mu[q], 1.0)
            change = max(change, abs(new - nu[q]))
            nu[q] = new
        if change < TOLERANCE:
            break
    for i in range(n):
        total = 1.0
        for q in range(start[i], start[i + 1]):
            total += psi[q] * nu[q]
        miss_out[i] = 1.0 / total
        for q in range(start[i], start[i + 1]):
            pair_out[q] = psi[q] * nu[q] / total
    for j in range(m):
        free_out[j] = 1.0 / inflow[j]
    return used


@kernel
def claim_detections(start: IntArray, det: IntArray, psi: FloatArray, claim_io: FloatArray) -> None:
    """Add to claim_io (m,), which begins at 1, what these n tracks surely put in the way of any other track.

    Belief propagation gives a pair of another track at most its weight over the claim: messages from detections lie in
    0..1, so that the message from a track of these is at least its weight over one plus the track's other weights.
    Arguments as of `belief_marginals`.
    """
    for i in range(start.shape[0] - 1):
        total = 1.0
        for q in range(start[i], start[i + 1]):
            total += psi[q]
        for q in range(start[i], start[i + 1]):
            claim_io[det[q]] += psi[q] / max(total - psi[q], 1.0)


@kernel
def label_clusters(start: IntArray, det: IntArray, track_out: IntArray, det_out: IntArray) -> int:
    """Number the clusters of tracks and detections that gated pairs join, from 0; returns how many there are.

    track_out (n,), det_out (m,): the cluster of each; a detection without a pair has none, -1.
    """
    n, m = track_out.shape[0], det_out.shape[0]
    root = np.arange(n + m)
    for i in range(n):
        for q in range(start[i], start[i + 1]):
            a, b = i, n + det[q]
            while root[a] != a:
                root[a] = root[root[a]]
                a = root[a]
            while root[b] != b:
                root[b] = root[root[b]]
                b = root[b]
            root[max(a, b)] = min(a, b)
    count = 0
    for i in range(n):
        a = i
        while root[a] != a:
            a = root[a]
        if a == i:
            track_out[i] = count
            count += 1
        else:
            track_out[i] = track_out[a]
    for j in range(m):
        det_out[j] = -1
    for i in range(n):
        for q in range(start[i], start[i + 1]):
            det_out[det[q]] = track_out[i]
    return count


@kernel
def sum_subsets(
    tracks: IntArray, start: IntArray, det: IntArray, psi: FloatArray, bit: IntArray, sums_out: FloatArray
) -> None:
    """Weights of all ways in which the first t of some tracks take a set of detections: sums_out (tracks + 1, sets).

    bit (m,): a power of two for each detection of the cluster. Each track's weights are divided by their largest.
    """
    sums_out[:, :] = 0.0
    sums_out[0, 0] = 1.0
    for t in range(tracks.shape[0]):
        i, top = tracks[t], 1.0
        for q in range(start[i], start[i + 1]):
            top = max(top, psi[q])
        for s in range(sums_out.shape[1]):
            if sums_out[t, s] > 0.0:
                sums_out[t + 1, s] += sums_out[t, s] / top
                for q in range(start[i], start[i + 1]):
                    if s & bit[det[q]] == 0:
                        sums_out[t + 1, s | bit[det[q]]] += sums_out[t, s] * (psi[q] / top)


@kernel
def solve_cluster(
    tracks: IntArray,
    dets: IntArray,
    start: IntArray,
    det: IntArray,
    psi: FloatArray,
    bit_io: IntArray,
    pair_io: FloatArray,
    miss_io: FloatArray,
    free_io: FloatArray,
) -> None:
    """Exact marginals of one cluster's tracks and detections, by sums over subsets from both ends.

    A track's pair weighs what the tracks before it can do with one set of detections, times what those behind it can do
    with another that shares none with the first nor the pair's own. bit_io (m,) is scratch.
    """
    count, sets = tracks.shape[0], 1 << dets.shape[0]
    for k in range(dets.shape[0]):
        bit_io[dets[k]] = 1 << k
        free_io[dets[k]] = 1.0
    ahead, behind = np.empty((count + 1, sets)), np.empty((count + 1, sets))
    sum_subsets(tracks, start, det, psi, bit_io, ahead)
    sum_subsets(tracks[::-1].copy(), start, det, psi, bit_io, behind)
    for t in range(count):
        i, rest = tracks[t], behind[count - 1 - t]
        within = np.zeros(sets)  # weight of all that the others can do within a set
        for s in range(sets):
            within[s] = rest[s]
        for k in range(dets.shape[0]):
            for s in range(sets):
                if s & (1 << k):
                    within[s] += within[s ^ (1 << k)]
        total = 0.0
        for q in range(start[i] - 1, start[i + 1]):
            own = 0 if q < start[i] else bit_io[det[q]]
            weight = 0.0
            for s in range(sets):
                if ahead[t, s] > 0.0 and s & own == 0:
                    weight += ahead[t, s] * within[(sets - 1) & ~(s | own)]
            weight *= 1.0 if q < start[i] else psi[q]
            total += weight
            if q < start[i]:
                miss_io[i] = weight
            else:
                pair_io[q] = weight
        miss_io[i] /= total
        for q in range(start[i], start[i + 1]):
            pair_io[q] /= total
            free_io[det[q]] = max(free_io[det[q]] - pair_io[q], 0.0)


@kernel
def cluster_marginals(
    start: IntArray, det: IntArray, psi: FloatArray, pair_out: FloatArray, miss_out: FloatArray, free_out: FloatArray
) -> int:
    """Exact marginals in clusters of at most EXACT_DETECTIONS, those of belief propagation in the others.

    Arguments as of `belief_marginals`; returns how many clusters were not exact.
    """
    n, m, left = miss_out.shape[0], free_out.shape[0], 0
    belief_marginals(start, det, psi, pair_out, miss_out, free_out)
    track_cluster, det_cluster = np.empty(n, np.int64), np.empty(m, np.int64)
    clusters = label_clusters(start, det, track_cluster, det_cluster)
    tracks, dets, bit = (
        np.argsort(track_cluster, kind="mergesort"),
        np.argsort(det_cluster, kind="mergesort"),
        np.zeros(m, np.int64),
    )
    i = j = 0
    while j < m and det_cluster[dets[j]] < 0:
        j += 1
    for c in range(clusters):
        i0, j0 = i, j
        while i < n and track_cluster[tracks[i]] == c:
            i += 1
        while j < m and det_cluster[dets[j]] == c:
            j += 1
        if j - j0 > EXACT_DETECTIONS:
            left += 1
        elif i - i0 > 1:
            solve_cluster(tracks[i0:i], dets[j0:j], start, det, psi, bit, pair_out, miss_out, free_out)
    return left


@kernel
def exact_marginals(psi: FloatArray, pair_out: FloatArray, miss_out: FloatArray, free_out: FloatArray) -> float:
    """The same marginals for a dense psi (n, m) by summing over every assignment; returns the total weight.

    Cost grows as (m + 1)^n: a reference for n, m of at most about six.
    """
    n, m = psi.shape
    choice = np.zeros(n, np.int64)
    pair_out[:, :] = 0.0
    miss_out[:] = 0.0
    free_out[:] = 0.0
    norm = 0.0
    while True:
        weight, taken = 1.0, np.zeros(m, np.int64)
        for i in range(n):
            if choice[i] > 0:
                weight *= psi[i, choice[i] - 1]
                taken[choice[i] - 1] += 1
        if m == 0 or taken.max() <= 1:
            norm += weight
            for i in range(n):
                if choice[i] == 0:
                    miss_out[i] += weight
                else:
                    pair_out[i, choice[i] - 1] += weight
            for j in range(m):
                if taken[j] == 0:
                    free_out[j] += weight
        k = 0
        while k < n and choice[k] == m:
            choice[k] = 0
            k += 1
        if k == n:
            break
        choice[k] += 1
    pair_out /= norm
    miss_out /= norm
    free_out /= norm
    return norm
