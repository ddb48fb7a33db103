"""What was fired at, what was not and by which rule, and what probably became of each track."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tocsin.records.engagement import Refusal
from tocsin.records.outcomes import OUTCOMES, Assessment
from tocsin.records.run import RunRecord
from tocsin.report.instants import Clock
from tocsin.report.model import EffectorLine, EvidenceLine, Outcome, RefusalLine, ShotLine

__all__ = ["effector_lines", "outcome_lines", "refusal_lines", "shot_lines"]


def shot_lines(run: RunRecord, clock: Clock) -> tuple[ShotLine, ...]:
    """Simulated bursts in order of time."""
    return tuple(
        ShotLine(
            shot.shot_id,
            shot.track_id,
            shot.effector_id,
            clock.at(shot.t_s),
            clock.at(shot.t_effect_s),
            shot.rounds,
        )
        for shot in sorted(run.shots, key=lambda shot: (shot.t_s, shot.shot_id))
    )


def refusal_lines(run: RunRecord) -> tuple[RefusalLine, ...]:
    """Refusals by rule, most frequent first."""
    groups: dict[str, list[Refusal]] = {}
    for refusal in run.refusals:
        groups.setdefault(refusal.rule, []).append(refusal)
    lines = [
        RefusalLine(rule, len(group), tuple(sorted({one.track_id for one in group})), group[0].why)
        for rule, group in groups.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.count, line.rule)))


def effector_lines(run: RunRecord) -> tuple[EffectorLine, ...]:
    """The last known magazine of each effector."""
    last = {status.effector_id: status.rounds_left for status in run.effectors}
    return tuple(EffectorLine(name, left) for name, left in sorted(last.items()))


def _outcome(assessment: Assessment, clock: Clock, shots: int) -> Outcome:
    likeliest = int(np.argmax(assessment.probability))
    rest = 1.0 - assessment.probability[likeliest]
    return Outcome(
        track_id=assessment.track_id,
        classification=assessment.classification,
        verdict=assessment.verdict,
        likeliest=OUTCOMES[likeliest],
        odds=assessment.probability[likeliest] / rest if rest > 0 else None,
        probability=assessment.probability,
        evidence=tuple(
            EvidenceLine(clock.at(one.t_s), one.kind, one.origin, one.why, one.log_likelihood)
            for one in assessment.evidence
        ),
        shots=shots,
    )


def outcome_lines(run: RunRecord, clock: Clock) -> tuple[Outcome, ...]:
    """Assessments in order of track."""
    fired = Counter(shot.track_id for shot in run.shots)
    ordered = sorted(run.assessments, key=lambda one: one.track_id)
    return tuple(_outcome(one, clock, fired[one.track_id]) for one in ordered)
