"""The score of a tracks file against the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.errors import BadInput
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.rates import Rate
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score.consistency import Consistency, consistency
from tocsin.score.continuity import holder_of, pair_up
from tocsin.score.distances import SetDistances, set_distances
from tocsin.score.intervals import clustered_rate, rate
from tocsin.score.scans import lay_out
from tocsin.score.siap import Siap, siap
from tocsin.score.times import TimeMatch, align
from tocsin.score.upkeep import Upkeep, upkeep

__all__ = ["ScoreResult", "assign_tracks", "score", "to_json_dict"]

Json = float | int | str | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """One tracks file against one truth. Definitions: docs/reference/metrics.md."""

    cutoff_m: float
    scans: int
    truths: int
    tracks: int
    sets: SetDistances
    upkeep: Upkeep
    siap: Siap
    nees: Consistency | None  # None: no matched row claims variances
    rates: tuple[Rate, ...]
    unscored_points: int  # reported points that speak for no scan
    times: TimeMatch


def assign_tracks(
    truth: TruthTable,
    estimates: EstimateTable,
    cutoff_m: float,
    *,
    scan_times_s: FloatArray | None = None,
    t_max_s: float | None = None,
    tolerance_s: float | None = None,
) -> IntArray:
    """For each track (K,) the index of the object that it held most often, -1 for one that held none."""
    on = align(truth, estimates, scan_times_s, tolerance_s)
    scans = lay_out(on.truth, on.estimates, on.t_s, t_max_s)
    return holder_of(on.truth, on.estimates, pair_up(on.truth, on.estimates, scans, cutoff_m))


def score(
    truth: TruthTable,
    estimates: EstimateTable,
    cutoff_m: float,
    *,
    scan_times_s: FloatArray | None = None,
    t_max_s: float | None = None,
    tolerance_s: float | None = None,
) -> ScoreResult:
    """Score reported tracks against the truth; cut-off in metres, times in seconds on the one clock of both tables.

    Scans are the times of the truth up to `t_max_s`, and those of `scan_times_s` (the detections' times) at which the
    truth has nothing. Rows at other times speak for the nearest scan within `tolerance_s` (`times.align`). BadInput: no
    scan, a cut-off that is not positive, values not finite, a truth that contradicts itself, no time in common.
    """
    if not (np.isfinite(cutoff_m) and cutoff_m > 0):
        raise BadInput("the cut-off must be a positive number of metres", value=str(cutoff_m))
    given = len(estimates.t_s)
    on = align(truth, estimates, scan_times_s, tolerance_s)
    truth, estimates = on.truth, on.estimates
    scans = lay_out(truth, estimates, on.t_s, t_max_s)
    scored = np.concatenate(scans.estimate_rows)
    pairs = pair_up(truth, estimates, scans, cutoff_m)
    kept = upkeep(truth, estimates, scans, pairs, cutoff_m)
    held = truth.object_index[pairs.truth_row]
    error = estimates.state[pairs.estimate_row] - truth.state[pairs.truth_row]
    objects = len(truth.object_id)
    points = np.bincount(truth.object_index[np.concatenate(scans.truth_rows)], minlength=objects)
    hits = np.bincount(held, minlength=objects)
    tracks = len(np.unique(estimates.track_index[scored]))
    truths = int(np.count_nonzero(points))
    return ScoreResult(
        cutoff_m=cutoff_m,
        scans=len(scans.t_s),
        truths=truths,
        tracks=tracks,
        sets=set_distances(truth, estimates, scans, cutoff_m),
        upkeep=kept,
        siap=siap(truth, estimates, scans, cutoff_m),
        nees=consistency(error[:, :3], estimates.variance_m2[pairs.estimate_row], held, objects),
        rates=(
            clustered_rate("true points tracked", hits, points),
            rate("objects ever tracked", truths - kept.never_tracked, truths),
            rate("tracks that are false", kept.false_tracks, tracks),
        ),
        unscored_points=given - len(np.unique(on.source[scored])),
        times=on.match,
    )


def _rate_json(share: Rate) -> Json:
    return {
        "name": share.name,
        "numerator": share.numerator,
        "denominator": share.denominator,
        "low": share.low,
        "high": share.high,
    }


def to_json_dict(result: ScoreResult) -> dict[str, Json]:
    """The result as JSON values; keys shared with other scorers of these files are flat, the rest is nested."""
    sets, kept, nees = result.sets, result.upkeep, result.nees
    flat: dict[str, Json] = {
        "c_m": result.cutoff_m,
        "p": sets.order,
        "scans": result.scans,
        "truths": result.truths,
        "tracks": result.tracks,
    }
    flat |= {name: getattr(sets, name) for name in sets.__slots__ if name != "order"}
    flat |= {name: getattr(kept, name) for name in kept.__slots__ if not name.endswith("_by_kind")}
    flat["completeness_by_kind"] = dict(kept.completeness_by_kind)
    flat["switches_by_kind"] = dict(kept.switches_by_kind)
    flat["unscored_points"] = result.unscored_points
    flat["times"] = {name: getattr(result.times, name) for name in result.times.__slots__}
    flat["siap"] = {name: getattr(result.siap, name) for name in result.siap.__slots__}
    flat["nees"] = (
        None
        if nees is None
        else {
            "pairs": nees.pairs,
            "degrees": 3,
            "covariance": "diagonal",
            "mean": nees.mean,
            "low": nees.low,
            "high": nees.high,
            "inside_95": _rate_json(nees.inside_95),
        }
    )
    flat["rates"] = [_rate_json(share) for share in result.rates]
    return flat
