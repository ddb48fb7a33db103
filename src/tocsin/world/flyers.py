"""Drones and aircraft that fly waypoints: kinematic craft with bounded speed change, turn and climb, in moving air.

A wing (`fixed_wing`, `aircraft`) holds an airspeed, turns at a bounded rate and is carried by the wind, against which
it crabs; a `multirotor` holds a velocity over ground, may stop and turn on the spot, and lets a third of each gust
through. This is the usual kinematic autopilot model (Beard and McLain, Small Unmanned Aircraft, 2012, ch. 9), without
its lags. A wing that is told to hover flies back over the waypoint, again and again, until the time is up.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.records.arrays import FloatArray
from tocsin.world.atmosphere import wind_factor
from tocsin.world.ballistic import copy, height_above_ground, touch_part
from tocsin.world.earth import RADIUS, SHEAR, WIND_EAST, WIND_NORTH, level_height, local_components, site_vector
from tocsin.world.ground import ground_level

__all__ = ["DOWN", "FLYING", "LANDED", "LEFT", "LEFT_M", "fly"]

FLYING, DOWN, LANDED, LEFT = 0, 1, 2, 3
"""How a flight is at its last row: still in the air, met the ground (a strike or a crash), landed, flown away."""

LEFT_M = 80000.0
"""A craft past its last waypoint and this far from the site has left: twice the default terrain's half width, and
beyond the default range of every sensor and receiver."""

# Columns of the limits and of a row of waypoints.
_TURN, _ACCELERATION, _CLIMB, _HOVERS, _DIVES = 0, 1, 2, 3, 4
_EAST, _NORTH, _HEIGHT, _SPEED, _AGL, _HOVER = 0, 1, 2, 3, 4, 5
# What the autopilot knows of the current leg.
_TO_EAST, _TO_NORTH, _DISTANCE, _LEVEL, _TARGET, _APPROACH = 0, 1, 2, 3, 4, 5
# What a craft remembers: airspeed (ground speed east for a multirotor), heading (north), climb rate.
_FIRST, _SECOND, _RISE = 0, 1, 2

_LOOK_AHEAD_S = 12.0
"""Terrain following looks this far ahead: at 6 m/s of climb it clears 70 m, a slope of 1:7 at 40 m/s."""
_RUN_IN_SLOPE = 0.47
"""A dive starts where the target lies 25° below the horizon; until then the height of the waypoint before is held."""
_DIVE_SLOPE = 0.9
"""A dive falls at most at this part of the airspeed (64° below the horizon)."""
_HEIGHT_TIME_S = 3.0
"""Time constant of the height loop; a few seconds for small craft (Beard and McLain, ch. 6)."""
_GUST_LEFT = 0.33
"""Part of a gust that a multirotor does not correct within the step of the flight: judgement."""


@kernel
def _hold_level(
    east0_m: float, north0_m: float, step_m: float, level_m: FloatArray, waypoint: FloatArray, state: FloatArray
) -> float:
    """The level height that keeps a waypoint's height from here on, over the terrain ahead where it is above ground."""
    if waypoint[_AGL] == 0.0:
        return float(waypoint[_HEIGHT])
    highest = -1e9
    for look in range(7):
        ahead = look * _LOOK_AHEAD_S / 6.0
        x, y = state[0] + ahead * state[3], state[1] + ahead * state[4]
        highest = max(highest, ground_level(east0_m, north0_m, step_m, level_m, x, y))
    return float(waypoint[_HEIGHT] + highest)


@kernel
def _look(
    environment: FloatArray,
    limits: FloatArray,
    waypoints: FloatArray,
    east0_m: float,
    north0_m: float,
    step_m: float,
    level_m: FloatArray,
    index: int,
    end_level_m: float,
    comes_down: bool,
    state: FloatArray,
    leg_out: FloatArray,
) -> None:
    """Where the waypoint lies from here, along local axes, the level height to fly for, and whether on an approach."""
    radius = environment[RADIUS]
    to, local = np.zeros(3), np.empty(3)
    to[0], to[1] = waypoints[index, _EAST] - state[0], waypoints[index, _NORTH] - state[1]
    local_components(radius, state, to, local)
    leg_out[_TO_EAST], leg_out[_TO_NORTH] = local[0], local[1]
    leg_out[_DISTANCE] = math.hypot(local[0], local[1])
    leg_out[_LEVEL] = level_height(radius, state[0], state[1], state[2])
    leg_out[_APPROACH] = 0.0
    hold = index
    if comes_down and index == waypoints.shape[0] - 1:
        if limits[_DIVES] == 0.0 or leg_out[_DISTANCE] * _RUN_IN_SLOPE < abs(leg_out[_LEVEL] - end_level_m):
            leg_out[_TARGET], leg_out[_APPROACH] = end_level_m, 1.0
            return
        hold = max(index - 1, 0)
    leg_out[_TARGET] = _hold_level(east0_m, north0_m, step_m, level_m, waypoints[hold], state)


@kernel
def _climb(limits: FloatArray, leg: FloatArray, speed: float, step_s: float, craft_io: FloatArray) -> None:
    """Bend the climb rate towards the height to hold, or, on an approach, down the straight line to its end."""
    error = leg[_TARGET] - leg[_LEVEL]
    lowest = -limits[_CLIMB]
    wanted = error / _HEIGHT_TIME_S
    approach = leg[_APPROACH] > 0.0
    if approach:
        lowest = min(lowest, -_DIVE_SLOPE * speed) if limits[_DIVES] > 0.0 else lowest
        wanted = error * speed / max(leg[_DISTANCE], speed * step_s)
    wanted = min(max(wanted, lowest), limits[_CLIMB])
    change = limits[_ACCELERATION] * step_s * (3.0 if approach else 1.0)
    craft_io[_RISE] += min(max(wanted - craft_io[_RISE], -change), change)


@kernel
def _steer_wing(
    limits: FloatArray,
    waypoint: FloatArray,
    leg: FloatArray,
    homing: bool,
    wind: FloatArray,
    step_s: float,
    craft_io: FloatArray,
) -> None:
    """One step of a wing: airspeed, heading (crabbing against the known mean wind) and climb rate."""
    change = limits[_ACCELERATION] * step_s
    craft_io[_FIRST] += min(max(waypoint[_SPEED] - craft_io[_FIRST], -change), change)
    speed = craft_io[_FIRST]
    turn = 0.0
    if homing:
        bearing = math.atan2(leg[_TO_EAST], leg[_TO_NORTH])
        cross = wind[0] * math.cos(bearing) - wind[1] * math.sin(bearing)
        heading = bearing - math.asin(min(max(cross / max(speed, 1.0), -0.95), 0.95))
        error = (heading - craft_io[_SECOND] + math.pi) % (2.0 * math.pi) - math.pi
        turn = min(max(error / max(step_s, 1.0), -limits[_TURN]), limits[_TURN])
    craft_io[_SECOND] += turn * step_s
    flat = math.sqrt(max(speed * speed - craft_io[_RISE] ** 2, 1.0))
    along = flat + wind[0] * math.sin(craft_io[_SECOND]) + wind[1] * math.cos(craft_io[_SECOND])
    _climb(limits, leg, max(along, 1.0), step_s, craft_io)


@kernel
def _steer_multirotor(
    limits: FloatArray,
    waypoint: FloatArray,
    leg: FloatArray,
    stops: bool,
    step_s: float,
    craft_io: FloatArray,
) -> None:
    """One step of a multirotor: velocity over ground towards the waypoint, braking in time where it stops there."""
    distance = leg[_DISTANCE]
    speed = waypoint[_SPEED]
    if stops:
        speed = min(speed, math.sqrt(limits[_ACCELERATION] * distance), distance / 1.0)
    east = leg[_TO_EAST] / max(distance, 1e-6) * speed - craft_io[_FIRST]
    north = leg[_TO_NORTH] / max(distance, 1e-6) * speed - craft_io[_SECOND]
    size = math.hypot(east, north)
    share = min(1.0, limits[_ACCELERATION] * step_s / max(size, 1e-9))
    craft_io[_FIRST] += east * share
    craft_io[_SECOND] += north * share
    _climb(limits, leg, max(math.hypot(craft_io[_FIRST], craft_io[_SECOND]), 1.0), step_s, craft_io)


@kernel
def _reached(
    limits: FloatArray, waypoint: FloatArray, leg: FloatArray, state: FloatArray, stops: bool, step_s: float
) -> bool:
    """Whether the waypoint counts as flown: near enough to turn for the next, or passed inside the turning circle."""
    speed = max(waypoint[_SPEED], 1.0)
    if limits[_HOVERS] > 0.0:
        near = max(2.0, 1.5 * speed * step_s)
        return bool(leg[_DISTANCE] < (near if stops else max(near, 0.5 * speed * speed / limits[_ACCELERATION])))
    circle = speed / limits[_TURN]
    ahead = leg[_TO_EAST] * state[3] + leg[_TO_NORTH] * state[4]
    return bool(
        leg[_DISTANCE] < max(1.5 * speed * step_s, 0.5 * circle) or (leg[_DISTANCE] < 3.0 * circle and ahead < 0.0)
    )


@kernel
def _next_leg(
    limits: FloatArray,
    waypoints: FloatArray,
    leg: FloatArray,
    state: FloatArray,
    step_s: float,
    index: int,
    progress_io: FloatArray,
) -> int:
    """The waypoint to fly to now. `progress_io`: seconds held here (-1: not reached), and 1 when the last is behind."""
    last = index == waypoints.shape[0] - 1
    stops = waypoints[index, _HOVER] > 0.0 or (last and limits[_DIVES] == 0.0)
    if progress_io[0] < 0.0 and _reached(limits, waypoints[index], leg, state, stops, step_s):
        progress_io[0] = 0.0
    if progress_io[0] < 0.0:
        return index
    progress_io[0] += step_s
    if progress_io[0] <= waypoints[index, _HOVER]:
        return index
    if last:
        progress_io[1] = 1.0 if limits[_DIVES] == 0.0 else 0.0
        return index
    progress_io[0] = -1.0
    return index + 1


@kernel
def _move(
    environment: FloatArray, limits: FloatArray, craft: FloatArray, gust: FloatArray, state_io: FloatArray
) -> None:
    """Put the craft's velocity, wind and gust included, into the state, along the site's axes."""
    local, vector = np.empty(3), np.empty(3)
    local[2] = craft[_RISE]
    left = 1.0
    if limits[_HOVERS] > 0.0:
        local[0], local[1] = craft[_FIRST], craft[_SECOND]
        left = _GUST_LEFT
    else:
        level = level_height(environment[RADIUS], state_io[0], state_io[1], state_io[2])
        factor = wind_factor(level, environment[SHEAR])
        flat = math.sqrt(max(craft[_FIRST] ** 2 - craft[_RISE] ** 2, 0.0))
        local[0] = flat * math.sin(craft[_SECOND]) + environment[WIND_EAST] * factor
        local[1] = flat * math.cos(craft[_SECOND]) + environment[WIND_NORTH] * factor
    site_vector(environment[RADIUS], state_io, local, vector)
    for i in range(3):
        state_io[3 + i] = vector[i] + left * gust[i]


@kernel
def fly(
    environment: FloatArray,
    limits: FloatArray,
    waypoints: FloatArray,
    east0_m: float,
    north0_m: float,
    step_m: float,
    level_m: FloatArray,
    step_s: float,
    start_m: FloatArray,
    craft: FloatArray,
    gust: FloatArray,
    states_out: FloatArray,
) -> tuple[int, float, int]:
    """Fly the waypoints: (rows written, time of the end in s since the start, how it is then: FLYING, DOWN …).

    `limits` (5,): turn rad/s, acceleration m/s², climb m/s, 1 for a multirotor, 1 for a dive. `waypoints` (n, 6):
    east, north, height m, speed m/s, 1 for a height above terrain, hover s. `craft` (3,): airspeed and heading (wing)
    or velocity east and north (multirotor), climb rate. `gust` (m, 3); `states_out` (m, 6), a row for each `step_s`.
    """
    radius = environment[RADIUS]
    state, new, leg, memory, progress = np.empty(6), np.empty(6), np.empty(6), np.empty(3), np.zeros(2)
    copy(start_m, state[:3])
    copy(craft, memory)
    progress[0] = -1.0
    _move(environment, limits, memory, gust[0], state)
    copy(state, states_out[0])
    last = waypoints.shape[0] - 1
    index = min(1, last) if waypoints[0, _HOVER] == 0.0 else 0
    place = waypoints[last]
    foot = ground_level(east0_m, north0_m, step_m, level_m, place[_EAST], place[_NORTH])
    end_level = place[_HEIGHT] + (foot if place[_AGL] > 0.0 else 0.0)
    dives = limits[_DIVES] > 0.0
    comes_down = dives or end_level <= foot + 1.0
    wind = np.empty(2)
    for row in range(1, states_out.shape[0]):
        _look(
            environment, limits, waypoints, east0_m, north0_m, step_m, level_m, index, end_level, comes_down, state, leg
        )
        factor = wind_factor(leg[_LEVEL], environment[SHEAR])
        wind[0], wind[1] = environment[WIND_EAST] * factor, environment[WIND_NORTH] * factor
        waypoint, past = waypoints[index], progress[1] > 0.0
        if limits[_HOVERS] > 0.0:
            stops = waypoint[_HOVER] > 0.0 or (index == last and not dives)
            _steer_multirotor(limits, waypoint, leg, stops, step_s, memory)
        else:
            _steer_wing(limits, waypoint, leg, not past, wind, step_s, memory)
        copy(state, new)
        _move(environment, limits, memory, gust[row], new)
        for i in range(3):
            new[i] = state[i] + 0.5 * step_s * (state[3 + i] + new[3 + i])
        copy(new, states_out[row])
        height = height_above_ground(radius, east0_m, north0_m, step_m, level_m, new)
        if height <= 0.0:
            part = touch_part(radius, east0_m, north0_m, step_m, level_m, state, new, step_s)
            return row + 1, (row - 1 + part) * step_s, DOWN if dives or leg[_APPROACH] == 0.0 else LANDED
        near = leg[_DISTANCE] < 1.5 * step_s * waypoint[_SPEED]
        if dives and index == last and near and leg[_LEVEL] <= leg[_TARGET] + 1.0:
            return row + 1, row * step_s, DOWN
        if past and limits[_HOVERS] == 0.0 and math.hypot(new[0], new[1]) > LEFT_M:
            return row + 1, row * step_s, LEFT
        copy(new, state)
        index = _next_leg(limits, waypoints, leg, state, step_s, index, progress)
    return states_out.shape[0], (states_out.shape[0] - 1) * step_s, FLYING
