"""The simulated engagement: requests, operators' acts, orders, shots, refusals. Exists in exercises only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EffectorStatus", "EngagementOrder", "EngagementRequest", "OperatorAct", "Refusal", "Shot"]


@dataclass(frozen=True, slots=True)
class EngagementRequest:
    """Engagement asks its operator for consent to engage a track."""

    t_s: float
    request_id: int
    track_id: int
    effector_id: str
    expected_harm: float
    time_left_s: float


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
    """A track was not engaged, by which rule."""

    t_s: float
    track_id: int
    effector_id: str  # "" : no effector at all
    rule: str  # e.g. "rules_hold", "no_consent", "cooperative", "safety_sector", "out_of_range", "magazine_empty"
    why: str


@dataclass(frozen=True, slots=True)
class EffectorStatus:
    """State of an effector after a decision."""

    t_s: float
    effector_id: str
    rounds_left: int
    ready_t_s: float
