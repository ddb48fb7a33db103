"""World's free flight against an independent integration in ECEF and against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tocsin import frames
from tocsin.records.arrays import FloatArray
from tocsin.records.site import Site, Terrain
from tocsin.world.atmosphere import Weather, air, drag_rise, wind_factor
from tocsin.world.ballistic import fall, hermite
from tocsin.world.earth import GRAVITY, RADIUS
from tocsin.world.flight import Setting, fall_freely, make_setting

GM_M3PS2, J2, A_M = 3.986004418e14, 1.082629821e-3, 6378137.0  # WGS 84 (NIMA TR8350.2), GM and J2
LEVEL = Terrain(0.0, 0.0, 100.0, np.zeros((0, 0)))
CALM = Weather(0.0, 0.0, 0.143, 0.0, 0.0)


def site_at(lat_deg: float, lon_deg: float = 42.4, alt_m: float = 180.0) -> Site:
    return Site("s", lat_deg, lon_deg, alt_m, frames.gaussian_radius_m(lat_deg) + alt_m, "UTC", (), (), LEVEL)


def launch(speed_mps: float, elevation_deg: float, heading_deg: float, up_m: float = 0.01) -> FloatArray:
    elevation, heading = math.radians(elevation_deg), math.radians(heading_deg)
    flat = speed_mps * math.cos(elevation)
    velocity = (flat * math.sin(heading), flat * math.cos(heading), speed_mps * math.sin(elevation))
    return np.array([0.0, 0.0, up_m, *velocity])


def land(setting: Setting, start: FloatArray, drag_m2pkg: float) -> tuple[float, FloatArray]:
    """Time and state of the impact."""
    states, time_s = fall_freely(setting, start, drag_m2pkg, None)
    state = np.full(6, np.nan)
    hermite(states[-2], states[-1], 0.05, time_s / 0.05 - (len(states) - 2), state)
    return time_s, state


def ecef_impact(site: Site, weather: Weather, start: FloatArray, drag_m2pkg: float) -> tuple[float, FloatArray]:
    """The same flight in rotating ECEF with J2, centrifugal and Coriolis terms, down to the site's ellipsoid height."""
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    axes = frames.enu2ecef(np.eye(3), origin) - frames.enu2ecef(np.zeros(3), origin)
    omega = np.array([0.0, 0.0, frames.EARTH_RATE_RADPS])

    def slope(_: float, y: FloatArray) -> FloatArray:
        p, v = y[:3], y[3:]
        r = np.linalg.norm(p)
        z2 = (p[2] / r) ** 2
        bulge = 1.5 * J2 * (A_M / r) ** 2 * np.array([1 - 5 * z2, 1 - 5 * z2, 3 - 5 * z2])
        force = -GM_M3PS2 / r**3 * p * (1 + bulge) - np.cross(omega, np.cross(omega, p)) - 2 * np.cross(omega, v)
        lat, lon, height = frames.ecef2geodetic(p)
        sin_lat, cos_lat, sin_lon, cos_lon = (f(math.radians(x)) for x in (lat, lon) for f in (math.sin, math.cos))
        east = np.array([-sin_lon, cos_lon, 0.0])
        north = np.array([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat])
        factor = (min(max(height - site.alt_m, 1.0), 1000.0) / 10.0) ** weather.shear_exponent
        flow = v - factor * (weather.wind_east_mps * east + weather.wind_north_mps * north)
        density, sound = air(float(height), weather.temperature_offset_k)
        fast = float(np.linalg.norm(flow))
        return np.concatenate([v, force - 0.5 * density * drag_m2pkg * drag_rise(fast / sound) * fast * flow])

    def ground(_: float, y: FloatArray) -> float:
        return float(frames.ecef2geodetic(y[:3])[2] - site.alt_m)

    ground.terminal, ground.direction = True, -1  # type: ignore[attr-defined]
    y0 = np.concatenate([frames.enu2ecef(start[:3], origin), start[3:] @ axes])
    flown = solve_ivp(slope, (0.0, 300.0), y0, method="DOP853", rtol=1e-10, atol=1e-6, events=ground)
    assert flown.t_events is not None
    assert flown.y_events is not None
    return float(flown.t_events[0][0]), frames.ecef2enu(np.asarray(flown.y_events[0])[0, :3], origin)


@pytest.mark.parametrize("lat_deg", [-55.0, 0.0, 33.8, 80.0])
@pytest.mark.parametrize("heading_deg", [0.0, 75.0, 250.0])
def test_impact_at_10_km_agrees_with_ecef_integration(lat_deg: float, heading_deg: float) -> None:
    site, start = site_at(lat_deg), launch(620.0, 42.0, heading_deg)
    time_s, state = land(make_setting(site, CALM), start, 1.7e-4)
    ecef_time_s, ecef = ecef_impact(site, CALM, start, 1.7e-4)
    assert 9500.0 < math.hypot(*state[:2]) < 10500.0
    # What is left is the sphere for the ellipsoid: its curvature differs by up to 0.3 % from a meridian's.
    assert np.linalg.norm(state[:3] - ecef) < 0.2
    assert time_s == pytest.approx(ecef_time_s, abs=0.005)


def test_impact_in_wind_agrees_with_ecef_integration() -> None:
    weather = Weather(9.0, -6.0, 0.143, 12.0, 0.0)
    site, start = site_at(33.8), launch(620.0, 42.0, 75.0)
    time_s, state = land(make_setting(site, weather), start, 2e-4)
    ecef_time_s, ecef = ecef_impact(site, weather, start, 2e-4)
    _, calm = land(make_setting(site, CALM), start, 2e-4)
    assert np.linalg.norm(state[:3] - calm[:3]) > 100.0  # the weather matters
    assert np.linalg.norm(state[:3] - ecef) < 0.4
    assert time_s == pytest.approx(ecef_time_s, abs=0.005)


def flat_setting(gravity_mps2: float = 9.8) -> Setting:
    """A flat Earth that does not turn, without wind."""
    setting = make_setting(site_at(45.0), CALM)
    environment = setting.environment.copy()
    environment[:4] = 1e13, gravity_mps2, 0.0, 0.0
    return replace(setting, environment=environment)


def test_vacuum_over_a_flat_earth_is_the_parabola() -> None:
    start = launch(300.0, 50.0, 30.0, up_m=1.0)
    time_s, state = land(flat_setting(), start, 0.0)
    expected_s = (start[5] + math.sqrt(start[5] ** 2 + 2 * 9.8 * 1.0)) / 9.8
    assert time_s == pytest.approx(expected_s, rel=1e-9)
    np.testing.assert_allclose(state[:2], start[3:5] * expected_s, rtol=1e-9)


def test_coriolis_throws_a_falling_body_east_by_the_textbook_amount() -> None:
    # Goldstein, Classical Mechanics, 3rd ed., eq. 4.92 ff.: (1/3)·Ω·g·cos(lat)·t³.
    setting = make_setting(site_at(33.8), CALM)
    time_s, state = land(setting, np.array([0.0, 0.0, 1000.0, 0.0, 0.0, 0.0]), 0.0)
    gravity = setting.environment[GRAVITY]
    expected = frames.EARTH_RATE_RADPS * gravity * math.cos(math.radians(33.8)) * time_s**3 / 3
    assert state[0] == pytest.approx(expected, rel=1e-3)
    assert expected > 0.5
    assert abs(state[1]) < 1e-3


def test_coriolis_turns_flights_right_in_the_north_and_left_in_the_south() -> None:
    for lat_deg, side in ((50.0, 1.0), (-50.0, -1.0)):
        _, state = land(make_setting(site_at(lat_deg), CALM), launch(300.0, 20.0, 0.0), 0.0)
        assert side * state[0] > 1.0


def test_energy_is_kept_without_drag_and_lost_with_it() -> None:
    setting = make_setting(site_at(33.8), CALM)
    radius, gravity = setting.environment[RADIUS], setting.environment[GRAVITY]

    def energy(states: FloatArray) -> FloatArray:
        distance = np.sqrt(states[:, 0] ** 2 + states[:, 1] ** 2 + (states[:, 2] + radius) ** 2)
        return np.asarray(0.5 * np.sum(states[:, 3:] ** 2, axis=1) + gravity * radius * (distance - radius) / distance)

    free, _ = fall_freely(setting, launch(500.0, 60.0, 120.0), 0.0, None)
    np.testing.assert_allclose(energy(free), energy(free)[0], rtol=1e-10)
    dragged, _ = fall_freely(setting, launch(500.0, 60.0, 120.0), 2e-4, None)
    assert np.all(np.diff(energy(dragged)) < 0)


@pytest.mark.parametrize("drag_m2pkg", [0.003, 0.03, 0.3])
def test_a_body_ends_at_its_terminal_speed(drag_m2pkg: float) -> None:
    setting = make_setting(site_at(33.8), CALM)
    _, state = land(setting, np.array([0.0, 0.0, 4000.0, 0.0, 0.0, 0.0]), drag_m2pkg)
    density, _ = air(180.0, 0.0)
    terminal = math.sqrt(2 * setting.environment[GRAVITY] / (density * drag_m2pkg))
    # The air thickens as it falls: with v_t' = v_t/(2H), H the density's scale height, it is v_t²/(4gH) too fast.
    lag = terminal**2 / (4 * setting.environment[GRAVITY] * 10400.0)
    assert float(np.linalg.norm(state[3:])) == pytest.approx(terminal * (1 + lag), rel=1e-3)


def test_light_debris_at_high_speed_does_not_blow_up() -> None:
    states, time_s = fall_freely(make_setting(site_at(33.8), CALM), launch(900.0, 5.0, 0.0, up_m=2000.0), 0.5, None)
    assert math.isfinite(time_s)
    assert np.all(np.linalg.norm(states[:, 3:], axis=1) <= 900.0 + 1e-9)


def test_halving_the_step_moves_the_impact_by_under_a_millimetre() -> None:
    setting, start = make_setting(site_at(33.8), CALM), launch(620.0, 42.0, 75.0)
    ends = []
    for step_s in (0.05, 0.025):
        states = np.full((6000, 6), np.nan)
        used, time_s = fall(
            setting.environment, 2e-4, 0.0, 0.0, 100.0, LEVEL.level_m, step_s, start, np.zeros((6000, 3)), states
        )
        state = np.full(6, np.nan)
        hermite(states[used - 2], states[used - 1], step_s, time_s / step_s - (used - 2), state)
        assert np.isnan(states[used:]).all()
        ends.append(state[:3])
    assert np.linalg.norm(ends[0] - ends[1]) < 1e-3


def test_too_few_rows_say_that_it_did_not_come_down() -> None:
    states = np.full((20, 6), np.nan)
    environment = make_setting(site_at(33.8), CALM).environment
    used, time_s = fall(
        environment, 0.0, 0.0, 0.0, 100.0, LEVEL.level_m, 0.05, launch(300.0, 45.0, 0.0), np.zeros((20, 3)), states
    )
    assert used == 20
    assert math.isnan(time_s)
    assert np.isfinite(states).all()


def test_a_wind_blows_the_falling_body_along() -> None:
    windy = make_setting(site_at(33.8), Weather(10.0, 0.0, 0.0, 0.0, 0.0))
    _, state = land(windy, np.array([0.0, 0.0, 1000.0, 0.0, 0.0, 0.0]), 0.1)
    assert state[3] == pytest.approx(10.0, abs=0.1)


def test_a_flight_ends_on_the_terrain_in_its_way() -> None:
    wall = Terrain(-100.0, 900.0, 100.0, np.array([[0.0] * 3, [500.0] * 3, [500.0] * 3]))
    setting = replace(make_setting(site_at(33.8), CALM), terrain=wall)
    _, state = land(setting, launch(200.0, 20.0, 0.0), 0.0)
    slope = 500.0 * (state[1] - 900.0) / 100.0
    assert 900.0 < state[1] < 1000.0
    assert state[2] == pytest.approx(slope, abs=0.2)


@pytest.mark.parametrize(
    ("altitude_m", "density_kgpm3", "sound_mps"),
    [
        (0.0, 1.2250, 340.29),
        (1000.0, 1.1117, 336.43),
        (5000.0, 0.73643, 320.55),
        (11000.0, 0.36480, 295.15),
        (20000.0, 0.088910, 295.07),
        (30000.0, 0.018410, 301.71),
    ],
)
def test_air_is_the_standard_atmosphere_1976(altitude_m: float, density_kgpm3: float, sound_mps: float) -> None:
    # US Standard Atmosphere 1976, table I (geometric altitude).
    density, sound = air(altitude_m, 0.0)
    assert density == pytest.approx(density_kgpm3, rel=2e-4)
    assert sound == pytest.approx(sound_mps, abs=0.02)


def test_warm_air_is_thin_and_carries_sound_faster() -> None:
    density, sound = air(0.0, 20.0)
    assert density == pytest.approx(1.225 * 288.15 / 308.15, rel=1e-6)
    assert sound == pytest.approx(340.294 * math.sqrt(308.15 / 288.15), rel=1e-5)


def test_air_is_continuous_over_its_layers() -> None:
    heights = np.linspace(-500.0, 60000.0, 20001)
    density = np.array([air(float(height), 0.0)[0] for height in heights])
    assert np.all(np.diff(np.log(density)) < 0)
    assert np.diff(np.log(density)).min() > -1e-3


def test_drag_rise_is_smooth_and_peaks_at_mach_1_1() -> None:
    mach = np.linspace(0.0, 4.0, 4001)
    rise = np.array([drag_rise(float(m)) for m in mach])
    assert rise[0] == 1.0
    assert rise.max() == pytest.approx(2.1)
    assert mach[rise.argmax()] == pytest.approx(1.1)
    assert np.abs(np.diff(rise)).max() < 0.006


def test_wind_profile_is_the_power_law() -> None:
    assert wind_factor(10.0, 0.143) == 1.0
    assert wind_factor(100.0, 0.2) == pytest.approx(10**0.2)
    assert wind_factor(5000.0, 0.143) == wind_factor(1000.0, 0.143)
    assert wind_factor(-3.0, 0.143) == wind_factor(1.0, 0.143)
