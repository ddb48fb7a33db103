"""pyrecest: its track manager, global nearest neighbour and Kalman filters, on detections turned into places.

The cost matrix is the user's to write: squared Mahalanobis distance plus log determinant of pairs that a KD-tree finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pyrecest.distributions import GaussianDistribution
from pyrecest.filters.kalman_filter import KalmanFilter
from pyrecest.filters.track_manager import (
    TrackManager,
    build_global_nearest_neighbor_associator,
    build_linear_gaussian_predictor,
    build_linear_gaussian_updater,
)
from scipy.spatial import cKDTree

from tocsin.bench.peers.scenes import GATE, SETTINGS, TENTATIVE_COAST, FloatArray, PeerScene, Row, Settings, cartesian

MISS_COST = 22.0  # GATE² plus the log determinant of a usual innovation covariance


def transition(s: Settings, dt: float) -> tuple[FloatArray, FloatArray]:
    """Transition and noise of the three axes together; each is position, rate and perhaps acceleration."""
    f = np.array([[1.0, dt], [0.0, 1.0]])
    q = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
    if s.derivatives == 2:
        f = np.array([[1.0, dt, dt**2 / 2], [0.0, 1.0, dt], [0.0, 0.0, 1.0]])
        q = np.array(
            [
                [dt**5 / 20, dt**4 / 8, dt**3 / 6],
                [dt**4 / 8, dt**3 / 3, dt**2 / 2],
                [dt**3 / 6, dt**2 / 2, dt],
            ]
        )
    return np.asarray(np.kron(np.eye(3), f)), np.asarray(np.kron(np.eye(3), s.noise * q))


class Pyrecest:
    """A `TrackManager` over converted measurements."""

    def __init__(self, scene: PeerScene) -> None:
        s = SETTINGS[scene.kind]
        width = s.derivatives + 1
        self.scene, self.position = scene, [0, width, 2 * width]
        self.place, self.noise = cartesian(scene.polar, scene.sigma)
        f, q = transition(s, scene.period_s)
        h = np.zeros((3, 3 * width))
        h[[0, 1, 2], self.position] = 1.0
        variance = np.zeros(3 * width)
        variance[[p + 1 for p in self.position]] = np.square([*s.sigma_velocity_mps[:1] * 2, s.sigma_velocity_mps[1]])
        if width == 3:
            variance[[2, 5, 8]] = s.sigma_acceleration_mps2**2
        self.prior = np.diag(variance)
        self.manager = TrackManager(
            predictor=build_linear_gaussian_predictor(f, q),
            updater=build_linear_gaussian_updater(h, lambda m, **_: m[1], lambda m, **_: m[0]),
            initiator=self._begin,
            associator=build_global_nearest_neighbor_associator(self._cost, MISS_COST, MISS_COST),
            n_init=s.confirm,
            max_misses=s.coast,
            delete_condition=lambda t: t.misses > (s.coast if t.is_confirmed else TENTATIVE_COAST - 1),
            keep_history=False,
            log_prior_estimates=False,
            log_posterior_estimates=False,
        )
        self.scan: list[tuple[FloatArray, FloatArray]] = []

    def _begin(self, measurement: tuple[FloatArray, FloatArray], **_: object) -> Any:
        x, p = np.zeros(len(self.prior)), self.prior.copy()
        x[self.position] = measurement[0]
        p[np.ix_(self.position, self.position)] = measurement[1]
        return KalmanFilter(GaussianDistribution(x, p))

    def _cost(self, tracks: Sequence[Any], measurements: Sequence[Any], **_: object) -> FloatArray:
        mean = np.array([np.asarray(t.filter_state.mu)[self.position] for t in tracks])
        grid = np.ix_(self.position, self.position)
        spread = np.array([np.asarray(t.filter_state.C)[grid] for t in tracks])
        place, noise = (np.array([m[i] for m in measurements]) for i in (0, 1))
        cost = np.full((len(mean), len(place)), np.inf)
        widest = float(np.trace(noise, axis1=1, axis2=2).max())
        reach = GATE * np.sqrt(np.trace(spread, axis1=1, axis2=2) + widest)
        near = cKDTree(place).query_ball_point(mean, reach)
        i = np.repeat(np.arange(len(mean)), [len(n) for n in near])
        j = np.array([k for n in near for k in n], dtype=np.int64)
        if len(i):
            gap, s = place[j] - mean[i], spread[i] + noise[j]
            d2 = np.sum(gap * np.linalg.solve(s, gap[..., None])[..., 0], axis=1)
            ok = d2 < GATE**2
            cost[i[ok], j[ok]] = d2[ok] + np.linalg.slogdet(s[ok])[1]
        return cost

    def prepare(self, k: int) -> None:
        """The scan's measurements."""
        self.scan = [(self.place[j], self.noise[j]) for j in range(self.scene.start[k], self.scene.start[k + 1])]

    def step(self) -> None:
        """One step of the manager."""
        self.manager.step(self.scan)
        self.manager.purge_deleted_tracks()

    def rows(self) -> Sequence[Row]:
        """The mean of each confirmed track."""
        found: list[Row] = []
        for track in self.manager.get_tracks(confirmed_only=True):
            x = np.asarray(track.filter_state.mu)
            east, north, up = (float(x[p]) for p in self.position)
            rates = [float(x[p + 1]) for p in self.position]
            found.append((int(track.track_id), east, north, up, rates[0], rates[1], rates[2]))
        return found


def build(scene: PeerScene) -> Pyrecest:
    """The tracker, before the first scan."""
    return Pyrecest(scene)
