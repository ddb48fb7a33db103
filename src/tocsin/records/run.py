"""A finished run as the incident report needs it: what went in and what came out. It holds no truth."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import ErrorRecord, ReportTable
from tocsin.records.engagement import EffectorStatus, EngagementRequest, OperatorAct, Refusal, Shot
from tocsin.records.identities import Dismissal
from tocsin.records.outcomes import Assessment
from tocsin.records.sensors import SensorHealth, SensorTable
from tocsin.records.site import Site
from tocsin.records.tracks import TrackEnd
from tocsin.records.warnings import Hazard, WarningEvent

__all__ = ["ImpactRows", "ReachRows", "RunRecord", "TrackLife", "TrackRows"]


@dataclass(frozen=True, slots=True)
class TrackRows:
    """n rows of tracks.csv, in order of time; of sensors with ten scans a second or more those of one a second."""

    t_s: FloatArray  # (n,)
    track_id: IntArray  # (n,)
    position_m: FloatArray  # (n, 3) site frame
    velocity_mps: FloatArray  # (n, 3)
    variance_m2: FloatArray  # (n, 3) of the position
    probability: FloatArray  # (n, C) over CLASSES


@dataclass(frozen=True, slots=True)
class ImpactRows:
    """n rows of impacts.csv, in order of time."""

    t_s: FloatArray  # (n,)
    track_id: IntArray  # (n,)
    impact_t_s: FloatArray  # (n,)
    impact_t_sigma_s: FloatArray  # (n,) NaN: not recorded
    position_m: FloatArray  # (n, 2) site frame
    lat_deg: FloatArray  # (n,)
    lon_deg: FloatArray  # (n,)
    covariance: FloatArray  # (n, 2, 2) east, north, m²


@dataclass(frozen=True, slots=True)
class ReachRows:
    """n (flying track, asset) forecasts, in order of time."""

    t_s: FloatArray  # (n,)
    track_id: IntArray  # (n,)
    asset_index: IntArray  # (n,) into Site.assets
    earliest_t_s: FloatArray  # (n,)
    expected_t_s: FloatArray  # (n,)
    probability: FloatArray  # (n,)


@dataclass(frozen=True, slots=True)
class TrackLife:
    """One confirmed track: when it began, and what its last identity said."""

    track_id: int
    born_t_s: float  # first detection
    confirmed_t_s: float
    hostile: float  # probability of intent to harm at the end: the residual risk of a friendly
    cooperative_id: str  # "" for none
    claim_consistent: float  # NaN: no claim was bound
    lookalike: bool


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run, live or exercise. Engagement fields are empty unless `exercise`: only the simulator has effectors."""

    scenario: str  # machine name, "" for recorded data
    title: str
    sources: tuple[str, ...]  # public references of the scenario
    exercise: bool
    epoch_utc: str  # ISO 8601 instant of t_s = 0; "" when the source gave bare seconds
    end_t_s: float
    seed: int | None  # None: nothing was drawn
    release: str  # version of the program that made the run
    chain: str  # last hash of the journal, "" when there is none
    site: Site
    sensors: SensorTable
    batches: int
    scans: int
    detections: int
    tracks: TrackRows
    lives: tuple[TrackLife, ...]
    impacts: ImpactRows
    reaches: ReachRows
    reports: ReportTable
    ends: tuple[TrackEnd, ...] = ()
    warnings: tuple[WarningEvent, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    dismissals: tuple[Dismissal, ...] = ()
    health: tuple[SensorHealth, ...] = ()
    errors: tuple[ErrorRecord, ...] = ()
    requests: tuple[EngagementRequest, ...] = ()
    acts: tuple[OperatorAct, ...] = ()
    shots: tuple[Shot, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    effectors: tuple[EffectorStatus, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    finished: bool = True  # False: the run was cut off after its last batch
