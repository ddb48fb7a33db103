"""After the fact: what probably became of each track, from evidence alone."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OUTCOMES", "Assessment", "Evidence"]

OUTCOMES = ("intercepted", "impacted", "left", "undecided")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation that bears on an outcome, with its weight as a log likelihood ratio for each of OUTCOMES[:3]."""

    t_s: float
    kind: str  # e.g. "track_ended_in_flight", "impact_report", "shot", "track_left", "sighting"
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
