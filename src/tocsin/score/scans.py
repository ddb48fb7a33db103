"""Truth and estimates laid out scan by scan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.errors import BadInput
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable

__all__ = ["Scans", "lay_out"]


@dataclass(frozen=True, slots=True)
class Scans:
    """Rows of both tables for each of the T scan times, in the tables' own order inside a scan."""

    t_s: FloatArray  # (T,) increasing
    truth_rows: tuple[IntArray, ...]
    estimate_rows: tuple[IntArray, ...]


def _grouped(times: FloatArray, scan_t_s: FloatArray) -> tuple[IntArray, ...]:
    scan = np.searchsorted(scan_t_s, times)
    scan[scan == len(scan_t_s)] = 0
    known = scan_t_s[scan] == times
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(scan[rows], kind="stable")]
    cuts = np.searchsorted(scan[rows], np.arange(1, len(scan_t_s)))
    return tuple(np.split(rows, cuts))


def lay_out(truth: TruthTable, estimates: EstimateTable, scan_t_s: FloatArray, t_max_s: float | None) -> Scans:
    """Rows by scan of tables on the scan times (see `times.align`), up to `t_max_s`.

    A scan without truth still counts: reporting nothing there is right, reporting something is false.
    BadInput: no scan at all.
    """
    scan_t = scan_t_s if t_max_s is None else scan_t_s[scan_t_s <= t_max_s + 1e-9]
    if len(scan_t) == 0:
        raise BadInput("there is no scan to score: the truth has no row", file="truth")
    return Scans(scan_t, _grouped(truth.t_s, scan_t), _grouped(estimates.t_s, scan_t))
