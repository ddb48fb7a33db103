"""Marginal association probabilities by belief propagation, and exactly for small clusters as the reference.

Williams & Lau, "Approximate evaluation of marginal association probabilities with belief propagation", IEEE Trans.
Aerosp. Electron. Syst. 50(4), 2014: messages between tracks and detections over the gated pairs, which converge always.
Linear in the number of pairs.
"""

from __future__ import annotations

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray, IntArray

__all__ = ["belief_marginals", "exact_marginals"]

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
