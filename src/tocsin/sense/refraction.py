"""Bending of radar rays in the standard atmosphere, as a correction of elevation.

With the refractivity gradient of the standard radio atmosphere a ray is straight over an Earth of 4/3 its radius
(ITU-R P.834-9, section 2; P.453-14: N falls by 39 units in the first kilometre). A ray that leaves at an apparent
elevation E and has run the range r arrives where, over the true Earth, the geometric elevation is lower: the ray
curves down with curvature (1 - 1/k) / R * cos(E), so it sinks by r²/2 of that, and the angle is
E - r (1 - 1/k) cos(E) / (2 R).

Above about 5 km of height the gradient fades as exp(-h / 7.35 km) (P.453-14, N0 scale height), and the mean bending is
lowered by that.
"""

from __future__ import annotations

import numpy as np

from tocsin.records.arrays import FloatArray

__all__ = ["geometric_elevation"]

K = 4.0 / 3.0
SCALE_HEIGHT_M = 7350.0


def geometric_elevation(elevation_rad: FloatArray, range_m: FloatArray, radius_m: float) -> FloatArray:
    """Geometric elevation (n,) of apparent elevations (n,) at ranges (n,); unchanged where the range is unknown."""
    height = np.maximum(range_m * np.sin(elevation_rad), 1.0)
    fade = 2.0 * SCALE_HEIGHT_M / height * (1.0 - SCALE_HEIGHT_M / height * -np.expm1(-height / SCALE_HEIGHT_M))
    bend = range_m * (1.0 - 1.0 / K) * np.cos(elevation_rad) / (2.0 * radius_m) * fade
    return np.where(np.isnan(bend), elevation_rad, elevation_rad - bend)
