"""What a track is: probabilities over six classes, and what cooperative sources claim of it."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import BoolArray, FloatArray, IntArray

__all__ = ["BALLISTIC", "CLASSES", "Dismissal", "IdentifySettings", "IdentityTable"]

CLASSES = ("rocket", "mortar", "fixed_wing", "multirotor", "bird", "aircraft")
BALLISTIC = (0, 1)
"""Columns of CLASSES whose sum is the probability of being ballistic."""


@dataclass(frozen=True, slots=True)
class IdentityTable:
    """T rows, aligned with the TrackTable of the same scan."""

    track_id: IntArray  # (T,)
    probability: FloatArray  # (T, C) over CLASSES, rows sum to 1
    hostile: FloatArray  # (T,) probability of intent to harm: the residual risk shown beside every friendly
    cooperative_id: tuple[str, ...]  # (T,) id of the cooperative source that is bound to the track, "" for none
    claim_consistent: FloatArray  # (T,) probability that the radar supports the bound claim; NaN: none bound
    lookalike: BoolArray  # (T,) another track competes for the same claim: the Tower 22 lesson


@dataclass(frozen=True, slots=True)
class Dismissal:
    """The system decided to ignore something, and by which rule. Nothing is ignored without one."""

    t_s: float
    subject: str  # "track", "detection" or "report"
    id: int  # track_id, or row of the source
    rule: str  # machine name, e.g. "friendly_adsb", "bird"
    residual_risk: float  # probability that the dismissed thing is hostile
    why: str  # one sentence for a reader


@dataclass(frozen=True, slots=True)
class IdentifySettings:
    """Priors and thresholds of identification; each is argued in the stage."""

    prior: tuple[float, ...] = (0.05, 0.05, 0.2, 0.2, 0.35, 0.15)  # over CLASSES
    dismiss_below_hostile: float = 0.05  # a track below this residual risk may be dismissed, by a journalled rule
