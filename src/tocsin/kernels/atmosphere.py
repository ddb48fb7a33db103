"""The International Standard Atmosphere up to 32 km, and the gravity that goes with the turning ellipsoid.

Sources: ISO 2533:1975 and U.S. Standard Atmosphere 1976 (tables 4 and I: base temperatures, lapse rates, R, gamma);
NIMA TR8350.2 (WGS 84), equation 4-1, for the gravity formula of Somigliana.
"""

from __future__ import annotations

import math

from tocsin.kernels.jit import kernel

__all__ = ["isa", "normal_gravity_mps2"]

_RADIUS_M = 6356766.0  # the standard's Earth radius, which turns geometric height into geopotential height
_SEA_TEMPERATURE_K = 288.15
_SEA_DENSITY_KGPM3 = 1.225
_G_OVER_R = 0.034163195  # g0 / R of dry air, K/m: 9.80665 / 287.05287
_GAMMA_R = 1.4 * 287.05287  # ratio of specific heats times R of dry air, m²/(s² K)
_TROPOPAUSE_M, _TROPOPAUSE_K = 11000.0, 216.65
_TROPOPAUSE_KGPM3 = _SEA_DENSITY_KGPM3 * (_TROPOPAUSE_K / _SEA_TEMPERATURE_K) ** (_G_OVER_R / 0.0065 - 1.0)
_STRATO_M = 20000.0
_STRATO_KGPM3 = _TROPOPAUSE_KGPM3 * math.exp(-_G_OVER_R * (_STRATO_M - _TROPOPAUSE_M) / _TROPOPAUSE_K)


@kernel
def isa(alt_m: float) -> tuple[float, float, float, float]:
    """Density (kg/m³), relative density slope (1/m), speed of sound (m/s), relative sound slope (1/m) at an altitude.

    A relative slope is the derivative with respect to height over the value. `alt_m` is geometric, from -5 to 32 km;
    above that the last layer is continued, below it the first.
    """
    height = _RADIUS_M * alt_m / (_RADIUS_M + alt_m)
    if height < _TROPOPAUSE_M:
        lapse = -0.0065
        temperature = _SEA_TEMPERATURE_K + lapse * height
        density = _SEA_DENSITY_KGPM3 * (temperature / _SEA_TEMPERATURE_K) ** (_G_OVER_R / 0.0065 - 1.0)
    elif height < _STRATO_M:
        lapse = 0.0
        temperature = _TROPOPAUSE_K
        density = _TROPOPAUSE_KGPM3 * math.exp(-_G_OVER_R * (height - _TROPOPAUSE_M) / temperature)
    else:
        lapse = 0.001
        temperature = _TROPOPAUSE_K + lapse * (height - _STRATO_M)
        density = _STRATO_KGPM3 * (temperature / _TROPOPAUSE_K) ** (-_G_OVER_R / lapse - 1.0)
    stretch = (_RADIUS_M / (_RADIUS_M + alt_m)) ** 2
    density_slope = -(_G_OVER_R + lapse) / temperature * stretch
    return density, density_slope, math.sqrt(_GAMMA_R * temperature), 0.5 * lapse / temperature * stretch


@kernel
def normal_gravity_mps2(lat_rad: float, alt_m: float) -> float:
    """Gravity with the centrifugal part at a latitude and ellipsoidal height (Somigliana; inverse square upwards)."""
    s2 = math.sin(lat_rad) ** 2
    surface = 9.7803253359 * (1.0 + 0.00193185265241 * s2) / math.sqrt(1.0 - 0.00669437999013 * s2)
    return surface * (6371008.8 / (6371008.8 + alt_m)) ** 2
