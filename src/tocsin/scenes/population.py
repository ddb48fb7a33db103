"""Populations of flying things with known kinds, seen by radars of several kinds: what identification is judged on.

A family states how fast, how high and how large each kind is. Identification was tuned on the first family alone; each
of the others moves one kind to where a neighbour usually is. Figures are generic and public; see docs/why/identity.md
for their sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tocsin.records.identities import CLASSES, IdentifySettings
from tocsin.records.scenario import (
    BallisticSpec,
    BirdSpec,
    FlyerSpec,
    Scenario,
    SensorSpec,
    SiteSpec,
    WaypointSpec,
    WeatherSpec,
)

__all__ = ["DURATION_S", "FAMILIES", "OBJECTS", "RADARS", "Family", "draw_raid", "kind_of"]

OBJECTS = 40
"""Things in one raid: sparse enough that tracks are rarely mixed up, which is the tracker's business."""

DURATION_S = 46.0
"""A track that starts within the first twelve seconds reaches the last age at which looks are taken."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Ranges from which a round is drawn uniformly; its RCS is normal in dBsm (mean, standard deviation)."""

    speed_mps: Span
    elevation_deg: Span
    drag_m2pkg: Span
    rcs_dbsm: Span


@dataclass(frozen=True, slots=True)
class Flyers:
    """What flies: speed and height are log-normal (median, factor of one standard deviation), RCS is normal in dBsm.

    What the wind carries has an airspeed; a multirotor holds its speed over ground.
    """

    speed_mps: Span
    height_m: Span
    rcs_dbsm: Span
    reach_m: float  # placed evenly over a disc of this radius, but not within a kilometre
    leg_s: Span = (8.0, 30.0)  # time between changes of course, even
    turn_deg: float = 40.0  # standard deviation of a change of course
    climb_mps: float = 3.0  # greatest rate of climb
    hover_share: float = 0.0  # of waypoints at which it stays for a leg's time


@dataclass(frozen=True, slots=True)
class Family:
    """One population. `gliding` and `helicopters`: shares of the birds and of the aircraft."""

    title: str
    rocket: Rounds = Rounds((330.0, 650.0), (22.0, 50.0), (1.0e-4, 3.0e-4), (-13.0, 6.0))
    mortar: Rounds = Rounds((190.0, 330.0), (48.0, 72.0), (1.2e-4, 4.0e-4), (-17.0, 5.0))
    fixed_wing: Flyers = Flyers((30.0, 1.45), (250.0, 2.2), (-14.0, 6.0), 10000.0)
    multirotor: Flyers = Flyers((8.0, 1.7), (90.0, 1.8), (-16.0, 5.0), 7000.0, hover_share=0.4)
    bird: Flyers = Flyers((12.5, 1.3), (120.0, 2.3), (-25.0, 6.0), 6000.0)
    aircraft: Flyers = Flyers((120.0, 1.7), (2500.0, 2.5), (9.0, 7.0), 24000.0, (30.0, 90.0), 15.0, 8.0)
    gliding: float = 0.2
    helicopters: float = 0.15


COMMON = Family("as tuned on")

FAMILIES: dict[str, Family] = {
    "common": COMMON,
    "fast-birds": replace(
        COMMON,
        title="birds half as fast again, at twice the height",
        bird=replace(COMMON.bird, speed_mps=(19.0, 1.2), height_m=(250.0, 2.0)),
    ),
    "gliding-birds": replace(
        COMMON,
        title="birds larger by 6 dB, three in four gliding in circles",
        bird=replace(COMMON.bird, rcs_dbsm=(-19.0, 5.0), height_m=(250.0, 2.0)),
        gliding=0.75,
    ),
    "small-wings": replace(
        COMMON,
        title="fixed wings slower by a third, smaller by 5 dB",
        fixed_wing=replace(COMMON.fixed_wing, speed_mps=(19.0, 1.25), height_m=(150.0, 1.8), rcs_dbsm=(-19.0, 5.0)),
    ),
    "hovering": replace(
        COMMON,
        title="multirotors that hover at four waypoints of five and are slow between them",
        multirotor=replace(COMMON.multirotor, speed_mps=(5.0, 1.8), hover_share=0.8, leg_s=(4.0, 20.0)),
    ),
    "helicopters": replace(COMMON, title="every second aircraft a helicopter", helicopters=0.5),
}
"""The first is what the tables were tuned on; nobody tuned on the others."""

_HELICOPTER = Flyers((35.0, 1.8), (200.0, 2.0), (6.0, 5.0), 12000.0, (10.0, 40.0), 40.0, 6.0, 0.15)
_SLOWEST_MPS, _LOWEST_M, _HIGHEST_M = 0.5, 12.0, 13000.0

_SEARCH = SensorSpec(id="search", kind="radar_3d", reference_range_m=30000.0, clutter_per_scan=15.0)
_STARING = SensorSpec(
    id="staring",
    kind="radar_staring",
    reference_range_m=22000.0,
    max_range_m=18000.0,
    revisit_s=0.4,
    sigma_range_m=12.0,
    sigma_azimuth_deg=0.3,
    sigma_elevation_deg=0.3,
    clutter_per_scan=5.0,
    clutter_height_m=3000.0,
)


def _changed(spec: SensorSpec, **change: float | None) -> SensorSpec:
    return SensorSpec(**{**{name: getattr(spec, name) for name in spec.__struct_fields__}, **change})


RADARS: dict[str, tuple[tuple[SensorSpec, ...], bool]] = {
    "search radar, RCS": ((_SEARCH,), True),
    "search radar, no RCS": ((_SEARCH,), False),
    "search radar without Doppler, no RCS": ((_changed(_SEARCH, sigma_range_rate_mps=None),), False),
    "coarse radar, 2 s, notch, RCS": (
        (
            _changed(
                _SEARCH,
                revisit_s=2.0,
                sigma_azimuth_deg=0.3,
                sigma_elevation_deg=0.4,
                sigma_range_m=20.0,
                notch_mps=2.0,
                reference_range_m=40000.0,
            ),
        ),
        True,
    ),
    "staring radar, RCS": ((_STARING,), True),
    "both, no RCS": ((_SEARCH, _STARING), False),
}
"""What watches a raid, and whether it reports RCS and signal-to-noise ratios. Pd follows from RCS and range."""


def kind_of(name: str) -> str:
    """The kind of a thing from its id in the truth; "" for what is none of the classes."""
    kind = name.split("-", 1)[0]
    return kind if kind in CLASSES else ""


def _span(rng: np.random.Generator, span: Span) -> float:
    return float(rng.uniform(*span))


def _about(rng: np.random.Generator, spread: Span) -> float:
    return float(spread[0] * spread[1] ** rng.standard_normal())


def _height(rng: np.random.Generator, flyers: Flyers) -> float:
    return min(max(_about(rng, flyers.height_m), _LOWEST_M), _HIGHEST_M)


def _place(rng: np.random.Generator, reach_m: float) -> tuple[float, float]:
    away, bearing = math.sqrt(_span(rng, (1e6, reach_m**2))), _span(rng, (0.0, 2 * math.pi))
    return away * math.sin(bearing), away * math.cos(bearing)


def _round(rng: np.random.Generator, name: str, kind: str, rounds: Rounds) -> BallisticSpec:
    east, north = rng.normal(0.0, 1500.0, 2)
    return BallisticSpec(
        id=name,
        kind="rocket" if kind == "rocket" else "mortar",
        start_s=_span(rng, (0.0, 20.0)),
        speed_mps=_span(rng, rounds.speed_mps),
        elevation_deg=_span(rng, rounds.elevation_deg),
        heading_deg=_span(rng, (0.0, 360.0)),
        drag_m2pkg=_span(rng, rounds.drag_m2pkg),
        impact_east_m=float(east),
        impact_north_m=float(north),
        rcs_dbsm=float(rng.normal(*rounds.rcs_dbsm)),
    )


def _flyer(rng: np.random.Generator, name: str, flyers: Flyers, hovers: bool, wings: str = "fixed_wing") -> FlyerSpec:
    """Legs of constant speed with changes of course and height between them, until the raid is over."""
    (east, north), course = _place(rng, flyers.reach_m), _span(rng, (0.0, 2 * math.pi))
    height, t_s, points = _height(rng, flyers), 0.0, []
    lowest, highest = max(0.5 * height, _LOWEST_M), min(2.0 * height, _HIGHEST_M)
    speed = max(_about(rng, flyers.speed_mps), _SLOWEST_MPS)
    while t_s < DURATION_S + 60.0:
        stay = _span(rng, flyers.leg_s) if hovers and rng.random() < flyers.hover_share else 0.0
        points.append(WaypointSpec(east_m=east, north_m=north, height_m=height, speed_mps=speed, hover_s=stay))
        leg_s = _span(rng, flyers.leg_s)
        t_s += stay + leg_s
        east, north = east + leg_s * speed * math.sin(course), north + leg_s * speed * math.cos(course)
        course += math.radians(float(rng.normal(0.0, flyers.turn_deg)))
        climb = flyers.climb_mps * _span(rng, (-1.0, 1.0)) if rng.random() < 0.5 else 0.0
        height = min(max(height + climb * leg_s, lowest), highest)
    return FlyerSpec(
        id=name,
        kind="multirotor" if hovers else "aircraft" if wings == "aircraft" else "fixed_wing",
        waypoints=tuple(points),
        climb_rate_max_mps=flyers.climb_mps,
        rcs_dbsm=float(rng.normal(*flyers.rcs_dbsm)),
    )


def _glider(rng: np.random.Generator, name: str, birds: Flyers) -> FlyerSpec:
    """A bird on stiff wings: circles of 25 to 80 m that rise, as in a thermal, slower than a flapping one."""
    (east, north), radius = _place(rng, birds.reach_m), _span(rng, (25.0, 80.0))
    speed, rise = 0.85 * _about(rng, birds.speed_mps), _span(rng, (0.0, 2.5))
    height, turn = _height(rng, birds), math.copysign(math.pi / 4, rng.normal())
    start = _span(rng, (0.0, 2 * math.pi))
    count = int((DURATION_S + 60.0) * speed / (abs(turn) * radius)) + 2
    points = tuple(
        WaypointSpec(
            east_m=east + radius * math.sin(start + k * turn),
            north_m=north + radius * math.cos(start + k * turn),
            height_m=height + rise * k * abs(turn) * radius / speed,
            speed_mps=speed,
        )
        for k in range(count)
    )
    return FlyerSpec(
        id=name,
        kind="fixed_wing",
        waypoints=points,
        climb_rate_max_mps=4.0,
        turn_rate_max_degps=60.0,
        rcs_dbsm=float(rng.normal(*birds.rcs_dbsm)),
    )


def _one(rng: np.random.Generator, family: Family, kind: str, number: int) -> BallisticSpec | FlyerSpec | BirdSpec:
    name = f"{kind}-{1000 + number}"
    if kind in ("rocket", "mortar"):
        return _round(rng, name, kind, family.rocket if kind == "rocket" else family.mortar)
    if kind == "fixed_wing":
        return _flyer(rng, name, family.fixed_wing, hovers=False)
    if kind == "multirotor":
        return _flyer(rng, name, family.multirotor, hovers=True)
    if kind == "aircraft":
        helicopter = rng.random() < family.helicopters
        return _flyer(rng, name, _HELICOPTER if helicopter else family.aircraft, helicopter, "aircraft")
    if rng.random() < family.gliding:
        return _glider(rng, name, family.bird)
    birds, (east, north) = family.bird, _place(rng, family.bird.reach_m)
    height = _height(rng, birds)
    return BirdSpec(
        count=1,
        radius_m=800.0,
        east_m=east,
        north_m=north,
        height_min_m=0.7 * height,
        height_max_m=1.4 * height,
        speed_mps=_about(rng, birds.speed_mps),
        rcs_dbsm=float(rng.normal(*birds.rcs_dbsm)),
    )


def draw_raid(family: Family, seed: int, objects: int = OBJECTS) -> tuple[Scenario, bool]:
    """A raid whose kinds come from identification's own prior, and whether its radars report RCS.

    The radars take turns with the seed, so that each watches its share of any range of seeds.
    """
    rng = np.random.default_rng([seed, 0x1DE])
    prior = np.array(IdentifySettings().prior)
    kinds = rng.choice(len(CLASSES), size=objects, p=prior / prior.sum())
    things = [_one(rng, family, CLASSES[k], number) for number, k in enumerate(kinds)]
    sensors, with_rcs = list(RADARS.values())[seed % len(RADARS)]
    scenario = Scenario(
        name="identity",
        title=family.title,
        source=("docs/why/identity.md",),
        start="2026-01-01T00:00:00+00:00",
        duration_s=DURATION_S,
        site=SiteSpec(name="identity", lat_deg=40.0, lon_deg=10.0, alt_m=100.0),
        weather=WeatherSpec(
            wind_east_mps=float(rng.normal(0.0, 4.0)), wind_north_mps=float(rng.normal(0.0, 4.0)), turbulence_mps=0.7
        ),
        sensors=sensors,
        ballistic=tuple(thing for thing in things if isinstance(thing, BallisticSpec)),
        flyers=tuple(thing for thing in things if isinstance(thing, FlyerSpec)),
        birds=tuple(thing for thing in things if isinstance(thing, BirdSpec)),
    )
    return scenario, with_rcs
