"""A short memory of scans, from which the first detections of a new track are recovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.scans import Scan
from tocsin.records.tracks import TrackTable

__all__ = ["KEEP_S", "KEEP_SCANS", "Look", "keep", "measured", "owners"]

KEEP_S = 3.0
"""A tracker confirms on the second to third hit; with detections missed that is within 2.5 s at 0.25 to 1 s scans."""
KEEP_SCANS = 4
"""Kept however old they are, for sensors that turn slowly."""


@dataclass(frozen=True, slots=True)
class Look:
    """The detections of one past scan, and which track each was given to (0: none)."""

    t_s: float
    sensor_index: int
    position_m: FloatArray  # (n, 3)
    z: FloatArray  # (n, 4) range, azimuth, elevation, range rate
    sigma: FloatArray  # (n, 4)
    owner: IntArray  # (n,)


def measured(scan: Scan) -> tuple[FloatArray, FloatArray]:
    """Detections and their standard deviations as the estimator takes them, each (n, 4)."""
    d = scan.detections
    z = np.stack([d.range_m, d.azimuth_rad, d.elevation_rad, d.range_rate_mps], axis=1)
    sigma = np.stack([d.sigma_range_m, d.sigma_azimuth_rad, d.sigma_elevation_rad, d.sigma_range_rate_mps], axis=1)
    return z, sigma


def owners(detections: int, table: TrackTable) -> IntArray:
    """The track that each of the scan's detections was most probably given to."""
    owner = np.zeros(detections, dtype=np.int64)
    taken = table.row >= 0
    owner[table.row[taken]] = table.track_id[taken]
    return owner


def keep(looks: tuple[Look, ...], new: Look) -> tuple[Look, ...]:
    """The memory with one more look, without those that are both too old and too many."""
    looks = (*looks, new)
    newest = max(look.t_s for look in looks)
    spare = len(looks) - KEEP_SCANS
    return tuple(look for i, look in enumerate(looks) if i >= spare or look.t_s >= newest - KEEP_S)
