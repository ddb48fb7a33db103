"""What a sensor's place and limits make of the truth: range, angles, range rate, and whether it could be seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.frames import enu2aer, level2enu_up, rotate
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.detections import DetectionTable
from tocsin.records.scenario import SensorSpec
from tocsin.records.site import Site
from tocsin.world.masking import visible
from tocsin.world.motion import Kinematics

__all__ = ["Aspect", "Mount", "Plots", "aspect", "clutter_directions", "plots_of"]


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a sensor stands: in the site frame, with the rotation of its own ENU axes into the site's."""

    position_m: FloatArray  # (3,)
    rotation: FloatArray  # (3, 3)
    site: Site


@dataclass(frozen=True, slots=True)
class Aspect:
    """n things as a sensor would measure them without error."""

    range_m: FloatArray  # (n,)
    azimuth_rad: FloatArray  # (n,)
    elevation_rad: FloatArray  # (n,)
    range_rate_mps: FloatArray  # (n,)
    covered: BoolArray  # (n,) inside range and sector, and not masked by horizon or terrain


@dataclass(frozen=True, slots=True)
class Plots:
    """A scan as the sensor gives it, in the order of azimuth, and (for the sealed log) what each row came from."""

    detections: DetectionTable  # rows not numbered yet
    origin: tuple[str, ...]  # id of the thing, "" for clutter


def aspect(spec: SensorSpec, mount: Mount, truth: Kinematics, masked: bool) -> Aspect:
    """Geometry of what is in the air. `masked` False: neither horizon nor terrain hides anything."""
    local = rotate(truth.state[:, :3] - mount.position_m, mount.rotation)
    velocity = rotate(truth.state[:, 3:], mount.rotation)
    aer = enu2aer(local).reshape(-1, 3)
    range_m = np.maximum(aer[:, 2], 1e-3)
    rate = np.sum(local * velocity, axis=1) / range_m
    azimuth, elevation = aer[:, 0], aer[:, 1]
    covered = (range_m >= spec.min_range_m) & (range_m <= spec.max_range_m) & _in_sector(spec, azimuth)
    covered &= (elevation >= np.deg2rad(spec.elevation_min_deg)) & (elevation <= np.deg2rad(spec.elevation_max_deg))
    if masked and covered.any():
        covered[covered] = visible(mount.site, mount.position_m, truth.state[covered, :3])
    return Aspect(range_m, azimuth, elevation, rate, covered)


def sector_width_rad(spec: SensorSpec) -> float:
    """Width of the sector from `azimuth_from_deg` clockwise to `azimuth_to_deg`; 2π where they span a circle."""
    width = spec.azimuth_to_deg - spec.azimuth_from_deg
    return float(np.deg2rad(360.0 if abs(width) >= 360.0 or width == 0.0 else width % 360.0))


def _in_sector(spec: SensorSpec, azimuth_rad: FloatArray) -> BoolArray:
    offset = (azimuth_rad - np.deg2rad(spec.azimuth_from_deg)) % (2.0 * np.pi)
    return np.asarray(offset <= sector_width_rad(spec))


def clutter_directions(spec: SensorSpec, mount: Mount, rng: np.random.Generator) -> FloatArray:
    """Places (m, 3: azimuth, elevation, range) of false detections: Poisson in number, uniform over the covered part
    of the disc of `max_range_m` and, at each point of it, over the height from the ground to `clutter_height_m`.
    """
    count = int(rng.poisson(spec.clutter_per_scan))
    unit = rng.random((count, 3))
    azimuth = np.deg2rad(spec.azimuth_from_deg) + unit[:, 0] * sector_width_rad(spec)
    ground = np.sqrt(spec.min_range_m**2 + unit[:, 1] * (spec.max_range_m**2 - spec.min_range_m**2))
    radius = mount.site.radius_m
    east, north = ground * np.sin(azimuth), ground * np.cos(azimuth)
    floor = level2enu_up(east, north, np.zeros(count), radius) - spec.height_m
    ceiling = level2enu_up(east, north, np.full(count, spec.clutter_height_m), radius) - spec.height_m
    tangents = np.tan(np.deg2rad(np.clip([spec.elevation_min_deg, spec.elevation_max_deg], -89.0, 89.0)))
    top = np.minimum(ceiling, np.minimum(ground * tangents[1], np.sqrt(spec.max_range_m**2 - ground**2)))
    bottom = np.minimum(np.maximum(floor, ground * tangents[0]), top)
    up = bottom + unit[:, 2] * (top - bottom)
    return enu2aer(np.stack([east, north, up], axis=-1)).reshape(-1, 3)


def plots_of(columns: dict[str, FloatArray], origin: list[str]) -> Plots:
    """Plots in the order in which a beam turning clockwise from north meets them. A missing column is not measured."""
    order = np.argsort(columns["azimuth_rad"], kind="stable")
    nothing = np.full(len(order), np.nan)

    def column(name: str) -> FloatArray:
        return columns[name][order] if name in columns else nothing.copy()

    table = DetectionTable(
        row=np.zeros(len(order), dtype=np.int64),
        range_m=column("range_m"),
        azimuth_rad=column("azimuth_rad"),
        elevation_rad=column("elevation_rad"),
        sigma_range_m=column("sigma_range_m"),
        sigma_azimuth_rad=column("sigma_azimuth_rad"),
        sigma_elevation_rad=column("sigma_elevation_rad"),
        range_rate_mps=column("range_rate_mps"),
        sigma_range_rate_mps=column("sigma_range_rate_mps"),
        snr_db=column("snr_db"),
        rcs_dbsm=column("rcs_dbsm"),
    )
    return Plots(table, tuple(origin[i] for i in order))
