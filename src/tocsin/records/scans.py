"""What the sense stage makes of a batch: one scan, validated, corrected, in the site frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tocsin.records.arrays import FloatArray
from tocsin.records.detections import DetectionTable

__all__ = ["Scan"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One sensor's look, or (sensor_index -1) a clock tick at which tracks coast.

    The polar columns stay beside the Cartesian ones: filters use the polar noise, spatial indices the positions.
    """

    t_s: float
    sensor_index: int
    complete: bool  # the sensor looked everywhere it covers: an undetected track was missed
    report_due: bool  # rows of tracks.csv are due at this t, whatever the sensor
    detections: DetectionTable  # kept rows only, corrected for refraction and bias
    position_m: FloatArray  # (n, 3) site frame; NaN rows where range or elevation is missing
    sensor_position_m: FloatArray  # (3,)
    sensor_rotation: FloatArray  # (3, 3) sensor ENU axes to site axes
    max_range_m: float
    revisit_s: float  # given, or estimated so far
    detection_probability: float  # given, or the default of the kind
    clutter_density_pm3: float  # false detections per cubic metre and scan if the site states them, NaN: not given
    clutter_per_scan: float = math.nan  # as the site states it, NaN: not given
    arrived: float = 1.0  # share of its rows that is expected to be here, below 1 while pieces of it may still come
    elapsed_s: float = 0.0  # since this sensor's scan before, 0: the first, a fragment of it, or late
    clock_bias_s: float = 0.0  # the detections show where things were this long before t_s
