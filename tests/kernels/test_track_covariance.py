"""A million random steps of predict, mix and update: every covariance stays symmetric and positive definite.

One track after another is born and led through random intervals, misses, one or two detections with shared weights,
rows that are missing (range: a bearing alone; elevation: two-dimensional; range rate), manoeuvres that no model
foresees, and noise from a micrometre to ten kilometres and from a hundredth of a microradian to half a turn, until it
is as spread out as the tracker lets a track become.
"""

from __future__ import annotations

import math
import os

import numba
import numpy as np
import pytest

from tocsin.kernels.births import Birth, bear_tracks
from tocsin.kernels.imm import predict_tracks
from tocsin.kernels.lifecycle import LOST_SPREAD_M
from tocsin.kernels.measurement import FACTORS, factor_innovation, project_track, residual
from tocsin.kernels.motion import MODELS, Motion
from tocsin.kernels.posterior import update_tracks

JIT_OFF = os.environ.get("NUMBA_DISABLE_JIT") == "1"
STEPS = 300 if JIT_OFF else 1_000_000  # ten seconds compiled
DONE, ASYMMETRIC, INDEFINITE = -1, 1, 2


@numba.njit
def log_uniform(low, high):
    return math.exp(np.random.uniform(math.log(low), math.log(high)))  # noqa: NPY002 - Numba's own


@numba.njit
def least_pivot(p):
    """Least pivot of the Cholesky factor of the correlation matrix of p (7, 7)."""
    c, least = np.empty((7, 7)), math.inf
    for i in range(7):
        for j in range(i + 1):
            s = p[i, j] / math.sqrt(p[i, i] * p[j, j]) if p[i, i] > 0.0 and p[j, j] > 0.0 else math.nan
            for k in range(j):
                s -= c[i, k] * c[j, k]
            if i == j:
                least = min(least, s) if s == s else -math.inf
                c[i, i] = math.sqrt(max(s, 1e-300))
            else:
                c[i, j] = s / c[j, j]
    return least


@numba.njit
def begin(motion, birth, mu, x, p, r):
    """A newborn track from a random plot; with or without range rate."""
    position, z, sigma = np.empty((1, 3)), np.empty((1, 4)), np.empty((1, 4))
    z[0, 0], z[0, 1], z[0, 2] = log_uniform(50.0, 4e4), np.random.uniform(0.0, 6.28), np.random.uniform(-0.1, 1.5)  # noqa: NPY002
    z[0, 3] = np.random.normal(0.0, 50.0) if np.random.random() < 0.5 else math.nan  # noqa: NPY002
    sigma[0, 0], sigma[0, 1], sigma[0, 2] = log_uniform(1e-6, 1e3), log_uniform(1e-8, 0.05), log_uniform(1e-8, 0.05)
    sigma[0, 3] = log_uniform(1e-6, 30.0)
    ground = z[0, 0] * math.cos(z[0, 2])
    position[0, 0], position[0, 1] = ground * math.sin(z[0, 1]), ground * math.cos(z[0, 1])
    position[0, 2] = z[0, 0] * math.sin(z[0, 2])
    one = np.ones(1)
    bear_tracks(
        motion, birth, 0, np.zeros(3), np.eye(3), position, z, sigma, one, 0.5 * one, mu, x, p, r, np.empty(1, np.int64)
    )


@numba.njit
def look(x, p, mu, hits, predicted, g, a, factor, ll):
    """Project, draw 0 to 2 detections near the models' predictions and factor them; returns how many are in a gate."""
    rows = 4 if np.random.random() < 0.5 else 3  # noqa: NPY002
    for k in range(MODELS):
        if mu[k] > 0.0:
            project_track(rows, np.zeros(3), np.eye(3), x[k], p[k], predicted[k], g[k], a[k])
    best = mu.argmax()
    count, wanted, kind = 0, np.random.randint(0, 3), np.random.randint(0, 5)  # noqa: NPY002
    z, sigma, v, r = np.full(4, np.nan), np.full(4, np.nan), np.full(4, np.nan), np.full(4, np.nan)
    for _ in range(wanted):
        sigma[0], sigma[1], sigma[2] = log_uniform(1e-6, 1e4), log_uniform(1e-8, 3.0), log_uniform(1e-8, 3.0)
        sigma[3] = log_uniform(1e-6, 100.0)
        spread = (math.sqrt(a[best, 0, 0]), math.sqrt(a[best, 1, 1]), math.sqrt(a[best, 2, 2]))
        z[0] = predicted[best, 0] + np.random.normal(0.0, 1.0) * math.hypot(sigma[0], spread[0])  # noqa: NPY002
        z[1] = predicted[best, 1] + np.random.normal(0.0, 1.0) * math.hypot(sigma[1], spread[1] / predicted[best, 0])  # noqa: NPY002
        z[2] = predicted[best, 2] + np.random.normal(0.0, 1.0) * math.hypot(sigma[2], spread[2] / predicted[best, 0])  # noqa: NPY002
        z[3] = predicted[best, 3] + np.random.normal(0.0, 3.0) if rows > 3 and kind != 1 else math.nan  # noqa: NPY002
        if kind == 0 or kind == 3:
            z[0] = math.nan
        if kind == 2 or kind == 3:
            z[2] = math.nan
        found = False
        for k in range(MODELS):
            ll[count, k] = -math.inf
            if mu[k] > 0.0:
                residual(z, sigma, predicted[k], v, r)
                ll[count, k], _ = factor_innovation(rows, 25.0, a[k], v, r, factor[count, k])
                found = found or ll[count, k] > -math.inf
        count += 1 if found else 0
    return count, rows


@numba.njit
def march(seed, steps, motion, birth):
    """Returns the step at which a covariance failed (DONE: none), how, the least pivot, and counts of what was met."""
    np.random.seed(seed)  # noqa: NPY002
    mu, x, p, r = np.zeros((1, MODELS)), np.zeros((1, MODELS, 7)), np.zeros((1, MODELS, 7, 7)), np.zeros(1)
    mu2, x2, p2 = mu.copy(), x.copy(), p.copy()
    predicted, g, a = np.empty((MODELS, 5)), np.empty((1, MODELS, 7, 4)), np.empty((MODELS, 4, 4))
    factor, ll, met = np.empty((2, MODELS, FACTORS)), np.empty((2, MODELS)), np.zeros(4, np.int64)
    hits, born, updated, surprise = np.ones(1, np.int64), np.zeros(1), np.zeros(1), np.ones(1)
    row, sure, det, nis = np.full(1, -9), np.full(1, np.nan), np.arange(2), np.ones(2)
    moved = np.full((1, 4), np.nan)
    t, least, place = 0.0, math.inf, np.zeros(1, np.int64)
    begin(motion, birth, mu, x, p, r)
    for step in range(steps):
        dt = 0.0 if np.random.random() < 0.2 else log_uniform(1e-3, 12.0)  # noqa: NPY002
        t += dt
        predict_tracks(1, t, dt, motion, hits, born, surprise, place, mu, x, p, mu2, x2, p2)
        count, rows = look(x2[0], p2[0], mu2[0], hits[0], predicted, g[0], a, factor, ll)
        missed = np.random.random() ** 3 if count else 1.0  # noqa: NPY002
        split = np.random.random() if count > 1 else 1.0  # noqa: NPY002
        marginal, miss = np.empty(count), np.array([missed])
        for q in range(count):
            marginal[q] = (1.0 - missed) * (split if q == 0 else 1.0 - split)
        r[0] = 1.0
        start = np.array([0, count])
        update_tracks(
            t, rows, start, det[:count], ll[:count], nis[:count], marginal, miss, np.zeros(1), factor[:count], g,
            mu2, x2, p2, r, hits, updated, surprise, row, sure, moved,
        )  # fmt: skip
        surprise[0] = np.random.uniform(0.5, 4.0)  # noqa: NPY002
        mu, x, p, mu2, x2, p2 = mu2, x2, p2, mu, x, p
        met[0] += count > 0
        wide = False
        for k in range(MODELS):
            if mu[0, k] > 0.0:
                met[1] += 1
                wide = wide or max(p[0, k, 0, 0], p[0, k, 1, 1]) > LOST_SPREAD_M**2 or not x[0, k, 2] > -1e3
                if not (p[0, k] == p[0, k].T).all():
                    return step, ASYMMETRIC, least, met
                pivot = least_pivot(p[0, k])
                least = min(least, pivot)
                if not pivot > 0.0:
                    return step, INDEFINITE, pivot, met
        if wide or hits[0] > 400:
            met[2] += 1
            hits[0], surprise[0], born[0] = 1, 1.0, t
            begin(motion, birth, mu, x, p, r)
    return DONE, 0, least, met


@pytest.mark.parametrize("seed", [1])
def test_covariance_is_symmetric_and_positive_definite_over_a_million_steps(seed):
    failed, how, least, met = march(seed, STEPS, Motion(), Birth())
    assert failed == DONE, (failed, how, least)
    assert least > 0.0
    assert met[0] > 0.4 * STEPS
    assert met[1] > STEPS
    assert met[2] > STEPS // 500


def test_the_judge_knows_what_is_not_positive_definite():
    good = np.diag([1e6, 1.0, 1e-8, 4.0, 5.0, 6.0, 1e-4])
    assert least_pivot(good) == pytest.approx(1.0)
    bad = good.copy()
    bad[0, 1] = bad[1, 0] = 1000.1
    assert least_pivot(bad) < 0.0
    bad = good.copy()
    bad[2, 2] = -1e-12
    assert least_pivot(bad) == -np.inf
