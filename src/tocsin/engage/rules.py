"""Rules of engagement: what a track is taken for, and what that forbids.

| rules | engages | consent |
| --- | --- | --- |
| hold | nothing | - |
| tight | what is identified as hostile | of the operator, for each track |
| free | what is identified as hostile or unknown | not needed |

Under every rule: never a track to which a cooperative source is bound, never one that is more probably a crewed
aircraft than not, never one that cannot be told from a cooperative track.
"""

from __future__ import annotations

import numpy as np

from tocsin.records.arrays import BoolArray
from tocsin.records.identities import CLASSES, IdentityTable

__all__ = ["candidates", "consent_needed", "declared_hostile", "friends", "identity_fault", "is_cooperative"]

HOSTILE_IDENTIFIED = 0.8
"""Tight: hostile with at least this probability, shown intent counted. One in five so identified would be wrong at the
threshold itself, and the operator stands behind it; 0.95 would refuse most small drones until the last seconds."""

BOUND_RATIO = 10.0
"""Shown intent: what is hostile makes for something worth striking; of harmless flyers that come near a site one in ten
is assumed to. Identity alone leaves a silent drone at about even odds, as it should."""

HOSTILE_UNKNOWN = 0.2
"""Below this a track is taken for neutral and is not engaged even under free rules; between it and the one above it is
unknown. It is also what makes a track a candidate, whose refusal is journalled."""

CLAIM_REFUTED = 0.01
"""A bound claim protects its track unless the radar contradicts it at 99:1: a false claim must not be a cloak, but a
clumsy receiver must not cost a friend."""

AIRCRAFT_PROBABLE = 0.5
"""A crewed aircraft needs no claim to be spared: more probable than not is enough."""

LOOKALIKE_SURE = 0.95
"""A track that competes for a cooperative claim is engaged only when it is hostile at 19:1 (the Tower 22 lesson, from
the other side: the friendly that returns beside a hostile one)."""

_AIRCRAFT = CLASSES.index("aircraft")


def is_cooperative(identities: IdentityTable) -> BoolArray:
    """Tracks (T,) that a cooperative source claims and the radar does not clearly contradict."""
    bound = np.array([bool(name) for name in identities.cooperative_id], dtype=np.bool_)
    return np.asarray(bound & ~(identities.claim_consistent < CLAIM_REFUTED))


def friends(identities: IdentityTable) -> BoolArray:
    """Tracks (T,) that must not be endangered: cooperative ones and probable crewed aircraft."""
    return np.asarray(is_cooperative(identities) | (identities.probability[:, _AIRCRAFT] >= AIRCRAFT_PROBABLE))


def candidates(identities: IdentityTable, threatening: BoolArray) -> BoolArray:
    """Tracks (T,) whose non-engagement must be explained: perhaps hostile, or forecast to do harm."""
    return np.asarray((identities.hostile >= HOSTILE_UNKNOWN) | threatening)


def declared_hostile(hostile: float, bound: float) -> float:
    """Probability of hostile intent after what was shown: `bound` is the probability that it makes for an asset."""
    odds = hostile / max(1.0 - hostile, 1e-12) * (1.0 + (BOUND_RATIO - 1.0) * bound)
    return odds / (1.0 + odds)


def identity_fault(rules: str, identities: IdentityTable, row: int, cooperative: bool, bound: float) -> str:
    """The rule that forbids to engage the track in `row` for what it is and does, "" for none."""
    if rules == "hold":
        return "rules_hold"
    if cooperative:
        return "cooperative"
    hostile = float(identities.hostile[row])
    if bool(identities.lookalike[row]) and hostile < LOOKALIKE_SURE:
        return "lookalike"
    if float(identities.probability[row, _AIRCRAFT]) >= AIRCRAFT_PROBABLE:
        return "probable_aircraft"
    identified = declared_hostile(hostile, bound) >= HOSTILE_IDENTIFIED
    return "" if identified or (rules == "free" and hostile >= HOSTILE_UNKNOWN) else "not_hostile"


def consent_needed(rules: str, ideal: tuple[str, ...]) -> bool:
    """Whether an operator must agree before a track is engaged."""
    return rules == "tight" and "consent" not in ideal
