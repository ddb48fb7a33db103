"""Free flight of a point mass over a round, turning Earth: gravity, Coriolis, drag in moving air.

The drag acceleration is ½·ρ·(Cd·A/m)·f(Mach)·|v - w|·(v - w) with `drag_m2pkg` the subsonic Cd·A/m and f `drag_rise`;
lift, spin and thrust are left out (McCoy, Modern Exterior Ballistics, 1999, ch. 3: point-mass trajectory). There is no
solver for firing data: a scenario states where a flight comes down, and `threats` shifts it there.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.records.arrays import FloatArray
from tocsin.world.atmosphere import air, drag_rise, wind_factor
from tocsin.world.earth import (
    ALTITUDE,
    GRAVITY,
    OMEGA_NORTH,
    OMEGA_UP,
    RADIUS,
    SHEAR,
    TEMPERATURE_OFFSET,
    WIND_EAST,
    WIND_NORTH,
    level_height,
    site_vector,
)
from tocsin.world.ground import ground_level

__all__ = ["copy", "fall", "fill", "height_above_ground", "hermite", "rates", "touch_part"]

# Classical Runge–Kutta: where each slope is taken, its weight, how far it carries the next trial state.
_NODE, _WEIGHT, _REACH = (0.0, 0.5, 0.5, 1.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6), (0.5, 0.5, 1.0, 0.0)


@kernel
def rates(
    environment: FloatArray, drag_m2pkg: float, state: FloatArray, gust: FloatArray, rates_out: FloatArray
) -> float:
    """Time derivative of (position, velocity) in the site frame; gives the drag's rate ½·ρ·Cd·A/m·f·|v - w| in 1/s."""
    radius = environment[RADIUS]
    x, y, z = state[0], state[1], state[2]
    vx, vy, vz = state[3], state[4], state[5]
    top = z + radius
    distance2 = x * x + y * y + top * top
    pull = environment[GRAVITY] * radius * radius / (distance2 * math.sqrt(distance2))
    height = level_height(radius, x, y, z)

    factor = wind_factor(height, environment[SHEAR])
    local = np.empty(3)
    local[0], local[1], local[2] = environment[WIND_EAST] * factor, environment[WIND_NORTH] * factor, 0.0
    wind = np.empty(3)
    site_vector(radius, state, local, wind)
    ax, ay, az = vx - wind[0] - gust[0], vy - wind[1] - gust[1], vz - wind[2] - gust[2]
    density, sound = air(environment[ALTITUDE] + height, environment[TEMPERATURE_OFFSET])
    airspeed = math.sqrt(ax * ax + ay * ay + az * az)
    rate = 0.5 * density * drag_m2pkg * drag_rise(airspeed / sound) * airspeed

    north, up = environment[OMEGA_NORTH], environment[OMEGA_UP]
    rates_out[0], rates_out[1], rates_out[2] = vx, vy, vz
    rates_out[3] = -pull * x - 2.0 * (north * vz - up * vy) - rate * ax
    rates_out[4] = -pull * y - 2.0 * up * vx - rate * ay
    rates_out[5] = -pull * top + 2.0 * north * vx - rate * az
    return rate


@kernel
def copy(values: FloatArray, values_out: FloatArray) -> None:
    """A loop, because numba takes seconds longer to compile a slice's assignment."""
    for i in range(values.size):
        values_out[i] = values[i]


@kernel
def fill(value: float, values_out: FloatArray) -> None:
    """One value everywhere, for the same reason as `copy`."""
    for i in range(values_out.size):
        values_out[i] = value


@kernel
def _add(base: FloatArray, slope: FloatArray, step: float, sum_out: FloatArray) -> None:
    for i in range(base.size):
        sum_out[i] = base[i] + step * slope[i]


@kernel
def _gather(slope: FloatArray, step: float, sum_io: FloatArray) -> None:
    for i in range(slope.size):
        sum_io[i] += step * slope[i]


@kernel
def _advance(
    environment: FloatArray,
    drag_m2pkg: float,
    gust0: FloatArray,
    gust1: FloatArray,
    step_s: float,
    state_io: FloatArray,
) -> None:
    """One grid step by classical Runge–Kutta, split where drag is stiff; gusts are linear between the grid's nodes."""
    slope, trial, total = np.empty(6), np.empty(6), np.empty(6)
    change, gust = np.empty(3), np.empty(3)
    _add(gust1, gust0, -1.0, change)
    rate = rates(environment, drag_m2pkg, state_io, gust0, slope)
    # Runge-Kutta 4 is stable up to 2.78 over the Jacobian's rate, which in the transonic rise is a few times `rate`.
    parts = 1 + int(rate * step_s / 0.2)
    h = step_s / parts
    for part in range(parts):
        copy(state_io, trial)
        fill(0.0, total)
        for stage in range(4):
            _add(gust0, change, (part + _NODE[stage]) / parts, gust)
            rates(environment, drag_m2pkg, trial, gust, slope)
            _gather(slope, _WEIGHT[stage], total)
            _add(state_io, slope, h * _REACH[stage], trial)
        _gather(total, h, state_io)


@kernel
def hermite(row0: FloatArray, row1: FloatArray, step_s: float, part: float, state_out: FloatArray) -> None:
    """State a `part` (0 to 1) of the way between two grid rows: the cubic that meets both rows, and its slope."""
    p2, p3 = part * part, part * part * part
    h00, h10, h01, h11 = 2 * p3 - 3 * p2 + 1, p3 - 2 * p2 + part, 3 * p2 - 2 * p3, p3 - p2
    d00, d10, d11 = 6 * p2 - 6 * part, 3 * p2 - 4 * part + 1, 3 * p2 - 2 * part
    for i in range(3):
        state_out[i] = h00 * row0[i] + h10 * step_s * row0[i + 3] + h01 * row1[i] + h11 * step_s * row1[i + 3]
        state_out[i + 3] = d00 * (row0[i] - row1[i]) / step_s + d10 * row0[i + 3] + d11 * row1[i + 3]


@kernel
def height_above_ground(
    radius_m: float, east0_m: float, north0_m: float, step_m: float, level_m: FloatArray, state: FloatArray
) -> float:
    """Height of a state above the ground beneath it, metres."""
    ground = ground_level(east0_m, north0_m, step_m, level_m, state[0], state[1])
    return level_height(radius_m, state[0], state[1], state[2]) - ground


@kernel
def touch_part(
    radius_m: float,
    east0_m: float,
    north0_m: float,
    step_m: float,
    level_m: FloatArray,
    row0: FloatArray,
    row1: FloatArray,
    step_s: float,
) -> float:
    """The part of a grid step at which the path from above the ground to below it meets the ground, by bisection."""
    state = np.empty(6)
    low, high = 0.0, 1.0
    for _ in range(40):
        part = 0.5 * (low + high)
        hermite(row0, row1, step_s, part, state)
        if height_above_ground(radius_m, east0_m, north0_m, step_m, level_m, state) > 0.0:
            low = part
        else:
            high = part
    return high


@kernel
def fall(
    environment: FloatArray,
    drag_m2pkg: float,
    east0_m: float,
    north0_m: float,
    step_m: float,
    level_m: FloatArray,
    step_s: float,
    start: FloatArray,
    gust: FloatArray,
    states_out: FloatArray,
) -> tuple[int, float]:
    """Fly from `start` (6,) until the ground is met: (rows written, time of impact in s since the start).

    `states_out` (m, 6) gets a row for each `step_s` from 0, the last at or after the impact; `gust` is (m, 3). The
    time is NaN when m rows did not suffice.
    """
    state = np.empty(6)
    copy(start, state)
    copy(state, states_out[0])
    for row in range(1, states_out.shape[0]):
        _advance(environment, drag_m2pkg, gust[row - 1], gust[row], step_s, state)
        copy(state, states_out[row])
        if height_above_ground(environment[RADIUS], east0_m, north0_m, step_m, level_m, state) <= 0.0:
            before = states_out[row - 1]
            part = touch_part(environment[RADIUS], east0_m, north0_m, step_m, level_m, before, state, step_s)
            return row + 1, (row - 1 + part) * step_s
    return states_out.shape[0], math.nan
