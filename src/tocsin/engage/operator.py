"""The operator: a person who consents late, refuses, or does not answer. Statistical, drawn from a given generator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tocsin.records.engagement import EngagementRequest, OperatorAct
from tocsin.records.scenario import OperatorSpec

__all__ = ["OperatorState", "due", "hear"]


@dataclass(frozen=True, slots=True)
class OperatorState:
    """Acts that were decided and are not yet due, in order of time, then of request."""

    pending: tuple[OperatorAct, ...] = ()


def hear(
    spec: OperatorSpec, state: OperatorState, requests: tuple[EngagementRequest, ...], rng: np.random.Generator
) -> OperatorState:
    """Decide each request in its order. Three numbers are drawn for each whatever the answer, so that the n-th
    request meets the same draws in a run in which something else was changed.

    The delay is lognormal about its median, the usual model of the time to respond in human reliability analysis
    (Swain, NUREG/CR-4772, 1987).
    """
    decided = list(state.pending)
    for request in requests:
        present, consents, delay = rng.random(), rng.random(), rng.standard_normal()
        if present < spec.absent_probability:
            continue
        wait_s = spec.delay_median_s * math.exp(spec.delay_sigma * float(delay))
        act = "consent" if consents < spec.consent_probability else "refuse"
        decided.append(OperatorAct(request.t_s + wait_s, request.request_id, act, f"answered after {wait_s:.1f} s"))
    return OperatorState(tuple(sorted(decided, key=lambda act: (act.t_s, act.request_id))))


def due(state: OperatorState, t_s: float) -> tuple[OperatorState, tuple[OperatorAct, ...]]:
    """The acts that have happened by `t_s`, and the state without them."""
    acts = tuple(act for act in state.pending if act.t_s <= t_s)
    return OperatorState(state.pending[len(acts) :]), acts
