"""What a Python user gives: sensors, zones and assets once, then scans and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

__all__ = ["Asset", "Detections", "Report", "Sensor", "Time", "Zone"]

Time = float | datetime | np.datetime64
"""Seconds on any one clock, or an instant: an aware `datetime` or `pandas.Timestamp`, or a `numpy.datetime64` (UTC).

One pipeline keeps to one of the two; the first time that it is given decides. With instants it counts its seconds from
that first one, which is then its `epoch`. Text, naive instants and counts of milliseconds are refused.
"""


@dataclass(frozen=True, slots=True)
class Sensor:
    """Where a sensor stands and what is known of it; None: not known, estimated or taken as usual for its kind."""

    sensor_id: str
    lat_deg: float  # WGS 84
    lon_deg: float
    alt_m: float  # above the ellipsoid
    kind: str = "radar_3d"  # of tocsin.records.sensors.SENSOR_KINDS
    max_range_m: float | None = None
    revisit_s: float | None = None
    detection_probability: float | None = None
    clutter_per_scan: float | None = None  # expected false detections of one scan


@dataclass(frozen=True, slots=True)
class Zone:
    """An area that is warned as one: a simple polygon of at least three places (latitude, longitude), in order.

    The last place may repeat the first, as GeoJSON has it; note that GeoJSON writes longitude first.
    """

    zone_id: str
    polygon_deg: Sequence[tuple[float, float]]
    name: str = ""  # "": the id
    population: float = 0.0


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that a drone may be sent at; reached when a track is within `radius_m` of it."""

    asset_id: str
    lat_deg: float
    lon_deg: float
    alt_m: float
    radius_m: float
    name: str = ""  # "": the id


@dataclass(frozen=True, slots=True)
class Detections:
    """One scan of one sensor: n detections at one time, as arrays (n,) or as numbers that hold for all n.

    Azimuth is clockwise from true north at the sensor, elevation up from its horizon, range rate positive outbound.
    None, NaN in an array, or the mask of a masked array say: not measured; without range a detection is a bearing,
    without elevation it is two-dimensional. A sigma that is not given is taken as usual for the sensor's kind. A scan
    with n = 0 is information: the sensor looked and saw nothing.
    """

    t_s: Time  # of the scan; at most 2 s before the newest scan
    azimuth_rad: npt.ArrayLike  # (n,) within a turn either way
    range_m: npt.ArrayLike | None = None
    elevation_rad: npt.ArrayLike | None = None
    range_rate_mps: npt.ArrayLike | None = None
    sigma_range_m: npt.ArrayLike | None = None
    sigma_azimuth_rad: npt.ArrayLike | None = None
    sigma_elevation_rad: npt.ArrayLike | None = None
    sigma_range_rate_mps: npt.ArrayLike | None = None
    snr_db: npt.ArrayLike | None = None
    rcs_dbsm: npt.ArrayLike | None = None
    sensor_id: str | None = None  # None: the first sensor


@dataclass(frozen=True, slots=True)
class Report:
    """What is not a plot: a message over the air, a sighting by a person, an impact that was felt.

    It comes from strangers, so one that cannot be used becomes an error in the result and refuses nothing. Latitude 0
    with longitude 0, and an altitude of -1000 m, are how Remote ID says "not known".
    """

    source: str  # who says so
    kind: str  # of tocsin.records.detections.REPORT_KINDS
    lat_deg: float
    lon_deg: float
    sigma_m: float  # standard deviation of the place per horizontal axis
    alt_m: float | None = None  # None or NaN: not known
    id: str = ""  # what the source calls the thing
    claim: str = ""  # what it says of itself, as given
    t_s: Time | None = None  # None: the time of the call that brings it
