"""Estimation of a ballistic state from raw polar detections: a least-squares start and a sequential filter.

The state x (11) is that of `kernels.ballistics`. A detection is a row (10): time (s), sensor's number, then range (m),
azimuth, elevation (rad) and range rate (m/s) in the sensor's own frame, NaN where not measured, then their standard
deviations. `poses` (S, 4, 3) has each sensor's place in row 0 and the rotation from its axes to the site's below it.
`prior` (3, 11) has the mean, the standard deviation, and the variance that a filtered state gains per second.

Sources: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, sections 3.4 (least
squares with prior), 10.3 (extended filter); Farina, Ristic, Benvenuti, IEEE TAES 38(3), 2002, for its efficiency here.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.ballistics import propagate
from tocsin.kernels.jit import kernel
from tocsin.kernels.linear import factor, solve

FloatArray = npt.NDArray[np.float64]

__all__ = ["absorb", "first_guess", "fit", "predict"]

N = 11
"""Length of the state."""
M = 4
"""Components of a detection."""
DRAG, DRAG_LEAST, DRAG_MOST = 6, 2e-5, 0.05
"""Index and hard limits (m²/kg) of the drag parameter: a solid iron ball of 2 m, a shuttlecock."""
SOFT = 5.0
"""Squared residual a component from which a detection is weighed down: true ones pass it once in 500."""


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
def _limit(components: int) -> float:
    """Squared innovation that one true detection in about 100,000 passes: chi-square with 1 to 4 components."""
    return 15.0 + 3.6 * components


@kernel
def absorb(
    z: FloatArray,
    sigma: FloatArray,
    place: FloatArray,
    rotation: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
    work_io: FloatArray,
) -> bool:
    """Update a state with one detection, component by component; False, nothing changed, when it is out of the gate.

    The squared normalised innovations of the components, each given those before, add up to that of all of them.
    """
    x, gain, seen = work_io[7, 0], work_io[7, 1], work_io[7, 2]
    p, h = work_io[6], work_io[5]
    for r in range(N):
        x[r] = x_io[r]
        for c in range(N):
            p[r, c] = p_io[r, c]
    squared, n = 0.0, 0
    for i in range(M):
        if not (math.isfinite(z[i]) and sigma[i] > 0.0):
            continue
        look(x, place, rotation, seen, h)
        residual = _residual(z, seen, i)
        spread = sigma[i] * sigma[i]
        for r in range(N):
            gain[r] = 0.0
            for m in range(6):
                gain[r] += p[r, m] * h[i, m]
        for m in range(6):
            spread += h[i, m] * gain[m]
        squared, n = squared + residual * residual / spread, n + 1
        for r in range(N):
            x[r] += gain[r] * residual / spread
            for c in range(r + 1):
                p[r, c] -= gain[r] * gain[c] / spread
                p[c, r] = p[r, c]
    if not squared <= _limit(n):
        return False
    x[DRAG] = min(max(x[DRAG], DRAG_LEAST), DRAG_MOST)
    for r in range(N):
        x_io[r] = x[r]
        for c in range(N):
            p_io[r, c] = p[r, c]
    return True


@kernel
def first_guess(
    poses: FloatArray, gravity_mps2: float, reference_s: float, held: int, memory: FloatArray, x_io: FloatArray
) -> bool:
    """Position and velocity at `reference_s` by a straight-line fit to the detections that have range and elevation,
    free fall taken out; False, and nothing changed, when fewer than two different times have such a detection.
    """
    s0, s1, s2 = 0.0, 0.0, 0.0
    y, ty, local = np.zeros(3), np.zeros(3), np.empty(3)
    for j in range(held):
        range_m, azimuth, elevation = memory[j, 2], memory[j, 3], memory[j, 4]
        if not (math.isfinite(range_m) and math.isfinite(elevation)):
            continue
        pose = poses[int(memory[j, 1])]
        dt = memory[j, 0] - reference_s
        flat = range_m * math.cos(elevation)
        local[0], local[1], local[2] = flat * math.sin(azimuth), flat * math.cos(azimuth), range_m * math.sin(elevation)
        s0, s1, s2 = s0 + 1.0, s1 + dt, s2 + dt * dt
        for i in range(3):
            value = pose[0, i] + (0.5 * gravity_mps2 * dt * dt if i == 2 else 0.0)
            for m in range(3):
                value += pose[1 + i, m] * local[m]
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
    detection: FloatArray,
    pose: FloatArray,
    soft: float,
    x: FloatArray,
    phi: FloatArray,
    a_io: FloatArray,
    b_io: FloatArray,
    work_io: FloatArray,
) -> tuple[float, int]:
    """Add one detection to the normal equations a dx = b; returns its squared residual and number of components.

    A detection whose squared residual passes `soft` a component is weighed down to it: it may not be the track's.
    `work_io` is scratch (5, 11).
    """
    seen, row, h = work_io[0], work_io[1], work_io[2:]
    z, sigma = detection[2:6], detection[6:10]
    look(x, pose[0], pose[1:], seen, h)
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
            for c in range(N):
                row[c] += h[i, m] * phi[m, c]
        for r in range(N):
            b_io[r] += weight * row[r] * residual
            for c in range(r + 1):
                a_io[r, c] += weight * row[r] * row[c]
    return total, n


@kernel
def fit(
    earth: FloatArray,
    prior: FloatArray,
    poses: FloatArray,
    rounds: int,
    reference_s: float,
    held: int,
    memory: FloatArray,
    x_io: FloatArray,
    p_out: FloatArray,
    work_io: FloatArray,
) -> float:
    """Most probable state at `reference_s` given the first `held` detections, by Gauss-Newton from the guess `x_io`.

    `p_out` (11, 11) is its covariance. Every detection is reached by flying the state to its time, so the order does
    not matter. Returns the squared residual a component; infinity when the normal equations cannot be solved.
    `work_io` is scratch (8, 11, 11).
    """
    a, phi = work_io[6], work_io[5, :6]
    column, x, b, scratch = work_io[7, 0], work_io[7, 1], work_io[7, 2], work_io[7, 3:]
    misfit = math.inf
    for turn in range(rounds):
        for r in range(N):
            b[r] = (prior[0, r] - x_io[r]) / prior[1, r] ** 2
            for c in range(N):
                a[r, c] = 1.0 / prior[1, r] ** 2 if r == c else 0.0
            x[r] = x_io[r]
            for c in range(6):
                phi[c, r] = 1.0 if c == r else 0.0
        now, total, n = reference_s, 0.0, 0
        soft = 1e300 if turn == 0 else SOFT
        for j in range(held - 1, -1, -1):
            propagate(earth, memory[j, 0] - now, x, phi, work_io)
            now = memory[j, 0]
            squared, m = _collect(memory[j], poses[int(memory[j, 1])], soft, x, phi, a, b, scratch)
            total, n = total + squared, n + m
        if n == 0 or not factor(a):
            return math.inf
        misfit = total / n
        solve(a, b)
        for r in range(N):
            x_io[r] += b[r]
        x_io[DRAG] = min(max(x_io[DRAG], DRAG_LEAST), DRAG_MOST)
    for c in range(N):
        for r in range(N):
            column[r] = 1.0 if r == c else 0.0
        solve(a, column)
        for r in range(N):
            p_out[r, c] = column[r]
    return misfit
