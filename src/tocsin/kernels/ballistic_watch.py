"""One scan for all watched ballistic candidates: take each one's detection, refit or filter, and fly to the ground.

A watched track keeps its first detections (at most `capacity`, the length of its memory) and is fitted to all of them
anew at the counts where `refit` is true; between those and afterwards it is filtered.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.kernels.ballistic_fit import absorb, first_guess, fit, innovate, predict
from tocsin.kernels.ballistics import fly_to_ground, impact_covariance
from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = ["Known", "Watched", "forecast_impacts", "recover", "remember", "take_detections"]

N = 11
"""Length of a ballistic state."""
LEAST = 3
"""Detections before the first fit: two fix a straight line exactly and leave nothing to doubt it by."""
MISFIT = 2.5
"""Squared residual a component above which a fit is not believed: with 4 detections (12 components, 6 of them spent)
true ones average 0.5 and pass this less than once in 10,000; a motor still burning gives tens."""
LONGEST_S = 2.0
"""Longest integration step: with the step rule of `kernels.ballistics` the impact is within 0.1 m of the exact one."""


@kernel
def _gate(components: int) -> float:
    """Squared innovation that one true detection in about 100,000 passes: chi-square with 1 to 4 components."""
    return 15.0 + 3.6 * components


class Known(NamedTuple):
    """What does not depend on the track: the Earth, the prior, when to refit, where each sensor stands."""

    earth: FloatArray  # (5,) as in kernels.ballistics
    prior: FloatArray  # (11,)
    prior_sigma: FloatArray  # (11,)
    drift: FloatArray  # (11,) variance added per second to each entry of a filtered state
    refit: BoolArray  # (capacity + 1,) by number of detections in memory
    places: FloatArray  # (S, 3)
    rotations: FloatArray  # (S, 3, 3)


class Watched(NamedTuple):
    """K slots: the posterior of each watched track and its first detections."""

    track_id: IntArray  # (K,) 0: free
    fitted: BoolArray  # (K,) has a posterior
    t_s: FloatArray  # (K,) time of the posterior
    x: FloatArray  # (K, 11)
    p: FloatArray  # (K, 11, 11)
    taken: IntArray  # (K,) detections in the posterior
    strikes: IntArray  # (K,) detections outside the gate in a row
    held: IntArray  # (K,) detections in the memory
    memory_t_s: FloatArray  # (K, capacity)
    memory_z: FloatArray  # (K, capacity, 4)
    memory_sigma: FloatArray  # (K, capacity, 4)
    memory_sensor: IntArray  # (K, capacity)


@kernel
def _forget_older_half(k: int, watched_io: Watched) -> None:
    """Keep the newer half of a memory: the older may hold a burning motor or another's detections."""
    gone = watched_io.held[k] // 2
    for j in range(watched_io.held[k] - gone):
        watched_io.memory_t_s[k, j] = watched_io.memory_t_s[k, j + gone]
        watched_io.memory_sensor[k, j] = watched_io.memory_sensor[k, j + gone]
        for i in range(4):
            watched_io.memory_z[k, j, i] = watched_io.memory_z[k, j + gone, i]
            watched_io.memory_sigma[k, j, i] = watched_io.memory_sigma[k, j + gone, i]
    watched_io.held[k] -= gone


@kernel
def _refit(known: Known, now_s: float, k: int, watched_io: Watched, work_io: FloatArray) -> bool:
    """Fit slot k to its memory, to the newer half if the whole cannot be believed, and so on; True when one was."""
    x, start = watched_io.x[k], not watched_io.fitted[k]
    while watched_io.held[k] >= LEAST:
        n = watched_io.held[k]
        times, z, sigma = watched_io.memory_t_s[k], watched_io.memory_z[k], watched_io.memory_sigma[k]
        sensor = watched_io.memory_sensor[k]
        if start:
            for i in range(6, N):
                x[i] = known.prior[i]
            first_guess(n, times, z, sensor, known.places, known.rotations, known.earth[2], now_s, x)
        misfit = fit(
            known.earth, known.prior, known.prior_sigma, 4 if start else 2, n, times, z, sigma, sensor,
            known.places, known.rotations, now_s, x, watched_io.p[k], work_io,
        )  # fmt: skip
        if misfit <= MISFIT:
            watched_io.t_s[k] = now_s
            watched_io.taken[k] = n
            return True
        start = True
        _forget_older_half(k, watched_io)
    return False


@kernel
def remember(k: int, t_s: float, sensor: int, z: FloatArray, sigma: FloatArray, watched_io: Watched) -> None:
    """Put a detection at the end of the memory of slot k, which has room."""
    j = watched_io.held[k]
    watched_io.memory_t_s[k, j] = t_s
    watched_io.memory_sensor[k, j] = sensor
    for i in range(4):
        watched_io.memory_z[k, j, i] = z[i]
        watched_io.memory_sigma[k, j, i] = sigma[i]
    watched_io.held[k] = j + 1


@kernel
def take_detections(
    known: Known,
    now_s: float,
    sensor: int,
    slot: IntArray,
    z: FloatArray,
    sigma: FloatArray,
    watched_io: Watched,
    work_io: FloatArray,
) -> None:
    """Give detection i (`z`, `sigma` (m, 4)) of `sensor` at `now_s` to slot `slot[i]`, for all i; `work_io` (8, 11,
    11).

    A slot without a posterior gets one as soon as its memory can be believed. A detection outside the gate is refused.
    """
    place, rotation = known.places[sensor], known.rotations[sensor]
    for i in range(slot.size):
        k = slot[i]
        x, p = watched_io.x[k], watched_io.p[k]
        if watched_io.fitted[k]:
            predict(known.earth, known.drift, now_s - watched_io.t_s[k], x, p, work_io)
            watched_io.t_s[k] = now_s
            nis, components = innovate(x, p, z[i], sigma[i], place, rotation)
            if not nis <= _gate(components):
                watched_io.strikes[k] += 1
                continue
            watched_io.strikes[k] = 0
        learning = watched_io.taken[k] == watched_io.held[k] or not watched_io.fitted[k]
        learning = learning and watched_io.held[k] < watched_io.memory_t_s.shape[1]
        watched_io.taken[k] += 1
        if learning:
            remember(k, now_s, sensor, z[i], sigma[i], watched_io)
        if learning and (known.refit[watched_io.held[k]] or not watched_io.fitted[k]):
            watched_io.fitted[k] = _refit(known, now_s, k, watched_io, work_io)
        elif watched_io.fitted[k]:
            absorb(z[i], sigma[i], place, rotation, 1.0, x, p)


@kernel
def recover(
    t_s: float,
    position_m: FloatArray,
    owner: IntArray,
    track_id: int,
    now_s: float,
    state: FloatArray,
    covariance: FloatArray,
    pull_mps2: float,
    sigma_m: float,
) -> int:
    """Which of n detections of one earlier scan at `t_s` was the track's; its row, or -1.

    The one that the tracker gave to it, or else the nearest to the track's course, flown back in free fall, among those
    that it gave to nobody, within four standard deviations of the track's and a detection's (`sigma_m`) errors
    together.
    """
    dt = t_s - now_s
    spread2 = sigma_m * sigma_m
    for i in range(3):
        spread2 += covariance[i, i] + dt * (2.0 * covariance[i, 3 + i] + dt * covariance[3 + i, 3 + i])
    best, found = 16.0 * spread2, -1
    for j in range(owner.size):
        if owner[j] == track_id:
            return j
        if owner[j] != 0:
            continue
        far2 = 0.0
        for i in range(3):
            expected = state[i] + dt * state[3 + i] - (0.5 * pull_mps2 * dt * dt if i == 2 else 0.0)
            far2 += (position_m[j, i] - expected) ** 2
        if far2 < best:
            best, found = far2, j
    return found


@kernel
def forecast_impacts(
    known: Known,
    levels_m: FloatArray,
    grid: FloatArray,
    limit_s: float,
    slot: IntArray,
    watched: Watched,
    when_out: FloatArray,
    where_out: FloatArray,
    spread_out: FloatArray,
    work_io: FloatArray,
) -> None:
    """Fly the posterior of each slot in `slot` (m,) to the ground.

    Gives the time of impact `when_out` (m,), the place `where_out` (m, 3) and the covariance `spread_out` (m, 3, 3) of
    east, north and time; NaN where the ground is not met within `limit_s`. `work_io` is scratch (8, 11, 11).
    """
    end, up, phi, ground = work_io[7, 0], work_io[7, 1, :3], work_io[5, :6], work_io[6, :4]
    for i in range(slot.size):
        k = slot[i]
        flown = fly_to_ground(known.earth, levels_m, grid, watched.x[k], LONGEST_S, limit_s, end, phi, up, work_io)
        when_out[i] = watched.t_s[k] + flown
        for j in range(3):
            where_out[i, j] = end[j] if math.isfinite(flown) else math.nan
        if math.isfinite(flown):
            impact_covariance(end, phi, up, watched.p[k], spread_out[i], ground)
        else:
            for j in range(9):
                spread_out[i, j // 3, j % 3] = math.nan
