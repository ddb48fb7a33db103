"""Tables made to hurt: each is refused, or costs a row, within stated limits and soon."""

from __future__ import annotations

import gzip
import io
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from detection_cases import HEADER, read, row, written

from tocsin.errors import BadInput
from tocsin.formats.detections import open_detections
from tocsin.formats.tables import open_table

CONTENT = "\n".join([HEADER, *(row(str(k)) for k in range(2000))]).encode() + b"\n"


@pytest.mark.parametrize("names", [[f"c{k}" for k in range(100_000)], ["c"] * 100_000, [""] * 100_000])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_header_of_100000_columns_is_refused_at_once(tmp_path: Path, names: list[str], delimiter: str) -> None:
    path = written(tmp_path, row(), header=delimiter.join([HEADER.replace(",", delimiter), *names]))
    since = time.process_time()
    with pytest.raises(BadInput, match="100008 columns; at most 4096") as caught:
        open_detections(path)
    assert caught.value.file == str(path)
    assert time.process_time() - since < 2.0


def test_objects_of_ever_new_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = {"t": 0, "sensor_id": "radar-1", "azimuth_deg": 9}
    path.write_text(json.dumps(good | {f"k{k}": 0 for k in range(5000)}) + "\n" + json.dumps(good) + "\n")
    with pytest.raises(BadInput, match="more than 4096 different columns"):
        read(path)
    path.write_text("\n".join(json.dumps(good | {f"k{k}": 0}) for k in range(5000)) + "\n")
    with pytest.raises(BadInput, match="more than 4096 different columns"):
        read(path)


@pytest.mark.parametrize("name", ["d.csv", "d.jsonl", "d.json", "d.parquet"])
@pytest.mark.parametrize("column", ["t", "sensor_id", "range_m"])
def test_a_cell_beyond_the_limit_costs_its_row(tmp_path: Path, name: str, column: str) -> None:
    rows = [dict(zip(HEADER.split(","), row(str(k)).split(","), strict=True)) for k in range(3)]
    rows[1][column] = "1" * 20_000
    path = tmp_path / name
    if name == "d.parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name == "d.csv":
        path = written(tmp_path, *(",".join(cells.values()) for cells in rows))
    else:
        path.write_text("\n".join(map(json.dumps, rows)) if name == "d.jsonl" else json.dumps(rows))
    _, (error,), _ = read(path)
    assert error.row == 2
    assert f"{column}: a cell longer than 10000 characters" in error.problem
    assert len(error.value) < 200


def test_a_quoted_cell_beyond_the_limit_costs_its_row(tmp_path: Path) -> None:
    _, (error,), _ = read(written(tmp_path, row(), row(range_m='"' + "1" * 200_000 + '"'), row()))
    assert (error.row, "a cell longer than" in error.problem) == (2, True)


@pytest.mark.parametrize("pack", [gzip.compress, lambda raw: pa.compress(raw, codec="zstd", asbytes=True)])
def test_what_unpacks_beyond_its_ratio_is_refused(tmp_path: Path, pack, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("tocsin.formats.opening.FREE_BYTES", 1 << 20)
    monkeypatch.setattr("tocsin.formats.opening.MAX_RATIO", 100)
    path = tmp_path / "d.csv.gz"
    path.write_bytes(pack(HEADER.encode() + b"\n" + (row().encode() + b"\n") * 1_000_000))
    with pytest.raises(BadInput, match="unpacks to more than 100 times its size") as caught:
        read(path)
    assert caught.value.file == str(path)
    path.write_bytes(pack(CONTENT))
    assert read(path)[2] == 2000


def test_a_line_that_never_ends_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "d.csv.zst"
    path.write_bytes(pa.compress(HEADER.encode() + b"\n" + b"1" * (32 << 20), codec="zstd", asbytes=True))
    with pytest.raises(BadInput, match="a line is longer than"):
        read(path)


def test_a_parquet_of_rows_without_bytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.parquet"
    pq.write_table(pa.table({"t": pa.array([0], pa.int8()).take(pa.array([0] * 8_000_000))}), path)
    assert path.stat().st_size < 40_000
    with pytest.raises(BadInput, match=r"8000000 rows in .* bytes unpack to more"):
        open_table(path, ("t",))


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_packed_file_cut_off_anywhere_is_refused(tmp_path: Path, kind: str) -> None:
    whole = gzip.compress(CONTENT) if kind == "gz" else pa.compress(CONTENT, codec="zstd", asbytes=True)
    path = tmp_path / f"d.csv.{kind}"
    for end in range(20, len(whole), len(whole) // 20):
        path.write_bytes(whole[:end])
        with pytest.raises(BadInput, match=r"not whole (gzip|zstd) data"):
            read(path)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    if kind == "gz":
        path.write_bytes(damaged)
        with pytest.raises(BadInput, match=r"not whole gzip data|none of the"):
            read(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"PK\x03\x04" + bytes(90), "a ZIP archive, as .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "an .xls workbook"),
        (b"BZh9" + bytes(90), "packed by bzip2"),
        (b"\xfd7zXZ\x00" + bytes(90), "packed by xz"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "HDF5"),
        ("t,sensor_id\n".encode("utf-32"), "UTF-32"),
        (gzip.compress(gzip.compress(CONTENT)), "packed twice"),
        (gzip.compress(b""), "what is packed in it is empty"),
        (HEADER.replace(",", "  ").encode() + b"\n0  radar-1\n", "separated by blanks"),
        (b"# only\n# comments\n", "columns are missing"),
        (b"#\n" * 600_000, "no header within"),
        (b"[", "columns are missing"),
    ],
)
def test_a_dialect_that_is_not_read_is_refused_by_name(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=problem) as caught:
        read(path)
    assert caught.value.file == str(path)


def test_a_packed_parquet_is_refused_in_words(tmp_path: Path) -> None:
    pq.write_table(pa.table({"t": [1.0]}), tmp_path / "d.parquet")
    (tmp_path / "d.parquet.gz").write_bytes(gzip.compress((tmp_path / "d.parquet").read_bytes()))
    with pytest.raises(BadInput, match="a Parquet file packed by gzip"):
        open_detections(tmp_path / "d.parquet.gz")


@pytest.mark.parametrize("content", ["[", '[{"t": 1}', "[1, 2", '[{"t": 1}] x', "[" * 5000, '[{"t": nan}]'])
def test_an_array_that_is_not_whole_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "d.json"
    path.write_text(content)
    with pytest.raises(BadInput, match="not a whole JSON array"):
        read(path)


def test_an_array_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.formats.json_table.MAX_ARRAY_BYTES", 1 << 20)
    path = tmp_path / "d.json"
    path.write_text("[" + " " * (2 << 20) + "]")
    with pytest.raises(BadInput, match="a JSON array of more than 1 MiB"):
        read(path)


def test_nesting_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    good = '{"t": 0, "sensor_id": "radar-1", "azimuth_deg": 9}'
    deep = good.replace("9", "[" * 20_000 + "]" * 20_000)
    path.write_text(f"{good}\n{deep}\n{good}\n")
    _, (error,), rows = read(path)
    assert (error.row, rows) == (2, 3)


def test_more_than_standard_input_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.formats.opening.MAX_STDIN_BYTES", 1000)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    with pytest.raises(BadInput, match="standard input: more than"):
        open_detections("-")
