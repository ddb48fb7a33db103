"""The forecast stage as the pipeline drives it: seeded flights with wind and a drag curve that it does not know."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tocsin import forecast, frames
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import DetectionTable
from tocsin.records.forecasts import ForecastSettings, ImpactTable, ReachTable
from tocsin.records.identities import IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Asset, Site, Terrain
from tocsin.records.tracks import TrackEnd, TrackStep, TrackTable

LAT_DEG, LON_DEG, ALT_M = 33.0, 44.0, 50.0
SIGMA = np.array([10.0, math.radians(0.15), math.radians(0.15)])
RADIUS_M = frames.gaussian_radius_m(LAT_DEG) + ALT_M
MORTAR, DRONE = [0.0, 1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.2, 0.8, 0.0, 0.0]
SCAN_S = 0.5


def plan_of(rules: ForecastSettings | None = None, assets: tuple[Asset, ...] = (), level: float = 0.0) -> Plan:
    ground = Terrain(-20000.0, -20000.0, 1000.0, np.full((41, 41), level) if level else np.zeros((0, 0)))
    site = Site("test", LAT_DEG, LON_DEG, ALT_M, RADIUS_M, "UTC", (), assets, ground)
    nan = np.full(1, np.nan)
    sensors = SensorTable(("r",), ("radar_3d",), np.zeros((1, 3)), np.eye(3)[None], nan, nan, nan, nan)
    return Plan("", site, sensors, forecast=rules or ForecastSettings())


def flight(seed: int, kick_s: float = 0.0) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, positions (n, 3) and impact (east, north, time): constant gravity turned to the round Earth's centre,
    exponential air, its own transonic step; with `kick_s` a motor burns for that long.
    """
    rng = np.random.default_rng(seed)
    heading, elevation = rng.uniform(0.0, 2.0 * math.pi), math.radians(rng.uniform(45.0, 65.0))
    speed, k, wind = rng.uniform(200.0, 450.0), rng.uniform(0.001, 0.005), np.array([*rng.normal(0.0, 5.0, 2), 0.0])
    flat = np.array([math.sin(heading), math.cos(heading)])
    velocity = speed * np.array([*(math.cos(elevation) * flat), math.sin(elevation)])
    start = np.array([*(-flat * rng.uniform(3000.0, 7000.0)), 0.0, *velocity])
    spin = frames.EARTH_RATE_RADPS * np.array([0.0, math.cos(math.radians(LAT_DEG)), math.sin(math.radians(LAT_DEG))])

    centre = np.array([0.0, 0.0, RADIUS_M])

    def slope(t: float, s: FloatArray) -> FloatArray:
        out = s[:3] + centre
        far = np.linalg.norm(out)
        air = s[3:] - wind
        mach = np.linalg.norm(air) / 338.0
        curve = 1.0 + 1.1 / (1.0 + math.exp(-(mach - 1.0) / 0.05)) * math.exp(-0.35 * max(mach - 1.0, 0.0))
        drag = -0.5 * 1.22 * math.exp(-(far - RADIUS_M) / 9800.0) * k * curve * np.linalg.norm(air) * air
        thrust = 150.0 * s[3:] / np.linalg.norm(s[3:]) if t < kick_s else 0.0
        return np.concatenate([s[3:], drag + thrust - 9.796 * out / far - 2.0 * np.cross(spin, s[3:])])

    def height(_: float, s: FloatArray) -> float:
        return float(np.linalg.norm(s[:3] + centre) - RADIUS_M)

    height.terminal, height.direction = True, -1.0  # type: ignore[attr-defined]
    sol = solve_ivp(slope, (0.0, 200.0), start, rtol=1e-8, atol=1e-6, events=height, dense_output=True, max_step=0.5)
    end_s = float(sol.t_events[0][0])
    times = np.arange(SCAN_S, end_s, SCAN_S)
    return times, sol.sol(times).T[:, :3], np.array([*sol.y_events[0][0][:2], end_s])


def scan_of(t_s: float, positions: FloatArray, rng: np.random.Generator) -> Scan:
    aer = frames.enu2aer(positions.reshape(-1, 3)) + rng.normal(0.0, 1.0, (len(positions), 3)) * SIGMA[[1, 2, 0]]
    whole = np.ones(len(aer))
    detections = DetectionTable(
        np.arange(len(aer)) + 1, aer[:, 2], aer[:, 0], aer[:, 1],
        SIGMA[0] * whole, SIGMA[1] * whole, SIGMA[2] * whole, *(np.nan * whole for _ in range(4)),
    )  # fmt: skip
    sees = frames.aer2enu(aer) if len(aer) else np.empty((0, 3))
    return Scan(t_s, 0, True, True, detections, sees, np.zeros(3), np.eye(3), 3e4, SCAN_S, 0.95, 1e-12)


def step_of(
    scan: Scan, states: FloatArray, row: list[int], born_s: float = 0.0, ballistic: float = 1.0, **changes: object
) -> TrackStep:
    n = len(states)
    one, ids = np.ones(n), np.arange(n, dtype=np.int64) + 1
    table = TrackTable(
        scan.t_s, ids, states, np.tile(np.diag([900.0] * 3 + [900.0] * 3), (n, 1, 1)),
        np.tile([1.0 - ballistic, 0.0, ballistic], (n, 1)), one, born_s * one, scan.t_s * one, ids,
        np.array(row, dtype=np.int64), one, np.nan * one,
    )  # fmt: skip
    return TrackStep(replace(table, **changes), ids, (), 0)  # type: ignore[arg-type]


def identity_of(step: TrackStep, probability: list[float]) -> IdentityTable:
    n = step.table.track_id.size
    one = np.ones(n)
    return IdentityTable(step.table.track_id, np.tile(probability, (n, 1)), one, ("",) * n, np.nan * one, one < 0.0)


def watch_flight(
    seed: int, *, confirm: int = 2, rules: ForecastSettings | None = None, kick_s: float = 0.0, foreign: int = -1
) -> tuple[list[ImpactTable], FloatArray, forecast.State]:
    """The impact tables of one flight, one a scan; detection number `foreign` is not the body's, 600 m aside."""
    times, positions, impact = flight(seed, kick_s)
    rng, plan = np.random.default_rng(1000 + seed), plan_of(rules)
    state, tables = forecast.start(plan), []
    for j, t_s in enumerate(times):
        aside = np.array([600.0, 0.0, 0.0]) if j == foreign else np.zeros(3)
        scan = scan_of(float(t_s), positions[j : j + 1] + aside, rng)
        velocity = (positions[j] - positions[max(j - 1, 0)]) / SCAN_S
        states = np.concatenate([positions[j], velocity])[None] if j + 1 >= confirm else np.empty((0, 6))
        step = step_of(scan, states, [0] * len(states), float(times[0]))
        state, impacts, _ = forecast.advance(plan, state, scan, step, identity_of(step, MORTAR))
        tables.append(impacts)
    return tables, impact, state


def distance2(table: ImpactTable, impact: FloatArray) -> float:
    d = table.position_m[0, :2] - impact[:2]
    return float(d @ np.linalg.solve(table.covariance[0], d))


def test_ellipses_hold_the_truth_as_often_as_they_say() -> None:
    inside, asked, worst = 0, 0, 0.0
    for seed in range(12):
        tables, impact, _ = watch_flight(seed)
        for share in (0.4, 0.6, 0.75, 0.9):
            squared = distance2(tables[int(share * len(tables))], impact)
            inside, asked, worst = inside + (squared < 5.991), asked + 1, max(worst, squared)
    assert inside / asked >= 0.85
    assert worst < 20.0


def test_forecast_sharpens_and_ends_at_the_impact() -> None:
    tables, impact, _ = watch_flight(3)
    spread = [math.sqrt(np.trace(t.covariance[0])) for t in tables[3:]]
    assert spread[-1] < 10.0 < spread[len(spread) // 3] < spread[0]
    last = tables[-1]
    assert math.hypot(*(last.position_m[0, :2] - impact[:2])) < 25.0
    assert last.impact_t_s[0] == pytest.approx(impact[2], abs=0.3)
    assert abs(frames.enu2level(last.position_m[0], RADIUS_M)) < 1e-3
    geodetic = frames.enu2geodetic(last.position_m[0], np.array([LAT_DEG, LON_DEG, ALT_M]))
    assert [last.lat_deg[0], last.lon_deg[0]] == pytest.approx(geodetic[:2], abs=1e-9)


@pytest.mark.parametrize("confirm", [2, 3, 5])
def test_every_flight_is_answered_from_two_and_a_half_seconds_on(confirm: int) -> None:
    tables, _, _ = watch_flight(5, confirm=confirm)
    assert all(t.track_id.size == 1 for t in tables[5:])


def test_detections_before_confirmation_are_not_lost() -> None:
    early, _, _ = watch_flight(4, confirm=1)
    late, _, _ = watch_flight(4, confirm=5)
    np.testing.assert_allclose(late[5].position_m, early[5].position_m, atol=1.0)
    np.testing.assert_allclose(late[5].covariance, early[5].covariance, rtol=0.02)


def test_known_wind_and_drag_narrow_the_ellipse() -> None:
    unknown, _, _ = watch_flight(6)
    known, _, _ = watch_flight(6, rules=ForecastSettings(wind_sigma_mps=0.0, drag_constant=True))
    middle = len(known) // 2
    assert np.trace(known[middle].covariance[0]) < 0.6 * np.trace(unknown[middle].covariance[0])


@pytest.mark.parametrize("foreign", [1, 3, 12])
def test_one_foreign_detection_does_not_ruin_the_posterior(foreign: int) -> None:
    clean, impact, _ = watch_flight(7)
    tables, _, _ = watch_flight(7, foreign=foreign)
    at = max(foreign + 8, len(tables) // 2)
    assert distance2(tables[at], impact) < 14.0
    assert np.trace(tables[at].covariance[0]) < 4.0 * np.trace(clean[at].covariance[0])


def test_after_a_motors_burnout_the_forecast_recovers() -> None:
    tables, impact, _ = watch_flight(8, kick_s=2.0)
    for share in (0.6, 0.75, 0.9):
        assert distance2(tables[int(share * len(tables))], impact) < 14.0


def drone_step(scan: Scan) -> TrackStep:
    states = np.array([[-3000.0, 0.0, 120.0, 20.0, 0.0, 0.0], [9000.0, 9000.0, 120.0, 15.0, 15.0, 0.0]])
    covariance = np.tile(np.diag([100.0] * 3 + [1.0] * 3), (2, 1, 1))
    return step_of(scan, states, [-1, -1], ballistic=0.0, covariance=covariance)


def advance_drones(plan: Plan, t_s: float = 10.0) -> tuple[ImpactTable, ReachTable]:
    scan = scan_of(t_s, np.empty((0, 3)), np.random.default_rng(0))
    step = drone_step(scan)
    _, impacts, reaches = forecast.advance(plan, forecast.start(plan), scan, step, identity_of(step, DRONE))
    return impacts, reaches


def test_drone_heading_for_an_asset_is_named_and_one_flying_away_is_not() -> None:
    assets = (Asset("a", "hall", np.zeros(3), 150.0), Asset("b", "gate", np.array([0.0, -15000.0, 0.0]), 150.0))
    impacts, reaches = advance_drones(plan_of(assets=assets))
    assert impacts.track_id.size == 0
    assert list(zip(reaches.track_id, reaches.asset_index, strict=True)) == [(1, 0)]
    assert 0.05 < reaches.probability[0] <= 1.0
    assert reaches.expected_t_s[0] == pytest.approx(10.0 + 2850.0 / 20.0, rel=0.01)
    assert 10.0 + 2850.0 / 75.0 - 1e-6 <= reaches.earliest_t_s[0] < reaches.expected_t_s[0]


def test_without_assets_or_tracks_there_is_nothing_to_say() -> None:
    impacts, reaches = advance_drones(plan_of())
    assert impacts.track_id.size == reaches.track_id.size == 0
    assert impacts.covariance.shape == (0, 2, 2)
    plan = plan_of()
    scan = scan_of(1.0, np.empty((0, 3)), np.random.default_rng(0))
    step = step_of(scan, np.empty((0, 6)), [])
    _, impacts, reaches = forecast.advance(plan, forecast.start(plan), scan, step, identity_of(step, DRONE))
    assert impacts.track_id.size == reaches.track_id.size == 0


def test_a_track_that_ended_is_forgotten_and_an_unlisted_one_is_not() -> None:
    _, _, state = watch_flight(2)
    plan, scan = plan_of(), scan_of(60.0, np.empty((0, 3)), np.random.default_rng(0))
    nothing = step_of(scan, np.empty((0, 6)), [])
    state, impacts, _ = forecast.advance(plan, state, scan, nothing, identity_of(nothing, MORTAR))
    assert impacts.track_id.size == 0
    assert list(state.watched.track_id[state.watched.track_id > 0]) == [1]
    end = TrackEnd(60.0, 1, "ground", 0, np.zeros(6), np.eye(6), 59.0)
    state, _, _ = forecast.advance(plan, state, scan, replace(nothing, ended=(end,)), identity_of(nothing, MORTAR))
    assert not state.watched.track_id.any()


def test_many_tracks_at_once_are_each_forecast_as_if_alone() -> None:
    plan, rng, n = plan_of(), np.random.default_rng(3), 40
    flights = [flight(seed)[:2] for seed in range(n)]
    state = forecast.start(plan)
    for j in range(8):
        scan = scan_of(SCAN_S * (j + 1), np.array([p[j] for _, p in flights]), rng)
        states = np.array([np.concatenate([p[j], (p[j + 1] - p[j]) / SCAN_S]) for _, p in flights])
        step = step_of(scan, states, list(range(n)), SCAN_S)
        state, impacts, _ = forecast.advance(plan, state, scan, step, identity_of(step, MORTAR))
    truth = np.array([flight(seed)[2] for seed in range(n)])
    place = truth[impacts.track_id - 1]
    d = impacts.position_m[:, :2] - place[:, :2]
    squared = np.einsum("ni,ni->n", d, np.linalg.solve(impacts.covariance, d[:, :, None])[:, :, 0])
    assert impacts.track_id.size >= n - 2
    assert np.mean(squared < 5.991) > 0.8


def test_high_ground_is_met_sooner() -> None:
    times, positions, _ = flight(1)
    results = []
    for level in (0.0, 300.0):
        plan, rng = plan_of(level=level), np.random.default_rng(9)
        state = forecast.start(plan)
        for j in range(10):
            scan = scan_of(float(times[j]), positions[j : j + 1], rng)
            states = np.concatenate([positions[j], (positions[j + 1] - positions[j]) / SCAN_S])[None]
            step = step_of(scan, states, [0], float(times[0]))
            state, impacts, _ = forecast.advance(plan, state, scan, step, identity_of(step, MORTAR))
        results.append(impacts)
    assert frames.enu2level(results[1].position_m[0], RADIUS_M) == pytest.approx(300.0, abs=1e-2)
    assert results[1].impact_t_s[0] < results[0].impact_t_s[0] - 0.5


def test_a_clock_tick_forecasts_no_impact_and_loses_nothing() -> None:
    _, _, state = watch_flight(2)
    plan = plan_of()
    tick = replace(scan_of(50.0, np.empty((0, 3)), np.random.default_rng(0)), sensor_index=-1)
    step = step_of(tick, np.array([[0.0, 0.0, 500.0, 50.0, 50.0, -50.0]]), [-1])
    state, impacts, _ = forecast.advance(plan, state, tick, step, identity_of(step, MORTAR))
    assert impacts.track_id.size == 0
    assert state.watched.track_id[0] == 1
