"""When to warn a zone: the rule of expected cost, with the time that is left.

A false warning costs a zone's people an interruption, an unwarned strike costs lives; the ratio of the two is the
threshold. At `raise_probability` 0.05 a miss is held to cost 20 false warnings of one zone: public systems that warn by
area live with two or three false alerts out of four (US tornado warnings about 75 %), and studies disagree on how soon
people stop heeding them, so the ratio is kept below what the stakes alone would suggest.

Waiting is free as long as people still have the time they need (`need_s`) when the warning comes: the ellipse shrinks
with every detection, and the zones of a wide one would mostly be warned in vain. So there are two thresholds:

    time presses (earliest harm within need_s)      warn at raise_probability
    otherwise                                       warn at early_probability: the forecast has settled on the zone, and
                                                    one warning in five at most is for the neighbour

`need_s` is 15 s: the public time to shelter nearest a border is 15 s, the accounts of fielded systems speak of 24 s of
warning, and cell broadcast takes 4-13 s of it.

Rounds are independent witnesses of harm, and combine as 1 - Π(1 - p). What flies does not: that a flock is hostile is
one error of identification, not forty, so the most dangerous flyer speaks for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.warnings import WarnSettings

__all__ = ["Dangers", "Verdict", "judge", "stack"]


@dataclass(frozen=True, slots=True)
class Dangers:
    """D things that may harm Z zones at one moment."""

    track_id: IntArray  # (D,) 0: no track (a sighting)
    cause: tuple[str, ...]  # (D,) "impact", "reach", "lost_track", "sighting"
    independent: BoolArray  # (D,) combines with others as independent
    probability: FloatArray  # (D, Z)
    expected_t_s: FloatArray  # (D, Z) NaN: unknown
    pressing: BoolArray  # (D, Z) people need the time that is left
    raising: BoolArray  # (D,) may raise a warning; others (an impact that is due, a track handed over) only hold one


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the dangers come to for each zone (Z rows)."""

    probability: FloatArray
    warn: BoolArray  # a zone not yet warned should be
    hold: BoolArray  # a zone that is warned stays warned
    expected_t_s: FloatArray  # of the soonest harm worth naming; NaN: unknown
    leading: IntArray  # index of the most probable danger, -1: none


def stack(size: int, parts: list[Dangers]) -> Dangers:
    """Dangers of several kinds as one record; `size` is the number of zones."""
    if not parts:
        none, flags = np.empty((0, size)), np.empty((0, size), dtype=np.bool_)
        ids, row = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
        return Dangers(ids, (), row, none, none, flags, row)
    return Dangers(
        np.concatenate([p.track_id for p in parts]),
        tuple(cause for p in parts for cause in p.cause),
        np.concatenate([p.independent for p in parts]),
        np.concatenate([p.probability for p in parts]),
        np.concatenate([p.expected_t_s for p in parts]),
        np.concatenate([p.pressing for p in parts]),
        np.concatenate([p.raising for p in parts]),
    )


def _combined(probability: FloatArray, independent: BoolArray) -> FloatArray:
    """Probability (Z,) that any danger (D, Z) does harm."""
    rounds = 1.0 - np.prod(1.0 - probability[independent], axis=0)
    flyers = np.max(probability[~independent], axis=0, initial=0.0)
    return np.asarray(1.0 - (1.0 - rounds) * (1.0 - flyers))


def judge(settings: WarnSettings, dangers: Dangers) -> Verdict:
    """Which zones to warn and which to keep warned."""
    p = dangers.probability
    size = p.shape[1]
    total = _combined(p, dangers.independent)
    new = p * dangers.raising[:, None]
    early = _combined(new, dangers.independent) >= settings.early_probability
    late = _combined(new * dangers.pressing, dangers.independent) >= settings.raise_probability
    if not len(p):
        nothing = np.zeros(size, dtype=np.bool_)
        return Verdict(total, nothing, nothing.copy(), np.full(size, np.nan), np.full(size, -1))
    named = p >= settings.clear_probability
    soonest = np.min(np.where(named & np.isfinite(dangers.expected_t_s), dangers.expected_t_s, np.inf), axis=0)
    expected = np.where(np.isfinite(soonest), soonest, np.nan)
    leading = np.where(named.any(axis=0), np.argmax(p, axis=0), -1)
    return Verdict(total, early | late, total >= settings.clear_probability, expected, leading)
