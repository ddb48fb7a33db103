"""One table in every dialect that tables come in reads to the same batches and the same error records."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from detection_cases import HEADER, SENSORS, read, row, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.errors import BadInput
from tocsin.formats import detections
from tocsin.formats.detections import open_detections
from tocsin.formats.reports import read_reports
from tocsin.formats.sensors import SENSOR_COLUMNS, level_site, read_sensors
from tocsin.formats.tables import unread_columns
from tocsin.formats.times import TimeBase
from tocsin.records.detections import Batch, ErrorRecord

NAMES = HEADER.split(",")
Rows = list[list[str]]


def lines(rows: Rows, delimiter: str = ",", end: str = "\n", comma: bool = False) -> str:
    found = [delimiter.join(NAMES)]
    for cells in rows:
        found.append(delimiter.join(cell.replace(".", ",") if comma else cell for cell in cells))
    return end.join(found) + end


def value(name: str, cell: str) -> object:
    if name == "sensor_id":
        return cell
    try:
        return float(cell) if cell else None
    except ValueError:
        return cell


def objects(rows: Rows) -> list[dict[str, object]]:
    return [{name: value(name, cell) for name, cell in zip(NAMES, cells, strict=True)} for cells in rows]


def parquet(rows: Rows) -> bytes:
    columns = {}
    for name in NAMES:
        column = [found[name] for found in objects(rows)]
        texts = any(isinstance(cell, str) for cell in column)
        columns[name] = [None if cell is None else str(cell) for cell in column] if texts else column
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def packed_by_zstd(content: bytes) -> bytes:
    packed: bytes = pa.compress(content, codec="zstd", asbytes=True)
    return packed


CSV_DIALECTS: dict[str, Callable[[Rows], bytes]] = {
    "plain.csv": lambda rows: lines(rows).encode(),
    "decimal-comma.csv": lambda rows: lines(rows, ";", comma=True).encode(),
    "semicolon.csv": lambda rows: lines(rows, ";").encode(),
    "bar.txt": lambda rows: lines(rows, "|").encode(),
    "tab.tsv": lambda rows: lines(rows, "\t").encode(),
    "tab-decimal-comma.csv": lambda rows: lines(rows, "\t", comma=True).encode(),
    "crlf.csv": lambda rows: lines(rows, end="\r\n").encode(),
    "cr.csv": lambda rows: lines(rows, end="\r").encode(),
    "marked.csv": lambda rows: lines(rows).encode("utf-8-sig"),
    "utf16.csv": lambda rows: lines(rows, end="\r\n").encode("utf-16"),
    "utf16-unmarked.csv": lambda rows: lines(rows).encode("utf-16-be"),
    "comment.csv": lambda rows: b"# by recorder 3.1\n#\n\n" + lines(rows).encode(),
    "comment-is-header.csv": lambda rows: b"# by savetxt\n# " + lines(rows).encode(),
    "excel.csv": lambda rows: b"sep=;\r\n" + lines(rows, ";", "\r\n", comma=True).encode(),
    "packed.csv.gz": lambda rows: gzip.compress(lines(rows).encode()),
    "packed-in-two.csv.gz": lambda rows: b"".join(map(gzip.compress, lines(rows).encode().partition(b"\n"))),
    "packed.csv.zst": lambda rows: packed_by_zstd(lines(rows, ";", comma=True).encode("utf-16")),
    "packed-unnamed.csv": lambda rows: gzip.compress(lines(rows).encode()),
}
DIALECTS = CSV_DIALECTS | {
    "lines.jsonl": lambda rows: "\n".join(map(json.dumps, objects(rows))).encode() + b"\n",
    "lines.json": lambda rows: "\n".join(map(json.dumps, objects(rows))).encode("utf-16"),
    "array.json": lambda rows: json.dumps(objects(rows), indent=2).encode(),
    "array.jsonl.gz": lambda rows: gzip.compress(json.dumps(objects(rows)).encode()),
    "table.parquet": parquet,
}

number = st.floats(0.01, 89.99).map(lambda x: f"{x:.3f}")
measured = st.one_of(number, st.sampled_from(["", "nan", "12", "7.5"]))
cells = st.tuples(
    st.one_of(number, st.sampled_from(["0.5", "1", "", "noon", "nan"])),
    st.sampled_from([*SENSORS, *SENSORS, "radar-9"]),
    measured,
    st.one_of(number, number.map(lambda x: f"-{x}"), st.sampled_from(["nan", "far", "400"])),
    *[measured] * 4,
).map(list)
tables = st.lists(cells, max_size=12).map(lambda rows: [row("0.5").split(","), *rows, row("1.5").split(",")])


def same(ours: tuple[list[Batch], list[ErrorRecord], int], theirs: tuple[list[Batch], list[ErrorRecord], int]) -> None:
    assert ours[2] == theirs[2]
    assert [(e.row, e.column) for e in ours[1]] == [(e.row, e.column) for e in theirs[1]]
    assert len(ours[0]) == len(theirs[0])
    for a, b in zip(ours[0], theirs[0], strict=True):
        assert (a.t_s, a.t_arrival_s, a.sensor_index, len(a.errors)) == (
            b.t_s,
            b.t_arrival_s,
            b.sensor_index,
            len(b.errors),
        )
        for name in a.detections.__slots__:
            np.testing.assert_array_equal(getattr(a.detections, name), getattr(b.detections, name), strict=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=tables, block=st.sampled_from([64, 1 << 20]))
def test_every_dialect_reads_like_the_plain_one(tmp_path: Path, rows: Rows, block: int) -> None:
    plain = read(written(tmp_path, *lines(rows).splitlines()[1:]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tocsin.formats.chunks.BLOCK_BYTES", block)
        for name, write in DIALECTS.items():
            path = tmp_path / name
            path.write_bytes(write(rows))
            try:
                same(read(path), plain)
            except AssertionError as error:
                error.add_note(name)
                raise


@pytest.mark.parametrize("name", CSV_DIALECTS)
def test_a_bad_cell_is_shown_as_written_and_at_its_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CSV_DIALECTS[name]([row("0.5").split(","), row("0.5", range_m="-5.5").split(",")]))
    batches, (error,), _ = read(path)
    head = 3 if name == "comment.csv" else 1 if "comment" in name or name == "excel.csv" else 0
    comma = open_detections(path).table.head.decimal == ","  # type: ignore[attr-defined]
    assert (error.row, error.column, error.value) == (2, "range_m", "-5,5" if comma else "-5.5")
    assert error.problem.endswith(f"(line {head + 3})")
    assert batches[0].t_text == "0.5", "other programs read this with a point"


def test_the_other_decimal_mark_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    good = ["0,5;radar-1;1000,5;90,25;1;10;0,15;0,15"] * 3
    path.write_text("\n".join([HEADER.replace(",", ";"), *good, good[0].replace("1000,5", "1.000,5")]) + "\n")
    _, (error,), _ = read(path)
    assert (error.row, error.column, error.value, "not a number" in error.problem) == (4, "range_m", "1.000,5", True)
    path.write_text(path.read_text().replace("1.000,5", "1.000"))
    _, (error,), _ = read(path)
    assert (error.column, error.value) == ("range_m", "1.000"), "a thousand, or one?"


def test_instants_may_have_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    rows = [f"2021-06-05T21:15:0{k},250Z;radar-1;1000,5;90,25;1;10;0,15;0,15" for k in range(2)]
    path.write_text("\n".join([HEADER.replace(",", ";"), *rows]) + "\n")
    batches, errors, _ = read(path)
    assert ([b.t_s for b in batches], errors) == ([0.0, 1.0], [])
    assert batches[0].t_text == "2021-06-05T21:15:00.250Z"


def test_half_a_character_of_utf16_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    content = lines([row().split(",")] * 2).encode("utf-16-le")
    bad = row(sensor="?").encode("utf-16-le").replace(b"?\x00", b"\x00\xd8") + b"\n\x00"
    path.write_bytes(b"\xff\xfe" + content + bad + row().encode("utf-16-le") + b"\n\x00x")
    _, errors, rows = read(path)
    assert rows == 5
    assert [(e.row, e.problem.split(" (")[0]) for e in errors] == [(3, "not UTF-8 text"), (5, "not UTF-8 text")]


def piped(patch: pytest.MonkeyPatch, content: bytes) -> None:
    patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize("name", DIALECTS)
def test_standard_input_is_told_by_its_first_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    rows = [row("0.5").split(","), row("1.5", azimuth="far").split(","), row("2.5", azimuth="-90").split(",")]
    piped(monkeypatch, DIALECTS[name](rows))
    ours = read(Path("-"))
    same(ours, read(written(tmp_path, *lines(rows).splitlines()[1:])))
    assert ours[1][0].source == "standard input"


def test_nothing_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, b"")
    with pytest.raises(BadInput, match="standard input: nothing came"):
        open_detections("-")


def test_sensors_and_reports_come_in_the_same_dialects(tmp_path: Path) -> None:
    table = "sensor_id;lat;lon;alt_m\nradar 1,2;33,7856;42,4412;188\n"
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress(table.encode("utf-16")))
    site, sensors = read_sensors(tmp_path / "s.csv.gz")
    assert (site.lat_deg, site.lon_deg, sensors.sensor_id) == (33.7856, 42.4412, ("radar 1,2",))
    reports = (
        "# a comment\rt\tsource\tkind\tid\tlat\tlon\talt_m\tsigma_m\tclaim\r1,5\ta\tadsb\tX\t33,9\t42,3\tnan\t50\t1,5\r"
    )
    (tmp_path / "r.tsv").write_bytes(reports.encode())
    found = read_reports(tmp_path / "r.tsv", level_site(33.7856, 42.4412, 188.0), TimeBase())
    assert (found.errors, found.table.t_s[0], found.table.claim) == ((), 1.5, ("1,5",))
    assert np.isnan(found.table.position_m[0, 2])


NOTHING = {"csv": ["", "nan", "NaN", "-nan", "NA", "null"], "json": ["null", "NaN", '""', '"nan"']}


@pytest.mark.parametrize("cell", NOTHING["csv"])
@pytest.mark.parametrize("beside", ["", "x"])
def test_nan_in_csv_says_not_measured(tmp_path: Path, cell: str, beside: str) -> None:
    header = HEADER + ",range_rate_mps,snr_db,t_arrival"
    odd = f"1,radar-1,{cell},90,{cell},{cell},{cell},{cell},{cell},{cell},{cell}"
    rows = [odd, odd.replace(",90,", ",91,"), odd.replace(",90,", f",{beside},")]
    batches, errors, _ = read(written(tmp_path, *rows[: 3 if beside else 2], header=header))
    assert [(e.row, e.column) for e in errors] == ([(3, "azimuth_deg")] if beside else [])
    (batch,) = batches
    for name in set(batch.detections.__slots__) - {"row", "azimuth_rad"}:
        assert np.all(np.isnan(getattr(batch.detections, name))), name


@pytest.mark.parametrize("cell", NOTHING["json"])
def test_nan_in_json_says_not_measured(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "d.jsonl"
    good = f'{{"t": 0, "sensor_id": "radar-1", "azimuth_deg": 9, "range_m": {cell}, "t_arrival": {cell}}}'
    path.write_text(f"{good}\n{good.replace(': 9', f': {cell}')}\n{good.replace(': 0', f': {cell}')}\n")
    (batch,), errors, _ = read(path)
    assert np.isnan(batch.detections.range_m).tolist() == [True]
    assert [(e.row, e.column, e.value) for e in errors] == [
        (row, column, "" if cell == "null" else cell.strip('"')) for row, column in ((2, "azimuth_deg"), (3, "t"))
    ]
    assert all("needed" in e.problem for e in errors)


def test_infinity_in_json_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = '{"t": 0, "sensor_id": "radar-1", "azimuth_deg": 9, "range_m": 1000, "note": "NaN -Infinity \\" NaN"}'
    path.write_text("\n".join([good, good.replace("1000", "-Infinity"), good.replace("1000", "NaN")]) + "\n")
    (batch,), (error,), _ = read(path)
    assert (error.row, error.column, error.value) == (2, "range_m", "-Infinity")
    assert batch.detections.row.tolist() == [1, 3]


def test_null_and_nan_in_parquet_say_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    four = {name: [value(name, cell) for cell in [row().split(",")[k]] * 4] for k, name in enumerate(NAMES)}
    odd = {
        "range_m": [1.0, None, float("nan"), 2.0],
        "elevation_deg": pa.nulls(4),
        "azimuth_deg": [1.0, 2.0, 3.0, None],
    }
    pq.write_table(pa.table(four | odd), path)
    (batch,), (error,), _ = read(path)
    assert np.isnan(batch.detections.range_m).tolist() == [False, True, True]
    assert np.all(np.isnan(batch.detections.elevation_rad))
    assert (error.row, error.column, error.value) == (4, "azimuth_deg", "")


def test_azimuths_may_lie_a_turn_either_way(tmp_path: Path) -> None:
    batches, errors, _ = read(written(tmp_path, *(row(azimuth=a) for a in ("-180", "-0.5", "359.5", "-360", "360"))))
    assert errors == []
    np.testing.assert_array_equal(batches[0].detections.azimuth_rad, np.deg2rad([-180, -0.5, 359.5, -360, 360]))


def test_columns_that_nothing_reads_are_told_in_json_too(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = {"t": 0, "sensor_id": "radar-1", "azimuth_deg": 9}
    path.write_text(
        "\n".join(json.dumps(found) for found in (good, good | {"range": 5}, good | {"Elevation": 3})) + "\n"
    )
    source = open_detections(path)
    list(source.batches(SENSORS))
    assert [(c.name, c.meant) for c in source.unread] == [("range", "range_m"), ("Elevation", "elevation_deg")]
    assert source.ignored == ("range", "Elevation")


@pytest.mark.parametrize("name", ["s.csv", "s.jsonl"])
def test_a_misspelt_column_of_a_sensors_file_is_told(tmp_path: Path, name: str) -> None:
    content = {"sensor_id": "a", "lat": 33, "lon": 42, "alt_m": 188, "maximum_range_m": 5000, "operator": "x"}
    text = ",".join(content) + "\n" + ",".join(map(str, content.values())) + "\n"
    (tmp_path / name).write_text(text if name == "s.csv" else json.dumps(content) + "\n")
    found = unread_columns(tmp_path / name, SENSOR_COLUMNS)
    assert [str(c) for c in found] == ["maximum_range_m (did you mean max_range_m?)", "operator"]


def test_a_misspelt_required_column_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    path = written(tmp_path, row(), header=HEADER.replace("azimuth_deg", "Azimuth Deg", 1))
    with pytest.raises(BadInput, match=r"azimuth_deg is missing.*Azimuth Deg \(did you mean azimuth_deg\?\)"):
        open_detections(path)


def test_an_unused_timestamp_without_a_zone_refuses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    one = {name: [value(name, cell)] for name, cell in zip(NAMES, row().split(","), strict=True)}
    naive = pa.array([0], pa.timestamp("us"))
    pq.write_table(pa.table(one | {"logged": naive}), path)
    assert read(path)[2] == 1
    assert open_detections(path).ignored == ("logged",)
    (chunk,) = open_detections(path).table.chunks()
    assert {name for found in chunk.rows() for name in found.cells} == set(NAMES), "what nothing reads is not unpacked"
    pq.write_table(pa.table(one | {"t_arrival": naive}), path)
    with pytest.raises(BadInput, match="t_arrival: timestamps without a time zone"):
        open_detections(path)


def test_a_bad_row_costs_its_neighbours_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(f"{k // 100}", azimuth="far" if k % 5000 == 7 else "90") for k in range(20_000)]
    plain = detections._careful
    read_carefully = []

    def counted(chunk, *rest):  # type: ignore[no-untyped-def]
        block = plain(chunk, *rest)
        read_carefully.append(block.rows_read)
        return block

    monkeypatch.setattr(detections, "_careful", counted)
    _, errors, _ = read(written(tmp_path, *rows))
    assert [e.row for e in errors] == [8, 5008, 10008, 15008]
    assert 4 <= sum(read_carefully) < 1000


@pytest.mark.parametrize("name", ["d.csv", "d.jsonl", "d.json", "d.parquet"])
def test_rows_and_lines_are_counted_through_the_halves(tmp_path: Path, name: str) -> None:
    rows = [row(f"{k // 100}", azimuth="400" if k in (777, 3333) else "90").split(",") for k in range(4000)]
    path = tmp_path / name
    write = {"d.csv": "plain.csv", "d.jsonl": "lines.jsonl", "d.json": "array.json", "d.parquet": "table.parquet"}
    path.write_bytes(DIALECTS[write[name]](rows))
    lines_there = name in ("d.csv", "d.jsonl")
    if lines_there:  # a blank line is no row, and is counted as a line
        path.write_bytes(path.read_bytes().replace(b"\n", b"\n\n \n", 500))
    _, errors, _ = read(path)
    assert [e.row for e in errors] == [778, 3334]
    before = 1000 + (name == "d.csv")
    told = [f"(line {778 + before})", f"(line {3334 + before})"] if lines_there else ["degrees", "degrees"]
    assert [e.problem.endswith(end) for e, end in zip(errors, told, strict=True)] == [True, True], errors
