"""Scenarios: YAML text to `records.scenario.Scenario` and back, and the records of the site that follow from one.

The fields, their units and ranges are those of `records.scenario`; docs/reference/scenario-format.md lists them. A key
that is misspelt, a value of a wrong type or out of range, and places that contradict each other raise BadScenario with
file, line and place; for a key, with the nearest known spelling.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import yaml
from msgspec import inspect

from tocsin import frames
from tocsin.errors import BadScenario
from tocsin.formats import yaml12
from tocsin.formats.cells import shown
from tocsin.formats.places import LEVEL_GROUND
from tocsin.formats.scenario_checks import problems, row_letters
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import Scenario, SensorSpec, SiteSpec, ZoneGridSpec
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Asset, Site, Terrain, Zone

__all__ = [
    "apply_variant",
    "builtin_names",
    "builtin_text",
    "dump",
    "load",
    "load_builtin",
    "parse",
    "sensors_of",
    "site_of",
]

_FOLDER = files("tocsin") / "scenarios"


def load(path: Path | str) -> Scenario:
    """Read a scenario file. Raises BadScenario naming file, line and place."""
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(yaml12.MAX_BYTES + 1)
        if len(content) > yaml12.MAX_BYTES:
            raise BadScenario(f"larger than {yaml12.MAX_BYTES:,} bytes, which no scenario needs", file=str(path))
        text = content.decode("utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, BadScenario):
            raise
        raise BadScenario(f"cannot be read: {error}", file=str(path)) from error
    return parse(text, file=str(path))


def parse(text: str, *, file: str = "") -> Scenario:
    """Read a scenario from YAML text; `file` is what messages call it."""
    document = yaml12.read(text, file=file)
    for place, problem in _unknown_keys(document.data, inspect.type_info(Scenario), ""):
        raise BadScenario(problem, file=file, place=place, line=yaml12.nearest_line(document, place))
    try:
        scenario = msgspec.convert(document.data, Scenario, strict=True)
    except msgspec.ValidationError as error:
        problem, place = _explained(error)
        raise BadScenario(problem, file=file, place=place, line=yaml12.nearest_line(document, place)) from error
    for place, problem in problems(scenario):
        raise BadScenario(problem, file=file, place=place, line=yaml12.nearest_line(document, place))
    return scenario


def dump(scenario: Scenario) -> str:
    """YAML text that `parse` reads back to an equal scenario."""
    return yaml.safe_dump(msgspec.to_builtins(scenario), sort_keys=False, allow_unicode=True, width=120)


def builtin_names() -> tuple[str, ...]:
    """Names of the scenarios that are shipped, in alphabetical order."""
    return tuple(sorted(entry.name[:-5] for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml")))


def builtin_text(name: str) -> str:
    """A shipped scenario as it is written, comments included. Raises BadScenario for an unknown name."""
    if name not in builtin_names():
        raise BadScenario(f"no built-in scenario {name!r}{_meant(name, builtin_names())}")
    return (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def load_builtin(name: str) -> Scenario:
    """A shipped scenario. Raises BadScenario for an unknown name."""
    return parse(builtin_text(name), file=f"{name}.yaml")


def apply_variant(scenario: Scenario, choices: Mapping[str, str]) -> Scenario:
    """The scenario with each chosen option applied, e.g. {"effector": "none"}; what an option does not keep is dropped.

    Raises BadScenario for a variant or an option that the scenario does not declare.
    """
    for name, option in choices.items():
        if name not in scenario.variants:
            raise BadScenario(f"{scenario.name} has no variant {name!r}{_meant(name, tuple(scenario.variants))}")
        options = scenario.variants[name]
        if option not in options:
            place = f"variants.{name}"
            raise BadScenario(f"no option {option!r}{_meant(option, tuple(options))}", place=place)
        spec = options[option]
        if spec.effectors is not None:
            engagement = scenario.engagement
            kept = tuple(e for e in engagement.effectors if e.id in spec.effectors)
            sectors = tuple(s for s in engagement.sectors if not s.effector_id or s.effector_id in spec.effectors)
            engagement = msgspec.structs.replace(engagement, effectors=kept, sectors=sectors)
            scenario = msgspec.structs.replace(scenario, engagement=engagement)
        if spec.sensors is not None:
            seen = tuple(s for s in scenario.sensors if s.id in spec.sensors)
            scenario = msgspec.structs.replace(scenario, sensors=seen)
    return scenario


def site_of(scenario: Scenario, terrain: Terrain = LEVEL_GROUND) -> Site:
    """The site in its own east-north-up frame. `terrain` is the ground that the shell has built; default: level."""
    spec = scenario.site
    radius_m = frames.gaussian_radius_m(spec.lat_deg) + spec.alt_m
    zones = () if spec.zone_grid is None else tuple(_grid_zones(spec.zone_grid))
    zones += tuple(Zone(z.id, z.name or z.id, np.array(z.polygon_m, dtype=float), z.population) for z in spec.zones)
    return Site(
        spec.name,
        spec.lat_deg,
        spec.lon_deg,
        spec.alt_m,
        radius_m,
        spec.time_zone,
        zones,
        _assets(spec, radius_m),
        terrain,
    )


def sensors_of(scenario: Scenario, site: Site) -> SensorTable:
    """What an operator knows of the sensors: place, range and revisit. NaN: the rest is for the system to estimate."""
    specs = scenario.sensors
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    position_m = np.array([_position_m(s.east_m, s.north_m, s.height_m, site.radius_m) for s in specs]).reshape(-1, 3)
    local = frames.enu2geodetic(position_m, origin)
    return SensorTable(
        sensor_id=tuple(s.id for s in specs),
        kind=tuple(s.kind for s in specs),
        position_m=position_m,
        rotation=np.array([frames.local2site_rotation(place, origin) for place in local]).reshape(-1, 3, 3),
        max_range_m=_column(specs, "max_range_m"),
        revisit_s=_column(specs, "revisit_s"),
        detection_probability=np.full(len(specs), np.nan),
        clutter_per_scan=np.full(len(specs), np.nan),
    )


def _column(specs: tuple[SensorSpec, ...], field: str) -> FloatArray:
    return np.array([getattr(spec, field) for spec in specs], dtype=np.float64)


def _position_m(east_m: float, north_m: float, height_m: float, radius_m: float) -> FloatArray:
    up_m = frames.level2enu_up(np.array(east_m), np.array(north_m), np.array(height_m), radius_m)
    return np.array([east_m, north_m, float(up_m)])


def _assets(spec: SiteSpec, radius_m: float) -> tuple[Asset, ...]:
    return tuple(
        Asset(a.id, a.name or a.id, _position_m(a.east_m, a.north_m, a.height_m, radius_m), a.radius_m)
        for a in spec.assets
    )


def _grid_zones(grid: ZoneGridSpec) -> Iterator[Zone]:
    west = grid.east_m - 0.5 * grid.columns * grid.size_m
    south = grid.north_m - 0.5 * grid.rows * grid.size_m
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * grid.size_m
    for row in range(grid.rows):
        for column in range(grid.columns):
            name = f"{row_letters(row)}{column + 1}"
            corner = np.array([west + column * grid.size_m, south + row * grid.size_m])
            yield Zone(name, name, square + corner, grid.population)


def _unknown_keys(data: yaml12.Data, kind: inspect.Type, place: str) -> Iterator[tuple[str, str]]:
    """Keys that no struct of `kind` has, depth first, in the order of the text."""
    if isinstance(kind, inspect.UnionType):
        kind = next((t for t in kind.types if not isinstance(t, inspect.NoneType)), kind)
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.StructType) and isinstance(data, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        for key, value in data.items():
            inner = f"{place}.{key}" if place else key
            if key not in fields:
                yield inner, f"unknown key {shown(key)!r}{_meant(key, tuple(fields))}"
            else:
                yield from _unknown_keys(value, fields[key], inner)
    elif isinstance(kind, inspect.DictType) and isinstance(data, dict):
        for key, value in data.items():
            yield from _unknown_keys(value, kind.value_type, f"{place}.{key}")
    elif isinstance(kind, inspect.VarTupleType) and isinstance(data, list):
        for i, value in enumerate(data):
            yield from _unknown_keys(value, kind.item_type, f"{place}[{i}]")


def _meant(wrong: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(wrong[:100], known, n=1, cutoff=0.0)
    return f"; did you mean {near[0]!r}?" if near else "; there is none"


def _explained(error: msgspec.ValidationError) -> tuple[str, str]:
    """Problem and place of a conversion error, in the words of a scenario."""
    match = re.fullmatch(r"(.*?)(?: - at `(?:key` in `)?\$?\.?(.*)`)?", str(error), flags=re.DOTALL)
    problem, place = cast("re.Match[str]", match).groups()
    words = {"`object`": "a mapping of keys", "`array`": "a list", "`str`": "text", "`float`": "a number"}
    words |= {"`int`": "a whole number", "`float | null`": "a number or null", "`null`": "nothing"}
    words |= {"`bool`": "true or false", "Object missing required field": "misses the required key"}
    for theirs, ours in words.items():
        problem = problem.replace(theirs, ours)
    return problem[0].lower() + problem[1:], place or ""
