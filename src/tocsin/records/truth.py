"""What truly happened, and what was reported about it: the judge's input. Seen by `world`, `score` and `study` only."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.outcomes import OUTCOMES

__all__ = ["TRUE_OUTCOMES", "EstimateTable", "ForecastRows", "TruthEnd", "TruthTable"]

TRUE_OUTCOMES = OUTCOMES[:3]
"""What can truly become of an object: nothing is undecided in truth."""


@dataclass(frozen=True, slots=True)
class TruthTable:
    """n true states of N objects (the rows of truth.csv), in any order."""

    t_s: FloatArray  # (n,)
    object_index: IntArray  # (n,) into object_id and kind
    state: FloatArray  # (n, 6) east, north, up (m), then their rates (m/s), site frame
    object_id: tuple[str, ...]  # (N,) in order of first appearance
    kind: tuple[str, ...]  # (N,) of identities.CLASSES, or another name, or ""


@dataclass(frozen=True, slots=True)
class EstimateTable:
    """n reported states of K tracks (the rows of tracks.csv), in any order."""

    t_s: FloatArray  # (n,)
    track_index: IntArray  # (n,) into track_id
    state: FloatArray  # (n, 6) as in TruthTable
    variance_m2: FloatArray  # (n, 3) claimed position variances, NaN: not given
    track_id: tuple[str, ...]  # (K,) in order of first appearance


@dataclass(frozen=True, slots=True)
class TruthEnd:
    """The life of one object: when it was there, whether it meant harm, and how it ended."""

    object_id: str
    kind: str
    hostile: bool
    start_t_s: float
    end_t_s: float
    outcome: str  # of TRUE_OUTCOMES
    position_m: tuple[float, float, float]  # where it ended, site frame


@dataclass(frozen=True, slots=True)
class ForecastRows:
    """n impact forecasts (the rows of impacts.csv), in any order."""

    t_s: FloatArray  # (n,) of the detection that it was made after
    track_index: IntArray  # (n,) into EstimateTable.track_id
    impact_t_s: FloatArray  # (n,)
    position_m: FloatArray  # (n, 2) east, north, site frame
    covariance: FloatArray  # (n, 2, 2) m²
