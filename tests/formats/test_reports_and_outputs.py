"""Reports join the batches at their own times, and what is written is read back."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.detections import empty_reports, empty_table
from tocsin.formats.outputs import ErrorsWriter, ReportsWriter, write_truth
from tocsin.formats.reports import REQUIRED, merge, read_reports
from tocsin.formats.scored import read_estimates, read_scan_times, read_truth
from tocsin.formats.sensors import level_site
from tocsin.formats.times import TimeBase, base_of
from tocsin.records.detections import Batch, ErrorRecord
from tocsin.records.truth import TruthTable

SITE = level_site(33.7856, 42.4412, 188.0)
HEADER = ",".join(REQUIRED)
GOOD = "{t},guards,sighting,,33.79,42.45,,100,a drone"


def reports(folder: Path, *rows: str) -> Path:
    path = folder / "reports.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n")
    return path


def batch(index: int, t_s: float, arrival_s: float | None = None) -> Batch:
    return Batch(index, t_s, t_s if arrival_s is None else arrival_s, 0, empty_table(), empty_reports(), ())


def test_a_report_is_placed_in_the_frame(tmp_path: Path) -> None:
    found = read_reports(reports(tmp_path, "5,rx,adsb,ABC,33.9,42.3,3000,50,N1", GOOD.format(t=4)), SITE, TimeBase())
    assert found.table.t_s.tolist() == [4.0, 5.0], "in order of time"
    origin = np.array([SITE.lat_deg, SITE.lon_deg, SITE.alt_m])
    np.testing.assert_allclose(
        found.table.position_m[1], frames.geodetic2enu(np.array([33.9, 42.3, 3000.0]), origin), atol=1e-9
    )
    assert math.isnan(found.table.position_m[0, 2]), "no height was given"
    assert (found.table.id, found.table.claim) == (("", "ABC"), ("a drone", "N1"))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("x,rx,adsb,A,33.9,42.3,0,50,", "t"),
        ("1,,adsb,A,33.9,42.3,0,50,", "source"),
        ("1,rx,radar,A,33.9,42.3,0,50,", "kind"),
        ("1,rx,adsb,A,93.9,42.3,0,50,", "lat"),
        ("1,rx,adsb,A,33.9,,0,50,", "lon"),
        ("1,rx,adsb,A,33.9,42.3,high,50,", "alt_m"),
        ("1,rx,adsb,A,33.9,42.3,0,0,", "sigma_m"),
        ("1,rx,adsb,A,-33.9,42.3,0,50,", "lat"),
    ],
)
def test_a_bad_report_is_an_error_record(tmp_path: Path, row: str, column: str) -> None:
    found = read_reports(reports(tmp_path, row, GOOD.format(t=1)), SITE, TimeBase())
    (error,) = found.errors
    assert (error.row, error.column) == (1, column)
    assert len(found.table.t_s) == 1
    with pytest.raises(BadInput, match="none of the 1 rows can be used"):
        read_reports(reports(tmp_path, row), SITE, TimeBase())


def test_reports_join_the_batch_that_arrives_next(tmp_path: Path) -> None:
    rows = [GOOD.format(t=t) for t in (0.5, 1.0, 1.2, 7.0, 9.8, 30.0)]
    found = read_reports(reports(tmp_path, *rows, "bad,g,sighting,,33.79,42.45,,9,"), SITE, TimeBase())
    merged = list(merge(iter([batch(0, 1.0), batch(1, 1.5, 2.0), batch(2, 10.0)]), found, TimeBase()))
    assert [b.index for b in merged] == list(range(len(merged)))
    told = [(b.t_s, b.sensor_index, b.reports.t_s.tolist()) for b in merged]
    assert told == [
        (1.0, 0, [0.5, 1.0]),
        (1.5, 0, [1.2]),
        (7.0, -1, [7.0]),
        (10.0, 0, [9.8]),
        (30.0, -1, [30.0]),
    ]
    assert [len(b.errors) for b in merged] == [1, 0, 0, 0, 0]
    assert merged[2].t_text == "7.0"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.floats(0, 50), min_size=1, max_size=8),
    borders=st.lists(st.floats(0, 50), max_size=8).map(sorted),
)
def test_no_report_is_lost_or_told_before_its_time(tmp_path: Path, times: list[float], borders: list[float]) -> None:
    found = read_reports(reports(tmp_path, *(GOOD.format(t=t) for t in times)), SITE, TimeBase())
    merged = list(merge(iter([batch(k, t) for k, t in enumerate(borders)]), found, TimeBase()))
    assert sorted(t for b in merged for t in b.reports.t_s.tolist()) == sorted(times)
    assert all(np.all(b.reports.t_s <= b.t_arrival_s) for b in merged)
    assert sum(b.sensor_index >= 0 for b in merged) == len(borders)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.text(max_size=40), max_size=5))
def test_any_lines_of_reports(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "reports.csv"
    path.write_bytes("\n".join((HEADER, *lines, GOOD.format(t=1))).encode("utf-8", "replace"))
    found = read_reports(path, SITE, TimeBase())
    assert found.rows_read == len(found.table.t_s) + len(found.errors)


def test_reports_that_are_written_are_read_back(tmp_path: Path) -> None:
    path = reports(tmp_path, '5,rx,adsb,ABC,33.9,42.3,3000,50,"a, quoted"', GOOD.format(t=4))
    found = read_reports(path, SITE, TimeBase())
    stream = io.BytesIO()
    writer = ReportsWriter(stream, TimeBase(), SITE)
    writer.put(found.table)
    writer.close()
    again = tmp_path / "again.csv"
    again.write_bytes(stream.getvalue())
    back = read_reports(again, SITE, TimeBase()).table
    np.testing.assert_allclose(back.position_m, found.table.position_m, atol=1e-3)
    assert (back.claim, back.id, back.kind) == (found.table.claim, found.table.id, found.table.kind)


def test_truth_that_is_written_is_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    truth = TruthTable(
        np.repeat([0.0, 0.1 + 0.2, 2.5], 2),
        np.array([0, 1] * 3),
        rng.normal(0, 1e4, (6, 6)),
        ("a", 'b "x", y'),
        ("bird", ""),
    )
    with (tmp_path / "truth.csv").open("wb") as stream:
        write_truth(stream, truth, TimeBase())
    with (tmp_path / "truth.csv").open(newline="") as text:
        assert [row["t"] for row in csv.DictReader(text)] == ["0.0", "0.0", "0.3", "0.3", "2.5", "2.5"]
    back, base = read_truth(tmp_path / "truth.csv")
    assert base == TimeBase()
    np.testing.assert_allclose(back.state, truth.state, atol=5.1e-7)
    np.testing.assert_array_equal(back.object_index, truth.object_index)
    assert (back.object_id, back.kind) == (truth.object_id, truth.kind)


def test_tracks_are_on_the_clock_of_the_truth(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("t,id,x,y,z,vx,vy,vz\n2021-06-05T21:15:00Z,1,0,0,0,0,0,0\n")
    (tmp_path / "tracks.csv").write_text("t,track_id,x,y,z,vx,vy,vz\n2021-06-06T00:15:02+03:00,7,1,2,3,4,5,6\n")
    truth, base = read_truth(tmp_path / "truth.csv")
    found = read_estimates(tmp_path / "tracks.csv", base)
    assert (truth.t_s.tolist(), found.t_s.tolist()) == ([0.0], [2.0])
    assert np.all(np.isnan(found.variance_m2))
    (tmp_path / "d.csv").write_text("t\n2021-06-05T21:15:01Z\nnoon\n2021-06-05T21:15:01Z\n")
    assert read_scan_times(tmp_path / "d.csv", base).tolist() == [1.0]


@pytest.mark.parametrize("cell", ["", "x", "nan"])
def test_a_bad_cell_refuses_a_truth(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"t,id,x,y,z,vx,vy,vz,kind\n0,a,1,2,3,4,5,6,bird\n1,a,1,{cell},3,4,5,6,bird\n")
    with pytest.raises(BadInput) as caught:
        read_truth(path)
    assert (caught.value.row, caught.value.column, caught.value.value) == (2, "y", cell)


def test_errors_are_counted_by_column_and_problem() -> None:
    stream = io.BytesIO()
    writer = ErrorsWriter(stream)
    writer.put(ErrorRecord(math.nan, "f", k, "range_m", "x", f"not a number (line {k + 1})") for k in range(1, 4))
    writer.put([ErrorRecord(1.0, "f", 9, "t", "", "needed")])
    assert writer.counts == {("range_m", "not a number"): 3, ("t", "needed"): 1}
    assert writer.total == 4
    ages = [f"{2 + k / 10:.3f} s behind the newest scan; at most 2 s can be used" for k in range(1, 100)]
    writer.put(ErrorRecord(float(k), "f", k, "t", "", age) for k, age in enumerate(ages))
    assert writer.counts["t", "# s behind the newest scan; at most # s can be used"] == 99
    assert len(writer.counts) == len(writer.firsts) == 3
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0] == {
        "t_s": None,
        "source": "f",
        "row": 1,
        "column": "range_m",
        "value": "x",
        "problem": "not a number (line 2)",
    }


@pytest.mark.parametrize("text", ["2021-06-06T00:15:00+03:00", "2021-06-05T21:15:00.123456Z", "20210605T211500Z"])
def test_an_instant_sets_the_base_and_comes_back(text: str) -> None:
    base = base_of(text)
    assert base is not None
    assert base.seconds(text) == 0.0
    assert base.seconds(base.text(12.5)) == 12.5


@given(t=st.floats(-1e9, 1e9))
def test_bare_seconds_come_back(t: float) -> None:
    assert TimeBase().seconds(TimeBase().text(t)) == pytest.approx(t, abs=5.1e-7)


@pytest.mark.parametrize("text", ["2021-06-06T00:15:00", "noon", "", "2021-13-01T00:00:00Z"])
def test_what_is_no_time_sets_no_base(text: str) -> None:
    assert base_of(text) is None
