"""Sensors that give directions and no range: EO/IR cameras (azimuth, elevation) and RF direction finders (azimuth)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.scenario import BallisticSpec, BirdSpec, FlyerSpec, SensorSpec
from tocsin.world.coverage import Mount, Plots, aspect, clutter_directions, plots_of
from tocsin.world.detection import REFERENCE_PD, draw_power, required_snr, threshold
from tocsin.world.motion import Kinematics
from tocsin.world.streams import Streams

__all__ = ["Camera", "DirectionFinder", "SpecOf", "target_transfer"]

SpecOf = Callable[[str], BallisticSpec | FlyerSpec | BirdSpec | None]

SIZE_M = {
    "mortar": 0.2,
    "rocket": 0.3,
    "bird": 0.3,
    "debris": 0.3,
    "multirotor": 0.5,
    "fixed_wing": 1.0,
    "aircraft": 8.0,
}
"""Root of the area that a generic thing of a kind shows, metres, to one figure. `reference_range_m` is for 1 m."""


def target_transfer(cycles: FloatArray) -> FloatArray:
    """Probability of detection at a number of resolvable cycles over N50, by the target transfer probability function:
    c^E / (1 + c^E), E = 2.7 + 0.7 c (Johnson's criteria as in Holst, Electro-Optical Imaging System Performance).
    """
    exponent = 2.7 + 0.7 * cycles
    log_odds = exponent * np.log(np.maximum(cycles, 1e-12))
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -700.0, 700.0))))


CYCLES_AT_REFERENCE = 1.7502780807681872
"""Cycles over N50 at which `target_transfer` is 0.9 (REFERENCE_PD)."""


class Camera:
    """An EO/IR sensor that searches its field of view once each `revisit_s`."""

    def __init__(self, spec: SensorSpec, mount: Mount, streams: Streams, ideal: bool) -> None:
        self.spec, self._mount, self._streams, self._ideal = spec, mount, streams, ideal

    def scan(self, truth: Kinematics) -> Plots:
        """One look. Cycles on a target go as its size over its range."""
        spec = self.spec
        seen = aspect(spec, self._mount, truth, masked=not self._ideal)
        normals = self._streams.normals(truth.id, 3)
        size_m = np.array([SIZE_M[kind] for kind in truth.kind])
        probability = target_transfer(CYCLES_AT_REFERENCE * size_m * spec.reference_range_m / seen.range_m)
        found = seen.covered & (self._ideal | (ndtr(normals[:, 0]) < probability))
        rows = np.flatnonzero(found)
        false = clutter_directions(spec, self._mount, self._streams.common)
        aer = np.vstack([np.stack([seen.azimuth_rad, seen.elevation_rad], axis=-1)[rows], false[:, :2]])
        noise = np.vstack([normals[rows, 1:], self._streams.common.standard_normal((len(false), 2))])
        origin = [truth.id[i] for i in rows] + [""] * len(false)
        columns = _azimuths(spec, aer[:, 0], noise[:, 0])
        sigma = np.deg2rad(spec.sigma_elevation_deg)
        elevation = aer[:, 1] + np.deg2rad(spec.bias_elevation_deg) + sigma * noise[:, 1]
        columns["elevation_rad"] = np.clip(elevation, -0.5 * np.pi, 0.5 * np.pi)
        columns["sigma_elevation_rad"] = np.full(len(aer), sigma)
        return plots_of(columns, origin)


class DirectionFinder:
    """A receiver that hears drones' radio links. What does not emit it never hears, however near."""

    def __init__(self, spec: SensorSpec, mount: Mount, streams: Streams, ideal: bool, spec_of: SpecOf) -> None:
        self.spec, self._mount, self._streams, self._ideal = spec, mount, streams, ideal
        self._spec_of = spec_of

    def scan(self, truth: Kinematics) -> Plots:
        """One look. The way is one-way: power goes as the inverse square of range."""
        spec, level = self.spec, threshold(self.spec.false_alarm_probability)
        seen = aspect(spec, self._mount, truth, masked=not self._ideal)
        normals = self._streams.normals(truth.id, 7)
        reference = required_snr(REFERENCE_PD, spec.false_alarm_probability, spec.swerling)
        power = draw_power(reference * (spec.reference_range_m / seen.range_m) ** 2, spec.swerling, normals[:, :6])
        if self._ideal:
            power = np.maximum(power, level)
        rows = np.flatnonzero(seen.covered & self._emits(truth) & (power >= level))
        common = self._streams.common
        false = clutter_directions(spec, self._mount, common)
        strength = np.r_[power[rows], level + common.exponential(size=len(false))]
        noise = np.r_[normals[rows, 6], common.standard_normal(len(false))]
        columns = _azimuths(spec, np.r_[seen.azimuth_rad[rows], false[:, 0]], noise)
        columns["snr_db"] = 10.0 * np.log10(strength)
        return plots_of(columns, [truth.id[i] for i in rows] + [""] * len(false))

    def _emits(self, truth: Kinematics) -> BoolArray:
        specs = [self._spec_of(thing_id) for thing_id in truth.id]
        drone = [isinstance(s, FlyerSpec) and s.kind != "aircraft" and s.rf_emits for s in specs]
        return np.array(drone, dtype=np.bool_)


def _azimuths(spec: SensorSpec, azimuth_rad: FloatArray, noise: FloatArray) -> dict[str, FloatArray]:
    sigma = np.deg2rad(spec.sigma_azimuth_deg)
    measured = (azimuth_rad + np.deg2rad(spec.bias_azimuth_deg) + sigma * noise) % (2.0 * np.pi)
    return {"azimuth_rad": measured, "sigma_azimuth_rad": np.full(len(azimuth_rad), sigma)}
