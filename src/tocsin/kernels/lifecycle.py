"""Existence between scans, what a sensor covers, and when a track ends.

Rows of the two bookkeeping arrays of a bank of tracks are named here: REAL (fields, cap) and WHOLE (fields, cap).
Behind the WHOLES rows of the latter stands one for each sensor: its looks in vain since the track was last detected.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.imm import copy_model
from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import BALLISTIC, MODELS, THRUST, FloatArray, IntArray, Motion, level_m

__all__ = [
    "BORN",
    "CELL",
    "EXISTENCE",
    "FIRST",
    "HITS",
    "ID",
    "KEEP",
    "KEY",
    "LEAN",
    "PEAK",
    "RATE_CELL",
    "REALS",
    "RULE_DROPPED",
    "RULE_GROUND",
    "RULE_LEFT",
    "RULE_MERGED",
    "RULE_MISSED",
    "SENSOR",
    "SURPRISE",
    "TURNING",
    "UPDATED",
    "WHOLES",
    "age_existence",
    "begin_tracks",
    "compact",
    "find_sure",
    "judge",
    "learn_clutter",
    "learn_detection",
    "list_tracks",
    "mark_duplicates",
    "terrain_level",
]

EXISTENCE, BORN, UPDATED, SURPRISE, PEAK, FALLEN, FIRST, PURITY, LEAN = 0, 1, 2, 3, 4, 5, 6, 7, 8
REALS = 11  # LEAN is a vector of three
KEY, ID, HITS, CELL, RATE_CELL, SENSOR, TURNING = 0, 1, 2, 3, 4, 5, 6
WHOLES = 7
KEEP, RULE_DROPPED, RULE_MISSED, RULE_GROUND, RULE_LEFT, RULE_MERGED = 0, 1, 2, 3, 4, 5

PURITY_MEMORY = 0.7  # per detection: how far back purity looks
SURE = 0.9  # existence above which a detection is taken for the track's
FALLING_MPS = -5.0  # a track that climbs is not about to strike, whatever its height's spread says
LOST_SPREAD_M = 1500.0  # standard deviation of place beyond which a track says nothing about where its target is
DUPLICATE_NIS = 1.0  # mean squared difference per axis over summed variances: the two are one within their spread
DUPLICATE_SHARE = 0.1  # both must claim the same detection at least this much
COVER_MIN = 0.05  # detection probability where the sensor is not said to see: it may, and no miss counts


@kernel
def terrain_level(head: FloatArray, level: FloatArray, east: float, north: float) -> float:
    """Ground height above the level sphere, bilinear in the grid `level` (rows north, columns east), edges held.

    head (3,): east of column 0, north of row 0, step; an empty grid is level ground.
    """
    rows, columns = level.shape
    if rows == 0 or columns == 0:
        return 0.0
    c = min(max((east - head[0]) / head[2], 0.0), columns - 1.0)
    r = min(max((north - head[1]) / head[2], 0.0), rows - 1.0)
    c0, r0 = min(int(c), max(columns - 2, 0)), min(int(r), max(rows - 2, 0))
    c1, r1 = min(c0 + 1, columns - 1), min(r0 + 1, rows - 1)
    fc, fr = c - c0, r - r0
    south = level[r0, c0] * (1.0 - fc) + level[r0, c1] * fc
    north_side = level[r1, c0] * (1.0 - fc) + level[r1, c1] * fc
    return float(south * (1.0 - fr) + north_side * fr)


@kernel
def age_existence(
    n: int,
    dt: float,
    lifetime: float,
    motion: Motion,
    head: FloatArray,
    level: FloatArray,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    real_io: FloatArray,
) -> None:
    """Lower the existence of n predicted tracks: targets leave at random, and ballistic ones end at the ground.

    The share of a ballistic track's probability that lies below the ground is gone; it is kept in row FALLEN.
    """
    survive = math.exp(-dt / lifetime)
    for i in range(n):
        real_io[EXISTENCE, i] *= survive
        real_io[FALLEN, i] = 0.0
        if mu[i, BALLISTIC] > 0.01 and x[i, BALLISTIC, 5] < FALLING_MPS:
            e, nn, u = x[i, BALLISTIC, 0], x[i, BALLISTIC, 1], x[i, BALLISTIC, 2]
            height = level_m(e, nn, u, motion.level_radius_m) - terrain_level(head, level, e, nn)
            below = 0.5 * math.erfc(height / math.sqrt(2.0 * p[i, BALLISTIC, 2, 2]))
            real_io[FALLEN, i] = mu[i, BALLISTIC] * below
            real_io[EXISTENCE, i] *= 1.0 - min(real_io[FALLEN, i], 0.9999)


@kernel
def mark_duplicates(
    start: IntArray,
    det: IntArray,
    marginal: FloatArray,
    m: int,
    mean: FloatArray,
    cov: FloatArray,
    real_io: FloatArray,
    flag_io: IntArray,
    into_io: IntArray,
) -> None:
    """Mark the one further back of two tracks that share a detection and agree in state: flag_io, into_io (n,).

    The other inherits the existence of both.
    """
    holder = np.full(m, -1, np.int64)
    for i in range(start.shape[0] - 1):
        for q in range(start[i], start[i + 1]):
            if marginal[q] < DUPLICATE_SHARE * real_io[EXISTENCE, i] or flag_io[i] != KEEP:
                continue
            h = holder[det[q]]
            if h < 0:
                holder[det[q]] = i
                continue
            d2 = 0.0
            for a in range(6):
                d2 += (mean[i, a] - mean[h, a]) ** 2 / (cov[i, a, a] + cov[h, a, a])
            if d2 < 6.0 * DUPLICATE_NIS:
                flag_io[i] = RULE_MERGED
                into_io[i] = h
                real_io[EXISTENCE, h] = 1.0 - (1.0 - real_io[EXISTENCE, h]) * (1.0 - real_io[EXISTENCE, i])


@kernel
def judge(
    n: int,
    delete_existence: float,
    tentative_loss: float,
    row: IntArray,
    pm: FloatArray,
    cov: FloatArray,
    probability: FloatArray,
    whole: IntArray,
    real_io: FloatArray,
    flag_io: IntArray,
) -> None:
    """Decide which of n tracks end and by which rule, into flag_io (n,), where it is still KEEP.

    A tentative track is dropped when its existence has fallen to `tentative_loss` of what its last detection left.
    """
    for i in range(n):
        if row[i] >= 0:
            real_io[PEAK, i] = real_io[EXISTENCE, i]
            real_io[PURITY, i] = PURITY_MEMORY * real_io[PURITY, i] + math.log(max(probability[i], 1e-3))
        if flag_io[i] != KEEP:
            continue
        r = real_io[EXISTENCE, i]
        spread = math.sqrt(max(cov[i, 0, 0], cov[i, 1, 1]))
        if whole[ID, i] == 0:
            if r < max(tentative_loss * real_io[PEAK, i], 1e-9) or spread > LOST_SPREAD_M:
                flag_io[i] = RULE_DROPPED
        elif row[i] < 0 and real_io[FALLEN, i] > 0.5 and r < 0.5:
            flag_io[i] = RULE_GROUND
        elif r < delete_existence:
            flag_io[i] = RULE_MISSED
        elif spread > LOST_SPREAD_M:
            flag_io[i] = RULE_LEFT if pm[i] == 0.0 else RULE_MISSED


@kernel
def learn_detection(
    n: int, s: int, row: IntArray, pm: FloatArray, real: FloatArray, whole_io: IntArray, seen_io: FloatArray
) -> None:
    """Count looks of sensor s at n confirmed tracks: seen_io (S, 2), detected and expected.

    A miss counts once a detection, by any sensor, has shown that the target was still there; until then it waits in row
    WHOLES + s of whole_io. Misses counted at once would take every target that is gone for a blind sensor.
    """
    for i in range(n):
        if whole_io[ID, i] == 0:
            continue
        if row[i] >= 0 and real[EXISTENCE, i] > SURE:
            seen_io[s, 0] += 1.0
            seen_io[s, 1] += 1.0
            for q in range(seen_io.shape[0]):
                seen_io[q, 1] += whole_io[WHOLES + q, i]
                whole_io[WHOLES + q, i] = 0
        elif row[i] < 0 and pm[i] > 0.0:
            whole_io[WHOLES + s, i] += 1


@kernel
def learn_clutter(n: int, flag: IntArray, whole: IntArray, counts_io: FloatArray, rates_io: FloatArray) -> None:
    """Count the first detections of tracks that are dropped: counts_io (S, cells), rates_io (S, rate cells).

    The later detections of such a track began tracks of their own, which are dropped in their turn.
    """
    for i in range(n):
        if flag[i] == RULE_DROPPED:
            s = whole[SENSOR, i]
            if whole[CELL, i] >= 0:
                counts_io[s, whole[CELL, i]] += 1.0
            if whole[RATE_CELL, i] >= 0:
                rates_io[s, whole[RATE_CELL, i]] += 1.0


@kernel
def compact(
    n: int,
    flag: IntArray,
    mu_io: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
    real_io: FloatArray,
    whole_io: IntArray,
    mean_io: FloatArray,
    cov_io: FloatArray,
    row_io: IntArray,
    probability_io: FloatArray,
) -> int:
    """Close the gaps of ended tracks, in order, in the bank and in what was found of its n tracks; how many stay.

    mean_io (n, 6), cov_io (n, 6, 6), row_io (n,), probability_io (n,).
    """
    count = 0
    for i in range(n):
        if flag[i] != KEEP:
            continue
        if count < i:
            for k in range(MODELS):
                mu_io[count, k] = mu_io[i, k]
                if mu_io[i, k] > 0.0:
                    copy_model(x_io[i, k], p_io[i, k], x_io[count, k], p_io[count, k])
            for f in range(REALS):
                real_io[f, count] = real_io[f, i]
            for f in range(whole_io.shape[0]):
                whole_io[f, count] = whole_io[f, i]
            row_io[count], probability_io[count] = row_io[i], probability_io[i]
            for a in range(6):
                mean_io[count, a] = mean_io[i, a]
                for b in range(6):
                    cov_io[count, a, b] = cov_io[i, a, b]
        count += 1
    return count


@kernel
def begin_tracks(
    first: int,
    last: int,
    t: float,
    serial: int,
    s: int,
    source: IntArray,
    cell: IntArray,
    rate_cell: IntArray,
    real_io: FloatArray,
    whole_io: IntArray,
    row_io: IntArray,
    probability_io: FloatArray,
    pm_io: FloatArray,
) -> None:
    """Open the books of the tracks first to last, born at t of sensor s; their existence stands already.

    source (last - first,): detection of each, which is its row_io (n,), surely; cell, rate_cell (m,): of detections.
    """
    for i in range(first, last):
        j = source[i - first]
        real_io[BORN, i] = real_io[UPDATED, i] = t
        real_io[SURPRISE, i], real_io[FALLEN, i], real_io[PURITY, i] = 1.0, 0.0, 0.0
        real_io[PEAK, i] = real_io[FIRST, i] = real_io[EXISTENCE, i]
        whole_io[KEY, i], whole_io[ID, i], whole_io[HITS, i] = (serial << 24) + j + 1, 0, 1
        whole_io[CELL, i], whole_io[RATE_CELL, i], whole_io[SENSOR, i] = cell[j], rate_cell[j], s
        whole_io[TURNING, i] = 0
        real_io[LEAN : LEAN + 3, i] = 0.0
        for f in range(WHOLES, whole_io.shape[0]):
            whole_io[f, i] = 0
        row_io[i], probability_io[i], pm_io[i] = j, 1.0, 0.0


@kernel
def find_sure(
    n: int,
    hits: int,
    confirm: float,
    confirm_ballistic: float,
    gain: float,
    own: float,
    own_ballistic: float,
    mu: FloatArray,
    real: FloatArray,
    whole: IntArray,
    place_out: IntArray,
) -> int:
    """Places, place_out (n,), of the tentative ones of n tracks that have earned an id; returns how many.

    By existence `confirm` from `hits` detections on; by `confirm_ballistic` if the second detection alone multiplied
    the odds of a probably ballistic one by `gain`. Where targets fly close to one another a track may be sure that
    something is there and yet be made of several targets' detections: its purity, the probability that its latest
    detections were its own, must reach `own`, or `own_ballistic`.
    """
    count = 0
    for i in range(n):
        if whole[ID, i] != 0 or whole[HITS, i] < hits:
            continue
        exists, first = real[EXISTENCE, i], real[FIRST, i]
        falls = mu[i, BALLISTIC] + mu[i, THRUST] >= 0.5
        urgent = falls and whole[HITS, i] == 2 and exists * (1.0 - first) >= gain * first * (1.0 - exists)
        if real[PURITY, i] < math.log(own_ballistic if falls else own):
            continue
        if exists >= (confirm_ballistic if urgent else confirm):
            place_out[count] = i
            count += 1
    return count


@kernel
def list_tracks(
    place: IntArray,
    mu: FloatArray,
    real: FloatArray,
    whole: IntArray,
    mean: FloatArray,
    cov: FloatArray,
    row: IntArray,
    probability: FloatArray,
    mu_out: FloatArray,
    real_out: FloatArray,
    hits_out: IntArray,
    mean_out: FloatArray,
    cov_out: FloatArray,
    row_out: IntArray,
    probability_out: FloatArray,
) -> None:
    """What is shown of the tracks at k places, in their order; real_out (3, k): existence, birth, last update."""
    for q in range(place.shape[0]):
        i = place[q]
        for k in range(MODELS):
            mu_out[q, k] = mu[i, k]
        real_out[0, q], real_out[1, q], real_out[2, q] = real[EXISTENCE, i], real[BORN, i], real[UPDATED, i]
        hits_out[q], row_out[q], probability_out[q] = whole[HITS, i], row[i], probability[i]
        for a in range(6):
            mean_out[q, a] = mean[i, a]
            for b in range(6):
                cov_out[q, a, b] = cov[i, a, b]
