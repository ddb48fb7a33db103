"""Whatever the bytes, a reader gives batches and error records or BadInput, and loses no row."""

from __future__ import annotations

import contextlib
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from detection_cases import HEADER, SENSORS, read, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin.errors import BadInput
from tocsin.formats import detections
from tocsin.formats.chunks import Columns
from tocsin.formats.csv_dialect import Head
from tocsin.formats.csv_table import CsvChunk
from tocsin.formats.json_table import JsonChunk

RELAXED = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

good_cell = st.sampled_from(
    ["0", "1", "1.5", "-0", "+2", "3e1", "", " 7 ", "359.99", "90", "nan", "-NaN", "nan(ind)", "NA", "null"]
)
odd_cell = st.one_of(
    good_cell,
    st.sampled_from(["nan", "inf", "-1e400", "1e-400", "0x10", "1_0", "radar-1", "radar-2", "2021-06-06T00:15:00Z"]),
    st.text(max_size=8),
)
line = st.one_of(
    st.lists(odd_cell, min_size=8, max_size=8).map(",".join),
    st.lists(odd_cell, max_size=10).map(",".join),
    st.builds(row, t=good_cell, sensor=st.sampled_from(["radar-1", "radar-2", "x"]), azimuth=odd_cell),
)


def tried(path: Path) -> None:
    """Read it; whatever else than BadInput is raised fails the test."""
    with contextlib.suppress(BadInput):
        read(path)


@RELAXED
@given(
    start=st.sampled_from(
        [b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"#", b"sep=", b"["]
    ),
    content=st.binary(max_size=400),
    name=st.sampled_from(["d.csv", "d.jsonl", "d.json", "d.parquet", "d.csv.gz"]),
    pack=st.sampled_from([bytes, gzip.compress]),
)
def test_any_bytes(tmp_path: Path, start: bytes, content: bytes, name: str, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / name
    path.write_bytes(pack(start + content))
    tried(path)


@RELAXED
@given(
    lines=st.lists(line, max_size=12),
    block=st.sampled_from([64, 1 << 20]),
    head=st.sampled_from(["", "# by recorder\n", "sep=;\n", "\n \n"]),
    delimiter=st.sampled_from(",;\t|"),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_lines_after_a_header(
    tmp_path: Path, lines: list[str], block: int, head: str, delimiter: str, codec: str
) -> None:
    path = tmp_path / "d.csv"
    text = head + "\n".join((HEADER.replace(",", delimiter), *lines))
    path.write_bytes(text.encode(codec, "surrogatepass"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tocsin.formats.chunks.BLOCK_BYTES", block)
        tried(path)


value = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.just("radar-1"),
    st.lists(st.integers()),
)


@RELAXED
@given(rows=st.lists(st.dictionaries(st.sampled_from([*HEADER.split(","), "other"]), value, max_size=9), max_size=8))
def test_any_json_objects(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text("\n".join(json.dumps(r) for r in rows) + "\n")
    tried(path)


def both_ways(chunk: CsvChunk | JsonChunk, columns: Columns) -> None:
    """A chunk that is read by columns gives what it gives row by row."""
    base, index = detections.TimeBase(), {name: k for k, name in enumerate(SENSORS)}
    fast = detections._clean(columns, base, index)
    slow = detections._careful(chunk, "f", base, index)
    if fast is None:
        return
    assert slow.errors == []
    assert [fast.t_text[k] for k in fast.t_code] == [slow.t_text[k] for k in slow.t_code]
    for name in ("row", "t_s", "arrival_s", "sensor", "number"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), strict=True)


@RELAXED
@given(lines=st.lists(line, min_size=1, max_size=6), delimiter=st.sampled_from(",;\t"), decimal=st.sampled_from(".,"))
def test_csv_by_columns_is_csv_by_rows(lines: list[str], delimiter: str, decimal: str) -> None:
    text = ("\n".join(lines) + "\n").replace(",", delimiter)
    if delimiter != ",":
        text = text.replace(".", decimal)
    block = text.encode("utf-8", "surrogatepass")
    chunk = CsvChunk(block, Head(tuple(HEADER.split(",")), 0, 1, delimiter, decimal if delimiter != "," else "."), 1, 2)
    columns = chunk.arrays(detections._TEXTS, detections._NAMES)
    if columns is not None:
        both_ways(chunk, columns)


number = st.one_of(st.integers(0, 90), st.floats(0.001, 90))


@RELAXED
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"t": number, "sensor_id": st.sampled_from(SENSORS), "azimuth_deg": number},
            optional={
                "range_m": st.none() | st.just(math.nan) | number,
                "snr_db": number | st.just("x"),
                "t_arrival": number,
            },
        ),
        min_size=1,
        max_size=6,
    )
)
def test_json_by_columns_is_json_by_rows(rows: list[dict[str, object]]) -> None:
    chunk = JsonChunk([json.dumps(r).encode() for r in rows], 1, 1)
    columns = chunk.arrays(detections._TEXTS, detections._NAMES)
    if columns is not None:
        both_ways(chunk, columns)
