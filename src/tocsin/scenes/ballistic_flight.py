"""Flight of a ballistic body for the benchmark of impact forecasts, many variants at once, and its impact.

A physics of its own, apart from both the forecaster's and the simulator's: SciPy's DOP853 on a round, turning Earth in
the International Standard Atmosphere. Variants of one flight (the columns of an array) are integrated as one system, so
that all of them take the same steps and differences between them are free of the integrator's noise.

Parameters of a variant (11): east, north, up (m), their rates (m/s) at the start, drag Cd A / m (m²/kg) at low Mach
number, wind east and north (m/s) at the level of the site, rise and fall of the drag curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from tocsin.frames import EARTH_RATE_RADPS, gaussian_radius_m
from tocsin.records.arrays import FloatArray
from tocsin.world.earth import normal_gravity_mps2

__all__ = ["LONGEST_S", "Air", "Flown", "Place", "fly", "place_of"]

LONGEST_S = 200.0
"""No flight of these families lasts longer."""
UNDER_M = 5.0
"""Variants are flown until the last of them is this far below the ground, so that each passes it."""
TIGHT, LOOSE = 1e-9, 1e-5
"""Relative tolerances for a bound and for a look whether a drawn flight is wanted at all."""
G0_OVER_R = 0.034163195  # 9.80665 / 287.05287, K/m


@dataclass(frozen=True, slots=True)
class Place:
    """Where the radar stands: origin of the frame."""

    lat_deg: float
    lon_deg: float
    alt_m: float
    radius_m: float  # of the level sphere through it
    gravity_mps2: float
    spin_radps: FloatArray  # (3,)


@dataclass(frozen=True, slots=True)
class Air:
    """What a flight goes through, apart from its own parameters: how wind turns and grows, how drag rises.

    Wind at h metres above the site is that at its level times 1 + growth h / 1000, turned clockwise by turn h / 1000.
    """

    growth_per_km: float = 0.0
    turn_radpkm: float = 0.0
    width: float = 0.05  # of the transonic rise, in Mach numbers


@dataclass(frozen=True, slots=True)
class Flown:
    """Variants of one flight, and where and when each came down."""

    state_at: Callable[[FloatArray], FloatArray]  # times (n,) to states (n, 6, m)
    impact: FloatArray  # (m, 3) east, north, time


def place_of(lat_deg: float, lon_deg: float, alt_m: float) -> Place:
    """The place with its gravity (WGS 84 normal gravity, with the centrifugal part) and the Earth's turning."""
    lat = np.deg2rad(lat_deg)
    spin = EARTH_RATE_RADPS * np.array([0.0, np.cos(lat), np.sin(lat)])
    radius = gaussian_radius_m(lat_deg) + alt_m
    return Place(lat_deg, lon_deg, alt_m, radius, normal_gravity_mps2(lat_deg, alt_m), spin)


def drag_over_low(mach: FloatArray, width: float, rise: FloatArray, fall: FloatArray) -> FloatArray:
    """Drag coefficient over its low-speed value: a logistic rise about Mach 1, an exponential decline above it."""
    over = np.maximum(mach - 1.0, 0.0)
    return np.asarray(1.0 + rise / (1.0 + np.exp(-(mach - 1.0) / width)) * np.exp(-fall * over))


def slope(place: Place, air: Air, theta: FloatArray, state: FloatArray) -> FloatArray:
    """Time derivative of states (6, m) of variants theta (11, m)."""
    out, v = state[:3].copy(), state[3:]
    out[2] += place.radius_m
    distance = np.sqrt(np.sum(out * out, axis=0))
    height = distance - place.radius_m
    geopotential = 6356766.0 * (place.alt_m + height) / (6356766.0 + place.alt_m + height)
    temperature = 288.15 - 0.0065 * geopotential
    density = 1.225 * (temperature / 288.15) ** (G0_OVER_R / 0.0065 - 1.0)
    grown, turned = 1.0 + air.growth_per_km * height / 1000.0, air.turn_radpkm * height / 1000.0
    c, s = np.cos(turned), np.sin(turned)
    past = v.copy()
    past[0] -= grown * (theta[7] * c + theta[8] * s)
    past[1] -= grown * (theta[8] * c - theta[7] * s)
    speed = np.sqrt(np.sum(past * past, axis=0))
    curve = drag_over_low(speed / np.sqrt(1.4 * 287.05287 * temperature), air.width, theta[9], theta[10])
    pull = place.gravity_mps2 * (place.radius_m / distance) ** 2 / distance
    spun = np.stack([place.spin_radps[1] * v[2] - place.spin_radps[2] * v[1], place.spin_radps[2] * v[0],
                     -place.spin_radps[1] * v[0]])  # fmt: skip
    return np.concatenate([v, -0.5 * density * theta[6] * curve * speed * past - pull * out - 2.0 * spun])


def heights(place: Place, state: FloatArray) -> FloatArray:
    """Height (m,) of states (6, m) above the level sphere."""
    flat2, up = state[0] ** 2 + state[1] ** 2, state[2]
    distance = np.sqrt(flat2 + (up + place.radius_m) ** 2)
    return np.asarray((flat2 + up * (up + 2.0 * place.radius_m)) / (distance + place.radius_m))


def fly(place: Place, air: Air, theta: FloatArray, *, rtol: float = TIGHT) -> Flown | None:
    """Fly variants theta (11, m) to the ground; None: one of them is still aloft after `LONGEST_S`."""
    m = theta.shape[1]

    def rates(_: float, flat: np.ndarray[tuple[int], np.dtype[np.float64]]) -> FloatArray:
        return slope(place, air, theta, flat.reshape(6, m)).ravel()

    def aloft(_: float, flat: FloatArray) -> float:
        return float(heights(place, flat.reshape(6, m)).max() + UNDER_M)

    aloft.terminal, aloft.direction = True, -1.0  # type: ignore[attr-defined]
    solution = solve_ivp(
        rates,
        (0.0, LONGEST_S),
        theta[:6].ravel(),
        method="DOP853" if rtol < LOOSE else "RK45",
        rtol=rtol,
        atol=rtol,
        events=aloft,
        dense_output=True,
    )
    dense, ends = solution.sol, solution.t_events
    if dense is None or ends is None or not len(ends[0]):
        return None

    def state_at(times: FloatArray) -> FloatArray:
        return np.moveaxis(dense(np.atleast_1d(times)).reshape(6, m, -1), 2, 0)

    return Flown(state_at, _impacts(place, state_at, float(ends[0][0]), m))


def _impacts(place: Place, state_at: Callable[[FloatArray], FloatArray], end_s: float, m: int) -> FloatArray:
    """East, north and time (m, 3) at which each variant passes the ground: Newton steps back from the end."""
    columns, t = np.arange(m), np.full(m, end_s)
    for _ in range(8):
        state = state_at(t)[columns, :, columns].T
        away = np.sqrt(state[0] ** 2 + state[1] ** 2 + (state[2] + place.radius_m) ** 2)
        sinking = (state[0] * state[3] + state[1] * state[4] + (state[2] + place.radius_m) * state[5]) / away
        t = t - heights(place, state) / sinking
    state = state_at(t)[columns, :, columns].T
    return np.stack([state[0], state[1], t], axis=1)
