"""The simulator's own air: the 1976 standard atmosphere with a temperature offset, a wind profile, gusts, drag rise.

Written apart from `tocsin.kernels` on purpose: a forecaster that shared the simulator's air would flatter itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import WeatherSpec

__all__ = ["GUST_LENGTH_M", "Weather", "air", "drag_rise", "draw_weather", "gusts", "stated_weather", "wind_factor"]

_GAS_JPKGK = 287.05287  # specific gas constant of dry air, ISO 2533:1975
_HEAT_RATIO = 1.4
_HYDROSTATIC_KPM = 9.80665 / 287.05287
_EARTH_M = 6356766.0  # radius that defines geopotential height, US Standard Atmosphere 1976, eq. 18

_BASE_M = np.array([0.0, 11000.0, 20000.0, 32000.0, 47000.0])  # table 4 of the same; above 47 km held isothermal
_BASE_K = np.array([288.15, 216.65, 216.65, 228.65, 270.65])
_LAPSE_KPM = np.array([-0.0065, 0.0, 0.001, 0.0028, 0.0])
_BASE_PA = np.array([101325.0, 22632.06, 5474.889, 868.0187, 110.9063])

_WIND_TOP_M = 1000.0
"""Above this the profile is held. The power law describes the boundary layer, whose depth by day is about 1 km (Stull,
An Introduction to Boundary Layer Meteorology, 1988, ch. 1); extended to 10 km it would invent a jet."""

GUST_LENGTH_M = 533.0
"""Scale of turbulence above 1,750 ft, MIL-F-8785C, 3.7.3.2 (Dryden form)."""


@dataclass(frozen=True, slots=True)
class Weather:
    """The true weather of one run."""

    wind_east_mps: float  # at 10 m above ground
    wind_north_mps: float
    shear_exponent: float
    temperature_offset_k: float
    turbulence_mps: float  # standard deviation of gusts per axis


def stated_weather(spec: WeatherSpec) -> Weather:
    """The weather as the scenario states it, in still air otherwise: no spread of the wind, no gusts."""
    return Weather(spec.wind_east_mps, spec.wind_north_mps, spec.shear_exponent, spec.temperature_offset_k, 0.0)


def draw_weather(spec: WeatherSpec, rng: np.random.Generator) -> Weather:
    """The weather of a run: the mean wind drawn about the stated one."""
    east, north = rng.normal((spec.wind_east_mps, spec.wind_north_mps), spec.wind_sigma_mps)
    return Weather(float(east), float(north), spec.shear_exponent, spec.temperature_offset_k, spec.turbulence_mps)


@kernel
def air(altitude_m: float, temperature_offset_k: float) -> tuple[float, float]:
    """Density (kg/m³) and speed of sound (m/s) at a height above mean sea level.

    Pressure is the standard's at every height; the offset warms the air and so thins it.
    """
    geopotential = _EARTH_M * altitude_m / (_EARTH_M + altitude_m)
    layer = 0
    while layer < 4 and geopotential >= _BASE_M[layer + 1]:
        layer += 1
    rise = geopotential - _BASE_M[layer]
    standard = _BASE_K[layer] + _LAPSE_KPM[layer] * rise
    if _LAPSE_KPM[layer] == 0.0:
        pressure = _BASE_PA[layer] * math.exp(-_HYDROSTATIC_KPM * rise / _BASE_K[layer])
    else:
        pressure = _BASE_PA[layer] * (standard / _BASE_K[layer]) ** (-_HYDROSTATIC_KPM / _LAPSE_KPM[layer])
    temperature = standard + temperature_offset_k
    return pressure / (_GAS_JPKGK * temperature), math.sqrt(_HEAT_RATIO * _GAS_JPKGK * temperature)


@kernel
def wind_factor(height_m: float, exponent: float) -> float:
    """Wind at a height above ground over that at 10 m: the power law (IEC 61400-1:2019, 6.3.2.2), held below 1 m."""
    return float((min(max(height_m, 1.0), _WIND_TOP_M) / 10.0) ** exponent)


@kernel
def drag_rise(mach: float) -> float:
    """Drag coefficient over its subsonic value for a generic slender body.

    Level up to Mach 0.8, smoothly up by 110 % at Mach 1.1, then falling: about 1.81 at Mach 2 and 1.42 at Mach 3. The
    form follows the description in McCoy, Modern Exterior Ballistics (1999), ch. 4; it is no real projectile's curve.
    """
    if mach <= 0.8:
        return 1.0
    if mach < 1.1:
        part = (mach - 0.8) / 0.3
        return 1.0 + 1.1 * part * part * (3.0 - 2.0 * part)
    return 1.0 + 1.1 / (1.0 + ((mach - 1.1) / 1.5) ** 2)


def gusts(rng: np.random.Generator, rows: int, step_s: float, sigma_mps: float, speed_mps: float) -> FloatArray:
    """Gusts (rows, 3) along the site's axes at every step: a first-order Gauss–Markov process per axis.

    That is Dryden's longitudinal spectrum (MIL-F-8785C, 3.7.1.2), met at `speed_mps` through `GUST_LENGTH_M`.
    """
    keep = math.exp(-step_s * max(speed_mps, 5.0) / GUST_LENGTH_M)
    draws = rng.standard_normal((rows, 3)) * sigma_mps
    filtered = np.full_like(draws, np.nan)
    first_order_filter(keep, draws, filtered)
    return filtered


@kernel
def first_order_filter(keep: float, draws: FloatArray, filtered_out: FloatArray) -> None:
    """x[0] = w[0], x[k] = keep·x[k-1] + √(1 - keep²)·w[k], column by column: stationary with the variance of w."""
    fresh = math.sqrt(1.0 - keep * keep)
    for column in range(draws.shape[1]):
        filtered_out[0, column] = draws[0, column]
        for row in range(1, draws.shape[0]):
            filtered_out[row, column] = keep * filtered_out[row - 1, column] + fresh * draws[row, column]
