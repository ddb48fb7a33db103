"""What comes out: degrees and tables beside metres, a repr that helps, and a history."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import numpy as np
import pymap3d
import pytest
from door_cases import RADAR, SECOND, scan_at, scans
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import Sensor, Tracker, Tracks
from tocsin.errors import MissingPackage
from tocsin.records.identities import CLASSES

ORIGIN = (33.7856, 42.4412, 188.0)


def made(position_m: list[list[float]], velocity_mps: list[list[float]], origin: tuple[float, float, float]) -> Tracks:
    n = len(position_m)
    return Tracks(
        t_s=7.25,
        track_id=np.arange(1, n + 1),
        position_m=np.array(position_m, dtype=float).reshape(n, 3),
        velocity_mps=np.array(velocity_mps, dtype=float).reshape(n, 3),
        covariance=np.tile(np.eye(6), (n, 1, 1)),
        existence=np.full(n, 0.99),
        class_probability=np.tile([0.0, 0.0, 0.1, 0.8, 0.1, 0.0], (n, 1)),
        detection=np.arange(n),
        updated_t_s=np.full(n, 7.0),
        confirmed=np.zeros(0, np.int64),
        ended=np.zeros(0, np.int64),
        origin=origin,
    )


@settings(max_examples=60, deadline=None)
@given(
    lat=st.floats(-80, 80),
    east=st.floats(-60e3, 60e3),
    north=st.floats(-60e3, 60e3),
    course=st.floats(0, 359.9),
    speed=st.floats(1, 900),
)
def test_course_and_speed_are_those_over_the_ground_below(
    lat: float, east: float, north: float, course: float, speed: float
) -> None:
    origin = (lat, 10.0, 100.0)
    here = pymap3d.enu2geodetic(east, north, 500.0, *origin)
    away = np.deg2rad(course)
    there = pymap3d.enu2geodetic(speed * np.sin(away), speed * np.cos(away), 0.0, *here)
    ends = np.array([pymap3d.geodetic2enu(*place, *origin) for place in (here, there)])
    tracks = made([ends[0].tolist()], [(ends[1] - ends[0]).tolist()], origin)
    assert tracks.latitude_deg[0] == pytest.approx(here[0], abs=1e-9)
    assert tracks.longitude_deg[0] == pytest.approx(here[1], abs=1e-9)
    assert tracks.altitude_m[0] == pytest.approx(here[2], abs=1e-3)
    assert tracks.ground_speed_mps[0] == pytest.approx(speed, rel=1e-6)
    assert abs((tracks.course_deg[0] - course + 180.0) % 360.0 - 180.0) < 1e-4
    assert tracks.climb_mps[0] == pytest.approx(0.0, abs=1e-4)


def test_a_result_says_what_it_holds() -> None:
    two = made([[1000, 2000, 150], [0, 500, 60]], [[10, 0, 0], [0, -20, 0]], ORIGIN)
    assert repr(two).splitlines() == [
        "Tracks(t_s=7.250, 2 tracks:",
        "  1: multirotor 0.80 at 33.8036, 42.4520, 338 m, 10 m/s to 90°",
        "  2: multirotor 0.80 at 33.7901, 42.4412, 248 m, 20 m/s to 180°",
        ")",
    ]
    assert repr(made([], [], ORIGIN)) == "Tracks(t_s=7.250, 0 tracks)"
    many = made([[k, 0, 100] for k in range(50)], [[1, 0, 0]] * 50, ORIGIN)
    assert "and 45 more" in repr(many)
    assert len(repr(many)) < 600


def test_geojson_is_points_with_longitude_first() -> None:
    tracker = Tracker([RADAR])
    start = datetime(2021, 6, 5, 21, 15, tzinfo=UTC)
    for k in range(12):
        scan = scan_at(0.5 * k, 5)
        tracks = tracker.update(type(scan)(start.replace(second=k // 2, microsecond=500000 * (k % 2)), *fields(scan)))
    told = json.loads(json.dumps(tracks.to_geojson(), allow_nan=False))
    assert (told["type"], len(told["features"])) == ("FeatureCollection", len(tracks))
    assert len(tracks) >= 3
    for k, feature in enumerate(told["features"]):
        place = [tracks.longitude_deg[k], tracks.latitude_deg[k], tracks.altitude_m[k]]
        assert feature["geometry"] == {"type": "Point", "coordinates": pytest.approx(place)}
        assert feature["id"] == feature["properties"]["track_id"] == tracks.track_id[k]
        assert feature["properties"]["time"] == "2021-06-05T21:15:05.500000+00:00"
        assert feature["properties"]["class"] in CLASSES
    assert made([], [], ORIGIN).to_geojson()["features"] == []


def fields(scan: object) -> list[object]:
    return [getattr(scan, name) for name in list(scan.__dataclass_fields__)[1:]]  # type: ignore[attr-defined]


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_tables_hold_one_row_for_each_track(package: str) -> None:
    pytest.importorskip(package)
    tracks = made([[1000, 2000, 150], [0, 500, 60]], [[10, 0, 0], [0, -20, 0]], ORIGIN)
    for one in (tracks, made([], [], ORIGIN)):
        frame = getattr(one, f"to_{package}")()
        assert list(frame.columns) == list(one.columns())
        assert len(frame) == len(one)
    frame = getattr(tracks, f"to_{package}")()
    for name, column in tracks.columns().items():
        assert frame[name].to_list() == column.tolist()
    dated = type(tracks)(**{n: getattr(tracks, n) for n in Tracks.__dataclass_fields__ if n != "epoch"}, epoch=START)
    assert str(getattr(dated, f"to_{package}")()["time"][0]).startswith("2021-06-05 21:15:07.250")
    assert "UTC" in str(getattr(dated, f"to_{package}")()["time"].dtype)


START = datetime(2021, 6, 5, 21, 15, tzinfo=UTC)


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_package_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=f"to_{package} needs {package}, .* pip install {package}"):
        getattr(made([], [], ORIGIN), f"to_{package}")()


def test_history_is_what_was_shown_and_bounded() -> None:
    tracker = Tracker([RADAR, SECOND], history=20)
    shown: dict[int, dict[float, tuple[list[float], bool]]] = {}
    times: set[float] = set()
    for scan in scans(5, 0, 60):
        tracks = tracker.update(scan)
        times.add(tracks.t_s)
        for row, number in enumerate(tracks.track_id.tolist()):
            seen = shown.setdefault(number, {})
            before = seen.get(tracks.t_s, ([], False))[1]
            seen[tracks.t_s] = tracks.position_m[row].tolist(), bool(tracks.detection[row] >= 0) or before
    number = next(n for n in tracks.track_id.tolist() if len(shown[n]) > 30)
    newest = sorted(times)[-20:]
    past, expected = tracker.history(number), [(t, shown[number][t]) for t in newest if t in shown[number]]
    assert past.t_s.tolist() == [t for t, _ in expected]
    assert past.position_m.tolist() == [place for _, (place, _) in expected]
    assert past.detected.tolist() == [hit for _, (_, hit) in expected]
    assert past.detected.sum() >= 10
    assert repr(past).startswith(f"History(track {number}: {len(expected)} times, ")
    assert (len(tracker.history(999)), repr(tracker.history(999))) == (
        0,
        "History(track 999: 0 times, not remembered)",
    )
    assert len(Tracker([RADAR], history=0).history(1)) == 0


def test_a_tracker_says_what_it_is() -> None:
    tracker = Tracker([Sensor(f"r{k}", 1.0, 2.0 + k / 100, 3.0) for k in range(5)])
    assert repr(tracker) == "Tracker(Pipeline(r0, r1, r2 and 2 more; 0 zones, 0 assets; 0 calls))"
