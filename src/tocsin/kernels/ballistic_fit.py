"""Estimation of a ballistic state from raw polar detections: a least-squares start and a sequential filter.

The state x (11) is that of `kernels.ballistics`, at the time of the newest detection used. A detection is a row z (4):
range (m), azimuth, elevation (rad), range rate (m/s) in the sensor's own frame, NaN where not measured, with its
standard deviations; the sensor's place (3,) and rotation (3, 3: sensor axes to site axes) go with it.

Sources: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, sections 3.4 (least
squares with prior), 10.3 (extended filter); Farina, Ristic, Benvenuti, IEEE TAES 38(3), 2002, for its efficiency here.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.ballistics import propagate
from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = ["absorb", "first_guess", "fit", "innovate", "predict"]

N = 11
"""Length of the state."""
M = 4
"""Length of a detection."""
DRAG, DRAG_LEAST, DRAG_MOST = 6, 2e-5, 0.05
"""Index and hard limits (m²/kg) of the drag parameter: a solid iron ball of 2 m, a shuttlecock."""


@kernel
def look(x: FloatArray, place: FloatArray, rotation: FloatArray, seen_out: FloatArray, h_out: FloatArray) -> None:
    """What a sensor would measure of a state (4,), and the derivative (4, 6) with respect to position and velocity."""
    d, v = np.empty(3), np.empty(3)
    for i in range(3):
        d[i], v[i] = 0.0, 0.0
        for j in range(3):
            d[i] += rotation[j, i] * (x[j] - place[j])
            v[i] += rotation[j, i] * x[3 + j]
    flat2 = max(d[0] * d[0] + d[1] * d[1], 1e-6)
    flat = math.sqrt(flat2)
    far2 = flat2 + d[2] * d[2]
    far = math.sqrt(far2)
    rate = (d[0] * v[0] + d[1] * v[1] + d[2] * v[2]) / far
    seen_out[0], seen_out[1], seen_out[2], seen_out[3] = far, math.atan2(d[0], d[1]), math.atan2(d[2], flat), rate
    rows = np.zeros((M, 3))
    for j in range(3):
        rows[0, j] = d[j] / far
        rows[3, j] = (v[j] - rate * d[j] / far) / far
    rows[1, 0], rows[1, 1] = d[1] / flat2, -d[0] / flat2
    rows[2, 0], rows[2, 1], rows[2, 2] = -d[0] * d[2] / (flat * far2), -d[1] * d[2] / (flat * far2), flat / far2
    for i in range(M):
        for j in range(3):
            h_out[i, j], h_out[i, 3 + j] = 0.0, 0.0
            for m in range(3):
                h_out[i, j] += rows[i, m] * rotation[j, m]
                if i == 3:
                    h_out[i, 3 + j] += rows[0, m] * rotation[j, m]


@kernel
def _residual(z: FloatArray, seen: FloatArray, i: int) -> float:
    """Measured minus predicted; azimuths differ by at most half a turn."""
    d = float(z[i] - seen[i])
    return d - 2.0 * math.pi * math.floor(d / (2.0 * math.pi) + 0.5) if i == 1 else d


@kernel
def predict(
    earth: FloatArray, drift: FloatArray, time_s: float, x_io: FloatArray, p_io: FloatArray, work_io: FloatArray
) -> None:
    """Carry a state and its covariance (11, 11) over `time_s` seconds; `drift` (11,) is variance added per second.

    `work_io` is scratch (8, 11, 11).
    """
    phi, left = work_io[5, :6], work_io[6]
    for i in range(6):
        for c in range(N):
            phi[i, c] = 1.0 if i == c else 0.0
    propagate(earth, time_s, x_io, phi, work_io)
    for i in range(N):
        for j in range(N):
            left[i, j] = 0.0 if i < 6 else p_io[i, j]
        if i < 6:
            for m in range(N):
                for j in range(N):
                    left[i, j] += phi[i, m] * p_io[m, j]
    for i in range(N):
        for j in range(i + 1):
            total = 0.0 if j < 6 else left[i, j]
            if j < 6:
                for m in range(N):
                    total += left[i, m] * phi[j, m]
            p_io[i, j] = total
            p_io[j, i] = total
        p_io[i, i] += drift[i] * abs(time_s)


@kernel
def innovate(
    x: FloatArray, p: FloatArray, z: FloatArray, sigma: FloatArray, place: FloatArray, rotation: FloatArray
) -> tuple[float, int]:
    """Normalised innovation squared of a detection, and how many components it has."""
    seen, h, ph = np.empty(M), np.empty((M, 6)), np.empty((M, 6))
    look(x, place, rotation, seen, h)
    d, s = np.empty(M), np.empty((M, M))
    n = 0
    for i in range(M):
        if not (math.isfinite(z[i]) and sigma[i] > 0.0):
            continue
        for m in range(6):
            h[n, m] = h[i, m]
        d[n] = _residual(z, seen, i)
        for c in range(6):
            ph[n, c] = 0.0
            for m in range(6):
                ph[n, c] += h[n, m] * p[m, c]
        for j in range(n + 1):
            s[n, j] = sigma[i] * sigma[i] if j == n else 0.0
            for c in range(6):
                s[n, j] += ph[n, c] * h[j, c]
        n += 1
    nis = 0.0
    for i in range(n):  # forward substitution through the Cholesky factor, row by row
        for j in range(i + 1):
            for m in range(j):
                s[i, j] -= s[i, m] * s[j, m]
            s[i, j] = math.sqrt(max(s[i, i], 1e-300)) if i == j else s[i, j] / s[j, j]
        for m in range(i):
            d[i] -= s[i, m] * d[m]
        d[i] /= s[i, i]
        nis += d[i] * d[i]
    return nis, n


@kernel
def absorb(
    z: FloatArray,
    sigma: FloatArray,
    place: FloatArray,
    rotation: FloatArray,
    loosen: float,
    x_io: FloatArray,
    p_io: FloatArray,
) -> None:
    """Update a state with one detection, component by component, the best-known first to keep the linearisation short.

    `loosen` multiplies the variances: 1, or more for a detection that may not be the track's.
    """
    seen, h, gain = np.empty(M), np.empty((M, 6)), np.empty(N)
    for i in range(M):
        if not (math.isfinite(z[i]) and sigma[i] > 0.0):
            continue
        look(x_io, place, rotation, seen, h)
        residual = _residual(z, seen, i)
        spread = loosen * sigma[i] * sigma[i]
        for r in range(N):
            gain[r] = 0.0
            for m in range(6):
                gain[r] += p_io[r, m] * h[i, m]
        for m in range(6):
            spread += h[i, m] * gain[m]
        for r in range(N):
            x_io[r] += gain[r] * residual / spread
            for c in range(r + 1):
                p_io[r, c] -= gain[r] * gain[c] / spread
                p_io[c, r] = p_io[r, c]
    x_io[DRAG] = min(max(x_io[DRAG], DRAG_LEAST), DRAG_MOST)


@kernel
def first_guess(
    count: int,
    t_s: FloatArray,
    z: FloatArray,
    sensor: IntArray,
    places: FloatArray,
    rotations: FloatArray,
    gravity_mps2: float,
    reference_s: float,
    x_io: FloatArray,
) -> bool:
    """Position and velocity at `reference_s` by a straight-line fit to the detections that have range and elevation,
    free fall taken out; False, and nothing changed, when fewer than two different times have such a detection.
    """
    s0, s1, s2 = 0.0, 0.0, 0.0
    y, ty, local = np.zeros(3), np.zeros(3), np.empty(3)
    for j in range(count):
        if not (math.isfinite(z[j, 0]) and math.isfinite(z[j, 2])):
            continue
        dt = t_s[j] - reference_s
        flat = z[j, 0] * math.cos(z[j, 2])
        local[0], local[1], local[2] = flat * math.sin(z[j, 1]), flat * math.cos(z[j, 1]), z[j, 0] * math.sin(z[j, 2])
        s0, s1, s2 = s0 + 1.0, s1 + dt, s2 + dt * dt
        for i in range(3):
            value = places[sensor[j], i] + (0.5 * gravity_mps2 * dt * dt if i == 2 else 0.0)
            for m in range(3):
                value += rotations[sensor[j], i, m] * local[m]
            y[i] += value
            ty[i] += value * dt
    spread = s0 * s2 - s1 * s1
    if s0 < 2.0 or spread < 1e-4:
        return False
    for i in range(3):
        x_io[i] = (s2 * y[i] - s1 * ty[i]) / spread
        x_io[3 + i] = (s0 * ty[i] - s1 * y[i]) / spread
    return True


@kernel
def _collect(
    z: FloatArray,
    sigma: FloatArray,
    place: FloatArray,
    rotation: FloatArray,
    x: FloatArray,
    phi: FloatArray,
    soft: float,
    a_io: FloatArray,
    b_io: FloatArray,
) -> tuple[float, int]:
    """Add one detection to the normal equations a dx = b; returns its squared residual and number of components.

    A detection whose squared residual passes `soft` a component is weighed down to it: it may not be the track's.
    """
    seen, h, row = np.empty(M), np.empty((M, 6)), np.empty(N)
    look(x, place, rotation, seen, h)
    total, n = 0.0, 0
    for i in range(M):
        if math.isfinite(z[i]) and sigma[i] > 0.0:
            total += (_residual(z, seen, i) / sigma[i]) ** 2
            n += 1
    trust = 1.0 if total <= soft * n else soft * n / total
    for i in range(M):
        if not (math.isfinite(z[i]) and sigma[i] > 0.0):
            continue
        weight = trust / (sigma[i] * sigma[i])
        residual = _residual(z, seen, i)
        for c in range(N):
            row[c] = 0.0
            for m in range(6):
                row[c] += h[i, m] * phi[m, c]
        for r in range(N):
            b_io[r] += weight * row[r] * residual
            for c in range(r + 1):
                a_io[r, c] += weight * row[r] * row[c]
    return total, n


@kernel
def _factor(a_io: FloatArray) -> bool:
    """Cholesky factor of the lower triangle, in place; False when the matrix is not positive definite."""
    for j in range(N):
        for i in range(j, N):
            total = a_io[i, j]
            for m in range(j):
                total -= a_io[i, m] * a_io[j, m]
            if i == j:
                if not total > 0.0:
                    return False
                a_io[j, j] = math.sqrt(total)
            else:
                a_io[i, j] = total / a_io[j, j]
    return True


@kernel
def _solve(factor: FloatArray, b_io: FloatArray) -> None:
    """Solve with a Cholesky factor, in place."""
    for i in range(N):
        for m in range(i):
            b_io[i] -= factor[i, m] * b_io[m]
        b_io[i] /= factor[i, i]
    for i in range(N - 1, -1, -1):
        for m in range(i + 1, N):
            b_io[i] -= factor[m, i] * b_io[m]
        b_io[i] /= factor[i, i]


@kernel
def fit(
    earth: FloatArray,
    prior: FloatArray,
    prior_sigma: FloatArray,
    rounds: int,
    count: int,
    t_s: FloatArray,
    z: FloatArray,
    sigma: FloatArray,
    sensor: IntArray,
    places: FloatArray,
    rotations: FloatArray,
    reference_s: float,
    x_io: FloatArray,
    p_out: FloatArray,
    work_io: FloatArray,
) -> float:
    """Most probable state at `reference_s` given the first `count` detections, by Gauss-Newton from the guess `x_io`.

    `p_out` (11, 11) is its covariance. Every detection is reached by flying the state to its time, so the order does
    not matter. Returns the squared residual a component; infinity when the normal equations cannot be solved.
    """
    a, phi, column = work_io[6], work_io[5, :6], work_io[7, 0]
    x, b = work_io[7, 1], work_io[7, 2]
    misfit = math.inf
    for turn in range(rounds):
        for r in range(N):
            b[r] = (prior[r] - x_io[r]) / prior_sigma[r] ** 2
            for c in range(N):
                a[r, c] = 1.0 / prior_sigma[r] ** 2 if r == c else 0.0
            x[r] = x_io[r]
            for c in range(6):
                phi[c, r] = 1.0 if c == r else 0.0
        now, total, n = reference_s, 0.0, 0
        for j in range(count - 1, -1, -1):
            propagate(earth, t_s[j] - now, x, phi, work_io)
            now = t_s[j]
            soft = 1e12 if turn == 0 else 5.0
            squared, m = _collect(z[j], sigma[j], places[sensor[j]], rotations[sensor[j]], x, phi, soft, a, b)
            total, n = total + squared, n + m
        if n == 0 or not _factor(a):
            return math.inf
        misfit = total / n
        _solve(a, b)
        for r in range(N):
            x_io[r] += b[r]
        x_io[DRAG] = min(max(x_io[DRAG], DRAG_LEAST), DRAG_MOST)
    for c in range(N):
        for r in range(N):
            column[r] = 1.0 if r == c else 0.0
        _solve(a, column)
        for r in range(N):
            p_out[r, c] = column[r]
    return misfit
