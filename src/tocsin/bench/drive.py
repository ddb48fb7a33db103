"""The stages sense and track alone over a scene, and whose each track is: what every measurement of tracks shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tocsin import sense, track
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import Batch
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackStep
from tocsin.records.truth import EstimateTable
from tocsin.scenes.families import Scene

__all__ = ["estimate_table", "holders", "scene_steps", "track_steps", "truth_by_scan"]

PURITY = 0.5  # a track is its most frequent object's; one that took fewer than half of its detections there is nobody's


def track_steps(plan: Plan, batches: Iterable[Batch]) -> Iterator[TrackStep]:
    """What the stages sense and track make of batches, one step for each."""
    sensing, tracking = sense.start(plan), track.start(plan)
    for batch in batches:
        sensing, scan, _ = sense.advance(plan, sensing, batch)
        tracking, step = track.advance(plan, tracking, scan)
        yield step


def scene_steps(scene: Scene) -> list[TrackStep]:
    """What they make of a whole scene."""
    return list(track_steps(scene.plan, scene.batches))


def estimate_table(
    t_s: FloatArray, number: IntArray, state: FloatArray, variance_m2: FloatArray | None = None
) -> EstimateTable:
    """Rows for the judge: times (n,), numbers of tracks (n,), states (n, 6), variances of place (n, 3) where known."""
    names, index = np.unique(number, return_inverse=True)
    unknown = np.full((len(t_s), 3), np.nan) if variance_m2 is None else variance_m2
    return EstimateTable(t_s, index.astype(np.int64), state, unknown, tuple(str(i) for i in names.tolist()))


def holders(scene: Scene, steps: list[TrackStep]) -> dict[int, int]:
    """For each confirmed track the object that gave most of its detections; -1: none gave half."""
    votes: dict[int, list[int]] = {int(i): [] for step in steps for i in step.confirmed}
    for step, origin in zip(steps, scene.origin, strict=True):
        hit = step.table.row >= 0
        for i, row in zip(step.table.track_id[hit].tolist(), step.table.row[hit].tolist(), strict=True):
            votes[i].append(int(origin[row]))
    return {i: _holder(taken) for i, taken in votes.items()}


def _holder(votes: list[int]) -> int:
    """The object that gave most of a track's detections; -1: none gave half."""
    who, count = np.unique(np.array([-1, *votes]), return_counts=True)
    best = int(np.argmax(count))
    return int(who[best]) if count[best] > PURITY * len(votes) else -1


def truth_by_scan(scene: Scene) -> FloatArray:
    """States (K, N, 6) at the time of each batch; NaN where an object is not there."""
    t_s = np.array([batch.t_s for batch in scene.batches])
    true = np.full((len(t_s), len(scene.truth.object_id), 6), np.nan)
    true[np.searchsorted(t_s, scene.truth.t_s), scene.truth.object_index] = scene.truth.state
    return true
