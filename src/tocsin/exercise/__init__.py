"""The exercise: a session in closed loop with a simulated world and a simulated engagement.

takes:   a Plan, a Scenario, a World (anything that gives batches and takes orders) and a seed for the operator
gives:   one Step for each batch, as it happens: what arrived, what came of it, who acted, what was ordered and shot
assumes: the world's batches come in order of arrival and its end is a None
fails:   as the pipeline does, never on content
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tocsin import engage
from tocsin.frames import level2enu_up
from tocsin.records.detections import Batch
from tocsin.records.engagement import Engaged, EngagementOrder, OperatorAct, Shot
from tocsin.records.events import Events
from tocsin.records.outcomes import ImpactWitness
from tocsin.records.plan import Plan
from tocsin.records.scenario import ReceiverSpec, Scenario
from tocsin.records.site import Site
from tocsin.session import Clock, Session

__all__ = ["Step", "World", "impact_witnesses", "run"]

_OPERATOR_STREAM = 0x0E
"""Key of the operator's own random stream, so that no draw of the world moves the operator's."""


class World(Protocol):
    """What the exercise needs of a world."""

    def next_batch(self) -> Batch | None:
        """The next batch in order of arrival, None when the exercise is over."""

    def engage(self, orders: tuple[EngagementOrder, ...]) -> tuple[Shot, ...]:
        """Take orders and give the shots that they lead to; what comes of them is drawn and kept by the world."""


@dataclass(frozen=True, slots=True)
class Step:
    """One batch of an exercise. `acts` are those that fell due before the engagement decided on this batch."""

    batch: Batch
    events: Events
    acts: tuple[OperatorAct, ...]
    engaged: Engaged
    shots: tuple[Shot, ...]


def no_mark(stage: str) -> None:
    """Mark nothing."""


class _Marked(Clock):
    """A clock that hears of the stages only."""

    def __init__(self, mark: Callable[[str], None]) -> None:
        self._mark = mark

    def mark(self, stage: str) -> None:
        """After a stage."""
        self._mark(stage)


def run(
    plan: Plan,
    scenario: Scenario,
    world: World,
    seed: int,
    mark: Callable[[str], None] = no_mark,
    session: Session | None = None,
) -> Iterator[Step]:
    """Run an exercise to the world's end. `mark` is called with a stage's name when that stage has ended.

    The engagement acts on what the pipeline knew when the batch arrived; nothing that it does reaches the pipeline but
    through what the sensors then see. `session` journals what is done and shows it to its sinks; None: one without
    either.
    """
    engagement, site = scenario.engagement, plan.site
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_OPERATOR_STREAM,)))
    engaging, operator = engage.start(engagement, site), engage.OperatorState()
    session = Session(plan, clock=_Marked(mark)) if session is None else session
    while (arrived := world.next_batch()) is not None:
        batch, events = session.take(arrived)
        operator, acts = engage.due(operator, batch.t_arrival_s)
        engaging, engaged = engage.advance(engagement, site, engaging, events, acts, batch.t_arrival_s)
        mark("engage")
        operator = engage.hear(engagement.operator, operator, engaged.requests, rng)
        shots = world.engage(engaged.orders) if engaged.orders else ()
        mark("world")
        some = engaged.orders or engaged.requests or engaged.refusals or engaged.statuses
        for record in (*acts, *((engaged,) if some else ()), *shots):
            session.note(record)
        yield Step(batch, events, acts, engaged, shots)


def impact_witnesses(scenario: Scenario, site: Site) -> tuple[ImpactWitness, ...]:
    """The scenario's impact sensors as an assessor may know them: where they hear, and how surely."""
    return tuple(
        ImpactWitness(
            source=receiver.id,
            position_m=(receiver.east_m, receiver.north_m, _up_m(receiver, site)),
            max_range_m=receiver.max_range_m,
            probability=receiver.probability,
            debris_probability=receiver.debris_probability,
        )
        for receiver in scenario.receivers
        if receiver.kind == "impact"
    )


def _up_m(receiver: ReceiverSpec, site: Site) -> float:
    place = (np.asarray(receiver.east_m), np.asarray(receiver.north_m), np.asarray(receiver.height_m))
    return float(level2enu_up(*place, site.radius_m))
