"""Where a site, its sensors, its zones and what is reported may lie: one set of rules for files and library alike.

Importing this loads no parser.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.cells import Column
from tocsin.records.arrays import FloatArray
from tocsin.records.site import Site, Terrain

__all__ = [
    "ALTITUDE",
    "ALTITUDE_UNKNOWN_M",
    "LATITUDE",
    "LEVEL_GROUND",
    "LONGITUDE",
    "OPTIONAL",
    "PLACE",
    "SIGMA",
    "level_site",
    "near_site",
    "place_unknown",
    "placed",
    "polygon_problem",
    "reported_place",
]

LEVEL_GROUND = Terrain(0.0, 0.0, 1.0, np.zeros((0, 0)))
LATITUDE = Column("lat", -90.0, 90.0, "a latitude must lie in -90 to 90 degrees")
LONGITUDE = Column("lon", -180.0, 180.0, "a longitude must lie in -180 to 180 degrees")
PLACE = (
    LATITUDE,
    LONGITUDE,
    Column("alt_m", -1000.0, 50000.0, "a height must lie in -1000 to 50000 m"),
)
OPTIONAL = (
    Column("max_range_m", 1.0, 1e7, "a range must be at least 1 m and at most 10,000 km"),
    Column("revisit_s", 1e-3, 86400.0, "a revisit time must lie in 0.001 to 86400 s"),
    Column("detection_probability", 1e-6, 1.0, "a probability of detection must be above 0 and at most 1"),
    Column("clutter_per_scan", 0.0, 1e7, "a count must be at least 0"),
)
"""What may be known of a sensor."""
ALTITUDE = Column("alt_m", -1000.0, 100000.0, "a height must lie in -1000 to 100000 m")
SIGMA = Column("sigma_m", 1e-3, 1e6, "a standard deviation must be above 0 and at most 1000 km")
"""Of a report, with `LATITUDE` and `LONGITUDE`."""
ALTITUDE_UNKNOWN_M = -1000.0
"""How Remote ID (ASTM F3411) writes an altitude that is not known; a place that is not known is exactly 0, 0."""
FAR_M = 2e6  # a tangent plane means nothing farther out
_POLE_DEG = 89.9  # nearer to a pole east turns within the site, and the tangent plane misleads


def level_site(lat_deg: float, lon_deg: float, alt_m: float, terrain: Terrain = LEVEL_GROUND) -> Site:
    """A site about which nothing more is known than where its origin is. Raises BadInput."""
    for value, rule in zip((lat_deg, lon_deg, alt_m), PLACE, strict=True):
        if not rule.low <= value <= rule.high:
            raise BadInput(rule.rule, column=rule.name, value=str(value))
    if abs(lat_deg) > _POLE_DEG:
        raise BadInput(f"a site must lie within {_POLE_DEG} degrees of the equator", column="lat", value=str(lat_deg))
    radius_m = frames.gaussian_radius_m(lat_deg) + alt_m
    return Site("", lat_deg, lon_deg, alt_m, radius_m, "UTC", (), (), terrain)


def placed(geodetic: FloatArray, site: Site) -> tuple[FloatArray, FloatArray]:
    """Positions (S, 3) and rotations (S, 3, 3) of sensors at geodetic places (S, 3); exact at the origin itself."""
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    position_m = frames.geodetic2enu(geodetic, origin)
    rotation = np.array([frames.local2site_rotation(place, origin) for place in geodetic])
    at_origin = np.all(geodetic == origin, axis=1)
    position_m[at_origin] = 0.0
    rotation[at_origin] = np.eye(3)
    return position_m, rotation


def place_unknown(lat_deg: float, lon_deg: float) -> bool:
    """Whether a report says by its latitude and longitude that its place is not known."""
    return lat_deg == 0.0 and lon_deg == 0.0


def reported_place(lat_deg: float, lon_deg: float, alt_m: float) -> tuple[float, float, float]:
    """A reported place with its height, NaN where that is unknown. Raises ValueError where the place is."""
    if place_unknown(lat_deg, lon_deg):
        raise ValueError("latitude 0 and longitude 0 say that the place is not known")
    return lat_deg, lon_deg, math.nan if alt_m == ALTITUDE_UNKNOWN_M else alt_m


def near_site(lat_deg: float, lon_deg: float, site: Site) -> None:
    """Raises ValueError for a place so far off that the site's plane means nothing there."""
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    flat = np.array([lat_deg, lon_deg, site.alt_m])
    if frames.length(frames.geodetic2enu(flat, origin)) > FAR_M:
        raise ValueError(f"a place more than {FAR_M / 1000:.0f} km from the site")


def polygon_problem(polygon_m: Sequence[tuple[float, float]]) -> str:
    """What is wrong with a polygon as the area of a zone, "" for a simple one; vertices east, north, metres."""
    if abs(_area_m2(polygon_m)) < 1.0:
        return "the polygon has no area"
    return "the polygon crosses itself" if _crosses_itself(polygon_m) else ""


def _edges(polygon: Sequence[tuple[float, float]]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    return list(zip(polygon, [*polygon[1:], *polygon[:1]], strict=True))


def _area_m2(polygon: Sequence[tuple[float, float]]) -> float:
    return 0.5 * sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _edges(polygon))


def _crosses_itself(polygon: Sequence[tuple[float, float]]) -> bool:
    edges = _edges(polygon)
    n = len(edges)
    return any(_cross(*edges[i], *edges[j]) for i in range(n) for j in range(i + 2, n) if not (i == 0 and j == n - 1))


def _cross(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float], d: tuple[float, float]) -> bool:
    def side(p: tuple[float, float], q: tuple[float, float], r: tuple[float, float]) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) <= 0.0 and side(c, d, a) * side(c, d, b) < 0.0
