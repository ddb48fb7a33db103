"""Warnings: who is told, when, why, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray

__all__ = ["ACTIONS", "Hazard", "WarnSettings", "WarningEvent"]

ACTIONS = ("raise", "update", "all_clear")


@dataclass(frozen=True, slots=True)
class WarningEvent:
    """One message to one zone. A warning keeps its id from raise to all-clear."""

    t_s: float
    warning_id: int
    zone_id: str
    action: str  # of ACTIONS
    probability: float  # of harm in the zone
    expected_t_s: float  # of the harm; NaN: unknown
    seconds_left: float  # expected_t_s - t_s, at least 0; NaN: unknown
    track_ids: tuple[int, ...]
    cause: str  # "impact", "reach", "lost_track", "sighting"; for an all-clear the evidence that closed it
    why: str  # one sentence for a reader


@dataclass(frozen=True, slots=True)
class Hazard:
    """A lost track's area, which grows until named evidence closes it."""

    t_s: float
    track_id: int
    since_t_s: float  # when it was last detected
    centre_m: FloatArray  # (2,) east, north
    radius_m: float
    hostile: float
    state: str  # "open", "reacquired", "closed"
    evidence: str  # what closed it, "" while open


@dataclass(frozen=True, slots=True)
class WarnSettings:
    """Thresholds of the warning rule; each is argued in the stage."""

    raise_probability: float = 0.05  # a zone is warned when the probability of harm in it passes this
    clear_probability: float = 0.01  # hysteresis: below this and by evidence it is cleared
    lethal_radius_m: float = 50.0  # harm reaches this far around an impact
    lost_hazard_max_s: float = 1800.0
