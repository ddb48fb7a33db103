"""Tocsin's tracker beside the peers that are installed: the same detections, scan by scan in turn, and one judge.

CPU seconds are those of the calls that advance a tracker; what is built before a scan, imports and compilation are not
counted. Trackers take turns at each scan, so that whatever else the machine does falls on all of them alike.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.bench.drive import estimate_table
from tocsin.bench.oracle import oracle
from tocsin.bench.peers import Peer
from tocsin.bench.peers.process import PeerProcess
from tocsin.bench.peers.scenes import PeerScene, save_scene
from tocsin.records.arrays import FloatArray
from tocsin.records.truth import EstimateTable
from tocsin.scenes.families import Scene
from tocsin.score.tracking import ScoreResult, score
from tocsin.session import Clock, Session
from tocsin.warmup import warm_up

__all__ = ["Absent", "Figures", "bench_scene", "kind_of"]


@dataclass(frozen=True, slots=True)
class Figures:
    """One tracker on one scene. CPU figures are None for the oracle, which is none."""

    scene: str
    seed: int
    tracker: str
    version: str
    detections: int  # of the scans that it took
    scans: int
    problem: str  # why it stopped before the end; "": it did not
    cpu_s: float | None  # of tracking; ours: sense, track and identify
    advance_cpu_s: float | None  # ours: all stages
    detections_per_cpu_s: float | None
    worst_scan_s: float | None  # wall
    gospa_norm_m: float  # GOSPA / √targets, mean over scans
    completeness: float
    false_tracks: int
    switches_per_truth: float
    pos_rmse_m: float | None
    vel_rmse_mps: float | None


@dataclass(frozen=True, slots=True)
class Absent:
    """A peer that was asked for and cannot run."""

    tracker: str
    problem: str


def kind_of(name: str) -> str:
    """Which settings of the peers suit a scene, by its name."""
    family = name.split("-")[0]
    return family if family in ("ballistic", "mixed") else "drones"


class _Ours(Clock):
    """The pipeline, timed as `tocsin track` times it."""

    def __init__(self, scene: Scene) -> None:
        warm_up(scene.plan)
        self.scene, self._session = scene, Session(scene.plan, clock=self)
        self.track_s = self.advance_s = self.worst_s = 0.0
        self.rows: list[tuple[FloatArray, FloatArray]] = []
        self._since = self._wall = 0.0

    def begin(self) -> None:
        """Just before `advance`."""
        self._wall, self._since = time.perf_counter(), time.process_time()

    def mark(self, stage: str) -> None:
        """After a stage."""
        if stage == "identify":
            self.track_s += time.process_time() - self._since

    def end(self) -> None:
        """Just after `advance`."""
        self.advance_s += time.process_time() - self._since
        self.worst_s = max(self.worst_s, time.perf_counter() - self._wall)

    def step(self, k: int) -> None:
        """Take scan k."""
        _, events = self._session.take(self.scene.batches[k])
        table = events.tracks.table
        head = np.stack([np.full(len(table.track_id), table.t_s), table.track_id.astype(np.float64)], axis=1)
        self.rows.append((np.concatenate([head, table.state], axis=1), np.diagonal(table.covariance, 0, 1, 2)[:, :3]))


def bench_scene(
    scene: Scene,
    peers: Sequence[tuple[Peer, str]],
    *,
    limit_s: float = 900.0,
    told: Callable[[str], None] = lambda _: None,
) -> tuple[list[Figures], list[Absent]]:
    """Run ours and each (peer, interpreter) over a scene, and judge them; the oracle too where origins are known."""
    figures, absent, running = [], [], []
    ours = _Ours(scene)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        save_scene(folder / "scene.npz", _for_peers(scene))
        for peer, python in peers:
            process = PeerProcess(peer, python, folder, limit_s)
            if process.start():
                stack.callback(process.close)
                running.append(process)
            else:
                absent.append(Absent(peer.name, process.problem))
        gc.collect()
        for k in range(len(scene.batches)):
            ours.step(k)
            for process in running:
                process.step()
            told(f"{scene.name}, seed {scene.seed}: scan {k + 1} of {len(scene.batches)}")
        figures.append(_our_figures(scene, ours))
        figures += [_peer_figures(scene, process) for process in running]
    if any(len(origin) for origin in scene.origin):
        result = _judged(scene, oracle(scene, kind_of(scene.name)), len(scene.batches))
        figures.append(_figures(scene, "oracle", "", len(scene.batches), "", result))
    return figures, absent


def _for_peers(scene: Scene) -> PeerScene:
    tables = [batch.detections for batch in scene.batches]
    return PeerScene(
        kind=kind_of(scene.name),
        t_s=np.array([batch.t_s for batch in scene.batches]),
        start=np.concatenate([[0], np.cumsum([len(t.row) for t in tables])]).astype(np.int64),
        polar=np.concatenate([np.stack([t.range_m, t.azimuth_rad, t.elevation_rad], axis=1) for t in tables]),
        sigma=np.concatenate(
            [np.stack([t.sigma_range_m, t.sigma_azimuth_rad, t.sigma_elevation_rad], axis=1) for t in tables]
        ),
    )


def _table(rows: FloatArray, variance_m2: FloatArray | None = None) -> EstimateTable:
    """Of rows (n, 8): time, number of the track, state."""
    return estimate_table(rows[:, 0], rows[:, 1].astype(np.int64), rows[:, 2:], variance_m2)


def _judged(scene: Scene, estimates: EstimateTable, scans: int) -> ScoreResult:
    times = np.array([batch.t_s for batch in scene.batches])
    last = float(times[scans - 1]) if scans < len(times) else None
    return score(scene.truth, estimates, scene.cutoff_m, scan_times_s=times, t_max_s=last)


def _our_figures(scene: Scene, ours: _Ours) -> Figures:
    rows, variance = (np.concatenate([part[i] for part in ours.rows]) for i in (0, 1))
    scans = len(scene.batches)
    result = _judged(scene, _table(rows, variance), scans)
    return _figures(scene, "tocsin", "", scans, "", result, ours.track_s, ours.advance_s, ours.worst_s)


def _peer_figures(scene: Scene, process: PeerProcess) -> Figures:
    rows, scans = process.tracks(), len(process.cpu_s)
    result = _judged(scene, _table(rows), max(scans, 1))
    cpu, worst = sum(process.cpu_s), max(process.wall_s, default=None)
    return _figures(scene, process.peer.name, process.version, scans, process.problem, result, cpu, None, worst)


def _figures(
    scene: Scene,
    tracker: str,
    version: str,
    scans: int,
    problem: str,
    result: ScoreResult,
    cpu_s: float | None = None,
    advance_cpu_s: float | None = None,
    worst_s: float | None = None,
) -> Figures:
    taken = sum(len(batch.detections.row) for batch in scene.batches[:scans])
    return Figures(
        scene=scene.name,
        seed=scene.seed,
        tracker=tracker,
        version=version,
        detections=taken,
        scans=scans,
        problem=problem,
        cpu_s=cpu_s,
        advance_cpu_s=advance_cpu_s,
        detections_per_cpu_s=taken / cpu_s if cpu_s else None,
        worst_scan_s=worst_s,
        gospa_norm_m=result.sets.gospa_norm_m,
        completeness=result.upkeep.completeness,
        false_tracks=result.upkeep.false_tracks,
        switches_per_truth=result.upkeep.switches_per_truth,
        pos_rmse_m=result.upkeep.pos_rmse_m,
        vel_rmse_mps=result.upkeep.vel_rmse_mps,
    )
