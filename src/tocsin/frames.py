"""Frames and the conversions between them, in one grammar: `geodetic2ecef`, `ecef2enu`, `enu2aer` and back.

Everything below the shell lives in one frame: east-north-up (ENU) at the site, metres, the tangent plane of WGS 84 at
the site's origin. Azimuth is clockwise from true north, elevation is up from the local horizontal, angles are radians
unless the name says `_deg`. Heights are above the WGS 84 ellipsoid. The arithmetic is pymap3d's.

`level` is the third height: metres above the sphere that touches the ellipsoid at the site's origin, with the Gaussian
radius of curvature there; level 0 is "the ground" where no terrain is given.

Products and lengths of vectors of one frame stand here too: they are summed component by component, because the last
digits of a BLAS hang on the processor that it finds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pymap3d

__all__ = [
    "EARTH_RATE_RADPS",
    "aer2enu",
    "dot",
    "ecef2enu",
    "ecef2geodetic",
    "enu2aer",
    "enu2ecef",
    "enu2geodetic",
    "enu2level",
    "gaussian_radius_m",
    "geodetic2ecef",
    "geodetic2enu",
    "length",
    "level2enu_up",
    "local2site_rotation",
    "rotate",
    "site2local_vector",
]

FloatArray = npt.NDArray[np.float64]

EARTH_RATE_RADPS = 7.292115e-5  # WGS 84 (NIMA TR8350.2, table 3.1)
_A_M, _E2 = 6378137.0, 6.69437999014e-3  # WGS 84 semi-major axis and first eccentricity squared


def _stack(*parts: object) -> FloatArray:
    return np.stack([np.asarray(part, dtype=np.float64) for part in parts], axis=-1)


def geodetic2ecef(lat_deg: FloatArray, lon_deg: FloatArray, alt_m: FloatArray) -> FloatArray:
    """Latitude, longitude (degrees) and ellipsoidal height to ECEF metres, shape (..., 3)."""
    return _stack(*pymap3d.geodetic2ecef(lat_deg, lon_deg, alt_m))


def ecef2geodetic(ecef_m: FloatArray) -> FloatArray:
    """ECEF metres (..., 3) to latitude, longitude (degrees) and ellipsoidal height, shape (..., 3)."""
    return _stack(*pymap3d.ecef2geodetic(ecef_m[..., 0], ecef_m[..., 1], ecef_m[..., 2]))


def geodetic2enu(geodetic: FloatArray, origin: FloatArray) -> FloatArray:
    """Geodetic (..., 3: degrees, degrees, metres) to ENU metres at `origin` (3: degrees, degrees, metres)."""
    g = np.asarray(geodetic, dtype=np.float64)
    return _stack(*pymap3d.geodetic2enu(g[..., 0], g[..., 1], g[..., 2], *(float(v) for v in origin)))


def enu2geodetic(enu_m: FloatArray, origin: FloatArray) -> FloatArray:
    """ENU metres at `origin` (..., 3) to geodetic (..., 3: degrees, degrees, metres)."""
    e = np.asarray(enu_m, dtype=np.float64)
    return _stack(*pymap3d.enu2geodetic(e[..., 0], e[..., 1], e[..., 2], *(float(v) for v in origin)))


def enu2ecef(enu_m: FloatArray, origin: FloatArray) -> FloatArray:
    """ENU metres at `origin` (..., 3) to ECEF metres."""
    e = np.asarray(enu_m, dtype=np.float64)
    return _stack(*pymap3d.enu2ecef(e[..., 0], e[..., 1], e[..., 2], *(float(v) for v in origin)))


def ecef2enu(ecef_m: FloatArray, origin: FloatArray) -> FloatArray:
    """ECEF metres (..., 3) to ENU metres at `origin`."""
    e = np.asarray(ecef_m, dtype=np.float64)
    return _stack(*pymap3d.ecef2enu(e[..., 0], e[..., 1], e[..., 2], *(float(v) for v in origin)))


def enu2aer(enu_m: FloatArray) -> FloatArray:
    """ENU metres (..., 3) to azimuth [0, 2π), elevation (radians) and range (metres), shape (..., 3)."""
    e = np.asarray(enu_m, dtype=np.float64)
    azimuth, elevation, range_m = pymap3d.enu2aer(e[..., 0], e[..., 1], e[..., 2], deg=False)
    return _stack(azimuth, elevation, range_m)


def aer2enu(aer: FloatArray) -> FloatArray:
    """Azimuth, elevation (radians) and range (metres), shape (..., 3), to ENU metres."""
    a = np.asarray(aer, dtype=np.float64)
    return _stack(*pymap3d.aer2enu(a[..., 0], a[..., 1], a[..., 2], deg=False))


def local2site_rotation(local_origin: FloatArray, site_origin: FloatArray) -> FloatArray:
    """Rotation (3, 3) that takes vectors in the ENU axes at `local_origin` into the ENU axes at `site_origin`."""
    centre = enu2ecef(np.zeros(3), local_origin)
    axes = enu2ecef(np.eye(3), local_origin) - centre
    start = geodetic2ecef(*(np.asarray(v) for v in site_origin))
    return ecef2enu(start + axes, site_origin).T


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Scalar product over the last axis, shape (...): summed in the order of the components."""
    total = a[..., 0] * b[..., 0]
    for k in range(1, b.shape[-1]):
        total = total + a[..., k] * b[..., k]
    return np.asarray(total)


def length(vectors: FloatArray) -> FloatArray:
    """Euclidean length (...) of vectors (..., n)."""
    return np.asarray(np.sqrt(dot(vectors, vectors)))


def rotate(vectors: FloatArray, axes: FloatArray) -> FloatArray:
    """Components (..., m) of vectors (..., n) along the columns of `axes` (n, m)."""
    return np.stack([dot(vectors, axes[:, k]) for k in range(axes.shape[1])], axis=-1)


def site2local_vector(vector_enu: FloatArray, geodetic: FloatArray, origin: FloatArray) -> FloatArray:
    """Vectors (..., 3) in the ENU axes at `origin` in the ENU axes at their own geodetic places (..., 3)."""
    v, g = np.asarray(vector_enu, dtype=np.float64), np.asarray(geodetic, dtype=np.float64)
    ecef = pymap3d.enu2uvw(v[..., 0], v[..., 1], v[..., 2], float(origin[0]), float(origin[1]))
    return _stack(*pymap3d.uvw2enu(*ecef, g[..., 0], g[..., 1]))


def gaussian_radius_m(lat_deg: float) -> float:
    """Gaussian radius of curvature of WGS 84 at a latitude, metres: the square root of both principal radii."""
    s2 = float(np.sin(np.deg2rad(lat_deg)) ** 2)
    return float(_A_M * np.sqrt(1 - _E2) / (1 - _E2 * s2))


def enu2level(enu_m: FloatArray, radius_m: float) -> FloatArray:
    """Height (...) of ENU points (..., 3) above the sphere of `radius_m` that touches the origin, metres."""
    e = np.asarray(enu_m, dtype=np.float64)
    horizontal2 = e[..., 0] ** 2 + e[..., 1] ** 2
    top = e[..., 2] + radius_m
    distance = np.sqrt(horizontal2 + top**2)
    return np.asarray((horizontal2 + e[..., 2] * (e[..., 2] + 2 * radius_m)) / (distance + radius_m))


def level2enu_up(east_m: FloatArray, north_m: FloatArray, level_m: FloatArray, radius_m: float) -> FloatArray:
    """ENU up coordinate (...) of points at a height above the level sphere, metres; the inverse of `enu2level`."""
    horizontal2 = np.asarray(east_m) ** 2 + np.asarray(north_m) ** 2
    distance = radius_m + np.asarray(level_m)
    root = np.sqrt(distance**2 - horizontal2)
    return np.asarray((distance**2 - horizontal2 - radius_m**2) / (root + radius_m))
