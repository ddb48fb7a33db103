"""From a scenario's specs to flights: every object draws from its own generator, in the order of the specs."""

from __future__ import annotations

import math

import numpy as np

from tocsin.errors import BadScenario
from tocsin.frames import enu2level
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import AircraftTrafficSpec, BallisticSpec, BirdSpec, FlyerSpec, WaypointSpec
from tocsin.records.site import Terrain
from tocsin.world.atmosphere import gusts
from tocsin.world.birds import flit
from tocsin.world.debris import BODY_DRAG_M2PKG
from tocsin.world.earth import RADIUS, level_up, site_vector
from tocsin.world.flight import FALL_STEP_S, Flight, Setting, fall_freely
from tocsin.world.flyers import DOWN, FLYING, fly
from tocsin.world.ground import ground_level

__all__ = ["ballistic_flights", "bird_flights", "flyer_flights", "traffic_flights"]

_RELEASE_M = 2.0
"""Free flight starts this high above the ground, so that its first step is not a crash."""

FLYER_STEP_S = 0.1
BIRD_STEP_S = 0.2
TRAFFIC_STEP_S = 1.0

_LATERAL_MPS2 = {"fixed_wing": 17.0, "aircraft": 5.7, "multirotor": 10.0}
"""Lateral acceleration of a level turn at 60° and 30° of bank: small airframes bank steeply, airliners are held to
about 30° (ICAO Doc 8168 plans turns with 25°)."""


def ballistic_flights(
    true: Setting, stated: Setting, specs: tuple[BallisticSpec, ...], rng: np.random.Generator
) -> list[Flight]:
    """A flight for each spec, placed in the `stated` setting, flown in the `true` one; `BadScenario` if it cannot."""
    return [
        _ballistic_flight(true, stated, spec, child) for spec, child in zip(specs, rng.spawn(len(specs)), strict=True)
    ]


def _ballistic_flight(true: Setting, stated: Setting, spec: BallisticSpec, rng: np.random.Generator) -> Flight:
    if not (spec.speed_mps > 0 and 0 < spec.elevation_deg < 90 and spec.drag_m2pkg >= 0):
        raise BadScenario("speed_mps must be above 0, elevation_deg in (0, 90), drag_m2pkg at least 0", place=spec.id)
    east, north = _stated_start(stated, spec)
    shift = rng.normal(0.0, 1.0, 2) * spec.dispersion_m
    speed = max(spec.speed_mps + spec.speed_sigma_mps * float(rng.standard_normal()), 1.0)
    elevation = spec.elevation_deg + spec.elevation_sigma_deg * float(rng.standard_normal())
    start = _release(true, spec, east + float(shift[0]), north + float(shift[1]), speed, elevation)
    states, time_s = fall_freely(true, start, spec.drag_m2pkg, rng)
    down = math.isfinite(time_s)
    end_s = spec.start_s + (time_s if down else (len(states) - 1) * FALL_STEP_S)
    return Flight(
        spec.id, spec.kind, spec, spec.hostile, spec.rcs_dbsm, spec.start_s, end_s, FALL_STEP_S, states, down, False,
        spec.drag_m2pkg, rng,
    )  # fmt: skip


def _stated_start(stated: Setting, spec: BallisticSpec) -> tuple[float, float]:
    """Where the nominal flight must start to come down at the stated place: shifted until it does, to a centimetre.

    The nominal flight ends where it falls through the height of the ground at that place; terrain on the way is met in
    the true flight only.
    """
    target = np.array([spec.impact_east_m, spec.impact_north_m])
    level = _ground(stated.terrain, *target)
    place = target.copy()
    for _ in range(10):
        start = _release(stated, spec, float(place[0]), float(place[1]), spec.speed_mps, spec.elevation_deg)
        miss = target - _landing(stated, spec, start, level)
        place += miss
        if float(np.hypot(*miss)) < 0.01:
            break
    return float(place[0]), float(place[1])


def _landing(stated: Setting, spec: BallisticSpec, start: FloatArray, level_m: float) -> FloatArray:
    """East and north (2,) of where a flight falls through a level height, over bare level ground below it."""
    radius = float(stated.environment[RADIUS])
    lowest = min(level_m, float(enu2level(start[:3], radius)) - 1.0)
    floor = Terrain(0.0, 0.0, 1.0, np.full((1, 1), lowest))
    states, time_s = fall_freely(Setting(stated.environment, floor, 0.0), start, spec.drag_m2pkg, None)
    above = enu2level(states[:, :3], radius) - level_m
    falling = np.flatnonzero((above[:-1] > 0) & (above[1:] <= 0))
    if not math.isfinite(time_s) or len(falling) == 0:
        raise BadScenario("the flight does not come down at the height of the stated place", place=spec.id)
    row = falling[-1]
    part = above[row] / (above[row] - above[row + 1])
    return np.asarray(states[row, :2] + part * (states[row + 1, :2] - states[row, :2]))


def _release(
    setting: Setting, spec: BallisticSpec, east_m: float, north_m: float, speed_mps: float, elevation_deg: float
) -> FloatArray:
    level = _ground(setting.terrain, east_m, north_m) + _RELEASE_M
    heading, elevation = math.radians(spec.heading_deg), math.radians(elevation_deg)
    flat = speed_mps * math.cos(elevation)
    local = np.array([flat * math.sin(heading), flat * math.cos(heading), speed_mps * math.sin(elevation)])
    return _state(setting, east_m, north_m, level, local)


def _state(setting: Setting, east_m: float, north_m: float, level_m: float, local_mps: FloatArray) -> FloatArray:
    """A site-frame state (6,) from a place, a level height and a velocity along local axes."""
    radius = float(setting.environment[RADIUS])
    state = np.full(6, np.nan)
    state[:3] = east_m, north_m, level_up(radius, east_m, north_m, level_m)
    site_vector(radius, state[:3], local_mps, state[3:])
    return state


def _ground(terrain: Terrain, east_m: float, north_m: float) -> float:
    return ground_level(terrain.east0_m, terrain.north0_m, terrain.step_m, terrain.level_m, east_m, north_m)


def flyer_flights(
    setting: Setting, specs: tuple[FlyerSpec, ...], horizon_s: float, rng: np.random.Generator
) -> list[Flight]:
    """A flight for each spec, until it comes down, leaves, or `horizon_s`; `BadScenario` for one that cannot fly."""
    children = rng.spawn(len(specs))
    return [_flyer_flight(setting, spec, horizon_s, child) for spec, child in zip(specs, children, strict=True)]


def _flyer_flight(setting: Setting, spec: FlyerSpec, horizon_s: float, rng: np.random.Generator) -> Flight:
    if not spec.waypoints or min(point.speed_mps for point in spec.waypoints) <= 0:
        raise BadScenario("needs at least one waypoint, each with a speed_mps above 0", place=spec.id)
    ground = setting.terrain
    rows = max(int((horizon_s - spec.start_s) / FLYER_STEP_S) + 2, 2)
    offsets = rng.normal(0.0, 1.0, (len(spec.waypoints), 2)) * spec.wander_m
    waypoints = np.array([_waypoint_row(p, o) for p, o in zip(spec.waypoints, offsets, strict=True)])
    speed = float(waypoints[:, 3].max())
    gust = gusts(rng, rows, FLYER_STEP_S, setting.turbulence_mps, speed)
    states = np.full((rows, 6), np.nan)
    used, time_s, how = fly(
        setting.environment, _limits(spec, speed), waypoints, ground.east0_m, ground.north0_m, ground.step_m,
        ground.level_m, FLYER_STEP_S, _first_place(setting, waypoints), _first_craft(spec, waypoints), gust, states,
    )  # fmt: skip
    end_s = horizon_s if how == FLYING else spec.start_s + time_s
    return Flight(
        spec.id, spec.kind, spec, spec.hostile, spec.rcs_dbsm, spec.start_s, end_s, FLYER_STEP_S, states[:used].copy(),
        how == DOWN, False, BODY_DRAG_M2PKG[spec.kind], rng,
    )  # fmt: skip


def _waypoint_row(point: WaypointSpec, offset_m: FloatArray) -> FloatArray:
    return np.array(
        [
            point.east_m + offset_m[0],
            point.north_m + offset_m[1],
            point.height_m,
            point.speed_mps,
            float(point.agl),
            point.hover_s,
        ]
    )


def _limits(spec: FlyerSpec, speed_mps: float) -> FloatArray:
    turn = min(math.radians(spec.turn_rate_max_degps), _LATERAL_MPS2[spec.kind] / speed_mps)
    hovers = float(spec.kind == "multirotor")
    return np.array([turn, spec.acceleration_mps2, spec.climb_rate_max_mps, hovers, float(spec.dive)])


def _first_place(setting: Setting, waypoints: FloatArray) -> FloatArray:
    east, north, height, _, agl, _ = (float(value) for value in waypoints[0])
    foot = _ground(setting.terrain, east, north)
    level = max(height + (foot if agl else 0.0), foot + 1.0)
    return np.array([east, north, level_up(float(setting.environment[RADIUS]), east, north, level)])


def _first_craft(spec: FlyerSpec, waypoints: FloatArray) -> FloatArray:
    """What the craft remembers at first: at speed towards its second waypoint, or at rest where a multirotor hovers."""
    speed = float(waypoints[0, 3])
    to = waypoints[min(1, len(waypoints) - 1), :2] - waypoints[0, :2]
    heading = math.atan2(to[0], to[1])
    if spec.kind != "multirotor":
        return np.array([speed, heading, 0.0])
    speed = 0.0 if waypoints[0, 5] > 0 or len(waypoints) == 1 else speed
    return np.array([speed * math.sin(heading), speed * math.cos(heading), 0.0])


def bird_flights(
    setting: Setting, specs: tuple[BirdSpec, ...], horizon_s: float, rng: np.random.Generator
) -> list[Flight]:
    """`count` birds for each spec, `bird-1` … in order, in the air from the start to `horizon_s`."""
    flights: list[Flight] = []
    for spec, flock in zip(specs, rng.spawn(len(specs)), strict=True):
        for child in flock.spawn(spec.count):
            flights.append(_bird_flight(setting, spec, f"bird-{len(flights) + 1}", horizon_s, child))
    return flights


def _bird_flight(setting: Setting, spec: BirdSpec, id: str, horizon_s: float, rng: np.random.Generator) -> Flight:
    ground = setting.terrain
    rows = int(horizon_s / BIRD_STEP_S) + 2
    bearing, heading = rng.uniform(0.0, 2 * math.pi, 2)
    away = spec.radius_m * math.sqrt(rng.uniform())
    height = rng.uniform(spec.height_min_m, spec.height_max_m)
    cruise = max(spec.speed_mps * (1 + 0.15 * rng.standard_normal()), 0.3 * spec.speed_mps)
    start = np.array([spec.east_m + away * math.sin(bearing), spec.north_m + away * math.cos(bearing), height, heading])
    disc = np.array([spec.east_m, spec.north_m, spec.radius_m, spec.height_min_m, spec.height_max_m, cruise])
    states = np.full((rows, 6), np.nan)
    flit(
        setting.environment, disc, ground.east0_m, ground.north0_m, ground.step_m, ground.level_m, BIRD_STEP_S, start,
        rng.standard_normal((rows, 4)), states,
    )  # fmt: skip
    return Flight(
        id, "bird", spec, False, spec.rcs_dbsm, 0.0, horizon_s, BIRD_STEP_S, states, False, False,
        BODY_DRAG_M2PKG["bird"], rng,
    )  # fmt: skip


def traffic_flights(
    setting: Setting, specs: tuple[AircraftTrafficSpec, ...], horizon_s: float, rng: np.random.Generator
) -> list[Flight]:
    """`count` aircraft for each spec, `traffic-1` … in order, on great circles of the level sphere."""
    flights: list[Flight] = []
    for spec, group in zip(specs, rng.spawn(len(specs)), strict=True):
        for place, child in enumerate(group.spawn(spec.count)):
            number = len(flights) + 1
            # F00000 to F07FFF are ICAO's own temporary addresses (Annex 10 vol. III, part I, ch. 9), no aircraft's.
            adsb = f"{0xF00000 + number:06X}" if place < spec.with_adsb else ""
            flights.append(_traffic_flight(setting, spec, f"traffic-{number}", adsb, horizon_s, child))
    return flights


def _traffic_flight(
    setting: Setting, spec: AircraftTrafficSpec, id: str, adsb: str, horizon_s: float, rng: np.random.Generator
) -> Flight:
    """Constant speed at a constant level height; at mid time it is at a random place of the disc."""
    radius = float(setting.environment[RADIUS])
    bearing, heading = rng.uniform(0.0, 2 * math.pi, 2)
    away = spec.radius_m * math.sqrt(rng.uniform())
    height = rng.uniform(spec.height_min_m, spec.height_max_m)
    speed = rng.uniform(spec.speed_min_mps, spec.speed_max_mps)
    local = np.array([speed * math.sin(heading), speed * math.cos(heading), 0.0])
    middle = _state(setting, away * math.sin(bearing), away * math.cos(bearing), height, local)

    centre = np.array([0.0, 0.0, -radius])
    arm, along = middle[:3] - centre, middle[3:] / speed
    times = np.arange(int(horizon_s / TRAFFIC_STEP_S) + 2) * TRAFFIC_STEP_S
    angle = ((times - horizon_s / 2) * speed / (radius + height))[:, np.newaxis]
    position = centre + np.cos(angle) * arm + np.sin(angle) * (radius + height) * along
    velocity = speed * (np.cos(angle) * along - np.sin(angle) * arm / (radius + height))
    ends = tuple(
        WaypointSpec(east_m=float(p[0]), north_m=float(p[1]), height_m=height, speed_mps=speed)
        for p in (position[0], position[-1])
    )
    made = FlyerSpec(id=id, kind="aircraft", waypoints=ends, rcs_dbsm=spec.rcs_dbsm, adsb=adsb, rf_emits=bool(adsb))
    return Flight(
        id, "aircraft", made, False, spec.rcs_dbsm, 0.0, horizon_s, TRAFFIC_STEP_S, np.hstack([position, velocity]),
        False, False, BODY_DRAG_M2PKG["aircraft"], rng,
    )  # fmt: skip
