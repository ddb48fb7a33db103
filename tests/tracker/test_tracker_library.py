"""The tracker as a library: the same bytes as the pipeline, and misuse named by field, row and value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tocsin
from tocsin import Detections, Sensor, Tracker, Tracks, pipeline
from tocsin.errors import BadInput
from tocsin.formats.detections import open_detections
from tocsin.records.detections import Batch, DetectionTable
from tocsin.records.events import Events
from tocsin.session.asked import Asked, plan_of

RADAR = Sensor("a", lat_deg=33.7856, lon_deg=42.4412, alt_m=188.0)
SECOND = Sensor(
    "b", lat_deg=33.8256, lon_deg=42.4912, alt_m=230.0, kind="radar_staring", max_range_m=9e3, revisit_s=1.0
)
COLUMNS = tuple(DetectionTable.__dataclass_fields__)[1:]


def rows(scans: int = 30) -> list[str]:
    """Two sensors by turns, four drones and clutter; one scan comes late and one is empty of drones."""
    draw = np.random.default_rng(7)
    start = draw.uniform(-3000, 3000, (4, 2))
    velocity = draw.uniform(-40, 40, (4, 2))
    order = list(range(scans))
    order[10], order[11] = order[11], order[10]
    lines = []
    for k in order:
        t = 0.5 * k
        place = np.c_[start + t * velocity, [150.0, 200.0, 250.0, 300.0]]
        place = np.concatenate([place, np.c_[draw.uniform(-5e3, 5e3, (3, 2)), draw.uniform(0, 500, 3)]])
        r = np.linalg.norm(place, axis=1) + draw.normal(0, 10, len(place))
        az = np.degrees(np.arctan2(place[:, 0], place[:, 1])) % 360
        el = np.degrees(np.arcsin(place[:, 2] / np.linalg.norm(place, axis=1)))
        for i in range(len(place)):
            elevation = "" if i == 5 else f"{el[i]:.4f}"
            lines.append(f"{t},{'ab'[k % 2]},{r[i]:.3f},{az[i]:.4f},{elevation},10,0.15,,{draw.normal(0, 9):.2f},1,-12")
    return lines


HEAD = (
    "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg,"
    "range_rate_mps,sigma_range_rate_mps,rcs_dbsm"
)
SENSORS = "sensor_id,lat,lon,alt_m,kind,max_range_m,revisit_s\na,33.7856,42.4412,188,,,\n"
SENSORS += "b,33.8256,42.4912,230,radar_staring,9000,1\n"


def piped(folder: Path) -> list[tuple[Batch, Events]]:
    """What the pipeline of `tocsin track` makes of the file."""
    (folder / "detections.csv").write_text("\n".join([HEAD, *rows()]) + "\n")
    (folder / "sensors.csv").write_text(SENSORS)
    source = open_detections(folder / "detections.csv")
    plan = plan_of(Asked(folder / "sensors.csv"), source)
    state, steps = pipeline.start(plan), []
    for batch in source.batches(plan.sensors.sensor_id):
        state, events = pipeline.advance(plan, state, batch)
        steps.append((batch, events))
    return steps


def given(batch: Batch) -> Detections:
    columns = {name: getattr(batch.detections, name) for name in COLUMNS}
    return Detections(batch.t_s, sensor_id="ab"[batch.sensor_index], **columns)


def raw(*arrays: np.ndarray) -> list[bytes]:
    return [np.ascontiguousarray(a).tobytes() for a in arrays]


def same(tracks: Tracks, events: Events) -> bool:
    table, identity = events.tracks.table, events.identities
    mine = raw(
        tracks.track_id,
        np.concatenate([tracks.position_m, tracks.velocity_mps], axis=1),
        tracks.covariance,
        tracks.existence,
        tracks.class_probability,
        tracks.detection,
        tracks.updated_t_s,
        tracks.confirmed,
    )
    theirs = raw(
        table.track_id,
        table.state,
        table.covariance,
        table.existence,
        identity.probability,
        table.row,
        table.updated_t_s,
        events.tracks.confirmed,
    )
    return (tracks.t_s, mine) == (table.t_s, theirs)


def test_same_bytes_as_the_pipeline(tmp_path: Path) -> None:
    steps = piped(tmp_path)
    tracker = Tracker(sensors=[RADAR, SECOND])
    late = 0
    for batch, events in steps:
        late += batch.t_s < max((b.t_s for b, _ in steps[: batch.index]), default=batch.t_s)
        assert same(tracker.update(given(batch)), events), batch.index
    assert late == 1
    assert len(steps[-1][1].tracks.table.track_id) >= 4
    ended = [end.track_id for _, events in steps for end in events.tracks.ended]
    assert ended == [] or max(ended) > 0


def test_a_bad_scan_leaves_no_mark(tmp_path: Path) -> None:
    steps = piped(tmp_path)
    tracker = Tracker(sensors=[RADAR, SECOND])
    for batch, events in steps:
        bad = given(batch)
        with pytest.raises(BadInput):
            tracker.update(Detections(bad.t_s, np.append(batch.detections.azimuth_rad, np.nan)))
        assert same(tracker.update(bad), events), batch.index


def test_tracks_coast() -> None:
    tracker = Tracker(sensors=[RADAR])
    for t in range(8):
        east, north, up = 2000.0 - 40.0 * t, 3000.0, 200.0
        distance = float(np.linalg.norm([east, north, up]))
        tracks = tracker.update(
            Detections(
                float(t),
                azimuth_rad=[np.arctan2(east, north)],
                range_m=[distance],
                elevation_rad=[np.arcsin(up / distance)],
                range_rate_mps=[-40.0 * east / distance],
                sigma_range_m=10.0,
                sigma_azimuth_rad=0.003,
                sigma_elevation_rad=0.003,
                sigma_range_rate_mps=1.0,
            )
        )
    assert tracks.track_id.tolist() == [1]
    assert tracks.detection.tolist() == [0]
    later = tracker.coast(8.0)
    assert (later.t_s, later.detection.tolist()) == (8.0, [-1])
    assert later.position_m[0, 0] - tracks.position_m[0, 0] == pytest.approx(-40.0, abs=8.0)
    assert np.trace(later.covariance[0]) > np.trace(tracks.covariance[0])
    with pytest.raises(BadInput, match="column t_s: tracks coast forwards only"):
        tracker.coast(7.5)


SCAN = {"azimuth_rad": np.array([0.1, 0.2]), "range_m": np.array([1e3, 2e3]), "elevation_rad": np.array([0.1, 0.1])}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"range_m": np.array([1e3, -2e3])},
            r"row 2, column range_m: a range must be above 0 and at most 10,000 km .*-2000",
        ),
        ({"azimuth_rad": np.array([0.1, 9.0])}, r"row 2, column azimuth_rad: .*9\.0"),
        ({"elevation_rad": np.array([2.0, 0.1])}, r"row 1, column elevation_rad: .*2\.0"),
        ({"sigma_range_m": 0.0}, r"row 1, column sigma_range_m: a standard deviation must be above 0 .*0\.0"),
        ({"range_m": np.zeros(3)}, r"column range_m: an array of shape \(2,\).*\(3,\)"),
        ({"range_m": "near"}, r"column range_m: not an array of numbers .*near"),
        ({"azimuth_rad": 0.1}, r"column azimuth_rad: an array of one dimension"),
        ({"sensor_id": "x"}, r"column sensor_id: no such sensor; one of a .*'x'"),
        ({"t_s": float("nan")}, r"column t_s: time is not finite .*nan"),
        ({"t_s": 1.0}, r"column t_s: 9\.000 s behind the newest scan"),
    ],
)
def test_misuse_is_named(change: dict[str, object], message: str) -> None:
    tracker = Tracker(sensors=[RADAR])
    tracker.update(Detections(10.0, **SCAN))
    with pytest.raises(BadInput, match=message):
        tracker.update(Detections(**{"t_s": 11.0, **SCAN, **change}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sensors", "message"),
    [
        ([], "at least one sensor"),
        ([RADAR, RADAR], "row 2, column sensor_id: names two sensors"),
        ([Sensor("a", 91.0, 0.0, 0.0)], "row 1, column lat_deg: a latitude must lie .*91"),
        ([Sensor("a", 1.0, 0.0, None)], "row 1, column alt_m"),  # type: ignore[arg-type]
        ([Sensor("a", 1.0, 0.0, 0.0, kind="lidar")], "row 1, column kind: unknown kind"),
        ([Sensor("a", 1.0, 0.0, 0.0, detection_probability=2.0)], "row 1, column detection_probability"),
    ],
)
def test_sensors_must_be_right(sensors: list[Sensor], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Tracker(sensors=sensors)


def test_the_root_offers_these_names_only() -> None:
    assert all(hasattr(tocsin, name) for name in tocsin.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        tocsin.nothing  # noqa: B018
