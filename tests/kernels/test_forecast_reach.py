"""Arrival of what flies: paths against geometry, probabilities against limits and against simulated wanderers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tocsin.frames import FloatArray
from tocsin.kernels.reach import LEG_S, reach_assets, turn_then_straight_s


def reach(
    state: list[float],
    place: tuple[float, float, float] = (0.0, 0.0, 0.0),
    *,
    radius_m: float = 200.0,
    horizon_s: float = 600.0,
    bound: float = 0.1,
    top_mps: float = 60.0,
    level_share: float = 0.0,
    variance: tuple[float, float] = (100.0, 4.0),
) -> tuple[float, float, float]:
    out = [np.full((1, 1), np.nan) for _ in range(3)]
    covariance = np.diag([variance[0]] * 3 + [variance[1]] * 3)[None]
    one = np.ones(1)
    reach_assets(
        horizon_s, bound, np.array([place]), radius_m * one, np.array([state]), covariance,
        top_mps * one, 10.0 * one, level_share * one, *out,
    )  # fmt: skip
    return float(out[0][0, 0]), float(out[1][0, 0]), float(out[2][0, 0])


def test_straight_ahead_is_distance_over_speed() -> None:
    assert turn_then_straight_s(5000.0, 0.0, 40.0, 10.0, 50.0, 0.0) == pytest.approx(100.0)
    assert turn_then_straight_s(5000.0, 0.0, 40.0, 10.0, 50.0, 500.0) == pytest.approx(90.0)


def test_far_behind_costs_half_a_circle_more() -> None:
    speed, turn = 40.0, 10.0
    circle = speed**2 / turn
    behind = turn_then_straight_s(-50000.0, 0.0, speed, turn, speed, 0.0)
    # half a circle, then back along a line that starts one diameter aside
    assert behind == pytest.approx((50000.0 + math.pi * circle) / speed, rel=1e-3)


@pytest.mark.parametrize("bearing", np.linspace(0.0, math.pi, 9))
def test_turn_and_line_end_at_the_place(bearing: float) -> None:
    """Flying the path that the time stands for: turn by steps until the place is ahead, then straight."""
    speed, turn, far = 50.0, 5.0, 3000.0
    x, y, course, time_s, dt = 0.0, 0.0, 0.0, 0.0, 0.002
    px, py = far * math.cos(bearing), far * math.sin(bearing)
    while abs(math.remainder(math.atan2(py - y, px - x) - course, 2.0 * math.pi)) > turn / speed * dt:
        course += turn / speed * dt
        x, y, time_s = x + speed * math.cos(course) * dt, y + speed * math.sin(course) * dt, time_s + dt
    time_s += math.hypot(px - x, py - y) / speed
    assert turn_then_straight_s(px, py, speed, turn, speed, 0.0) == pytest.approx(time_s, rel=2e-3)


def test_place_inside_the_turning_circle_is_reached_round_the_other_side() -> None:
    time_s = turn_then_straight_s(0.0, 100.0, 100.0, 10.0, 100.0, 1.0)
    assert math.isfinite(time_s)
    assert time_s > 2.0 * math.pi * 1000.0 / 100.0 * 0.7


def test_probability_grows_all_the_way_in() -> None:
    chances = [reach([-far, 0.0, 100.0, 40.0, 0.0, 0.0])[2] for far in np.arange(20000.0, 300.0, -100.0)]
    assert np.all(np.diff(chances) >= -1e-12)
    assert chances[0] < 0.8
    assert chances[-1] > 0.99


def test_probability_falls_with_the_angle_off_course() -> None:
    speed = 40.0
    chances = [
        reach([-5000.0, 0.0, 100.0, speed * math.cos(a), speed * math.sin(a), 0.0])[2]
        for a in np.linspace(0.0, math.pi, 30)
    ]
    assert np.all(np.diff(chances) <= 1e-12)
    assert chances[-1] < 0.02


def test_what_is_there_has_arrived() -> None:
    assert reach([50.0, 50.0, 10.0, 5.0, 0.0, 0.0]) == (0.0, 0.0, 1.0)


def test_beyond_the_horizon_is_improbable() -> None:
    assert reach([-60000.0, 0.0, 100.0, 40.0, 0.0, 0.0])[2] < 0.01
    assert reach([-60000.0, 0.0, 100.0, 40.0, 0.0, 0.0], horizon_s=3000.0)[2] > 0.1


def test_hovering_says_nothing_of_where_it_is_bound() -> None:
    by_side = [reach([-2000.0, 0.0, 100.0, vx, vy, 0.0], top_mps=25.0, variance=(100.0, 4.0))[2]
               for vx, vy in ((0.1, 0.0), (-0.1, 0.0), (0.0, 0.1))]  # fmt: skip
    assert max(by_side) - min(by_side) < 1e-3
    assert 0.005 < by_side[0] < 0.5


def test_aircraft_high_overhead_does_not_reach_but_a_drone_may_dive() -> None:
    high = [-8000.0, 0.0, 9000.0, 200.0, 0.0, 0.0]
    assert reach(high, level_share=1.0, top_mps=260.0)[2] < 1e-6
    assert reach(high, level_share=0.0, top_mps=260.0)[2] > 0.3


def test_expected_is_not_before_earliest() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        state: FloatArray = rng.normal(0.0, [5000.0, 5000.0, 200.0, 20.0, 20.0, 1.0])
        earliest, expected, chance = reach(list(state))
        assert 0.0 <= earliest <= expected + 1e-9
        assert 0.0 <= chance <= 1.0


def test_who_is_not_bound_comes_as_often_as_simulated_wanderers() -> None:
    """Courses uniform for an exponential time, the first one known: the stated behaviour, with one change of course."""
    rng = np.random.default_rng(7)
    n, far, speed, radius, horizon = 200_000, 3000.0, 40.0, 500.0, 600.0
    course, legs = rng.normal(0.25, 0.05, n), rng.exponential(LEG_S, n)
    hit = np.zeros(n, dtype=np.bool_)
    x, y = np.full(n, -far), np.zeros(n)
    length = speed * np.minimum(legs, horizon)
    for _ in range(2):
        along = np.clip(-(x * np.cos(course) + y * np.sin(course)), 0.0, length)
        hit |= np.hypot(x + along * np.cos(course), y + along * np.sin(course)) < radius
        x, y = x + length * np.cos(course), y + length * np.sin(course)
        length, course = speed * horizon - length, rng.uniform(-math.pi, math.pi, n)
    sigma = (0.05 * speed) ** 2
    state = [-far, 0.0, 0.0, speed * math.cos(0.25), speed * math.sin(0.25), 0.0]
    chance = reach(state, radius_m=radius, horizon_s=horizon, bound=0.0, variance=(1e-6, sigma))[2]
    assert chance == pytest.approx(hit.mean(), abs=0.06)


def chance_of(covariance: FloatArray, state: list[float], level_share: float = 0.0, radius_m: float = 300.0) -> float:
    """Probability of a track with a full covariance to come to the origin within ten minutes."""
    out = [np.full((1, 1), np.nan) for _ in range(3)]
    one = np.ones(1)
    reach_assets(
        600.0, 0.1, np.zeros((1, 3)), radius_m * one, np.array([state]), covariance[None], 60.0 * one, 10.0 * one,
        level_share * one, *out,
    )  # fmt: skip
    return float(out[2][0, 0])


def rotated(state: list[float], covariance: FloatArray, angle: float) -> tuple[list[float], FloatArray]:
    """A track and its covariance, turned about the vertical."""
    turn = np.array(
        [[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0], [0.0, 0.0, 1.0]]
    )
    both = np.kron(np.eye(2), turn)
    return list(both @ np.array(state)), both @ covariance @ both.T


@pytest.mark.parametrize("angle", [0.4, 0.8, 2.0, -1.2])
@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_probability_does_not_depend_on_where_north_is(angle: float, offset: float) -> None:
    """6 m/s of doubt along the course and 1 m/s across it are, seen from turned axes, a covariance with cross terms."""
    state = [-5000.0, 0.0, 100.0, 40.0 * math.cos(offset), 40.0 * math.sin(offset), 0.0]
    straight = np.diag([900.0, 100.0, 100.0, 36.0, 1.0, 1.0])
    assert chance_of(rotated(state, straight, angle)[1], rotated(state, straight, angle)[0]) == pytest.approx(
        chance_of(straight, state), rel=1e-9
    )


def test_spread_across_the_course_blurs_the_bearing_and_spread_along_it_does_not() -> None:
    """Six degrees off the asset: doubt about the course makes it more likely that it is bound there."""
    state = [-5000.0, 0.0, 100.0, 40.0 * math.cos(0.25), 40.0 * math.sin(0.25), 0.0]
    calm = np.diag([100.0, 100.0, 100.0, 1.0, 1.0, 1.0])
    along, across = calm.copy(), calm.copy()
    ue, un = math.cos(0.25), math.sin(0.25)
    along[3:5, 3:5] += 35.0 * np.outer([ue, un], [ue, un])
    across[3:5, 3:5] += 35.0 * np.outer([-un, ue], [-un, ue])
    assert chance_of(across, state) > 2.0 * chance_of(calm, state)
    assert chance_of(along, state) == pytest.approx(chance_of(calm, state), rel=0.02)


def test_what_keeps_to_usual_climb_rates_passes_where_its_climb_and_their_spread_take_it() -> None:
    """100 s to the asset at 50 m/s: 5 m/s of unknown climb and its own spread, against the share that dives at will."""
    state, covariance = [-5000.0, 0.0, 700.0, 50.0, 0.0, -2.0], np.diag([100.0, 100, 400.0, 4.0, 4.0, 9.0])
    for up_m, climb, share in ((700.0, -2.0, 1.0), (900.0, -2.0, 0.5), (300.0, 3.0, 1.0)):
        state[2], state[5] = up_m, climb
        flight_s = (5000.0 - 300.0) / 50.0
        rise = 0.0 - up_m - climb * flight_s
        lift = math.sqrt(400.0 + (9.0 + 25.0) * flight_s**2) + 1.0
        level = 0.5 * (
            math.erf((300.0 - rise) / lift / math.sqrt(2.0)) + math.erf((300.0 + rise) / lift / math.sqrt(2.0))
        )
        free = chance_of(covariance, state)
        assert chance_of(covariance, state, share) == pytest.approx(free * (1.0 - share * (1.0 - level)), rel=1e-9)
