"""Warnings: who is told, when, why, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray

__all__ = ["ACTIONS", "CLOSING_CLAIMS", "Hazard", "WarnSettings", "WarningEvent"]

ACTIONS = ("raise", "update", "all_clear")

CLOSING_CLAIMS = ("all clear", "crashed", "destroyed", "wreck")
"""How a sighting's claim begins (case and underscores aside) when a person reports that it is over."""


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
    cancellation: str = ""  # prepared with the warning: the all-clear's text and the evidence that it waits for


@dataclass(frozen=True, slots=True)
class Hazard:
    """A lost track's area, which grows until named evidence closes it."""

    t_s: float
    track_id: int
    since_t_s: float  # when it was last detected
    centre_m: FloatArray  # (2,) east, north
    radius_m: float
    hostile: float
    state: str  # "open", "stale" (open beyond lost_hazard_max_s), "reacquired", "closed"
    evidence: str  # what closed it, "" while open
    successor: int = 0  # track_id of the track that took its place, 0: none


@dataclass(frozen=True, slots=True)
class WarnSettings:
    """Thresholds of the warning rule; each is argued in the stage."""

    raise_probability: float = 0.05  # when time presses, a zone is warned when the probability of harm passes this
    early_probability: float = 0.8  # while waiting costs nothing, only when the forecast has settled on the zone
    clear_probability: float = 0.01  # hysteresis: below this and by evidence it is cleared
    lethal_radius_m: float = 50.0  # harm reaches this far around an impact
    lost_hazard_max_s: float = 1800.0  # a hazard grows no longer than this; it is then stale, not closed
    need_s: float = 15.0  # time that people need to take cover, the time to tell them included
    reach_need_s: float = 120.0  # the same for what flies, which can be watched and whose path is not fixed
    clear_after_s: float = 5.0  # harm must stay improbable for this long
    clear_after_reach_s: float = 60.0  # the same while a track that flies is held: it may turn again
    clear_after_impact_s: float = 30.0  # and this long must have passed after an impact was due
    hazard_hostile: float = 0.2  # a lost track at least this likely hostile leaves a hazard area
    sighting_radius_m: float = 1000.0  # what a person reports may be this far on when the zone is told
    sighting_true: float = 0.5  # probability that a sighting is of something hostile
