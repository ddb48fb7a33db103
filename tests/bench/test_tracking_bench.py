"""The bench: peers as processes that may be missing, slow or broken, the oracle, scene folders, and the table."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from tocsin import frames
from tocsin.bench.oracle import oracle, transition
from tocsin.bench.peers import PEERS, Peer
from tocsin.bench.peers.scenes import SETTINGS, cartesian
from tocsin.bench.summary import summarise
from tocsin.bench.tracking import Figures, bench_scene
from tocsin.cli import main
from tocsin.cli.bench_tracking import interpreters, scene_name, table
from tocsin.errors import BadInput
from tocsin.scenes.families import Scene, make_scene
from tocsin.scenes.folders import read_scene
from tocsin.score.tracking import score

FAKE = Peer("fake", "", "fake_peer", "")


@pytest.fixture(scope="module")
def scene() -> Scene:
    whole = make_scene("uas-12", 4)
    last = whole.batches[11].t_s
    rows = whole.truth.t_s <= last
    truth = replace(
        whole.truth,
        t_s=whole.truth.t_s[rows],
        object_index=whole.truth.object_index[rows],
        state=whole.truth.state[rows],
    )
    return replace(whole, batches=whole.batches[:12], origin=whole.origin[:12], truth=truth)


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


def named(figures: list[Figures]) -> dict[str, Figures]:
    return {f.tracker: f for f in figures}


def near_share(scene: Scene) -> float:
    """Share of the truth that has a detection of its own within the cut-off."""
    true = {
        (float(t), int(i)): x
        for t, i, x in zip(scene.truth.t_s, scene.truth.object_index, scene.truth.state, strict=True)
    }
    near = 0
    for batch, origin in zip(scene.batches, scene.origin, strict=True):
        d, hit = batch.detections, np.flatnonzero(origin >= 0)
        place = frames.aer2enu(np.stack([d.azimuth_rad, d.elevation_rad, d.range_m], axis=1)[hit])
        state = np.array([true[batch.t_s, int(i)] for i in origin[hit]])
        near += int(np.count_nonzero(np.linalg.norm(place - state[:, :3], axis=1) < scene.cutoff_m))
    return near / len(scene.truth.t_s)


def test_a_peer_is_run_and_judged_by_its_own_tracks(scene: Scene) -> None:
    figures, absent = bench_scene(scene, [(FAKE, sys.executable)])
    assert absent == []
    assert list(named(figures)) == ["tocsin", "fake", "oracle"]
    ours, fake, bound = figures
    assert ours.detections == fake.detections == scene.detections
    assert ours.cpu_s is not None
    assert ours.advance_cpu_s is not None
    assert 0 < ours.cpu_s <= ours.advance_cpu_s
    assert fake.detections_per_cpu_s == pytest.approx(scene.detections / (fake.cpu_s or np.nan))
    assert fake.completeness == pytest.approx(near_share(scene), abs=0.02), "what is detected near enough is reported"
    assert fake.switches_per_truth > 5, "each scan has tracks of its own"
    assert bound.cpu_s is None
    assert (bound.false_tracks, bound.switches_per_truth) == (0, 0.0)
    assert bound.completeness > fake.completeness


@pytest.mark.parametrize(("way", "problem"), [("dies", "RuntimeError: no more"), ("exits", "died")])
def test_a_peer_that_breaks_is_judged_by_the_scans_it_took(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, way: str, problem: str
) -> None:
    monkeypatch.setenv("FAKE_PEER", way)
    fake = named(bench_scene(scene, [(FAKE, sys.executable)])[0])["fake"]
    assert (fake.scans, fake.problem) == (3, f"{problem}, after 3 scans")
    assert fake.detections == sum(len(batch.detections.row) for batch in scene.batches[:3])
    assert (fake.completeness > 0.5) == (way == "dies"), "one that vanished has left no tracks"


def test_a_slow_peer_is_stopped(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_PEER", "slow")
    fake = named(bench_scene(scene, [(FAKE, sys.executable)], limit_s=0.3)[0])["fake"]
    assert (fake.scans, fake.problem) == (3, "stopped at 0.3 s of CPU after 3 scans")


def test_a_missing_peer_is_named(scene: Scene) -> None:
    missing = Peer("ghost", "ghost", "tocsin.bench.peers.ghost_runner", "")
    figures, absent = bench_scene(scene, [(missing, sys.executable)])
    assert [f.tracker for f in figures] == ["tocsin", "oracle"]
    (item,) = absent
    assert item.tracker == "ghost"
    assert "not installed" in item.problem
    assert "ghost_runner" in item.problem


def test_oracle_is_a_kalman_filter() -> None:
    """One target in straight flight: the last covariance-weighted estimate must agree with batch least squares."""
    straight = make_scene("straight-1", 3)
    still = replace(SETTINGS["drones"], noise=0.0, sigma_velocity_mps=(1e4, 1e4))
    SETTINGS["still"] = still
    try:
        last = oracle(straight, "still")
    finally:
        del SETTINGS["still"]
    t, z, w = [], [], []
    for batch, origin in zip(straight.batches, straight.origin, strict=True):
        d = batch.detections
        for j in np.flatnonzero(origin == 0):
            polar = np.array([[d.range_m[j], d.azimuth_rad[j], d.elevation_rad[j]]])
            sigma = np.array([[d.sigma_range_m[j], d.sigma_azimuth_rad[j], d.sigma_elevation_rad[j]]])
            place, cov = cartesian(polar, sigma)
            t.append(batch.t_s)
            z.append(place[0])
            w.append(np.linalg.inv(cov[0]))
    design = [np.hstack([np.eye(3), (s - t[-1]) * np.eye(3)]) for s in t]
    normal = sum(h.T @ m @ h for h, m in zip(design, w, strict=True))
    right = sum(h.T @ m @ v for h, m, v in zip(design, w, z, strict=True))
    assert last.state[-1] == pytest.approx(np.linalg.solve(normal, right), rel=1e-3, abs=0.05)
    assert last.t_s[-1] == t[-1]


@pytest.mark.parametrize("kind", ["drones", "ballistic"])
def test_transition_composes(kind: str) -> None:
    f1, q1 = transition(SETTINGS[kind], 0.4)
    f2, q2 = transition(SETTINGS[kind], 0.6)
    f, q = transition(SETTINGS[kind], 1.0)
    assert f2 @ f1 == pytest.approx(f)
    assert f2 @ q1 @ f2.T + q2 == pytest.approx(q)


def test_cartesian_covariance_against_sampling() -> None:
    polar, sigma = np.array([[8000.0, 2.0, 0.3]]), np.array([[10.0, 0.003, 0.002]])
    place, cov = cartesian(polar, sigma)
    draw = np.random.default_rng(1).normal(polar, sigma, (200_000, 3))
    there = frames.aer2enu(draw[:, [1, 2, 0]])
    assert place[0] == pytest.approx(frames.aer2enu(polar[:, [1, 2, 0]])[0])
    assert cov[0] == pytest.approx(np.cov(there.T), rel=0.02, abs=2.0)


def written(scene: Scene, folder: Path) -> Path:
    """The scene as a folder of files."""
    rows = ["t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"]
    rows[0] += ",range_rate_mps,sigma_range_rate_mps"
    labels = ["row,truth_id"]
    for batch, origin in zip(scene.batches, scene.origin, strict=True):
        d = batch.detections
        for j in range(len(d.row)):
            angles = np.rad2deg([d.azimuth_rad[j], d.elevation_rad[j], d.sigma_azimuth_rad[j]])
            rows.append(
                f"{batch.t_s},radar-1,{d.range_m[j]!r},{angles[0]!r},{angles[1]!r},10,{angles[2]!r},{angles[2]!r},"
                f"{d.range_rate_mps[j]!r},1".replace("np.float64(", "").replace(")", "")
            )
            labels.append(f"{len(labels) - 1},{origin[j]}")
    truth = ["t,id,x,y,z,vx,vy,vz,kind"]
    for t, i, x in zip(scene.truth.t_s, scene.truth.object_index, scene.truth.state, strict=True):
        truth.append(f"{t},{i}," + ",".join(repr(float(v)) for v in x) + ",multirotor")
    for name, lines in (("detections", rows), ("labels", labels), ("truth", truth)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (folder / "sensors.csv").write_text("sensor_id,lat,lon,alt_m\nradar-1,33.7856,42.4412,188.0\n")
    (folder / "scenario.json").write_text(json.dumps({"name": scene.name, "gospa_c_m": scene.cutoff_m}))
    return folder


def test_a_folder_is_the_scene_that_was_written(scene: Scene, tmp_path: Path) -> None:
    read = read_scene(written(scene, tmp_path))
    assert (read.name, read.cutoff_m, read.detections) == (scene.name, scene.cutoff_m, scene.detections)
    for a, b, mine, theirs in zip(read.batches, scene.batches, read.origin, scene.origin, strict=True):
        assert mine.tolist() == theirs.tolist()
        assert a.detections.azimuth_rad == pytest.approx(b.detections.azimuth_rad, abs=1e-12)
    first, again = (bench_scene(s, [])[0] for s in (scene, read))
    assert first[0].gospa_norm_m == pytest.approx(again[0].gospa_norm_m, rel=1e-6)
    assert first[1].gospa_norm_m == pytest.approx(again[1].gospa_norm_m, rel=1e-6)
    (tmp_path / "labels.csv").unlink()
    assert [f.tracker for f in bench_scene(read_scene(tmp_path), [])[0]] == ["tocsin"]
    silent = read_scene(tmp_path, range_rate=False)
    assert all(np.isnan(batch.detections.range_rate_mps).all() for batch in silent.batches)


def test_oracle_score_is_near_what_its_covariance_says() -> None:
    straight = make_scene("straight-40", 2)
    result = score(straight.truth, oracle(straight, "drones"), 100.0)
    assert result.upkeep.completeness > 0.9
    assert result.upkeep.switches == 0


def test_summary_and_table(scene: Scene) -> None:
    figures, _ = bench_scene(scene, [])
    ours = figures[0]
    peer = replace(ours, tracker="other", version="1", cpu_s=10 * (ours.cpu_s or 1), advance_cpu_s=None)
    peer = replace(peer, detections_per_cpu_s=(ours.detections_per_cpu_s or 1) / 10, gospa_norm_m=2 * ours.gospa_norm_m)
    both = [
        ours,
        peer,
        replace(ours, seed=5, gospa_norm_m=3 * ours.gospa_norm_m),
        replace(peer, seed=5, problem="died"),
    ]
    found = summarise(both, [], seconds=12.0, range_rate=True)
    first, second = found.trackers
    assert (first.tracker, first.runs, first.finished) == ("tocsin", 2, 2)
    assert (second.finished, second.problems) == (1, ("died",))
    assert second.speed_ratio is not None
    assert second.speed_ratio.median == pytest.approx(10.0)
    assert (second.gospa_ratio.low, second.gospa_ratio.high) == (pytest.approx(0.5), pytest.approx(1.5))
    text = "\n".join(table(found))
    assert "other 1" in text
    assert "10 ×" in text
    assert "other died" in text
    assert json.loads(json.dumps(asdict(found)))["trackers"][1]["finished"] == 1


def test_names_of_scenes_and_peers() -> None:
    assert scene_name("uas", None) == "uas-200"
    assert scene_name("uas-clutter60", 50) == "uas-50-clutter60"
    assert scene_name("mixed", None) == "mixed"
    with pytest.raises(BadInput, match="mixed"):
        scene_name("mixed", 30)
    assert [peer.name for peer, _ in interpreters((), ())] == [peer.name for peer in PEERS]
    assert interpreters(("none",), ()) == []
    assert interpreters(("norfair",), (f"norfair={sys.executable}",))[0][1] == sys.executable
    for peers, python in ((("sort",), ()), ((), ("norfair=/no/such",)), ((), ("sort=x",))):
        with pytest.raises(BadInput):
            interpreters(peers, python)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["bench", "tracking", "--family", "uas", "--targets", "8", "--seeds", "1", "--peers", "none", "--json"])
    (summary,) = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (summary["scene"], summary["seeds"], summary["range_rate"]) == ("uas-8", [1], True)
    assert [t["tracker"] for t in summary["trackers"]] == ["tocsin", "oracle"]
    assert main(["bench", "tracking", "--family", "ufo"]) == 2
    assert "no such family" in capsys.readouterr().err
