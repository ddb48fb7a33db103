"""A drone behind a ridge: with the ground known it is waited for, without it is given up."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin import sense, track
from tocsin.frames import enu2aer, gaussian_radius_m
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain
from tocsin.world.masking import visible

NO_REPORTS = ReportTable(np.zeros(0), (), (), (), np.zeros((0, 3)), np.zeros(0), ())
FLAT = Terrain(0.0, 0.0, 1.0, np.zeros((0, 0)))


def ridge():
    """A wall of 400 m that runs east and west 6 km north of the radar, from 1.4 km west to 0.5 km east of it."""
    east, north = np.arange(-8e3, 8e3 + 1, 100.0), np.arange(-2e3, 14e3 + 1, 100.0)
    e, n = np.meshgrid(east, north)
    wall = ((np.abs(n - 6e3) < 250.0) & (e > -1.45e3) & (e < 600.0)) * 400.0
    return Terrain(-8e3, -2e3, 100.0, wall)


def plan_of(terrain, max_range_m=np.nan):
    site = Site("t", 33.8, 42.4, 0.0, gaussian_radius_m(33.8), "UTC", (), (), terrain)
    nan = np.array([np.nan])
    table = SensorTable(
        ("s",), ("radar_3d",), np.array([[0.0, 0.0, 20.0]]), np.eye(3)[None], np.array([max_range_m]), nan, nan, nan
    )
    return Plan("", site, table)


def flight(t):
    """West to east at 45 m/s, 8 km north and 250 m high: behind the wall for about a minute."""
    return np.array([-4200.0 + 45.0 * t, 8000.0, 250.0, 45.0, 0.0, 0.0])


def batch(k, t, seen, rng):
    aer = enu2aer(flight(t)[:3] - np.array([0.0, 0.0, 20.0]))
    z = np.array([[aer[2], aer[0] % (2 * np.pi), aer[1]]])[: int(seen)]
    z = z + rng.normal(size=z.shape) * [10.0, 0.002, 0.002]
    n, nan = len(z), np.full(len(z), np.nan)
    sigma = (np.full(n, s) for s in (10.0, 0.002, 0.002))
    table = DetectionTable(np.arange(1, n + 1), *z.T.copy(), *sigma, nan, nan, nan, nan)
    return Batch(k, t, t, 0, table, NO_REPORTS, ())


def flown(known, seconds=150):
    """Listed ids by second, whether the target was in sight, existence of the first track, and the ends."""
    truth, plan = plan_of(ridge()), plan_of(ridge() if known else FLAT)
    sensing, tracking, rng = sense.start(plan), track.start(plan), np.random.default_rng(3)
    ids, sight, existence, ends = [], [], [], []
    for k in range(seconds):
        seen = visible(truth.site, np.array([0.0, 0.0, 20.0]), flight(float(k))[None, :3])[0]
        sensing, scan, _ = sense.advance(plan, sensing, batch(k, float(k), seen, rng))
        tracking, step = track.advance(plan, tracking, scan)
        ids.append(step.table.track_id.tolist())
        sight.append(bool(seen))
        existence.append(float(step.table.existence[0]) if len(step.table.existence) else 0.0)
        ends += step.ended
    return ids, np.array(sight), existence, ends


def test_a_drone_behind_a_known_ridge_for_a_minute_keeps_its_track():
    ids, sight, existence, ends = flown(known=True)
    hidden = np.flatnonzero(~sight)
    assert len(hidden) >= 60, "a minute without a detection"
    assert np.all(np.diff(hidden) == 1)
    assert ids[hidden[0] - 1] == [1]
    assert all(listed == [1] for listed in ids[hidden[0] : hidden[-1] + 15])
    assert not ends
    worn = np.exp(-(hidden[-2] - hidden[0] + 1) / 400.0)
    assert existence[hidden[-2]] == pytest.approx(worn, rel=0.01), "worn by the mean lifetime of a target alone"
    assert existence[hidden[-1]] > 0.5, "half of what is believed of its place lies past the ridge's edge"


def test_without_the_ground_the_same_track_is_lost_at_once():
    ids, sight, _, ends = flown(known=False)
    first = int(np.flatnonzero(~sight)[0])
    assert [e.rule for e in ends] == ["missed"]
    assert ends[0].t_s < first + 8.0
    assert ids[-1] == [2], "what comes out on the other side is somebody new"


def test_misses_in_sight_still_count_with_the_ground_known():
    plan = plan_of(ridge())
    sensing, tracking, rng = sense.start(plan), track.start(plan), np.random.default_rng(3)
    ends = []
    for k in range(30):
        sensing, scan, _ = sense.advance(plan, sensing, batch(k, float(k), k < 12, rng))
        tracking, step = track.advance(plan, tracking, scan)
        ends += step.ended
    assert [e.rule for e in ends] == ["missed"]
    assert ends[0].t_s < 20.0


@pytest.mark.parametrize(("max_range_m", "lost"), [(7e3, False), (30e3, True)])
def test_a_miss_beyond_the_stated_range_is_no_evidence(max_range_m, lost):
    plan = plan_of(FLAT, max_range_m)
    sensing, tracking, rng = sense.start(plan), track.start(plan), np.random.default_rng(3)
    ends = []
    for k in range(40):
        sensing, scan, _ = sense.advance(plan, sensing, batch(k, float(k), k < 12, rng))
        tracking, step = track.advance(plan, tracking, scan)
        ends += step.ended
    assert bool(ends) == lost
