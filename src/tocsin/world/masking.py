"""Who can see whom: the horizon of a standard atmosphere and the ground between two points.

A wave in the standard atmosphere bends down with about a quarter of the Earth's curvature, so it travels straight over
an Earth of 4/3 the radius: Recommendation ITU-R P.310-10 (effective radius factor k = 4/3) and P.834. Radar, radio and
light all use this radius here; for light it is nearer 7/6, a difference of 7 % in the distance to the horizon.
"""

from __future__ import annotations

import numpy as np

from tocsin.frames import enu2level
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.site import Site, Terrain
from tocsin.world.ground import ground_levels_m

__all__ = ["EFFECTIVE_RADIUS_FACTOR", "horizon_m", "visible"]

EFFECTIVE_RADIUS_FACTOR = 4.0 / 3.0
MAX_SAMPLES = 600  # along one ray; over 40 km that is a point each 67 m, finer than any grid of use here


def horizon_m(height_a_m: float, height_b_m: float, radius_m: float) -> float:
    """Ground distance at which two points over a smooth Earth just see each other: √(2kR)(√a + √b)."""
    return float(np.sqrt(2.0 * EFFECTIVE_RADIUS_FACTOR * radius_m) * (np.sqrt(height_a_m) + np.sqrt(height_b_m)))


def visible(site: Site, observer_m: FloatArray, target_m: FloatArray) -> BoolArray:
    """Which of the targets (n, 3) the observer (3,) sees over the round Earth and the site's terrain, (n,).

    Positions are in the site frame. A target or an observer below the ground sees and is seen by nothing.
    """
    if not len(target_m):
        return np.zeros(0, dtype=np.bool_)
    here = float(enu2level(observer_m, site.radius_m))
    there = enu2level(target_m, site.radius_m)
    ground = np.hypot(target_m[:, 0] - observer_m[0], target_m[:, 1] - observer_m[1])
    bulge = ground**2 / (2.0 * EFFECTIVE_RADIUS_FACTOR * site.radius_m)
    if not site.terrain.level_m.size:
        return _over_smooth_earth(here, there, bulge)
    return _over_terrain(site.terrain, observer_m, here, target_m, there, bulge)


def _over_smooth_earth(here: float, there: FloatArray, bulge: FloatArray) -> BoolArray:
    """The ray's height above the sphere is here + (there - here) f - bulge f (1 - f); visible if never negative."""
    slope = there - here - bulge
    lowest = np.clip(-slope / np.maximum(2.0 * bulge, 1e-9), 0.0, 1.0)
    height = here + slope * lowest + bulge * lowest**2
    return np.asarray((height >= 0.0) & (there >= 0.0) & (here >= 0.0))


def _over_terrain(
    terrain: Terrain, observer_m: FloatArray, here: float, target_m: FloatArray, there: FloatArray, bulge: FloatArray
) -> BoolArray:
    """As above over a grid: sampled at every half step, which a ray cannot cross unseen between two bilinear cells."""
    ground = np.hypot(target_m[:, 0] - observer_m[0], target_m[:, 1] - observer_m[1])
    samples = int(np.clip(np.ceil(2.0 * ground.max() / terrain.step_m) + 1, 3, MAX_SAMPLES))
    f = np.linspace(0.0, 1.0, samples)
    east = observer_m[0] + np.multiply.outer(target_m[:, 0] - observer_m[0], f)
    north = observer_m[1] + np.multiply.outer(target_m[:, 1] - observer_m[1], f)
    ray = here + np.multiply.outer(there - here, f) - np.multiply.outer(bulge, f * (1.0 - f))
    return np.asarray(np.all(ray >= ground_levels_m(terrain, east, north), axis=1))
