"""When, and how probably, something that flies comes to a place.

Earliest arrival: turn toward the place on the tightest circle, then straight at the highest speed: the shortest path of
bounded curvature with free end course (Dubins 1957; Boissonnat, Cerezo, Leblond 1994). Where the place lies inside the
one turning circle it lies outside the other, which is then used.

Probability: one of two stated behaviours. Bound for the place (prior `bound`): its course points there up to the spread
of the measured course. Not bound: courses are uniform and last for an exponential time. Bayes' rule on the angle
between course and bearing weighs the two (destination inference as in Ahmad et al., IEEE Trans. Signal Proc. 64(4),
2016, with one Gaussian likelihood); each behaviour gives its own probability of coming within the radius before the
horizon.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]

__all__ = ["reach_assets", "turn_then_straight_s"]

WANDER_RAD = math.radians(4.0)
"""How far a vehicle that is bound for a place points past it: gusts, path keeping, waypoints near the target."""
LEG_S = 300.0
"""Mean time for which a vehicle that is bound elsewhere keeps its course: the order of minutes of a leg of flight."""
ANY_RAD = math.pi / math.sqrt(3.0)
"""Standard deviation of a course of which nothing is known."""
HURRY = 0.15
"""Spread of the mean speed to come, over the class's highest: what hovers or loiters now may not do so for long."""
CLIMB_MPS = 5.0
"""Spread of the mean vertical rate that an aircraft takes up before it passes: descents of 1,000 ft/min are usual."""


@kernel
def turn_then_straight_s(
    ahead_m: float, aside_m: float, speed_mps: float, turn_mps2: float, top_mps: float, radius_m: float
) -> float:
    """Least time (s) to come within `radius_m` of a place `ahead_m` along the course and `aside_m` to either side of
    it.

    Turns at `speed_mps` with lateral acceleration `turn_mps2`, then flies straight at `top_mps`.
    """
    far = math.hypot(ahead_m, aside_m)
    if far <= radius_m:
        return 0.0
    circle = speed_mps * speed_mps / turn_mps2
    best = math.inf
    for side in (1.0, -1.0):
        x, y = ahead_m, side * abs(aside_m) - circle  # place as seen from the circle's centre
        centre2 = x * x + y * y
        if centre2 < circle * circle:
            continue
        straight = math.sqrt(centre2 - circle * circle)
        turned = math.atan2(x, -y) - math.atan2(straight, circle)
        turned -= 2.0 * math.pi * math.floor(turned / (2.0 * math.pi))
        if turned > 2.0 * math.pi - 1e-9:
            turned = 0.0
        best = min(best, turned * speed_mps / turn_mps2 + max(straight - radius_m, 0.0) / top_mps)
    return best


@kernel
def _normal_cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@kernel
def _within(half_rad: float, offset_rad: float, sigma_rad: float) -> float:
    """Probability that a course, `offset_rad` from a bearing with spread `sigma_rad`, passes within `half_rad` of
    it.
    """
    if sigma_rad >= ANY_RAD:
        return half_rad / math.pi
    return _normal_cdf((half_rad - offset_rad) / sigma_rad) - _normal_cdf((-half_rad - offset_rad) / sigma_rad)


@kernel
def _comes_to(
    far_m: float, offset_rad: float, sigma_rad: float, speed_mps: float, pace_sigma_mps: float,
    radius_m: float, horizon_s: float, bound: float,
) -> float:  # fmt: skip
    """Probability of coming within `radius_m` of a place `far_m` away, `offset_rad` off the course, before the
    horizon.
    """
    if far_m <= radius_m:
        return 1.0
    half = math.asin(radius_m / far_m)
    aim = max(offset_rad - half, 0.0)
    spread2 = sigma_rad * sigma_rad + WANDER_RAD * WANDER_RAD
    toward = math.exp(-0.5 * aim * aim / spread2) / math.sqrt(2.0 * math.pi * spread2)
    if sigma_rad >= ANY_RAD:
        toward = 0.5 / math.pi
    bound_now = bound * toward / (bound * toward + (1.0 - bound) * 0.5 / math.pi)
    needed = (far_m - radius_m) / horizon_s
    in_time = _normal_cdf((speed_mps - needed) / pace_sigma_mps)
    kept = math.exp(-(far_m - radius_m) / (max(speed_mps, 1.0) * LEG_S))
    by_chance = kept * _within(half, offset_rad, sigma_rad) + (1.0 - kept) * half / math.pi
    return in_time * (bound_now + (1.0 - bound_now) * by_chance)


@kernel
def reach_assets(
    horizon_s: float,
    bound: float,
    place_m: FloatArray,
    radius_m: FloatArray,
    state: FloatArray,
    covariance: FloatArray,
    top_mps: FloatArray,
    turn_mps2: FloatArray,
    level_share: FloatArray,
    earliest_out: FloatArray,
    expected_out: FloatArray,
    probability_out: FloatArray,
) -> None:
    """For T tracks and A places: seconds to earliest and expected arrival, and probability of arrival; each (T, A).

    `state` (T, 6), `covariance` (T, 6, 6); `top_mps`, `turn_mps2` (T,) are each track's limits; `level_share` (T,) is
    the probability that it keeps to usual climb rates (an aircraft), where a drone dives at will. Expected is the
    arrival at present speed, turning to the place at once; on course it is when it arrives by flying on as it does. A
    place that the highest speed does not reach within the horizon has infinite times and probability 0.
    """
    for i in range(state.shape[0]):
        ve, vn = state[i, 3], state[i, 4]
        speed = math.hypot(ve, vn) + 1e-9
        ue, un = ve / speed, vn / speed
        c = covariance[i]
        across2 = un * un * c[3, 3] - 2.0 * ue * un * c[3, 4] + ue * ue * c[4, 4]
        along2 = ue * ue * c[3, 3] + 2.0 * ue * un * c[3, 4] + un * un * c[4, 4]
        side2 = un * un * c[0, 0] - 2.0 * ue * un * c[0, 1] + ue * ue * c[1, 1]
        top = max(top_mps[i], speed)
        for j in range(place_m.shape[0]):
            east, north = place_m[j, 0] - state[i, 0], place_m[j, 1] - state[i, 1]
            ahead, aside = east * ue + north * un, north * ue - east * un
            far = math.hypot(east, north)
            pace = max(speed, 1.0)
            if far - radius_m[j] > horizon_s * top:
                earliest_out[i, j] = expected_out[i, j] = math.inf
                probability_out[i, j] = 0.0
                continue
            earliest_out[i, j] = turn_then_straight_s(ahead, aside, speed, turn_mps2[i], top, radius_m[j])
            expected = turn_then_straight_s(ahead, aside, speed, turn_mps2[i], pace, radius_m[j])
            expected_out[i, j] = expected
            offset = abs(math.atan2(aside, ahead))
            sigma = math.sqrt(across2 / (speed * speed) + side2 / max(far * far, 1.0))
            hurry = math.sqrt(max(along2, 0.0) + (HURRY * top) ** 2)
            chance = _comes_to(far, offset, sigma, speed, hurry, radius_m[j], horizon_s, bound)
            if level_share[i] > 0.0:
                rise = place_m[j, 2] - state[i, 2] - state[i, 5] * expected
                lift = math.sqrt(c[2, 2] + (c[5, 5] + CLIMB_MPS * CLIMB_MPS) * expected * expected) + 1.0
                level = _normal_cdf((radius_m[j] - rise) / lift) - _normal_cdf((-radius_m[j] - rise) / lift)
                chance *= 1.0 - level_share[i] * (1.0 - level)
            probability_out[i, j] = chance
