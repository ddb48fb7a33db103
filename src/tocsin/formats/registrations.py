"""registration.csv: what was believed of the sensors' biases, whenever it had changed.

| column | |
| --- | --- |
| `t` | when, written like the detections' `t` |
| `sensor_id` | of the sensors file |
| `range_m`, `azimuth_deg`, `elevation_deg`, `clock_s` | bias: measured minus true; time stamp minus true time |
| `sigma_range_m`, `sigma_azimuth_deg`, `sigma_elevation_deg`, `sigma_clock_s` | standard deviations of that belief |
| `applied` | `yes`: the sensor's detections are corrected from the next batch on; `no` |
| `unobservable` | what the data so far cannot tell, in words |
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from typing import BinaryIO

from tocsin.formats.times import TimeBase
from tocsin.records.registration import Registration

__all__ = ["REGISTRATION_COLUMNS", "RegistrationsWriter"]

REGISTRATION_COLUMNS = (
    *("t", "sensor_id", "range_m", "azimuth_deg", "elevation_deg", "clock_s"),
    *("sigma_range_m", "sigma_azimuth_deg", "sigma_elevation_deg", "sigma_clock_s", "applied", "unobservable"),
)


class RegistrationsWriter:
    """registration.csv, as the events come. `last` holds the newest record of each sensor."""

    def __init__(self, stream: BinaryIO | io.RawIOBase, base: TimeBase) -> None:
        self._stream, self._base = stream, base
        self.last: dict[str, Registration] = {}
        self._put(REGISTRATION_COLUMNS)

    def put(self, registrations: Iterable[Registration]) -> None:
        """Take the registrations of one batch."""
        for r in registrations:
            self.last[r.sensor_id] = r
            numbers = (
                *(r.range_m, math.degrees(r.azimuth_rad), math.degrees(r.elevation_rad), r.clock_s),
                *(r.sigma_range_m, math.degrees(r.sigma_azimuth_rad), math.degrees(r.sigma_elevation_rad)),
                r.sigma_clock_s,
            )
            texts = (f"{value + 0.0:.6f}" for value in numbers)
            applied = "yes" if r.applied else "no"
            self._put((self._base.text(r.t_s), r.sensor_id, *texts, applied, "; ".join(r.unobservable)))

    def _put(self, row: tuple[str, ...]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(row)
        self._stream.write(text.getvalue().encode())
