"""The simulated engagement: requests, operators' acts, orders, shots, refusals. Exists in exercises only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "REFUSAL_RULES",
    "EffectorStatus",
    "Engaged",
    "EngagementOrder",
    "EngagementRequest",
    "OperatorAct",
    "Refusal",
    "Shot",
]

REFUSAL_RULES = {
    "rules_hold": "the rules of engagement are hold",
    "cooperative": "a cooperative source that the radar does not contradict is bound to the track",
    "lookalike": "it cannot be told from a track that a cooperative source claims",
    "probable_aircraft": "it is more probably a crewed aircraft than not",
    "not_hostile": "it is not identified as hostile as surely as the rules ask",
    "no_harm": "the harm that it is expected to do is below the threshold",
    "no_effector": "the site has no effector",
    "magazine_empty": "no effector has rounds left",
    "no_consent": "the operator has not consented yet",
    "refused": "the operator refused",
    "too_late": "it would be over before a burst could arrive",
    "out_of_range": "no effector reaches it now",
    "safety_sector": "a safety sector lies in the line of fire",
    "friendly_near_line": "a cooperative or crewed aircraft is near the line of fire",
    "magazine_kept": "the rounds left are kept for a shorter range",
    "effectors_busy": "every effector that reaches it is engaged elsewhere",
}
"""Rules by which a candidate is not engaged, in the order in which they are looked at."""


@dataclass(frozen=True, slots=True)
class EngagementRequest:
    """Engagement asks its operator for consent to engage a track."""

    t_s: float
    request_id: int
    track_id: int
    effector_id: str
    expected_harm: float  # persons; an asset counts as a stated number of them
    time_left_s: float  # until the harm, NaN: unknown


@dataclass(frozen=True, slots=True)
class OperatorAct:
    """What an operator did. An input of the exercise, journalled; it changes nothing that the pipeline computes."""

    t_s: float
    request_id: int
    act: str  # "consent", "refuse"
    why: str


@dataclass(frozen=True, slots=True)
class EngagementOrder:
    """An effector is assigned to a track. It names a track, not a direction: the world draws what comes of it."""

    t_s: float
    order_id: int
    effector_id: str
    track_id: int
    position_m: tuple[float, float, float]  # the track's position, by which the world finds what was engaged
    rounds: int
    fire_t_s: float = float("nan")  # earliest start of the burst: slewing and reaction are counted


@dataclass(frozen=True, slots=True)
class Shot:
    """A burst left an effector; what the site's own log would show. Its outcome is in the world's sealed log only."""

    t_s: float
    shot_id: int
    order_id: int
    effector_id: str
    track_id: int
    t_effect_s: float  # when it would reach the target
    rounds: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A candidate track was not engaged, by which rule. Written when the rule changes, not at every scan."""

    t_s: float
    track_id: int
    effector_id: str  # "" : no effector at all
    rule: str  # of REFUSAL_RULES
    why: str


@dataclass(frozen=True, slots=True)
class EffectorStatus:
    """State of an effector after a decision."""

    t_s: float
    effector_id: str
    rounds_left: int
    ready_t_s: float


@dataclass(frozen=True, slots=True)
class Engaged:
    """What the engagement gives for one batch; `statuses` are those of effectors that changed."""

    orders: tuple[EngagementOrder, ...] = ()
    requests: tuple[EngagementRequest, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    statuses: tuple[EffectorStatus, ...] = ()
