"""The tracker as a user meets it: sensors switched on and off, targets that cross, strike, or are not there."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from tocsin import sense, track
from tocsin.frames import enu2aer, gaussian_radius_m
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain

SIGMA = (10.0, np.deg2rad(0.15), np.deg2rad(0.15), 1.0)
NO_REPORTS = ReportTable(np.zeros(0), (), (), (), np.zeros((0, 3)), np.zeros(0), ())


def plan_of(*places, kinds=None, max_range_m=np.nan) -> Plan:
    places = places or ((0.0, 0.0, 0.0),)
    n = len(places)
    site = Site(
        "t", 33.8, 42.4, 188.0, gaussian_radius_m(33.8) + 188.0, "UTC", (), (), Terrain(0, 0, 1, np.zeros((0, 0)))
    )
    names = tuple(f"s{i}" for i in range(n))
    table = SensorTable(
        names, kinds or ("radar_3d",) * n, np.array(places, float), np.tile(np.eye(3), (n, 1, 1)),
        np.full(n, max_range_m), np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan),
    )  # fmt: skip
    return Plan("", site, table)


class Sky:
    """Targets (functions of time) and clutter, seen by sensors that can be told what to miss."""

    def __init__(self, plan, targets, seed=1, clutter=0.0, range_rate=True, pd=1.0):
        self.plan, self.targets, self.rng = plan, targets, np.random.default_rng(seed)
        self.clutter, self.range_rate, self.pd = clutter, range_rate, pd
        self.index = 0

    def batch(self, t, sensor=0, blind=False, bearing_only=False):
        rows = (
            []
            if blind
            else [self.look(f(t), sensor) for f in self.targets if self.rng.random() < self.pd and f(t) is not None]
        )
        for _ in range(self.rng.poisson(self.clutter)):
            r, h, a = 2e4 * np.sqrt(self.rng.uniform(0.01, 1)), self.rng.uniform(0, 800), self.rng.uniform(0, 2 * np.pi)
            rows.append([np.hypot(r, h), a, np.arctan2(h, r), self.rng.normal(0, 4)])
        z = np.array(rows, float).reshape(-1, 4)
        if not self.range_rate:
            z[:, 3] = np.nan
        if bearing_only:
            z[:, [0, 3]] = np.nan
        n = len(z)
        columns = (*z[:, :3].T, *(np.full(n, s) for s in SIGMA[:3]), z[:, 3], np.full(n, SIGMA[3]))
        table = DetectionTable(np.arange(1, n + 1), *columns, np.full(n, np.nan), np.full(n, -10.0))
        self.index += 1
        return Batch(self.index - 1, float(t), float(t), sensor, table, NO_REPORTS, ())

    def look(self, state, sensor):
        d = state[:3] - self.plan.sensors.position_m[sensor]
        az, el, r = enu2aer(d)
        return np.array([r, az, el, d @ state[3:] / r]) + self.rng.normal(size=4) * SIGMA


class Run:
    def __init__(self, plan):
        self.plan, self.sensing, self.tracking = plan, sense.start(plan), track.start(plan)
        self.steps, self.ends, self.confirmed = [], [], []

    def take(self, *batches):
        for batch in batches:
            self.sensing, scan, self.sensed = sense.advance(self.plan, self.sensing, batch)
            self.tracking, step = track.advance(self.plan, self.tracking, scan)
            self.steps.append(step)
            self.ends += step.ended
            self.confirmed += step.confirmed.tolist()
        return self

    @property
    def table(self):
        return self.steps[-1].table


def straight(p, v):
    p, v = np.array(p, float), np.array(v, float)
    return lambda t: np.concatenate([p + v * t, v])


DRONE = straight([4000, 3000, 300], [-40, 10, 0])


@pytest.mark.parametrize("range_rate", [True, False])
def test_a_drone_is_confirmed_by_its_third_scan_and_followed(range_rate):
    plan = plan_of()
    run, sky = Run(plan), Sky(plan, [DRONE], range_rate=range_rate)
    run.take(*(sky.batch(t) for t in range(3)))
    assert run.confirmed == [1]
    run.take(*(sky.batch(t) for t in range(3, 25)))
    table = run.table
    assert table.track_id.tolist() == [1]
    assert np.linalg.norm(table.state[0, :3] - DRONE(24)[:3]) < 30.0
    assert np.linalg.norm(table.state[0, 3:] - DRONE(24)[3:]) < 8.0
    assert table.row.tolist() == [0]
    assert table.rcs_dbsm.tolist() == [-10.0]
    assert table.model_probability[0].sum() == pytest.approx(1.0)
    assert table.detections[0] == 25


def test_radar_off_for_three_seconds_then_the_track_coasts_and_keeps_its_id():
    plan = plan_of()
    run, sky = Run(plan), Sky(plan, [DRONE])
    run.take(*(sky.batch(t) for t in range(10)))
    spread = np.trace(run.table.covariance[0, :3, :3])
    silence = replace(sky.batch(0, blind=True), sensor_index=-1)
    run.take(*(replace(silence, t_s=float(t), t_arrival_s=float(t)) for t in (10, 11, 12)))
    assert run.table.track_id.tolist() == [1]
    assert run.table.row.tolist() == [-1]
    assert np.trace(run.table.covariance[0, :3, :3]) > 2 * spread
    assert np.linalg.norm(run.table.state[0, :3] - DRONE(12)[:3]) < 100.0
    run.take(sky.batch(13), sky.batch(14))
    assert run.table.track_id.tolist() == [1]
    assert run.confirmed == [1]


def test_one_missed_scan_lowers_existence_and_many_end_the_track():
    plan = plan_of()
    run, sky = Run(plan), Sky(plan, [DRONE])
    run.take(*(sky.batch(t) for t in range(10)))
    before = run.table.existence[0]
    run.take(sky.batch(10, blind=True))
    assert 0.5 < run.table.existence[0] < before
    run.take(*(sky.batch(t, blind=True) for t in range(11, 20)))
    assert len(run.table.track_id) == 0
    assert [(e.track_id, e.rule, e.updated_t_s) for e in run.ends] == [(1, "missed", 9.0)]


def test_detection_probability_is_learned_without_creeping_to_one():
    """Misses of sure tracks count as much as detections: 9 of 10 looks seen is learned as 0.9 (σ of the count 0.01)."""
    targets = [straight((4000 + 700 * i, 9000, 1500), (0, 1.0, 0)) for i in range(4)]
    sky = Sky(plan_of(), targets, pd=0.9, seed=3)
    run = Run(sky.plan).take(*(sky.batch(4.0 * t) for t in range(400)))
    seen, due = run.tracking.lore.seen[0]
    assert seen / due == pytest.approx(0.9, abs=0.03)


def test_crossing_targets_keep_their_ids():
    plan = plan_of()
    a, b = straight([3000, 3000, 300], [40, 0, 0]), straight([4000, 2500, 300], [0, 40, 0])
    run, sky = Run(plan), Sky(plan, [a, b], range_rate=False)
    run.take(*(sky.batch(t) for t in range(6)))

    def holder(f, t):
        return run.table.track_id[np.linalg.norm(run.table.state[:, :3] - f(t)[:3], axis=1).argmin()]

    first = holder(a, 5), holder(b, 5)
    run.take(*(sky.batch(t) for t in range(6, 40)))
    assert (holder(a, 39), holder(b, 39)) == first
    assert sorted(first) == [1, 2]
    assert not run.ends


@pytest.mark.parametrize("range_rate", [True, False])
def test_pure_clutter_confirms_nothing(range_rate):
    plan = plan_of()
    run, sky = Run(plan), Sky(plan, [], seed=3, clutter=30.0, range_rate=range_rate)
    run.take(*(sky.batch(t) for t in range(120)))
    assert run.confirmed == []
    assert run.steps[-1].tentative < 150


@lru_cache(maxsize=256)
def ballistic(t):
    x = np.array([-3000.0, 2000.0, 5.0, 220.0, -60.0, 180.0])
    for _ in range(round(t / 0.05)):
        speed = np.linalg.norm(x[3:])
        a = np.array([0, 0, -9.81]) - 1.225 * np.exp(-max(x[2], 0) / 8500) / (2 * 4000) * speed * x[3:]
        x = np.concatenate([x[:3] + 0.05 * x[3:] + 0.00125 * a, x[3:] + 0.05 * a])
        if x[2] < 0:
            return None
    return x


@pytest.mark.parametrize("range_rate", [True, False])
def test_a_ballistic_track_ends_at_the_ground_at_once(range_rate):
    plan = plan_of()
    run, sky = Run(plan), Sky(plan, [ballistic], range_rate=range_rate)
    times = np.arange(0.0, 40.0, 0.5)
    flown = [t for t in times if ballistic(t) is not None]
    for t in times:
        run.take(sky.batch(t))
        if t == flown[4]:
            assert run.confirmed == [1]
        if t == flown[-1]:
            assert run.table.model_probability[0, 2] > 0.9
            assert run.table.state[0, 5] < -100.0
        if t > flown[-1]:
            assert len(run.table.track_id) == 0
    assert [(e.rule, e.track_id) for e in run.ends] == [("ground", 1)]
    assert run.ends[0].t_s - flown[-1] <= 1.0


def test_a_bearing_only_sensor_updates_tracks_and_begins_none():
    plan = plan_of((0, 0, 0), (500, -500, 0), kinds=("radar_3d", "eo_ir"))
    sky = Sky(plan, [DRONE])
    alone = Run(plan).take(*(sky.batch(t, sensor=1, bearing_only=True) for t in range(10)))
    assert alone.steps[-1].tentative == 0
    assert alone.confirmed == []
    radar, both = Run(plan), Run(plan)
    for t in range(10):
        scan = sky.batch(t)
        radar.take(scan)
        both.take(scan, sky.batch(t + 0.5, sensor=1, bearing_only=True))
    assert both.table.track_id.tolist() == [1]
    assert both.table.detections[0] == 20
    tick = replace(sky.batch(10.0, blind=True), sensor_index=-1)
    radar.take(tick)
    both.take(tick)
    assert np.trace(both.table.covariance[0, :3, :3]) < np.trace(radar.table.covariance[0, :3, :3])


def test_beyond_a_sensors_range_a_miss_is_no_evidence():
    leaving = straight([9500, 0, 300], [60, 0, 0])
    plan = plan_of(max_range_m=10_000.0)
    run, sky = Run(plan), Sky(plan, [leaving])
    run.take(*(sky.batch(t, blind=np.linalg.norm(leaving(t)[:3]) > 10_000) for t in range(14)))
    assert run.table.track_id.tolist() == [1]
    assert run.table.existence[0] > 0.9


@pytest.mark.parametrize("sensors", [1, 2])
def test_late_scan_gives_the_state_of_the_ordered_run_and_too_late_ones_error_records(sensors):
    plan = plan_of(*((0, 0, 0), (3000, 0, 0))[:sensors])
    sky = Sky(plan, [DRONE, straight([-2000, 5000, 200], [10, 30, 0])], clutter=5.0)
    batches = [sky.batch(0.5 * k, sensor=k % sensors) for k in range(30)]
    ordered, shuffled = Run(plan).take(*batches), Run(plan)
    swapped = [b for k in range(0, 30, 3) for b in (batches[k], batches[k + 2], batches[k + 1])]
    shuffled.take(*swapped)
    np.testing.assert_allclose(shuffled.table.state, ordered.table.state, rtol=1e-9, atol=1e-6)
    assert shuffled.table.track_id.tolist() == ordered.table.track_id.tolist() == [1, 2]
    assert len(shuffled.confirmed) == len(set(shuffled.confirmed))
    before = shuffled.table
    shuffled.take(batches[20])
    assert {e.row for e in shuffled.sensed.errors} == set(batches[20].detections.row.tolist())
    assert shuffled.table.state.tolist() == before.state.tolist()


def test_same_input_same_bytes():
    plan = plan_of()
    batches = [Sky(plan, [DRONE], clutter=20.0).batch(t) for t in range(12)]
    one, two = Run(plan).take(*batches), Run(plan).take(*batches)
    assert one.table.state.tobytes() == two.table.state.tobytes()
    assert one.table.covariance.tobytes() == two.table.covariance.tobytes()


def test_straight_flight_is_consistent():
    rng = np.random.default_rng(4)
    place = rng.uniform([-12e3, -12e3, 200], [12e3, 12e3, 500], (60, 3))
    course, speed = rng.uniform(0, 2 * np.pi, 60), rng.uniform(20, 60, 60)
    targets = [straight(p, [s * np.sin(c), s * np.cos(c), 0]) for p, c, s in zip(place, course, speed, strict=True)]
    plan = plan_of()
    run, sky = Run(plan), Sky(plan, targets, range_rate=False, pd=0.95)
    nees = []
    for t in range(30):
        run.take(sky.batch(t))
        if t < 8:
            continue
        truth = np.stack([f(t) for f in targets])
        for x, p in zip(run.table.state, run.table.covariance, strict=True):
            d = x - truth[np.linalg.norm(truth[:, :3] - x[:3], axis=1).argmin()]
            nees.append(d @ np.linalg.solve(p, d) / 6)
    assert len(nees) > 1100
    assert 0.2 < np.mean(nees) < 1.15  # manoeuvre noise makes straight flight look easy; never overconfident
    assert np.mean(np.array(nees) > 3.5) < 0.01  # chi-square with 6 degrees of freedom passes 21 once in 500
