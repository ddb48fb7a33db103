"""The site's zones as packed polygons, and which zones are harmed when an asset is struck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.kernels.zones import gaussian_over_polygons, point_polygon_distance
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.site import Site

__all__ = ["Places", "mass_over_zones", "places_of", "zone_distance"]


@dataclass(frozen=True, slots=True)
class Places:
    """Z zones, counter-clockwise and packed for the kernels; A assets."""

    zone_id: tuple[str, ...]
    zone_name: tuple[str, ...]
    vertices: FloatArray  # (V, 2)
    starts: IntArray  # (Z + 1,)
    harmed: BoolArray  # (A, Z): a strike on the asset harms the zone
    assets: int


def _counter_clockwise(polygon: FloatArray) -> FloatArray:
    x, y = polygon[:, 0], polygon[:, 1]
    area = float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    return polygon[::-1] if area < 0.0 else polygon


def places_of(site: Site) -> Places:
    """Pack a site's zones. Raises ValueError for a zone with fewer than three corners or a corner that is no number."""
    polygons: list[FloatArray] = []
    for zone in site.zones:
        polygon = np.ascontiguousarray(zone.polygon_m, dtype=np.float64)
        if polygon.ndim != 2 or polygon.shape[0] < 3 or polygon.shape[1] != 2 or not np.isfinite(polygon).all():
            raise ValueError(
                f"zone {zone.zone_id}: a polygon needs three or more corners, each east and north in metres"
            )
        polygons.append(_counter_clockwise(polygon))
    vertices = np.ascontiguousarray(np.concatenate(polygons)) if polygons else np.empty((0, 2))
    starts = np.cumsum([0, *(len(p) for p in polygons)])
    place = np.array([asset.position_m[:2] for asset in site.assets], dtype=np.float64).reshape(-1, 2)
    distance = np.empty((len(site.assets), len(polygons)))
    point_polygon_distance(vertices, starts, place, distance)
    harmed = distance <= np.array([asset.radius_m for asset in site.assets])[:, None]
    ids, names = tuple(zone.zone_id for zone in site.zones), tuple(zone.name or zone.zone_id for zone in site.zones)
    return Places(ids, names, vertices, starts, harmed, len(site.assets))


def mass_over_zones(places: Places, mean_m: FloatArray, covariance_m2: FloatArray, radius_m: float) -> FloatArray:
    """Probability (n, Z) that a Gaussian point (n, 2) lies within `radius_m` of each zone."""
    mass = np.empty((len(mean_m), len(places.zone_id)))
    mean, covariance = np.ascontiguousarray(mean_m), np.ascontiguousarray(covariance_m2)
    gaussian_over_polygons(places.vertices, places.starts, radius_m, mean, covariance, mass)
    return mass


def zone_distance(places: Places, point_m: FloatArray) -> FloatArray:
    """Distance (Z,) from a point (2,) to each zone, metres, 0 inside."""
    distance = np.empty((1, len(places.zone_id)))
    point_polygon_distance(places.vertices, places.starts, np.ascontiguousarray(point_m[:2]).reshape(1, 2), distance)
    return np.asarray(distance[0])
