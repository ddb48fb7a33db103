"""Stone Soup: its filters, hypotheses, initiator, deleters and tracker, with a gate and an assignment that suit them.

Its stock KD-tree measures distance over radians and metres mixed, and its stock assignment fills a dense matrix of
Python objects; both are replaced from outside by parts that do the same sum faster.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from stonesoup.deleter.error import CovarianceBasedDeleter
from stonesoup.deleter.multi import CompositeDeleter
from stonesoup.deleter.time import UpdateTimeStepsDeleter
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator
from stonesoup.measures import Mahalanobis
from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
from stonesoup.models.transition.linear import (
    CombinedLinearGaussianTransitionModel,
    ConstantAcceleration,
    ConstantVelocity,
)
from stonesoup.predictor.kalman import KalmanPredictor
from stonesoup.tracker.simple import MultiTargetTracker
from stonesoup.types.angle import Bearing, Elevation
from stonesoup.types.array import StateVector
from stonesoup.types.detection import Detection
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import ExtendedKalmanUpdater

from tocsin.bench.peers.scenes import GATE, SETTINGS, TENTATIVE_COAST, PeerScene, Row, cartesian

EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


class ClusteredNearest:
    """Global nearest neighbour over gated pairs, solved for each cluster of tracks that compete for detections."""

    def __init__(self, hypothesiser: Any, position: list[int], sigma: tuple[float, float]) -> None:
        self.hypothesiser, self.position, self.sigma = hypothesiser, position, sigma

    def associate(self, tracks: Any, detections: Any, timestamp: Any, **_: object) -> dict[Any, Any]:
        """The hypothesis of each track in the assignment of least total distance."""
        tracks, seen = list(tracks), list(detections)
        tree = cKDTree([d.metadata["place"] for d in seen]) if seen else None
        choices = [self._hypotheses(track, seen, tree, timestamp) for track in tracks]
        number = {id(d): j for j, d in enumerate(seen)}
        pairs = [(i, number[id(h.measurement)], h) for i, (_, real) in enumerate(choices) for h in real]
        result = {track: miss for track, (miss, _) in zip(tracks, choices, strict=True)}
        if not pairs:
            return result
        rows, columns = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
        size = len(tracks) + len(seen)
        links = coo_array((np.ones(len(pairs)), (rows, columns + len(tracks))), shape=(size, size))
        label = connected_components(links, directed=False)[1][rows]
        order = np.argsort(label, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(label[order])) + 1):
            members = [pairs[g] for g in group]
            for i, chosen in _assigned(members, choices).items():
                result[tracks[i]] = chosen
        return result

    def _hypotheses(self, track: Any, seen: list[Any], tree: Any, timestamp: Any) -> tuple[Any, list[Any]]:
        prediction = self.hypothesiser.predictor.predict(track, timestamp=timestamp)
        centre = np.asarray(prediction.mean, float).ravel()[self.position]
        spread = np.asarray(prediction.covar, float)[self.position, self.position].sum()
        noise = max(self.sigma[0], self.sigma[1] * float(np.sqrt(centre @ centre)))
        near = tree.query_ball_point(centre, GATE * np.sqrt(spread + noise**2)) if tree is not None else ()
        found = list(self.hypothesiser.hypothesise(track, {seen[j] for j in near}, timestamp))
        return next(h for h in found if not h), [h for h in found if h]


def _assigned(members: list[tuple[int, int, Any]], choices: list[tuple[Any, list[Any]]]) -> dict[int, Any]:
    """The best joint choice of one cluster of (track, detection, hypothesis)."""
    if len(members) == 1:
        i, _, only = members[0]
        return {i: min(only, choices[i][0], key=lambda h: float(h.distance))}
    rows = {i: k for k, i in enumerate(dict.fromkeys(m[0] for m in members))}
    columns = {j: k for k, j in enumerate(dict.fromkeys(m[1] for m in members))}
    cost = np.full((len(rows), len(columns) + len(rows)), 1e9)
    pick: dict[tuple[int, int], Any] = {}
    for i, k in rows.items():
        cost[k, len(columns) + k] = choices[i][0].distance
        pick[k, len(columns) + k] = choices[i][0]
    for i, j, h in members:
        cost[rows[i], columns[j]] = h.distance
        pick[rows[i], columns[j]] = h
    back = list(rows)
    chosen, column = linear_sum_assignment(cost)
    return {back[k]: pick[k, c] for k, c in zip(chosen.tolist(), column.tolist(), strict=True)}


class StoneSoup:
    """A `MultiTargetTracker` that is fed one scan at a time."""

    def __init__(self, scene: PeerScene) -> None:
        s = SETTINGS[scene.kind]
        width = s.derivatives + 1
        self.scene, self.position = scene, [0, width, 2 * width]
        model = ConstantVelocity if s.derivatives == 1 else ConstantAcceleration
        transition = CombinedLinearGaussianTransitionModel([model(s.noise)] * 3)
        sigma_r, sigma_az, sigma_el = (float(v) for v in scene.sigma[0])
        self.measure = CartesianToElevationBearingRange(
            ndim_state=3 * width, mapping=self.position, noise_covar=np.diag([sigma_el, sigma_az, sigma_r]) ** 2
        )
        self.places, _ = cartesian(scene.polar, scene.sigma)
        predictor, updater = KalmanPredictor(transition), ExtendedKalmanUpdater(self.measure)
        distance = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=GATE)

        def associator() -> ClusteredNearest:
            return ClusteredNearest(distance, self.position, (sigma_r, max(sigma_az, sigma_el)))

        variance = np.zeros(3 * width)
        variance[[1, width + 1]], variance[2 * width + 1] = s.sigma_velocity_mps[0] ** 2, s.sigma_velocity_mps[1] ** 2
        if width == 3:
            variance[[2, 5, 8]] = s.sigma_acceleration_mps2**2
        initiator = MultiMeasurementInitiator(
            prior_state=GaussianState(np.zeros((3 * width, 1)), np.diag(variance), timestamp=EPOCH),
            measurement_model=self.measure,
            deleter=UpdateTimeStepsDeleter(TENTATIVE_COAST),
            data_associator=associator(),
            updater=updater,
            min_points=s.confirm,
        )
        hopeless = CovarianceBasedDeleter(3 * s.hopeless_m**2, mapping=self.position)
        deleter = CompositeDeleter([UpdateTimeStepsDeleter(s.coast), hopeless], intersect=False)
        self.scan: tuple[datetime.datetime, set[Any]] = (EPOCH, set())
        self.tracker = iter(MultiTargetTracker(initiator, deleter, self._feed(), associator(), updater))
        self.tracks: Sequence[Any] = ()
        self.numbers: dict[str, int] = {}

    def _feed(self) -> Iterator[tuple[datetime.datetime, set[Any]]]:
        while True:
            yield self.scan

    def prepare(self, k: int) -> None:
        """The scan's Detection objects."""
        at = EPOCH + datetime.timedelta(seconds=float(self.scene.t_s[k]))
        found = set()
        for j in range(self.scene.start[k], self.scene.start[k + 1]):
            r, azimuth, elevation = (float(v) for v in self.scene.polar[j])
            z = StateVector([Elevation(elevation), Bearing(np.pi / 2 - azimuth), r])
            place = {"place": self.places[j]}
            found.add(Detection(z, timestamp=at, measurement_model=self.measure, metadata=place))
        self.scan = (at, found)

    def step(self) -> None:
        """One turn of the tracker's own loop."""
        _, self.tracks = next(self.tracker)

    def rows(self) -> Sequence[Row]:
        """The mean of each track."""
        found: list[Row] = []
        for track in self.tracks:
            x = np.asarray(track.mean, float).ravel()
            number = self.numbers.setdefault(track.id, len(self.numbers) + 1)
            rate = [i + 1 for i in self.position]
            east, north, up, *rates = (float(v) for v in (*x[self.position], *x[rate]))
            found.append((number, east, north, up, rates[0], rates[1], rates[2]))
        return found


def build(scene: PeerScene) -> StoneSoup:
    """The tracker, before the first scan."""
    return StoneSoup(scene)
