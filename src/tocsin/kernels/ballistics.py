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
Five = tuple[float, float, float, float, float]
Six = tuple[float, float, float, float, float, float]
Twelve = tuple[float, float, float, float, float, float, float, float, float, float, float, float]

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
def _forces(earth: FloatArray, motion: Six, body: Five) -> Twelve:
    """Acceleration (3 numbers), then what its derivative needs of it; see `_forces_slope`."""
    east, north, up = motion[0], motion[1], motion[2]
    radius = earth[0]
    top = up + radius
    distance = math.sqrt(east * east + north * north + top * top)
    level = (east * east + north * north + up * (up + 2.0 * radius)) / (distance + radius)
    density, density_slope, sound, sound_slope = isa(earth[1] + level)
    u, v, w = motion[3] - body[1], motion[4] - body[2], motion[5]
    speed = math.sqrt(u * u + v * v + w * w) + 1e-9
    mach = speed / sound
    curve, curve_slope, by_rise, by_fall = drag_curve(mach, body[3], body[4])
    half = 0.5 * density * speed  # times the drag parameter: deceleration over air speed
    rate = half * body[0] * curve
    pull = earth[2] * (radius / distance) ** 2 / distance
    spin_north, spin_up = 2.0 * earth[3], 2.0 * earth[4]
    ax = -rate * u - pull * east + spin_up * motion[4] - spin_north * motion[5]
    ay = -rate * v - pull * north - spin_up * motion[3]
    az = -rate * w - pull * top + spin_north * motion[3]
    along = (rate + half * body[0] * curve_slope * mach) / (speed * speed)
    by_height = -half * body[0] * (curve * density_slope - curve_slope * mach * sound_slope)
    return ax, ay, az, distance, pull, rate, half, curve, by_rise, by_fall, along, by_height


@kernel
def _forces_slope(earth: FloatArray, motion: Six, body: Five, forces: Twelve, jacobian_out: FloatArray) -> None:
    """Derivative (3, 11) of the acceleration with respect to the state."""
    _, _, _, distance, pull, rate, half, curve, by_rise, by_fall, along, by_height = forces
    air = (motion[3] - body[1], motion[4] - body[2], motion[5])
    zenith = (motion[0] / distance, motion[1] / distance, (motion[2] + earth[0]) / distance)
    for i in range(3):
        for j in range(3):
            jacobian_out[i, j] = (3.0 * pull * zenith[i] + by_height * air[i]) * zenith[j]
            jacobian_out[i, 3 + j] = -along * air[i] * air[j]
        jacobian_out[i, i] -= pull
        jacobian_out[i, 3 + i] -= rate
        jacobian_out[i, 6] = -half * curve * air[i]
        jacobian_out[i, 7] = -jacobian_out[i, 3]
        jacobian_out[i, 8] = -jacobian_out[i, 4]
        jacobian_out[i, 9] = -half * body[0] * by_rise * air[i]
        jacobian_out[i, 10] = -half * body[0] * by_fall * air[i]
    north, up = 2.0 * earth[3], 2.0 * earth[4]
    jacobian_out[0, 4] += up
    jacobian_out[0, 5] -= north
    jacobian_out[1, 3] -= up
    jacobian_out[2, 3] += north


@kernel
def acceleration(earth: FloatArray, x: FloatArray, a_out: FloatArray, jacobian_out: FloatArray) -> None:
    """Acceleration (3,) and its derivative (3, 11) with respect to the state."""
    motion, body = (x[0], x[1], x[2], x[3], x[4], x[5]), (x[6], x[7], x[8], x[9], x[10])
    forces = _forces(earth, motion, body)
    for i in range(3):
        a_out[i] = forces[i]
    _forces_slope(earth, motion, body, forces, jacobian_out)


@kernel
def _rate(jacobian: FloatArray, i: int, c: int, push: float, y: Six) -> float:
    """Row i of the acceleration's derivative times a column of sensitivities, with the column's own push."""
    j = jacobian[i]
    total = j[0] * y[0] + j[1] * y[1] + j[2] * y[2] + j[3] * y[3] + j[4] * y[4] + j[5] * y[5]
    return float(total + push * j[c])


@kernel
def _carry(h_s: float, jacobians: FloatArray, phi_io: FloatArray) -> None:
    """Advance sensitivities (6, 11) by one Runge-Kutta step under the acceleration's derivative at its four stages,
    (4, 3, 11): column by column, so that a column stays in registers.
    """
    for c in range(N):
        start = (phi_io[0, c], phi_io[1, c], phi_io[2, c], phi_io[3, c], phi_io[4, c], phi_io[5, c])
        push = 1.0 if c >= 6 else 0.0
        y = start
        mean = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for turn in range(4):
            at = jacobians[turn]
            slope = (y[3], y[4], y[5], _rate(at, 0, c, push, y), _rate(at, 1, c, push, y), _rate(at, 2, c, push, y))
            mean = _plus(mean, 1.0 / 3.0 if turn == 1 or turn == 2 else 1.0 / 6.0, slope)
            y = _plus(start, h_s if turn == 2 else 0.5 * h_s, slope)
        end = _plus(start, h_s, mean)
        for i in range(6):
            phi_io[i, c] = end[i]


@kernel
def _plus(start: Six, times: float, slope: Six) -> Six:
    x, y, z = start[0] + times * slope[0], start[1] + times * slope[1], start[2] + times * slope[2]
    return x, y, z, start[3] + times * slope[3], start[4] + times * slope[4], start[5] + times * slope[5]


@kernel
def _safe_step_s(motion: Six, forces: Twelve) -> float:
    """The longest step (s) that keeps a Runge-Kutta step within centimetres.

    Measured against DOP853 at 1e-10 over the range of launch speeds and drag parameters of docs/why/forecasting.md.
    """
    speed = math.sqrt(motion[3] * motion[3] + motion[4] * motion[4] + motion[5] * motion[5]) + 1.0
    pull = math.sqrt(forces[0] * forces[0] + forces[1] * forces[1] + forces[2] * forces[2])
    away = abs(speed - 330.0) / 330.0
    return max(min(SMOOTH * speed, CROSS * 330.0 * max(away, 0.06)) / max(pull, LEAST_PULL_MPS2), 0.01)


@kernel
def _ahead(start: Six, h_s: float, there: Six, forces: Twelve) -> Six:
    """From `start` for `h_s` seconds at the velocity of `there` and its acceleration."""
    x, y, z = start[0] + h_s * there[3], start[1] + h_s * there[4], start[2] + h_s * there[5]
    return x, y, z, start[3] + h_s * forces[0], start[4] + h_s * forces[1], start[5] + h_s * forces[2]


@kernel
def step(earth: FloatArray, h_s: float, x_io: FloatArray, phi_io: FloatArray, jacobian_io: FloatArray) -> float:
    """Advance the state and its sensitivities by at most `h_s` seconds (of either sign); returns the seconds taken.

    One classical Runge-Kutta step. `phi_io` (6, 11) is the derivative of the first six entries with respect to the
    state at some reference time; `jacobian_io` is scratch, (4, 3, 11) at least.
    """
    m0 = (x_io[0], x_io[1], x_io[2], x_io[3], x_io[4], x_io[5])
    body = (x_io[6], x_io[7], x_io[8], x_io[9], x_io[10])
    f0 = _forces(earth, m0, body)
    safe = _safe_step_s(m0, f0)
    h = min(h_s, safe) if h_s >= 0.0 else max(h_s, -safe)
    m1 = _ahead(m0, 0.5 * h, m0, f0)
    f1 = _forces(earth, m1, body)
    m2 = _ahead(m0, 0.5 * h, m1, f1)
    f2 = _forces(earth, m2, body)
    m3 = _ahead(m0, h, m2, f2)
    f3 = _forces(earth, m3, body)
    for i in range(3):
        x_io[i] += h / 6.0 * (m0[3 + i] + 2.0 * m1[3 + i] + 2.0 * m2[3 + i] + m3[3 + i])
        x_io[3 + i] += h / 6.0 * (f0[i] + 2.0 * f1[i] + 2.0 * f2[i] + f3[i])
    _forces_slope(earth, m0, body, f0, jacobian_io[0])
    _forces_slope(earth, m1, body, f1, jacobian_io[1])
    _forces_slope(earth, m2, body, f2, jacobian_io[2])
    _forces_slope(earth, m3, body, f3, jacobian_io[3])
    _carry(h, jacobian_io, phi_io)
    return h


@kernel
def propagate(earth: FloatArray, time_s: float, x_io: FloatArray, phi_io: FloatArray, work_io: FloatArray) -> None:
    """Advance the state and its sensitivities by `time_s` seconds, of either sign, in as many steps as that takes."""
    left, jacobian = time_s, work_io[:4]
    while abs(left) > 1e-9:
        left -= step(earth, left, x_io, phi_io, jacobian)


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
    flown, jacobian = 0.0, work_io[:4]
    while flown < limit_s:
        h = step_s
        if levels_m.size > 0:
            h = min(h, _cell_step_s(grid, x_out, step_s))
        h = step(earth, h, x_out, phi_out, jacobian)
        flown += h
        below = clearance(earth[0], levels_m, grid, x_out, up_out)
        if below <= 0.0 and (height > 0.0 or x_out[5] <= 0.0):
            return flown + _settle(earth, levels_m, grid, h, x_out, phi_out, up_out, jacobian)
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
    jacobian_io: FloatArray,
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
        back += step(earth, move, x_io, phi_io, jacobian_io)
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
