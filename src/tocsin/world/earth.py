"""The simulator's own Earth: gravity, rotation and curvature about one site, as one array that kernels take.

Gravity points to the centre of the level sphere (the sphere of the Gaussian radius of curvature through the site's
origin) and falls with the square of the distance to it. Its value at the origin is WGS 84's normal gravity
(Somigliana), which includes the centrifugal acceleration. Against the full field (J2, centrifugal, in ECEF, down to the
ellipsoid) this moves an impact at 10 km by less than 0.2 m, which a test shows.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.frames import EARTH_RATE_RADPS
from tocsin.kernels.jit import kernel
from tocsin.records.arrays import FloatArray
from tocsin.records.site import Site
from tocsin.world.atmosphere import Weather

__all__ = [
    "ALTITUDE",
    "GRAVITY",
    "OMEGA_NORTH",
    "OMEGA_UP",
    "RADIUS",
    "SHEAR",
    "TEMPERATURE_OFFSET",
    "WIND_EAST",
    "WIND_NORTH",
    "environment",
    "level_height",
    "level_up",
    "local_components",
    "normal_gravity_mps2",
    "site_vector",
]

RADIUS, GRAVITY, OMEGA_NORTH, OMEGA_UP, ALTITUDE = 0, 1, 2, 3, 4
TEMPERATURE_OFFSET, WIND_EAST, WIND_NORTH, SHEAR = 5, 6, 7, 8
"""Columns of the environment array."""

_A_M, _FLATTENING, _M = 6378137.0, 1 / 298.257223563, 0.00344978650684
_GAMMA_E_MPS2, _K, _E2 = 9.7803253359, 0.00193185265241, 6.69437999014e-3


def normal_gravity_mps2(lat_deg: float, height_m: float) -> float:
    """WGS 84 normal gravity at a latitude and ellipsoidal height (NIMA TR8350.2, eqs 4-1 and 4-3)."""
    s2 = math.sin(math.radians(lat_deg)) ** 2
    surface = _GAMMA_E_MPS2 * (1 + _K * s2) / math.sqrt(1 - _E2 * s2)
    first = 2 / _A_M * (1 + _FLATTENING + _M - 2 * _FLATTENING * s2) * height_m
    return float(surface * (1 - first + 3 * (height_m / _A_M) ** 2))


def environment(site: Site, weather: Weather) -> FloatArray:
    """Everything constant that a flight depends on: (9,), columns as named above, SI units."""
    lat = math.radians(site.lat_deg)
    return np.array(
        [
            site.radius_m,
            normal_gravity_mps2(site.lat_deg, site.alt_m),
            EARTH_RATE_RADPS * math.cos(lat),
            EARTH_RATE_RADPS * math.sin(lat),
            site.alt_m,
            weather.temperature_offset_k,
            weather.wind_east_mps,
            weather.wind_north_mps,
            weather.shear_exponent,
        ]
    )


@kernel
def level_height(radius_m: float, east_m: float, north_m: float, up_m: float) -> float:
    """Height of a site-frame point above the level sphere, metres; written so that no digits cancel."""
    horizontal2 = east_m * east_m + north_m * north_m
    top = up_m + radius_m
    distance = math.sqrt(horizontal2 + top * top)
    return (horizontal2 + up_m * (up_m + 2.0 * radius_m)) / (distance + radius_m)


@kernel
def level_up(radius_m: float, east_m: float, north_m: float, level_m: float) -> float:
    """Up coordinate of a point at a height above the level sphere; the inverse of `level_height`."""
    horizontal2 = east_m * east_m + north_m * north_m
    distance = radius_m + level_m
    root = math.sqrt(distance * distance - horizontal2)
    return (level_m * (level_m + 2.0 * radius_m) - horizontal2) / (root + radius_m)


@kernel
def site_vector(radius_m: float, position: FloatArray, local: FloatArray, vector_out: FloatArray) -> None:
    """A vector given as local (east, north, up) at a site-frame position, in the site's axes.

    Local up points away from the sphere's centre, local east lies in the plane of it and the site's east axis.
    """
    x, y, z = position[0], position[1], position[2] + radius_m
    distance = math.sqrt(x * x + y * y + z * z)
    ux, uy, uz = x / distance, y / distance, z / distance
    across = math.sqrt(1.0 - ux * ux)
    ex, ey, ez = across, -ux * uy / across, -ux * uz / across
    nx, ny, nz = uy * ez - uz * ey, uz * ex - ux * ez, ux * ey - uy * ex
    vector_out[0] = local[0] * ex + local[1] * nx + local[2] * ux
    vector_out[1] = local[0] * ey + local[1] * ny + local[2] * uy
    vector_out[2] = local[0] * ez + local[1] * nz + local[2] * uz


@kernel
def local_components(radius_m: float, position: FloatArray, vector: FloatArray, local_out: FloatArray) -> None:
    """The inverse of `site_vector`: a vector in the site's axes as local (east, north, up) at a position."""
    x, y, z = position[0], position[1], position[2] + radius_m
    distance = math.sqrt(x * x + y * y + z * z)
    ux, uy, uz = x / distance, y / distance, z / distance
    across = math.sqrt(1.0 - ux * ux)
    ex, ey, ez = across, -ux * uy / across, -ux * uz / across
    nx, ny, nz = uy * ez - uz * ey, uz * ex - ux * ez, ux * ey - uy * ex
    vx, vy, vz = vector[0], vector[1], vector[2]
    local_out[0] = vx * ex + vy * ey + vz * ez
    local_out[1] = vx * nx + vy * ny + vz * nz
    local_out[2] = vx * ux + vy * uy + vz * uz
