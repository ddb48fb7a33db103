"""Impact forecasts against where and when things came down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.rates import Rate
from tocsin.records.truth import ForecastRows, TruthEnd
from tocsin.score.intervals import clopper_pearson, rate

__all__ = ["LEADS_S", "ImpactScore", "LeadScore", "score_impacts"]

LEADS_S = (30.0, 20.0, 15.0, 10.0, 8.0, 5.0, 3.0, 1.0)
"""Seconds before impact at which forecasts are judged: 8 s is the shortest warning that this project promises anything
for, 30 s the longest that a rocket inside 10 km leaves."""

ELLIPSE_95 = 5.991464547107979
"""95 % point of chi-square with two degrees of freedom: the squared Mahalanobis radius of a 95 % ellipse."""


@dataclass(frozen=True, slots=True)
class LeadScore:
    """The newest forecast that stood `lead_s` before each impact. None: no impact was forecast at that lead."""

    lead_s: float
    answered: Rate  # impacts with a forecast / impacts
    rms_error_m: float | None
    median_error_m: float | None
    rms_time_error_s: float | None
    inside_95: Rate  # impacts inside the claimed 95 % ellipse / answered
    inside_95_exact: tuple[float, float]  # Clopper-Pearson interval of the same share
    mean_nees: float | None  # mean squared Mahalanobis distance, ideal 2


@dataclass(frozen=True, slots=True)
class ImpactScore:
    """One row for each lead, and how many ballistic objects came down."""

    impacts: int
    leads: tuple[LeadScore, ...]


def _errors(forecasts: ForecastRows, row: int, end: TruthEnd) -> tuple[float, float, float]:
    """Distance (m), time error (s) and squared Mahalanobis distance of one forecast."""
    miss = forecasts.position_m[row] - np.array(end.position_m[:2])
    claimed = forecasts.covariance[row]
    # A singular claim is one of certainty: any miss is then infinitely far outside it.
    singular = not (np.isfinite(claimed).all() and np.linalg.det(claimed) > 0)
    nees = np.inf if singular else float(miss @ np.linalg.solve(claimed, miss))
    return float(np.hypot(*miss)), float(forecasts.impact_t_s[row] - end.end_t_s), nees


def _standing(forecasts: ForecastRows, rows: IntArray, at_s: float, max_age_s: float) -> int:
    """Row of the forecast that stood at `at_s`: the newest one; of several tracks' the one that claims least error."""
    known = rows[(forecasts.t_s[rows] <= at_s + 1e-9) & (forecasts.t_s[rows] > at_s - max_age_s)]
    if len(known) == 0:
        return -1
    newest = known[forecasts.t_s[known] == forecasts.t_s[known].max()]
    spread = forecasts.covariance[newest, 0, 0] + forecasts.covariance[newest, 1, 1]
    return int(newest[np.argmin(spread)])


def _lead_score(lead_s: float, impacts: int, errors: FloatArray) -> LeadScore:
    answered = len(errors)
    inside = int(np.count_nonzero(errors[:, 2] <= ELLIPSE_95))
    some = answered > 0
    return LeadScore(
        lead_s=lead_s,
        answered=rate(f"impacts forecast {lead_s:g} s ahead", answered, impacts),
        rms_error_m=float(np.sqrt(np.mean(errors[:, 0] ** 2))) if some else None,
        median_error_m=float(np.median(errors[:, 0])) if some else None,
        rms_time_error_s=float(np.sqrt(np.mean(errors[:, 1] ** 2))) if some else None,
        inside_95=rate(f"impacts inside the 95 % ellipse {lead_s:g} s ahead", inside, answered),
        inside_95_exact=clopper_pearson(inside, answered),
        mean_nees=float(np.mean(errors[:, 2])) if some else None,
    )


def score_impacts(
    forecasts: ForecastRows,
    object_of_track: IntArray,
    ends: tuple[TruthEnd, ...],
    object_id: tuple[str, ...],
    *,
    leads_s: tuple[float, ...] = LEADS_S,
    max_age_s: float = 2.0,
) -> ImpactScore:
    """Judge the forecast that stood at each lead before each impact of a rocket or mortar round.

    `object_of_track` (K,) and `object_id` (N,) are those of `assign_tracks` and the truth. A forecast older than
    `max_age_s` at that moment does not count: its track was no longer detected, and nobody was being told.
    """
    struck = [end for end in ends if end.outcome == "impacted" and end.kind in ("rocket", "mortar")]
    name_of_row = [object_id[index] if index >= 0 else "" for index in object_of_track[forecasts.track_index]]
    owner = np.array(name_of_row, dtype=np.str_)
    leads = []
    for lead in leads_s:
        found = []
        for end in struck:
            row = _standing(forecasts, np.flatnonzero(owner == end.object_id), end.end_t_s - lead, max_age_s)
            if row >= 0:
                found.append(_errors(forecasts, row, end))
        leads.append(_lead_score(lead, len(struck), np.array(found, dtype=np.float64).reshape(-1, 3)))
    return ImpactScore(len(struck), tuple(leads))
