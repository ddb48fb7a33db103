"""Truth and estimates laid out scan by scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.errors import BadInput
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable

__all__ = ["Scans", "lay_out"]

TIME_DIGITS = 3
"""Times within the same millisecond are one scan: files carry decimals, and 0.1 + 0.2 must meet 0.3."""


@dataclass(frozen=True, slots=True)
class Scans:
    """Rows of both tables for each of the T scan times, in the tables' own order inside a scan."""

    t_s: FloatArray  # (T,) increasing
    truth_rows: tuple[IntArray, ...]
    estimate_rows: tuple[IntArray, ...]
    unscored_estimates: int  # rows at times that are no scan's: a tracker that reports in between


def _grouped(times: FloatArray, scan_t_s: FloatArray) -> tuple[tuple[IntArray, ...], int]:
    scan = np.searchsorted(scan_t_s, times)
    scan[scan == len(scan_t_s)] = 0
    known = scan_t_s[scan] == times
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(scan[rows], kind="stable")]
    cuts = np.searchsorted(scan[rows], np.arange(1, len(scan_t_s)))
    return tuple(np.split(rows, cuts)), int(np.count_nonzero(~known))


def lay_out(
    truth: TruthTable, estimates: EstimateTable, scan_times_s: FloatArray | None, t_max_s: float | None
) -> Scans:
    """Scan times are those of the truth and of `scan_times_s` (the detections' times), up to `t_max_s`.

    A scan without truth still counts: reporting nothing there is right, reporting something is false.
    BadInput: no scan at all, or a state that is not finite.
    """
    for table, state, time in (("truth", truth.state, truth.t_s), ("tracks", estimates.state, estimates.t_s)):
        bad = np.flatnonzero(~(np.isfinite(state).all(axis=1) & np.isfinite(time)))
        if len(bad):
            raise BadInput("time, position and velocity must be finite", file=table, row=int(bad[0]) + 1)
    true_t, estimated_t = np.round(truth.t_s, TIME_DIGITS), np.round(estimates.t_s, TIME_DIGITS)
    seen_t = np.zeros(0) if scan_times_s is None else np.round(scan_times_s, TIME_DIGITS)
    scan_t = np.unique(np.concatenate([true_t, seen_t]))
    if t_max_s is not None:
        scan_t = scan_t[scan_t <= t_max_s + 1e-9]
    if len(scan_t) == 0:
        raise BadInput("there is no scan to score: the truth has no row", file="truth")
    truth_rows, _ = _grouped(true_t, scan_t)
    estimate_rows, unscored = _grouped(estimated_t, scan_t)
    return Scans(scan_t, truth_rows, estimate_rows, unscored)
