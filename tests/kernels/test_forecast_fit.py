"""Estimation of a ballistic state from polar detections, against finite differences, linear theory and truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tocsin.frames import FloatArray
from tocsin.kernels.ballistic_fit import absorb, first_guess, fit, look, predict
from tocsin.kernels.ballistic_watch import recover
from tocsin.kernels.ballistics import propagate
from tocsin.records.arrays import IntArray

EARTH = np.array([6370128.0, 188.0, 9.795, 6.06e-5, 4.06e-5])
SIGMA = np.array([10.0, math.radians(0.15), math.radians(0.15), 1.0])
TRUTH = np.array([3000.0, 4000.0, 800.0, -60.0, -150.0, 180.0, 0.002, 3.0, -4.0, 1.1, 0.35])
PRIOR = np.array(
    [[0.0] * 6 + [0.0034, 0.0, 0.0, 1.1, 0.35], [1e5] * 3 + [1e3] * 3 + [0.0025, 5.0, 5.0, 0.5, 0.2], [0.0] * 11]
)
PLACE = np.array([500.0, -200.0, 30.0])


def turned() -> FloatArray:
    a, b = 0.7, 0.3
    first = np.array([[math.cos(a), -math.sin(a), 0.0], [math.sin(a), math.cos(a), 0.0], [0.0, 0.0, 1.0]])
    second = np.array([[1.0, 0.0, 0.0], [0.0, math.cos(b), -math.sin(b)], [0.0, math.sin(b), math.cos(b)]])
    return np.asarray(first @ second)


def scratch() -> FloatArray:
    return np.full((8, 11, 11), np.nan)


def seen_by(x: FloatArray, rotation: FloatArray) -> tuple[FloatArray, FloatArray]:
    seen, h = np.full(4, np.nan), np.full((4, 6), np.nan)
    look(x, PLACE, rotation, seen, h)
    return seen, h


def memory_of(rng: np.random.Generator, count: int, noise: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Detections of the flight whose state at t = 0 is TRUTH, and its state at the last of them."""
    x, phi, memory = TRUTH.copy(), np.zeros((6, 11)), np.zeros((count, 10))
    for j in range(count):
        if j:
            propagate(EARTH, 0.25, x, phi, scratch())
        memory[j] = [0.25 * j, 0.0, *(seen_by(x, turned())[0] + noise * rng.normal(0.0, SIGMA)), *SIGMA]
    return memory, x


def poses() -> FloatArray:
    return np.concatenate([PLACE[None], turned()])[None]


def test_what_a_turned_sensor_sees_is_range_azimuth_elevation_and_range_rate() -> None:
    seen, _ = seen_by(TRUTH, turned())
    d = turned().T @ (TRUTH[:3] - PLACE)
    far = np.linalg.norm(d)
    expected = [far, math.atan2(d[0], d[1]), math.asin(d[2] / far), (TRUTH[:3] - PLACE) @ TRUTH[3:6] / far]
    np.testing.assert_allclose(seen, expected, rtol=1e-12)


def test_its_jacobian_is_its_derivative() -> None:
    _, h = seen_by(TRUTH, turned())
    for j in range(6):
        step = 1e-2 * np.eye(11)[j]
        d = (seen_by(TRUTH + step, turned())[0] - seen_by(TRUTH - step, turned())[0]) / 2e-2
        np.testing.assert_allclose(h[:, j], d, rtol=1e-5, atol=1e-10)


def test_absorbing_is_the_kalman_update_for_one_component() -> None:
    x, p = TRUTH.copy(), np.diag(np.array([900.0] * 3 + [100.0] * 3 + [1e-7, 25.0, 25.0, 0.2, 0.04]))
    seen, h = seen_by(x, turned())
    z = np.array([seen[0] + 12.0, np.nan, np.nan, np.nan])
    row = np.zeros(11)
    row[:6] = h[0]
    gain = p @ row / (row @ p @ row + SIGMA[0] ** 2)
    expected_x, expected_p = x + gain * 12.0, p - np.outer(gain, row @ p)
    assert absorb(z, SIGMA, PLACE, turned(), x, p, scratch())
    np.testing.assert_allclose(x, expected_x, rtol=1e-9)
    np.testing.assert_allclose(p, expected_p, rtol=1e-9, atol=1e-9)


def test_azimuths_meet_across_north_and_south() -> None:
    x, p = TRUTH.copy(), np.diag(np.array([900.0] * 3 + [100.0] * 3 + [1e-7, 25.0, 25.0, 0.2, 0.04]))
    z, _ = seen_by(x, turned())
    z[1] += 2.0 * math.pi
    assert absorb(z, SIGMA, PLACE, turned(), x, p, scratch())
    np.testing.assert_allclose(x, TRUTH, rtol=1e-6)


def test_detection_out_of_the_gate_changes_nothing() -> None:
    x, p = TRUTH.copy(), np.diag(np.array([100.0] * 3 + [25.0] * 3 + [1e-7, 25.0, 25.0, 0.2, 0.04]))
    before = p.copy()
    z, _ = seen_by(x, turned())
    z[0] += 300.0
    assert not absorb(z, SIGMA, PLACE, turned(), x, p, scratch())
    np.testing.assert_array_equal(x, TRUTH)
    np.testing.assert_array_equal(p, before)


def test_predicted_covariance_is_that_of_displaced_states() -> None:
    sigma = np.array([5.0, 5.0, 5.0, 1.0, 1.0, 1.0, 1e-4, 1.0, 1.0, 0.05, 0.05])
    x, p, drift = TRUTH.copy(), np.diag(sigma**2), np.zeros(11)
    drift[6] = 1e-9
    predict(EARTH, drift, 1.5, x, p, scratch())
    expected = np.zeros((11, 11))
    for j in range(11):
        ends = []
        for sign in (1.0, -1.0):
            end = TRUTH + sign * sigma[j] * np.eye(11)[j]
            propagate(EARTH, 1.5, end, np.zeros((6, 11)), scratch())
            ends.append(end)
        d = (ends[0] - ends[1]) / 2.0
        expected += np.outer(d, d)
    expected[6, 6] += 1.5e-9
    scale = np.sqrt(np.diag(expected))
    np.testing.assert_allclose(p / np.outer(scale, scale), expected / np.outer(scale, scale), atol=2e-3)


def test_first_guess_is_near_the_truth() -> None:
    memory, end = memory_of(np.random.default_rng(0), 5, noise=0.0)
    x = np.full(11, np.nan)
    assert first_guess(poses(), 9.795, 1.0, 5, memory, x)
    assert np.linalg.norm(x[:3] - end[:3]) < 20.0
    assert np.linalg.norm(x[3:6] - end[3:6]) < 40.0


def test_first_guess_needs_two_times_with_range_and_elevation() -> None:
    memory, _ = memory_of(np.random.default_rng(0), 4)
    memory[1:, 4] = np.nan
    x = TRUTH.copy()
    assert not first_guess(poses(), 9.795, 1.0, 4, memory, x)
    np.testing.assert_array_equal(x, TRUTH)


def fitted(memory: FloatArray, order: FloatArray | None = None) -> tuple[float, FloatArray, FloatArray]:
    rows = memory if order is None else memory[order.astype(np.int64)]
    x, p, now = PRIOR[0].copy(), np.full((11, 11), np.nan), float(memory[:, 0].max())
    first_guess(poses(), 9.795, now, len(rows), rows, x)
    x[6] = 0.0003
    return fit(EARTH, PRIOR, poses(), 8, now, len(rows), rows, x, p, scratch()), x, p


def test_fit_does_not_depend_on_the_order_of_detections() -> None:
    memory, _ = memory_of(np.random.default_rng(3), 12)
    misfit, x, p = fitted(memory)
    assert misfit < 2.0
    _, y, q = fitted(memory, np.random.default_rng(4).permutation(12))
    sigma = np.sqrt(np.diag(p))
    np.testing.assert_allclose((x - y) / sigma, 0.0, atol=1e-2)
    np.testing.assert_allclose(np.sqrt(np.diag(q)), sigma, rtol=1e-2)


def test_fits_errors_are_what_its_covariance_says() -> None:
    squared, misfits = [], []
    for seed in range(60):
        memory, end = memory_of(np.random.default_rng(seed), 12)
        misfit, x, p = fitted(memory)
        d = (x - end)[:6]
        squared.append(d @ np.linalg.solve(p[:6, :6], d))
        misfits.append(misfit)
    # the mean of 60 chi-squares of 6 is 6 ± 0.45; nuisances stand at fixed values, so it may be a little smaller
    assert 4.6 < np.mean(squared) < 7.4
    assert np.mean(misfits) == pytest.approx(42.0 / 48.0, abs=0.1)


def test_one_foreign_detection_moves_a_fit_little() -> None:
    memory, end = memory_of(np.random.default_rng(5), 12)
    memory[4, 2] += 400.0
    _, x, p = fitted(memory)
    d = (x - end)[:6]
    assert d @ np.linalg.solve(p[:6, :6], d) < 40.0


def test_nothing_to_fit_is_infinitely_wrong() -> None:
    memory, _ = memory_of(np.random.default_rng(0), 3)
    memory[:, 2:6] = np.nan
    x, p = TRUTH.copy(), np.full((11, 11), np.nan)
    assert fit(EARTH, PRIOR, poses(), 2, 0.5, 3, memory, x, p, scratch()) == math.inf


def test_first_detections_are_recovered_by_their_own_errors() -> None:
    state, covariance = np.array([0.0, 0.0, 1000.0, 100.0, 0.0, 0.0]), np.diag([25.0] * 3 + [1.0] * 3)
    places = np.array([[-100.0, 40.0, 995.1], [-100.0, 60.0, 995.1], [np.nan] * 3])
    nobody = np.zeros(3, dtype=np.int64)

    def found(sigma: list[float], owner: IntArray) -> int:
        return recover(9.0, places, np.array(sigma), owner, 7, 10.0, state, covariance, 9.8)

    assert found([10.0, 10.0, 10.0], nobody) == 0  # 40 m aside, four times 13.3 m allowed
    assert found([1.0, 100.0, np.nan], nobody) == 1  # the nearer one is too sharp to be so far off
    assert found([1.0, 1.0, 1.0], nobody) == -1
    assert found([10.0, 10.0, 10.0], np.array([3, 0, 0])) == -1  # given to another; 60 m is too far
    assert found([1.0, 1.0, 1.0], np.array([0, 7, 0])) == 1  # the tracker gave it
