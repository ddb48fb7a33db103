"""Recorded flights as a radar would have seen them: truth between the fixes, noise as stated, files that read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.scored import read_truth
from tocsin.records.arrays import FloatArray
from tocsin.scenes import traffic
from tocsin.scenes.folders import open_folder
from tocsin.scenes.traffic import Setting, make_traffic, write_traffic

SETTING = Setting(duration_s=400.0, clutter_per_scan=3.0)
ORIGIN = np.array([SETTING.lat_deg, SETTING.lon_deg, SETTING.alt_m])
SPEED_MPS = 180.0


def flight() -> FloatArray:
    """Due east at 180 m/s, five kilometres north of the radar and 2 km up; every third row repeats the one before."""
    t = np.arange(0.0, 4200.0)
    enu = np.stack([SPEED_MPS * (t - 3800.0), np.full(len(t), 5e3), np.full(len(t), 2e3)], axis=1)
    rows = np.column_stack([t, frames.enu2geodetic(enu, ORIGIN)])
    rows[2::3, 1:] = rows[1::3, 1:]
    return rows


def test_truth_runs_through_the_fresh_fixes() -> None:
    made = make_traffic(SETTING, {"abc": flight()})
    assert len(made.scans) == 100
    t = np.array([when for when, _, _ in made.truth])
    state = np.array([state for _, _, state in made.truth])
    assert len(t) > 90
    assert np.abs(state[:, 0] - SPEED_MPS * (t + 3600.0 - 3800.0)).max() < 2.0
    assert np.abs(state[:, 1] - 5e3).max() < 2.0
    assert np.abs(state[:, 3] - SPEED_MPS).max() < 1.0


def test_aircraft_are_detected_as_often_and_as_well_as_the_setting_says() -> None:
    made = make_traffic(Setting(duration_s=400.0, period_s=1.0, clutter_per_scan=0.0), {"abc": flight()})
    true = {when: state for when, _, state in made.truth}
    seen = [(true[t], rows[0]) for t, rows in made.scans if len(rows)]
    assert len(seen) / len(true) == pytest.approx(0.9, abs=0.05)
    off = [rows[0] - frames.enu2aer(state[:3])[2] for state, rows in seen]
    assert np.std(off) == pytest.approx(SETTING.sigma_range_m, rel=0.15)


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    made = make_traffic(SETTING, {"abc": flight()})
    write_traffic(made, SETTING, tmp_path)
    source, plan = open_folder(tmp_path)
    batches = [batch for batch in source.batches(plan.sensors.sensor_id) if batch.sensor_index >= 0]
    assert sum(len(batch.detections.row) for batch in batches) == sum(len(rows) for _, rows in made.scans)
    truth, _ = read_truth(tmp_path / "truth.csv")
    assert (truth.object_id, truth.kind, len(truth.t_s)) == (("abc",), ("aircraft",), len(made.truth))
    assert plan.site.lat_deg == SETTING.lat_deg


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match="pip install traffic"):
        make_traffic(SETTING)
