"""The associators beside one another in the whole tracker: accuracy, switches, CPU.

    python bench/associators_run.py [--scenes uas-200 mixed ballistic-200 crossing formation] [--seeds 5] [--range-rate]

Scenes are those of `tocsin.study.families`, and two families of this program's own: `crossing`, 60 pairs of drones that
pass within 30 m of each other at 3 to 25 degrees, and `formation`, 30 groups of four that fly 40 to 80 m apart. Each
associator of `tocsin.track.associators` takes the same scans, one after another on each scene. G is GOSPA over
the root of the number of targets (m), switches are counted over all truths; both are medians over the seeds, with the
least and the greatest. CPU is that of the association alone, in ms a scan, and of the track stage, in s a run.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from tocsin import sense, track
from tocsin.records.arrays import FloatArray
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score import score
from tocsin.study.families import UAS_VOLUME, Scene, make_scene, one_radar, radar_batches, scan_times
from tocsin.track.associators import ASSOCIATORS, Associator

OWN = ("crossing", "formation")
NEAR_M, WIDE_M = 4e3, 15e3


def crossing(rng: np.random.Generator, t_s: FloatArray) -> FloatArray:
    """States (K, 120, 6) of 60 pairs whose lines pass within 30 m of each other half way."""
    n, mid = 60, 0.5 * t_s[-1]
    r, bearing = rng.uniform(NEAR_M, WIDE_M, n), rng.uniform(0, 2 * np.pi, n)
    place = np.stack([r * np.sin(bearing), r * np.cos(bearing), rng.uniform(100, 500, n)], axis=1)
    course, angle = rng.uniform(0, 2 * np.pi, n), np.deg2rad(rng.uniform(3, 25, n)) * rng.choice([-1, 1], n)
    states = []
    for turn in (np.zeros(n), angle):
        speed, off = rng.uniform(25, 50, n), np.c_[rng.uniform(-15, 15, (n, 2)), rng.uniform(-8, 8, n)]
        velocity = np.stack([speed * np.sin(course + turn), speed * np.cos(course + turn), np.zeros(n)], axis=1)
        moved = (place + off) + (t_s - mid)[:, None, None] * velocity
        states.append(np.concatenate([moved, np.broadcast_to(velocity, moved.shape)], axis=2))
    return np.concatenate(states, axis=1)


def formation(rng: np.random.Generator, t_s: FloatArray) -> FloatArray:
    """States (K, 120, 6) of 30 groups of four abreast."""
    n = 30
    r, bearing = rng.uniform(NEAR_M, WIDE_M, n), rng.uniform(0, 2 * np.pi, n)
    place = np.stack([r * np.sin(bearing), r * np.cos(bearing), rng.uniform(100, 500, n)], axis=1)
    course, speed, gap = rng.uniform(0, 2 * np.pi, n), rng.uniform(25, 50, n), rng.uniform(40, 80, n)
    velocity = np.stack([speed * np.sin(course), speed * np.cos(course), np.zeros(n)], axis=1)
    abreast = np.stack([np.cos(course), -np.sin(course), np.zeros(n)], axis=1)
    states = []
    for k in range(4):
        moved = place + (k * gap)[:, None] * abreast + (t_s - 0.5 * t_s[-1])[:, None, None] * velocity
        states.append(np.concatenate([moved, np.broadcast_to(velocity, moved.shape)], axis=2))
    return np.concatenate(states, axis=1)


def scene_of(name: str, seed: int, range_rate: bool) -> Scene:
    """A scene of either kind."""
    if name not in OWN:
        return make_scene(name, seed, range_rate=range_rate)
    rng, radar = np.random.default_rng([seed, OWN.index(name)]), replace(UAS_VOLUME, clutter_per_scan=44.0)
    t_s = scan_times(radar, radar.scans)
    state = (crossing if name == "crossing" else formation)(rng, t_s)
    there = np.ones(state.shape[:2], np.bool_)
    batches, origin = zip(*radar_batches(rng, radar, t_s, state, there, range_rate=range_rate), strict=True)
    scan, who = np.nonzero(there)
    names = tuple(str(i) for i in range(state.shape[1]))
    truth = TruthTable(t_s[scan], who, state[scan, who], names, ("multirotor",) * len(names))
    return Scene(name, seed, radar, one_radar(), batches, 100.0, truth, origin)


class Watched:
    """An associator that counts its CPU seconds."""

    def __init__(self, inner: Associator) -> None:
        self.inner, self.spent_s = inner.marginals, 0.0

    def __call__(self, *arrays: np.ndarray) -> int:
        """The marginals."""
        begin = time.process_time()
        result = self.inner(*arrays)
        self.spent_s += time.process_time() - begin
        return result


def run(scene: Scene, name: str) -> tuple[float, int, int, float, float]:
    """G, switches, false tracks, CPU ms of association a scan, CPU s of the track stage."""
    sensing, tracking = sense.start(scene.plan), track.start(scene.plan)
    watched, kept = Watched(ASSOCIATORS[name]), ASSOCIATORS[name]
    ASSOCIATORS["watched"] = replace(kept, marginals=watched)
    tracking.rules = replace(tracking.rules, associator="watched")
    t, number, state, spent = [], [], [], 0.0
    for batch in scene.batches:
        sensing, scan, _ = sense.advance(scene.plan, sensing, batch)
        begin = time.process_time()
        tracking, step = track.advance(scene.plan, tracking, scan)
        spent += time.process_time() - begin
        t.append(np.full(len(step.table.track_id), batch.t_s))
        number.append(step.table.track_id)
        state.append(step.table.state)
    del ASSOCIATORS["watched"]
    ids, index = np.unique(np.concatenate(number), return_inverse=True)
    rows = np.concatenate(state)
    found = EstimateTable(
        np.concatenate(t), index, rows, np.full((len(rows), 3), np.nan), tuple(str(i) for i in ids.tolist())
    )
    times = np.array([batch.t_s for batch in scene.batches])
    s = score(scene.truth, found, scene.cutoff_m, scan_times_s=times)
    each = 1e3 * watched.spent_s / len(scene.batches)
    return s.sets.gospa_norm_m, s.upkeep.switches, s.upkeep.false_tracks, each, spent


def spread(values: FloatArray, digits: int) -> str:
    """Median, least and greatest."""
    return f"{np.median(values):.{digits}f} ({values.min():.{digits}f}-{values.max():.{digits}f})"


def main() -> None:
    """Run and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--scenes", nargs="+", default=["uas-200", "mixed", "ballistic-200", *OWN])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--range-rate", action="store_true")
    given = parser.parse_args()
    names = sorted(ASSOCIATORS)
    for name in names:
        run(scene_of("uas-10", 0, given.range_rate), name)
    print("| scene | associator | G | switches | false tracks | association, ms a scan | track stage, s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for scene_name in given.scenes:
        figures: dict[str, list[tuple[float, int, int, float, float]]] = {name: [] for name in names}
        for seed in range(1, given.seeds + 1):
            scene = scene_of(scene_name, seed, given.range_rate)
            for name in names:
                figures[name].append(run(scene, name))
        for name in names:
            f = np.array(figures[name])
            cells = [spread(f[:, 0], 1), spread(f[:, 1], 0), spread(f[:, 2], 0)]
            cells += [f"{np.median(f[:, 3]):.3f}", f"{np.median(f[:, 4]):.2f}"]
            print(f"| {scene_name} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
