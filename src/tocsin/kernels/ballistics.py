"""Flight of an unpowered body over a round, turning Earth, with its sensitivities.

State x (11): east, north, up (m), their rates (m/s), drag parameter Cd A / m (m²/kg) at low Mach number, wind east and
north (m/s), rise and fall of the drag curve. The drag coefficient over its low-speed value at Mach number M is
1 + rise / (1 + exp(-(M - 1) / 0.05)) exp(-fall max(M - 1, 0)): the transonic rise and the supersonic decline that every
slender body shows (McCoy, Modern Exterior Ballistics, 1999, chapter 4). The last five entries are constant in flight.

`earth` (5): level radius (m), altitude of level 0 (m), gravity at level 0 (m/s²), Earth rate toward north and up
(rad/s). Gravity falls with the inverse square of the distance from the sphere's centre and contains the centrifugal
part.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.atmosphere import isa
from tocsin.kernels.ground import clearance
from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]

__all__ = ["acceleration", "drag_curve", "fly_to_ground", "impact_covariance", "propagate", "step"]

N = 11
"""Length of the state."""
SMOOTH = 0.2
"""Longest step as a share of the time in which the present acceleration would stop the body."""
LEAST_PULL_MPS2 = 9.8
"""A body that falls at its terminal speed does not accelerate, but its drag still answers within 2 v / g."""
CROSS = 1.0
"""Longest step as a share of the time to Mach 1, or to cross the drag rise when in it."""


@kernel
def drag_curve(mach: float, rise: float, fall: float) -> tuple[float, float, float, float]:
    """Drag over its low-speed value, and its derivatives with respect to Mach number, rise and fall."""
    over = max(mach - 1.0, 0.0)
    logistic = 1.0 / (1.0 + math.exp(-max(min((mach - 1.0) / 0.05, 40.0), -40.0)))
    decline = math.exp(-fall * over)
    shape = logistic * decline
    slope = rise * shape * ((1.0 - logistic) / 0.05 - (fall if over > 0.0 else 0.0))
    return 1.0 + rise * shape, slope, shape, -rise * shape * over


@kernel
def acceleration(earth: FloatArray, x: FloatArray, a_out: FloatArray, jacobian_out: FloatArray) -> None:
    """Acceleration (3,) and its derivative (3, 11) with respect to the state."""
    radius = earth[0]
    top = x[2] + radius
    distance = math.sqrt(x[0] * x[0] + x[1] * x[1] + top * top)
    level = (x[0] * x[0] + x[1] * x[1] + x[2] * (x[2] + 2.0 * radius)) / (distance + radius)
    zenith = (x[0] / distance, x[1] / distance, top / distance)
    density, density_slope, sound, sound_slope = isa(earth[1] + level)
    air = (x[3] - x[7], x[4] - x[8], x[5])
    speed = math.sqrt(air[0] * air[0] + air[1] * air[1] + air[2] * air[2]) + 1e-9
    mach = speed / sound
    curve, curve_slope, d_rise, d_fall = drag_curve(mach, x[9], x[10])
    half = 0.5 * density * speed  # times the drag parameter: deceleration over air speed
    rate = half * x[6] * curve
    along = (rate + half * x[6] * curve_slope * mach) / (speed * speed)
    height = -half * x[6] * (curve * density_slope - curve_slope * mach * sound_slope)
    pull = earth[2] * (radius / distance) ** 2
    for i in range(3):
        a_out[i] = -rate * air[i] - pull * zenith[i]
        for j in range(3):
            jacobian_out[i, j] = 3.0 * pull / distance * zenith[i] * zenith[j] + height * air[i] * zenith[j]
            jacobian_out[i, 3 + j] = -along * air[i] * air[j]
        jacobian_out[i, i] -= pull / distance
        jacobian_out[i, 3 + i] -= rate
        jacobian_out[i, 6] = -half * curve * air[i]
        jacobian_out[i, 7] = -jacobian_out[i, 3]
        jacobian_out[i, 8] = -jacobian_out[i, 4]
        jacobian_out[i, 9] = -half * x[6] * d_rise * air[i]
        jacobian_out[i, 10] = -half * x[6] * d_fall * air[i]
    north, up = 2.0 * earth[3], 2.0 * earth[4]
    a_out[0] += up * x[4] - north * x[5]
    a_out[1] -= up * x[3]
    a_out[2] += north * x[3]
    jacobian_out[0, 4] += up
    jacobian_out[0, 5] -= north
    jacobian_out[1, 3] -= up
    jacobian_out[2, 3] += north


@kernel
def _slope(
    earth: FloatArray, x: FloatArray, phi: FloatArray, da_io: FloatArray, dx_out: FloatArray, dphi_out: FloatArray
) -> None:
    """Time derivative of the first six entries of the state (6,) and of their sensitivities (6, 11)."""
    acceleration(earth, x, dx_out[3:6], da_io)
    for i in range(3):
        dx_out[i] = x[3 + i]
        for c in range(N):
            dphi_out[i, c] = phi[3 + i, c]
            dphi_out[3 + i, c] = 0.0
        for m in range(6):
            factor = da_io[i, m]
            for c in range(N):
                dphi_out[3 + i, c] += factor * phi[m, c]
        for c in range(6, N):
            dphi_out[3 + i, c] += da_io[i, c]


@kernel
def _safe_step_s(x: FloatArray, dx: FloatArray) -> float:
    """The longest step (s) that keeps a Runge-Kutta step within centimetres.

    Measured against DOP853 at 1e-10 over the range of launch speeds and drag parameters of docs/why/forecasting.md.
    """
    speed = math.sqrt(x[3] * x[3] + x[4] * x[4] + x[5] * x[5]) + 1.0
    pull = max(math.sqrt(dx[3] * dx[3] + dx[4] * dx[4] + dx[5] * dx[5]), LEAST_PULL_MPS2)
    away = abs(speed - 330.0) / 330.0
    return max(min(SMOOTH * speed, CROSS * 330.0 * max(away, 0.06)) / pull, 0.01)


@kernel
def step(earth: FloatArray, h_s: float, x_io: FloatArray, phi_io: FloatArray, work_io: FloatArray) -> float:
    """Advance the state and its sensitivities by at most `h_s` seconds (of either sign); returns the seconds taken.

    One classical Runge-Kutta step. `phi_io` (6, 11) is the derivative of the first six entries with respect to the
    state at some reference time; `work_io` is scratch of shape (5, 7, 11).
    """
    k, dk = work_io[0, 0], work_io[1, :6]
    total, dtotal = work_io[0, 1], work_io[2, :6]
    x, phi, da = work_io[0, 2], work_io[3, :6], work_io[4, :3]
    for i in range(N):
        x[i] = x_io[i]
    for i in range(6):
        total[i] = 0.0
        for c in range(N):
            phi[i, c] = phi_io[i, c]
            dtotal[i, c] = 0.0
    h = h_s
    for stage in range(4):
        _slope(earth, x, phi, da, k, dk)
        if stage == 0:
            safe = _safe_step_s(x, k)
            h = min(h_s, safe) if h_s >= 0.0 else max(h_s, -safe)
        weight = 2.0 if stage == 1 or stage == 2 else 1.0
        ahead = h if stage == 2 else 0.5 * h
        for i in range(6):
            total[i] += weight * k[i]
            x[i] = x_io[i] + ahead * k[i]
            for c in range(N):
                dtotal[i, c] += weight * dk[i, c]
                phi[i, c] = phi_io[i, c] + ahead * dk[i, c]
    for i in range(6):
        x_io[i] += h / 6.0 * total[i]
        for c in range(N):
            phi_io[i, c] += h / 6.0 * dtotal[i, c]
    return h


@kernel
def propagate(earth: FloatArray, time_s: float, x_io: FloatArray, phi_io: FloatArray, work_io: FloatArray) -> None:
    """Advance the state and its sensitivities by `time_s` seconds, of either sign, in as many steps as that takes."""
    left = time_s
    while abs(left) > 1e-9:
        left -= step(earth, left, x_io, phi_io, work_io)


@kernel
def _cell_step_s(grid: FloatArray, x: FloatArray, step_s: float) -> float:
    """Above the highest ground the step as it is; below it no further than one grid cell, so that no ridge is
    jumped.
    """
    speed = math.sqrt(x[3] * x[3] + x[4] * x[4] + x[5] * x[5])
    return step_s if x[2] > grid[3] + step_s * speed else grid[2] / max(speed, 1.0)


@kernel
def fly_to_ground(
    earth: FloatArray,
    levels_m: FloatArray,
    grid: FloatArray,
    start: FloatArray,
    step_s: float,
    limit_s: float,
    x_out: FloatArray,
    phi_out: FloatArray,
    up_out: FloatArray,
    work_io: FloatArray,
) -> float:
    """Fly the state `start` (11,) to the ground; returns the seconds it takes, NaN if not within `limit_s`.

    `x_out` (11,) is the state on the ground (within 0.1 mm), `phi_out` (6, 11) the derivative of its first six entries
    at that fixed time with respect to `start`, `up_out` (3,) the gradient of the height above the ground there. A body
    that starts below the ground and sinks has already struck: NaN. One that starts below it and rises is let come up
    first.
    """
    for i in range(N):
        x_out[i] = start[i]
    for i in range(6):
        for c in range(N):
            phi_out[i, c] = 1.0 if i == c else 0.0
    height = clearance(earth[0], levels_m, grid, x_out, up_out)
    if height <= 0.0 and x_out[5] <= 0.0:
        return math.nan
    flown = 0.0
    while flown < limit_s:
        h = step_s
        if levels_m.size > 0:
            h = min(h, _cell_step_s(grid, x_out, step_s))
        h = step(earth, h, x_out, phi_out, work_io)
        flown += h
        below = clearance(earth[0], levels_m, grid, x_out, up_out)
        if below <= 0.0 and (height > 0.0 or x_out[5] <= 0.0):
            return flown + _settle(earth, levels_m, grid, h, x_out, phi_out, up_out, work_io)
        height = below
    return math.nan


@kernel
def _settle(
    earth: FloatArray,
    levels_m: FloatArray,
    grid: FloatArray,
    h_s: float,
    x_io: FloatArray,
    phi_io: FloatArray,
    up_io: FloatArray,
    work_io: FloatArray,
) -> float:
    """From just below the ground back onto it: Newton steps in time, no longer than the last step; returns their
    sum.
    """
    back = 0.0
    for _ in range(12):
        height = clearance(earth[0], levels_m, grid, x_io, up_io)
        if abs(height) < 1e-4:
            break
        rate = up_io[0] * x_io[3] + up_io[1] * x_io[4] + up_io[2] * x_io[5]
        move = -height / min(rate, -0.1)
        move = max(move, -h_s - back) if move < 0.0 else min(move, max(-back, 0.0))
        back += step(earth, move, x_io, phi_io, work_io)
    return back


@kernel
def impact_covariance(
    x: FloatArray,
    phi: FloatArray,
    up: FloatArray,
    covariance: FloatArray,
    spread_out: FloatArray,
    ground_io: FloatArray,
) -> None:
    """Covariance (3, 3) of east and north on the ground and of the time of impact, to first order.

    A deviation dx of the start moves the state at the mean's impact time by phi dx; it meets the ground earlier or
    later by dt = -(up . dr) / (up . v), which moves the point of impact by v dt more. `ground_io` is scratch (4, 11).
    """
    rate = up[0] * x[3] + up[1] * x[4] + up[2] * x[5]
    for c in range(N):
        delay = -(up[0] * phi[0, c] + up[1] * phi[1, c] + up[2] * phi[2, c]) / rate
        ground_io[0, c] = phi[0, c] + x[3] * delay
        ground_io[1, c] = phi[1, c] + x[4] * delay
        ground_io[2, c] = delay
    for i in range(3):
        for c in range(N):
            ground_io[3, c] = 0.0
            for m in range(N):
                ground_io[3, c] += ground_io[i, m] * covariance[m, c]
        for j in range(3):
            spread_out[i, j] = 0.0
            for c in range(N):
                spread_out[i, j] += ground_io[3, c] * ground_io[j, c]
