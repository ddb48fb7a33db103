"""Drones and aircraft: they fly their waypoints within their limits, over the terrain, through the wind."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from physics_cases import CALM, RADIUS_M, at, scenario, site

from tocsin import frames
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import FlyerSpec, RidgeSpec, TerrainSpec, WeatherSpec
from tocsin.world.earth import level_height, level_up, local_components, site_vector
from tocsin.world.ground import ground_level, ground_levels_m, make_terrain
from tocsin.world.motion import Movers

RIDGE = TerrainSpec(
    ridges=(RidgeSpec(east_m=5000, north_m=0, bearing_deg=0, length_m=6000, width_m=700, height_m=250),)
)


def flown(
    spec: FlyerSpec,
    *,
    until_s: float = 300.0,
    weather: WeatherSpec = CALM,
    terrain: TerrainSpec | None = None,
    seed: int = 1,
) -> tuple[FloatArray, Movers]:
    """States (k, 6) every 0.1 s for as long as it is in the air."""
    moving = Movers(
        scenario(flyers=(spec,), weather=weather, duration_s=until_s), site(terrain), np.random.default_rng(seed)
    )
    rows = [moving.advance(float(t)).state for t in np.arange(0.0, until_s, 0.1)]
    return np.concatenate(rows), moving


def wing(*waypoints: object, **changes: object) -> FlyerSpec:
    return msgspec.structs.replace(FlyerSpec(id="w", kind="fixed_wing", waypoints=()), waypoints=waypoints, **changes)


def quad(*waypoints: object, **changes: object) -> FlyerSpec:
    return msgspec.structs.replace(FlyerSpec(id="q", kind="multirotor", waypoints=()), waypoints=waypoints, **changes)


def levels(states: FloatArray) -> FloatArray:
    return frames.enu2level(states[:, :3], RADIUS_M)


def nearest(states: FloatArray, east_m: float, north_m: float) -> float:
    return float(np.hypot(states[:, 0] - east_m, states[:, 1] - north_m).min())


def test_a_wing_passes_its_waypoints_and_flies_on() -> None:
    states, _ = flown(wing(at(6000, 0, 300, 40), at(3000, 2000, 300, 40), at(0, 0, 300, 40), at(-2000, 0, 300, 40)))
    circle = 40.0 / math.radians(12.0)
    for east, north in ((3000, 2000), (0, 0), (-2000, 0)):
        assert nearest(states, east, north) < circle
    assert states[-1, 0] < -2500.0
    np.testing.assert_allclose(np.linalg.norm(states[:, 3:], axis=1), 40.0, rtol=1e-3)
    np.testing.assert_allclose(levels(states), 300.0, atol=1.0)


def test_a_wing_keeps_its_limits_of_turn_climb_and_acceleration() -> None:
    spec = wing(at(4000, 0, 100, 30), at(0, 0, 400, 45), at(0, 3000, 100, 30), turn_rate_max_degps=8.0)
    states, _ = flown(spec)
    bearing = np.unwrap(np.arctan2(states[:, 3], states[:, 4]))
    speed = np.linalg.norm(states[:, 3:], axis=1)
    assert np.degrees(np.abs(np.diff(bearing)).max() / 0.1) < 8.1
    assert np.abs(np.diff(speed)).max() / 0.1 < 3.1
    assert np.abs(states[:, 5] + (states[:, 0] * states[:, 3] + states[:, 1] * states[:, 4]) / RADIUS_M).max() < 6.1
    assert levels(states).max() > 350.0


def test_a_wing_holds_its_ground_track_against_a_side_wind() -> None:
    windy = msgspec.structs.replace(CALM, wind_north_mps=8.0)
    states, _ = flown(wing(at(8000, 0, 300, 40), at(0, 0, 300, 40)), weather=windy, until_s=180.0)
    assert np.abs(states[states[:, 0] > 200.0, 1]).max() < 60.0
    ground_speed = np.linalg.norm(states[500, 3:5])
    side = 8.0 * 30.0**0.143
    assert ground_speed == pytest.approx(math.sqrt(40.0**2 - side**2), rel=0.01)


def test_a_dive_ends_at_the_last_waypoint() -> None:
    spec = wing(at(6000, 0, 300, 45), at(0, 0, 0, 50), dive=True, hostile=True)
    for weather in (CALM, WeatherSpec(wind_east_mps=6.0)):
        states, moving = flown(spec, weather=weather)
        (impact,) = moving.impacts()
        assert np.linalg.norm(impact.position_m) < 15.0
        assert not impact.debris
        assert levels(states)[states[:, 0] > 1500.0].min() > 285.0  # the run-in holds its height
        assert moving.finished(299.0)


def test_a_dive_may_end_above_the_ground() -> None:
    _, moving = flown(quad(at(800, 0, 60, 15), at(0, 0, 12, 20), dive=True))
    (impact,) = moving.impacts()
    assert np.linalg.norm(impact.position_m - (0.0, 0.0, 12.0)) < 6.0


def test_a_multirotor_stops_hovers_and_goes_on() -> None:
    states, moving = flown(quad(at(600, 0, 50, 12), at(300, 0, 50, 12, hover_s=40), at(300, 300, 50, 12)))
    still = np.linalg.norm(states[:, 3:], axis=1) < 0.5
    there = np.hypot(states[:, 0] - 300, states[:, 1]) < 5.0
    assert 35.0 < 0.1 * np.count_nonzero(still & there) < 60.0
    assert np.linalg.norm(states[-1, :2] - (300.0, 300.0)) < 5.0
    assert moving.exists("q")
    assert np.abs(np.diff(states[:, 3:], axis=0)).max() / 0.1 < 3.2


def test_a_wing_that_is_told_to_hover_loiters() -> None:
    states, _ = flown(wing(at(1500, 0, 300, 30), at(0, 0, 300, 30, hover_s=100), at(-9000, 0, 300, 30)))
    loiter = states[600:1400]  # it gets there after 50 s
    assert np.hypot(loiter[:, 0], loiter[:, 1]).max() < 4 * 30.0 / math.radians(12.0)
    assert np.ptp(np.unwrap(np.arctan2(loiter[:, 3], loiter[:, 4]))) > math.pi
    assert states[2000, 0] < -500.0


def test_a_landing_is_no_impact() -> None:
    for spec in (
        quad(at(600, 0, 50, 12), at(0, 0, 0, 12, agl=True)),
        wing(at(4000, 0, 300, 30), at(1500, 0, 100, 25), at(0, 0, 0, 25)),
    ):
        states, moving = flown(spec)
        assert not moving.exists(spec.id)
        assert moving.impacts() == ()
        assert np.linalg.norm(states[-1, :3]) < 60.0


def test_height_above_ground_follows_the_terrain() -> None:
    low = at(10000, 0, 80, 40, agl=True)
    states, moving = flown(wing(low, at(0, 0, 80, 40, agl=True)), terrain=RIDGE)
    clear = levels(states) - ground_levels_m(make_terrain(RIDGE), states[:, 0], states[:, 1])
    assert moving.exists("w")
    assert clear.min() > 15.0
    assert levels(states).max() > 300.0


def test_a_level_flight_into_a_ridge_is_an_impact() -> None:
    _, moving = flown(wing(at(10000, 0, 100, 40), at(0, 0, 100, 40)), terrain=RIDGE)
    (impact,) = moving.impacts()
    assert 5000.0 < impact.position_m[0] < 7000.0


def test_a_craft_past_its_last_waypoint_leaves() -> None:
    spec = wing(at(60000, 0, 3000, 240), at(70000, 0, 3000, 240), climb_rate_max_mps=15.0)
    _, moving = flown(msgspec.structs.replace(spec, hostile=True))
    assert not moving.exists("w")
    assert moving.finished(299.0)
    assert moving.impacts() == ()


def test_wander_shifts_waypoints_by_the_stated_spread() -> None:
    spec = quad(at(200, 0, 50, 15), wander_m=30.0)
    starts = np.array([flown(spec, until_s=0.2, seed=seed)[0][0, :2] for seed in range(120)])
    chi2 = float(np.sum(((starts - (200.0, 0.0)) / 30.0) ** 2))
    assert 171.0 < chi2 < 320.0  # 99.9 % of chi-square with 240 degrees of freedom


def test_gusts_have_the_stated_spread() -> None:
    rough = WeatherSpec(wind_sigma_mps=0.0, turbulence_mps=2.0)
    rises = [
        flown(wing(at(0, 0, 400, 40), at(0, 9000, 400, 40)), until_s=2.0, weather=rough, seed=s)[0][0, 5]
        for s in range(60)
    ]
    assert 1.4 < float(np.std(rises)) < 2.7


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    corners=st.lists(
        st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000), st.floats(50, 800), st.floats(10, 80)),
        min_size=1,
        max_size=5,
    ),
    kind=st.sampled_from(["fixed_wing", "multirotor", "aircraft"]),
    dive=st.booleans(),
)
def test_any_waypoints_give_a_finite_flight_above_the_ground(
    corners: list[tuple[float, float, float, float]], kind: str, dive: bool
) -> None:
    spec = quad(*(at(*corner) for corner in corners), kind=kind, dive=dive)
    states, _ = flown(spec, until_s=60.0, weather=WeatherSpec(wind_east_mps=4.0))
    assert np.isfinite(states).all()
    assert levels(states).min() > -1e-6
    assert np.linalg.norm(states[:, 3:], axis=1).max() < 120.0


@settings(max_examples=60, deadline=None)
@given(st.floats(-40000, 40000), st.floats(-40000, 40000), st.floats(-100, 12000))
def test_level_height_and_local_axes_agree_with_frames(east_m: float, north_m: float, level_m: float) -> None:
    up = level_up(RADIUS_M, east_m, north_m, level_m)
    assert up == pytest.approx(
        float(frames.level2enu_up(np.asarray(east_m), np.asarray(north_m), np.asarray(level_m), RADIUS_M)), abs=1e-6
    )
    assert level_height(RADIUS_M, east_m, north_m, up) == pytest.approx(level_m, abs=1e-6)
    place, local = np.array([east_m, north_m, up]), np.array([3.0, -4.0, 5.0])
    vector, back = np.full(3, np.nan), np.full(3, np.nan)
    site_vector(RADIUS_M, place, local, vector)
    local_components(RADIUS_M, place, vector, back)
    np.testing.assert_allclose(back, local, atol=1e-12)
    centre = place + np.array([0.0, 0.0, RADIUS_M])
    assert vector @ centre / np.linalg.norm(centre) == pytest.approx(5.0)


def test_ridges_stand_where_they_are_stated() -> None:
    terrain = make_terrain(RIDGE)

    def level(east: float, north: float) -> float:
        return ground_level(terrain.east0_m, terrain.north0_m, terrain.step_m, terrain.level_m, east, north)

    assert level(5000, 0) == pytest.approx(250.0)
    assert level(5000, 2900) == pytest.approx(250.0)
    assert level(5700, 0) == pytest.approx(250.0 * math.exp(-0.5), rel=0.03)  # bilinear on 200 m nodes
    assert level(0, 0) < 1e-6
    assert level(-1e6, 1e6) == pytest.approx(0.0)
    east, north = np.array([5000.0, 5100.0, 0.0]), np.array([0.0, 50.0, 1e9])
    np.testing.assert_array_equal(
        ground_levels_m(terrain, east, north), [level(e, n) for e, n in zip(east, north, strict=True)]
    )


def test_bilinear_ground_is_exact_for_a_plane() -> None:
    terrain = make_terrain(RIDGE)
    grid = np.arange(5.0)[np.newaxis, :] * 3.0 + np.arange(4.0)[:, np.newaxis] * 7.0
    for east, north in ((0.0, 0.0), (12.5, 23.0), (40.0, 30.0), (39.99, 0.01)):
        assert ground_level(0.0, 0.0, 10.0, grid, east, north) == pytest.approx(0.3 * east + 0.7 * north)
    assert ground_level(0.0, 0.0, 10.0, grid, 99.0, -5.0) == pytest.approx(12.0)
    assert terrain.level_m.shape == (401, 401)
