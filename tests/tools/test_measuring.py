"""The measuring programs run as their first lines say, on small scenes, and their figures are what they should be."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from tools import associators, impact_stage, late_rows, registration, tracking_stages

from tocsin.formats.scored import read_estimates, read_truth
from tocsin.scenes.ballistic_cases import family_of, make_case, write_case
from tocsin.scenes.traffic import Setting, make_traffic, write_traffic
from tocsin.scenes.two_radars import BIAS, CASES
from tocsin.score import score

ORIGIN = (48.7233, 2.3794, 130.0)


def flights(count: int = 4) -> dict[str, np.ndarray]:
    """Straight flights about the usual radar, a fresh position every second: time, latitude, longitude, height."""
    t = np.arange(0.0, 4000.0)
    found = {}
    for k in range(count):
        north_m, east_m = 3000.0 * (k + 1) + 0.0 * t, 200.0 * (t - 3700.0)
        lat = ORIGIN[0] + north_m / 111_200.0
        lon = ORIGIN[1] + east_m / (111_320.0 * np.cos(np.deg2rad(lat)))
        found[f"abc{k}"] = np.stack([t, lat, lon, np.full(len(t), 3000.0 + 100.0 * k)], axis=1)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighty scans of four aircraft in clutter, as files."""
    out = tmp_path_factory.mktemp("traffic")
    setting = Setting(duration_s=80.0, period_s=1.0, clutter_per_scan=5.0)
    write_traffic(make_traffic(setting, flights()), setting, out)
    return out


def call(monkeypatch: pytest.MonkeyPatch, main: object, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["program", *map(str, arguments)])
    assert callable(main)
    main()


def test_tracking_stages_writes_tracks_of_what_flew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scorer = tmp_path / "scorer.py"
    names = "gospa_norm_m gospa_loc gospa_missed gospa_false completeness switches_per_truth false_tracks"
    names += " false_points_per_scan pos_rmse_m vel_rmse_mps completeness_by_kind switches_by_kind"
    scorer.write_text(f"import json\nprint(json.dumps(dict.fromkeys({names.split()!r}, 1.5)))")
    call(monkeypatch, tracking_stages.main, folder, "--out", tmp_path / "out", "--scorer", scorer)
    told = capsys.readouterr().out
    truth, base = read_truth(folder / "truth.csv")
    found = read_estimates(tmp_path / "out" / folder.name / "tracks.csv", base)
    result = score(truth, found, 500.0)
    assert result.upkeep.completeness > 0.85
    assert result.upkeep.false_tracks <= 1
    count = len((folder / "detections.csv").read_text().splitlines()) - 1
    assert f"{count} detections" in told
    assert "G 1.5 (loc 1.50" in told


def test_late_rows_that_are_handled_win_back_most_of_what_dropping_loses(folder: Path) -> None:
    figures = late_rows.compare(folder, "sensors", 1, range_rate=True)
    assert 0.2 < figures["late"] < 0.6
    assert figures["ordered_errors"] == figures["handled_errors"] == 0
    assert figures["handled_g"] < 1.05 * figures["ordered_g"]
    assert figures["dropped_g"] > 1.5 * figures["ordered_g"]
    assert figures["won_back_g"] > 0.9
    assert "won back" in late_rows.line(figures)


def test_associators_prints_a_row_for_each(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    call(monkeypatch, associators.main, "--scenes", "uas-15", "--seeds", "1")
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()]
    assert [row[1].strip() for row in rows[2:]] == sorted(associators.ASSOCIATORS)
    assert all(0.0 < float(row[2].split()[0]) < 60.0 for row in rows[2:])
    assert all(float(row[5]) < 1e3 * float(row[6]) for row in rows[2:]), "association is a part of the stage"
    assert "watched" not in associators.ASSOCIATORS


def test_impact_stage_forecasts_where_it_came_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = make_case(family_of("clean"), 5)
    write_case(case, tmp_path / "cases")
    call(monkeypatch, impact_stage.main, tmp_path / "cases", tmp_path / "out", "--wind", "0,0,0", "--drag", "constant")
    lines = (tmp_path / "out" / case.name / "impacts.csv").read_text().splitlines()
    assert lines[0].split(",") == impact_stage.HEAD
    last = [float(cell) for cell in lines[-1].split(",")]
    assert abs(last[2] - case.impact[2]) < 0.2
    assert re.match(rf"{len(case.t_s)} scans, \d+ µs a scan", capsys.readouterr().out)


def test_registration_finds_the_bias_and_prints_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call(monkeypatch, registration.main, "--seeds", "1", "--cases", "base", "--json", tmp_path / "found.json")
    (only,) = json.loads((tmp_path / "found.json").read_text())["base"]
    assert np.allclose(only["ratio"], 1.0, atol=0.35), "each of the four biases, over its true value"
    assert only["found_s"] < 61.0
    head, *_ = capsys.readouterr().out.splitlines()[2:]
    assert head.startswith("| base |")
    assert CASES["base"].bias == BIAS
