"""What an incident report says, as plain values: the JSON beside the page. `None` is "not known"; no field is NaN."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.rates import Rate

__all__ = [
    "AssetPlace",
    "Dismissed",
    "EffectorLine",
    "ErrorLine",
    "EvidenceLine",
    "Forecast",
    "Happening",
    "HazardLine",
    "Instant",
    "Outcome",
    "PathPoint",
    "Reach",
    "RefusalLine",
    "Report",
    "ReportLine",
    "SensorLine",
    "ShotLine",
    "SilentSpan",
    "SitePlace",
    "Track",
    "WarningLine",
    "ZonePlace",
]


@dataclass(frozen=True, slots=True)
class Instant:
    """One instant: seconds since the run's epoch, and the time of day where the epoch is known ("" where not)."""

    t_s: float
    utc: str  # ISO 8601, Z, to a tenth of a second
    local: str  # the same instant in the site's zone, with its offset


@dataclass(frozen=True, slots=True)
class PathPoint:
    t_s: float
    east_m: float
    north_m: float
    height_m: float  # above the site's level ground


@dataclass(frozen=True, slots=True)
class Forecast:
    """One impact forecast; the ellipse holds the impact with 95 % if the claimed covariance is right."""

    made: Instant
    impact: Instant
    lead_s: float
    sigma_s: float | None
    east_m: float
    north_m: float
    lat_deg: float
    lon_deg: float
    semi_major_m: float
    semi_minor_m: float
    bearing_deg: float  # of the major axis, clockwise from north, 0 to 180


@dataclass(frozen=True, slots=True)
class Reach:
    """The most probable moment of one flying track's threat to one asset."""

    track_id: int
    asset: str
    probability: float
    made: Instant
    expected: Instant | None
    earliest: Instant | None


@dataclass(frozen=True, slots=True)
class Track:
    """One confirmed track. `notable`: it was forecast, engaged, lost as a hazard, assessed or probably hostile."""

    track_id: int
    notable: bool
    classification: str
    probability: float  # of that class, at the last row
    hostile: float | None
    cooperative_id: str
    claim_consistent: float | None
    lookalike: bool
    detected: Instant | None
    confirmed: Instant | None
    identified: Instant | None  # the class that it ended with first reached IDENTIFIED_AT
    first_forecast: Forecast | None
    last_forecast: Forecast | None
    ended: Instant | None
    end_rule: str  # "" : still held when the run ended
    merged_into: int
    last_detected: Instant | None
    height_max_m: float
    speed_max_mps: float
    rows: int
    path: tuple[PathPoint, ...]


@dataclass(frozen=True, slots=True)
class WarningLine:
    """One warning of one zone, from its raise to its all-clear."""

    warning_id: int
    zone_id: str
    zone_name: str
    population: float
    raised: Instant
    cause: str
    why: str
    track_ids: tuple[int, ...]
    probability: float
    highest_probability: float
    seconds_left: float | None
    updates: int
    cleared: Instant | None  # None: it stood when the run ended
    clear_cause: str
    clear_why: str


@dataclass(frozen=True, slots=True)
class HazardLine:
    """A lost track's growing area, as it was last stated."""

    track_id: int
    lost: Instant
    stated: Instant
    east_m: float
    north_m: float
    radius_m: float
    hostile: float
    state: str
    closed: Instant | None
    evidence: str


@dataclass(frozen=True, slots=True)
class ShotLine:
    shot_id: int
    track_id: int
    effector_id: str
    fired: Instant
    effect: Instant
    rounds: int


@dataclass(frozen=True, slots=True)
class RefusalLine:
    """Engagements that were not made, by rule."""

    rule: str
    count: int
    track_ids: tuple[int, ...]
    why: str  # of the first


@dataclass(frozen=True, slots=True)
class EffectorLine:
    effector_id: str
    rounds_left: int


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    at: Instant
    kind: str
    origin: str
    why: str
    weights: tuple[float, float, float]  # log likelihoods of intercepted, impacted, left


@dataclass(frozen=True, slots=True)
class Outcome:
    """What probably became of a track. `odds`: of the likeliest outcome against the other two together."""

    track_id: int
    classification: str
    verdict: str
    likeliest: str
    odds: float | None  # None: certain
    probability: tuple[float, float, float]  # intercepted, impacted, left
    evidence: tuple[EvidenceLine, ...]
    shots: int


@dataclass(frozen=True, slots=True)
class SilentSpan:
    since: Instant
    until: Instant | None  # None: still silent when the run ended


@dataclass(frozen=True, slots=True)
class SensorLine:
    sensor_id: str
    kind: str
    east_m: float
    north_m: float
    range_m: float | None
    silent: tuple[SilentSpan, ...]
    silent_s: float


@dataclass(frozen=True, slots=True)
class Dismissed:
    """What was ignored by one rule, and the highest residual risk among it."""

    rule: str
    subject: str
    count: int
    ids: tuple[int, ...]  # distinct, in order of the highest residual risk
    highest_risk: float | None
    first: Instant
    last: Instant
    why: str  # of the one with the highest residual risk


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A sighting or a reported impact, as given."""

    at: Instant
    kind: str
    source: str
    id: str
    east_m: float
    north_m: float
    sigma_m: float | None
    claim: str


@dataclass(frozen=True, slots=True)
class ErrorLine:
    source: str
    problem: str
    count: int
    example: str  # the first: row, column, value


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the incident's timeline."""

    at: Instant
    kind: str
    text: str
    track_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ZonePlace:
    zone_id: str
    name: str
    population: float
    corners_m: tuple[tuple[float, float], ...]
    warned: bool


@dataclass(frozen=True, slots=True)
class AssetPlace:
    asset_id: str
    name: str
    east_m: float
    north_m: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class SitePlace:
    name: str
    lat_deg: float
    lon_deg: float
    alt_m: float
    time_zone: str
    zone_known: bool  # False: this machine does not know the zone, and local times are UTC
    zones: tuple[ZonePlace, ...]
    assets: tuple[AssetPlace, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The whole report. Every list is in order of time, then of id."""

    format: str
    title: str
    scenario: str
    exercise: bool
    boundary: str
    release: str
    chain: str
    seed: int | None
    sources: tuple[str, ...]
    began: Instant
    finished: Instant
    batches: int
    scans: int
    detections: int
    site: SitePlace
    brief: tuple[str, ...]
    timeline: tuple[Happening, ...]
    tracks: tuple[Track, ...]
    forecasts: tuple[Forecast, ...]  # ordered as `forecast_track_ids`
    forecast_track_ids: tuple[int, ...]
    reaches: tuple[Reach, ...]
    warnings: tuple[WarningLine, ...]
    harmless_warned: tuple[int, ...]  # tracks that added to a warning and ended as probably harmless
    hazards: tuple[HazardLine, ...]
    shots: tuple[ShotLine, ...]
    refusals: tuple[RefusalLine, ...]
    effectors: tuple[EffectorLine, ...]
    outcomes: tuple[Outcome, ...]
    sensors: tuple[SensorLine, ...]
    dismissed: tuple[Dismissed, ...]
    reports: tuple[ReportLine, ...]
    errors: tuple[ErrorLine, ...]
    rates: tuple[Rate, ...]
    unknowns: tuple[str, ...]
