"""Measurement rows against frames, numerical Jacobians and the textbook update; covariance stays positive definite."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.frames import enu2aer
from tocsin.kernels.measurement import factor_innovation, project_track, residual, update_track
from tocsin.kernels.motion import Motion, advance_state

JIT_OFF = os.environ.get("NUMBA_DISABLE_JIT") == "1"  # pure Python is a hundred times slower
SENSOR, TURNED = np.array([100.0, -50.0, 20.0]), np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
SIGMA = np.array([10.0, 0.0026, 0.0026, 1.0])
STATE = np.array([8000.0, -6000.0, 900.0, 40.0, -120.0, 15.0, 0.0])


def spread(seed: int) -> np.ndarray:
    root = np.random.default_rng(seed).normal(size=(7, 7)) * np.array([60.0, 50, 40, 20, 15, 10, 0.1])[:, None]
    return root @ root.T


def projected(x: np.ndarray, p: np.ndarray):
    z, g, a, h = np.full(5, np.nan), np.full((7, 4), np.nan), np.full((4, 4), np.nan), np.zeros((4, 6))
    project_track(SENSOR, TURNED, x, p, z, g, a, h)
    return z, g, a, h


def updated(x: np.ndarray, p: np.ndarray, measured: np.ndarray):
    z, g, a, _ = projected(x, p)
    v, r, white = np.full(4, np.nan), np.full(4, np.nan), np.full(5, np.nan)
    chol, state, cov = np.full((4, 4), np.nan), x.copy(), p.copy()
    residual(measured, SIGMA, z, v, r)
    ll = factor_innovation(a, v, r, chol, white)
    update_track(g, chol, white, state, cov, np.full((7, 4), np.nan))
    return state, cov, ll, v, r, white


def test_prediction_agrees_with_frames():
    z, *_ = projected(STATE, spread(1))
    azimuth, elevation, range_m = enu2aer(TURNED.T @ (STATE[:3] - SENSOR))
    assert z[0] == pytest.approx(range_m)
    assert z[1] % (2 * np.pi) == pytest.approx(azimuth)
    assert z[2] == pytest.approx(elevation)
    line = (STATE[:3] - SENSOR) / range_m
    assert z[3] == pytest.approx(line @ STATE[3:6])
    assert z[4] == pytest.approx(np.cos(elevation))


def test_rows_are_the_numerical_jacobian_in_metres():
    p = spread(2)
    z, g, a, _ = projected(STATE, p)
    scale = np.array([1.0, z[0] * z[4], z[0], 1.0])
    step = np.array([0.5, 0.5, 0.5, 0.05, 0.05, 0.05, 0.05])
    h = np.stack(
        [
            scale * (projected(STATE + d, p)[0][:4] - projected(STATE - d, p)[0][:4]) / (2 * s)
            for s, d in zip(step, np.diag(step), strict=True)
        ],
        axis=1,
    )
    np.testing.assert_allclose(g, p @ h.T, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(a, h @ p @ h.T, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("missing", [(), (3,), (0,), (2,), (0, 2, 3), (0, 3)])
def test_update_is_the_textbook_one_on_the_rows_present(missing):
    p = spread(3)
    z, g, a, _ = projected(STATE, p)
    measured = z[:4] + np.array([12.0, 0.003, -0.002, 1.5])
    measured[list(missing)] = np.nan
    state, cov, ll, v, r, white = updated(STATE, p, measured)
    rows = [i for i in range(4) if i not in missing]
    s = a[np.ix_(rows, rows)] + np.diag(r[rows])
    gain = g[:, rows] @ np.linalg.inv(s)
    np.testing.assert_allclose(state, STATE + gain @ v[rows], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(cov, p - gain @ g[:, rows].T, rtol=1e-7, atol=1e-6)
    expected = -0.5 * (v[rows] @ np.linalg.solve(s, v[rows]) + np.linalg.slogdet(2 * np.pi * s)[1])
    assert ll == pytest.approx(expected)
    assert white[4] == len(rows)
    assert (cov == cov.T).all()


def test_azimuth_residual_takes_the_short_way_round():
    z = np.array([1000.0, np.pi - 0.01, 0.0, 0.0, 1.0])
    v, r = np.full(4, np.nan), np.full(4, np.nan)
    residual(np.array([1000.0, -np.pi + 0.01, 0.0, 0.0]), SIGMA, z, v, r)
    assert v[1] == pytest.approx(20.0)
    np.testing.assert_allclose(r, [100.0, 2.6**2, 2.6**2, 1.0])


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), model=st.sampled_from([0, 1, 2]), dt=st.sampled_from([0.05, 0.25, 1.0, 4.0]))
def test_covariance_stays_positive_definite_over_many_steps(seed, model, dt):
    rng, motion = np.random.default_rng(seed), Motion()
    x, p = STATE.copy(), np.diag([900.0, 900, 900, 2e4, 2e4, 2e4, 0.4])
    x[6] = 8.0 if model == 2 else 0.05
    f, work = np.empty((7, 7)), np.empty((7, 7))
    for _ in range(60 if JIT_OFF else 150):
        advance_state(model, dt, motion, x, p, f, work)
        x[:6] = STATE[:6]  # the mean is held: this is about the covariance, over any geometry the noise gives
        measured = projected(x, p)[0][:4] + rng.normal(size=4) * SIGMA
        measured[rng.random(4) < 0.3] = np.nan
        x, p, *_ = updated(x, p, measured)
        assert np.linalg.eigvalsh(p / np.sqrt(np.outer(np.diag(p), np.diag(p)))).min() > 1e-9
        assert (p == p.T).all()
        x[6] = np.clip(x[6], -0.3 if model != 2 else 6.0, 0.3 if model != 2 else 10.0)
