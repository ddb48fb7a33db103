"""The verdict: evidence of one origin counted once, the rest added up, 10:1 or undecided."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tocsin.assess.evidence import track_evidence
from tocsin.assess.flights import Flight, flights_of
from tocsin.assess.reading import read_flight
from tocsin.assess.weights import weigh
from tocsin.assess.witnesses import witness_evidence
from tocsin.records.outcomes import OUTCOMES, Assessment, Evidence, Observed
from tocsin.records.plan import Plan

__all__ = ["assess", "posterior", "verdict_of", "witnesses_once"]

HOSTILE_ASSESSED = 0.5
"""A flight that was more probably hostile than not at some time is assessed, besides what was forecast or shot at."""


def assess(plan: Plan, observed: Observed) -> tuple[Assessment, ...]:
    """One Assessment for each flight worth it, in order of track. All outcomes are equally likely beforehand."""
    flights = flights_of(observed)
    threats = [flight for flight in flights if flight.ballistic or flight.shots or flight.hostile >= HOSTILE_ASSESSED]
    readings = [read_flight(plan, observed, flight) for flight in threats]
    reported = witness_evidence(plan, observed, readings)
    assessments = []
    for flight, reading, reports in zip(threats, readings, reported, strict=True):
        evidence = witnesses_once([*track_evidence(plan, observed, reading, flights), *reports])
        assessments.append(_assessment(flight, evidence))
    return tuple(assessments)


def _assessment(flight: Flight, evidence: tuple[Evidence, ...]) -> Assessment:
    probability = posterior(evidence)
    return Assessment(
        track_id=flight.track_ids[-1],
        classification=flight.classification,
        probability=probability,
        verdict=verdict_of(probability),
        evidence=evidence,
        t_s=float(flight.t_s[-1]),
        track_ids=flight.track_ids,
    )


def witnesses_once(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    """Several pieces of one origin are one witness: the strongest counts, the others stay with weight zero."""
    strongest: dict[str, Evidence] = {}
    for piece in evidence:
        known = strongest.get(piece.origin)
        if known is None or _strength(piece) > _strength(known):
            strongest[piece.origin] = piece
    return tuple(
        piece
        if strongest[piece.origin] is piece
        else replace(piece, why=f"{piece.why} (same origin: not counted again)", log_likelihood=(0.0, 0.0, 0.0))
        for piece in sorted(evidence, key=lambda piece: (piece.t_s, piece.kind, piece.origin))
    )


def _strength(piece: Evidence) -> float:
    return max(piece.log_likelihood) - min(piece.log_likelihood)


def posterior(evidence: tuple[Evidence, ...]) -> tuple[float, float, float]:
    """Probabilities of intercepted, impacted, left from equal ones beforehand."""
    total = np.sum([piece.log_likelihood for piece in evidence], axis=0) if evidence else np.zeros(3)
    share = np.exp(total - np.max(total))
    share = share / np.sum(share)
    return float(share[0]), float(share[1]), float(share[2])


def verdict_of(probability: tuple[float, float, float]) -> str:
    """The outcome with odds of at least 10:1 against the other two together, else "undecided"."""
    best = int(np.argmax(probability))
    others = math.fsum(p for i, p in enumerate(probability) if i != best)
    return OUTCOMES[best] if probability[best] >= weigh("verdict_odds") * others else OUTCOMES[3]
