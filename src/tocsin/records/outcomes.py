"""After the fact: what probably became of each track, from evidence alone."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import ReportTable
from tocsin.records.engagement import Shot
from tocsin.records.tracks import TrackEnd

__all__ = [
    "OUTCOMES",
    "Assessment",
    "Evidence",
    "ForecastHistory",
    "ImpactWitness",
    "Observed",
    "TrackHistory",
]

OUTCOMES = ("intercepted", "impacted", "left", "undecided")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation that bears on an outcome, with its weight as a log likelihood ratio for each of OUTCOMES[:3]."""

    t_s: float
    kind: str  # of the weights' table in `assess.weights`
    origin: str  # grouped by origin: two reports of one origin are one witness
    why: str
    log_likelihood: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Posterior over the first three OUTCOMES; `verdict` is "undecided" unless one of them has 10:1 odds."""

    track_id: int
    classification: str  # most probable class
    probability: tuple[float, float, float]
    verdict: str  # of OUTCOMES
    evidence: tuple[Evidence, ...]
    t_s: float = float("nan")  # when the flight was last seen
    track_ids: tuple[int, ...] = ()  # all tracks that are taken for this one flight


@dataclass(frozen=True, slots=True)
class TrackHistory:
    """n rows of confirmed tracks, in order of time and, within a time, of track_id; one whenever a track was seen."""

    t_s: FloatArray  # (n,) of the detection
    track_id: IntArray  # (n,)
    state: FloatArray  # (n, 6)
    position_sigma_m: FloatArray  # (n,) largest standard deviation of the position along an axis
    probability: FloatArray  # (n, C) over CLASSES
    hostile: FloatArray  # (n,)
    speed_sigma_mps: FloatArray  # (n,) largest standard deviation of the velocity along an axis


@dataclass(frozen=True, slots=True)
class ForecastHistory:
    """n impact forecasts, in order of time."""

    t_s: FloatArray  # (n,)
    track_id: IntArray  # (n,)
    impact_t_s: FloatArray  # (n,)
    impact_t_sigma_s: FloatArray  # (n,)
    position_m: FloatArray  # (n, 3)
    covariance: FloatArray  # (n, 2, 2)


@dataclass(frozen=True, slots=True)
class ImpactWitness:
    """An impact sensor as its maker states it: where it would have heard a strike, and with what probability."""

    source: str  # as its reports name it
    position_m: tuple[float, float, float]
    max_range_m: float
    probability: float
    debris_probability: float = float("nan")  # that it takes falling remains for a strike; NaN: not stated


@dataclass(frozen=True, slots=True)
class Observed:
    """All that an investigator has of a run: no truth. `shots` is None where no log of effectors was kept."""

    end_t_s: float  # end of the record
    tracks: TrackHistory
    ends: tuple[TrackEnd, ...]
    forecasts: ForecastHistory
    reports: ReportTable
    shots: tuple[Shot, ...] | None = None
    witnesses: tuple[ImpactWitness, ...] = ()
