"""New tracks from detections that nothing tracked explains.

A track is born with a mixture of what it could be, one kind in each model's place: slow and level (turn model), fast
and level (straight model), ballistic. Its existence is the share of new targets in the intensity at the detection.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.measurement import COS_ELEVATION_MIN, FINEST2
from tocsin.kernels.motion import BALLISTIC, HOVER, MODELS, STRAIGHT, THRUST, TURN, FloatArray, IntArray, Motion

__all__ = [
    "Birth",
    "bear_tracks",
    "birth_rate_density",
    "count_standing",
    "join_sources",
    "learn_kinds",
    "reweigh_kinds",
    "reweigh_standing",
]


class Birth(NamedTuple):
    """Spread of velocity at birth, per axis (m/s), and shares of the three kinds; argued in docs/why/tracking.md."""

    slow_share: float = 0.6
    fast_share: float = 0.1
    ballistic_share: float = 0.3
    standing_ballistic_share: float = 0.02  # of what is in the sky when a sensor is first heard
    slow_sigma: float = 28.0
    slow_up_sigma: float = 2.3
    fast_sigma: float = 140.0
    fast_up_sigma: float = 6.0
    ballistic_sigma: float = 220.0
    free_min: float = 0.1  # a detection that is explained better than this by a track begins none


@kernel
def kind_of(birth: Birth, k: int, kind_out: FloatArray) -> None:
    """Share, horizontal and vertical velocity spread of the kind that begins in model k's place, into kind_out (3,)."""
    if k == TURN:
        kind_out[0], kind_out[1], kind_out[2] = birth.slow_share, birth.slow_sigma, birth.slow_up_sigma
    elif k == STRAIGHT:
        kind_out[0], kind_out[1], kind_out[2] = birth.fast_share, birth.fast_sigma, birth.fast_up_sigma
    else:
        kind_out[0], kind_out[1], kind_out[2] = birth.ballistic_share, birth.ballistic_sigma, birth.ballistic_sigma


@kernel
def line_of_sight(sensor: FloatArray, position: FloatArray, u_out: FloatArray) -> None:
    """Unit vector u_out (3,) from the sensor to a place."""
    d0, d1, d2 = position[0] - sensor[0], position[1] - sensor[1], position[2] - sensor[2]
    r = max(math.sqrt(d0 * d0 + d1 * d1 + d2 * d2), 1e-3)
    u_out[0], u_out[1], u_out[2] = d0 / r, d1 / r, d2 / r


@kernel
def birth_rate_density(
    birth: Birth, sensor: FloatArray, position: FloatArray, z: FloatArray, sigma: FloatArray, density_out: FloatArray
) -> None:
    """Density of each detection's range rate if it were a new target (per m/s; 1 where not measured), (m,)."""
    u, kind = np.empty(3), np.empty(3)
    for j in range(position.shape[0]):
        density_out[j] = 1.0
        if math.isnan(z[j, 3]) or math.isnan(position[j, 0]):
            continue
        line_of_sight(sensor, position[j], u)
        density_out[j] = 0.0
        for k in range(3):
            kind_of(birth, k, kind)
            s = kind[1] ** 2 * (1.0 - u[2] * u[2]) + kind[2] ** 2 * u[2] * u[2] + sigma[j, 3] ** 2
            density_out[j] += kind[0] * math.exp(-0.5 * z[j, 3] ** 2 / s) / math.sqrt(2.0 * math.pi * s)


@kernel
def join_sources(
    ratio: float,
    loose: float,
    reach: float,
    kind: IntArray,
    density: FloatArray,
    rate_density: FloatArray,
    new_rate: FloatArray,
    intensity_out: FloatArray,
    share_out: FloatArray,
) -> None:
    """Intensity of clutter and new targets at each of m detections, and the share of new targets in it, (m,) each.

    `ratio`: new targets for each clutter detection where range rates say nothing; density, rate_density: of clutter;
    new_rate: range-rate density of new targets. A detection without a place (kind 1 no range, 2 no elevation, 3
    neither) begins no track: `loose` of them a scan are spread over the sphere, the ground within `reach`, the circle.
    """
    for j in range(kind.shape[0]):
        place, fresh = density[j], ratio * new_rate[j]
        if kind[j] != 0:
            fresh = 0.0
            spread = 2.0 * math.pi
            if kind[j] < 3:
                spread = 4.0 * math.pi if kind[j] == 1 else math.pi * reach * reach
            place = loose / spread
        intensity_out[j] = place * (rate_density[j] + fresh)
        share_out[j] = fresh / (rate_density[j] + fresh)


@kernel
def place_covariance(
    rotation: FloatArray, z: FloatArray, sigma: FloatArray, u: FloatArray, work_io: FloatArray, p_out: FloatArray
) -> None:
    """Covariance p_out (3, 3) of a detection's place from its polar noise, site axes; work_io (2, 3) is scratch."""
    ce, sa, ca = math.cos(z[2]), math.sin(z[1]), math.cos(z[1])
    cross, up = work_io[0], work_io[1]
    for i in range(3):
        cross[i] = rotation[i, 0] * ca - rotation[i, 1] * sa
    up[0] = cross[1] * u[2] - cross[2] * u[1]
    up[1] = cross[2] * u[0] - cross[0] * u[2]
    up[2] = cross[0] * u[1] - cross[1] * u[0]
    vr = max(sigma[0] ** 2, FINEST2)
    va = max((z[0] * max(ce, COS_ELEVATION_MIN) * sigma[1]) ** 2, FINEST2)
    ve = max((z[0] * sigma[2]) ** 2, FINEST2)
    for i in range(3):
        for j in range(i + 1):
            p_out[i, j] = vr * u[i] * u[j] + va * cross[i] * cross[j] + ve * up[i] * up[j]
            p_out[j, i] = p_out[i, j]


@kernel
def bear_model(
    motion: Motion,
    birth: Birth,
    k: int,
    z: FloatArray,
    sigma: FloatArray,
    position: FloatArray,
    u: FloatArray,
    place: FloatArray,
    work_io: FloatArray,
    x_out: FloatArray,
    p_out: FloatArray,
) -> float:
    """State of model k at birth, x_out (7,), p_out (7, 7), range rate used; returns the log of its posterior share.

    work_io (2, 3) is scratch.
    """
    kind, pv = work_io[0], work_io[1]
    kind_of(birth, k, kind)
    x_out[:] = 0.0
    p_out[:, :] = 0.0
    for i in range(3):
        x_out[i] = position[i]
        for j in range(3):
            p_out[i, j] = place[i, j]
        p_out[3 + i, 3 + i] = kind[1] ** 2 if i < 2 else kind[2] ** 2
    p_out[6, 6] = motion.drag_sigma**2 if k == BALLISTIC else motion.turn_sigma**2
    x_out[6] = motion.drag_mean if k == BALLISTIC else 0.0
    if math.isnan(z[3]):
        return math.log(kind[0])
    s = max(sigma[3] ** 2, FINEST2)
    for i in range(3):
        pv[i] = p_out[3 + i, 3 + i] * u[i]
        s += pv[i] * u[i]
    for i in range(3):
        x_out[3 + i] = pv[i] * z[3] / s
        for j in range(3):
            p_out[3 + i, 3 + j] -= pv[i] * pv[j] / s
    return float(math.log(kind[0]) - 0.5 * (z[3] * z[3] / s + math.log(s)))


@kernel
def bear_tracks(
    motion: Motion,
    birth: Birth,
    n: int,
    sensor: FloatArray,
    rotation: FloatArray,
    position: FloatArray,
    z: FloatArray,
    sigma: FloatArray,
    free: FloatArray,
    share: FloatArray,
    mu_io: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
    r_io: FloatArray,
    source_out: IntArray,
) -> int:
    """Begin a track at each placed detection that is free, behind the n that exist; returns the new number of tracks.

    share (m,): part of new targets in the intensity; source_out (m,): detection of each new track. A newborn's
    existence is free * share.
    """
    u, place, log_share, work = np.empty(3), np.zeros((3, 3)), np.empty(3), np.empty((2, 3))
    count = n
    for j in range(position.shape[0]):
        if free[j] < birth.free_min or math.isnan(position[j, 0] + position[j, 1] + position[j, 2]):
            continue
        line_of_sight(sensor, position[j], u)
        place_covariance(rotation, z[j], sigma[j], u, work, place)
        for k in range(3):
            log_share[k] = bear_model(
                motion, birth, k, z[j], sigma[j], position[j], u, place, work, x_io[count, k], p_io[count, k]
            )
        top = max(log_share[0], max(log_share[1], log_share[2]))
        total = 0.0
        for k in range(3):
            mu_io[count, k] = math.exp(log_share[k] - top) if log_share[k] > top - 7.0 else 0.0
            total += mu_io[count, k]
        for k in range(3):
            mu_io[count, k] /= total
        mu_io[count, HOVER] = mu_io[count, THRUST] = 0.0
        r_io[count] = free[j] * share[j]
        source_out[count - n] = j
        count += 1
    return count


@kernel
def learn_kinds(
    n: int, row: IntArray, hits: IntArray, mu: FloatArray, r: FloatArray, sure: float, kinds_io: FloatArray
) -> None:
    """Count slow and fast ones, kinds_io (2,), among the n tracks whose second detection has just come.

    Until then models stand for kinds. Those that may not be there (existence below `sure`) say nothing.
    """
    for i in range(n):
        if row[i] >= 0 and hits[i] == 2 and r[i] > sure:
            kinds_io[0] += r[i] * mu[i, TURN]
            kinds_io[1] += r[i] * mu[i, STRAIGHT]


@kernel
def reweigh_kinds(n: int, slow: float, fast: float, hits: IntArray, mu_io: FloatArray, r_io: FloatArray) -> None:
    """Bayes' rule for tracks of at most two detections when the prior odds of slow and fast kinds change by factors."""
    for i in range(n):
        if hits[i] > 2:
            continue
        mu_io[i, TURN] *= slow
        mu_io[i, STRAIGHT] *= fast
        total = 0.0
        for k in range(MODELS):
            total += mu_io[i, k]
        for k in range(MODELS):
            mu_io[i, k] /= total
        r_io[i] = r_io[i] * total / (1.0 - r_io[i] + r_io[i] * total)


@kernel
def count_standing(
    first_t: float,
    start: IntArray,
    marginal: FloatArray,
    miss: FloatArray,
    pm: FloatArray,
    born: FloatArray,
    r: FloatArray,
) -> float:
    """How many of n tracks that began at first_t exist, expected after a scan with these marginals (pairs, and n)."""
    total = 0.0
    for i in range(start.shape[0] - 1):
        if born[i] == first_t:
            total += miss[i] * r[i] * (1.0 - pm[i]) / (1.0 - r[i] * pm[i])
            for q in range(start[i], start[i + 1]):
                total += marginal[q]
    return total


@kernel
def reweigh_standing(
    factor: float,
    first_t: float,
    start: IntArray,
    pm: FloatArray,
    born: FloatArray,
    r_io: FloatArray,
    first_io: FloatArray,
    density_io: FloatArray,
) -> None:
    """Bayes' rule for tracks that began at first_t when the prior odds of their existence change by a factor.

    r_io (n,): existence; first_io (n,): at birth; density_io (pairs,): see `pair_weights`, of which it is a part.
    """
    for i in range(start.shape[0] - 1):
        if born[i] == first_t:
            before = r_io[i] / (1.0 - r_io[i] * pm[i])
            r_io[i] = factor * r_io[i] / (1.0 - r_io[i] + factor * r_io[i])
            first_io[i] = factor * first_io[i] / (1.0 - first_io[i] + factor * first_io[i])
            after = r_io[i] / (1.0 - r_io[i] * pm[i])
            for q in range(start[i], start[i + 1]):
                density_io[q] *= after / before if before > 0.0 else 1.0
