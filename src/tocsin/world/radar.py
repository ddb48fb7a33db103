"""Radars: rotating in three dimensions, staring for counter-fire, and in two dimensions (no elevation).

They share one model and differ by their figures: a staring radar looks several times a second, a rotating one once a
turn, and a two-dimensional one gives no elevation. All plots of a scan carry the time of the scan.
"""

from __future__ import annotations

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import SensorSpec
from tocsin.world.coverage import Mount, Plots, aspect, clutter_directions, plots_of
from tocsin.world.detection import REFERENCE_PD, draw_power, required_snr, threshold
from tocsin.world.motion import Kinematics
from tocsin.world.streams import Streams

__all__ = ["Radar", "mean_snr", "notch_gain"]

SIGMA_FLOOR = 0.5
"""The stated σ is that of a plot at the threshold. Noise falls as the root of the power (Richards, section 7.2: σ goes
as 1/√(2·SNR)), but pointing, quantisation and the target's own extent do not: the floor is reached 6 dB above it."""


def mean_snr(spec: SensorSpec, range_m: FloatArray, rcs_dbsm: FloatArray) -> FloatArray:
    """Mean signal-to-noise ratio (n,), a power ratio, by the radar equation: as RCS over the fourth power of range."""
    reference = required_snr(REFERENCE_PD, spec.false_alarm_probability, spec.swerling)
    return np.asarray(reference * 10.0 ** (rcs_dbsm / 10.0) * (spec.reference_range_m / range_m) ** 4)


def notch_gain(spec: SensorSpec, range_rate_mps: FloatArray) -> FloatArray:
    """What the clutter filter leaves (n,) of a target's power: 1 - exp(-(v/notch)²), half the power at 0.83 notch.

    A smooth stand-in for the velocity response of a moving-target filter (Skolnik, Introduction to Radar Systems,
    3rd ed., chapter 3): slow and crossing targets fade, which is how small drones are lost.
    """
    if spec.notch_mps == 0.0:
        return np.ones_like(range_rate_mps)
    return np.asarray(-np.expm1(-((range_rate_mps / spec.notch_mps) ** 2)))


class Radar:
    """One radar. `ideal` turns its detection cause off: everything inside its coverage is seen at each look."""

    def __init__(self, spec: SensorSpec, mount: Mount, streams: Streams, ideal: bool) -> None:
        self.spec, self._mount, self._streams, self._ideal = spec, mount, streams, ideal

    def scan(self, truth: Kinematics) -> Plots:
        """One look at what is in the air at `truth.t_s`."""
        spec, level = self.spec, threshold(self.spec.false_alarm_probability)
        seen = aspect(spec, self._mount, truth, masked=not self._ideal)
        normals = self._streams.normals(truth.id, 10)
        snr = mean_snr(spec, seen.range_m, truth.rcs_dbsm) * notch_gain(spec, seen.range_rate_mps)
        power = draw_power(snr, spec.swerling, normals[:, :6])
        if self._ideal:
            power = np.maximum(power, level)
        rows = np.flatnonzero(seen.covered & (power >= level))
        aer = np.stack([seen.azimuth_rad, seen.elevation_rad, seen.range_m], axis=-1)[rows]
        origin = [truth.id[i] for i in rows]
        common = self._streams.common
        false = clutter_directions(spec, self._mount, common)
        false_power = level + common.exponential(size=len(false))
        false_rate = common.normal(0.0, spec.clutter_range_rate_mps, len(false))
        return self._measured(
            np.vstack([aer, false]),
            np.r_[power[rows], false_power],
            np.r_[seen.range_rate_mps[rows], false_rate],
            np.vstack([normals[rows, 6:], common.standard_normal((len(false), 4))]),
            origin + [""] * len(false),
        )

    def _measured(
        self, aer: FloatArray, power: FloatArray, rate: FloatArray, normals: FloatArray, origin: list[str]
    ) -> Plots:
        """What is written down of places (m, 3: azimuth, elevation, range), powers and range rates."""
        spec = self.spec
        scale = np.clip(np.sqrt(threshold(spec.false_alarm_probability) / power), SIGMA_FLOOR, 1.0)
        sigma_azimuth = np.deg2rad(spec.sigma_azimuth_deg) * scale
        sigma_elevation = np.deg2rad(spec.sigma_elevation_deg) * scale
        sigma_range = spec.sigma_range_m * scale
        range_m = np.maximum(aer[:, 2] + spec.bias_range_m + sigma_range * normals[:, 0], 1.0)
        azimuth = (aer[:, 0] + np.deg2rad(spec.bias_azimuth_deg) + sigma_azimuth * normals[:, 1]) % (2.0 * np.pi)
        elevation = aer[:, 1] + np.deg2rad(spec.bias_elevation_deg) + sigma_elevation * normals[:, 2]
        columns = {
            "range_m": range_m,
            "azimuth_rad": azimuth,
            "sigma_range_m": sigma_range,
            "sigma_azimuth_rad": sigma_azimuth,
            "snr_db": 10.0 * np.log10(power),
            "rcs_dbsm": 10.0 * np.log10(np.maximum(power - 1.0, 0.1) / mean_snr(spec, range_m, np.zeros(len(aer)))),
        }
        if spec.kind != "radar_2d":
            columns["elevation_rad"] = np.clip(elevation, -0.5 * np.pi, 0.5 * np.pi)
            columns["sigma_elevation_rad"] = sigma_elevation
        if spec.sigma_range_rate_mps is not None:
            columns["range_rate_mps"] = rate + spec.sigma_range_rate_mps * scale * normals[:, 3]
            columns["sigma_range_rate_mps"] = spec.sigma_range_rate_mps * scale
        return plots_of(columns, origin)
