"""Do the tracks' covariances tell the truth? Normalised error squared of confirmed tracks, in windows of their life."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tocsin.bench.drive import holders, scene_steps, truth_by_scan
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.tracks import TrackStep
from tocsin.scenes.families import Scene, make_scene
from tocsin.score.intervals import bootstrap
from tocsin.study.campaign import Campaign, Results, cells_of, run_here

__all__ = [
    "ConsistencyStudy",
    "Errors",
    "Window",
    "anees",
    "case_of",
    "consistency",
    "consistency_campaign",
    "error_rows",
    "joined",
    "study_of",
]

RATE = ", range rate"
FIRST_SCAN, WINDOW_SCANS = 5, 10  # windows begin at the fifth scan after the one that confirmed


@dataclass(frozen=True, slots=True)
class Errors:
    """n rows, one for each (track, scan): whose it is, how old, and its error normalised by its claimed covariance."""

    owner: IntArray  # (n,) counts tracks over all scenes
    age: IntArray  # (n,) scans since the one that confirmed the track
    position: FloatArray  # (n,) e' P⁻¹ e of the position (3 degrees of freedom)
    whole: FloatArray  # (n,) of position and velocity (6)
    tracks: int
    impure: int  # tracks left out: most of their detections were of several objects, or false


@dataclass(frozen=True, slots=True)
class Window:
    """Average normalised error squared per degree of freedom over scans `first` to `last` after confirmation."""

    first: int
    last: int
    tracks: int
    rows: int
    position: float  # 1: the covariances tell the truth; above: they claim too much
    position_low: float  # 95 % bootstrap over tracks
    position_high: float
    whole: float
    whole_low: float
    whole_high: float


@dataclass(frozen=True, slots=True)
class ConsistencyStudy:
    """One family's windows."""

    scene: str
    seeds: tuple[int, ...]
    range_rate: bool
    tracks: int
    impure: int
    windows: tuple[Window, ...]


def error_rows(scene: Scene, steps: list[TrackStep]) -> Errors:
    """Errors of every listed track from its confirmation on, coasted scans and far errors included."""
    confirmed = {int(i): k for k, step in enumerate(steps) for i in step.confirmed}
    held, true = holders(scene, steps), truth_by_scan(scene)
    owner, age, parts = [], [], []
    for k, step in enumerate(steps):
        t = step.table
        who = np.array([held[int(i)] for i in t.track_id], dtype=np.int64)
        kept = np.flatnonzero((who >= 0) & np.isfinite(true[k, np.maximum(who, 0), 0]))
        error, cov = t.state[kept] - true[k, who[kept]], t.covariance[kept]
        whole = np.einsum("ni,ni->n", error, np.linalg.solve(cov, error[..., None])[..., 0])
        place = np.linalg.solve(cov[:, :3, :3], error[:, :3, None])[..., 0]
        parts.append(np.stack([np.einsum("ni,ni->n", error[:, :3], place), whole]))
        owner.append(t.track_id[kept])
        age.append(np.array([k - confirmed[int(i)] for i in t.track_id[kept]], dtype=np.int64))
    both = np.concatenate([np.zeros((2, 0)), *parts], axis=1)
    impure = sum(1 for who in held.values() if who < 0)
    return Errors(np.concatenate(owner), np.concatenate(age), both[0], both[1], len(held), impure)


def joined(parts: Iterable[Errors]) -> Errors:
    """The rows of several scenes, no track of one being taken for one of another."""
    rows = list(parts)
    return Errors(
        owner=np.concatenate([part.owner + 1_000_000 * k for k, part in enumerate(rows)]),
        age=np.concatenate([part.age for part in rows]),
        position=np.concatenate([part.position for part in rows]),
        whole=np.concatenate([part.whole for part in rows]),
        tracks=sum(part.tracks for part in rows),
        impure=sum(part.impure for part in rows),
    )


def consistency_campaign(scenes: Iterable[str], seeds: Iterable[int]) -> Campaign[Errors]:
    """Each scene with range rate and without, over seeds; a case is called as `case_of` says."""
    cases = [case_of(scene, range_rate) for scene in scenes for range_rate in (True, False)]
    return Campaign("consistency", Errors, _rows, cells_of(cases, seeds))


def case_of(scene: str, range_rate: bool) -> str:
    """The name of a case."""
    return scene + (RATE if range_rate else "")


def _rows(case: str, seed: int) -> tuple[Errors]:
    scene = make_scene(case.removesuffix(RATE), seed, range_rate=case.endswith(RATE))
    return (error_rows(scene, scene_steps(scene)),)


def consistency(scene: str, seeds: Sequence[int], *, range_rate: bool) -> ConsistencyStudy:
    """Track the scene of each seed and put the errors of all of them together."""
    cells = cells_of((case_of(scene, range_rate),), seeds)
    return study_of(run_here(replace(consistency_campaign((), ()), cells=cells)), scene, range_rate)


def study_of(results: Results[Errors], scene: str, range_rate: bool) -> ConsistencyStudy:
    """Put the seeds of one case together."""
    case = case_of(scene, range_rate)
    seeds = tuple(seed for name, seed in results.checked() if name == case)
    errors = joined(results.of(case))
    return ConsistencyStudy(scene, seeds, range_rate, errors.tracks, errors.impure, anees(errors))


def anees(errors: Errors, *, seed: int = 1) -> tuple[Window, ...]:
    """The windows that hold at least one row, each with a 95 % interval from resampling tracks."""
    last = int(errors.age.max(initial=-1))
    windows = []
    for first in range(FIRST_SCAN, last + 1, WINDOW_SCANS):
        inside = (errors.age >= first) & (errors.age < first + WINDOW_SCANS)
        owner, index = np.unique(errors.owner[inside], return_inverse=True)
        if not len(owner):
            continue
        sums = np.zeros((len(owner), 3))
        np.add.at(sums, index, np.stack([errors.position / 3.0, errors.whole / 6.0, np.ones(len(inside))], 1)[inside])
        rng = np.random.default_rng([seed, first])
        position = bootstrap(sums, lambda s: float(s[:, 0].sum() / s[:, 2].sum()), rng)
        whole = bootstrap(sums, lambda s: float(s[:, 1].sum() / s[:, 2].sum()), rng)
        mean = sums.sum(axis=0)
        windows.append(
            Window(
                first,
                min(first + WINDOW_SCANS - 1, last),
                len(owner),
                int(mean[2]),
                float(mean[0] / mean[2]),
                *position,
                float(mean[1] / mean[2]),
                *whole,
            )
        )
    return tuple(windows)
