"""World's free flight against RocketPy's point-mass model, for one shared drag curve.

    pip install .[check]
    python -m tools.world_vs_rocketpy

RocketPy (1.13) flies its 3-degree-of-freedom model over a flat Earth that does not turn, with drag along a body axis
that turns into the wind; a fast turn (`weathercock_coeff`) makes that the point mass with drag against the airflow. Its
equations of motion, integrator (LSODA), interpolation and event handling are its own. Three columns of distances in
metres between both impacts:

- like for like: world over a flat Earth that stands still, and handed to RocketPy: the drag curve, constant gravity,
  and the air as a table of temperature and pressure every 10 m;
- own air: the same with RocketPy's own standard atmosphere, whose speed of sound is interpolated between few nodes and
  stands 0.24 % below that of the standard at 5 km, which moves the transonic drag rise;
- round, turning: world as it is, RocketPy with its own air and gravity: what the round, turning Earth is worth, which
  the ECEF integration in `tests/world` checks.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from tocsin.frames import gaussian_radius_m
from tocsin.records.arrays import FloatArray
from tocsin.records.site import Site, Terrain
from tocsin.world.atmosphere import Weather, drag_rise
from tocsin.world.atmosphere import air as world_air
from tocsin.world.ballistic import hermite
from tocsin.world.earth import GRAVITY, OMEGA_NORTH, OMEGA_UP, RADIUS
from tocsin.world.flight import FALL_STEP_S, Setting, fall_freely, make_setting

LAT_DEG, LON_DEG, ALT_M = 33.8, 42.4, 180.0
RADIUS_M, MASS_KG = 0.06, 40.0
AREA_M2 = math.pi * RADIUS_M**2
SHEAR = 0.143
CASES = (
    # speed m/s, elevation deg, heading deg, subsonic Cd, wind east and north m/s
    (620.0, 42.0, 75.0, 0.60, 0.0, 0.0),
    (620.0, 42.0, 200.0, 0.60, 0.0, 0.0),
    (480.0, 50.0, 300.0, 0.20, 0.0, 0.0),
    (250.0, 60.0, 10.0, 0.60, 0.0, 0.0),
    (620.0, 42.0, 75.0, 0.60, 9.0, -6.0),
)


def start_state(speed_mps: float, elevation_deg: float, heading_deg: float) -> FloatArray:
    elevation, heading = math.radians(elevation_deg), math.radians(heading_deg)
    flat = speed_mps * math.cos(elevation)
    return np.array(
        [0.0, 0.0, 1.0, flat * math.sin(heading), flat * math.cos(heading), speed_mps * math.sin(elevation)]
    )


def world_impact(setting: Setting, start: FloatArray, cd: float) -> FloatArray:
    states, time_s = fall_freely(setting, start, cd * AREA_M2 / MASS_KG, None)
    state = np.full(6, np.nan)
    hermite(states[-2], states[-1], FALL_STEP_S, time_s / FALL_STEP_S - (len(states) - 2), state)
    return state


def rocketpy_impact(
    start: FloatArray, cd: float, wind: tuple[float, float], gravity_mps2: float | None, shared_air: bool
) -> FloatArray:
    from rocketpy import Environment, Flight, PointMassRocket

    def profile(wind_mps: float) -> list[tuple[float, float]]:
        heights = np.concatenate([[0.0], np.geomspace(1.0, 1000.0, 400), [30000.0]])
        factor = (np.clip(heights, 1.0, 1000.0) / 10.0) ** SHEAR
        return [(float(h + ALT_M), float(wind_mps * f)) for h, f in zip(heights, factor, strict=True)]

    air = Environment(latitude=LAT_DEG, longitude=LON_DEG, elevation=ALT_M, gravity=gravity_mps2)
    winds = {"wind_u": profile(wind[0]), "wind_v": profile(wind[1])}
    if shared_air:
        heights = np.arange(0.0, 20000.0, 10.0)
        density, sound = np.array([world_air(float(height), 0.0) for height in heights]).T
        kelvin = sound**2 / (1.4 * 287.05287)
        table = {"temperature": kelvin, "pressure": density * 287.05287 * kelvin}
        winds |= {name: list(zip(heights.tolist(), column.tolist(), strict=True)) for name, column in table.items()}
    air.set_atmospheric_model(type="custom_atmosphere", **winds)
    curve = [(float(mach), cd * drag_rise(float(mach))) for mach in np.linspace(0.0, 4.0, 4001)]
    body = PointMassRocket(RADIUS_M, MASS_KG, 0.0, curve, curve, weathercock_coeff=300.0)
    along = start[3:] / np.linalg.norm(start[3:])
    turn = np.array([1.0 + along[2], -along[1], along[0], 0.0])  # the shortest turn from straight up to `along`
    attitude = turn / np.linalg.norm(turn)
    state = [0.0, *start[:2], start[2] + ALT_M, *start[3:], *attitude, 0.0, 0.0, 0.0]
    flown = Flight(
        rocket=body,
        environment=air,
        rail_length=1.0,
        initial_solution=state,
        max_time_step=0.05,
        rtol=1e-9,
        atol=[1e-7] * 13,
        simulation_mode="3 DOF",
    )
    return np.array([flown.x_impact, flown.y_impact])


def main() -> None:
    warnings.filterwarnings("ignore")
    print("speed  elev  heading    Cd   wind          range | like for like    own air  round, turning")
    site = Site(
        "s", LAT_DEG, LON_DEG, ALT_M, gaussian_radius_m(LAT_DEG) + ALT_M, "UTC", (), (),
        Terrain(0.0, 0.0, 100.0, np.zeros((0, 0))),
    )  # fmt: skip
    for speed, elevation, heading, cd, wind_east, wind_north in CASES:
        start, wind = start_state(speed, elevation, heading), (wind_east, wind_north)
        round_earth = make_setting(site, Weather(wind_east, wind_north, SHEAR, 0.0, 0.0))
        columns = round_earth.environment.copy()
        columns[RADIUS], columns[OMEGA_NORTH], columns[OMEGA_UP] = 1e13, 0.0, 0.0
        flat = world_impact(Setting(columns, round_earth.terrain, 0.0), start, cd)[:2]
        full = world_impact(round_earth, start, cd)[:2]
        gravity = float(columns[GRAVITY])
        same = np.linalg.norm(flat - rocketpy_impact(start, cd, wind, gravity, shared_air=True))
        own = np.linalg.norm(flat - rocketpy_impact(start, cd, wind, gravity, shared_air=False))
        turning = np.linalg.norm(full - rocketpy_impact(start, cd, wind, None, shared_air=False))
        print(
            f"{speed:5.0f} {elevation:5.0f} {heading:8.0f} {cd:5.2f} {wind_east:3.0f} {wind_north:3.0f}"
            f" {np.hypot(*flat):12.1f} | {same:13.3f} {own:10.3f} {turning:15.3f}"
        )


if __name__ == "__main__":
    main()
