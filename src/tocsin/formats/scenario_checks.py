"""What a scenario's types cannot say: places that must agree with each other. Gives (place, problem) pairs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tocsin.formats.places import polygon_problem
from tocsin.records.scenario import Scenario

__all__ = ["problems"]

Problem = tuple[str, str]

MAX_GRID = 2000  # terrain nodes along one side: 32 MB of heights
MAX_ZONES = 5000
MAX_MOVERS = 5000
MAX_EVENTS = 5_000_000  # scans and polls of a run; a millisecond revisit over a day is a slip of the pen
MAX_CLUTTER = 100_000


def problems(scenario: Scenario) -> Iterator[Problem]:
    """Every contradiction in a scenario whose types are right, in the order of its keys."""
    yield from _time(scenario)
    yield from _site(scenario)
    yield from _sizes(scenario)
    yield from _identities(scenario)
    yield from _sensors(scenario)
    yield from _movers(scenario)
    yield from _engagement(scenario)
    yield from _variants(scenario)


def _time(scenario: Scenario) -> Iterator[Problem]:
    try:
        start = datetime.fromisoformat(scenario.start)
    except ValueError:
        yield "start", f"{scenario.start!r} is not an ISO 8601 instant"
    else:
        if start.tzinfo is None:
            yield "start", f"{scenario.start!r} has no offset; add Z or +03:00, or it names no instant"
    zone = scenario.site.time_zone
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "site.time_zone", f"{zone!r} is not an IANA time zone"


def _site(scenario: Scenario) -> Iterator[Problem]:
    site, grid = scenario.site, scenario.site.zone_grid
    ids = [zone.id for zone in site.zones]
    if grid is not None:
        if grid.rows * grid.columns > MAX_ZONES or grid.rows > 26 * 26:
            yield "site.zone_grid", f"more than {MAX_ZONES} zones, or than {26 * 26} rows"
        yield from (
            (f"site.zones[{i}].id", f"{zone_id!r} is also an id of the zone grid")
            for i, zone_id in enumerate(ids)
            if zone_id in _grid_ids(grid.rows, grid.columns)
        )
    for i, zone in enumerate(site.zones):
        problem = polygon_problem(zone.polygon_m)
        if problem:
            yield f"site.zones[{i}].polygon_m", problem
    terrain = scenario.terrain
    if 2.0 * terrain.extent_m / terrain.step_m > MAX_GRID:
        yield "terrain.step_m", f"more than {MAX_GRID} nodes along a side of 2 × extent_m"


def _grid_ids(rows: int, columns: int) -> frozenset[str]:
    return frozenset(f"{row_letters(r)}{c + 1}" for r in range(min(rows, 26 * 26)) for c in range(columns))


def row_letters(row: int) -> str:
    """A … Z, then AA … of a grid row counted from 0 at the south."""
    return chr(65 + row) if row < 26 else row_letters(row // 26 - 1) + row_letters(row % 26)


def _sizes(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.sensors:
        yield "sensors", "a scenario needs at least one sensor"
    things = len(scenario.ballistic) + len(scenario.flyers)
    things += sum(bird.count for bird in scenario.birds) + sum(flow.count for flow in scenario.traffic)
    if things > MAX_MOVERS:
        yield "duration_s", f"{things} things fly, more than {MAX_MOVERS}"
    for i, sensor in enumerate(scenario.sensors):
        if scenario.duration_s / sensor.revisit_s > MAX_EVENTS:
            yield f"sensors[{i}].revisit_s", f"gives more than {MAX_EVENTS} scans in the run"
        if sensor.clutter_per_scan > MAX_CLUTTER:
            yield f"sensors[{i}].clutter_per_scan", f"more than {MAX_CLUTTER}"
    for i, receiver in enumerate(scenario.receivers):
        if scenario.duration_s / receiver.period_s > MAX_EVENTS:
            yield f"receivers[{i}].period_s", f"gives more than {MAX_EVENTS} reports in the run"


def _identities(scenario: Scenario) -> Iterator[Problem]:
    flying = [(f"ballistic[{i}].id", b.id) for i, b in enumerate(scenario.ballistic)]
    flying += [(f"flyers[{i}].id", f.id) for i, f in enumerate(scenario.flyers)]
    heard = [(f"sensors[{i}].id", s.id) for i, s in enumerate(scenario.sensors)]
    heard += [(f"receivers[{i}].id", r.id) for i, r in enumerate(scenario.receivers)]
    zones = [(f"site.zones[{i}].id", z.id) for i, z in enumerate(scenario.site.zones)]
    assets = [(f"site.assets[{i}].id", a.id) for i, a in enumerate(scenario.site.assets)]
    effectors = [(f"engagement.effectors[{i}].id", e.id) for i, e in enumerate(scenario.engagement.effectors)]
    for family in (flying, heard, zones, assets, effectors):
        seen: set[str] = set()
        for place, name in family:
            if name in seen:
                yield place, f"{name!r} stands twice"
            seen.add(name)


def _sensors(scenario: Scenario) -> Iterator[Problem]:
    for i, sensor in enumerate(scenario.sensors):
        place = f"sensors[{i}]"
        if sensor.min_range_m >= sensor.max_range_m:
            yield f"{place}.min_range_m", "not below max_range_m"
        if sensor.elevation_min_deg >= sensor.elevation_max_deg:
            yield f"{place}.elevation_min_deg", "not below elevation_max_deg"
        for j, (begin, end) in enumerate(sensor.outages_s):
            if begin >= end:
                yield f"{place}.outages_s[{j}]", f"begins at {begin:g} and ends at {end:g}"


def _movers(scenario: Scenario) -> Iterator[Problem]:
    for i, bird in enumerate(scenario.birds):
        if bird.height_min_m >= bird.height_max_m:
            yield f"birds[{i}].height_min_m", "not below height_max_m"
    for i, flow in enumerate(scenario.traffic):
        if flow.with_adsb > flow.count:
            yield f"traffic[{i}].with_adsb", f"more than count ({flow.count})"
        if flow.height_min_m > flow.height_max_m:
            yield f"traffic[{i}].height_min_m", "above height_max_m"
        if flow.speed_min_mps > flow.speed_max_mps:
            yield f"traffic[{i}].speed_min_mps", "above speed_max_mps"


def _engagement(scenario: Scenario) -> Iterator[Problem]:
    known = [effector.id for effector in scenario.engagement.effectors]
    for i, effector in enumerate(scenario.engagement.effectors):
        if effector.range_min_m >= effector.range_max_m:
            yield f"engagement.effectors[{i}].range_min_m", "not below range_max_m"
    for i, sector in enumerate(scenario.engagement.sectors):
        if sector.effector_id and sector.effector_id not in known:
            yield f"engagement.sectors[{i}].effector_id", f"{sector.effector_id!r} is no effector ({_list(known)})"


def _variants(scenario: Scenario) -> Iterator[Problem]:
    effectors = [effector.id for effector in scenario.engagement.effectors]
    sensors = [sensor.id for sensor in scenario.sensors]
    for name, options in scenario.variants.items():
        if not options:
            yield f"variants.{name}", "a variant needs at least one option"
        for option, spec in options.items():
            for field, kept, known in (("effectors", spec.effectors, effectors), ("sensors", spec.sensors, sensors)):
                for i, wanted in enumerate(kept or ()):
                    if wanted not in known:
                        place = f"variants.{name}.{option}.{field}[{i}]"
                        yield place, f"{wanted!r} is not among the {field} ({_list(known)})"
            if spec.sensors == ():
                yield f"variants.{name}.{option}.sensors", "a scenario needs at least one sensor"


def _list(names: list[str]) -> str:
    return "known: " + ", ".join(names) if names else "there is none"
