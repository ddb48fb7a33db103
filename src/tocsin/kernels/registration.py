"""Biases of sensors from the targets that they share: Friedland's separated-bias filter over many targets.

Each target has a filter of its own that takes the measurements as if there were no bias, and beside it the sensitivity
V of its error to the biases: E[x - x̂ | b] = V b. An innovation is then S b plus white noise of the filter's own
innovation variance, with S = H V + D, so the information on b is the sum of S'S/s over all targets and rows, and is
exact for linear models: the targets' states are marginalised, as by a Schur complement, without a window of old data
(Friedland 1969, IEEE TAC 14:359; Mendel & Washburn 1978). A plain filter on innovations against a fused track has no V,
takes the bias that the track has absorbed for none, and is overconfident.

Any bias shifts a plot in place: along the ray, across it, or by the target's velocity. Were each plot's shift
linearised at the estimate of its own time, directions that no data can tell (all clocks together, the range of two
radars on one mast) would gather information from the noise of the estimates alone, and with it an error that is always
of one sign (the inconsistency of EKF-SLAM: Huang, Mourikis & Roumeliotis 2010, IJRR 29:502). So V is kept for a shift
of each sensor's plots along each axis, and for one that grows with time, both of which are linear, and multiplied by
what a bias is in place, and how fast that changes, as it is known now. What the bending of one sensor's own picture of
a straight path would tell is given up with it: it is little, and it hangs on the path being straight.

Biases are in units of their prior standard deviations ("whitened"): b ~ N(0, I). Columns 4 s to 4 s + 3 are range,
azimuth, elevation and clock of sensor s; a measurement with time stamp t is h(x(t - clock)) + bias + noise.
A target's nine states are position and velocity in the site frame and the offset of what it reports of itself.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel
from tocsin.kernels.linear import carry_covariance, product, squared_distance

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = [
    "STATES",
    "STRIKES",
    "Array",
    "Targets",
    "no_targets",
    "polar_rows",
    "predict",
    "report_gap",
    "shift_tracks",
    "take_plots",
    "take_report",
    "target_pairs",
]

STATES = 9
NOISE_LEVEL, NOISE_UP = 2.0, 0.2  # m²/s³; figures for others stand in docs/why/registration.md
OUTLIER = 16.0  # squared, per row: four standard deviations, one honest row in 16,000
TOGETHER_S = 3.0  # two looks of a slow radar: what it shows twice within that are two things
RATE_STEP_S = 0.1  # over which the rate of a shift is taken: a target moves by metres, the shift by millimetres
STRIKES = 3  # rejected plots in a row after which a target's history is not believed
VELOCITY_SIGMA_MPS = 20.0  # what an unregistered pair of radars does to the velocity of a young track


class Targets(NamedTuple):
    """Places for cap targets seen by S sensors; a place with time -inf has no state yet."""

    t_s: FloatArray  # (cap,)
    x: FloatArray  # (cap, 9)
    p: FloatArray  # (cap, 9, 9)
    v: FloatArray  # (cap, 9, 6 S) of x - x̂ to a shift of each sensor's plots, then to one of 1 m/s that is nought now
    fed_s: FloatArray  # (cap, S) when a plot of each sensor was last taken
    hits: IntArray  # (cap, S)
    strikes: IntArray  # (cap,)


def no_targets(places: int, sensors: int) -> Targets:
    """Empty places."""
    return Targets(
        t_s=np.full(places, -np.inf),
        x=np.zeros((places, STATES)),
        p=np.zeros((places, STATES, STATES)),
        v=np.zeros((places, STATES, 6 * sensors)),
        fed_s=np.full((places, sensors), -np.inf),
        hits=np.zeros((places, sensors), np.int64),
        strikes=np.zeros(places, np.int64),
    )


@kernel
def predict(dt: float, x_io: FloatArray, p_io: FloatArray, v_io: FloatArray) -> None:
    """Move x_io (9,), p_io (9, 9) and v_io (9, B) on by dt: constant velocity with white acceleration."""
    for i in range(3):
        x_io[i] += dt * x_io[3 + i]
        for j in range(STATES):
            p_io[i, j] += dt * p_io[3 + i, j]
        for j in range(v_io.shape[1]):
            v_io[i, j] += dt * v_io[3 + i, j]
    for j in range(0, v_io.shape[1], 6):
        for i in range(STATES):
            for k in range(3):
                v_io[i, j + 3 + k] -= dt * v_io[i, j + k]
    for i in range(3):
        for j in range(STATES):
            p_io[j, i] += dt * p_io[j, 3 + i]
    for i in range(3):
        q = NOISE_UP if i == 2 else NOISE_LEVEL
        p_io[i, i] += q * dt * dt * dt / 3.0
        p_io[i, 3 + i] += q * dt * dt / 2.0
        p_io[3 + i, i] += q * dt * dt / 2.0
        p_io[3 + i, 3 + i] += q * dt


class Array(NamedTuple):
    """The S sensors, and the prior standard deviations (4,) of their biases."""

    place: FloatArray  # (S, 3) site frame
    rotation: FloatArray  # (S, 3, 3) the sensor's own axes to the site's
    scale: FloatArray  # (4,) range (m), azimuth, elevation (rad), clock (s)


@kernel
def ray(place: FloatArray, rotation: FloatArray, x: FloatArray, axes_out: FloatArray, polar_out: FloatArray) -> None:
    """Unit vectors of growing range, azimuth and elevation at x, axes_out (3, 3), and polar_out (4,).

    polar_out: range, azimuth, elevation, distance along the sensor's ground.
    """
    d0, d1, d2 = x[0] - place[0], x[1] - place[1], x[2] - place[2]
    e = rotation[0, 0] * d0 + rotation[1, 0] * d1 + rotation[2, 0] * d2
    n = rotation[0, 1] * d0 + rotation[1, 1] * d1 + rotation[2, 1] * d2
    u = rotation[0, 2] * d0 + rotation[1, 2] * d1 + rotation[2, 2] * d2
    ground = max(math.sqrt(e * e + n * n), 1e-3)
    r = math.sqrt(ground * ground + u * u)
    ce, se, ca, sa = ground / r, u / r, n / ground, e / ground
    for i in range(3):
        ri, rj, rk = rotation[i, 0], rotation[i, 1], rotation[i, 2]
        axes_out[0, i] = ri * ce * sa + rj * ce * ca + rk * se
        axes_out[1, i] = ri * ca - rj * sa
        axes_out[2, i] = -ri * se * sa - rj * se * ca + rk * ce
    polar_out[0], polar_out[1], polar_out[2], polar_out[3] = r, math.atan2(e, n), math.atan2(u, ground), ground


@kernel
def shifts(array: Array, x: FloatArray, shift_out: FloatArray) -> None:
    """What one prior standard deviation of each bias of each sensor is in place at x (9,), and its rate.

    shift_out (S, 6, 4): metres along the axes, then metres a second, for range, azimuth, elevation and clock.
    """
    axes, polar, later = np.empty((3, 3)), np.empty(4), x.copy()
    for i in range(3):
        later[i] += RATE_STEP_S * x[3 + i]
    for s in range(array.place.shape[0]):
        ray(array.place[s], array.rotation[s], later, axes, polar)
        for i in range(3):
            shift_out[s, 3 + i, 0] = axes[0, i]
            shift_out[s, 3 + i, 1] = axes[1, i] * polar[3]
            shift_out[s, 3 + i, 2] = axes[2, i] * polar[0]
        ray(array.place[s], array.rotation[s], x, axes, polar)
        for i in range(3):
            shift_out[s, i, 0] = axes[0, i]
            shift_out[s, i, 1] = axes[1, i] * polar[3]
            shift_out[s, i, 2] = axes[2, i] * polar[0]
            shift_out[s, i, 3] = -array.scale[3] * x[3 + i]
            shift_out[s, 3 + i, 3] = 0.0
            for k in range(3):
                shift_out[s, 3 + i, k] = (shift_out[s, 3 + i, k] - shift_out[s, i, k]) * array.scale[k] / RATE_STEP_S
                shift_out[s, i, k] *= array.scale[k]


@kernel
def polar_rows(
    place: FloatArray,
    rotation: FloatArray,
    x: FloatArray,
    z: FloatArray,
    sigma: FloatArray,
    h_out: FloatArray,
    nu_out: FloatArray,
    r_out: FloatArray,
) -> None:
    """Rows range, cross azimuth and cross elevation of one plot z (3,) in metres about the state x.

    h_out (3, 9), nu_out (3,) residual, r_out (3,) variance. A value that is not given leaves a NaN in nu_out.
    """
    axes, polar = np.empty((3, 3)), np.empty(4)
    ray(place, rotation, x, axes, polar)
    h_out[:] = 0.0
    h_out[:, :3] = axes
    r, ground = polar[0], polar[3]
    turn = z[1] - polar[1]
    turn -= 2.0 * math.pi * np.floor(turn / (2.0 * math.pi) + 0.5)
    nu_out[0], nu_out[1], nu_out[2] = z[0] - r, ground * turn, r * (z[2] - polar[2])
    r_out[0], r_out[1], r_out[2] = sigma[0] ** 2, (ground * sigma[1]) ** 2, (r * sigma[2]) ** 2


@kernel
def sensitivity(
    h: FloatArray, sensor: int, shift: FloatArray, v: FloatArray, t_out: FloatArray, s_out: FloatArray
) -> None:
    """Sensitivity of a row h (9,) to shifts of each sensor's plots, t_out (6 S,), and to the biases, s_out (B,).

    `sensor` is the one whose plot it is, -1: no sensor's; shift (S, 6, 4) from `shifts`.
    """
    t_out[:] = 0.0
    for i in range(STATES):
        if h[i] != 0.0:
            for b in range(t_out.shape[0]):
                t_out[b] += h[i] * v[i, b]
    if sensor >= 0:
        for i in range(3):
            t_out[6 * sensor + i] += h[i]
    for s in range(shift.shape[0]):
        for k in range(4):
            s_out[4 * s + k] = 0.0
            for i in range(6):
                s_out[4 * s + k] += t_out[6 * s + i] * shift[s, i, k]


@kernel
def absorb_row(
    h: FloatArray,
    nu: float,
    r: float,
    t: FloatArray,
    s: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
    v_io: FloatArray,
    info_io: FloatArray,
    eta_io: FloatArray,
) -> None:
    """Take one scalar row with sensitivities t (6 S,), s (B,): add its information, then update state and V."""
    ph, spread = np.zeros(STATES), r
    for i in range(STATES):
        for j in range(STATES):
            ph[i] += p_io[i, j] * h[j]
    for i in range(STATES):
        spread += h[i] * ph[i]
    for b in range(s.shape[0]):
        if s[b] != 0.0:
            eta_io[b] += s[b] * nu / spread
            for c in range(s.shape[0]):
                info_io[b, c] += s[b] * s[c] / spread
    for i in range(STATES):
        gain = ph[i] / spread
        x_io[i] += gain * nu
        for j in range(STATES):
            p_io[i, j] -= gain * ph[j]
        for b in range(t.shape[0]):
            v_io[i, b] -= gain * t[b]


@kernel
def row_surprise(
    h: FloatArray, s: FloatArray, nu: float, r: float, mean: FloatArray, cov: FloatArray, p: FloatArray
) -> float:
    """Squared residual of a row over its variance, given what is believed of the biases; s (B,) is its sensitivity."""
    spread = r
    for i in range(STATES):
        for j in range(STATES):
            spread += h[i] * p[i, j] * h[j]
    for b in range(s.shape[0]):
        if s[b] != 0.0:
            nu -= s[b] * mean[b]
            for c in range(s.shape[0]):
                spread += s[b] * cov[b, c] * s[c]
    return nu * nu / spread


@kernel
def begin(
    h: FloatArray, nu: FloatArray, r: FloatArray, sensor: int, velocity: FloatArray, variance: FloatArray,
    x_io: FloatArray, p_out: FloatArray, v_out: FloatArray,
) -> None:  # fmt: skip
    """A target's first state from one plot: x_io holds the place at which the rows were taken."""
    p_out[:] = 0.0
    v_out[:] = 0.0
    for k in range(3):
        for i in range(3):
            x_io[i] += h[k, i] * nu[k]
            for j in range(3):
                p_out[i, j] += h[k, i] * r[k] * h[k, j]
    for i in range(3):
        v_out[i, 6 * sensor + i] = v_out[3 + i, 6 * sensor + 3 + i] = -1.0
        x_io[3 + i] = velocity[i]
        x_io[6 + i] = 0.0
        p_out[3 + i, 3 + i] = 2.0 * variance[i] + VELOCITY_SIGMA_MPS**2


@kernel
def take_plots(
    t_s: float,
    sensor: int,
    array: Array,
    z: FloatArray,
    sigma: FloatArray,
    where: FloatArray,
    slot: IntArray,
    velocity: FloatArray,
    variance: FloatArray,
    mean: FloatArray,
    cov: FloatArray,
    targets_io: Targets,
    info_io: FloatArray,
    eta_io: FloatArray,
    tally_io: FloatArray,
) -> None:
    """Take n plots z (n, 3), sigma (n, 3), of one sensor at one time, each for the target in its slot (n,).

    where (n, 3) are the plots in the site frame, velocity and variance (n, 3) the tracker's, for targets that begin.
    mean (B,), cov (B, B): what is believed of the biases so far. tally_io (3,): sum of the squared normalised
    residuals, rows in it, plots rejected.
    """
    h, nu, r, at = np.empty((3, STATES)), np.empty(3), np.empty(3), np.empty(STATES)
    place, rotation = array.place[sensor], array.rotation[sensor]
    for k in range(z.shape[0]):
        i = slot[k]
        if targets_io.fed_s[i, sensor] == t_s or t_s < targets_io.t_s[i]:
            continue
        targets_io.fed_s[i, sensor] = t_s
        targets_io.hits[i, sensor] += 1
        x, p, v = targets_io.x[i], targets_io.p[i], targets_io.v[i]
        if targets_io.t_s[i] == -np.inf:
            at[:3] = where[k]
            at[3:] = 0.0
            polar_rows(place, rotation, at, z[k], sigma[k], h, nu, r)
            x[:] = at
            begin(h, nu, r, sensor, velocity[k], variance[k], x, p, v)
            targets_io.t_s[i] = t_s
            continue
        predict(t_s - targets_io.t_s[i], x, p, v)
        targets_io.t_s[i] = t_s
        polar_rows(place, rotation, x, z[k], sigma[k], h, nu, r)
        take_rows(sensor, array, h, nu, r, mean, cov, i, targets_io, info_io, eta_io, tally_io)


@kernel
def take_rows(
    sensor: int, array: Array, h: FloatArray, nu: FloatArray, r: FloatArray, mean: FloatArray,
    cov: FloatArray, i: int, targets_io: Targets, info_io: FloatArray, eta_io: FloatArray, tally_io: FloatArray,
) -> None:  # fmt: skip
    """Take the rows of one measurement for target i if none of them is absurd."""
    x, p, v = targets_io.x[i], targets_io.p[i], targets_io.v[i]
    t, s, at = np.empty(v.shape[1]), np.empty(mean.shape[0]), x.copy()
    shift = np.empty((array.place.shape[0], 6, 4))
    shifts(array, at, shift)
    worst, total, rows = 0.0, 0.0, 0
    for k in range(3):
        if not math.isnan(nu[k]):
            sensitivity(h[k], sensor, shift, v, t, s)
            surprise = row_surprise(h[k], s, nu[k], r[k], mean, cov, p)
            worst, total, rows = max(worst, surprise), total + surprise, rows + 1
    if worst > OUTLIER:
        targets_io.strikes[i] += 1
        tally_io[2] += 1.0
        return
    targets_io.strikes[i] = 0
    tally_io[0] += total
    tally_io[1] += rows
    for k in range(3):
        if math.isnan(nu[k]):
            continue
        moved = 0.0
        for j in range(STATES):
            moved += h[k, j] * (x[j] - at[j])
        sensitivity(h[k], sensor, shift, v, t, s)
        absorb_row(h[k], nu[k] - moved, r[k], t, s, x, p, v, info_io, eta_io)


@kernel
def take_report(
    t_s: float,
    position: FloatArray,
    sigma: FloatArray,
    array: Array,
    mean: FloatArray,
    cov: FloatArray,
    i: int,
    targets_io: Targets,
    info_io: FloatArray,
    eta_io: FloatArray,
    tally_io: FloatArray,
) -> None:
    """Take what target i reports of its own position (3,), NaN where not given, with noise sigma (3,)."""
    h, nu = np.zeros((3, STATES)), np.empty(3)
    x = targets_io.x[i]
    predict(t_s - targets_io.t_s[i], x, targets_io.p[i], targets_io.v[i])
    targets_io.t_s[i] = t_s
    for k in range(3):
        h[k, k] = h[k, 6 + k] = 1.0
        nu[k] = position[k] - x[k] - x[6 + k]
    take_rows(-1, array, h, nu, sigma * sigma, mean, cov, i, targets_io, info_io, eta_io, tally_io)


@kernel
def ahead(
    dt: float, rows: int, array: Array, x: FloatArray, p: FloatArray, v: FloatArray,
    f_out: FloatArray, a_out: FloatArray, s_out: FloatArray,
) -> None:  # fmt: skip
    """A target dt later: its first `rows` states f_out (rows,), their covariance a_out, sensitivity s_out (rows, B)."""
    t, w, shift = np.empty(v.shape[1]), np.zeros((rows, STATES)), np.empty((array.place.shape[0], 6, 4))
    shifts(array, x, shift)
    for i in range(rows):
        w[i, i] = 1.0
        if i < 3:
            w[i, 3 + i] = dt
        f_out[i] = 0.0
        for j in range(STATES):
            f_out[i] += w[i, j] * x[j]
        sensitivity(w[i], -1, shift, v, t, s_out[i])
    carry_covariance(w, p, a_out)
    for i in range(rows):
        a_out[i, i] += NOISE_LEVEL * abs(dt) * (dt * dt / 3.0 if i < 3 else 1.0)


@kernel
def target_pairs(
    now_s: float,
    near_m: float,
    gate: float,
    array: Array,
    use: IntArray,
    mean: FloatArray,
    cov: FloatArray,
    targets: Targets,
    partner_out: IntArray,
) -> None:
    """For each of the targets `use` (n,) the place in `use` of its only partner, into partner_out (n,).

    -1: none, -2: several. Partners are two targets that no sensor has seen both of in the last seconds and that agree,
    in place and velocity, as well as the biases allow.
    """
    n, size = use.shape[0], mean.shape[0]
    f, a, s = np.empty((n, 6)), np.empty((n, 6, 6)), np.empty((n, 6, size))
    moved, spread = np.empty(6), np.empty((6, 6))
    for k in range(n):
        i = use[k]
        ahead(
            now_s - targets.t_s[i], 6, array, targets.x[i], targets.p[i], targets.v[i],
            f[k], a[k], s[k],
        )  # fmt: skip
    partner_out[:] = -1
    for k in range(n):
        for q in range(k):
            if (f[k, 0] - f[q, 0]) ** 2 + (f[k, 1] - f[q, 1]) ** 2 + (f[k, 2] - f[q, 2]) ** 2 > near_m * near_m:
                continue
            apart = False
            for m in range(targets.hits.shape[1]):
                apart = apart or min(targets.fed_s[use[k], m], targets.fed_s[use[q], m]) > now_s - TOGETHER_S
            if apart:
                continue
            d, e = s[k] - s[q], f[k] - f[q]
            product(d, mean, moved)
            carry_covariance(d, cov, spread)
            if squared_distance(a[k] + a[q] + spread, e + moved) < gate:
                partner_out[k] = q if partner_out[k] == -1 else -2
                partner_out[q] = k if partner_out[q] == -1 else -2


@kernel
def report_gap(
    t_s: float, place: FloatArray, variance: FloatArray, array: Array, mean: FloatArray, cov: FloatArray, i: int,
    targets: Targets,
) -> float:  # fmt: skip
    """Squared normalised distance, east and north, of a reported place (3,) and target i."""
    f, a, s = np.empty(2), np.empty((2, 2)), np.empty((2, mean.shape[0]))
    moved, spread = np.empty(2), np.empty((2, 2))
    x, p, v = targets.x[i], targets.p[i], targets.v[i]
    ahead(t_s - targets.t_s[i], 2, array, x, p, v, f, a, s)
    product(s, mean, moved)
    carry_covariance(s, cov, spread)
    for k in range(2):
        a[k, k] += 2.0 * variance[k]
    return squared_distance(a + spread, f + moved - place[:2])


@kernel
def shift_tracks(n: int, lead_s: float, mu: FloatArray, x_io: FloatArray, p_io: FloatArray) -> None:
    """Move the waking models of n tracks on by lead_s at constant velocity and without noise; undone by -lead_s.

    A sensor whose clock is ahead by c measures where things were c before its time stamp: the linear map is undone
    after the update, so that the update is that of the measurement h(x - c v).
    """
    for i in range(n):
        for k in range(mu.shape[1]):
            if mu[i, k] <= 0.0:
                continue
            for a in range(3):
                x_io[i, k, a] += lead_s * x_io[i, k, 3 + a]
                for b in range(p_io.shape[3]):
                    p_io[i, k, a, b] += lead_s * p_io[i, k, 3 + a, b]
            for a in range(3):
                for b in range(p_io.shape[3]):
                    p_io[i, k, b, a] += lead_s * p_io[i, k, b, 3 + a]
