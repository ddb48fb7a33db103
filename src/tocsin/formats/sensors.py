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

from tocsin.errors import BadInput
from tocsin.formats.cells import Column, Row, checked, given, shown
from tocsin.formats.opening import name_of
from tocsin.formats.places import LATITUDE, LEVEL_GROUND, LONGITUDE, OPTIONAL, PLACE, level_site, placed
from tocsin.formats.tables import rows_of, text_of
from tocsin.records.sensors import SENSOR_KINDS, SensorTable
from tocsin.records.site import Site

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

_REQUIRED = ("sensor_id", *(column.name for column in PLACE))
_MORE = ("kind", *(column.name for column in OPTIONAL))
SENSOR_COLUMNS = (*_REQUIRED, *_MORE)
MAX_SENSORS = 10_000


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
