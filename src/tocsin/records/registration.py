"""Sensor registration: what a sensor's own errors that do not change from plot to plot are believed to be."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BIASES", "Registration", "RegistrationSettings"]

BIASES = ("range", "azimuth", "elevation", "clock")


@dataclass(frozen=True, slots=True)
class Registration:
    """The belief about one sensor's biases, told when it has changed enough to be worth telling.

    A measured value is the true one plus the bias; a clock bias is the sensor's time stamp minus the true time, on the
    clock of the reports (of the sensors' mean where nothing reports). The sigmas are standard deviations of the belief;
    where nothing is known they are those of the prior.
    """

    t_s: float
    sensor_index: int
    sensor_id: str
    range_m: float
    azimuth_rad: float
    elevation_rad: float
    clock_s: float
    sigma_range_m: float
    sigma_azimuth_rad: float
    sigma_elevation_rad: float
    sigma_clock_s: float
    applied: bool  # this sensor's detections are corrected from the next batch on
    unobservable: tuple[str, ...]  # what the data so far cannot tell, by name
    why: str  # one sentence for a reader


@dataclass(frozen=True, slots=True)
class RegistrationSettings:
    """Whether sensors are registered, and how far off they may be before anything was seen (standard deviations).

    The priors are those of a surveillance radar whose set-up was surveyed but never calibrated in flight.
    """

    enabled: bool = True
    prior_range_m: float = 100.0  # cable and processing delays of up to a microsecond
    prior_azimuth_rad: float = 0.0087  # 0.5°: north found with a compass or from a map
    prior_elevation_rad: float = 0.0087  # 0.5°: a mast that was levelled by eye
    prior_clock_s: float = 0.3  # stamped when the plot was sent, not when the pulse was; no common clock
