"""Motion models of the tracker: straight, turning, ballistic, hovering and thrusting flight.

A state has seven components: position (m) and velocity (m/s) in the site frame, and one that the model owns: the turn
rate (rad/s, anticlockwise seen from above) for the level models, the natural logarithm of the ballistic coefficient
m/(Cd A) (kg/m²) for the ballistic one, the acceleration along the velocity (m/s², drag taken off) for the thrusting
one. Straight flight and hovering carry the turn rate as a prior, so that mixing into the turn model starts from it.

Sources: Bar-Shalom, Li, Kirubarajan, "Estimation with Applications to Tracking and Navigation", 2001, sections 6.2
and 11.7 (models and their noise); Li & Jilkov, "Survey of maneuvering target tracking, part I", IEEE TAES 39(4), 2003
(first-order Markov velocity); ISO 2533:1975 (density of the standard troposphere).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

__all__ = [
    "BALLISTIC",
    "HOVER",
    "MODELS",
    "STRAIGHT",
    "THRUST",
    "TURN",
    "Motion",
    "advance_kind",
    "advance_state",
    "flight_acceleration",
    "level_m",
    "owned_prior",
]

STRAIGHT, TURN, BALLISTIC, HOVER, THRUST = 0, 1, 2, 3, 4
MODELS = 5

G0_MPS2 = 9.80665  # standard gravity, ISO 80000-3
RHO0_KGPM3 = 1.225  # ISO 2533 sea-level density
DENSITY_HEIGHT_M = 9500.0  # -dh/d(ln rho) of the standard troposphere, mean of 0-8 km; used in Jacobians only
LIGHTEST = 0.0  # ln(kg/m²), a sheet of paper: an update far from all that falls must not make drag without bound
SLOWING_MAX_PS = 1.5  # what slows faster has stopped within a second, and an explicit step would run away
STEP_MAX_S = 0.5  # longest step of the ballistic integrator: 1 m of position at 70 m/s² of drag
SPEED_FOR_HEADING_MPS = 3.0  # below this a heading means nothing and the noise is taken as round


class Motion(NamedTuple):
    """Spectral densities of acceleration noise (m²/s³), spreads of what is not known at birth, and switching rates.

    Along, across and up are relative to the horizontal heading. The figures are argued in docs/why/tracking.md.
    """

    straight_along: float = 5e-5
    straight_across: float = 5e-5
    straight_up: float = 2e-5
    turn_along: float = 10.0
    turn_across: float = 4.0
    turn_up: float = 0.7
    turn_rate: float = 0.0008  # rad²/s³
    turn_sigma: float = 0.06  # rad/s, spread of the turn rate when a turn begins
    ballistic_noise: float = 0.5  # what 10 m/s of wind does to a shell in a few seconds
    drag_noise: float = 0.002  # 1/s, random walk of the log ballistic coefficient: Mach number changes slowly
    drag_mean: float = 8.4  # ln(4450 kg/m²)
    drag_sigma: float = 0.6
    hover_time_s: float = 2.0  # in which what stops loses its speed to a part in e
    hover_sigma: float = 0.5  # m/s, wandering of what hovers
    hover_below_mps: float = 8.0  # faster ones are not about to hover
    thrust_mean: float = 100.0  # m/s² along the velocity
    thrust_sigma: float = 60.0
    thrust_noise: float = 400.0  # m²/s⁵, random walk of the thrust
    thrust_age_s: float = 5.0  # older tracks have burnt out
    level_straight: float = 0.9  # least share of level targets that fly straight when their second detection comes
    settle_turn_s: float = 20.0  # the others: those that have begun a turn in so many seconds before
    to_turn_ps: float = 0.002  # switching rates, 1/s
    to_straight_ps: float = 0.01
    to_ballistic_ps: float = 1e-4
    from_ballistic_ps: float = 2e-4
    to_hover_ps: float = 0.02
    from_hover_ps: float = 0.05
    to_thrust_ps: float = 0.02
    from_thrust_ps: float = 0.5
    sleep_below: float = 1e-3
    site_alt_m: float = 0.0
    level_radius_m: float = 6371000.0
    earth_north_radps: float = 0.0  # Earth's rotation in the site's axes
    earth_up_radps: float = 0.0


@kernel
def level_m(east: float, north: float, up: float, radius: float) -> float:
    """Height above the level sphere of `radius`, metres."""
    h2 = east * east + north * north
    distance = math.sqrt(h2 + (up + radius) ** 2)
    return (h2 + up * (up + 2.0 * radius)) / (distance + radius)


@kernel
def owned_prior(model: int, motion: Motion) -> tuple[float, float]:
    """Mean and variance of the component that a model owns, before anything is known of it."""
    if model == BALLISTIC:
        return motion.drag_mean, motion.drag_sigma * motion.drag_sigma
    if model == THRUST:
        return motion.thrust_mean, motion.thrust_sigma * motion.thrust_sigma
    return 0.0, motion.turn_sigma * motion.turn_sigma


@kernel
def slowest(thrust: float) -> float:
    """Speed below which a thrust (m/s²) has no heading: what it gives within a step. A linear step would run away."""
    return max(SPEED_FOR_HEADING_MPS, abs(thrust) * STEP_MAX_S)


@kernel
def flight_acceleration(model: int, motion: Motion, state: FloatArray, a_out: FloatArray) -> float:
    """Gravity, Coriolis, and drag or thrust at a state (7,), m/s², into a_out (3,); returns what multiplies -velocity.

    That is rho v / (2 beta) for the ballistic model, minus thrust over speed for the thrusting one, 1/s. The standard
    atmosphere is at rest with the Earth; above 18 km its density is held, which no target here reaches.
    """
    radius = motion.level_radius_m
    dz = state[2] + radius
    distance = math.sqrt(state[0] ** 2 + state[1] ** 2 + dz * dz)
    speed = math.sqrt(state[3] ** 2 + state[4] ** 2 + state[5] ** 2)
    if model == BALLISTIC:
        height = min(max(distance - radius + motion.site_alt_m, -500.0), 18000.0)
        rho = RHO0_KGPM3 * (1.0 - 2.25577e-5 * height) ** 4.25588
        rate = min(0.5 * rho * math.exp(-max(state[6], LIGHTEST)) * speed, SLOWING_MAX_PS)
    else:
        rate = -state[6] / max(speed, slowest(state[6]))
    g = G0_MPS2 * (radius / distance) ** 2 / distance
    north, up = motion.earth_north_radps, motion.earth_up_radps
    a_out[0] = -g * state[0] - rate * state[3] - 2.0 * (north * state[5] - up * state[4])
    a_out[1] = -g * state[1] - rate * state[4] - 2.0 * up * state[3]
    a_out[2] = -g * dz - rate * state[5] + 2.0 * north * state[3]
    return float(rate)


@kernel
def add_noise(dt: float, along: float, across: float, up: float, x: FloatArray, p_io: FloatArray) -> None:
    """Add white-acceleration noise with its axes along and across the horizontal heading of x (7,) to p_io (7, 7)."""
    speed = math.sqrt(x[3] * x[3] + x[4] * x[4])
    if speed > SPEED_FOR_HEADING_MPS:
        s, c = x[3] / speed, x[4] / speed
        xx = along * s * s + across * c * c
        yy = along * c * c + across * s * s
        xy = (along - across) * s * c
    else:
        xx = yy = 0.5 * (along + across)
        xy = 0.0
    d2, d3 = 0.5 * dt * dt, dt * dt * dt / 3.0
    for i, j, q in ((0, 0, xx), (0, 1, xy), (1, 0, xy), (1, 1, yy), (2, 2, up)):
        p_io[i, j] += q * d3
        p_io[i, j + 3] += q * d2
        p_io[i + 3, j] += q * d2
        p_io[i + 3, j + 3] += q * dt


@kernel
def sandwich(f: FloatArray, p_io: FloatArray, work_io: FloatArray) -> None:
    """p <- f p f' for a (7, 7) p, exactly symmetric.

    f (7, 7) is the identity in its first two columns and its last row; work_io (7, 7) is scratch.
    """
    for i in range(6):
        for j in range(7):
            total = p_io[i, j] if i < 2 else 0.0
            for k in range(2, 7):
                total += f[i, k] * p_io[k, j]
            work_io[i, j] = total
    for j in range(7):
        work_io[6, j] = p_io[6, j]
    for i in range(7):
        for j in range(min(i + 1, 6)):
            total = work_io[i, j] if j < 2 else 0.0
            for k in range(2, 7):
                total += work_io[i, k] * f[j, k]
            p_io[i, j] = total
            p_io[j, i] = total


@kernel
def turn_sandwich(dt: float, f: FloatArray, p_io: FloatArray, work_io: FloatArray) -> None:
    """p <- f p f' for a (7, 7) p, exactly symmetric, of a horizontal turn: what `sandwich` gives, in half its time.

    f (7, 7) as in `advance_turn`: rows 0, 1, 3 and 4 have entries in columns 3, 4 and 6, row 2 drifts.
    """
    for j in range(7):
        p3, p4, p6 = p_io[3, j], p_io[4, j], p_io[6, j]
        work_io[0, j] = p_io[0, j] + f[0, 3] * p3 + f[0, 4] * p4 + f[0, 6] * p6
        work_io[1, j] = p_io[1, j] + f[1, 3] * p3 + f[1, 4] * p4 + f[1, 6] * p6
        work_io[2, j] = p_io[2, j] + dt * p_io[5, j]
        work_io[3, j] = f[3, 3] * p3 + f[3, 4] * p4 + f[3, 6] * p6
        work_io[4, j] = f[4, 3] * p3 + f[4, 4] * p4 + f[4, 6] * p6
        work_io[5, j] = p_io[5, j]
        work_io[6, j] = p6
    for i in range(7):
        w3, w4, w5, w6 = work_io[i, 3], work_io[i, 4], work_io[i, 5], work_io[i, 6]
        p_io[i, 0] = work_io[i, 0] + f[0, 3] * w3 + f[0, 4] * w4 + f[0, 6] * w6
        p_io[i, 1] = work_io[i, 1] + f[1, 3] * w3 + f[1, 4] * w4 + f[1, 6] * w6
        p_io[i, 2] = work_io[i, 2] + dt * w5
        p_io[i, 3] = f[3, 3] * w3 + f[3, 4] * w4 + f[3, 6] * w6
        p_io[i, 4] = f[4, 3] * w3 + f[4, 4] * w4 + f[4, 6] * w6
        p_io[i, 5] = w5
        p_io[i, 6] = w6
        for j in range(i):
            p_io[j, i] = p_io[i, j]


@kernel
def drift(dt: float, p_io: FloatArray) -> None:
    """Covariance p_io (7, 7) over dt at constant velocity, in place, without noise."""
    for i in range(3):
        for j in range(i + 1):
            value = p_io[i, j] + dt * (p_io[i, j + 3] + p_io[i + 3, j]) + dt * dt * p_io[i + 3, j + 3]
            p_io[i, j] = value
            p_io[j, i] = value
    for i in range(3):
        for j in range(3):
            p_io[i, j + 3] += dt * p_io[i + 3, j + 3]
    for i in range(3):
        for j in range(3):
            p_io[j + 3, i] = p_io[i, j + 3]
        p_io[i, 6] += dt * p_io[i + 3, 6]
        p_io[6, i] = p_io[i, 6]


@kernel
def add_column(c: FloatArray, p_io: FloatArray) -> None:
    """Let the owned component act on the others through c (>= 6,), in place: p <- (1 + c e7') p (1 + c e7')'."""
    p66 = p_io[6, 6]
    for i in range(6):
        for j in range(i + 1):
            p_io[i, j] += c[i] * p_io[6, j] + c[j] * p_io[6, i] + c[i] * c[j] * p66
            p_io[j, i] = p_io[i, j]
    for i in range(6):
        p_io[i, 6] += c[i] * p66
        p_io[6, i] = p_io[i, 6]


@kernel
def advance_kind(
    model: int, dt: float, motion: Motion, x_io: FloatArray, p_io: FloatArray, work_io: FloatArray
) -> None:
    """A track with one detection over dt, in place: it drifts, and falls if it is ballistic; work_io (3, 7) is scratch.

    Its velocity is a prior 28 to 220 m/s wide, save along the line of sight where the range rate is known. Beside that
    a turn says little in the second or two until the next detection. Drag, which the range rate feels, moves the mean,
    and its doubt the covariance.
    """
    if model == BALLISTIC:
        start, mid, c = work_io[0], work_io[1], work_io[2]
        flight_acceleration(model, motion, x_io, start)
        mid[6] = x_io[6]
        for i in range(3):
            mid[i] = x_io[i] + 0.5 * dt * x_io[3 + i]
            mid[3 + i] = x_io[3 + i] + 0.5 * dt * start[i]
        rate = flight_acceleration(model, motion, mid, c)
        for i in range(3):
            x_io[3 + i] += dt * c[i]
            x_io[i] += dt * (x_io[3 + i] - 0.5 * dt * c[i])
            c[i], c[3 + i] = 0.5 * dt * dt * rate * mid[3 + i], dt * rate * mid[3 + i]
        drift(dt, p_io)
        add_column(c, p_io)
        noise = motion.ballistic_noise
        add_noise(dt, noise, noise, noise, x_io, p_io)
        return
    still = x_io[3] == 0.0 and x_io[4] == 0.0
    for i in range(3):
        x_io[i] += dt * x_io[i + 3]
    drift(dt, p_io)
    if model == STRAIGHT and not still:
        add_noise(dt, motion.straight_along, motion.straight_across, motion.straight_up, x_io, p_io)
    else:
        add_noise(dt, motion.turn_along, motion.turn_across, motion.turn_up, x_io, p_io)


@kernel
def advance_straight(dt: float, motion: Motion, x_io: FloatArray, p_io: FloatArray) -> None:
    """Near-constant velocity over dt, in place; the turn rate keeps its prior."""
    for i in range(3):
        x_io[i] += dt * x_io[i + 3]
    drift(dt, p_io)
    add_noise(dt, motion.straight_along, motion.straight_across, motion.straight_up, x_io, p_io)


@kernel
def advance_turn(
    dt: float, motion: Motion, x_io: FloatArray, p_io: FloatArray, f_io: FloatArray, work_io: FloatArray
) -> None:
    """Coordinated horizontal turn over dt with its rate in the state, in place (Bar-Shalom 2001, eq. 11.7.1-4)."""
    w, vx, vy = x_io[6], x_io[3], x_io[4]
    a = w * dt
    sn, cs = math.sin(a), math.cos(a)
    if abs(a) > 1e-4:
        s, c = sn / w, (1.0 - cs) / w
        ds, dc = (dt * cs - s) / w, (dt * sn - c) / w
    else:
        s, c = dt, 0.5 * w * dt * dt
        ds, dc = -w * dt * dt * dt / 3.0, 0.5 * dt * dt
    f_io[0, 3], f_io[0, 4], f_io[0, 6] = s, -c, ds * vx - dc * vy
    f_io[1, 3], f_io[1, 4], f_io[1, 6] = c, s, dc * vx + ds * vy
    f_io[3, 3], f_io[3, 4], f_io[3, 6] = cs, -sn, -dt * (sn * vx + cs * vy)
    f_io[4, 3], f_io[4, 4], f_io[4, 6] = sn, cs, dt * (cs * vx - sn * vy)
    x_io[0] += s * vx - c * vy
    x_io[1] += c * vx + s * vy
    x_io[2] += dt * x_io[5]
    x_io[3] = cs * vx - sn * vy
    x_io[4] = sn * vx + cs * vy
    turn_sandwich(dt, f_io, p_io, work_io)
    add_noise(dt, motion.turn_along, motion.turn_across, motion.turn_up, x_io, p_io)
    p_io[6, 6] += motion.turn_rate * dt


@kernel
def flight_jacobian(
    model: int, dt: float, motion: Motion, rate: float, x: FloatArray, jv_io: FloatArray, f_io: FloatArray
) -> None:
    """Transition (7, 7) of ballistic or thrusting flight about x (7,), second order in dt, into f_io.

    `rate` as `flight_acceleration` returns it; jv_io (3, 3) is scratch.
    """
    least = SPEED_FOR_HEADING_MPS if model == BALLISTIC else slowest(x[6])
    speed2 = max(x[3] * x[3] + x[4] * x[4] + x[5] * x[5], least * least)
    sign = -1.0 if model == BALLISTIC else 1.0
    for i in range(3):
        for j in range(3):
            jv_io[i, j] = sign * rate * x[3 + i] * x[3 + j] / speed2
        jv_io[i, i] -= rate
    jv_io[0, 1] += 2.0 * motion.earth_up_radps
    jv_io[0, 2] -= 2.0 * motion.earth_north_radps
    jv_io[1, 0] -= 2.0 * motion.earth_up_radps
    jv_io[2, 0] += 2.0 * motion.earth_north_radps
    d2 = 0.5 * dt * dt
    for i in range(7):
        for j in range(2, 7):
            f_io[i, j] = 1.0 if i == j else 0.0
    for i in range(3):
        if model == BALLISTIC:
            f_io[i, 2] += d2 * rate * x[3 + i] / DENSITY_HEIGHT_M
            f_io[3 + i, 2] += dt * rate * x[3 + i] / DENSITY_HEIGHT_M
        owned = rate * x[3 + i] if model == BALLISTIC else x[3 + i] / math.sqrt(speed2)
        f_io[i, 6] = d2 * owned
        f_io[3 + i, 6] = dt * owned
        f_io[i, 3 + i] += dt
        for j in range(3):
            f_io[i, 3 + j] += d2 * jv_io[i, j]
            f_io[3 + i, 3 + j] += dt * jv_io[i, j]
            f_io[3 + i, 6] += d2 * jv_io[i, j] * (rate * x[3 + j] if model == BALLISTIC else 0.0)
            for k in range(3):
                f_io[3 + i, 3 + j] += d2 * jv_io[i, k] * jv_io[k, j]


@kernel
def advance_flight(
    model: int,
    dt: float,
    motion: Motion,
    x_io: FloatArray,
    p_io: FloatArray,
    f_io: FloatArray,
    work_io: FloatArray,
) -> None:
    """Ballistic or thrusting flight over dt in place: a second-order Runge-Kutta-Nyström step, white noise added."""
    mid, a, b = np.empty(7), np.empty(3), np.empty(3)
    flight_acceleration(model, motion, x_io, a)
    mid[6] = x_io[6]
    for i in range(3):
        mid[i] = x_io[i] + 0.5 * dt * x_io[3 + i]
        mid[3 + i] = x_io[3 + i] + 0.5 * dt * a[i]
    rate = flight_acceleration(model, motion, mid, b)
    flight_jacobian(model, dt, motion, rate, mid, work_io[:3, :3], f_io)
    for i in range(3):
        x_io[i] += dt * x_io[3 + i] + dt * dt / 6.0 * (a[i] + 2.0 * b[i])
        x_io[3 + i] += dt * b[i]
    sandwich(f_io, p_io, work_io)
    q = motion.ballistic_noise
    add_noise(dt, q, q, q, x_io, p_io)
    p_io[6, 6] += (motion.drag_noise if model == BALLISTIC else motion.thrust_noise) * dt


@kernel
def advance_hover(dt: float, motion: Motion, x_io: FloatArray, p_io: FloatArray) -> None:
    """Velocity that dies away and wanders, over dt, in place: first-order Markov, exact (Li & Jilkov 2003, V.A)."""
    tau, s2 = motion.hover_time_s, motion.hover_sigma**2
    phi = math.exp(-dt / tau)
    reach = tau * (1.0 - phi)
    for i in range(3):
        x_io[i] += reach * x_io[i + 3]
        x_io[i + 3] *= phi
    for i in range(3):
        for j in range(i + 1):
            value = p_io[i, j] + reach * (p_io[i, j + 3] + p_io[i + 3, j]) + reach * reach * p_io[i + 3, j + 3]
            p_io[i, j] = value
            p_io[j, i] = value
    for i in range(3):
        for j in range(3):
            p_io[i, j + 3] = phi * (p_io[i, j + 3] + reach * p_io[i + 3, j + 3])
    for i in range(3):
        for j in range(3):
            p_io[j + 3, i] = p_io[i, j + 3]
            p_io[i + 3, j + 3] *= phi * phi
        p_io[i, i] += s2 * tau * tau * (2.0 * dt / tau - 3.0 + 4.0 * phi - phi * phi)
        p_io[i, i + 3] += s2 * tau * (1.0 - phi) ** 2
        p_io[i + 3, i] = p_io[i, i + 3]
        p_io[i + 3, i + 3] += s2 * (1.0 - phi * phi)


@kernel
def advance_state(
    model: int,
    dt: float,
    motion: Motion,
    x_io: FloatArray,
    p_io: FloatArray,
    f_io: FloatArray,
    work_io: FloatArray,
) -> None:
    """One model's mean x_io (7,) and covariance p_io (7, 7) over dt >= 0 seconds; f_io, work_io (7, 7) are scratch."""
    if dt <= 0.0:
        return
    if model == STRAIGHT:
        advance_straight(dt, motion, x_io, p_io)
    elif model == TURN:
        advance_turn(dt, motion, x_io, p_io, f_io, work_io)
    elif model == HOVER:
        advance_hover(dt, motion, x_io, p_io)
    else:
        steps = max(math.ceil(dt / STEP_MAX_S), 1)
        for _ in range(steps):
            advance_flight(model, dt / steps, motion, x_io, p_io, f_io, work_io)
