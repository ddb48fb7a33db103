"""Verdicts of the assessment against what truly became of each object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import IntArray
from tocsin.records.outcomes import OUTCOMES, Assessment
from tocsin.records.rates import Rate
from tocsin.records.truth import TRUE_OUTCOMES, TruthEnd
from tocsin.score.intervals import rate

__all__ = ["OutcomeScore", "score_outcomes"]

LEAST_PROBABILITY = 1e-6
"""A probability of 0 for what happened would make the log score infinite and hide everything else; it costs 20 bits."""


@dataclass(frozen=True, slots=True)
class OutcomeScore:
    """Assessed tracks that held a true object. `confusion[true][verdict]` over TRUE_OUTCOMES × OUTCOMES."""

    confusion: tuple[tuple[int, ...], ...]
    decided: Rate  # verdicts other than undecided / assessed
    correct: Rate  # right verdicts / decided
    log_score_bits: float | None  # mean -log2 of the probability given to what happened; 1.58 is a shrug
    brier: float | None  # mean squared error of the three probabilities, 0 to 2
    without_object: int  # assessed tracks that held no true object
    never_assessed: int  # true objects whose end no assessed track tells


def score_outcomes(
    assessments: tuple[Assessment, ...],
    track_id: tuple[str, ...],
    object_of_track: IntArray,
    ends: tuple[TruthEnd, ...],
    object_id: tuple[str, ...],
) -> OutcomeScore:
    """Join assessments with truth by the object that each track held most often (`assign_tracks`).

    Where several assessed tracks held one object, each is judged: an assessment that splits an object is told twice.
    """
    truth = {end.object_id: end for end in ends}
    held = {name: object_id[index] for name, index in zip(track_id, object_of_track, strict=True) if index >= 0}
    confusion = np.zeros((len(TRUE_OUTCOMES), len(OUTCOMES)), dtype=np.int64)
    bits, squares, told, without = [], [], set(), 0
    for assessment in assessments:
        end = truth.get(held.get(str(assessment.track_id), ""))
        if end is None:
            without += 1
            continue
        actual = TRUE_OUTCOMES.index(end.outcome)
        confusion[actual, OUTCOMES.index(assessment.verdict)] += 1
        given = np.array(assessment.probability)
        bits.append(-np.log2(max(given[actual], LEAST_PROBABILITY)))
        squares.append(float(np.sum((given - np.eye(3)[actual]) ** 2)))
        told.add(end.object_id)
    total, decided = int(confusion.sum()), int(confusion[:, :3].sum())
    return OutcomeScore(
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        decided=rate("assessments decided", decided, total),
        correct=rate("decided assessments that are right", int(np.trace(confusion[:, :3])), decided),
        log_score_bits=float(np.mean(bits)) if bits else None,
        brier=float(np.mean(squares)) if squares else None,
        without_object=without,
        never_assessed=len(truth.keys() - told),
    )
