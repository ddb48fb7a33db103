"""From class and claims to the risk that is shown beside every track, and which tracks are dismissed by which rule."""

from __future__ import annotations

import numpy as np

from tocsin.frames import dot
from tocsin.identify.claims import Bindings
from tocsin.identify.classes import RESIDUAL_RISK, hostile_prior
from tocsin.identify.memory import Memory
from tocsin.kernels.identity import stand
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.identities import CLASSES, Dismissal

__all__ = ["dismissals", "hostile_probability", "ignored"]

HOSTILE_WHEN_FALSE = 0.8  # who broadcasts a position that the radar refutes is faulty, or hides: four to one, hides
FOLLOWER_LOGIT = 1.0  # an unclaimed track at a friendly's side: e times the odds (Tower 22: it came in behind one)
RESIDUAL_LOOKALIKE = 0.1  # the sender itself, while another can be taken for it: the two may have been swapped
SIGHTING_LOGIT = 1.5  # a person says that something threatening flies here: 4.5 times the odds, whatever it looks like
MIN_HOSTILE = 1e-3  # nothing is ever shown as free of risk
REOPEN_FACTOR = 2.0  # a dismissed track comes back above this multiple of the threshold
QUIET_S = (
    10.0  # speed, course and climb of one flight are alike for about this long: one look more that is not the same
)
MIN_SCANS = 5  # no dismissal on fewer detections
HOSTILE_PRIOR = hostile_prior()
NO_ROWS = np.empty(0, dtype=np.int64)


def _raised(probability: FloatArray, logit: FloatArray) -> FloatArray:
    odds = probability / (1.0 - probability) * np.exp(logit)
    return np.asarray(odds / (1.0 + odds))


def hostile_probability(classes: FloatArray, bindings: Bindings, sightings: FloatArray | None) -> FloatArray:
    """Probability (T,) of intent to harm, from class (T, C), claims and the weight of sightings (T,) in whole reports.

    A mixture over "sends a true claim", "sends a false one" and "sends none", so that half-supported claims give half
    the credit.
    """
    hostile = dot(classes, HOSTILE_PRIOR)
    if bindings.heard:
        claimed = np.flatnonzero(bindings.bound | bindings.lookalike)
        hostile[claimed] = _claimed(classes[claimed], hostile[claimed], bindings, claimed)
    if sightings is not None:
        held = np.clip(hostile, MIN_HOSTILE, 1 - 1e-6)
        hostile = np.where(sightings > 0.0, _raised(held, SIGHTING_LOGIT * sightings), hostile)
    return np.maximum(hostile, MIN_HOSTILE, out=hostile)


def _claimed(classes: FloatArray, base: FloatArray, bindings: Bindings, rows: IntArray) -> FloatArray:
    """The risk (R,) of those rows on which a claim bears, from that of their class."""
    bound, lookalike = bindings.bound[rows], bindings.lookalike[rows]
    residual = np.array([RESIDUAL_RISK[bindings.claim[r].kind] if r in bindings.claim else 1.0 for r in rows.tolist()])
    residual = np.where(lookalike, np.maximum(residual, RESIDUAL_LOOKALIKE), residual)
    base = np.where(lookalike & ~bound, _raised(base, np.full(base.shape, FOLLOWER_LOGIT)), base)
    true, false = bindings.true_share[rows], bindings.false_share[rows]
    mixed = true * residual + false * np.maximum(base, HOSTILE_WHEN_FALSE) + (1.0 - true - false) * base
    # A round in flight is not made friendly by a broadcast that happens to be near it.
    mixed = np.where(bound, np.maximum(mixed, classes[:, :2].sum(axis=1) * base), mixed)
    return np.asarray(np.clip(mixed, MIN_HOSTILE, 1 - 1e-6))


def ignored(
    memory: Memory,
    slot: IntArray,
    hostile: FloatArray,
    threshold: float,
    bindings: Bindings,
    sightings: FloatArray | None,
) -> IntArray:
    """Rows whose standing changes now, ignored or taken up again; the memory is brought up to date.

    Into dismissal the way is slow, out of it quick: a track must stay below the threshold for QUIET_S without a break,
    over at least MIN_SCANS detections, and is taken up again at once when its risk passes REOPEN_FACTOR times it. Each
    reopening doubles the quiet that is asked for, so that a track at the border changes at most about
    2 log2(T / QUIET_S) times in T seconds. Never one that a person has reported, nor one that another may stand for.
    """
    barred = bindings.lookalike if sightings is None else bindings.lookalike | (sightings > 0.05)
    changed = np.empty(slot.size, dtype=np.bool_)
    count = stand(
        threshold,
        REOPEN_FACTOR,
        QUIET_S,
        float(MIN_SCANS),
        slot,
        hostile,
        barred,
        memory.summary,
        memory.quiet_to_s,
        memory.quiet_s,
        memory.reopened,
        memory.dismissed,
        changed,
    )
    return np.flatnonzero(changed) if count else NO_ROWS


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
    changed: IntArray,
    memory: Memory,
    slot: IntArray,
) -> tuple[Dismissal, ...]:
    """One record for each of the `changed` rows: dismissed by a rule, or "reopened"."""
    records: list[Dismissal] = []
    for row in changed.tolist():
        rule, reason = _rule(classes[row], row, bindings)
        risk = float(hostile[row])
        if memory.dismissed[slot[row]]:
            why = f"Track {track_id[row]} {reason}; the risk that it is hostile is {risk:.3f}."
        else:
            rule = "reopened"
            cause = "another track can be taken for it" if bindings.lookalike[row] else "its risk has risen"
            why = f"Track {track_id[row]} is no longer ignored: {cause} ({risk:.3f})."
        records.append(Dismissal(t_s, "track", int(track_id[row]), rule, risk, why))
    return tuple(records)
