"""Kernels of identification: outputs are written whole, summaries are NumPy's, a track without memory says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.identify.classes import class_tables
from tocsin.kernels.identity import (
    SUMMARIES,
    class_log_likelihood,
    class_once_log_likelihood,
    normalise_log,
    update_summaries,
)
from tocsin.records.arrays import FloatArray

TABLES = class_tables()


def looks(state: FloatArray, covariance: FloatArray, level: float, mu: float, memory: FloatArray) -> FloatArray:
    n = len(state)
    out = np.full((n, 6), np.nan)
    climb, levels = state[:, 5].copy(), np.full(n, level)
    t = TABLES
    fixed = (t.speed_mps, t.speed_mass, t.height, t.climb, t.fall, 0.2)
    class_log_likelihood(*fixed, state, covariance, levels, climb, np.full(n, mu), memory, out)
    return out


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(-700.0, 700.0), min_size=3, max_size=3),
    st.floats(-200.0, 30000.0),
    st.floats(0.01, 1e5),
    st.floats(0.0, 1.0),
)
def test_likelihoods_are_finite_whatever_the_track(velocity: list[float], level: float, var: float, mu: float) -> None:
    state = np.array([[0.0, 0.0, 100.0, *velocity]])
    out = looks(state, var * np.eye(6)[None], level, mu, np.zeros((1, SUMMARIES)))
    assert np.isfinite(out).all()
    once = np.full((1, 6), np.nan)
    class_once_log_likelihood(TABLES.rcs, TABLES.wander, TABLES.energy, np.zeros((1, SUMMARIES)), once)
    assert (once == 0.0).all()  # a track without a memory says nothing as a whole


def test_a_velocity_that_is_not_known_favours_no_class_by_its_speed() -> None:
    state = np.array([[0.0, 0.0, 600.0, 40.0, 0.0, 0.0]])
    vague, sharp = (np.diag([25.0, 25.0, 25.0, sd**2, sd**2, sd**2])[None] for sd in (400.0, 1.0))
    memory = np.zeros((1, SUMMARIES))
    spread = np.ptp(looks(state, vague, 600.0, 0.2, memory)), np.ptp(looks(state, sharp, 600.0, 0.2, memory))
    assert spread[0] < 0.5 * spread[1]


def test_the_regression_of_the_vertical_speed_finds_the_fall() -> None:
    memory = np.zeros((1, SUMMARIES))
    covariance = np.diag([100.0] * 3 + [4.0] * 3)[None]
    times = 0.25 * np.arange(24)
    for t in times:
        state = np.array([[0.0, 0.0, 1000.0, 200.0, 0.0, 100.0 - 9.8 * t]])
        update_summaries(
            t, np.array([0]), state, covariance, np.array([1000.0]), state[:, 5].copy(), np.array([np.nan]), memory
        )
    assert memory[0, 5] / memory[0, 4] == pytest.approx(-9.8, rel=1e-9)
    weight = np.exp(-(times[-1] - times) / 8.0)
    want = np.average((times - np.average(times, weights=weight)) ** 2, weights=weight) * weight.sum() / 4.0
    assert memory[0, 4] == pytest.approx(want, rel=1e-9)
    assert memory[0, 16] == 24.0


def test_coasting_changes_nothing_and_a_late_scan_does_not_turn_time_back() -> None:
    memory = np.zeros((1, SUMMARIES))
    state, covariance = np.array([[0.0, 0.0, 100.0, 20.0, 0.0, 1.0]]), np.eye(6)[None]
    one, level, nothing = np.array([0]), np.array([100.0]), np.array([np.nan])
    update_summaries(5.0, one, state, covariance, level, state[:, 5].copy(), np.array([-20.0]), memory)
    before = memory.copy()
    update_summaries(6.0, np.array([-1]), state, covariance, level, state[:, 5].copy(), nothing, memory)
    assert (memory == before).all()
    update_summaries(4.5, one, state, covariance, level, state[:, 5].copy(), nothing, memory)
    assert memory[0, 0] == 5.0
    assert memory[0, 14] == -20.0


def test_swerling_looks_average_to_the_class_mean() -> None:
    rng = np.random.default_rng(8)
    memory = np.zeros((1, SUMMARIES))
    state, covariance = np.array([[0.0, 0.0, 100.0, 20.0, 0.0, 0.0]]), np.eye(6)[None]
    for k in range(400):
        rcs = np.array([-15.0 + 10.0 * np.log10(rng.exponential())])
        update_summaries(0.1 * k, np.array([0]), state, covariance, np.array([100.0]), state[:, 5].copy(), rcs, memory)
    assert memory[0, 14] == pytest.approx(-15.0 - 2.51, abs=4 * 5.57 / np.sqrt(400))
    once = np.full((1, 6), np.nan)
    class_once_log_likelihood(TABLES.rcs, TABLES.wander, TABLES.energy, memory, once)
    assert np.isfinite(once).all()


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), min_size=1, max_size=5))
def test_softmax_rows_are_probabilities(rows: list[list[float]]) -> None:
    out = np.full((len(rows), 6), np.nan)
    normalise_log(np.array(rows), out)
    assert out.sum(axis=1) == pytest.approx(1.0)
    assert ((out > 0.0) & (out <= 1.0)).all()
