"""From class and claims to the risk that is shown beside every track, and which tracks are dismissed by which rule."""

from __future__ import annotations

import numpy as np

from tocsin.identify.claims import Bindings
from tocsin.identify.classes import RESIDUAL_RISK, hostile_prior
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.identities import CLASSES, Dismissal

__all__ = ["dismissals", "dismissible", "hostile_probability"]

HOSTILE_WHEN_FALSE = 0.8  # who broadcasts a position that the radar refutes is faulty, or hides: four to one, hides
FOLLOWER_LOGIT = 1.0  # an unclaimed track at a friendly's side: e times the odds (Tower 22: it came in behind one)
RESIDUAL_LOOKALIKE = 0.1  # the sender itself, while another can be taken for it: the two may have been swapped
SIGHTING_LOGIT = 1.5  # a person says that something threatening flies here: 4.5 times the odds, whatever it looks like
MIN_HOSTILE = 1e-3  # nothing is ever shown as free of risk
REOPEN_FACTOR = 2.0  # hysteresis: a dismissed track comes back above this multiple of the threshold
MIN_SCANS = 5  # no dismissal on fewer detections


def _raised(probability: FloatArray, logit: FloatArray) -> FloatArray:
    odds = probability / (1.0 - probability) * np.exp(logit)
    return np.asarray(odds / (1.0 + odds))


def hostile_probability(classes: FloatArray, bindings: Bindings, sightings: FloatArray) -> FloatArray:
    """Probability (T,) of intent to harm, from class (T, C), claims and the weight of sightings (T,) in whole reports.

    A mixture over "sends a true claim", "sends a false one" and "sends none", so that half-supported claims give half
    the credit.
    """
    base = classes @ hostile_prior()
    bound, residual = bindings.bound, np.ones(base.shape)
    for row, claim in bindings.claim.items():
        residual[row] = RESIDUAL_RISK[claim.kind]
    residual = np.where(bindings.lookalike, np.maximum(residual, RESIDUAL_LOOKALIKE), residual)
    base = np.where(bindings.lookalike & ~bound, _raised(base, np.full(base.shape, FOLLOWER_LOGIT)), base)
    true, false = bindings.true_share, bindings.false_share
    mixed = true * residual + false * np.maximum(base, HOSTILE_WHEN_FALSE) + (1.0 - true - false) * base
    # A round in flight is not made friendly by a broadcast that happens to be near it.
    mixed = np.where(bound, np.maximum(mixed, classes[:, :2].sum(axis=1) * base), mixed)
    return np.clip(_raised(np.clip(mixed, MIN_HOSTILE, 1 - 1e-6), SIGHTING_LOGIT * sightings), MIN_HOSTILE, 1.0)


def dismissible(
    hostile: FloatArray, threshold: float, was: BoolArray, bindings: Bindings, sighted: BoolArray, scans: FloatArray
) -> BoolArray:
    """Tracks (T,) that may be ignored. Never one that a person has reported, nor one that another may stand in for."""
    limit = np.where(was, REOPEN_FACTOR * threshold, threshold)
    return (hostile < limit) & ~bindings.lookalike & ~sighted & (scans >= MIN_SCANS)


def _rule(probability: FloatArray, row: int, bindings: Bindings) -> tuple[str, str]:
    claim = bindings.claim.get(row)
    best = int(np.argmax(probability))
    if claim is not None and bindings.true_share[row] >= 0.5:
        return f"friendly_{claim.kind}", f"the radar supports its broadcast as {claim.id}"
    return f"low_risk_{CLASSES[best]}" if best != 4 else "bird", f"moves and reflects like a {CLASSES[best]}"


def dismissals(
    t_s: float,
    track_id: IntArray,
    classes: FloatArray,
    hostile: FloatArray,
    bindings: Bindings,
    was: BoolArray,
    now: BoolArray,
) -> tuple[Dismissal, ...]:
    """One record for each track whose standing changed: dismissed by a rule, or "reopened"."""
    records: list[Dismissal] = []
    for row in np.flatnonzero(was != now):
        rule, reason = _rule(classes[row], int(row), bindings)
        risk = float(hostile[row])
        if now[row]:
            why = f"Track {track_id[row]} {reason}; the risk that it is hostile is {risk:.3f}."
        else:
            rule = "reopened"
            cause = "another track can be taken for it" if bindings.lookalike[row] else "its risk has risen"
            why = f"Track {track_id[row]} is no longer ignored: {cause} ({risk:.3f})."
        records.append(Dismissal(t_s, "track", int(track_id[row]), rule, risk, why))
    return tuple(records)
