"""Tracks: the table of one scan, what changed, and the settings of the tracker."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray, IntArray

__all__ = ["END_RULES", "MODELS", "TrackEnd", "TrackSettings", "TrackStep", "TrackTable"]

MODELS = ("constant_velocity", "coordinated_turn", "ballistic", "hover", "thrust")

END_RULES = ("ground", "missed", "merged", "out_of_coverage")
"""Why a track ended: a ballistic one reached the ground; existence fell below the deletion threshold without
detections; it became a duplicate of `merged_into`; it left what any sensor covers."""


@dataclass(frozen=True, slots=True)
class TrackTable:
    """The T confirmed tracks after one scan or tick, coasted ones included, in order of track_id.

    A confirmed track whose existence has fallen below `TrackSettings.report_existence` is held but not listed; it
    is listed again if it is detected, and otherwise ends with a TrackEnd. For a late scan the table is that of the
    newest time, with `row` -1 throughout; `TrackStep.late` is that of the late scan's own time.
    """

    t_s: float
    track_id: IntArray  # (T,) from 1, never used twice
    state: FloatArray  # (T, 6) east, north, up (m), then their rates (m/s), mixture mean
    covariance: FloatArray  # (T, 6, 6) mixture covariance
    model_probability: FloatArray  # (T, M) over MODELS
    existence: FloatArray  # (T,) probability
    born_t_s: FloatArray  # (T,) time of the track's first detection
    updated_t_s: FloatArray  # (T,) time of the last scan in which it was probably detected
    detections: IntArray  # (T,) detections assigned so far
    row: IntArray  # (T,) index into the scan's detections of the most probable one, -1: none in this scan
    row_probability: FloatArray  # (T,) association probability of that one
    rcs_dbsm: FloatArray  # (T,) of that detection, NaN: none or not measured


@dataclass(frozen=True, slots=True)
class TrackEnd:
    """A confirmed track ended, by which rule, and where it was last believed to be."""

    t_s: float
    track_id: int
    rule: str  # of END_RULES
    merged_into: int  # track_id, or 0
    state: FloatArray  # (6,)
    covariance: FloatArray  # (6, 6)
    updated_t_s: float  # last detection


@dataclass(frozen=True, slots=True)
class TrackStep:
    """What the track stage gives for one scan or tick."""

    table: TrackTable
    confirmed: IntArray  # (k,) ids confirmed at this scan
    ended: tuple[TrackEnd, ...]
    tentative: int  # unconfirmed tracks that are held
    late: TrackTable | None = None  # at an earlier time: a late scan's own, or the last one before pieces of scans came


@dataclass(frozen=True, slots=True)
class TrackSettings:
    """Rules of the tracker. Each default is argued where the stage uses it."""

    confirm_existence: float = 0.998
    confirm_ballistic: float = 0.5  # the same for an unmistakable ballistic track: its seconds count
    delete_existence: float = 0.02
    report_existence: float = (
        0.5  # below it GOSPA is better served by silence: a missed target costs what a false one does
    )
    max_late_s: float = 2.0  # a scan older than this behind the newest is refused with an error record
