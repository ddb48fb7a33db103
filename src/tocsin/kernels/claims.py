"""Which tracks may carry a broadcast claim, and how well each fits what the claim says."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

__all__ = ["claim_candidates"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_FLOOR = 0.01
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def _floored(z2: float, sd: float, span: float) -> float:
    """A normal density at z2 = (x - mean)²/sd², with a share of a uniform density over `span`."""
    bell = math.exp(-0.5 * z2) * _INV_SQRT_2PI / sd if z2 < 60.0 else 0.0
    return (1.0 - _FLOOR) * bell + _FLOOR / span


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
