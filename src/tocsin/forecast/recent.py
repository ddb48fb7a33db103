"""A short memory of scans, from which the first detections of a new track are recovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.scans import Scan
from tocsin.records.tracks import TrackTable

__all__ = ["Look", "keep", "look_at", "owners", "rows"]

KEEP_S = 3.0
"""A tracker confirms on the second to third hit; with detections missed that is within 2.5 s at 0.25 to 1 s scans."""
KEEP_SCANS = 4
"""Kept however old they are, for sensors that turn slowly."""


@dataclass(frozen=True, slots=True)
class Look:
    """A past scan, and which track each of its detections was given to (0: none)."""

    scan: Scan
    owner: IntArray  # (n,)
    placed: bool  # at least one detection has a place
    error_m: FloatArray  # (n,) of each: range, and azimuth across it


def look_at(scan: Scan, table: TrackTable) -> Look:
    """A scan as it is remembered; what concerns all its detections is computed once, however many tracks look back."""
    d = scan.detections
    placed = bool(np.isfinite(scan.position_m).all(axis=1).any())
    error_m = d.sigma_range_m + d.range_m * d.sigma_azimuth_rad
    return Look(scan, owners(len(scan.position_m), table), placed, error_m)


def rows(scan: Scan, index: IntArray) -> FloatArray:
    """Some detections of a scan as the estimator takes them, (m, 10); see `kernels.ballistic_fit`."""
    d = scan.detections
    row = np.empty((index.size, 10))
    row[:, 0], row[:, 1] = scan.t_s, scan.sensor_index
    measured = (d.range_m, d.azimuth_rad, d.elevation_rad, d.range_rate_mps)
    sigma = (d.sigma_range_m, d.sigma_azimuth_rad, d.sigma_elevation_rad, d.sigma_range_rate_mps)
    for column, values in enumerate(measured + sigma):
        row[:, 2 + column] = values[index]
    return row


def owners(detections: int, table: TrackTable) -> IntArray:
    """The track that each of the scan's detections was most probably given to."""
    owner = np.zeros(detections, dtype=np.int64)
    taken = table.row >= 0
    owner[table.row[taken]] = table.track_id[taken]
    return owner


def keep(looks: tuple[Look, ...], new: Look) -> tuple[Look, ...]:
    """The memory with one more look, without those that are both too old and too many."""
    looks = (*looks, new)
    oldest = max(look.scan.t_s for look in looks) - KEEP_S
    spare = len(looks) - KEEP_SCANS
    return tuple(look for i, look in enumerate(looks) if i >= spare or look.scan.t_s >= oldest)
