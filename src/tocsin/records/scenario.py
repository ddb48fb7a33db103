"""A scenario as written in YAML: structs that refuse an unknown key. Units as in the names; places are relative to
the site's origin, east and north in metres, `height_m` above the site's level ground (above terrain where `agl`).

Each field's range stands in its type, so that a value outside it is refused where it is read.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

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
    "VariantSpec",
    "WaypointSpec",
    "WeatherSpec",
    "ZoneGridSpec",
    "ZoneSpec",
]

Positive = Annotated[float, Meta(gt=0.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=0)]
AtLeastOne = Annotated[int, Meta(ge=1)]
Bearing = Annotated[float, Meta(ge=-360.0, le=360.0)]  # degrees clockwise from true north
Elevation = Annotated[float, Meta(ge=-90.0, le=90.0)]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]

CAUSES = ("detection", "consent", "geometry", "dispersion")
"""Modelled causes of an engagement's outcome; `engagement.ideal` turns any of them off (makes it ideal)."""


class ZoneSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Identifier
    name: str = ""
    polygon_m: Annotated[tuple[tuple[float, float], ...], Meta(min_length=3)]
    population: NotNegative = 0.0


class ZoneGridSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """rows × columns square zones of `size_m`, centred on (east_m, north_m), ids `A1`, `A2` … from the south-west."""

    rows: AtLeastOne
    columns: AtLeastOne
    size_m: Positive
    east_m: float = 0.0
    north_m: float = 0.0
    population: NotNegative = 100.0


class AssetSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Identifier
    name: str = ""
    east_m: float
    north_m: float
    height_m: float = 0.0
    radius_m: Positive = 100.0


class SiteSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    lat_deg: Annotated[float, Meta(ge=-89.0, le=89.0)]  # the tangent plane has no east at a pole
    lon_deg: Annotated[float, Meta(ge=-180.0, le=180.0)]
    alt_m: Annotated[float, Meta(ge=-500.0, le=9000.0)]  # above the WGS 84 ellipsoid
    time_zone: str = "UTC"
    zone_grid: ZoneGridSpec | None = None
    zones: tuple[ZoneSpec, ...] = ()
    assets: tuple[AssetSpec, ...] = ()


class RidgeSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A smooth ridge: Gaussian across `width_m`, flat along `length_m`, crest `height_m` above level ground."""

    east_m: float
    north_m: float
    bearing_deg: Bearing
    length_m: Positive
    width_m: Positive
    height_m: Positive


class TerrainSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ridges: tuple[RidgeSpec, ...] = ()
    extent_m: Positive = 40000.0
    step_m: Positive = 200.0


class WeatherSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Wind at 10 m above ground and its power-law profile; turbulence as a standard deviation."""

    wind_east_mps: float = 0.0
    wind_north_mps: float = 0.0
    wind_sigma_mps: NotNegative = 2.0  # spread of the true wind about the two figures above, drawn once a run
    shear_exponent: NotNegative = 0.143
    temperature_offset_k: Annotated[float, Meta(ge=-60.0, le=60.0)] = 0.0
    turbulence_mps: NotNegative = 0.5


class SensorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sensor that gives detections. `reference_range_m`: where a 0 dBsm target has single-look Pd 0.9."""

    id: Identifier
    kind: Literal["radar_3d", "radar_staring", "radar_2d", "eo_ir", "rf_df"]
    east_m: float = 0.0
    north_m: float = 0.0
    height_m: float = 10.0
    max_range_m: Positive = 30000.0
    min_range_m: NotNegative = 100.0
    reference_range_m: Positive = 30000.0
    swerling: Literal[0, 1, 3] = 1
    false_alarm_probability: Annotated[float, Meta(gt=0.0, lt=0.1)] = 1e-6
    revisit_s: Positive = 1.0
    azimuth_from_deg: Bearing = 0.0
    azimuth_to_deg: Bearing = 360.0
    elevation_min_deg: Elevation = -2.0
    elevation_max_deg: Elevation = 85.0
    sigma_range_m: Positive = 10.0
    sigma_azimuth_deg: Positive = 0.15
    sigma_elevation_deg: Positive = 0.15
    sigma_range_rate_mps: Positive | None = 1.0  # null: no Doppler
    notch_mps: NotNegative = 0.0  # half-width of the clutter filter: what moves slower in range is suppressed
    clutter_per_scan: NotNegative = 20.0
    clutter_range_rate_mps: NotNegative = 4.0  # standard deviation of clutter's own range rates
    clutter_height_m: Positive = 1500.0
    bias_range_m: float = 0.0
    bias_azimuth_deg: float = 0.0
    bias_elevation_deg: float = 0.0
    latency_s: NotNegative = 0.1
    outages_s: tuple[tuple[NotNegative, Positive], ...] = ()  # from, to: no scans in between


class ReceiverSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What gives reports: ADS-B and Remote ID receivers, acoustic or seismic impact sensors, people."""

    id: Identifier
    kind: Literal["adsb", "remote_id", "impact", "sighting"]
    east_m: float = 0.0
    north_m: float = 0.0
    height_m: float = 10.0
    max_range_m: Positive = 50000.0
    period_s: Positive = 1.0
    probability: Probability = 0.95  # that a thing in range is reported (each period; once, for impacts and sightings)
    sigma_m: Positive = 20.0
    latency_s: NotNegative = 0.5
    false_reports_per_hour: NotNegative = 0.0
    debris_probability: Probability = 0.1  # that an impact sensor takes a falling piece for a strike


class WaypointSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    east_m: float
    north_m: float
    height_m: float
    speed_mps: Positive
    agl: bool = False
    hover_s: NotNegative = 0.0


class BallisticSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A generic point mass with drag. Its trajectory is shifted so that it comes down at the stated place."""

    id: Identifier
    kind: Literal["rocket", "mortar"]
    start_s: NotNegative
    speed_mps: Positive  # at the start of free flight
    elevation_deg: Annotated[float, Meta(gt=0.0, lt=90.0)]
    heading_deg: Bearing  # direction of flight, clockwise from north
    drag_m2pkg: NotNegative  # Cd·A/m, subsonic
    impact_east_m: float
    impact_north_m: float
    dispersion_m: NotNegative = 0.0  # circular standard deviation of the place where it comes down
    speed_sigma_mps: NotNegative = 0.0
    elevation_sigma_deg: NotNegative = 0.0
    rcs_dbsm: float = -15.0
    hostile: bool = True


class FlyerSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drone or aircraft that flies waypoints. `dive` ends at the last waypoint by striking it."""

    id: Identifier
    kind: Literal["fixed_wing", "multirotor", "aircraft"]
    start_s: NotNegative = 0.0
    waypoints: Annotated[tuple[WaypointSpec, ...], Meta(min_length=1)]
    dive: bool = False
    hostile: bool = False
    rcs_dbsm: float = -15.0
    turn_rate_max_degps: Positive = 12.0
    acceleration_mps2: Positive = 3.0
    climb_rate_max_mps: Positive = 6.0
    wander_m: NotNegative = 0.0  # random offset of each waypoint, standard deviation per axis
    adsb: str = ""  # identity that it broadcasts, "" for none
    remote_id: str = ""
    claim_offset_m: tuple[float, float] = (0.0, 0.0)  # a false broadcast position is off by this
    rf_emits: bool = True


class BirdSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    count: Count
    radius_m: Positive
    east_m: float = 0.0
    north_m: float = 0.0
    height_min_m: NotNegative = 20.0
    height_max_m: Positive = 400.0
    speed_mps: Positive = 12.0
    rcs_dbsm: float = -25.0


class AircraftTrafficSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`count` aircraft on straight random tracks, the first `with_adsb` of them broadcasting."""

    count: Count
    with_adsb: Count
    radius_m: Positive = 40000.0
    height_min_m: NotNegative = 3000.0
    height_max_m: Positive = 11000.0
    speed_min_mps: Positive = 120.0
    speed_max_mps: Positive = 250.0
    rcs_dbsm: float = 10.0


class EffectorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statistical effector: what it can reach, how fast, and with what probability a burst ends a flight.

    It is handed a track and finds the target with its own sensor, if that is within `capture_radius_m` of the track.
    """

    id: Identifier
    east_m: float = 0.0
    north_m: float = 0.0
    height_m: float = 3.0
    range_min_m: NotNegative = 200.0
    range_max_m: Positive = 2000.0
    elevation_max_deg: Elevation = 85.0
    slew_degps: Positive = 60.0
    reaction_s: NotNegative = 2.0
    burst_rounds: AtLeastOne = 75
    burst_s: Positive = 1.0
    rounds: Count = 1500
    projectile_speed_mps: Positive = 1000.0  # mean over the flight
    dispersion_mrad: Positive = 2.0
    tracking_mrad: NotNegative = 0.5  # error of the burst's centre, common to its rounds, per axis
    capture_radius_m: Positive = 150.0
    vulnerable_m2: Positive = 0.01  # area that one round must hit


class SectorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Azimuths, clockwise from north at the effector, into which it must not fire."""

    effector_id: str = ""  # "": all
    azimuth_from_deg: Bearing
    azimuth_to_deg: Bearing
    elevation_below_deg: Elevation = 90.0


class OperatorSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who consents, late or not at all. Delay is lognormal about `delay_median_s`."""

    consent_probability: Probability = 0.9
    delay_median_s: Positive = 4.0
    delay_sigma: NotNegative = 0.5
    absent_probability: Probability = 0.0


class EngagementSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rules: Literal["hold", "tight", "free"] = "tight"
    effectors: tuple[EffectorSpec, ...] = ()
    sectors: tuple[SectorSpec, ...] = ()
    operator: OperatorSpec = OperatorSpec()
    ideal: tuple[Literal["detection", "consent", "geometry", "dispersion"], ...] = ()


class VariantSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One option of a variant: what is kept of the scenario as written. null keeps all; a list keeps these ids."""

    title: str = ""
    effectors: tuple[str, ...] | None = None
    sensors: tuple[str, ...] | None = None


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Identifier
    title: str
    source: Annotated[tuple[str, ...], Meta(min_length=1)]  # public sources, as references a reader can follow
    start: str  # ISO 8601 with offset
    duration_s: Annotated[float, Meta(gt=0.0, le=86400.0)]
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
    variants: dict[
        str, dict[str, VariantSpec]
    ] = {}  # name, option; e.g. effector: {present: {}, none: {effectors: []}}
