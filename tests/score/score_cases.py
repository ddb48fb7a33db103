"""Small truths and tracks for the judge, as lists of (t, name, position[, velocity])."""

from __future__ import annotations

import numpy as np

from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score import ScoreResult, score

Vector = tuple[float, float, float]
Point = tuple[float, str, Vector] | tuple[float, str, Vector, Vector]
STILL: Vector = (0.0, 0.0, 0.0)


def _columns(points: list[Point]) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    names = tuple(dict.fromkeys(point[1] for point in points))
    t_s = np.array([point[0] for point in points], dtype=float)
    index = np.array([names.index(point[1]) for point in points], dtype=np.int64)
    state = np.array([[*point[2], *(point[3] if len(point) > 3 else STILL)] for point in points], dtype=float)
    return t_s, index, state.reshape(-1, 6), names


def truth_of(points: list[Point], kinds: dict[str, str] | None = None) -> TruthTable:
    t_s, index, state, names = _columns(points)
    return TruthTable(t_s, index, state, names, tuple((kinds or {}).get(name, "rocket") for name in names))


def tracks_of(points: list[Point], variance_m2: Vector = (np.nan, np.nan, np.nan)) -> EstimateTable:
    t_s, index, state, names = _columns(points)
    return EstimateTable(t_s, index, state, np.tile(np.array(variance_m2, dtype=float), (len(t_s), 1)), names)


def judge(truth: list[Point], tracks: list[Point], cutoff_m: float = 100.0, **how: object) -> ScoreResult:
    return score(truth_of(truth), tracks_of(tracks), cutoff_m, **how)  # type: ignore[arg-type]


def flight(times: list[float], name: str, start: Vector, velocity: Vector) -> list[Point]:
    """A straight flight that is at `start` at t = 0."""
    v = np.array(velocity)
    return [(t, name, tuple((np.array(start) + t * v).tolist()), velocity) for t in times]
