"""The sealed log: what really happened. No stage reads it; `score` and `study` do, after the run."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.world.motion import Impact, Kinematics

__all__ = ["Effect", "ScanOrigin", "TruthLog"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a burst did, and why. Exactly one for each shot whose time of effect has passed."""

    t_s: float
    shot_id: int
    order_id: int
    effector_id: str
    track_id: int
    target_id: str  # "" : nothing true was near the ordered place
    range_m: float  # from the effector to the target at t_s; NaN without a target
    miss_m: float  # offset of the burst's centre across the line of fire; NaN without a target
    round_probability: float  # that one round hits
    burst_probability: float  # that at least one of the burst does
    drawn: float  # uniform number: success where below burst_probability
    success: bool
    cause: str  # "hit", or what decided: "no_target", "already_down", "geometry", "dispersion"


@dataclass(frozen=True, slots=True)
class ScanOrigin:
    """What the rows of one scan came from: a thing's id, or "" for clutter."""

    batch_index: int
    t_s: float
    sensor_index: int
    first_row: int
    origin: tuple[str, ...]


@dataclass(slots=True)
class TruthLog:
    """Grows as the run goes on. `states` holds one Kinematics for each distinct time of a batch, as they arrived."""

    states: list[Kinematics] = field(default_factory=list)
    impacts: list[Impact] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    origins: list[ScanOrigin] = field(default_factory=list)
