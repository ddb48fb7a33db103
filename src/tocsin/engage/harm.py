"""How much harm a track is expected to do, and when: what threats are ranked by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tocsin.frames import dot, length, rotate
from tocsin.kernels.linear import symmetric_axes
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.events import Events
from tocsin.records.site import Site

__all__ = ["Harm", "People", "expected_strike_harm", "people_of", "updated_harms"]

LETHAL_RADIUS_M = 50.0
"""People within this distance of a strike count as harmed: the same figure as the warning stage's default, so that a
threat that is warned of and a threat that is engaged are the same threat."""

ASSET_PERSONS = 10.0
"""An asset that is struck counts as this many persons. It only ranks drones against shells; a site whose assets
matter more or less can say so by the population of its zones."""

REACH_KEPT_S = 10.0
"""A flyer's last reach forecast is used for so long when newer batches do not name it (a scan of another sensor, a
tick): a few revisits of a slow radar, and less than a drone needs to change where it is going by much."""


@dataclass(frozen=True, slots=True)
class Harm:
    """Expected persons harmed if nothing is done, when that would be, and until when this figure is used."""

    persons: float
    due_t_s: float
    ballistic: bool
    bound: float  # probability that it makes for something worth striking
    valid_t_s: float


@dataclass(frozen=True, slots=True)
class People:
    """Edges of all zones as one table, with the density of people in each zone."""

    start_m: FloatArray  # (E, 2)
    end_m: FloatArray  # (E, 2)
    first_edge: IntArray  # (Z,)
    density_pm2: FloatArray  # (Z,)
    asset_m: FloatArray  # (A, 2)
    asset_radius_m: FloatArray  # (A,)


def people_of(site: Site) -> People:
    """The site's zones and assets as arrays; the area is the shoelace formula's."""
    starts = [np.asarray(zone.polygon_m, dtype=np.float64) for zone in site.zones]
    ends = [np.roll(polygon, -1, axis=0) for polygon in starts]
    areas = [0.5 * abs(float(np.sum(a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]))) for a, b in zip(starts, ends, strict=True)]
    counts = np.array([len(polygon) for polygon in starts], dtype=np.int64)
    return People(
        start_m=np.concatenate(starts) if starts else np.zeros((0, 2)),
        end_m=np.concatenate(ends) if ends else np.zeros((0, 2)),
        first_edge=np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64) if starts else np.zeros(0, np.int64),
        density_pm2=np.array(
            [zone.population / area if area > 0 else 0.0 for zone, area in zip(site.zones, areas, strict=True)]
        ),
        asset_m=np.array([asset.position_m[:2] for asset in site.assets]).reshape(-1, 2),
        asset_radius_m=np.array([asset.radius_m for asset in site.assets]),
    )


def _unit_gaussian_points() -> FloatArray:
    """64 points (64, 2) of equal probability under the unit Gaussian: 8 rings, 8 bearings, every other ring turned."""
    ring = np.sqrt(-2.0 * np.log1p(-(np.arange(8) + 0.5) / 8))
    bearing = (np.arange(8)[None, :] + 0.5 * (np.arange(8)[:, None] % 2)) * (math.pi / 4)
    return np.stack([ring[:, None] * np.cos(bearing), ring[:, None] * np.sin(bearing)], axis=-1).reshape(-1, 2)


_POINTS = _unit_gaussian_points()


def density_at(people: People, points_m: FloatArray) -> FloatArray:
    """People per square metre (P,) at points (P, 2): the sum over the zones that hold the point (even-odd rule)."""
    if not len(people.first_edge):
        return np.zeros(len(points_m))
    x, y = points_m[:, 0, None], points_m[:, 1, None]
    (x1, y1), (x2, y2) = people.start_m.T, people.end_m.T
    rise = np.where(y2 == y1, 1.0, y2 - y1)
    crossing = ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) * (x2 - x1) / rise)
    inside = np.add.reduceat(crossing.astype(np.int64), people.first_edge, axis=1) % 2
    return dot(inside, people.density_pm2)


def expected_strike_harm(people: People, mean_m: FloatArray, covariance_m2: FloatArray) -> float:
    """Persons expected to be harmed by a strike whose place is Gaussian: mean (2,), covariance (2, 2).

    Density times lethal area plus assets hit, averaged over 64 points of equal probability. Against the exact
    Gaussian this is good to some percent where zones are larger than a standard deviation, which ranks threats.
    """
    variance, axes = np.empty(2), np.empty((2, 2))
    symmetric_axes(covariance_m2, variance, axes)
    points = mean_m + rotate(_POINTS * np.sqrt(np.maximum(variance, 0.0)), axes.T)
    persons = float(np.mean(density_at(people, points))) * math.pi * LETHAL_RADIUS_M**2
    if not len(people.asset_m):
        return persons
    distance = length(points[:, None, :] - people.asset_m[None])
    hit = np.mean(distance <= people.asset_radius_m + LETHAL_RADIUS_M, axis=0)
    return persons + ASSET_PERSONS * float(np.sum(hit))


def updated_harms(people: People, harms: dict[int, Harm], events: Events) -> dict[int, Harm]:
    """The harm of each track after this batch: new forecasts replace old ones, old ones are kept while valid."""
    after = {track_id: harm for track_id, harm in harms.items() if harm.valid_t_s >= events.t_s}
    hostile = dict(zip(events.identities.track_id.tolist(), events.identities.hostile.tolist(), strict=True))
    reaches = events.reaches
    best: dict[int, tuple[float, float]] = {}
    bound: dict[int, float] = {}
    for track_id, asset, expected, probability in zip(
        reaches.track_id.tolist(),
        reaches.asset_index.tolist(),
        reaches.expected_t_s.tolist(),
        reaches.probability.tolist(),
        strict=True,
    ):
        around = float(density_at(people, people.asset_m[asset : asset + 1])[0]) * math.pi * LETHAL_RADIUS_M**2
        persons = probability * (ASSET_PERSONS + around)
        bound[track_id] = min(1.0, bound.get(track_id, 0.0) + probability)
        if persons > best.get(track_id, (0.0, 0.0))[0]:
            best[track_id] = (persons, expected)
    for track_id, (persons, expected) in best.items():
        risk = hostile.get(track_id, 0.0)
        after[track_id] = Harm(risk * persons, expected, False, bound[track_id], events.t_s + REACH_KEPT_S)
    impacts = events.impacts
    for row, track_id in enumerate(impacts.track_id.tolist()):
        persons = expected_strike_harm(people, impacts.position_m[row, :2], impacts.covariance[row])
        due = float(impacts.impact_t_s[row])
        after[track_id] = Harm(hostile.get(track_id, 0.0) * persons, due, True, 1.0, due)
    return after
