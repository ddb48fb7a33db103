"""Class likelihoods of tracks: running summaries of what a track did, and what each class makes of them.

A track is a row; F summaries are its memory. Densities are convolved with the track's own covariance, so a young track
says little and nothing has to wait for a "mature" one. Each feature's density has a floor (share of a uniform one): no
single feature can rule out a class by more than about 100:1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

__all__ = ["SUMMARIES", "claim_candidates", "class_log_likelihood", "normalise_log", "update_summaries"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SUMMARIES = 18
"""Columns of a track's memory: 0 time of the last detection; 1-6 regression of the vertical speed on time (weight, mean
time, mean speed, scatter of time, co-scatter, looks); 7-11 horizontal velocity over the wander window (weight, mean
east, mean north, scatter, mean variance); 12 and 17 energy speed (mean, weight); 13-14 RCS (weight,
mean); 15 age of the summary; 16 scans seen."""

_FALL_MEMORY_S = 8.0  # a rocket's vertical acceleration holds about this long before drag and phase change it
_WANDER_MEMORY_S = 20.0
_RCS_MEMORY_S = 120.0  # aspect changes within minutes
_ERROR_LOOKS = 4.0  # looks over which the errors of a filtered velocity are alike: a filter's memory in scans
_GRAVITY = 9.80665
_SWERLING_BIAS_DB = -2.51  # mean of an exponential variate in dB (Swerling 1954, cases 1 and 2), and its spread
_SWERLING_SD_DB = 5.57
_EARLY_S = 3.0  # what a round had at first, before drag took its share
_WANDER_TIME_S = 8.0  # velocity of a wanderer is alike over about this long: looks within it count as one
_FLOOR = 0.01
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def _floored(z2: float, sd: float, span: float) -> float:
    """A normal density at z2 = (x - mean)²/sd², with a share of a uniform density over `span`."""
    bell = math.exp(-0.5 * z2) * _INV_SQRT_2PI / sd if z2 < 60.0 else 0.0
    return (1.0 - _FLOOR) * bell + _FLOOR / span


@kernel
def update_summaries(
    t_s: float,
    row: IntArray,
    state: FloatArray,
    covariance: FloatArray,
    level_m: FloatArray,
    climb_mps: FloatArray,
    rcs_dbsm: FloatArray,
    memory_io: FloatArray,
) -> None:
    """Take one scan's detections of T tracks into their memory (T, SUMMARIES); rows of -1 (coasting) change nothing."""
    for i in range(row.shape[0]):
        if row[i] < 0:
            continue
        m = memory_io[i]
        dt = max(0.0, t_s - m[0]) if m[16] > 0.0 else 0.0
        m[0] = max(m[0], t_s) if m[16] > 0.0 else t_s
        m[15] += dt
        m[16] += 1.0
        weight = 1.0 / max(covariance[i, 5, 5], 1e-2)
        keep = math.exp(-dt / _FALL_MEMORY_S)
        old = keep * m[1]
        m[1] = old + weight
        gain, lag, change = weight / m[1], t_s - m[2], climb_mps[i] - m[3]
        m[2] += gain * lag
        m[3] += gain * change
        m[4] = keep * m[4] + old * gain * lag * lag
        m[5] = keep * m[5] + old * gain * lag * change
        m[6] = keep * m[6] + 1.0
        keep = math.exp(-dt / _WANDER_MEMORY_S)
        old = keep * m[7]
        m[7] = old + 1.0
        gain, east, north = 1.0 / m[7], state[i, 3] - m[8], state[i, 4] - m[9]
        m[8] += gain * east
        m[9] += gain * north
        m[10] = keep * m[10] + old * gain * (east * east + north * north)
        m[11] += gain * (covariance[i, 3, 3] + covariance[i, 4, 4] - m[11])
        if m[15] <= _EARLY_S:
            v2 = state[i, 3] ** 2 + state[i, 4] ** 2 + state[i, 5] ** 2
            weight = v2 / (covariance[i, 3, 3] + covariance[i, 4, 4] + covariance[i, 5, 5] + 1.0)
            m[17] += weight
            m[12] += weight / max(m[17], 1e-9) * (math.sqrt(v2 + 2.0 * _GRAVITY * max(level_m[i], 0.0)) - m[12])
        if not math.isnan(rcs_dbsm[i]):
            m[13] = math.exp(-dt / _RCS_MEMORY_S) * m[13] + 1.0
            m[14] += (rcs_dbsm[i] - m[14]) / m[13]


@kernel
def _speed_looks(
    speed2: float, trace: float, along: float, square: float, nodes: FloatArray, look_out: FloatArray
) -> None:
    """Likelihood of a squared horizontal speed at each node: its first two moments under Gaussian velocity errors.

    E = s² + tr P, var = 4 uᵀPu s² + 2 tr P² (noncentral chi-square), plus the node's own width (uniform in ln s).
    """
    width = math.log(nodes[1] / nodes[0])
    for j in range(nodes.shape[0]):
        s2 = nodes[j] * nodes[j]
        variance = 4.0 * along * s2 + 2.0 * square + (2.0 * s2 * width) ** 2 / 12.0 + 1.0
        z2 = (speed2 - s2 - trace) ** 2 / variance
        look_out[j] = math.exp(-0.5 * z2) / math.sqrt(variance) if z2 < 60.0 else 0.0


@kernel
def class_log_likelihood(
    speed_mps: FloatArray,
    speed_mass: FloatArray,
    height: FloatArray,
    climb: FloatArray,
    fall: FloatArray,
    ballistic_prior: float,
    state: FloatArray,
    covariance: FloatArray,
    level_m: FloatArray,
    climb_mps: FloatArray,
    ballistic: FloatArray,
    memory: FloatArray,
    log_likelihood_out: FloatArray,
) -> None:
    """Log likelihood (T, C) of the present look: speed, height, climb, fall and the tracker's ballistic model."""
    looks = np.empty(speed_mps.shape[0])
    for i in range(state.shape[0]):
        ve, vn = state[i, 3], state[i, 4]
        pee, pnn, pen = covariance[i, 3, 3], covariance[i, 4, 4], covariance[i, 3, 4]
        speed2 = ve * ve + vn * vn
        along = (ve * ve * pee + vn * vn * pnn + 2.0 * ve * vn * pen) / max(speed2, 1e-9)
        square = pee * pee + pnn * pnn + 2.0 * pen * pen
        _speed_looks(speed2, pee + pnn, along, square, speed_mps, looks)
        best_look = looks.max() + 1e-300
        log_height = math.log(max(level_m[i], -50.0) + 100.0)
        height_sd = math.sqrt(max(covariance[i, 2, 2], 0.0)) / (max(level_m[i], -50.0) + 100.0)
        climb_var = max(covariance[i, 5, 5], 0.0)
        m = memory[i]
        known = m[16] >= 3.0 and m[4] > 0.0
        slope = m[5] / m[4] if known else 0.0
        slope_var = _ERROR_LOOKS / m[4] if known else 0.0
        mu = min(max(ballistic[i], 0.0), 1.0)
        for c in range(height.shape[0]):
            density = np.dot(speed_mass[c], looks) / best_look + 1e-4
            sd = math.sqrt(height[c, 1] ** 2 + height_sd**2)
            density *= _floored(((log_height - height[c, 0]) / sd) ** 2, sd, 6.0)
            level = climb_var + climb[c, 0] ** 2
            move = climb_var + climb[c, 1] ** 2
            z2 = climb_mps[i] * climb_mps[i]
            steady = (1.0 - climb[c, 2]) * math.exp(-0.5 * z2 / level) / math.sqrt(level)
            moving = climb[c, 2] * math.exp(-0.5 * z2 / move) / math.sqrt(move)
            density *= (1.0 - _FLOOR) * (steady + moving) * _INV_SQRT_2PI + _FLOOR / 600.0
            if known:
                sd = math.sqrt(fall[c, 1] ** 2 + slope_var)
                density *= _floored(((slope - fall[c, 0]) / sd) ** 2, sd, 100.0)
            odds = mu / ballistic_prior if c < 2 else (1.0 - mu) / (1.0 - ballistic_prior)
            log_likelihood_out[i, c] = math.log(density * (0.95 * odds + 0.05))


@kernel
def class_once_log_likelihood(
    rcs: FloatArray, wander: FloatArray, energy: FloatArray, memory: FloatArray, log_likelihood_out: FloatArray
) -> None:
    """Log likelihood (T, C) of what describes a track as a whole: mean RCS, wander, first energy. They count once.

    Energy is that of a fall: it tells rocket from mortar, and says nothing on whether the track is either.
    """
    for i in range(memory.shape[0]):
        m = memory[i]
        speed2 = m[8] * m[8] + m[9] * m[9]
        scatter = m[10] / max(m[7], 1.0)
        steady = m[15] >= 10.0
        for c in range(rcs.shape[0]):
            density = 1.0
            if m[13] > 0.0:
                sd = math.sqrt(rcs[c, 1] ** 2 + _SWERLING_SD_DB**2 / m[13])
                density *= _floored(((m[14] - rcs[c, 0] - _SWERLING_BIAS_DB) / sd) ** 2, sd, 80.0)
            if steady:
                mean_speed2 = (
                    speed2 + scatter
                )  # half of the errors' variance: a filter's errors drift within the window
                expected = wander[c, 0] ** 2 * mean_speed2 + 0.5 * m[11]
                looks = max(1.0, min(m[15], _WANDER_MEMORY_S) / _WANDER_TIME_S)
                sd = math.sqrt(wander[c, 1] ** 2 + 2.0 / looks)
                density *= _floored((math.log((scatter + 0.01) / (expected + 0.01)) / sd) ** 2, sd, 12.0)
            log_likelihood_out[i, c] = math.log(density)
        if m[17] > 0.0 and m[12] > 1.0:
            spread = 1.0 / m[17]
            sd0, sd1 = math.sqrt(energy[0, 1] ** 2 + spread), math.sqrt(energy[1, 1] ** 2 + spread)
            first = _floored(((math.log(m[12]) - energy[0, 0]) / sd0) ** 2, sd0, 7.0)
            second = _floored(((math.log(m[12]) - energy[1, 0]) / sd1) ** 2, sd1, 7.0)
            log_likelihood_out[i, 0] += math.log(2.0 * first / (first + second))
            log_likelihood_out[i, 1] += math.log(2.0 * second / (first + second))


@kernel
def normalise_log(log_weight: FloatArray, probability_out: FloatArray) -> None:
    """Softmax of each row (T, C); rows sum to 1 and no entry is below 1e-9."""
    for i in range(log_weight.shape[0]):
        top = log_weight[i].max()
        total = 0.0
        for c in range(log_weight.shape[1]):
            probability_out[i, c] = max(math.exp(log_weight[i, c] - top), 1e-9)
            total += probability_out[i, c]
        for c in range(log_weight.shape[1]):
            probability_out[i, c] /= total


@kernel
def _normal2(x: float, y: float, sxx: float, sxy: float, syy: float) -> float:
    """Log density of a zero-mean bivariate normal."""
    det = sxx * syy - sxy * sxy
    z2 = (syy * x * x - 2.0 * sxy * x * y + sxx * y * y) / det
    return -0.5 * (z2 + math.log(det)) - math.log(2.0 * math.pi)


@kernel
def claim_candidates(
    gate_m: float,
    lookalike_m: float,
    t_s: float,
    state: FloatArray,
    covariance: FloatArray,
    claim_t_s: FloatArray,
    claim_position: FloatArray,
    claim_sigma: FloatArray,
    claim_velocity: FloatArray,
    claim_velocity_sigma: FloatArray,
    index_out: IntArray,
    true_out: FloatArray,
    false_out: FloatArray,
    near_out: BoolArray,
) -> None:
    """For each of R claims the K best of T tracks that may carry it, best first; index -1 where there are fewer.

    `true_out`, `false_out` (R, K): log likelihood ratio of "this track sends the claim and says where it is" and "...
    and says it is elsewhere" against "some other thing sends it", from the claim's position and velocity (NaN: not
    known yet).
    `near_out`: the track flies with the claim closely enough to be taken for its sender.
    """
    slots = index_out.shape[1]
    for r in range(claim_t_s.shape[0]):
        for k in range(slots):
            index_out[r, k], true_out[r, k], false_out[r, k], near_out[r, k] = -1, -math.inf, -math.inf, False
        ahead = claim_t_s[r] - t_s
        for i in range(state.shape[0]):
            dx = claim_position[r, 0] - state[i, 0] - ahead * state[i, 3]
            dy = claim_position[r, 1] - state[i, 1] - ahead * state[i, 4]
            if abs(dx) > gate_m or abs(dy) > gate_m:
                continue
            var = claim_sigma[r] ** 2
            cov = covariance[i]
            same = _normal2(dx, dy, cov[0, 0] + var, cov[0, 1], cov[1, 1] + var)
            elsewhere = _normal2(dx, dy, (0.3 * gate_m) ** 2, 0.0, (0.3 * gate_m) ** 2)
            other = -math.log(4.0 * gate_m * gate_m)
            flies_along, speed_gap = 0.0, 0.0
            if not math.isnan(claim_velocity[r, 0]):
                ue, un = claim_velocity[r, 0] - state[i, 3], claim_velocity[r, 1] - state[i, 4]
                var = claim_velocity_sigma[r] ** 2 + 4.0
                flies_along = _normal2(ue, un, cov[3, 3] + var, cov[3, 4], cov[4, 4] + var)
                speed2 = claim_velocity[r, 0] ** 2 + claim_velocity[r, 1] ** 2 + 100.0
                flies_along -= _normal2(ue, un, 2.0 * speed2, 0.0, 2.0 * speed2)
                speed_gap = math.hypot(ue, un) - 3.0 * math.sqrt(cov[3, 3] + cov[4, 4] + var)
            true_llr = same - other + flies_along
            false_llr = elsewhere - other + flies_along
            if not math.isnan(claim_position[r, 2]):
                dz = claim_position[r, 2] - state[i, 2] - ahead * state[i, 5]
                sd = math.sqrt(cov[2, 2] + 100.0**2)
                true_llr += math.log(3000.0 * _floored((dz / sd) ** 2, sd, 10000.0))
                false_llr += math.log(3000.0 * _floored((dz / 500.0) ** 2, 500.0, 10000.0))
            near = math.hypot(dx, dy) < lookalike_m and speed_gap < 10.0
            _keep_best(i, true_llr, false_llr, near, index_out[r], true_out[r], false_out[r], near_out[r])


@kernel
def _keep_best(
    track: int,
    true_llr: float,
    false_llr: float,
    near: bool,
    index_io: IntArray,
    true_io: FloatArray,
    false_io: FloatArray,
    near_io: BoolArray,
) -> None:
    """Insert a candidate into a short list that is sorted by the better of its two ratios."""
    score = max(true_llr, false_llr)
    slot = index_io.shape[0]
    while slot > 0 and (index_io[slot - 1] < 0 or score > max(true_io[slot - 1], false_io[slot - 1])):
        slot -= 1
    for k in range(index_io.shape[0] - 1, slot, -1):
        index_io[k], near_io[k] = index_io[k - 1], near_io[k - 1]
        true_io[k], false_io[k] = true_io[k - 1], false_io[k - 1]
    if slot < index_io.shape[0]:
        index_io[slot], true_io[slot], false_io[slot], near_io[slot] = track, true_llr, false_llr, near
