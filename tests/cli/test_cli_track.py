"""`tocsin track`: what it writes, and that no bad input ends in a traceback, a hang or a lost row."""

from __future__ import annotations

import csv
import json
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from cli_cases import GOOD, HEADER, Result, detections, sensors, tocsin

from tocsin.formats.outputs import IMPACT_COLUMNS, TRACK_COLUMNS

RATE = HEADER + ",range_rate_mps,sigma_range_rate_mps"


def flight(t: float, text: str, seed: int = 0) -> str:
    """A detection, 10 m and 0.15° uncertain, of a drone on its way past."""
    noise = np.random.default_rng([seed, round(t * 10)]).standard_normal(3) * (10.0, 0.15, 0.15)
    east, north, up = 2000.0 - 40.0 * t, 3000.0 - 10.0 * t, 200.0
    distance = float(np.sqrt(east**2 + north**2 + up**2))
    azimuth, elevation = np.degrees(np.arctan2(east, north)), np.degrees(np.arcsin(up / distance))
    rate = -(40.0 * east + 10.0 * north) / distance
    values = (distance + noise[0], (azimuth + noise[1]) % 360.0, elevation + noise[2])
    return f"{text},radar-1," + ",".join(f"{value:.4f}" for value in values) + f",10,0.15,0.15,{rate:.2f},1"


def tracked(folder: Path, *rows: str, header: str = HEADER, options: tuple[str, ...] = ()) -> tuple[Result, Path]:
    out = folder / "out"
    source = detections(folder, *rows, header=header)
    return tocsin("track", source, "--sensors", sensors(folder), "--out", out, "--json", *options), out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def counted(out: Path) -> int:
    """Error records that were written."""
    return len((out / "errors.jsonl").read_text().splitlines())


def test_tracks_are_written_with_times_as_given(tmp_path: Path) -> None:
    texts = [f"{k}.000" for k in range(20)]
    result, out = tracked(tmp_path, *(flight(float(t), t) for t in texts), header=RATE)
    assert result.code == 0, result.err
    summary = json.loads(result.out)
    rows = rows_of(out / "tracks.csv")
    assert tuple(rows[0]) == TRACK_COLUMNS
    assert (out / "impacts.csv").read_text() == ",".join(IMPACT_COLUMNS) + "\n"
    assert {row["t"] for row in rows} <= set(texts)
    assert len(rows) >= 12
    assert len({row["track_id"] for row in rows}) == summary["tracks"] == 1
    last = rows[-1]
    t = float(last["t"])
    assert float(last["x"]) == pytest.approx(2000 - 40 * t, abs=40)
    assert float(last["y"]) == pytest.approx(3000 - 10 * t, abs=40)
    assert sum(float(last[name]) for name in TRACK_COLUMNS if name.startswith("p_")) == pytest.approx(1, abs=1e-5)
    timing = json.loads((out / "timing.json").read_text())
    assert list(timing)[:5] == ["advance_cpu_s", "advance_wall_s", "track_cpu_s", "detections", "scans"]
    assert (timing["detections"], timing["scans"]) == (20, 20)
    assert 0 < timing["track_cpu_s"] <= timing["advance_cpu_s"]


def test_instants_are_echoed(tmp_path: Path) -> None:
    texts = [f"2021-06-06T00:15:{k:02d}+03:00" for k in range(15)]
    result, out = tracked(tmp_path, *(flight(float(k), text) for k, text in enumerate(texts)), header=RATE)
    assert result.code == 0, result.err
    rows = rows_of(out / "tracks.csv")
    assert rows
    assert {row["t"] for row in rows} <= set(texts)
    assert all(datetime.fromisoformat(row["t"]).tzinfo is not None for row in rows)


def test_the_frame_is_that_of_the_site(tmp_path: Path) -> None:
    rows = [flight(float(k), f"{k}") for k in range(15)]
    _, out = tracked(tmp_path, *rows, header=RATE)
    here = rows_of(out / "tracks.csv")[-1]
    _, out = tracked(tmp_path, *rows, header=RATE, options=("--site", "33.7766,42.4412,188.0"))
    moved = rows_of(out / "tracks.csv")[-1]
    assert float(moved["y"]) - float(here["y"]) == pytest.approx(998, abs=3), "0.009 degrees of latitude"
    assert float(moved["x"]) == pytest.approx(float(here["x"]), abs=3)


def test_reports_join_the_run(tmp_path: Path) -> None:
    reports = tmp_path / "reports.csv"
    head = "t,source,kind,id,lat,lon,alt_m,sigma_m,claim\n"
    rows = [
        "2,guards,sighting,,33.79,42.45,,100,a drone",
        "3,rx,adsb,ABC,91,42.45,1000,50,",
        "40,guards,sighting,,33.79,42.45,,9,",
    ]
    reports.write_text(head + "\n".join(rows) + "\n")
    result, out = tracked(
        tmp_path,
        *(flight(float(k), f"{k}") for k in range(9)),
        header=RATE,
        options=("--reports", str(reports), "--journal"),
    )
    assert result.code == 0, result.err
    summary = json.loads(result.out)
    assert (summary["reports"], summary["errors"]["total"], counted(out)) == (2, 1, 1)
    assert tocsin("replay", out).code == 0


BAD = {
    "text in a number column": ("1,radar-1,near,90,1,10,0.15,0.15", "range_m", "near"),
    "NaN where a value is needed": ("1,radar-1,1000,nan,1,10,0.15,0.15", "azimuth_deg", "nan"),
    "azimuth 400": ("1,radar-1,1000,400,1,10,0.15,0.15", "azimuth_deg", "400"),
    "a sensor nobody declared": ("1,radar-7,1000,90,1,10,0.15,0.15", "sensor_id", "radar-7"),
    "time going backwards by hours": ("-7200,radar-1,1000,90,1,10,0.15,0.15", "t", "-7200.0"),
    "a short row": ("1,radar-1", "", "1,radar-1"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_an_error_record_that_is_counted(tmp_path: Path, case: str) -> None:
    bad, column, value = BAD[case]
    result, out = tracked(tmp_path, GOOD, GOOD.replace("0", "1", 1), bad, GOOD.replace("0", "2", 1))
    assert result.code == 0, result.err
    summary = json.loads(result.out)
    assert (summary["rows_read"], summary["errors"]["total"]) == (4, 1)
    (kind,) = summary["errors"]["kinds"]
    assert (kind["column"], kind["first"]["row"], kind["first"]["value"]) == (column, 3, value)
    (record,) = [json.loads(line) for line in (out / "errors.jsonl").read_text().splitlines()]
    assert (record["row"], record["column"], record["value"]) == (3, column, value)


def test_columns_that_nothing_reads_are_told_of_every_table(tmp_path: Path) -> None:
    misspelt = tmp_path / "misspelt.csv"
    misspelt.write_text("sensor_id,lat,lon,alt_m,max_range\nradar-1,33.7856,42.4412,188,20000\n")
    reports = tmp_path / "reports.csv"
    reports.write_text("t,source,kind,id,lat,lon,alt_m,sigma_m,claim,note\n0,g,sighting,,33.79,42.45,,9,,n\n")
    given = (detections(tmp_path, GOOD + ",7", header=HEADER + ",range_rate"), "--sensors", misspelt)
    result = tocsin("track", *given, "--reports", reports, "--out", tmp_path / "out", "--json")
    summary = json.loads(result.out)
    assert [(Path(c["file"]).name, c["column"], c["meant"]) for c in summary["unread_columns"]] == [
        ("detections.csv", "range_rate", "range_rate_mps"),
        ("misspelt.csv", "max_range", "max_range_m"),
        ("reports.csv", "note", ""),
    ]
    result = tocsin("track", *given, "--out", tmp_path / "out")
    assert "misspelt.csv that nothing reads: max_range (did you mean max_range_m?)." in result.out


def test_bad_rows_are_told_in_words(tmp_path: Path) -> None:
    source = detections(tmp_path, GOOD, *[BAD["azimuth 400"][0]] * 3)
    result = tocsin("track", source, "--sensors", sensors(tmp_path), "--out", tmp_path / "out")
    assert "4 rows read: 1 detection in 1 scan." in result.out
    assert "3 items could not be used" in result.out
    assert "3 × azimuth_deg: an azimuth must lie within a turn either way, -360 to 360 degrees; first in" in result.out
    assert "row 2, value '400'" in result.out


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("d.csv", b"", "the file is empty"),
        ("d.parquet", b"PAR1\x00\x00", "not a whole Parquet file"),
        ("d.csv", b"t,sensor_id\n", "columns are missing"),
        ("d.csv", f"{HEADER}\n{GOOD.replace('radar-1', 'x')}\n".encode(), "no sensor of this name"),
    ],
)
def test_a_bad_file_is_exit_code_2(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    result = tocsin("track", path, "--sensors", sensors(tmp_path), "--out", tmp_path / "out")
    assert result.code == 2
    assert str(path) in result.err
    assert problem in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--wind", "1,2"), "three numbers are needed"),
        (("--wind", "0,0,-1"), "sigma is not negative"),
        (("--wind", "nan,0,1"), "must be finite"),
        (("--site", "91,0,0"), "latitude must lie"),
        (("--site", "here"), "three numbers are needed"),
        (("--terrain", "none.tif"), "no such file"),
        (("--reports", "none.csv"), "no such file"),
    ],
)
def test_bad_options(tmp_path: Path, options: tuple[str, ...], problem: str) -> None:
    result, _ = tracked(tmp_path, GOOD, options=options)
    assert result.code == 2
    assert problem in result.err


def test_a_sensors_file_must_be_right(tmp_path: Path) -> None:
    source = detections(tmp_path, GOOD)
    for rows, problem in (
        ("radar-1,33,42,0\nradar-1,33,42,0", "row 2, column sensor_id: 'radar-1' names two sensors"),
        ("radar-1,133,42,0", "row 1, column lat: a latitude must lie"),
        ("radar-1,33,x,0", "row 1, column lon: not a number"),
        ("radar-1,33,42,", "row 1, column alt_m: a value is needed here"),
    ):
        path = tmp_path / "sensors.csv"
        path.write_text(f"sensor_id,lat,lon,alt_m\n{rows}\n")
        result = tocsin("track", source, "--sensors", path, "--out", tmp_path / "out")
        assert (result.code, problem in result.err) == (2, True), result.err


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    source = detections(tmp_path, GOOD).rename(tmp_path / "tracks.csv")
    before = source.read_bytes()
    result = tocsin("track", source, "--sensors", sensors(tmp_path), "--out", tmp_path)
    assert (result.code, source.read_bytes()) == (2, before)


def test_an_interrupted_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tocsin.cli.track.warm_up", interrupted)
    result, _ = tracked(tmp_path, GOOD)
    assert (result.code, "interrupted" in result.err) == (130, True)


def test_a_fault_of_the_program_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("tocsin.cli.track.warm_up", faulty)
    result, _ = tracked(tmp_path, GOOD)
    assert result.code == 1
    assert "RuntimeError: boom" in result.err
    assert "TOCSIN_TRACEBACK=1" in result.err


def test_a_million_rows_are_read_in_seconds(tmp_path: Path) -> None:
    from tocsin.formats.detections import open_detections

    path = tmp_path / "d.csv"
    scan = "".join(f"@,radar-1,{1000 + k}.25,{k % 360}.125,1.5,10,0.15,0.15\n" for k in range(1000))
    with path.open("w") as stream:
        stream.write(HEADER + "\n")
        for k in range(1000):
            stream.write(scan.replace("@", f"{k}.0"))
        stream.write("1000,radar-1,x,1,1,1,1,1\n")
    since = time.process_time()
    source = open_detections(path)
    used = errors = 0
    for batch in source.batches(("radar-1",)):
        used, errors = used + len(batch.detections.row), errors + len(batch.errors)
    assert (source.rows_read, used, errors) == (1_000_001, 1_000_000, 1)
    assert time.process_time() - since < 20, "a few seconds where nothing else runs"
