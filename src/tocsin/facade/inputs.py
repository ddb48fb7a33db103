"""What a user gives, as records: sensors and places in the site's frame, a scan as a table of detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.facade.given import Asset, Detections, Sensor, Zone
from tocsin.formats.cells import Column, shown
from tocsin.formats.places import LATITUDE, LONGITUDE, OPTIONAL, PLACE, level_site, near_site, placed, polygon_problem
from tocsin.formats.rules import AZIMUTH, DEGREES, NUMBERS
from tocsin.formats.values import real
from tocsin.records import site as records
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import DetectionTable
from tocsin.records.sensors import SENSOR_KINDS, SensorTable
from tocsin.records.site import Site

__all__ = ["detection_table", "placed_sensors", "protected"]

_RADIUS = Column("radius_m", 1e-3, 1e6, "a radius must be above 0 and at most 1000 km")
_POPULATION = Column("population", 0.0, 1e11, "a count must be at least 0")
_COLUMNS = tuple(DetectionTable.__dataclass_fields__)[1:]
_LOW, _HIGH = (
    np.array([[np.deg2rad(v) if k in DEGREES else v] for k, v in enumerate(limits)])
    for limits in ([rule.low for rule in NUMBERS], [rule.high for rule in NUMBERS])
)


def placed_sensors(sensors: Sequence[Sensor], origin: Site | None) -> tuple[Site, SensorTable]:
    """The site, at the first sensor where none is given, and its table of sensors. Raises BadInput."""
    if not sensors:
        raise BadInput("at least one sensor is needed", column="sensors")
    names = _names([sensor.sensor_id for sensor in sensors], "sensor_id", "sensors")
    for k, sensor in enumerate(sensors, 1):
        if sensor.kind not in SENSOR_KINDS:
            known = ", ".join(SENSOR_KINDS)
            raise BadInput(f"unknown kind; one of {known}", row=k, column="kind", value=str(sensor.kind))
    places = np.array([_place(k, s.lat_deg, s.lon_deg, s.alt_m) for k, s in enumerate(sensors, 1)])
    site = level_site(*places[0].tolist()) if origin is None else origin
    position_m, rotation = placed(places, site)
    rest = np.full((len(OPTIONAL), len(sensors)), np.nan)
    for r, rule in enumerate(OPTIONAL):
        for k, sensor in enumerate(sensors):
            value = getattr(sensor, rule.name)
            if value is not None:
                rest[r, k] = _number(k + 1, rule, value)
    return site, SensorTable(names, tuple(sensor.kind for sensor in sensors), position_m, rotation, *rest)


def protected(site: Site, zones: Sequence[Zone], assets: Sequence[Asset]) -> Site:
    """The site with what is to be warned and what may be reached. Raises BadInput."""
    _names([zone.zone_id for zone in zones], "zone_id", "zones")
    _names([asset.asset_id for asset in assets], "asset_id", "assets")
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    areas = []
    for k, zone in enumerate(zones, 1):
        population = _number(k, _POPULATION, zone.population)
        areas.append(records.Zone(zone.zone_id, zone.name or zone.zone_id, _polygon(k, zone, site, origin), population))
    points = []
    for k, asset in enumerate(assets, 1):
        place = np.array(_place(k, asset.lat_deg, asset.lon_deg, asset.alt_m))
        position_m, radius_m = frames.geodetic2enu(place, origin), _number(k, _RADIUS, asset.radius_m)
        points.append(records.Asset(asset.asset_id, asset.name or asset.asset_id, position_m, radius_m))
    return replace(site, zones=tuple(areas), assets=tuple(points))


def detection_table(scan: Detections) -> DetectionTable:
    """The scan's columns, each (n,), n being that of the azimuths. Raises BadInput for the first faulty row."""
    n = len(_column(scan, "azimuth_rad", None))
    values = np.array([_column(scan, name, n) for name in _COLUMNS])
    bad = ~np.isnan(values) & ~((values >= _LOW) & (values <= _HIGH))
    bad[AZIMUTH] |= np.isnan(values[AZIMUTH])
    if np.any(bad):
        row = int(np.flatnonzero(np.any(bad, axis=0))[0])
        which = int(np.flatnonzero(bad[:, row])[0])
        value = float(values[which, row])
        problem = "an azimuth is needed here" if np.isnan(value) else NUMBERS[which].rule
        raise BadInput(problem, row=row + 1, column=_COLUMNS[which], value=repr(value))
    return DetectionTable(np.arange(1, n + 1), *values)


def _column(scan: Detections, name: str, n: int | None) -> FloatArray:
    """One column as floats of its own, NaN where masked; a number or None is spread over n rows."""
    values = _floats(getattr(scan, name), name)
    if values.ndim == 0 and n is not None:
        return np.full(n, float(values))
    if values.ndim != 1 or (n is not None and len(values) != n):
        wanted = "one dimension" if n is None else f"shape ({n},), as azimuth_rad has"
        raise BadInput(f"an array of {wanted} is needed", column=name, value=f"shape {values.shape}")
    return values


def _floats(given: object, name: str) -> FloatArray:
    if given is None:
        return np.array(np.nan)
    try:
        if isinstance(given, np.ma.MaskedArray):
            given = np.ma.filled(given.astype(np.float64), np.nan)
        found = np.asarray(given)
        if found.dtype.kind == "O":  # a list with None, or a column of pandas with its own NA
            return np.vectorize(_or_nan, otypes=[np.float64])(found) if found.size else np.zeros(found.shape)
        if found.dtype.kind in "iuf":
            return np.array(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput("not an array of numbers", column=name, value=shown(str(given))) from error
    raise BadInput("not an array of numbers", column=name, value=shown(str(given)))


def _or_nan(value: object) -> float:
    if value is None or type(value).__name__ == "NAType":
        return np.nan
    number = real(value)
    if number is None:
        raise TypeError(f"{type(value).__name__} is no number")
    return number


def _names(names: Sequence[str], column: str, many: str) -> tuple[str, ...]:
    """The ids of things of one kind: texts, not empty, each once."""
    for k, name in enumerate(names, 1):
        if not isinstance(name, str) or not name or names.index(name) != k - 1:
            problem = f"names two {many}" if name and isinstance(name, str) else "a name is needed here"
            raise BadInput(problem, row=k, column=column, value=str(name))
    return tuple(names)


def _place(row: int, lat_deg: float, lon_deg: float, alt_m: float) -> tuple[float, float, float]:
    lat, lon, alt = (
        _number(row, rule, value, name)
        for rule, value, name in zip(PLACE, (lat_deg, lon_deg, alt_m), ("lat_deg", "lon_deg", "alt_m"), strict=True)
    )
    return lat, lon, alt


def _number(row: int, rule: Column, value: object, name: str = "") -> float:
    """A number within the rule of its column."""
    number = real(value)
    if number is not None and rule.low <= number <= rule.high:
        return number
    raise BadInput(rule.rule, row=row, column=name or rule.name, value=shown(str(value)))


def _polygon(row: int, zone: Zone, site: Site, origin: FloatArray) -> FloatArray:
    """A zone's polygon (n, 2) on the site's plane."""
    column = "polygon_deg"
    places = [tuple(place) for place in zone.polygon_deg]
    if len(places) > 1 and places[0] == places[-1]:
        places.pop()
    if len(places) < 3 or any(len(place) != 2 for place in places):
        problem = "at least three places (latitude, longitude) are needed"
        raise BadInput(problem, row=row, column=column, value=shown(str(places)))
    flat = []
    for lat, lon in places:
        flat.append([_number(row, LATITUDE, lat, column), _number(row, LONGITUDE, lon, column), site.alt_m])
        try:
            near_site(flat[-1][0], flat[-1][1], site)
        except ValueError as error:
            raise BadInput(str(error), row=row, column=column, value=str((lat, lon))) from None
    polygon_m = frames.geodetic2enu(np.array(flat), origin)[:, :2]
    problem = polygon_problem([(float(x), float(y)) for x, y in polygon_m])
    if problem:
        raise BadInput(problem, row=row, column=column, value=shown(str(places)))
    return np.ascontiguousarray(polygon_m)
