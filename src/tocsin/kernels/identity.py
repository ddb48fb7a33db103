"""Classes of tracks: running summaries of what each did, and what tables of class densities make of them.

A track keeps a row of SUMMARIES numbers; each scan that detects it turns them into FEATURES pairs (value, error), and
each feature has a table of log densities over such pairs, one for each class. Everything is found by interpolation, so
that a track costs some hundreds of nanoseconds whatever shape a density has. A row is worked on in a buffer of its own:
views of arrays cost more here than the arithmetic.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

__all__ = [
    "CLASSES",
    "FEATURES",
    "SCALES",
    "SUMMARIES",
    "SWERLING_SD_DB",
    "classify",
    "features",
    "match_slots",
    "open_slots",
    "stand",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

CLASSES = 6
_CLASSES = np.uintp(CLASSES)
SUMMARIES = 26
"""Columns of a track's memory: 0 time of the last detection; 1 scans seen; 2 age of the summary; 3-7 regression of the
vertical speed on time (weight, mean time, mean speed, scatter of time, co-scatter); 8-12 horizontal velocity over the
wander window (weight, mean east, mean north, scatter, mean variance); 13-14 energy speed (mean, weight); 15-16 RCS
(weight, mean); 17-18 mean probability of the ballistic model (weight, mean); 19-25 mean log density of how it moved
(seconds, one for each class)."""

FEATURES = 8
"""0 horizontal speed, 1 vertical speed, 2 height, 3 vertical acceleration, 4 ballistic model, 5 RCS, 6 wander, 7
energy. A feature that is not known yet has the value NaN."""
MOVES = 2  # of them, the first ones, are moods that change in flight: their past counts beside their present
SCALES = (20.0, 3.0, 5.0, 3.0, 600.0, 2.0, 3.0, 300.0, 0.1)
"""Where the scale of a table bends: speed and its error, vertical speed and its error (m/s), height + 100 m, error of
the vertical acceleration (m/s²), wander (m/s, its error alike: half of the errors' variance, since those of a filter
drift within the window), energy speed (m/s), its relative error."""

SWERLING_SD_DB = 5.57  # of an exponential variate in dB (Swerling 1954, cases 1 and 2)
_FALL_MEMORY_S = 8.0  # a rocket's vertical acceleration holds about this long before drag and phase change it
_WANDER_MEMORY_S = 5.0  # within it a bird's velocity changes by itself and a craft's seldom does
_WANDER_FROM_S = 4.0
_RCS_MEMORY_S = 120.0  # aspect changes within minutes
_MODEL_MEMORY_S = 6.0  # an apogee looks like level flight for about two seconds
_MOOD_MEMORY_S = 60.0  # older looks fade, so that a track that jumped to another object is identified anew
_MOOD_S = 5.0  # age at which past looks weigh as much as the present one, which holds all that the filter knows by now
_ERROR_LOOKS = 4.0  # looks over which the errors of a filtered velocity are alike: a filter's memory in scans
_FALLS = 0.05  # below this mean probability of the ballistic model nobody asks whether it is a rocket or a mortar bomb
_GRAVITY = 9.80665
_EARLY_S = 3.0  # what a round had at first, before drag took its share


@kernel
def _fading(dt_s: float, keep_out: FloatArray) -> None:
    """What is left after `dt_s` in each window: fall, wander, RCS, ballistic model, mood."""
    keep_out[0] = math.exp(-dt_s / _FALL_MEMORY_S)
    keep_out[1] = math.exp(-dt_s / _WANDER_MEMORY_S)
    keep_out[2] = math.exp(-dt_s / _RCS_MEMORY_S)
    keep_out[3] = math.exp(-dt_s / _MODEL_MEMORY_S)
    keep_out[4] = math.exp(-dt_s / _MOOD_MEMORY_S)


@kernel
def _fall(keep: float, t_s: float, climb: float, variance: float, m_io: FloatArray) -> None:
    """Fading regression of the vertical speed on time."""
    weight = 1.0 / max(variance, 1e-2)
    old = keep * m_io[3]
    m_io[3] = old + weight
    gain, lag, change = weight / m_io[3], t_s - m_io[4], climb - m_io[5]
    m_io[4] += gain * lag
    m_io[5] += gain * change
    m_io[6] = keep * m_io[6] + old * gain * lag * lag
    m_io[7] = keep * m_io[7] + old * gain * lag * change


@kernel
def _wander(keep: float, east: float, north: float, variance: float, m_io: FloatArray) -> None:
    """Fading mean and scatter of the horizontal velocity, and the mean variance of its errors."""
    old = keep * m_io[8]
    m_io[8] = old + 1.0
    gain, east, north = 1.0 / m_io[8], east - m_io[9], north - m_io[10]
    m_io[9] += gain * east
    m_io[10] += gain * north
    m_io[11] = keep * m_io[11] + old * gain * (east * east + north * north)
    m_io[12] += gain * (variance - m_io[12])


@kernel
def _remember(
    i: int,
    t_s: float,
    level_m: float,
    climb: float,
    state: FloatArray,
    covariance: FloatArray,
    ballistic: float,
    rcs_dbsm: float,
    keep: FloatArray,
    m_io: FloatArray,
) -> None:
    """Take one detection of track `i` into its memory; `keep`: what is left of each window since the last one."""
    m_io[2] += max(0.0, t_s - m_io[0]) if m_io[1] > 0.0 else 0.0
    m_io[0] = max(m_io[0], t_s) if m_io[1] > 0.0 else t_s
    m_io[1] += 1.0
    east, north = state[i, 3], state[i, 4]
    variance, up_variance = covariance[i, 3, 3] + covariance[i, 4, 4], covariance[i, 5, 5]
    _fall(keep[0], t_s, climb, up_variance, m_io)
    _wander(keep[1], east, north, variance, m_io)
    if m_io[2] <= _EARLY_S:
        v2 = east * east + north * north + state[i, 5] * state[i, 5]
        weight = v2 / (variance + up_variance + 1.0)
        m_io[14] += weight
        m_io[13] += weight / max(m_io[14], 1e-9) * (math.sqrt(v2 + 2.0 * _GRAVITY * max(level_m, 0.0)) - m_io[13])
    if not math.isnan(rcs_dbsm):
        m_io[15] = keep[2] * m_io[15] + 1.0
        m_io[16] += (rcs_dbsm - m_io[16]) / m_io[15]
    m_io[17] = keep[3] * m_io[17] + 1.0
    m_io[18] += (ballistic - m_io[18]) / m_io[17]


@kernel
def _warp(value: float, middle: float) -> float:
    """A value from 0 to infinity on a scale from 0 to 1: as a logarithm above `middle`, as the value itself below."""
    return value / (value + middle)


@kernel
def _describe(
    i: int, level_m: float, climb: float, state: FloatArray, covariance: FloatArray, m: FloatArray, pair_out: FloatArray
) -> None:
    """FEATURES pairs (value, error) of track `i` on the scales of the tables, NaN where a value is not known yet."""
    for f in range(MOVES, FEATURES):
        pair_out[f, 0], pair_out[f, 1] = math.nan, 0.0
    variance = max(covariance[i, 3, 3] + covariance[i, 4, 4], 0.0)
    pair_out[0, 0] = _warp(math.sqrt(state[i, 3] * state[i, 3] + state[i, 4] * state[i, 4]), SCALES[0])
    pair_out[0, 1] = _warp(math.sqrt(0.5 * variance), SCALES[1])
    pair_out[1, 0] = _warp(abs(climb), SCALES[2])
    pair_out[1, 1] = _warp(math.sqrt(max(covariance[i, 5, 5], 0.0)), SCALES[3])
    above = max(level_m, -50.0) + 100.0
    pair_out[2, 0] = _warp(above, SCALES[4])
    pair_out[2, 1] = math.sqrt(max(covariance[i, 2, 2], 0.0)) / above
    if m[1] >= 3.0 and m[6] > 0.0:
        pair_out[3, 0] = m[7] / m[6]
        pair_out[3, 1] = _warp(math.sqrt(_ERROR_LOOKS / m[6]), SCALES[5])
    if m[17] > 0.0:
        pair_out[4, 0] = m[18]
    if m[15] > 0.0:
        pair_out[5, 0], pair_out[5, 1] = m[16], SWERLING_SD_DB / math.sqrt(m[15])
    if m[2] >= _WANDER_FROM_S:
        pair_out[6, 0] = _warp(math.sqrt(m[11] / m[8]), SCALES[6])
        pair_out[6, 1] = _warp(math.sqrt(0.5 * m[12]), SCALES[6])
    if m[14] > 0.0 and m[18] > _FALLS:
        pair_out[7, 0] = _warp(m[13], SCALES[7])
        pair_out[7, 1] = _warp(1.0 / math.sqrt(m[14]), SCALES[8])


@kernel
def _look_up(
    first: int,
    last: int,
    values: int,
    errors: int,
    grid: FloatArray,
    flat: FloatArray,
    pair: FloatArray,
    weight_io: FloatArray,
) -> None:
    """Add to log weights (C,) what the tables of features `first` to `last` - 1 say, by bilinear interpolation.

    `grid` (FEATURES, 4): first node and nodes per unit, of the value and of the error. Outside, the edge holds.
    `flat` is (FEATURES, values, errors, C) in one row: it is read by indices without a sign, which are not tested for
    counting from the end.
    """
    last_a, last_b, step = values - 1, errors - 1, np.uintp(errors * CLASSES)
    for f in range(first, last):
        if math.isnan(pair[f, 0]):
            continue
        x = min(max((pair[f, 0] - grid[f, 0]) * grid[f, 1], 0.0), last_a - 1e-9)
        y = min(max((pair[f, 1] - grid[f, 2]) * grid[f, 3], 0.0), last_b - 1e-9)
        a, b = int(x), int(y)
        x, y = x - a, y - b
        low = np.uintp(((f * values + a) * errors + b) * CLASSES)
        high = low + step
        for c in range(_CLASSES):
            near = flat[low + c] + y * (flat[low + _CLASSES + c] - flat[low + c])
            far = flat[high + c] + y * (flat[high + _CLASSES + c] - flat[high + c])
            weight_io[c] += near + x * (far - near)


@kernel
def _mood(keep: float, dt_s: float, m_io: FloatArray, weight_io: FloatArray) -> None:
    """Put the mean over the flight in the place of the present look, as far as there is a past.

    A mean and not a sum: what a thing does now it probably does in the next scan, so that looks repeat each other and
    a product over them would be certain of whatever was slightly likelier at first.
    """
    m_io[19] = keep * m_io[19] + dt_s
    gain = dt_s / m_io[19] if m_io[19] > 0.0 else 1.0
    share = m_io[2] / (m_io[2] + _MOOD_S)
    for c in range(CLASSES):
        m_io[20 + c] += gain * (weight_io[c] - m_io[20 + c])
        weight_io[c] += share * (m_io[20 + c] - weight_io[c])


@kernel
def _exp(x: float) -> float:
    """exp(x) of x from -40 to 0, to 1e-9 of its size: powers of two and a polynomial, faster than the library's."""
    k = int(0.5 - x * 1.4426950408889634)
    r = x + k * 0.6931471805599453
    p = 1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0 + r * (1.0 / 40320.0)))
    p = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * p))))
    return p / float(1 << k)


@kernel
def _softmax(doubt: float, prior: FloatArray, log_prior: FloatArray, weight_io: FloatArray) -> None:
    """Log weights to probabilities, mixed with `doubt` parts of the prior: no table describes everything that flies."""
    top, total = -math.inf, 0.0
    for c in range(CLASSES):
        weight_io[c] += log_prior[c]
        top = max(top, weight_io[c])
    for c in range(CLASSES):
        weight_io[c] = _exp(max(weight_io[c] - top, -40.0))
        total += weight_io[c]
    share = (1.0 - doubt) / total
    for c in range(CLASSES):
        weight_io[c] = share * weight_io[c] + doubt * prior[c]


@kernel
def _above_sphere(i: int, radius_m: float, state: FloatArray) -> tuple[float, float]:
    """Height of track `i` above the level sphere, and its rate."""
    flat2, top = state[i, 0] * state[i, 0] + state[i, 1] * state[i, 1], state[i, 2] + radius_m
    distance = math.sqrt(flat2 + top * top)
    level = (flat2 + state[i, 2] * (state[i, 2] + 2.0 * radius_m)) / (distance + radius_m)
    return level, (state[i, 0] * state[i, 3] + state[i, 1] * state[i, 4] + top * state[i, 5]) / distance


@kernel
def features(
    radius_m: float, state: FloatArray, covariance: FloatArray, memory: FloatArray, pair_out: FloatArray
) -> None:
    """The FEATURES pairs of T tracks (T, FEATURES, 2), from their states (T, 6), covariances and memories."""
    for i in range(state.shape[0]):
        level, climb = _above_sphere(i, radius_m, state)
        _describe(i, level, climb, state, covariance, memory[i], pair_out[i])


@kernel
def classify(
    radius_m: float,
    grid: FloatArray,
    table: FloatArray,
    prior: FloatArray,
    log_prior: FloatArray,
    doubt: float,
    t_s: float,
    row: IntArray,
    slot: IntArray,
    state: FloatArray,
    covariance: FloatArray,
    ballistic: FloatArray,
    rcs_dbsm: FloatArray,
    memory_io: FloatArray,
    known_io: FloatArray,
    probability_out: FloatArray,
) -> None:
    """Take one scan's detections of T tracks into their memories, and give class probabilities (T, C).

    `memory_io` (N, SUMMARIES) and `known_io` (N, C) are indexed by `slot` (T,). Rows of -1 (coasting) change nothing:
    what is not seen says nothing new. A memory of zeros is that of a track that was never seen.
    """
    flat, values, errors = table.reshape(-1), table.shape[1], table.shape[2]
    keep, pair, weight, m = np.empty(5), np.empty((FEATURES, 2)), np.empty(CLASSES), np.empty(SUMMARIES)
    last_dt = -1.0
    for i in range(row.shape[0]):
        s = slot[i]
        if row[i] >= 0:
            for k in range(SUMMARIES):
                m[k] = memory_io[s, k]
            dt = max(0.0, t_s - m[0]) if m[1] > 0.0 else 0.0
            if dt != last_dt:
                _fading(dt, keep)
                last_dt = dt
            level, climb = _above_sphere(i, radius_m, state)
            _remember(i, t_s, level, climb, state, covariance, ballistic[i], rcs_dbsm[i], keep, m)
            _describe(i, level, climb, state, covariance, m, pair)
            for c in range(CLASSES):
                weight[c] = 0.0
            _look_up(0, MOVES, values, errors, grid, flat, pair, weight)
            _mood(keep[4], dt, m, weight)
            _look_up(MOVES, FEATURES, values, errors, grid, flat, pair, weight)
            _softmax(doubt, prior, log_prior, weight)
            for k in range(SUMMARIES):
                memory_io[s, k] = m[k]
            for c in range(CLASSES):
                known_io[s, c] = weight[c]
        for c in range(CLASSES):
            probability_out[i, c] = known_io[s, c]


@kernel
def stand(
    threshold: float,
    reopen_factor: float,
    quiet_s: float,
    min_scans: float,
    slot: IntArray,
    hostile: FloatArray,
    barred: BoolArray,
    memory: FloatArray,
    seen_io: FloatArray,
    quiet_io: FloatArray,
    reopened_io: IntArray,
    dismissed_io: BoolArray,
    changed_out: BoolArray,
) -> int:
    """Which of T tracks are ignored from now on or taken up again; returns how many change.

    Columns that end in `_io` are indexed by `slot`: the time to which quiet is counted, seconds of quiet, times taken
    up again, ignored or not. Time is that of detections: what coasts is not quiet.
    """
    changes = 0
    for i in range(slot.shape[0]):
        s = slot[i]
        elapsed = memory[s, 0] - seen_io[s] if seen_io[s] > -math.inf else 0.0
        seen_io[s] = memory[s, 0] if memory[s, 1] > 0.0 else -math.inf
        quiet_io[s] = quiet_io[s] + elapsed if hostile[i] < threshold and not barred[i] else 0.0
        before = dismissed_io[s]
        if before:
            dismissed_io[s] = hostile[i] < reopen_factor * threshold and not barred[i]
            reopened_io[s] += 0 if dismissed_io[s] else 1
        else:
            wait_s = quiet_s * float(1 << min(reopened_io[s], 30))
            dismissed_io[s] = quiet_io[s] >= wait_s and memory[s, 1] >= min_scans
        changed_out[i] = dismissed_io[s] != before
        changes += 1 if changed_out[i] else 0
    return changes


@kernel
def open_slots(
    prior: FloatArray,
    slot: IntArray,
    memory_io: FloatArray,
    known_io: FloatArray,
    sightings_io: FloatArray,
    sighted_io: FloatArray,
    quiet_io: FloatArray,
    seen_io: FloatArray,
    reopened_io: IntArray,
    dismissed_io: BoolArray,
) -> None:
    """Make the rows `slot` (k,) of all columns those of tracks of which nothing is known but the prior (C,)."""
    for s in slot:
        memory_io[s, :] = 0.0
        for c in range(CLASSES):
            known_io[s, c] = prior[c]
        sightings_io[s], sighted_io[s], quiet_io[s], seen_io[s] = 0.0, 0.0, 0.0, -math.inf
        reopened_io[s], dismissed_io[s] = 0, False


@kernel
def match_slots(held_id: IntArray, held_slot: IntArray, track_id: IntArray, slot_out: IntArray) -> int:
    """The slots (T,) of listed tracks among the held ones, -1: new; both lists ascend. Returns how many are new."""
    new, k = 0, 0
    for i in range(track_id.shape[0]):
        while k < held_id.shape[0] and held_id[k] < track_id[i]:
            k += 1
        slot_out[i] = -1
        if k < held_id.shape[0] and held_id[k] == track_id[i]:
            slot_out[i] = held_slot[k]
        else:
            new += 1
    return new
