"""What sensors and people said: detections (plots) and reports, and the batch in which they reached the system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray

__all__ = [
    "REPORT_KINDS",
    "Batch",
    "DetectionTable",
    "ErrorRecord",
    "ReportTable",
    "empty_reports",
    "empty_table",
]

REPORT_KINDS = ("adsb", "remote_id", "sighting", "impact")


@dataclass(frozen=True, slots=True)
class DetectionTable:
    """n detections of one sensor at one time, in the sensor's own polar frame, row order being order of arrival."""

    row: IntArray  # (n,) 1-based data row in the source, for messages and the journal
    range_m: FloatArray  # (n,) NaN: bearing only
    azimuth_rad: FloatArray  # (n,) clockwise from true north at the sensor
    elevation_rad: FloatArray  # (n,) NaN: two-dimensional
    sigma_range_m: FloatArray
    sigma_azimuth_rad: FloatArray
    sigma_elevation_rad: FloatArray
    range_rate_mps: FloatArray  # positive outbound; NaN: not measured
    sigma_range_rate_mps: FloatArray
    snr_db: FloatArray
    rcs_dbsm: FloatArray


@dataclass(frozen=True, slots=True)
class ReportTable:
    """n reports that are not plots. `claim` is what the source says of itself or of what it saw, as given."""

    t_s: FloatArray  # (n,)
    source: tuple[str, ...]
    kind: tuple[str, ...]  # of REPORT_KINDS
    id: tuple[str, ...]  # what the source calls the thing
    position_m: FloatArray  # (n, 3) site frame; NaN up: height not given
    sigma_m: FloatArray  # (n,) per horizontal axis
    claim: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """A bad item at its place in a stream: what, where, which value. The stream went on without it."""

    t_s: float  # NaN when the item has no usable time
    source: str  # file or feed
    row: int  # 1-based data row; 0: the item as a whole
    column: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that reached the system up to one border: one sensor's scan, or reports, or a bare clock tick.

    `sensor_index` -1 means that no scan came: a clock tick, which coasts what is tracked and ages what is warned.
    A scan without detections (`sensor_index` >= 0 and zero rows) is information: the sensor looked and saw nothing.
    """

    index: int  # counts from 0 in a run
    t_s: float  # time of the scan or tick, seconds since the run's epoch
    t_arrival_s: float  # when it reached the system; at least t_s, on the same clock
    sensor_index: int
    detections: DetectionTable
    reports: ReportTable
    errors: tuple[ErrorRecord, ...]  # items of the feed that could not be read
    t_text: str = ""  # t as its source wrote it, echoed in tracks.csv; "": write t_s


def empty_table() -> DetectionTable:
    """A table of no detections."""
    return DetectionTable(np.zeros(0, np.int64), *(np.zeros(0) for _ in range(10)))


def empty_reports() -> ReportTable:
    """A table of no reports."""
    return ReportTable(np.zeros(0), (), (), (), np.zeros((0, 3)), np.zeros(0), ())
