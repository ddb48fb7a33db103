"""A scenario as written in YAML: structs that refuse an unknown key. Units as in the names; places are relative to
the site's origin, east and north in metres, `height_m` above the site's level ground (above terrain where `agl`).
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = [
    "CAUSES",
    "AircraftTrafficSpec",
    "AssetSpec",
    "BallisticSpec",
    "BirdSpec",
    "EffectorSpec",
    "EngagementSpec",
    "FlyerSpec",
    "OperatorSpec",
    "ReceiverSpec",
    "RidgeSpec",
    "Scenario",
    "SectorSpec",
    "SensorSpec",
    "SiteSpec",
    "TerrainSpec",
    "WaypointSpec",
    "WeatherSpec",
    "ZoneGridSpec",
    "ZoneSpec",
]

CAUSES = ("detection", "consent", "geometry", "dispersion")
"""Modelled causes of an engagement's outcome; `engagement.ideal` turns any of them off (makes it ideal)."""


class ZoneSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str = ""
    polygon_m: tuple[tuple[float, float], ...]
    population: float = 0.0


class ZoneGridSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """rows × columns square zones of `size_m`, centred on (east_m, north_m), ids `A1`, `A2` … from the south-west."""

    rows: int
    columns: int
    size_m: float
    east_m: float = 0.0
    north_m: float = 0.0
    population: float = 100.0


class AssetSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    name: str = ""
    east_m: float
    north_m: float
    height_m: float = 0.0
    radius_m: float = 100.0


class SiteSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    lat_deg: float
    lon_deg: float
    alt_m: float
    time_zone: str = "UTC"
    zone_grid: ZoneGridSpec | None = None
    zones: tuple[ZoneSpec, ...] = ()
    assets: tuple[AssetSpec, ...] = ()


class RidgeSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A smooth ridge: Gaussian across `width_m`, flat along `length_m`, crest `height_m` above level ground."""

    east_m: float
    north_m: float
    bearing_deg: float
    length_m: float
    width_m: float
    height_m: float


class TerrainSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ridges: tuple[RidgeSpec, ...] = ()
    extent_m: float = 40000.0
    step_m: float = 200.0


class WeatherSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Wind at 10 m above ground and its power-law profile; turbulence as a standard deviation."""

    wind_east_mps: float = 0.0
    wind_north_mps: float = 0.0
    wind_sigma_mps: float = 2.0  # spread of the true wind about the two figures above, drawn once a run
    shear_exponent: float = 0.143
    temperature_offset_k: float = 0.0
    turbulence_mps: float = 0.5


class SensorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sensor that gives detections. `reference_range_m`: where a 0 dBsm target has single-look Pd 0.9."""

    id: str
    kind: Literal["radar_3d", "radar_staring", "radar_2d", "eo_ir", "rf_df"]
    east_m: float = 0.0
    north_m: float = 0.0
    height_m: float = 10.0
    max_range_m: float = 30000.0
    min_range_m: float = 100.0
    reference_range_m: float = 30000.0
    swerling: Literal[0, 1, 3] = 1
    false_alarm_probability: float = 1e-6
    revisit_s: float = 1.0
    azimuth_from_deg: float = 0.0
    azimuth_to_deg: float = 360.0
    elevation_min_deg: float = -2.0
    elevation_max_deg: float = 85.0
    sigma_range_m: float = 10.0
    sigma_azimuth_deg: float = 0.15
    sigma_elevation_deg: float = 0.15
    sigma_range_rate_mps: float | None = 1.0  # null: no Doppler
    clutter_per_scan: float = 20.0
    clutter_range_rate_mps: float = 4.0  # standard deviation of clutter's own range rates
    clutter_height_m: float = 1500.0
    bias_range_m: float = 0.0
    bias_azimuth_deg: float = 0.0
    bias_elevation_deg: float = 0.0
    latency_s: float = 0.1
    outages_s: tuple[tuple[float, float], ...] = ()


class ReceiverSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What gives reports: ADS-B and Remote ID receivers, acoustic or seismic impact sensors, people."""

    id: str
    kind: Literal["adsb", "remote_id", "impact", "sighting"]
    east_m: float = 0.0
    north_m: float = 0.0
    height_m: float = 10.0
    max_range_m: float = 50000.0
    period_s: float = 1.0
    probability: float = 0.95  # that a thing in range is reported (each period; once, for impacts and sightings)
    sigma_m: float = 20.0
    latency_s: float = 0.5
    false_reports_per_hour: float = 0.0


class WaypointSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    east_m: float
    north_m: float
    height_m: float
    speed_mps: float
    agl: bool = False
    hover_s: float = 0.0


class BallisticSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A generic point mass with drag. Its trajectory is shifted so that it comes down at the stated place."""

    id: str
    kind: Literal["rocket", "mortar"]
    start_s: float
    speed_mps: float  # at the start of free flight
    elevation_deg: float
    heading_deg: float  # direction of flight, clockwise from north
    drag_m2pkg: float  # Cd·A/m, subsonic
    impact_east_m: float
    impact_north_m: float
    dispersion_m: float = 0.0  # circular standard deviation of the place where it comes down
    speed_sigma_mps: float = 0.0
    elevation_sigma_deg: float = 0.0
    rcs_dbsm: float = -15.0
    hostile: bool = True


class FlyerSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drone or aircraft that flies waypoints. `dive` ends at the last waypoint by striking it."""

    id: str
    kind: Literal["fixed_wing", "multirotor", "aircraft"]
    start_s: float = 0.0
    waypoints: tuple[WaypointSpec, ...]
    dive: bool = False
    hostile: bool = False
    rcs_dbsm: float = -15.0
    turn_rate_max_degps: float = 12.0
    acceleration_mps2: float = 3.0
    climb_rate_max_mps: float = 6.0
    wander_m: float = 0.0  # random offset of each waypoint, standard deviation per axis
    adsb: str = ""  # identity that it broadcasts, "" for none
    remote_id: str = ""
    claim_offset_m: tuple[float, float] = (0.0, 0.0)  # a false broadcast position is off by this
    rf_emits: bool = True


class BirdSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    count: int
    radius_m: float
    east_m: float = 0.0
    north_m: float = 0.0
    height_min_m: float = 20.0
    height_max_m: float = 400.0
    speed_mps: float = 12.0
    rcs_dbsm: float = -25.0


class AircraftTrafficSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`count` aircraft on straight random tracks, the first `with_adsb` of them broadcasting."""

    count: int
    with_adsb: int
    radius_m: float = 40000.0
    height_min_m: float = 3000.0
    height_max_m: float = 11000.0
    speed_min_mps: float = 120.0
    speed_max_mps: float = 250.0
    rcs_dbsm: float = 10.0


class EffectorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statistical effector: what it can reach, how fast, and with what probability a burst ends a flight."""

    id: str
    east_m: float = 0.0
    north_m: float = 0.0
    height_m: float = 3.0
    range_min_m: float = 200.0
    range_max_m: float = 2000.0
    elevation_max_deg: float = 85.0
    slew_degps: float = 60.0
    reaction_s: float = 2.0
    burst_rounds: int = 75
    burst_s: float = 1.0
    rounds: int = 1500
    projectile_speed_mps: float = 1000.0  # mean over the flight
    dispersion_mrad: float = 2.0
    vulnerable_m2: float = 0.01  # area that one round must hit


class SectorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Azimuths, clockwise from north at the effector, into which it must not fire."""

    effector_id: str = ""  # "": all
    azimuth_from_deg: float
    azimuth_to_deg: float
    elevation_below_deg: float = 90.0


class OperatorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who consents, late or not at all. Delay is lognormal about `delay_median_s`."""

    consent_probability: float = 0.9
    delay_median_s: float = 4.0
    delay_sigma: float = 0.5
    absent_probability: float = 0.0


class EngagementSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rules: Literal["hold", "tight", "free"] = "tight"
    effectors: tuple[EffectorSpec, ...] = ()
    sectors: tuple[SectorSpec, ...] = ()
    operator: OperatorSpec = OperatorSpec()
    ideal: tuple[Literal["detection", "consent", "geometry", "dispersion"], ...] = ()


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    title: str
    source: tuple[str, ...]  # public sources, as references a reader can follow
    start: str  # ISO 8601 with offset
    duration_s: float
    site: SiteSpec
    weather: WeatherSpec = WeatherSpec()
    terrain: TerrainSpec = TerrainSpec()
    sensors: tuple[SensorSpec, ...]
    receivers: tuple[ReceiverSpec, ...] = ()
    ballistic: tuple[BallisticSpec, ...] = ()
    flyers: tuple[FlyerSpec, ...] = ()
    birds: tuple[BirdSpec, ...] = ()
    traffic: tuple[AircraftTrafficSpec, ...] = ()
    engagement: EngagementSpec = EngagementSpec()
    variants: dict[str, dict[str, bool | float | str]] = {}  # e.g. {"effector": {"none": …}} see formats.scenarios
