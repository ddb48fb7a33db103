"""Truth and tracks on one set of times, whatever times their files have.

The truth sets the times at which is judged, so that two trackers are judged at the same moments and silence counts.
A row of a track that has another time speaks for the nearest of them; it is held against the truth at its own time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.errors import BadInput
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score.courses import Courses

__all__ = ["REACH_STEPS", "TIME_DIGITS", "Aligned", "TimeMatch", "align"]

TIME_DIGITS = 3
"""Times within the same millisecond are one scan: files carry decimals, and 0.1 + 0.2 must meet 0.3."""

REACH_STEPS = 0.55
"""How far a row may lie from a time of the truth, in steps of the truth: half a step reaches every moment between two
times, the rest is room for times that jitter."""

ASYNCHRONOUS = 0.6
"""Distinct times closer than this share of any object's own step: each object was recorded by a clock of its own."""


@dataclass(frozen=True, slots=True)
class TimeMatch:
    """How the times of truth and tracks met. Counts are of rows of the files unless they say otherwise."""

    tolerance_s: float  # how far a row may lie from the time that it speaks for
    exact: int  # rows at a scan's time, to the millisecond
    interpolated: int  # rows held against the truth as interpolated to their own time
    between: int  # rows not scored: another row of their track was nearer to the scan
    outside: int  # rows not scored: no scan within the tolerance
    second_states: int  # rows that give a track another state at a time at which it has one; all of them are scored
    repeated_truth: int  # rows of the truth that say again what another one said
    interpolated_truth: int  # true points that no row of the truth gives
    silent: int  # scans of the truth with no row of any track within the tolerance
    truth_scans: int


@dataclass(frozen=True, slots=True)
class Aligned:
    """Both tables on the scan times."""

    truth: TruthTable
    estimates: EstimateTable
    source: IntArray  # (k,) row of the given tracks for each of `estimates`; one row may speak for several scans
    t_s: FloatArray  # (T,) scan times, increasing
    match: TimeMatch


def align(
    truth: TruthTable, estimates: EstimateTable, seen_t_s: FloatArray | None, tolerance_s: float | None
) -> Aligned:
    """Bring both tables to the scan times. `seen_t_s`: times of detections, `tolerance_s` None: `REACH_STEPS`.

    A tolerance of 0 takes equal times only and interpolates nothing. BadInput: values that are not finite, a truth
    that contradicts itself, or tracks that share no time with the truth.
    """
    if tolerance_s is not None and not (np.isfinite(tolerance_s) and tolerance_s >= 0):
        raise BadInput("the tolerance must be nought or a positive number of seconds", value=str(tolerance_s))
    _check_finite(truth, estimates)
    once, repeated = _said_once(truth)
    courses = Courses(once.t_s, once.object_index, once.state, len(once.object_id))
    row_t = np.round(estimates.t_s, TIME_DIGITS)
    grid, step = _grid(once, courses, strict=tolerance_s == 0)
    reach = REACH_STEPS * step if tolerance_s is None else tolerance_s
    filled, between_rows = _on_grid(once, courses, grid, strict=tolerance_s == 0)
    scan_t = _with_seen(grid, seen_t_s, reach, row_t)
    row, scan, exact = _chosen(estimates.track_index, row_t, scan_t, reach, keep_exact=tolerance_s is None)
    _check_met(grid, row_t, scan_t, row)
    spoken = replace(
        estimates,
        t_s=scan_t[scan],
        track_index=estimates.track_index[row],
        state=_moved(estimates, row, scan_t[scan], exact, filled, courses),
        variance_m2=estimates.variance_m2[row],
    )
    used = np.zeros(len(row_t), dtype=np.bool_)
    used[row] = True
    near = _distance(row_t, scan_t) <= reach + 1e-9
    at = np.unique(row[exact])
    match = TimeMatch(
        tolerance_s=float(reach),
        exact=len(at),
        interpolated=int(used.sum()) - len(at),
        between=int(np.count_nonzero(~used & near)),
        outside=int(np.count_nonzero(~used & ~near)),
        second_states=len(row_t) - len(np.unique(np.stack([estimates.track_index, row_t]), axis=1).T),
        repeated_truth=repeated,
        interpolated_truth=between_rows,
        silent=len(np.setdiff1d(grid, scan_t[scan])),
        truth_scans=len(grid),
    )
    return Aligned(filled, spoken, row, scan_t, match)


def _check_finite(truth: TruthTable, estimates: EstimateTable) -> None:
    for table, state, time in (("truth", truth.state, truth.t_s), ("tracks", estimates.state, estimates.t_s)):
        bad = np.flatnonzero(~(np.isfinite(state).all(axis=1) & np.isfinite(time)))
        if len(bad):
            raise BadInput("time, position and velocity must be finite", file=table, row=int(bad[0]) + 1)


def _said_once(truth: TruthTable) -> tuple[TruthTable, int]:
    """The truth with each (object, millisecond) once, in its order, and how many rows were left out."""
    key = np.stack([truth.object_index.astype(np.float64), np.round(truth.t_s, TIME_DIGITS)])
    _, first, code = np.unique(key, axis=1, return_index=True, return_inverse=True)
    stands = first[code.ravel()]
    again = np.flatnonzero(stands != np.arange(len(stands)))
    differs = np.abs(truth.state[again] - truth.state[stands[again]]).max(axis=1, initial=0.0) > 1e-6
    wrong = again[differs & (np.abs(truth.t_s[again] - truth.t_s[stands[again]]) < 1e-9)]
    if len(wrong):
        row, name = int(wrong[0]), truth.object_id[truth.object_index[wrong[0]]]
        raise BadInput(
            f"{name!r} is somewhere else at this time than in row {int(stands[row]) + 1}; a truth says one thing",
            file="truth",
            row=row + 1,
            column="t",
            value=f"{truth.t_s[row]:.9g}",
        )
    kept = np.sort(first)
    return _rows(truth, kept, truth.t_s[kept]), len(again)


def _rows(truth: TruthTable, kept: IntArray, t_s: FloatArray) -> TruthTable:
    return replace(truth, t_s=t_s, object_index=truth.object_index[kept], state=truth.state[kept])


def _grid(truth: TruthTable, courses: Courses, *, strict: bool) -> tuple[FloatArray, float]:
    """The times of the truth, and their usual step (0: there is none).

    Objects that were each recorded by a clock of their own get common times, at the shortest of their steps.
    """
    times = np.unique(np.round(truth.t_s, TIME_DIGITS))
    own = courses.step_s[np.isfinite(courses.step_s)]
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    if strict or len(own) == 0 or step >= ASYNCHRONOUS * own.min():
        return times, step
    least = float(own.min())
    count = int(np.floor((times[-1] - times[0]) / least + 1e-6)) + 1
    return np.round(times[0] + least * np.arange(count), TIME_DIGITS), least


def _on_grid(truth: TruthTable, courses: Courses, grid: FloatArray, *, strict: bool) -> tuple[TruthTable, int]:
    """The truth at the times of the grid: its own rows there, and (how many) points that lie between rows."""
    rounded = np.round(truth.t_s, TIME_DIGITS)
    kept = np.flatnonzero(np.isin(rounded, grid))
    own = _rows(truth, kept, rounded[kept])
    if strict:
        return own, 0
    owner, t_s = courses.within(grid)
    given = _keys(own.object_index, np.searchsorted(grid, own.t_s), len(grid))
    new = ~np.isin(_keys(owner, np.searchsorted(grid, t_s), len(grid)), given)
    state, there = courses.at(owner[new], t_s[new])
    full = replace(
        truth,
        t_s=np.concatenate([own.t_s, t_s[new][there]]),
        object_index=np.concatenate([own.object_index, owner[new][there]]),
        state=np.concatenate([own.state, state[there]]),
    )
    return full, int(there.sum())


def _keys(owner: IntArray, place: IntArray, places: int) -> IntArray:
    return owner * max(places, 1) + place


def _distance(t_s: FloatArray, to_s: FloatArray) -> FloatArray:
    """Seconds from each time to the nearest of `to_s`, increasing; infinity where there is none."""
    padded = np.concatenate([[-np.inf], to_s, [np.inf]])
    after = np.searchsorted(padded, t_s)
    nearest: FloatArray = np.minimum(padded[after] - t_s, t_s - padded[after - 1])
    return nearest


def _with_seen(grid: FloatArray, seen_t_s: FloatArray | None, reach: float, row_t: FloatArray) -> FloatArray:
    """Scan times: those of the truth, and those of detections that lie away from them.

    Where nothing was there and nothing was detected either, any report is false, so that the reports set the times.
    """
    seen = np.zeros(0) if seen_t_s is None else np.unique(np.round(seen_t_s, TIME_DIGITS))
    seen = seen[_distance(seen, grid) > reach + 1e-9]
    scan_t = np.union1d(grid, seen)
    return scan_t if len(scan_t) else np.unique(row_t)


def _chosen(
    track: IntArray, row_t: FloatArray, scan_t: FloatArray, reach: float, *, keep_exact: bool
) -> tuple[IntArray, IntArray, BoolArray]:
    """Which row (k,) speaks for which scan (k,) and whether at its very time: each track's nearest for each scan.

    A row at a scan's time speaks for that scan alone under `keep_exact`, so that files with the truth's own times are
    judged strictly. Rows of one track and time all speak.
    """
    on = _distance(row_t, scan_t) < 0.5 * 10.0**-TIME_DIGITS
    narrow = on if keep_exact else np.zeros_like(on)
    wide = np.where(narrow, 0.0, reach) + 1e-9
    first = np.searchsorted(scan_t, row_t - wide)
    count = np.searchsorted(scan_t, row_t + wide, side="right") - first
    row = np.repeat(np.arange(len(row_t)), count)
    scan = np.arange(len(row)) - np.repeat(np.cumsum(count) - count - first, count)
    away = np.round(np.abs(row_t[row] - scan_t[scan]), TIME_DIGITS)
    order = np.lexsort((row, row_t[row], away, scan, track[row]))
    row, scan, away = row[order], scan[order], away[order]
    key = _keys(track[row], scan, len(scan_t))
    _, start, code = np.unique(key, return_index=True, return_inverse=True)
    best = row_t[row] == row_t[row[start[code]]]
    row, scan, away = row[best], scan[best], away[best]
    order = np.lexsort((scan, row))
    return row[order], scan[order], away[order] == 0.0


def _moved(
    estimates: EstimateTable, row: IntArray, t_s: FloatArray, exact: BoolArray, truth: TruthTable, courses: Courses
) -> FloatArray:
    """States of the rows at the scans' times: moved along with the object that each is nearest to at its own time.

    So its error is the one that it has at its own time. A row at a scan without objects goes on with its own velocity.
    """
    state = estimates.state[row].copy()
    ahead = t_s - estimates.t_s[row]
    other = np.flatnonzero(~exact)
    state[other, :3] += ahead[other, None] * state[other, 3:]
    there = np.argsort(truth.t_s, kind="stable")
    low, high = (np.searchsorted(truth.t_s[there], t_s[other], side=side) for side in ("left", "right"))
    for scan in np.unique(low[high > low]):
        mine = other[(low == scan) & (high > low)]
        rows = there[scan : np.searchsorted(truth.t_s[there], t_s[mine[0]], side="right")]
        lag = -ahead[mine]
        place = truth.state[rows, None, :3] + lag[None, :, None] * truth.state[rows, None, 3:]
        nearest = rows[np.argmin(np.sum((place - estimates.state[row[mine]][None, :, :3]) ** 2, axis=2), axis=0)]
        then, _ = courses.at(truth.object_index[nearest], estimates.t_s[row[mine]])
        state[mine] = estimates.state[row[mine]] + truth.state[nearest] - then
    return state


def _check_met(grid: FloatArray, row_t: FloatArray, scan_t: FloatArray, row: IntArray) -> None:
    """Refuse tracks of which no row meets a scan: the score would be that of silence."""
    if len(row_t) == 0 or len(row):
        return
    lasts = [(times.min(), times.max()) for times in (scan_t if len(grid) == 0 else grid, row_t)]
    spans = [f"{low:.3f} to {high:.3f} s" for low, high in lasts]
    problem = f"no row has a time of the truth: the truth goes from {spans[0]}, the tracks from {spans[1]}"
    if (lasts[0][1] > EPOCH_S) != (lasts[1][1] > EPOCH_S):
        problem += "; one of them seems to count from 1970, the other does not"
    elif lasts[1][1] < lasts[0][0] or lasts[1][0] > lasts[0][1]:
        problem += "; are both of the same day and clock?"
    else:
        problem += "; a larger tolerance may bring them together"
    raise BadInput(problem, file="tracks")


EPOCH_S = 3e8
"""Seconds beyond which a count is taken to be one from 1970 (then: mid-1979): no recording runs for ten years."""
