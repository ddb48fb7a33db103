"""The sensors file, to a site and its table of sensors.

| column | rule |
| --- | --- |
| `sensor_id` | unique, not empty |
| `lat`, `lon`, `alt_m` | WGS 84 degrees, ellipsoidal height in metres |
| `kind` | optional, of `SENSOR_KINDS`; empty: radar_3d |
| `max_range_m`, `revisit_s` | optional, above 0 |
| `detection_probability` | optional, above 0, at most 1 |
| `clutter_per_scan` | optional, 0 or above |

What is not given is NaN in the table: the sense stage estimates it or takes its stated default. A sensors file is small
and everything rests on it, so a value that breaks a rule refuses the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.cells import Column, Row, checked, given, shown
from tocsin.formats.opening import name_of
from tocsin.formats.tables import rows_of, text_of
from tocsin.records.arrays import FloatArray
from tocsin.records.sensors import SENSOR_KINDS, SensorTable
from tocsin.records.site import Site, Terrain

__all__ = [
    "LATITUDE",
    "LEVEL_GROUND",
    "LONGITUDE",
    "OPTIONAL",
    "PLACE",
    "SENSOR_COLUMNS",
    "level_site",
    "placed",
    "read_sensors",
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
_REQUIRED = ("sensor_id", *(column.name for column in PLACE))
_MORE = ("kind", *(column.name for column in OPTIONAL))
SENSOR_COLUMNS = (*_REQUIRED, *_MORE)
MAX_SENSORS = 10_000
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


def read_sensors(path: Path | str, site: Site | None = None) -> tuple[Site, SensorTable]:
    """Sensors in the frame of `site`, or of the first sensor where none is given. Raises BadInput."""
    names: dict[str, int] = {}
    kinds, places, rest = [], [], []
    for row in rows_of(path, _REQUIRED, _MORE):
        if row.problem:
            problem = row.problem + row.where()
            raise BadInput(problem, file=name_of(path), row=row.number, value=shown(row.text))
        name = text_of(row.cells.get("sensor_id"))
        kind = text_of(row.cells.get("kind")) if given(row.cells.get("kind")) else "radar_3d"
        if not name or name in names:
            raise _bad(path, row, "sensor_id", f"{name!r} names two sensors" if name else "a name is needed here")
        if kind not in SENSOR_KINDS:
            raise _bad(path, row, "kind", f"unknown kind; one of {', '.join(SENSOR_KINDS)}")
        if len(names) == MAX_SENSORS:
            raise _bad(path, row, "sensor_id", f"more than {MAX_SENSORS} sensors")
        names[name] = row.number
        kinds.append(kind)
        places.append(_numbers(path, row, PLACE, needed=True))
        rest.append(_numbers(path, row, OPTIONAL, needed=False))
    if not names:
        raise BadInput("there is a header and no sensor; write at least one row", file=name_of(path))
    geodetic = np.array(places)
    site = level_site(places[0][0], places[0][1], places[0][2]) if site is None else site
    position_m, rotation = placed(geodetic, site)
    column = np.array(rest).T.copy()
    return site, SensorTable(
        tuple(names), tuple(kinds), position_m, rotation, column[0], column[1], column[2], column[3]
    )


def placed(geodetic: FloatArray, site: Site) -> tuple[FloatArray, FloatArray]:
    """Positions (S, 3) and rotations (S, 3, 3) of sensors at geodetic places (S, 3); exact at the origin itself."""
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    position_m = frames.geodetic2enu(geodetic, origin)
    rotation = np.array([frames.local2site_rotation(place, origin) for place in geodetic])
    at_origin = np.all(geodetic == origin, axis=1)
    position_m[at_origin] = 0.0
    rotation[at_origin] = np.eye(3)
    return position_m, rotation


def _numbers(path: Path | str, row: Row, rules: tuple[Column, ...], *, needed: bool) -> list[float]:
    values = []
    for rule in rules:
        try:
            value = checked(row.cells.get(rule.name), rule)
        except ValueError as error:
            raise _bad(path, row, rule.name, str(error)) from error
        if needed and np.isnan(value):
            raise _bad(path, row, rule.name, "a value is needed here")
        values.append(value)
    return values


def _bad(path: Path | str, row: Row, column: str, problem: str) -> BadInput:
    value = row.shown(column, row.cells.get(column))
    return BadInput(problem + row.where(), file=name_of(path), row=row.number, column=column, value=value)
