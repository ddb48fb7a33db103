"""What a peer is told: the detections in arrays, and the settings that suit it best on each kind of scene.

The settings are those with which Stone Soup reached its best GOSPA on scenes of these kinds in a search over process
noise, confirmation and deletion; pyrecest is given the same, norfair what corresponds. They flatter the peers a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["SETTINGS", "PeerScene", "Row", "Runner", "Settings", "cartesian", "load_scene", "save_scene"]

FloatArray = npt.NDArray[np.float64]
Row = tuple[float, float, float, float, float, float, float]
"""A reported track: its number, then east, north, up (m) and their rates (m/s)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How trackers with one motion model are best set on one kind of scene."""

    derivatives: int  # 1: constant velocity, 2: constant acceleration
    noise: float  # power spectral density of the highest derivative's noise, m²/s³ or m²/s⁵
    sigma_velocity_mps: tuple[float, float]  # of a new track: horizontal, vertical
    sigma_acceleration_mps2: float
    confirm: int  # detections
    coast: int  # scans without a detection that end a confirmed track
    hopeless_m: float  # position uncertainty that ends it
    norfair_sigma_m: float  # of one detection, the same everywhere
    norfair_noise: float
    norfair_coast: int  # frames


SETTINGS = {
    "drones": Settings(1, 16.0, (30.0, 5.0), 0.0, 3, 3, 150.0, 45.0, 60.0, 4),
    "ballistic": Settings(2, 4.0, (250.0, 250.0), 15.0, 3, 8, 250.0, 20.0, 20.0, 8),
    "mixed": Settings(1, 20.0, (120.0, 60.0), 0.0, 4, 6, 250.0, 40.0, 60.0, 6),
}
GATE = 4.0  # Mahalanobis distance
TENTATIVE_COAST = 2  # scans without a detection that end a track which is not confirmed yet


@dataclass(frozen=True, slots=True)
class PeerScene:
    """n detections of K scans of one radar at the origin; rows of scan k are `start[k]` to `start[k + 1]`."""

    kind: str  # of SETTINGS
    t_s: FloatArray  # (K,)
    start: npt.NDArray[np.int64]  # (K + 1,)
    polar: FloatArray  # (n, 3) range (m), azimuth from north, elevation (rad)
    sigma: FloatArray  # (n, 3) of them

    @property
    def period_s(self) -> float:
        """Time between scans."""
        return float(np.median(np.diff(self.t_s))) if len(self.t_s) > 1 else 1.0


class Runner(Protocol):
    """A peer that is set up; the child calls these for each scan in turn and times `step` alone."""

    def prepare(self, k: int) -> None:
        """Make of scan k what `step` needs."""

    def step(self) -> None:
        """Advance the tracker by the scan that was prepared."""

    def rows(self) -> Sequence[Row]:
        """The tracks that it reports after that."""


def save_scene(path: Path, scene: PeerScene) -> None:
    """Write a scene for the other process."""
    np.savez(path, kind=scene.kind, t_s=scene.t_s, start=scene.start, polar=scene.polar, sigma=scene.sigma)


def load_scene(path: Path) -> PeerScene:
    """Read what `save_scene` wrote."""
    with np.load(path) as held:
        return PeerScene(str(held["kind"]), held["t_s"], held["start"], held["polar"], held["sigma"])


def cartesian(polar: FloatArray, sigma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """East, north, up (n, 3) and their covariances (n, 3, 3) to first order, of polar measurements (n, 3)."""
    r, az, el = polar.T
    out = np.stack([np.cos(el) * np.sin(az), np.cos(el) * np.cos(az), np.sin(el)], axis=1)
    right = np.stack([np.cos(az), -np.sin(az), np.zeros(len(r))], axis=1)
    up = np.stack([-np.sin(el) * np.sin(az), -np.sin(el) * np.cos(az), np.cos(el)], axis=1)
    axes = np.stack([out, right, up], axis=2)
    spread = np.stack([sigma[:, 0], sigma[:, 1] * r * np.cos(el), sigma[:, 2] * r], axis=1)
    return r[:, None] * out, (axes * spread[:, None, :] ** 2) @ axes.transpose(0, 2, 1)
