"""What comes of a burst: a statistical effector, drawn and written to the sealed log. It aims at nothing.

An order hands over a track; the effector finds the target with its own sensor if the track is near enough. A burst is
n independent rounds, circularly Gaussian about a common centre. The centre is off the target by the tracking error of
that sensor and by what a craft did in the projectiles' flight that its velocity at the time of fire did not tell; both
count across the line of fire only. A round succeeds if it falls on a disc of the vulnerable area: the offset
circular coverage function, the distribution function at (r/σ)² of a chi-square of 2 degrees of freedom and
non-centrality (miss/σ)² (Driels, Weaponeering, 2nd ed., chapter 3; Washburn & Kress, Combat Modeling,
section 2.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chndtr

from tocsin.errors import Misuse
from tocsin.frames import dot, length, level2enu_up
from tocsin.records.arrays import FloatArray
from tocsin.records.engagement import EngagementOrder, Shot
from tocsin.records.scenario import EffectorSpec, Scenario
from tocsin.records.site import Site
from tocsin.world.masking import visible
from tocsin.world.motion import Kinematics
from tocsin.world.streams import Streams
from tocsin.world.truth import Effect

__all__ = ["Bursts", "Pending", "bind", "burst_probability", "miss_distance_m", "round_probability"]

FALLING = ("rocket", "mortar", "debris")


@dataclass(slots=True)
class Pending:
    """A burst on its way: to whom it is bound, and where that was and how it moved when it was fired."""

    shot: Shot
    effector: EffectorSpec
    place_m: FloatArray  # (3,) the effector
    target_id: str  # "": nothing true was within the capture radius
    fired_t_s: float  # middle of the burst
    fired: FloatArray | None = None  # (6,) true state then; None before it, or if it was down by then


class Bursts:
    """All bursts of a run: taken as orders, bound to what they were fired at, drawn when their effect is due."""

    def __init__(self, scenario: Scenario, site: Site, streams: Streams) -> None:
        self._site, self._streams = site, streams
        self._effectors = {effector.id: effector for effector in scenario.engagement.effectors}
        self._reaches_all = "geometry" in scenario.engagement.ideal
        self._always_hits = "dispersion" in scenario.engagement.ideal
        self._ended: set[str] = set()
        self._count = 0

    def take(self, order: EngagementOrder, truth: Kinematics) -> Pending:
        """The burst of an order given at `truth.t_s`. Raises Misuse for an effector that the scenario does not have."""
        if order.effector_id not in self._effectors:
            raise Misuse(f"order {order.order_id} names no effector of the scenario: {order.effector_id!r}")
        self._count += 1
        effector = self._effectors[order.effector_id]
        place_m = _place_m(effector, self._site)
        range_m = math.dist(order.position_m, place_m)
        fire_t_s = truth.t_s if math.isnan(order.fire_t_s) else max(order.fire_t_s, truth.t_s)
        effect_t_s = fire_t_s + 0.5 * effector.burst_s + range_m / effector.projectile_speed_mps
        shot = Shot(fire_t_s, self._count, order.order_id, effector.id, order.track_id, effect_t_s, order.rounds)
        target_id = bind(order, truth, effector.capture_radius_m)
        return Pending(shot, effector, place_m, target_id, fire_t_s + 0.5 * effector.burst_s)

    def fire(self, pending: Pending, truth: Kinematics) -> None:
        """Note what the target does in the middle of the burst: the last that its rounds know of it."""
        pending.fired = _state_of(pending.target_id, truth)

    def effect(self, pending: Pending, truth: Kinematics) -> Effect:
        """Draw what the burst does at `truth.t_s`. The same numbers are drawn whatever the case."""
        rng = self._streams.of(pending.target_id)
        drawn, tracking = float(rng.random()), rng.standard_normal(2)
        state = None if pending.target_id in self._ended else _state_of(pending.target_id, truth)
        range_m = miss_m = math.nan
        single = burst = 0.0
        cause = "no_target" if not pending.target_id else "already_down" if state is None else ""
        if state is not None:
            range_m = math.dist(state[:3], pending.place_m)
            falling = truth.kind[truth.id.index(pending.target_id)] in FALLING
            tracking_m = tracking * pending.effector.tracking_mrad * 1e-3 * range_m
            miss_m = miss_distance_m(pending, state, truth.t_s, falling, tracking_m)
            single = 1.0 if self._always_hits else round_probability(pending.effector, range_m, miss_m)
            burst = burst_probability(single, pending.shot.rounds)
            cause = "dispersion"
            if not self._reaches_all and not self._reaches(pending, state, range_m):
                single, burst, cause = 0.0, 0.0, "geometry"
        success = drawn < burst
        if success:
            self._ended.add(pending.target_id)
        shot = pending.shot
        return Effect(
            truth.t_s,
            shot.shot_id,
            shot.order_id,
            shot.effector_id,
            shot.track_id,
            pending.target_id,
            range_m,
            miss_m,
            single,
            burst,
            drawn,
            success,
            "hit" if success else cause,
        )

    def _reaches(self, pending: Pending, state: FloatArray, range_m: float) -> bool:
        effector = pending.effector
        if not effector.range_min_m <= range_m <= effector.range_max_m:
            return False
        elevation = math.degrees(math.asin(min(1.0, max(-1.0, (state[2] - pending.place_m[2]) / max(range_m, 1e-9)))))
        return elevation <= effector.elevation_max_deg and bool(
            visible(self._site, pending.place_m, state[None, :3])[0]
        )


def bind(order: EngagementOrder, truth: Kinematics, radius_m: float) -> str:
    """Id of the true thing nearest to the ordered place, "" when none is within `radius_m`.

    The place is that of `order.t_s`; the truth, of a moment more or less, is carried there by its velocity.
    """
    if not truth.id:
        return ""
    there = truth.state[:, :3] + truth.state[:, 3:] * (order.t_s - truth.t_s)
    distance = length(np.array(order.position_m) - there)
    nearest = int(np.argmin(distance))
    return truth.id[nearest] if distance[nearest] <= radius_m else ""


def miss_distance_m(pending: Pending, now: FloatArray, t_s: float, falling: bool, tracking_m: FloatArray) -> float:
    """Offset of the burst's centre from the target's true state (6,) at `t_s`, across the line of fire, metres.

    `tracking_m` (2,) is the tracking error along two axes across the line. What falls freely is foreseen over these
    few seconds, drag and all; of a craft only its velocity is, and its turns are not.
    """
    if pending.fired is None:
        return math.inf
    unforeseen = pending.fired[:3] + pending.fired[3:] * (t_s - pending.fired_t_s) - now[:3]
    if falling:
        unforeseen = np.zeros(3)
    line = now[:3] - pending.place_m
    line = line / max(float(length(line)), 1e-9)
    side = np.cross(line, [0.0, 0.0, 1.0] if abs(line[2]) < 0.9 else [1.0, 0.0, 0.0])
    side = side / length(side)
    up = np.cross(side, line)
    return math.hypot(float(dot(unforeseen, side)) + tracking_m[0], float(dot(unforeseen, up)) + tracking_m[1])


def round_probability(effector: EffectorSpec, range_m: float, miss_m: float) -> float:
    """Probability that one round hits. Without an offset it is 1 - exp(-A / (2π σ²))."""
    sigma = max(effector.dispersion_mrad * 1e-3 * range_m, 1e-3)
    if not math.isfinite(miss_m):
        return 0.0
    return float(chndtr(effector.vulnerable_m2 / math.pi / sigma**2, 2.0, (miss_m / sigma) ** 2))


def burst_probability(single: float, rounds: int) -> float:
    """Probability that at least one of `rounds` independent rounds hits."""
    return 1.0 if single >= 1.0 else -math.expm1(rounds * math.log1p(-single))


def _state_of(thing_id: str, truth: Kinematics) -> FloatArray | None:
    return truth.state[truth.id.index(thing_id)].copy() if thing_id in truth.id else None


def _place_m(effector: EffectorSpec, site: Site) -> FloatArray:
    east, north, height = np.array(effector.east_m), np.array(effector.north_m), np.array(effector.height_m)
    return np.array([effector.east_m, effector.north_m, float(level2enu_up(east, north, height, site.radius_m))])
