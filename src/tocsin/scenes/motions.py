"""How the targets of the tracking families move: generic point masses over a flat Earth, drawn from a seed.

Every function gives states (K, n, 6) at the times (K,): east, north, up (m), then their rates (m/s), and whether each
target is there (K, n). They are laws of motion for judging a tracker, kept apart from the simulator's, so that neither
is tuned on the other.
"""

from __future__ import annotations

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray

__all__ = ["airliners", "birds", "drones", "gusty_drones", "shells", "straight_drones"]

Moves = tuple[FloatArray, BoolArray]
STEP_S = 0.1  # of the integration: a turn of 0.15 rad/s bends by less than a degree in it
GRAVITY_MPS2 = 9.80665
FLOOR_M, CEILING_M = 50.0, 600.0  # in which drones fly
GUST_MPS, GUST_TIME_S = np.array([0.3, 0.3, 0.15]), 10.0


def _everywhere(rng: np.random.Generator, n: int, radius_m: float, most: float = 0.95) -> FloatArray:
    """Places (n, 2) uniform over a disk, its very centre and its rim left out."""
    r = radius_m * np.sqrt(rng.uniform(0.001, most, n))
    bearing = rng.uniform(0.0, 2 * np.pi, n)
    return np.stack([r * np.sin(bearing), r * np.cos(bearing)], axis=1)


def straight_drones(rng: np.random.Generator, n: int, t_s: FloatArray, radius_m: float) -> Moves:
    """Straight and level at 20 to 60 m/s: what the bound of a filter without process noise is stated for."""
    place, heading = _everywhere(rng, n, radius_m), rng.uniform(0.0, 2 * np.pi, n)
    speed = rng.uniform(20.0, 60.0, n)
    start = np.concatenate([place, rng.uniform(FLOOR_M, CEILING_M, (n, 1))], axis=1)
    velocity = np.stack([speed * np.sin(heading), speed * np.cos(heading), np.zeros(n)], axis=1)
    return _lines(start, velocity, t_s)


def gusty_drones(rng: np.random.Generator, n: int, t_s: FloatArray, radius_m: float) -> Moves:
    """As straight_drones, with gusts that an autopilot lets through: 0.3 m/s on each axis, correlated over 10 s.

    Gusts are first-order Gauss-Markov velocities, half as strong upwards, stepped ten times between two times.
    """
    state, there = straight_drones(rng, n, t_s, radius_m)
    gust, drift = np.zeros((n, 3)), np.zeros((n, 3))
    for k in range(1, len(t_s)):
        step = (t_s[k] - t_s[k - 1]) / 10.0
        keep = np.exp(-step / GUST_TIME_S)
        for _ in range(10):
            drift += step * gust
            gust = keep * gust + np.sqrt(1.0 - keep**2) * GUST_MPS * rng.normal(size=(n, 3))
        state[k, :, :3] += drift
        state[k, :, 3:] += gust
    return state, there


def airliners(rng: np.random.Generator, n: int, t_s: FloatArray) -> Moves:
    """Straight and level at 200 to 260 m/s, 8 to 12 km high, 8 to 40 km away at the first time."""
    bearing, heading = rng.uniform(0.0, 2 * np.pi, (2, n))
    r, speed = rng.uniform(8e3, 40e3, n), rng.uniform(200.0, 260.0, n)
    start = np.stack([r * np.sin(bearing), r * np.cos(bearing), rng.uniform(8e3, 12e3, n)], axis=1)
    velocity = np.stack([speed * np.sin(heading), speed * np.cos(heading), np.zeros(n)], axis=1)
    return _lines(start, velocity, t_s)


def _lines(start: FloatArray, velocity: FloatArray, t_s: FloatArray) -> Moves:
    place = start + velocity * (t_s - t_s[0])[:, None, None]
    state = np.concatenate([place, np.broadcast_to(velocity, place.shape)], axis=2)
    return state, np.ones(state.shape[:2], np.bool_)


def drones(rng: np.random.Generator, n: int, t_s: FloatArray, radius_m: float) -> Moves:
    """Manoeuvring: turn rate, climb and speed aimed at are constant for 12 s on average, then drawn anew.

    Six manoeuvres in ten turn, by up to 0.15 rad/s; speeds are 20 to 60 m/s, reached at 3 m/s²; climbs up to 4 m/s,
    reached at 2 m/s². Near the floor and the ceiling a drone levels out and turns back.
    """
    place, height = _everywhere(rng, n, radius_m), rng.uniform(FLOOR_M, CEILING_M, n)
    speed, heading = rng.uniform(20.0, 60.0, n), rng.uniform(0.0, 2 * np.pi, n)
    climb, aim = np.zeros(n), np.stack([np.zeros(n), speed, np.zeros(n)])  # turn rate, speed, climb
    due = rng.exponential(12.0, n)
    state, t = np.empty((len(t_s), n, 6)), 0.0
    for k in range(len(t_s)):
        while t < t_s[k] - t_s[0] - 1e-9:
            dt = min(STEP_S, float(t_s[k] - t_s[0]) - t)
            again = np.flatnonzero(due <= t)
            aim[:, again] = _manoeuvres(rng, len(again))
            due[again] = t + rng.exponential(12.0, len(again))
            wish = np.where(height < FLOOR_M + 20.0, np.abs(aim[2]), aim[2])
            wish = np.where(height > CEILING_M - 20.0, -np.abs(wish), wish)
            climb += np.clip(wish - climb, -2.0 * dt, 2.0 * dt)
            speed += np.clip(aim[1] - speed, -3.0 * dt, 3.0 * dt)
            middle = heading + 0.5 * dt * aim[0]
            place += dt * speed[:, None] * np.stack([np.sin(middle), np.cos(middle)], axis=1)
            height = np.clip(height + dt * climb, FLOOR_M, CEILING_M)
            heading = heading + dt * aim[0]
            t += dt
        state[k] = np.column_stack([place, height, speed * np.sin(heading), speed * np.cos(heading), climb])
    return state, np.ones(state.shape[:2], np.bool_)


def _manoeuvres(rng: np.random.Generator, n: int) -> FloatArray:
    """Turn rate, speed and climb (3, n) that n drones aim at."""
    turn = np.where(rng.random(n) < 0.6, rng.uniform(-0.15, 0.15, n), 0.0)
    return np.stack([turn, rng.uniform(20.0, 60.0, n), rng.uniform(-4.0, 4.0, n)])


def birds(rng: np.random.Generator, n: int, t_s: FloatArray, radius_m: float) -> Moves:
    """Velocities that forget themselves in 10 s (Ornstein-Uhlenbeck), 8 m/s per horizontal axis, 1 m/s upwards."""
    sigma, memory_s = np.array([8.0, 8.0, 1.0]), 10.0
    place = np.concatenate([_everywhere(rng, n, radius_m, 1.0), rng.uniform(20.0, 400.0, (n, 1))], axis=1)
    velocity = rng.normal(0.0, 1.0, (n, 3)) * sigma
    state, t = np.empty((len(t_s), n, 6)), 0.0
    for k in range(len(t_s)):
        while t < t_s[k] - t_s[0] - 1e-9:
            dt = min(STEP_S, float(t_s[k] - t_s[0]) - t)
            keep = np.exp(-dt / memory_s)
            velocity = keep * velocity + np.sqrt(1.0 - keep**2) * rng.normal(0.0, 1.0, (n, 3)) * sigma
            place = place + dt * velocity
            place[:, 2] = np.clip(place[:, 2], 10.0, 500.0)
            t += dt
        state[k] = np.concatenate([place, velocity], axis=1)
    return state, np.ones(state.shape[:2], np.bool_)


def shells(rng: np.random.Generator, n: int, t_s: FloatArray, window_s: float) -> tuple[Moves, tuple[str, ...]]:
    """Mortar shells and rockets with drag, fired within `window_s` and striking within 1.5 km of the origin.

    Flights last 15 to 45 s and reach 3 to 15 km. A state is given from the muzzle to the ground. Also the kind of each.
    """
    kinds, paths, ends = _flights(rng, n)
    fired = t_s[0] + rng.uniform(0.0, window_s, n)
    bearing, heading = rng.uniform(0.0, 2 * np.pi, (2, n))
    r = 1500.0 * np.sqrt(rng.random(n))
    axis = np.stack([np.sin(heading), np.cos(heading)], axis=1)
    struck = np.stack([r * np.sin(bearing), r * np.cos(bearing)], axis=1)
    state, there = np.zeros((len(t_s), n, 6)), np.zeros((len(t_s), n), np.bool_)
    clock = np.arange(paths.shape[0]) * FLIGHT_STEP_S
    for i in range(n):
        age = t_s - fired[i]
        there[:, i] = (age >= 0.0) & (age <= ends[i, 1])
        down, up, down_rate, up_rate = (np.interp(age, clock, paths[:, i, c]) for c in range(4))
        state[:, i, :2] = struck[i] + axis[i] * (down - ends[i, 0])[:, None]
        state[:, i, 2], state[:, i, 5] = np.maximum(up, 0.0), up_rate
        state[:, i, 3:5] = axis[i] * down_rate[:, None]
    return (state, there), kinds


FLIGHT_STEP_S = 0.05
_KINDS = {  # muzzle velocity (m/s), elevation (degrees), ballistic coefficient m/(Cd A) (kg/m²)
    "mortar": ((190.0, 330.0), (48.0, 72.0), (2500.0, 7000.0)),
    "rocket": ((330.0, 650.0), (22.0, 50.0), (3000.0, 9000.0)),
}


def _flights(rng: np.random.Generator, n: int) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """n flights in a vertical plane: kinds, paths (steps, n, 4: along, up, their rates), ends (n, 2: along, time)."""
    kinds: list[str] = []
    paths: list[FloatArray] = []
    ends: list[tuple[float, float]] = []
    while len(kinds) < n:
        draw = ["mortar" if rng.random() < 0.5 else "rocket" for _ in range(2 * n)]
        low, high = (np.array([[pair[side] for pair in _KINDS[name]] for name in draw]) for side in (0, 1))
        v0, elevation, beta = (low + (high - low) * rng.random((2 * n, 3))).T
        path = _integrated(v0, np.deg2rad(elevation), beta)
        for i, name in enumerate(draw):
            last = int(np.argmax(path[:, i, 1] < 0.0))
            a, b = path[last - 1, i], path[last, i]
            part = a[1] / (a[1] - b[1])
            along, took = a[0] + part * (b[0] - a[0]), (last - 1 + part) * FLIGHT_STEP_S
            if last and 15.0 <= took <= 45.0 and 3e3 <= along <= 15e3 and len(kinds) < n:
                kinds.append(name)
                paths.append(path[:, i])
                ends.append((float(along), float(took)))
    return tuple(kinds), np.stack(paths, axis=1), np.array(ends)


def _integrated(v0: FloatArray, elevation: FloatArray, beta: FloatArray) -> FloatArray:
    """Paths (steps, n, 4) over 46 s by the classical Runge-Kutta method, in an exponential atmosphere."""

    def rates(u: FloatArray) -> FloatArray:
        drag = 1.225 * np.exp(-np.maximum(u[:, 1], -100.0) / 8500.0) / (2.0 * beta) * np.hypot(u[:, 2], u[:, 3])
        return np.stack([u[:, 2], u[:, 3], -drag * u[:, 2], -GRAVITY_MPS2 - drag * u[:, 3]], axis=1)

    h = FLIGHT_STEP_S
    u = np.stack([np.zeros(len(v0)), np.ones(len(v0)), v0 * np.cos(elevation), v0 * np.sin(elevation)], axis=1)
    path = [u]
    for _ in range(round(46.0 / h)):
        k1 = rates(u)
        k2 = rates(u + h / 2 * k1)
        k3 = rates(u + h / 2 * k2)
        k4 = rates(u + h * k3)
        u = u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        path.append(u)
    return np.stack(path)
