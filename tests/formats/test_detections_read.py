"""Detections: scans, times, and the exact place of every row that cannot be used."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from detection_cases import HEADER, read, row, written

from tocsin.errors import BadInput
from tocsin.formats.detections import open_detections


def test_rows_of_one_sensor_with_one_time_are_a_scan(tmp_path: Path) -> None:
    rows = [row("0.0"), row("0.0", azimuth="91"), row("0.0", "radar-2"), row("1.0", "radar-2"), row("1.0")]
    batches, errors, _ = read(written(tmp_path, *rows))
    assert [(b.t_s, b.sensor_index, len(b.detections.row)) for b in batches] == [
        (0.0, 0, 2),
        (0.0, 1, 1),
        (1.0, 1, 1),
        (1.0, 0, 1),
    ]
    assert errors == []
    assert [b.detections.row.tolist() for b in batches] == [[1, 2], [3], [4], [5]]


def test_angles_are_radians_and_what_is_not_given_is_nan(tmp_path: Path) -> None:
    (batch,), _, _ = read(written(tmp_path, "5,radar-1,,45,,,0.5,"))
    d = batch.detections
    assert d.azimuth_rad[0] == pytest.approx(math.pi / 4)
    assert d.sigma_azimuth_rad[0] == pytest.approx(math.radians(0.5))
    for column in (d.range_m, d.elevation_rad, d.sigma_range_m, d.range_rate_mps, d.snr_db, d.rcs_dbsm):
        assert math.isnan(column[0])


def test_the_text_of_a_time_is_kept(tmp_path: Path) -> None:
    batches, _, _ = read(written(tmp_path, row("0.000"), row("0.50"), row(" 1e0 ")))
    assert [(b.t_s, b.t_text) for b in batches] == [(0.0, "0.000"), (0.5, "0.50"), (1.0, "1e0")]


def test_instants_count_from_the_first(tmp_path: Path) -> None:
    rows = [row("2021-06-06T00:15:00+03:00"), row("2021-06-05T21:15:01.250Z"), row("2021-06-05T21:14:59Z")]
    path = written(tmp_path, *rows)
    assert open_detections(path).base.epoch_utc() == "2021-06-05T21:15:00+00:00"
    batches, _, _ = read(path)
    assert [b.t_s for b in batches] == [0.0, 1.25, -1.0]
    assert batches[0].t_text == "2021-06-06T00:15:00+03:00"


@pytest.mark.parametrize(
    ("bad", "column", "value", "problem"),
    [
        (row(azimuth="400"), "azimuth_deg", "400", "within a turn"),
        (row(azimuth="-360.5"), "azimuth_deg", "-360.5", "within a turn"),
        (row(azimuth="nan"), "azimuth_deg", "nan", "needed"),
        (row(azimuth=""), "azimuth_deg", "", "needed"),
        (row(range_m="near"), "range_m", "near", "not a number"),
        (row(range_m="inf"), "range_m", "inf", "not a finite number"),
        (row(range_m="-5"), "range_m", "-5", "above 0"),
        (row(range_m="0"), "range_m", "0", "above 0"),
        (row(range_m="1_000"), "range_m", "1_000", "not a number"),
        (row(elevation="90.5"), "elevation_deg", "90.5", "-90 to 90"),
        ("0,radar-1,1000,90,1,-10,0.15,0.15", "sigma_range_m", "-10", "above 0"),
        ("0,radar-1,1000,90,1,10,0,0.15", "sigma_azimuth_deg", "0", "above 0"),
        (row(t=""), "t", "", "needed"),
        (row(t="NaN"), "t", "NaN", "needed"),
        (row(t="noon"), "t", "noon", "neither seconds nor"),
        (row(t="2021-06-06T00:15:00+03:00"), "t", "2021-06-06T00:15:00+03:00", "bare seconds"),
        (row(t="1e300"), "t", "1e300", "beyond"),
        (row(sensor="radar-9"), "sensor_id", "radar-9", "no sensor of this name"),
        (row(sensor=""), "sensor_id", "", "needed"),
        ("0,radar-1,1000", "", "0,radar-1,1000", "3 cells, where the header has 8"),
        (row() + ",extra", "", row() + ",extra", "9 cells, where the header has 8"),
        ('0,"radar-1,1000,90,1,10,0.15,0.15', "", '0,"radar-1,1000,90,1,10,0.15,0.15', "quotation mark"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_goes_on(
    tmp_path: Path, bad: str, column: str, value: str, problem: str
) -> None:
    batches, errors, rows = read(written(tmp_path, row("0"), row("0"), bad, row("0"), row("1")))
    assert rows == 5
    (error,) = errors
    assert (error.row, error.column, error.value) == (3, column, value)
    assert problem in error.problem
    assert "line 4" in error.problem
    assert error.source.endswith("detections.csv")
    assert [len(b.detections.row) for b in batches] == [3, 1], "the scan goes on after it"
    assert batches[0].errors == (error,)


def test_rows_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "detections.csv"
    path.write_bytes(f"{HEADER}\n{row()}\n".encode() + "0,radär,1,1,1,1,1,1\n".encode("latin-1"))
    _, (error,), _ = read(path)
    assert (error.row, error.problem) == (2, "not UTF-8 text (line 3)")


def test_blank_lines_are_no_rows_and_lines_are_counted_with_them(tmp_path: Path) -> None:
    _, (error,), rows = read(written(tmp_path, row(), "", "  ", row(azimuth="x")))
    assert rows == 2
    assert (error.row, "line 5" in error.problem) == (2, True)


def test_time_going_back_by_hours_is_passed_on(tmp_path: Path) -> None:
    batches, _, _ = read(written(tmp_path, row("20000"), row("1"), row("20001")))
    assert [b.t_s for b in batches] == [20000.0, 1.0, 20001.0]


def test_arrival_is_that_of_the_whole_scan_and_never_before_it(tmp_path: Path) -> None:
    header = HEADER + ",t_arrival"
    rows = [row("1") + ",1.5", row("1") + ",1.75", row("2") + ",1.0", row("3") + ","]
    batches, errors, _ = read(written(tmp_path, *rows, header=header))
    assert [b.t_arrival_s for b in batches] == [1.75, 2.0, 3.0]
    assert errors == []


@pytest.mark.parametrize("clean", [True, False])
def test_a_row_from_the_future_of_its_arrival_is_an_error(tmp_path: Path, clean: bool) -> None:
    header = HEADER + ",t_arrival"
    rows = [row("1") + ",1.5", row("3000") + ",2.0", row("3") + ",1.0", row("4") + (",4.1" if clean else ",")]
    batches, errors, _ = read(written(tmp_path, *rows, header=header))
    assert [b.t_s for b in batches] == [1.0, 3.0, 4.0]
    assert [(e.row, e.column, e.value) for e in errors] == [(2, "t", "3000")]
    assert "2998.000 s after its arrival" in errors[0].problem


def test_columns_that_nothing_reads_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, row() + ",7", header=HEADER + ",range_rate")
    assert open_detections(path).ignored == ("range_rate",)


def test_a_scan_that_straddles_chunks_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.formats.chunks.BLOCK_BYTES", 256)
    batches, errors, _ = read(written(tmp_path, *(row("0") for _ in range(50)), row(azimuth="x"), row("1")))
    assert [len(b.detections.row) for b in batches] == [50, 1]
    assert [error.row for error in errors] == [51]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("d.csv", b"", "the file is empty"),
        ("d.csv", (HEADER + "\n").encode(), "no row"),
        ("d.csv", b"t,sensor_id\n1,radar-1\n", "columns are missing"),
        ("d.csv", HEADER.replace("range_m,", "", 1).encode() + b"\n1,a,1,1,1,1,1\n", "the column range_m is missing"),
        ("d.csv", (HEADER + ",t\n").encode(), "names a column twice"),
        ("d.csv", "t,sensör\n".encode("latin-1"), "not UTF-8"),
        ("d.csv", f"{HEADER}\n{row(sensor='nobody')}\n".encode(), "no sensor of this name"),
        ("d.csv", HEADER.encode() + b"\n" + b"1" * (3 << 20), "longer than"),
        ("d.parquet", b"PAR1 and then nothing", "not a whole Parquet file"),
        ("d.parquet", b"x", "not a whole Parquet file"),
        ("d.jsonl", b"\x00\x01\x02", "not JSON"),
        ("d.xml", b"<t/>", "unknown kind of file"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=problem) as caught:
        read(path)
    assert caught.value.file == str(path)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        open_detections(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="not a regular file"):
        open_detections(tmp_path)


def table(rows: list[str], **columns: pa.Array) -> pa.Table:
    names = HEADER.split(",")
    cells = [line.split(",") for line in rows]
    found = {"t": pa.array([float(c[0]) for c in cells]), "sensor_id": pa.array([c[1] for c in cells])}
    for k, name in enumerate(names[2:], 2):
        found[name] = pa.array([float(c[k]) if c[k] else None for c in cells])
    return pa.table(found | columns)


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    rows = [row("0"), row("0", range_m=""), row("1", "radar-2"), row("1", azimuth="400"), row("2")]
    pq.write_table(table(rows), tmp_path / "d.parquet")
    ours, errors, _ = read(tmp_path / "d.parquet")
    theirs, same, _ = read(written(tmp_path, *rows))
    assert [b.t_s for b in ours] == [b.t_s for b in theirs]
    for a, b in zip(ours, theirs, strict=True):
        for name in a.detections.__slots__:
            np.testing.assert_array_equal(getattr(a.detections, name), getattr(b.detections, name))
    assert [(e.row, e.column, float(e.value)) for e in errors] == [(e.row, e.column, float(e.value)) for e in same]


def test_parquet_timestamps_are_instants(tmp_path: Path) -> None:
    instants = [datetime(2021, 6, 5, 21, 15, k, 250000, tzinfo=UTC) for k in range(2)]
    path = tmp_path / "d.parquet"
    pq.write_table(table([row(), row()], t=pa.array(instants, pa.timestamp("us", tz="Asia/Baghdad"))), path)
    batches, _, _ = read(path)
    assert [b.t_s for b in batches] == [0.0, 1.0]
    assert batches[0].t_text == "2021-06-05T21:15:00.250000+00:00"
    naive = pa.array([i.replace(tzinfo=None) for i in instants], pa.timestamp("us"))
    pq.write_table(table([row(), row()], t=naive), path)
    with pytest.raises(BadInput, match="without a time zone"):
        read(path)


def test_a_parquet_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(table([row(str(k)) for k in range(200)]), whole)
    content = whole.read_bytes()
    for end in range(1, len(content), max(1, len(content) // 40)):
        cut = tmp_path / "cut.parquet"
        cut.write_bytes(content[:end])
        with pytest.raises(BadInput):
            read(cut)


def test_json_lines_read_like_csv(tmp_path: Path) -> None:
    rows = [row("0"), row("0", range_m=""), row("1", "radar-2"), row("1", azimuth="400")]
    names = HEADER.split(",")
    path = tmp_path / "d.jsonl"
    lines = []
    for text in rows:
        cells = dict(zip(names, text.split(","), strict=True))
        lines.append(json.dumps({k: v if k == "sensor_id" else float(v) if v else None for k, v in cells.items()}))
    path.write_text("\n".join([*lines, "{not json", "[1]", '{"t": 1, "sensor_id": "radar-1"}']) + "\n")
    batches, errors, read_rows = read(path)
    assert read_rows == 7
    assert [(b.t_s, b.sensor_index, len(b.detections.row)) for b in batches] == [(0.0, 0, 2), (1.0, 1, 1)]
    assert [(e.row, e.column) for e in errors] == [(4, "azimuth_deg"), (5, ""), (6, ""), (7, "azimuth_deg")]


def test_sensor_names_may_be_numbers(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"t": 0, "sensor_id": 7, "azimuth_deg": 1}\n')
    assert [b.sensor_index for b in open_detections(path).batches(("7",))] == [0]
