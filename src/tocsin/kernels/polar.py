"""Polar rows of one scan in one pass: are they usable, what is their noise, and where do they lie."""

from __future__ import annotations

import math

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray, IntArray

__all__ = ["count_unusable", "fill_and_place", "join_rows"]


@kernel
def unusable(value: float, low: float, high: float) -> bool:
    """True if a value that is given (not NaN) does not lie in low < value < high."""
    return bool(not math.isnan(value) and not (low < value < high))


@kernel
def count_unusable(
    range_m: FloatArray,
    azimuth_rad: FloatArray,
    elevation_rad: FloatArray,
    rate_mps: FloatArray,
    sigma_range_m: FloatArray,
    sigma_azimuth_rad: FloatArray,
    sigma_elevation_rad: FloatArray,
    sigma_rate_mps: FloatArray,
) -> int:
    """How many of n rows have a value that cannot be used; each column (n,), NaN: not given (azimuth must be)."""
    count = 0
    for j in range(azimuth_rad.shape[0]):
        bad = not abs(azimuth_rad[j]) <= 2.0 * math.pi
        bad = bad or unusable(range_m[j], 0.0, math.inf)
        bad = bad or (not math.isnan(elevation_rad[j]) and not abs(elevation_rad[j]) <= 0.5 * math.pi)
        bad = bad or math.isinf(rate_mps[j])
        bad = bad or unusable(sigma_range_m[j], 0.0, math.inf) or unusable(sigma_azimuth_rad[j], 0.0, math.inf)
        bad = bad or unusable(sigma_elevation_rad[j], 0.0, math.inf) or unusable(sigma_rate_mps[j], 0.0, math.inf)
        count += bad
    return count


@kernel
def fill_and_place(
    default: FloatArray,
    sensor: FloatArray,
    rotation: FloatArray,
    range_m: FloatArray,
    azimuth_rad: FloatArray,
    elevation_rad: FloatArray,
    sigma_range_m: FloatArray,
    sigma_azimuth_rad: FloatArray,
    sigma_elevation_rad: FloatArray,
    sigma_rate_mps: FloatArray,
    sigma_out: FloatArray,
    position_out: FloatArray,
) -> None:
    """Noise and place of n rows.

    sigma_out (4, n): range, azimuth, elevation, range rate, from default (4,) where a sigma is NaN. position_out
    (n, 3): in the site frame, NaN where range or elevation is; `rotation` (3, 3) takes the sensor's axes to the site's.
    """
    for j in range(azimuth_rad.shape[0]):
        sigma_out[0, j] = default[0] if math.isnan(sigma_range_m[j]) else sigma_range_m[j]
        sigma_out[1, j] = default[1] if math.isnan(sigma_azimuth_rad[j]) else sigma_azimuth_rad[j]
        sigma_out[2, j] = default[2] if math.isnan(sigma_elevation_rad[j]) else sigma_elevation_rad[j]
        sigma_out[3, j] = default[3] if math.isnan(sigma_rate_mps[j]) else sigma_rate_mps[j]
        ground = range_m[j] * math.cos(elevation_rad[j])
        e, n = ground * math.sin(azimuth_rad[j]), ground * math.cos(azimuth_rad[j])
        u = range_m[j] * math.sin(elevation_rad[j])
        for i in range(3):
            position_out[j, i] = sensor[i] + rotation[i, 0] * e + rotation[i, 1] * n + rotation[i, 2] * u


@kernel
def join_rows(
    range_m: FloatArray,
    azimuth_rad: FloatArray,
    elevation_rad: FloatArray,
    rate_mps: FloatArray,
    sigma_range_m: FloatArray,
    sigma_azimuth_rad: FloatArray,
    sigma_elevation_rad: FloatArray,
    sigma_rate_mps: FloatArray,
    z_out: FloatArray,
    sigma_out: FloatArray,
    kind_out: IntArray,
) -> None:
    """Columns (m,) to measurement rows z_out (m, 4) and sigma_out (m, 4): range, azimuth, elevation, range rate.

    kind_out (m,): 0 placed, plus 1 without range, plus 2 without elevation.
    """
    for j in range(azimuth_rad.shape[0]):
        z_out[j, 0], z_out[j, 1] = range_m[j], azimuth_rad[j]
        z_out[j, 2], z_out[j, 3] = elevation_rad[j], rate_mps[j]
        sigma_out[j, 0], sigma_out[j, 1] = sigma_range_m[j], sigma_azimuth_rad[j]
        sigma_out[j, 2], sigma_out[j, 3] = sigma_elevation_rad[j], sigma_rate_mps[j]
        kind_out[j] = (1 if math.isnan(range_m[j]) else 0) + (2 if math.isnan(elevation_rad[j]) else 0)
