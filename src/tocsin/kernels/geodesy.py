"""Latitude and longitude of points of the site frame, for kernels that give many."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]

__all__ = ["enu2latlon"]

_A_M, _E2 = 6378137.0, 6.69437999014e-3  # WGS 84
_B_M = _A_M * math.sqrt(1.0 - _E2)


@kernel
def enu2latlon(axes: FloatArray, enu_m: FloatArray) -> tuple[float, float]:
    """Geodetic latitude and longitude (degrees) of an east-north-up point.

    `axes` (4, 3): the frame's origin, then its east, north and up in Earth-centred axes. Bowring's formula (Survey
    Review 28, 1985) twice: exact to 1e-11 rad below 100 km of height.
    """
    x, y, z = axes[0, 0], axes[0, 1], axes[0, 2]
    for i in range(3):
        x += axes[1 + i, 0] * enu_m[i]
        y += axes[1 + i, 1] * enu_m[i]
        z += axes[1 + i, 2] * enu_m[i]
    flat = math.sqrt(x * x + y * y)
    reduced = math.atan2(z * _A_M, flat * _B_M)
    latitude = 0.0
    for _ in range(2):
        sine, cosine = math.sin(reduced), math.cos(reduced)
        latitude = math.atan2(z + _E2 / (1.0 - _E2) * _B_M * sine**3, flat - _E2 * _A_M * cosine**3)
        reduced = math.atan2(_B_M * math.sin(latitude), _A_M * math.cos(latitude))
    return math.degrees(latitude), math.degrees(math.atan2(y, x))
