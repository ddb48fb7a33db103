"""The bound against its closed form, and the figures of the accuracy page against the proofs with their numbers."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from tools.charts import Chart, Series, draw
from tools.figures import drawn, write_figures

from tocsin.bench.bound import PRIOR_SIGMA, information, posterior_bound, scan_errors
from tocsin.scenes.families import UAS_VOLUME, make_scene
from tocsin.study.clutter import ClutterStudy, Sky, threshold


@pytest.mark.parametrize("range_rate", [True, False])
def test_information_is_that_of_the_log_likelihood(range_rate: bool) -> None:
    """Against derivatives of the measurement by finite differences."""

    def measured(x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x[:3])
        return np.array([r, np.arctan2(x[0], x[1]), np.arcsin(x[2] / r), x[:3] @ x[3:] / r])

    state = np.array([3000.0, -7000.0, 400.0, 20.0, 30.0, -2.0])
    step = np.array([1e-2] * 3 + [1e-3] * 3)
    h = np.stack(
        [(measured(state + e) - measured(state - e)) / (2 * s) for e, s in zip(np.diag(step), step, strict=True)]
    ).T
    sigma = np.array([10.0, UAS_VOLUME.sigma_angle_rad, UAS_VOLUME.sigma_angle_rad, 1.0])
    rows = slice(None) if range_rate else slice(0, 3)
    expected = h[rows].T @ np.diag(1 / sigma[rows] ** 2) @ h[rows]
    assert information(state[None], UAS_VOLUME, range_rate=range_rate)[0] == pytest.approx(
        expected, rel=1e-5, abs=1e-12
    )


def test_bound_is_that_of_all_detections_together() -> None:
    """Without process noise the recursion must give the inverse of the sum of all information, carried to the end."""
    radar = replace(UAS_VOLUME, detection_probability=1.0)
    state = make_scene("straight-3", 1).truth.state.reshape(60, 3, 6)[:12]
    bound = posterior_bound(state, radar, range_rate=True)
    for i in range(3):
        carried = np.eye(6)
        total = np.zeros((6, 6))
        for k in range(12):
            carried = np.eye(6)
            carried[:3, 3:] = -(11 - k) * np.eye(3)
            total += carried.T @ information(state[k, i][None], radar, range_rate=True)[0] @ carried
        carried[:3, 3:] = -11 * np.eye(3)
        total += carried.T @ np.diag(1 / np.square(PRIOR_SIGMA)) @ carried
        assert bound[-1, i] == pytest.approx(np.linalg.inv(total), rel=1e-6)


def test_bound_of_a_line_falls_with_scans_and_with_detections() -> None:
    state = make_scene("straight-5", 2).truth.state.reshape(60, 5, 6)
    sure = posterior_bound(state, replace(UAS_VOLUME, detection_probability=1.0), range_rate=False)
    thin = posterior_bound(state, UAS_VOLUME, range_rate=False)
    rich = posterior_bound(state, UAS_VOLUME, range_rate=True)
    for i in range(5):
        assert np.linalg.eigvalsh(thin[-1, i] - sure[-1, i]).min() > -1e-9
        assert np.linalg.eigvalsh(thin[-1, i] - rich[-1, i]).min() > -1e-9
    assert (
        np.trace(thin[-1, :, 3:, 3:], axis1=1, axis2=2) < 0.01 * np.trace(thin[0, :, 3:, 3:], axis1=1, axis2=2)
    ).all()


def test_tracks_do_not_beat_the_bound() -> None:
    study = scan_errors("straight-100", [903, 904], range_rate=True)
    late = [scan for scan in study.scans if scan.scan >= 20]
    assert min(scan.tracked for scan in late) > 0.97 * 200
    for scan in late:
        assert scan.position_rmse_m is not None
        assert scan.velocity_rmse_mps is not None
        assert 0.9 < scan.position_rmse_m / scan.position_bound_m < 3.0
        assert 0.9 < scan.velocity_rmse_mps / scan.velocity_bound_mps < 4.0
    assert study.scans[0].position_rmse_m is None, "one detection is no track"


def test_a_chart_holds_what_it_is_given() -> None:
    line = Series(
        "a < b", ((0.0, 1.0), (10.0, 5.0)), "#123456", dots=True, low=(0.5, 4.0), high=(2.0, 6.0), labels=("x", "y")
    )
    other = Series("dashed", ((0.0, 2.0), (10.0, 2.0)), "#654321", dashed=True)
    text = draw("t", "Title", "What it shows.", (Chart("panel", "s", "m", (line, other), band=(1.0, 2.0)),))
    root = ET.fromstring(text)
    ns = {"s": "http://www.w3.org/2000/svg"}
    words = [node.text for node in root.findall(".//s:text", ns)]
    assert {"a < b", "dashed", "panel", "s", "m", "x", "y"} <= set(words)
    assert len(root.findall(".//s:circle", ns)) == 2
    assert root.findall(".//s:circle", ns)[0].get("cy") > root.findall(".//s:circle", ns)[1].get("cy")  # type: ignore[operator]
    assert len(root.findall(".//s:path[@stroke-dasharray]", ns)) == 2, "the line and its key"


def proof(folder: Path) -> Path:
    sky = Sky(1, 0.9, 1000, 2, (3.0, 9.0), (2, 3, 4), (2, 2, 3))
    study = ClutterStudy(
        (1,), 100.0, threshold([sky]), (1,), (threshold([sky]), threshold([replace(sky, confirm_existence=0.99)]))
    )
    (folder / "tracking-clutter.json").write_text(json.dumps({"proof": "", "commit": "", "result": asdict(study)}))
    return folder


def test_a_figure_is_drawn_from_its_proof(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (path,) = write_figures(proof(tmp_path), out)
    assert path == out / "tracking-clutter.svg"
    first = path.read_text()
    assert "0.99" in first
    assert write_figures(tmp_path, out, ("outcomes",)) == []
    assert drawn("tracking-clutter", tmp_path) == first
    assert drawn("tracking-bound", tmp_path) is None
