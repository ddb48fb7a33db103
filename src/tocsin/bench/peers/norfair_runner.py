"""norfair: a tracker for video that takes points in three dimensions; one frame for each scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from norfair import Detection, OptimizedKalmanFilterFactory, Tracker

from tocsin.bench.peers.scenes import SETTINGS, PeerScene, Row, cartesian

REACH_M = 200.0  # Euclidean distance beyond which nothing is matched


class Norfair:
    """A `Tracker` over places in metres; its velocities are per frame."""

    def __init__(self, scene: PeerScene) -> None:
        s = SETTINGS[scene.kind]
        self.scene, (self.place, _) = scene, cartesian(scene.polar, scene.sigma)
        variance = s.norfair_sigma_m**2
        filters = OptimizedKalmanFilterFactory(
            R=variance,
            Q=s.norfair_noise,
            pos_variance=variance,
            vel_variance=(s.sigma_velocity_mps[0] * scene.period_s) ** 2,
        )
        self.tracker = Tracker(
            distance_function="euclidean",
            distance_threshold=REACH_M,
            hit_counter_max=s.norfair_coast + s.confirm,
            initialization_delay=s.confirm - 1,
            past_detections_length=0,
            filter_factory=filters,
        )
        self.scan: list[Any] = []
        self.tracks: Sequence[Any] = ()

    def prepare(self, k: int) -> None:
        """The scan's Detection objects."""
        rows = range(self.scene.start[k], self.scene.start[k + 1])
        self.scan = [Detection(points=self.place[j : j + 1]) for j in rows]

    def step(self) -> None:
        """One frame."""
        self.tracks = self.tracker.update(self.scan)

    def rows(self) -> Sequence[Row]:
        """The filter's mean of each object."""
        found: list[Row] = []
        for track in self.tracks:
            east, north, up, *rates = (float(v) for v in track.filter.x[:, 0])
            vx, vy, vz = (v / self.scene.period_s for v in rates)
            found.append((int(track.id), east, north, up, vx, vy, vz))
        return found


def build(scene: PeerScene) -> Norfair:
    """The tracker, before the first scan."""
    return Norfair(scene)
