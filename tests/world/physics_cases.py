"""A small site and scenario that the physics tests share."""

from __future__ import annotations

from tocsin.frames import gaussian_radius_m
from tocsin.records.scenario import (
    AircraftTrafficSpec,
    BallisticSpec,
    BirdSpec,
    FlyerSpec,
    Scenario,
    SiteSpec,
    TerrainSpec,
    WaypointSpec,
    WeatherSpec,
)
from tocsin.records.site import Site
from tocsin.world.ground import make_terrain

CALM = WeatherSpec(wind_sigma_mps=0.0, turbulence_mps=0.0)
RADIUS_M = gaussian_radius_m(33.8) + 180.0


def site(terrain: TerrainSpec | None = None) -> Site:
    return Site("s", 33.8, 42.4, 180.0, RADIUS_M, "UTC", (), (), make_terrain(terrain or TerrainSpec()))


def at(
    east_m: float, north_m: float, height_m: float, speed_mps: float, *, agl: bool = False, hover_s: float = 0.0
) -> WaypointSpec:
    return WaypointSpec(
        east_m=east_m, north_m=north_m, height_m=height_m, speed_mps=speed_mps, agl=agl, hover_s=hover_s
    )


def rocket(
    id: str = "r", *, start_s: float = 5.0, dispersion_m: float = 0.0, heading_deg: float = 60.0
) -> BallisticSpec:
    return BallisticSpec(
        id=id,
        kind="rocket",
        start_s=start_s,
        speed_mps=400.0,
        elevation_deg=45.0,
        heading_deg=heading_deg,
        drag_m2pkg=3e-4,
        impact_east_m=700.0,
        impact_north_m=-300.0,
        dispersion_m=dispersion_m,
    )


def scenario(
    *,
    ballistic: tuple[BallisticSpec, ...] = (),
    flyers: tuple[FlyerSpec, ...] = (),
    birds: tuple[BirdSpec, ...] = (),
    traffic: tuple[AircraftTrafficSpec, ...] = (),
    weather: WeatherSpec = CALM,
    duration_s: float = 300.0,
) -> Scenario:
    return Scenario(
        name="t",
        title="t",
        source=(),
        start="2021-06-06T00:00:00+03:00",
        duration_s=duration_s,
        site=SiteSpec(name="s", lat_deg=33.8, lon_deg=42.4, alt_m=180.0),
        sensors=(),
        ballistic=ballistic,
        flyers=flyers,
        birds=birds,
        traffic=traffic,
        weather=weather,
    )
