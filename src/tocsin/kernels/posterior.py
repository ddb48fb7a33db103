"""From association marginals to posterior tracks: existence, model probabilities and states.

Track-oriented multi-Bernoulli update (Williams 2015, IEEE TAES 51(3), eq. 42-45 with marginal weights): a track's
hypotheses in a scan are "missed" and one per gated detection; they are merged by moments, model by model.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.measurement import update_track
from tocsin.kernels.motion import MODELS, STRAIGHT, FloatArray, IntArray

__all__ = ["pair_weights", "update_tracks"]

WEIGHT_MIN = 1e-4  # a hypothesis below this share of its model moves no state by a hundredth of its spread
SURPRISE_MEMORY = 0.7


@kernel
def pair_weights(
    start: IntArray,
    det: IntArray,
    ll: FloatArray,
    mu: FloatArray,
    strength: FloatArray,
    predicted: FloatArray,
    kind: IntArray,
    density_out: FloatArray,
) -> None:
    """Density of each pair's detection under its track, over the probability that the track is missed.

    Divided by the intensity of clutter and new targets it is the pair's weight. strength (n,): probability that the
    track exists and is detected, over the probability that it is missed. In units of the detection's rows: kind (m,) 0
    per m³, 1 per steradian (no range), 2 per m² on the ground (no elevation), 3 per radian of azimuth.
    """
    for i in range(start.shape[0] - 1):
        for q in range(start[i], start[i + 1]):
            likelihood = 0.0
            for k in range(MODELS):
                if mu[i, k] > 0.0 and ll[q, k] > -math.inf:
                    scale = 1.0
                    if kind[det[q]] == 1:
                        scale = predicted[i, k, 0] ** 2 * predicted[i, k, 4]
                    elif kind[det[q]] == 3:
                        scale = predicted[i, k, 0] * predicted[i, k, 4]
                    likelihood += mu[i, k] * scale * math.exp(ll[q, k])
            density_out[q] = strength[i] * likelihood


@kernel
def model_posterior(
    first: int,
    last: int,
    ll: FloatArray,
    mu: FloatArray,
    weight: FloatArray,
    missed: float,
    share_out: FloatArray,
    mu_out: FloatArray,
) -> None:
    """Split a track's hypothesis weights among its models: share_out (>= last - first, MODELS), mu_out (MODELS,)."""
    for k in range(MODELS):
        mu_out[k] = missed * mu[k]
    for q in range(first, last):
        top, total = -math.inf, 0.0
        for k in range(MODELS):
            if mu[k] > 0.0:
                top = max(top, ll[q, k])
        for k in range(MODELS):
            share_out[q - first, k] = 0.0
            if mu[k] > 0.0 and top > -math.inf:
                share_out[q - first, k] = mu[k] * math.exp(ll[q, k] - top)
                total += share_out[q - first, k]
        for k in range(MODELS):
            if total > 0.0:
                share_out[q - first, k] *= weight[q] / total
            mu_out[k] += share_out[q - first, k]
    total = 0.0
    for k in range(MODELS):
        total += mu_out[k]
    for k in range(MODELS):
        mu_out[k] = mu_out[k] / total if total > 0.0 else mu[k]


@kernel
def merge_model(
    rows: int,
    first: int,
    last: int,
    share: FloatArray,
    missed: float,
    factor: FloatArray,
    g: FloatArray,
    k: int,
    x_io: FloatArray,
    p_io: FloatArray,
    steps_io: FloatArray,
    spread_io: FloatArray,
    work_io: FloatArray,
) -> None:
    """Posterior of one model of one track, x_io (7,), p_io (7, 7): moments over its hypotheses; the rest is scratch.

    factor (pairs, MODELS, FACTORS); steps_io (2, 7), spread_io (7, 7), work_io (7, 4). With weights w and steps d of
    the hypotheses, a miss stepping by nothing: x + sum w d, and p - sum w W'W + sum w d d' - (sum w d)(sum w d)'.
    """
    total = missed
    for q in range(first, last):
        total += share[q - first, k]
    if total <= 0.0:
        return
    steps, d = steps_io[0], steps_io[1]
    for b in range(7):
        steps[b] = 0.0
        for c in range(b + 1):
            spread_io[b, c] = 0.0
    for q in range(first, last):
        w = share[q - first, k] / total
        if w < WEIGHT_MIN:
            continue
        w = 1.0 if w > 1.0 - WEIGHT_MIN else w
        update_track(rows, w, g, factor[q, k], d, p_io, work_io)
        for b in range(7):
            steps[b] += w * d[b]
            for c in range(b + 1):
                spread_io[b, c] += w * d[b] * d[c]
    for b in range(7):
        x_io[b] += steps[b]
        for c in range(b + 1):
            p_io[b, c] += spread_io[b, c] - steps[b] * steps[c]
            p_io[c, b] = p_io[b, c]


@kernel
def update_tracks(
    t: float,
    rows: int,
    start: IntArray,
    det: IntArray,
    ll: FloatArray,
    nis: FloatArray,
    marginal: FloatArray,
    miss: FloatArray,
    pm: FloatArray,
    factor: FloatArray,
    g: FloatArray,
    mu_io: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
    r_io: FloatArray,
    hits_io: IntArray,
    updated_io: FloatArray,
    surprise_io: FloatArray,
    row_out: IntArray,
    row_probability_out: FloatArray,
    moved_out: FloatArray,
) -> None:
    """Update n tracks in place from the marginals. row_out (n,): most probable detection if a miss is less so.

    moved_out (n, 4): by how much the velocity of straight flight was corrected, over the root of what that took from
    its variance, which makes it one in the mean square; and the variance left, 0 where nothing was detected.
    """
    widest = 1
    for i in range(start.shape[0] - 1):
        widest = max(widest, start[i + 1] - start[i])
    share, mu, weight = np.empty((widest, MODELS)), np.empty(MODELS), marginal.copy()
    steps, spread, work = np.empty((2, 7)), np.empty((7, 7)), np.empty((7, 4))
    for i in range(start.shape[0] - 1):
        first, last = start[i], start[i + 1]
        missed = miss[i] * r_io[i] * (1.0 - pm[i]) / (1.0 - r_io[i] * pm[i])
        exists, best, seen = missed, -1, 0.0
        for q in range(first, last):
            exists += marginal[q]
            seen += marginal[q]
            if best < 0 or marginal[q] > marginal[best]:
                best = q
        r_io[i] = min(exists, 1.0)
        row_out[i] = -1
        row_probability_out[i] = 0.0
        moved_out[i] = 0.0
        if exists <= 0.0 or last == first:
            continue
        for q in range(first, last):
            weight[q] = marginal[q] / exists
        model_posterior(first, last, ll, mu_io[i], weight, missed / exists, share, mu)
        flies = mu_io[i, STRAIGHT] > 0.0
        if flies:
            for a in range(3):
                moved_out[i, a] = x_io[i, STRAIGHT, 3 + a]
                moved_out[i, 3] += p_io[i, STRAIGHT, 3 + a, 3 + a]
        for k in range(MODELS):
            if mu_io[i, k] > 0.0:
                merge_model(
                    rows,
                    first,
                    last,
                    share,
                    missed / exists * mu_io[i, k],
                    factor,
                    g[i, k],
                    k,
                    x_io[i, k],
                    p_io[i, k],
                    steps,
                    spread,
                    work,
                )
            mu_io[i, k] = mu[k]
        if seen > 0.5 * exists:
            hits_io[i] += 1
            updated_io[i] = t
            row_out[i] = det[best]
            row_probability_out[i] = marginal[best] / exists
            surprise_io[i] = SURPRISE_MEMORY * surprise_io[i] + (1.0 - SURPRISE_MEMORY) * nis[best]
        left = 0.0
        if flies and seen > 0.5 * exists:
            left = p_io[i, STRAIGHT, 3, 3] + p_io[i, STRAIGHT, 4, 4] + p_io[i, STRAIGHT, 5, 5]
        if 0.0 < left < moved_out[i, 3]:
            root = math.sqrt(moved_out[i, 3] - left)
            for a in range(3):
                moved_out[i, a] = (x_io[i, STRAIGHT, 3 + a] - moved_out[i, a]) / root
            moved_out[i, 3] = left
        else:
            moved_out[i] = 0.0
