"""Scenarios, terrain, reports and times from strangers: limits before reading, words instead of crashes, no silence."""

from __future__ import annotations

import contextlib
import io
import json
import math
import resource
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from tocsin.cli import show
from tocsin.cli.entry import main
from tocsin.errors import BadInput, BadScenario
from tocsin.formats import scenarios, terrain, yaml12
from tocsin.formats.places import level_site
from tocsin.formats.reports import merge, read_reports
from tocsin.formats.terrain import read_terrain
from tocsin.formats.times import MAX_SECONDS, TimeBase, moment
from tocsin.records.detections import Batch, empty_reports, empty_table

RELAXED = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SITE = level_site(33.7856, 42.4412, 188.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 20_000, "line 1: cannot be read as YAML: nested deeper than 20"),
        ("{a: " * 20_000, "nested deeper than 20"),
        ("\n".join(" " * k + "a:" for k in range(1900)), "line 21: .*nested deeper than 20"),
        ("\n".join(" " * k + "-" for k in range(1900)), "nested deeper than 20"),
        ("name: " + "x" * 50_000_000, "50,000,006 characters; a scenario has at most 2,000,000 bytes"),
        ("name: '" + "x" * 50_000_000, "a scenario has at most 2,000,000 bytes"),
        ("? " + "k" * 100_000 + "\n: [" + "1," * 100_000 + "1]", "a key of 100,000 characters; it has at most 64"),
        ("a: [" + "1," * 400_000 + "1]", "more than 300,000 values"),
    ],
)
def test_yaml_beyond_its_limits_is_refused_at_once(text: str, words: str) -> None:
    before = time.process_time()
    with pytest.raises(BadScenario, match=words) as caught:
        scenarios.parse(text, file="s.yaml")
    assert time.process_time() - before < 60.0
    assert str(caught.value).startswith("s.yaml")
    assert len(str(caught.value)) < 500


def test_yaml_as_deep_as_it_may_be_is_read() -> None:
    inside = yaml12.read("[" * 20 + "1" + "]" * 20).data
    for _ in range(20):
        assert isinstance(inside, list)
        (inside,) = inside
    assert inside == 1
    with pytest.raises(BadScenario, match="nested deeper than 20"):
        yaml12.read("[" * 21 + "1" + "]" * 21)


def test_a_scenario_file_is_not_read_beyond_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)  # a terabyte of nothing
    with pytest.raises(BadScenario, match="larger than 2,000,000 bytes"):
        scenarios.load(path)
    with pytest.raises(BadScenario, match="larger than 2,000,000 bytes"):
        scenarios.load("/dev/zero")
    path.write_bytes(b"name: \xff")
    with pytest.raises(BadScenario, match="cannot be read"):
        scenarios.load(path)


yaml_bits = st.lists(
    st.sampled_from(["a", "site", ": ", "- ", "\n", "  ", "[", "]", "{", "}", "'", '"', "|", ">", "&x", "*x", "!!int"])
    | st.text(max_size=4),
    max_size=40,
).map("".join)


@RELAXED
@given(text=yaml_bits)
def test_any_text_is_a_scenario_or_is_refused(text: str) -> None:
    with contextlib.suppress(BadScenario):
        scenarios.parse(text, file="s.yaml")


@RELAXED
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_scenario_or_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    with contextlib.suppress(BadScenario):
        scenarios.load(tmp_path / "s.yaml")


SHIPPED = scenarios.builtin_text("lost-track")


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(SHIPPED)), length=st.integers(0, 30), new=yaml_bits)
def test_a_shipped_scenario_with_a_slip_is_read_or_refused(place: int, length: int, new: str) -> None:
    with contextlib.suppress(BadScenario):
        scenarios.parse(SHIPPED[:place] + new + SHIPPED[place + length :], file="s.yaml")


def npz(path: Path, shape: tuple[int, int], *, held: int, kind: str = "<f8", header: bytes | None = None) -> Path:
    """Arrays that declare a shape and a type, followed by as many zero bytes as are asked for (at most)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, dims in (("lat", shape[:1]), ("lon", shape[1:]), ("height_m", shape)):
            head = io.BytesIO()
            np.lib.format.write_array_header_1_0(head, {"descr": kind, "fortran_order": False, "shape": dims})
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                member.write(head.getvalue() if header is None else header)
                left = min(held, math.prod(dims) * 8)
                while left > 0:
                    member.write(bytes(min(left, 1 << 24)))
                    left -= 1 << 24
    return path


@pytest.mark.parametrize(
    ("shape", "held", "kind", "words"),
    [
        ((20_000, 20_000), 300 << 20, "<f8", "column height_m: declares .* bytes; at most 36,000,000 numbers"),
        ((10**9, 10**9), 0, "<f8", "column lat: declares 1000000000 numbers; at most 36,000,000"),
        ((10**18, 10**18), 0, "<f8", "column lat: declares"),
        ((1000, 1000), 0, "<f8", r"column lat: declares \(1000,\) of float64 in 0 bytes"),
        ((10, 10), 0, "|O", "column lat: declares .* of object"),
        ((10, 10), 0, "<U1000000", "column lat: declares .* of <U1000000"),
    ],
)
def test_an_npz_that_declares_too_much_is_refused_unread(
    tmp_path: Path, shape: tuple[int, int], held: int, kind: str, words: str
) -> None:
    path = npz(tmp_path / "t.npz", shape, held=held, kind=kind)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput, match=words) as caught:
        read_terrain(path, SITE)
    assert "t.npz" in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def test_an_npz_whose_header_is_a_bomb_is_refused(tmp_path: Path) -> None:
    head = b"\x93NUMPY\x02\x00" + (50_000_000).to_bytes(4, "little") + b" " * 50_000_000
    with pytest.raises(BadInput, match="not a whole npz file"):
        read_terrain(npz(tmp_path / "t.npz", (10, 10), held=0, header=head), SITE)


def whole_npz() -> bytes:
    stream, axis = io.BytesIO(), np.linspace(-0.1, 0.1, 5)
    np.savez_compressed(stream, lat=33.7856 + axis, lon=42.4412 + axis, height_m=np.full((5, 5), 100.0))
    return stream.getvalue()


WHOLE_NPZ = whole_npz()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(WHOLE_NPZ) - 1), new=st.binary(min_size=1, max_size=6), cut=st.booleans())
def test_a_damaged_npz_is_read_or_refused(tmp_path: Path, place: int, new: bytes, cut: bool) -> None:
    path = tmp_path / "t.npz"
    path.write_bytes(WHOLE_NPZ[:place] + new + (b"" if cut else WHOLE_NPZ[place + len(new) :]))
    with contextlib.suppress(BadInput):
        assert np.all(np.isfinite(read_terrain(path, SITE).level_m))


def sparse_tif(path: Path, width: int, height: int, step_deg: float, **layout: object) -> Path:
    """A GeoTIFF about the site of which nothing is written but what it would hold."""
    corner = Affine(step_deg, 0, 42.4412 - width * step_deg / 2, 0, -step_deg, 33.7856 + height * step_deg / 2)
    shape = {"width": width, "height": height, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", driver="GTiff", transform=corner, SPARSE_OK=True, BIGTIFF="YES", **shape, **layout):
        pass
    return path


def test_a_geotiff_with_too_many_pixels_about_the_site_is_refused_unread(tmp_path: Path) -> None:
    path = sparse_tif(tmp_path / "t.tif", 300_000, 300_000, 8e-6, tiled=True, blockxsize=1024, blockysize=1024)
    before = time.process_time()
    with pytest.raises(BadInput, match=r"t\.tif: 194,5\d\d × 161,\d\d\d pixels about the site; at most 100,000,000"):
        read_terrain(path, SITE)
    assert time.process_time() - before < 10.0


def test_a_geotiff_of_one_huge_block_is_refused_unread(tmp_path: Path) -> None:
    path = sparse_tif(tmp_path / "t.tif", 20_000, 20_000, 1e-4, tiled=True, blockxsize=16384, blockysize=16384)
    with pytest.raises(BadInput, match=r"t\.tif: blocks of 16,384 × 16,384 pixels \(1,073,741,824 bytes\)"):
        read_terrain(path, SITE)


def test_a_wide_geotiff_is_read_where_it_is_needed(tmp_path: Path) -> None:
    path = sparse_tif(tmp_path / "t.tif", 300_000, 300_000, 1e-3, tiled=True, blockxsize=1024, blockysize=1024)
    assert np.all(np.isfinite(read_terrain(path, SITE).level_m))


def test_what_other_drivers_would_fetch_is_no_geotiff(tmp_path: Path) -> None:
    secret, path = tmp_path / "secret.tif", tmp_path / "t.tif"
    sparse_tif(secret, 100, 100, 4e-3)
    band = f"<SimpleSource><SourceFilename>{secret}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
    path.write_text(
        '<VRTDataset rasterXSize="100" rasterYSize="100"><SRS>EPSG:4326</SRS>'
        "<GeoTransform>42.24, 0.004, 0, 33.98, 0, -0.004</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1">{band}</VRTRasterBand></VRTDataset>'
    )
    with rasterio.open(path) as raster:  # GDAL itself would follow it
        assert raster.width == 100
    with pytest.raises(BadInput, match="not a whole GeoTIFF"):
        read_terrain(path, SITE)


def whole_tif(folder: Path) -> bytes:
    path = folder / "whole.tif"
    corner = Affine(0.004, 0.0, 42.24, 0.0, -0.004, 33.98)
    shape = {"width": 100, "height": 100, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(path, "w", driver="GTiff", transform=corner, **shape) as raster:
        raster.write(np.full((1, 100, 100), 88.0, np.float32))
    return path.read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 600), new=st.binary(min_size=1, max_size=4))
def test_a_damaged_geotiff_is_read_or_refused(tmp_path: Path, place: int, new: bytes) -> None:
    content = whole_tif(tmp_path)
    path = tmp_path / "t.tif"
    path.write_bytes(content[:place] + new + content[place + len(new) :])
    with contextlib.suppress(BadInput):
        assert np.all(np.isfinite(read_terrain(path, SITE).level_m))


HEAD = "t,source,kind,id,lat,lon,alt_m,sigma_m,claim\n"


def reports_of(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "reports.csv"
    path.write_text(HEAD + "".join(row + "\n" for row in rows))
    return path


def test_a_receiver_without_a_fix_costs_rows_and_no_run(tmp_path: Path) -> None:
    path = reports_of(tmp_path, *(f"{t},rx,remote_id,D1,0.0,0.0,338,10,friendly" for t in range(5)))
    found = read_reports(path, SITE, TimeBase())
    assert (len(found.table.t_s), found.rows_read, len(found.errors)) == (0, 5, 5)
    assert {(e.column, e.value) for e in found.errors} == {("lat", "0.0")}
    assert all("latitude 0 and longitude 0 say that the place is not known" in e.problem for e in found.errors)
    batch = Batch(0, 0.0, 0.0, 0, empty_table(), empty_reports(), ())
    (merged,) = merge(iter([batch]), found, TimeBase())
    assert merged.errors == found.errors


def test_reports_of_which_none_can_be_read_refuse_the_run(tmp_path: Path) -> None:
    path = reports_of(tmp_path, "noon,rx,remote_id,D1,33.8,42.4,338,10,", "1,rx,rumour,D1,33.8,42.4,338,10,")
    with pytest.raises(BadInput, match="none of the 2 rows can be used"):
        read_reports(path, SITE, TimeBase())


def test_minus_a_thousand_metres_is_an_altitude_that_is_not_known(tmp_path: Path) -> None:
    rows = (f"{k},rx,remote_id,D1,33.81,42.48,{alt},10," for k, alt in enumerate(("-1000", "-1000.0", "", "-999")))
    found = read_reports(reports_of(tmp_path, *rows), SITE, TimeBase())
    assert found.errors == ()
    assert np.isnan(found.table.position_m[:, 2]).tolist() == [True, True, True, False]
    assert np.ptp(found.table.position_m[:3, :2], axis=0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("cell", "unit"), [("1622927700000", "milli"), ("1.6e15", "micro"), ("1.6e18", "nano")])
def test_a_count_of_parts_of_seconds_is_named_in_files_too(cell: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"a time beyond 1e.11 seconds; {unit}seconds. divide by"):
        TimeBase().seconds(cell)


@given(st.floats(-MAX_SECONDS, MAX_SECONDS), st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_time_is_the_same_in_python_and_in_a_file(seconds: float, instant: datetime) -> None:
    assert TimeBase().since(moment(seconds)) == TimeBase().seconds(repr(seconds)) == seconds
    aware, base = instant.replace(tzinfo=UTC), TimeBase(datetime(2021, 6, 5, 21, 15, tzinfo=UTC))
    of_file = base.seconds(aware.isoformat())
    assert base.since(moment(aware)) == base.since(moment(np.datetime64(instant, "us"))) == of_file


NASTY = "a\x1b[2J\x1b]0;owned\x07\x9b31m\u202eb\u2066\ud800\r\nForged: line\x00"


def test_no_text_of_a_stranger_moves_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show.out(f"Columns that nothing reads: {NASTY}.", "next")
    told = capsys.readouterr().out
    assert told.count("\n") == 2
    assert told.replace("\n", "").isprintable()
    assert "\\x1b[2J" in told


def test_json_means_the_same_and_moves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"id": NASTY, NASTY: [NASTY, {"𝔘": "صافرة é 🛰", "n": 1.5}]}
    show.out_json(value)
    told = capsys.readouterr().out
    assert json.loads(told) == value
    assert told.replace("\n", "").isprintable()
    assert "صافرة é 🛰" in told
    show.out_json_text(json.dumps(value, ensure_ascii=False))
    assert json.loads(capsys.readouterr().out) == value


@pytest.mark.parametrize(
    "command", [["track", "{}", "--sensors", "s.csv", "--out", "o"], ["run", "{}"], ["report", "{}"]]
)
def test_an_error_about_a_nasty_name_is_one_plain_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "a\x1b[2J\u202e\nForged.csv"
    assert main([part.format(name) for part in command]) in (2, 3)
    told = capsys.readouterr()
    assert told.err.startswith("tocsin: ")
    assert told.err.count("\n") == 1
    assert told.err[:-1].isprintable()


def test_limits_are_those_that_the_pages_name() -> None:
    assert (yaml12.MAX_BYTES, yaml12.MAX_DEPTH, terrain.MAX_NODES, terrain.MAX_PIXELS) == (
        2_000_000,
        20,
        36_000_000,
        10**8,
    )
