"""The associators beside one another in the whole tracker: accuracy, switches, CPU.

    python -m tools.associators [--scenes uas-200 mixed ballistic-200 crossing formation] [--seeds 5] [--range-rate]

Scenes are those of `tocsin.scenes.families` and `tocsin.scenes.close`. Each associator of `tocsin.track.associators`
takes the same scans, one after another on each scene. G is GOSPA over the root of the number of targets (m), switches
are counted over all truths; both are medians over the seeds, with the least and the greatest. CPU is that of the
association alone, in ms a scan, and of the track stage, in s a run.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from tocsin import sense, track
from tocsin.bench.drive import estimate_table
from tocsin.records.arrays import FloatArray
from tocsin.scenes.close import CLOSE, close_scene
from tocsin.scenes.families import Scene
from tocsin.score import score
from tocsin.track.associators import ASSOCIATORS, Associator


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
    found = estimate_table(np.concatenate(t), np.concatenate(number), np.concatenate(state))
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
    parser.add_argument("--scenes", nargs="+", default=["uas-200", "mixed", "ballistic-200", *CLOSE])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--range-rate", action="store_true")
    given = parser.parse_args()
    names = sorted(ASSOCIATORS)
    for name in names:
        run(close_scene("uas-10", 0, range_rate=given.range_rate), name)
    print("| scene | associator | G | switches | false tracks | association, ms a scan | track stage, s |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for scene_name in given.scenes:
        figures: dict[str, list[tuple[float, int, int, float, float]]] = {name: [] for name in names}
        for seed in range(1, given.seeds + 1):
            scene = close_scene(scene_name, seed, range_rate=given.range_rate)
            for name in names:
                figures[name].append(run(scene, name))
        for name in names:
            f = np.array(figures[name])
            cells = [spread(f[:, 0], 1), spread(f[:, 1], 0), spread(f[:, 2], 0)]
            cells += [f"{np.median(f[:, 3]):.3f}", f"{np.median(f[:, 4]):.2f}"]
            print(f"| {scene_name} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
