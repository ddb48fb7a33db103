"""The whole pipeline as a library: the bytes of `advance`, warnings for zones in degrees, reports of strangers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from door_cases import RADAR, SECOND, scan_at, scans
from hypothesis import given, settings
from hypothesis import strategies as st

import tocsin
from tocsin import Asset, Detections, Pipeline, Report, Result, Tracker, Zone, frames, pipeline
from tocsin.errors import BadInput
from tocsin.facade.inputs import detection_table, placed_sensors
from tocsin.records import site as records
from tocsin.records.detections import Batch, empty_reports
from tocsin.records.plan import Plan

ORIGIN = np.array([RADAR.lat_deg, RADAR.lon_deg, RADAR.alt_m])


def at(east_m: float, north_m: float) -> tuple[float, float]:
    lat, lon, _ = frames.enu2geodetic(np.array([east_m, north_m, 0.0]), ORIGIN)
    return float(lat), float(lon)


def square(east_m: float, north_m: float, half_m: float) -> list[tuple[float, float]]:
    return [at(east_m + i * half_m, north_m + j * half_m) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


# The rocket of `scan_at` comes down about here.
ZONES = [Zone("struck", square(3220.0, 670.0, 800.0), population=400.0), Zone("far", square(-9000.0, -9000.0, 500.0))]
ASSETS = [Asset("gate", *at(500.0, 500.0), 190.0, radius_m=150.0)]


def results(door: Pipeline, seed: int = 3, stop: int = 70) -> Iterator[Result]:
    for scan in scans(seed, 0, stop):
        yield door.update(scan)


def test_the_bytes_are_those_of_advance() -> None:
    site, sensors = placed_sensors([RADAR, SECOND], None)
    areas = [
        np.array([frames.geodetic2enu(np.array([*p, site.alt_m]), ORIGIN)[:2] for p in z.polygon_deg]) for z in ZONES
    ]
    zones = tuple(records.Zone(z.zone_id, z.zone_id, area, z.population) for z, area in zip(ZONES, areas, strict=True))
    gate = frames.geodetic2enu(np.array([ASSETS[0].lat_deg, ASSETS[0].lon_deg, ASSETS[0].alt_m]), ORIGIN)
    plan = Plan("", replace(site, zones=zones, assets=(records.Asset("gate", "gate", gate, 150.0),)), sensors)
    state, door = pipeline.start(plan), Pipeline([RADAR, SECOND], zones=ZONES, assets=ASSETS)
    raised = 0
    for k, scan in enumerate(scans(3, 0, 70)):
        index = "ab".index(scan.sensor_id or "a")
        t_s = float(scan.t_s)  # type: ignore[arg-type]
        batch = Batch(k, t_s, t_s, index, detection_table(scan), empty_reports(), ())
        state, events = pipeline.advance(plan, state, batch)
        told = door.update(scan)
        assert told.tracks.covariance.tobytes() == events.tracks.table.covariance.tobytes()
        assert told.tracks.class_probability.tobytes() == events.identities.probability.tobytes()
        assert told.impacts.position_m.tobytes() == events.impacts.position_m.tobytes()
        assert told.reaches.probability.tobytes() == events.reaches.probability.tobytes()
        assert repr(told.warnings) == repr(events.warnings)
        assert (told.dismissals, told.health, told.errors) == (events.dismissals, events.health, events.errors)
        raised += sum(warning.action == "raise" for warning in told.warnings)
    assert raised >= 1


def test_the_zone_that_is_struck_is_warned_in_time() -> None:
    told = [w for result in results(Pipeline([RADAR, SECOND], zones=ZONES)) for w in result.warnings]
    first = next(w for w in told if w.action == "raise")
    assert first.zone_id == "struck"
    assert first.seconds_left > 10.0
    assert {w.zone_id for w in told} == {"struck"}


def test_tracks_of_the_pipeline_and_of_the_tracker_are_the_same() -> None:
    tracker, door = Tracker([RADAR, SECOND]), Pipeline([RADAR, SECOND], zones=ZONES, assets=ASSETS)
    for scan in scans(8, 0, 50):
        mine, theirs = tracker.update(scan), door.update(scan).tracks
        assert mine.covariance.tobytes() == theirs.covariance.tobytes()
    assert len(mine) >= 3
    assert repr(door.coast(30.0)).startswith(f"Result(Tracks(t_s=30.000, {len(mine)} tracks:")


def test_a_sensor_that_falls_silent_is_in_the_result() -> None:
    door = Pipeline([RADAR, SECOND])
    for k in range(20):
        told = door.update(scan_at(0.5 * k, 3, sensor_id="ab"[k % 2]))
    for k in range(20, 40):
        told = door.update(scan_at(0.5 * k, 3, sensor_id="a"))
        if told.health:
            break
    assert [(h.sensor_id, h.state) for h in told.health] == [("b", "silent")]


def report(**change: object) -> Report:
    lat, lon = at(1000.0, 1000.0)
    return replace(Report("rx", "remote_id", lat, lon, 10.0, 338.0, "D1", "friendly"), **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"lat_deg": 0.0, "lon_deg": 0.0}, "lat_deg", "the place is not known"),
        ({"lat_deg": 91.0}, "lat_deg", "a latitude must lie"),
        ({"lon_deg": float("nan")}, "lon_deg", "a value is needed here"),
        ({"lat_deg": -33.0}, "lat_deg", "a place more than 2000 km"),
        ({"lat_deg": "33.8"}, "lat_deg", "not a number"),
        ({"sigma_m": 0.0}, "sigma_m", "a standard deviation must be above 0"),
        ({"alt_m": -1001.0}, "alt_m", "a height must lie"),
        ({"kind": "rumour"}, "kind", "unknown kind"),
        ({"source": ""}, "source", "a source is needed"),
        ({"id": "x" * 10**6}, "id", "at most 1000 characters"),
        ({"claim": None}, "claim", "a text"),
        ({"t_s": 1e9}, "t_s", "after the call"),
        ({"t_s": "noon"}, "t_s", "a str is no time"),
    ],
)
def test_a_bad_report_is_an_error_in_the_result_and_refuses_nothing(
    change: dict[str, object], column: str, words: str
) -> None:
    door = Pipeline([RADAR])
    told = door.update(scan_at(0.0, 3), [report(), report(**change)])
    (error,) = told.errors
    assert (error.row, error.column) == (2, column)
    assert words in error.problem
    assert len(error.value) < 200
    assert told.t_s == 0.0
    assert door.coast(1.0, [report(**change)]).errors[0].row == 1


def test_an_unknown_altitude_is_no_place_underground() -> None:
    told = []
    for altitude in (-1000.0, None, float("nan")):
        door = Pipeline([RADAR])
        for k in range(40):
            place = at(1000.0 - 10.0 * k, 1000.0)
            east = 1000.0 - 10.0 * k
            distance = float(np.linalg.norm([east, 1000.0, 150.0]))
            scan = Detections(float(k), [np.arctan2(east, 1000.0)], [distance], [np.arcsin(150.0 / distance)])
            result = door.update(scan, [report(lat_deg=place[0], lon_deg=place[1], alt_m=altitude)])
        assert result.errors == ()
        told.append((result.identities.cooperative_id, result.identities.probability.tobytes()))
    assert told[0] == told[1] == told[2]
    assert told[0][0] == ("D1",)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3), st.just([])
)


@settings(max_examples=150, deadline=None)
@given(
    change=st.dictionaries(
        st.sampled_from(["source", "kind", "lat_deg", "lon_deg", "sigma_m", "alt_m", "id", "claim", "t_s"]), ANYTHING
    )
)
def test_whatever_a_stranger_says_is_a_report_or_an_error(change: dict[str, object]) -> None:
    told = DOOR.coast(DOOR_T_S, [report(**change)])
    assert len(told.errors) <= 1


DOOR, DOOR_T_S = Pipeline([RADAR], zones=ZONES), 5.0


@pytest.mark.parametrize(
    ("zones", "assets", "words"),
    [
        ([Zone("z", square(0, 0, 10)[:2])], [], "row 1, column polygon_deg: at least three places"),
        ([Zone("z", [(1.0, 2.0, 3.0)] * 3)], [], "at least three places"),  # type: ignore[list-item]
        ([ZONES[0], Zone("z", [(91.0, 0.0), (1.0, 0.0), (1.0, 1.0)])], [], "row 2, column polygon_deg: a latitude"),
        ([Zone("z", [(0.0, 0.0), (0.1, 0.0), (0.1, 0.1)])], [], "a place more than 2000 km from the site"),
        ([Zone("z", [at(0, 0), at(10, 10), at(20, 20)])], [], "the polygon has no area"),
        ([Zone("z", [at(0, 0), at(90, 90), at(90, 0), at(0, 40)])], [], "the polygon crosses itself"),
        ([ZONES[0], ZONES[0]], [], "row 2, column zone_id: names two zones"),
        ([Zone("", square(0, 0, 10))], [], "row 1, column zone_id: a name is needed"),
        ([], [replace(ASSETS[0], radius_m=0.0)], "row 1, column radius_m: a radius must be above 0"),
        ([], [replace(ASSETS[0], lat_deg=None)], "row 1, column lat_deg: a latitude"),
    ],
)
def test_zones_and_assets_must_be_right(zones: list[Zone], assets: list[Asset], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Pipeline([RADAR], zones=zones, assets=assets)


def test_a_closed_ring_is_the_same_zone() -> None:
    ring = [*ZONES[0].polygon_deg, ZONES[0].polygon_deg[0]]
    told = [
        [
            repr(r.warnings)
            for r in results(Pipeline([RADAR, SECOND], zones=[replace(ZONES[0], polygon_deg=p)]), stop=40)
        ]
        for p in (ring, ZONES[0].polygon_deg)
    ]
    assert told[0] == told[1]


def test_the_ground_is_read_from_a_file(tmp_path: object) -> None:
    path = f"{tmp_path}/t.npz"
    lat, lon = RADAR.lat_deg + np.linspace(-0.1, 0.1, 41), RADAR.lon_deg + np.linspace(-0.1, 0.1, 41)
    np.savez(path, lat=lat, lon=lon, height_m=np.full((41, 41), 88.0))
    door = Pipeline([RADAR], terrain=path)
    assert door._plan.site.terrain.level_m.max() == pytest.approx(-100.0, abs=0.5)
    with pytest.raises(BadInput, match="no such file"):
        Pipeline([RADAR], terrain="nowhere.tif")
    with pytest.raises(BadInput, match="column history"):
        Pipeline([RADAR], history=-1)


LIGHT = """
import sys, numba
before = set(sys.modules)
import tocsin
for name in tocsin.__all__:
    getattr(tocsin, name)
parsers = {"yaml", "pyarrow", "rasterio", "cyclopts", "jinja2", "rich", "msgspec", "pandas", "polars"}
print(sorted(m for m in set(sys.modules) - before if m.split(".")[0] in parsers))
"""


def test_the_doors_load_no_parser() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_the_root_lists_all_that_it_offers() -> None:
    from tocsin import facade

    assert set(tocsin.__all__) == {*facade.__all__, "Tracker", "__version__"}
    assert list(tocsin.__all__) == sorted(tocsin.__all__)
    assert set(tocsin.__all__) <= set(dir(tocsin))
    for name in facade.__all__:
        assert getattr(tocsin, name) is getattr(facade, name)
