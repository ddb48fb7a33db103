"""One scan for all watched ballistic candidates: take each one's detection, refit or filter, and fly to the ground.

A watched track keeps its first detections (at most `capacity`, the length of its memory) and is fitted to all of them
anew at the counts where `refit` is true; between those and afterwards it is filtered.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.kernels.ballistic_fit import DRAG, absorb, first_guess, fit, predict
from tocsin.kernels.ballistics import fly_to_ground, impact_covariance
from tocsin.kernels.geodesy import enu2latlon
from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

__all__ = [
    "FITTED",
    "HELD",
    "STRIKES",
    "TAKEN",
    "Known",
    "Watched",
    "attend",
    "forecast_impacts",
    "recover",
    "take_detections",
]

N = 11
"""Length of a ballistic state."""
LEAST = 3
"""Detections before the first fit: two fix a straight line exactly and leave nothing to doubt it by."""
MISFIT = 2.5
"""Squared residual a component above which a fit is not believed: with 4 detections (12 components, 6 of them spent)
true ones average 0.5 and pass this less than once in 10,000; a motor still burning gives tens."""
EASY_DRAG = 0.0003
"""Drag parameter (m²/kg) from which a fit begins: flown back in time with too much drag, speeds grow without bound."""
LONGEST_S = 2.0
"""Longest integration step: with the step rule of `kernels.ballistics` the impact is within 0.1 m of the exact one."""


FITTED, TAKEN, STRIKES, HELD = 0, 1, 2, 3
"""Columns of a slot's marks: has a posterior; detections in it; refused in a row; detections in the memory."""


class Known(NamedTuple):
    """What does not depend on the track."""

    earth: FloatArray  # (5,) as in kernels.ballistics
    prior: FloatArray  # (3, 11) as in kernels.ballistic_fit
    poses: FloatArray  # (S, 4, 3) as in kernels.ballistic_fit
    axes: FloatArray  # (4, 3) the site's origin, east, north, up in Earth-centred axes, metres
    refit: BoolArray  # (capacity + 1,) whether to fit anew at a number of detections


class Watched(NamedTuple):
    """K slots, one for each watched track: its posterior and its first detections."""

    track_id: IntArray  # (K,) 0: free
    marks: IntArray  # (K, 4) by the columns above
    t_s: FloatArray  # (K,) time of the posterior; until there is one, when the watch began
    x: FloatArray  # (K, 11)
    p: FloatArray  # (K, 11, 11)
    memory: FloatArray  # (K, capacity, 10) rows as in kernels.ballistic_fit


@kernel
def _forget_older_half(held: int, memory_io: FloatArray) -> int:
    """Keep the newer half of a memory: the older may hold a burning motor or another's detections."""
    gone = held // 2
    for j in range(held - gone):
        for i in range(memory_io.shape[1]):
            memory_io[j, i] = memory_io[j + gone, i]
    return held - gone


@kernel
def _refit(
    known: Known,
    now_s: float,
    marks_io: IntArray,
    x_io: FloatArray,
    p_io: FloatArray,
    memory_io: FloatArray,
    work_io: FloatArray,
) -> None:
    """Fit a slot to its memory, from its posterior if it has one and else from a straight line; to the newer half if
    the whole cannot be believed, and so on. Marks whether one was.
    """
    fresh = marks_io[FITTED] == 0
    marks_io[FITTED] = 0
    while marks_io[HELD] >= LEAST:
        n = marks_io[HELD]
        if fresh:
            for i in range(6, N):
                x_io[i] = known.prior[0, i]
            x_io[DRAG] = EASY_DRAG
            first_guess(known.poses, known.earth[2], now_s, n, memory_io, x_io)
        rounds = 8 if fresh else 2
        if fit(known.earth, known.prior, known.poses, rounds, now_s, n, memory_io, x_io, p_io, work_io) <= MISFIT:
            marks_io[FITTED] = 1
            marks_io[TAKEN] = n
            return
        if fresh:
            marks_io[HELD] = _forget_older_half(n, memory_io)
        fresh = True


@kernel
def take_detections(
    known: Known, slot: IntArray, detections: FloatArray, watched_io: Watched, work_io: FloatArray
) -> None:
    """Give row i of `detections` (m, 10), all of one time, to slot `slot[i]`, for all i; `work_io` (8, 11, 11).

    A slot without a posterior gets one as soon as its memory can be believed. A detection outside the gate is refused.
    """
    for i in range(slot.size):
        k = slot[i]
        marks, x, p, memory = watched_io.marks[k], watched_io.x[k], watched_io.p[k], watched_io.memory[k]
        detection = detections[i]
        pose = known.poses[int(detection[1])]
        fitted = marks[FITTED] == 1
        open_memory = marks[HELD] < memory.shape[0] and (marks[TAKEN] == marks[HELD] or not fitted)
        if fitted:
            predict(known.earth, known.prior[2], detection[0] - watched_io.t_s[k], x, p, work_io)
        watched_io.t_s[k] = detection[0]
        if fitted and not absorb(detection[2:6], detection[6:10], pose[0], pose[1:], x, p, work_io):
            marks[STRIKES] += 1
            continue
        marks[STRIKES] = 0
        marks[TAKEN] += 1
        if open_memory:
            for m in range(memory.shape[1]):
                memory[marks[HELD], m] = detection[m]
            marks[HELD] += 1
            if known.refit[marks[HELD]] or not fitted:
                _refit(known, detection[0], marks, x, p, memory, work_io)


@kernel
def _find(sorted_ids: IntArray, wanted: int) -> int:
    """Index of an id in an ascending table, -1: not there."""
    low, high = 0, sorted_ids.size
    while low < high:
        middle = (low + high) // 2
        if sorted_ids[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < sorted_ids.size and sorted_ids[low] == wanted else -1


@kernel
def attend(
    now_s: float,
    begin: float,
    drop: float,
    patience_s: float,
    track_id: IntArray,
    likely: FloatArray,
    ended: IntArray,
    watched_io: Watched,
    slot_out: IntArray,
) -> int:
    """Free the slots of tracks that ended (ascending ids `ended`), fell below `drop` or were unlisted for `patience_s`.

    `slot_out` (T,) is the slot of each listed track, -1: none, -2: none but it is to be watched, being `likely` to be
    ballistic by `begin` or more. Returns the number of the latter.
    """
    for i in range(track_id.size):
        slot_out[i] = -2 if likely[i] >= begin else -1
    for k in range(watched_io.track_id.size):
        if watched_io.track_id[k] == 0:
            continue
        row = _find(track_id, watched_io.track_id[k])
        keep = likely[row] >= drop if row >= 0 else watched_io.t_s[k] >= now_s - patience_s
        if keep and _find(ended, watched_io.track_id[k]) < 0:
            if row >= 0:
                slot_out[row] = k
        else:
            watched_io.track_id[k] = 0
            for m in range(4):
                watched_io.marks[k, m] = 0
    begun = 0
    for i in range(track_id.size):
        begun += 1 if slot_out[i] == -2 else 0
    return begun


@kernel
def recover(
    t_s: float,
    position_m: FloatArray,
    sigma_m: FloatArray,
    owner: IntArray,
    track_id: int,
    now_s: float,
    state: FloatArray,
    covariance: FloatArray,
    pull_mps2: float,
) -> int:
    """Which of n detections of one earlier scan at `t_s` was the track's; its row, or -1.

    The one that the tracker gave to it, or else the nearest to the track's course, flown back in free fall, among those
    that it gave to nobody, within four standard deviations of the track's and a detection's (`sigma_m`) errors
    together.
    """
    dt, spread2 = t_s - now_s, 0.0
    for i in range(3):
        spread2 += covariance[i, i] + dt * (2.0 * covariance[i, 3 + i] + dt * covariance[3 + i, 3 + i])
    best, found = math.inf, -1
    for j in range(owner.size):
        if owner[j] == track_id:
            return j
        if owner[j] != 0:
            continue
        far2 = 0.0
        for i in range(3):
            expected = state[i] + dt * state[3 + i] - (0.5 * pull_mps2 * dt * dt if i == 2 else 0.0)
            far2 += (position_m[j, i] - expected) ** 2
        if far2 < min(best, 16.0 * (spread2 + sigma_m[j] * sigma_m[j])):
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
    impact_out: FloatArray,
    spread_out: FloatArray,
    work_io: FloatArray,
) -> None:
    """Fly the posterior of each slot in `slot` (m,) to the ground.

    `impact_out` (m, 6): time, east, north, up (m), latitude, longitude (degrees); `spread_out` (m, 3, 3): covariance of
    east, north and time. NaN where the ground is not met within `limit_s`. `work_io` is scratch (8, 11, 11).
    """
    end, up, phi, ground = work_io[7, 0], work_io[7, 1, :3], work_io[5, :6], work_io[6, :4]
    for i in range(slot.size):
        k = slot[i]
        flown = fly_to_ground(known.earth, levels_m, grid, watched.x[k], LONGEST_S, limit_s, end, phi, up, work_io)
        if math.isfinite(flown):
            impact_covariance(end, phi, up, watched.p[k], spread_out[i], ground)
            impact_out[i, 0] = watched.t_s[k] + flown
            for j in range(3):
                impact_out[i, 1 + j] = end[j]
            impact_out[i, 4], impact_out[i, 5] = enu2latlon(known.axes, end)
        else:
            for j in range(6):
                impact_out[i, j] = math.nan
            for j in range(9):
                spread_out[i, j // 3, j % 3] = math.nan
