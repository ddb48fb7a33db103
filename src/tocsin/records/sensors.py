"""The sensors of a site, one row each, and what is known of their health."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray

__all__ = ["SENSOR_KINDS", "SensorHealth", "SensorTable"]

SENSOR_KINDS = ("radar_3d", "radar_staring", "radar_2d", "eo_ir", "rf_df")
"""Kinds that give detections. ADS-B and Remote ID receivers, impact sensors and people give reports."""


@dataclass(frozen=True, slots=True)
class SensorTable:
    """S sensors. A NaN in a column says: not given, estimate it or take the stated default of its kind."""

    sensor_id: tuple[str, ...]
    kind: tuple[str, ...]  # of SENSOR_KINDS
    position_m: FloatArray  # (S, 3) site frame
    rotation: FloatArray  # (S, 3, 3) vectors in the sensor's own ENU axes to the site frame
    max_range_m: FloatArray  # (S,)
    revisit_s: FloatArray  # (S,)
    detection_probability: FloatArray  # (S,)
    clutter_per_scan: FloatArray  # (S,)


@dataclass(frozen=True, slots=True)
class SensorHealth:
    """A sensor fell silent or came back. What it promised to see is unseen meanwhile."""

    t_s: float
    sensor_index: int
    sensor_id: str
    state: str  # "silent" or "alive"
    silent_s: float  # seconds since its last scan when this was noticed
