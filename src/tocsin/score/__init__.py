"""The judge: truth and what the system said, to figures. No stage imports it and it imports no stage.

takes:   records of truth (`records.truth`) and of tracks, forecasts, warnings, assessments
gives:   frozen scores, every share with numerator, denominator and 95 % interval
assumes: one clock and one frame (the site's) for both; cut-offs and seeds come in as arguments
fails:   BadInput on values that cannot be scored; an empty side is scored, not refused
"""

from __future__ import annotations

from tocsin.score.impacts import ImpactScore, score_impacts
from tocsin.score.intervals import bootstrap, clopper_pearson, clustered_rate, rate, wilson
from tocsin.score.outcomes import OutcomeScore, score_outcomes
from tocsin.score.times import TimeMatch
from tocsin.score.tracking import ScoreResult, assign_tracks, score, to_json_dict
from tocsin.score.warnings import WarningScore, score_warnings

__all__ = [
    "ImpactScore",
    "OutcomeScore",
    "ScoreResult",
    "TimeMatch",
    "WarningScore",
    "assign_tracks",
    "bootstrap",
    "clopper_pearson",
    "clustered_rate",
    "rate",
    "score",
    "score_impacts",
    "score_outcomes",
    "score_warnings",
    "to_json_dict",
    "wilson",
]
