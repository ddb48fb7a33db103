"""Motion models against closed forms and an independent integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tocsin.kernels.motion import (
    BALLISTIC,
    HOVER,
    RHO0_KGPM3,
    STRAIGHT,
    THRUST,
    TURN,
    Motion,
    advance_kind,
    advance_state,
    flight_acceleration,
    level_m,
)

QUIET = Motion()._replace(
    straight_along=0.0, straight_across=0.0, straight_up=0.0, turn_along=0.0, turn_across=0.0, turn_up=0.0,
    turn_rate=0.0, ballistic_noise=0.0, drag_noise=0.0, hover_sigma=0.0, thrust_noise=0.0,
)  # fmt: skip


def advanced(model: int, dt: float, x: np.ndarray, p: np.ndarray | None = None, motion: Motion = QUIET):
    state, cov = x.copy(), np.eye(7) if p is None else p.copy()
    advance_state(model, dt, motion, state, cov, np.full((7, 7), np.nan), np.full((7, 7), np.nan))
    return state, cov


def numerical_transition(model: int, dt: float, x: np.ndarray) -> np.ndarray:
    step = np.array([1.0, 1.0, 1.0, 1e-2, 1e-2, 1e-2, 1e-4])
    columns = [
        (advanced(model, dt, x + d)[0] - advanced(model, dt, x - d)[0]) / (2 * s)
        for s, d in zip(step, np.diag(step), strict=True)
    ]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(
    ("model", "x", "tolerance"),
    [
        (STRAIGHT, [100.0, 200.0, 300.0, 20.0, -30.0, 2.0, 0.0], 1e-9),
        (TURN, [100.0, 200.0, 300.0, 20.0, -30.0, 2.0, 0.12], 1e-6),
        (TURN, [100.0, 200.0, 300.0, 20.0, -30.0, 2.0, 0.0], 1e-4),
        (BALLISTIC, [1e3, 2e3, 3e3, 300.0, -100.0, 200.0, 8.2], 0.02),
        (HOVER, [100.0, 200.0, 300.0, 3.0, -2.0, 1.0, 0.0], 1e-9),
        (THRUST, [1e3, 2e3, 300.0, 150.0, -100.0, 120.0, 120.0], 0.02),
    ],
)
def test_covariance_moves_with_the_numerical_jacobian(model, x, tolerance):
    f = numerical_transition(model, 0.4, np.array(x))
    p = np.diag([100.0, 90.0, 80.0, 30.0, 20.0, 10.0, 0.04])
    if model == STRAIGHT:
        f[6, 6], p[6, 6] = 1.0, 0.04
    _, cov = advanced(model, 0.4, np.array(x), p)
    expected = f @ p @ f.T
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert np.abs((cov - expected) / scale).max() < tolerance
    assert (cov == cov.T).all()


def test_a_turn_is_a_circle():
    x = np.array([0.0, 0.0, 50.0, 40.0, 0.0, 0.0, 0.2])
    state, _ = advanced(TURN, 2 * np.pi / 0.2, x)
    np.testing.assert_allclose(state, x, atol=1e-9)
    quarter, _ = advanced(TURN, np.pi / 2 / 0.2, x)
    np.testing.assert_allclose(quarter[:2], [200.0, 200.0], rtol=1e-12)  # radius v/ω, to the left of east


def test_ballistic_step_agrees_with_scipy_to_a_metre_in_ten_seconds():
    motion = QUIET._replace(earth_north_radps=6e-5, earth_up_radps=4e-5)
    x = np.array([0.0, 0.0, 10.0, 300.0, 150.0, 350.0, np.log(4000.0)])

    def slope(_t, y):
        r = np.array([y[0], y[1], y[2] + motion.level_radius_m])
        d = np.linalg.norm(r)
        h = d - motion.level_radius_m
        rho = RHO0_KGPM3 * (1 - 2.25577e-5 * h) ** 4.25588
        v = y[3:6]
        g = -9.80665 * (motion.level_radius_m / d) ** 2 * r / d
        spin = np.array([0.0, 6e-5, 4e-5])
        return np.concatenate([v, g - rho * np.linalg.norm(v) * v / (2 * 4000.0) - 2 * np.cross(spin, v)])

    reference = solve_ivp(slope, (0.0, 10.0), x[:6], rtol=1e-10, atol=1e-8).y[:, -1]
    state = x
    for _ in range(40):
        state, _ = advanced(BALLISTIC, 0.25, state, motion=motion)
    assert np.linalg.norm(state[:3] - reference[:3]) < 1.0
    assert np.linalg.norm(state[3:6] - reference[3:]) < 0.2


def test_terminal_speed_is_where_drag_equals_weight():
    beta = 100.0
    speed = np.sqrt(2 * beta * 9.80665 / RHO0_KGPM3)
    a = np.full(3, np.nan)
    flight_acceleration(BALLISTIC, QUIET, np.array([0.0, 0.0, 0.0, 0.0, 0.0, -speed, np.log(beta)]), a)
    np.testing.assert_allclose(a, 0.0, atol=1e-9)


def test_noise_lies_along_the_heading():
    motion = QUIET._replace(straight_along=4.0, straight_across=1.0, straight_up=0.25)
    x = np.array([0.0, 0.0, 0.0, 0.0, 50.0, 0.0, 0.0])
    _, cov = advanced(STRAIGHT, 1.0, x, np.zeros((7, 7)), motion)
    np.testing.assert_allclose(np.diag(cov)[3:6], [1.0, 4.0, 0.25])
    np.testing.assert_allclose(np.diag(cov)[:3], np.array([1.0, 4.0, 0.25]) / 3)


def test_what_hovers_stops_and_wanders_as_a_markov_velocity():
    motion = QUIET._replace(hover_sigma=0.5)
    x = np.array([0.0, 0.0, 100.0, 6.0, -3.0, 0.0, 0.0])
    state, cov = advanced(HOVER, 60.0, x, np.zeros((7, 7)), motion)
    np.testing.assert_allclose(state[:6], [12.0, -6.0, 100.0, 0.0, 0.0, 0.0], atol=1e-9)  # v tau further on
    np.testing.assert_allclose(np.diag(cov)[3:6], 0.25, rtol=1e-9)
    halves = x, np.zeros((7, 7))
    for _ in range(2):
        halves = advanced(HOVER, 30.0, *halves, motion)
    np.testing.assert_allclose(halves[1], cov, rtol=1e-9, atol=1e-12)  # two steps are one


def test_thrust_is_the_rocket_in_free_space_with_weight():
    x = np.array([0.0, 0.0, 50.0, 30.0, 0.0, 60.0, 100.0])

    def slope(_t, y):
        speed = np.linalg.norm(y[3:])
        return np.concatenate([y[3:], 100.0 * y[3:] / speed - np.array([0.0, 0.0, 9.80665])])

    reference = solve_ivp(slope, (0.0, 2.0), x[:6], rtol=1e-10, atol=1e-8).y[:, -1]
    state = x
    for _ in range(20):
        state, _ = advanced(THRUST, 0.1, state)
    assert np.linalg.norm(state[:6] - reference) < 0.5


@pytest.mark.parametrize("model", [STRAIGHT, TURN, BALLISTIC])
@pytest.mark.parametrize("speed", [0.0, -40.0, -250.0])
@pytest.mark.parametrize("dt", [0.25, 1.0])
def test_a_kind_moves_as_its_model_does_where_its_velocity_is_known(model, speed, dt):
    """One detection: 200 m/s of doubt about the velocity, and 1 m/s along the line of sight u."""
    u, prior = np.array([0.6, 0.7, np.sqrt(0.15)]), {BALLISTIC: (8.4, 0.36)}.get(model, (0.0, 0.0036))
    x, p = np.r_[-2e4 * u, speed * u, prior[0]], np.diag([100.0, 90.0, 80.0, 4e4, 4e4, 4e4, prior[1]])
    p[3:6, 3:6] -= (4e4 - 1.0) * np.outer(u, u) * (speed != 0.0)
    whole, cov = advanced(model, dt, x, p)
    state, spread = x.copy(), p.copy()
    advance_kind(model, dt, QUIET, state, spread, np.full((3, 7), np.nan))
    np.testing.assert_allclose(state[:3], whole[:3], atol=1.0)
    np.testing.assert_allclose(u @ state[3:6], u @ whole[3:6], atol=0.5)
    np.testing.assert_allclose(np.sqrt(np.diag(spread)), np.sqrt(np.diag(cov)), rtol=0.05)
    np.testing.assert_allclose(np.sqrt(u @ spread[3:6, 3:6] @ u), np.sqrt(u @ cov[3:6, 3:6] @ u), rtol=0.15)


def test_level_is_height_over_the_sphere():
    assert level_m(0.0, 0.0, 123.0, 6.37e6) == pytest.approx(123.0, abs=1e-8)
    assert level_m(3e4, 4e4, 0.0, 6.37e6) == pytest.approx(5e4**2 / (2 * 6.37e6), rel=1e-4)


@pytest.mark.parametrize("weight", [-86.0, 0.0, 8.4])
def test_a_ballistic_coefficient_that_no_thing_has_does_not_make_the_state_infinite(weight):
    x = np.array([-5156.0, -3656.0, 265.0, -74.0, 55.0, 54.0, weight])
    state, cov = advanced(BALLISTIC, 0.5, x)
    assert np.isfinite(state).all()
    assert np.isfinite(cov).all()
