"""The world as a whole: order of arrival, latency, outages, ticks, seeds, causes, and every shipped scenario."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from tocsin.errors import BadScenario, Misuse
from tocsin.formats import scenarios
from tocsin.records.detections import Batch
from tocsin.records.engagement import EngagementOrder
from tocsin.records.scenario import (
    EffectorSpec,
    EngagementSpec,
    FlyerSpec,
    ReceiverSpec,
    Scenario,
    SensorSpec,
    WaypointSpec,
)
from tocsin.world.ground import make_terrain
from tocsin.world.world import World

replace = msgspec.structs.replace
BASE = scenarios.load_builtin("bdsc-2021")


def build(scenario: Scenario, seed: int = 1) -> World:
    site = scenarios.site_of(scenario, make_terrain(scenario.terrain))
    return World(scenario, site, scenarios.sensors_of(scenario, site), seed)


def batches(world: World) -> list[Batch]:
    result = []
    while (batch := world.next_batch()) is not None:
        result.append(batch)
    assert world.finished
    return result


def small(**changes: object) -> Scenario:
    """One drone that comes straight in under two radars."""
    legs = tuple(
        WaypointSpec(east_m=0.0, north_m=north, height_m=height, speed_mps=40.0)
        for north, height in ((3000.0, 300.0), (0.0, 250.0), (-6000.0, 250.0))
    )
    base = replace(
        BASE,
        duration_s=30.0,
        ballistic=(),
        receivers=(),
        variants={},
        flyers=(FlyerSpec(id="drone", kind="fixed_wing", waypoints=legs, hostile=True, rcs_dbsm=0.0),),
        sensors=(
            SensorSpec(id="fast", kind="radar_staring", revisit_s=0.5, latency_s=0.1, clutter_per_scan=3.0),
            SensorSpec(id="slow", kind="radar_3d", revisit_s=4.0, latency_s=0.7, clutter_per_scan=3.0),
        ),
        engagement=EngagementSpec(effectors=(EffectorSpec(id="gun", range_max_m=4000.0, vulnerable_m2=5.0),)),
    )
    return replace(base, **changes)


def same(one: Batch, two: Batch) -> bool:
    heads = [(b.t_s, b.t_arrival_s, b.sensor_index, b.reports.id) for b in (one, two)]
    pairs = [(getattr(one.detections, c), getattr(two.detections, c)) for c in one.detections.__slots__]
    return heads[0] == heads[1] and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def test_batches_come_in_order_of_arrival_late_by_their_sensors_latency() -> None:
    got = batches(build(small()))
    arrivals = [b.t_arrival_s for b in got]
    assert arrivals == sorted(arrivals)
    assert [b.index for b in got] == list(range(len(got)))
    assert all(b.t_arrival_s == pytest.approx(b.t_s + (0.1, 0.7)[b.sensor_index]) for b in got)
    for index, revisit in ((0, 0.5), (1, 4.0)):
        times = [b.t_s for b in got if b.sensor_index == index]
        assert np.allclose(np.diff(times), revisit)
        assert len(times) == pytest.approx(30.0 / revisit, abs=1.01)
    rows = np.concatenate([b.detections.row for b in got])
    assert rows.tolist() == list(range(1, len(rows) + 1))


def test_a_slow_sensor_leaves_room_for_ticks_that_never_overtake_it() -> None:
    one = small(sensors=(SensorSpec(id="slow", kind="radar_3d", revisit_s=4.0, latency_s=0.7),))
    got = batches(build(one))
    assert np.diff([b.t_arrival_s for b in got]).max() <= 2.0
    ticks = [b for b in got if b.sensor_index == -1]
    assert ticks
    assert all(len(b.detections.row) == 0 for b in ticks)
    times = [b.t_s for b in got]
    assert times == sorted(times)


def test_an_outage_silences_a_sensor_and_changes_nothing_else() -> None:
    out = small()
    out = replace(out, sensors=(replace(out.sensors[0], outages_s=((10.0, 20.0),)), out.sensors[1]))
    whole, cut = batches(build(small())), batches(build(out))
    silent = [b for b in cut if b.sensor_index == 0 and 10.0 <= b.t_s < 20.0]
    assert silent == []
    kept = [b for b in whole if not (b.sensor_index == 0 and 10.0 <= b.t_s < 20.0)]
    assert len(kept) == len([b for b in cut if b.sensor_index >= 0])
    pairs = zip(kept, [b for b in cut if b.sensor_index >= 0], strict=True)
    assert all(np.array_equal(a.detections.range_m, b.detections.range_m) for a, b in pairs)


def test_the_same_seed_is_the_same_run_and_another_is_not() -> None:
    one, two, other = (batches(build(small(), seed=seed)) for seed in (1, 1, 2))
    assert all(same(a, b) for a, b in zip(one, two, strict=True))
    assert not all(same(a, b) for a, b in zip(one, other, strict=False))
    with pytest.raises(Misuse, match="seed"):
        build(small(), seed=-1)


def test_a_sensor_taken_away_leaves_the_other_and_the_motion_as_they_were() -> None:
    both, alone = build(small()), build(small(sensors=small().sensors[:1]))
    first = [b for b in batches(both) if b.sensor_index == 0]
    second = [b for b in batches(alone) if b.sensor_index == 0]
    assert all(
        np.array_equal(a.detections.azimuth_rad, b.detections.azimuth_rad) for a, b in zip(first, second, strict=True)
    )
    paths = [{k.t_s: k.state for k in w.truth.states} for w in (both, alone)]
    assert all(np.array_equal(paths[0][t], state) for t, state in paths[1].items() if t in paths[0])


def test_every_ideal_cause_leaves_the_motion_unchanged() -> None:
    plain = build(small())
    batches(plain)
    for cause in ("detection", "consent", "geometry", "dispersion"):
        world = build(small(engagement=replace(small().engagement, ideal=(cause,))))
        got = batches(world)
        assert all(
            a.t_s == b.t_s and np.array_equal(a.state, b.state)
            for a, b in zip(plain.truth.states, world.truth.states, strict=True)
        )
        if cause == "detection":
            assert all("drone" in scan.origin for scan in world.truth.origins)
        assert got


def test_the_log_says_what_each_row_was_and_the_batches_do_not() -> None:
    world = build(small())
    got = {b.index: b for b in batches(world)}
    for scan in world.truth.origins:
        batch = got[scan.batch_index]
        assert len(scan.origin) == len(batch.detections.row)
        truth = next(k for k in world.truth.states if k.t_s == scan.t_s)
        for row, name in enumerate(scan.origin):
            if name:
                state = truth.state[truth.id.index(name)]
                assert abs(batch.detections.range_m[row] - np.linalg.norm(state[:3])) < 100.0
    assert {k.t_s for k in world.truth.states} == {b.t_s for b in got.values()}


def engaged(scenario: Scenario, seed: int = 1):
    """Run with one order for the drone's true place at the first batch after 5 s."""
    world, ordered = build(scenario, seed), None
    while (batch := world.next_batch()) is not None:
        if ordered is None and batch.t_arrival_s > 5.0:
            truth = world.truth.states[-1]
            place = tuple(truth.state[0, :3] + truth.state[0, 3:] * (batch.t_arrival_s - truth.t_s))
            order = EngagementOrder(batch.t_arrival_s, 1, "gun", 1, place, 75, batch.t_arrival_s + 2.0)
            (ordered,) = world.engage((order,))
    return world, ordered


def test_a_burst_is_drawn_when_it_is_due_and_a_hit_ends_the_flight() -> None:
    ideal = replace(small().engagement, ideal=("dispersion",))
    world, shot = engaged(small(engagement=ideal, receivers=(ReceiverSpec(id="ear", kind="impact", latency_s=1.0),)))
    (effect,) = world.truth.effects
    assert (effect.t_s, effect.shot_id, effect.cause) == (shot.t_effect_s, shot.shot_id, "hit")
    assert effect.target_id == "drone"
    (fall,) = world.truth.impacts
    assert fall.debris
    assert fall.t_s > effect.t_s
    miss = replace(small().engagement, effectors=(EffectorSpec(id="gun", range_max_m=300.0),))
    world, _ = engaged(small(engagement=miss))
    assert [e.cause for e in world.truth.effects] == ["geometry"]
    assert world.truth.impacts == []


def test_before_its_effect_a_shot_changes_nothing_that_arrives() -> None:
    plain = batches(build(small()))
    world, ordered, got = build(small()), False, []
    while (batch := world.next_batch()) is not None:
        got.append(batch)
        if not ordered and batch.t_arrival_s > 5.0:
            state = world.truth.states[-1].state[0]
            (shot,) = world.engage((EngagementOrder(batch.t_arrival_s, 1, "gun", 1, tuple(state[:3]), 75),))
            ordered = True
    early = [b for b in got if b.t_s < shot.t_effect_s]
    assert all(same(a, b) for a, b in zip(early, plain, strict=False))


def test_a_sensor_inside_the_terrain_is_refused() -> None:
    scenario = scenarios.load_builtin("lost-track")
    buried = replace(scenario.sensors[0], north_m=7000.0)
    with pytest.raises(BadScenario, match="inside the terrain"):
        build(replace(scenario, sensors=(buried,)))


@pytest.mark.parametrize("name", scenarios.builtin_names())
def test_every_shipped_scenario_runs(name: str) -> None:
    scenario = replace(scenarios.load_builtin(name), duration_s=12.0)
    world = build(scenario)
    got = batches(world)
    assert got[-1].t_arrival_s > 10.0
    assert any(o.origin for o in world.truth.origins)
    for batch in got:
        assert batch.t_arrival_s >= batch.t_s
        assert np.isfinite(batch.detections.azimuth_rad).all()
        assert ((batch.detections.azimuth_rad >= 0) & (batch.detections.azimuth_rad < 2 * np.pi)).all()
        assert np.isfinite(batch.detections.sigma_azimuth_rad).all()


def test_the_lost_track_is_masked_for_six_minutes_and_then_comes_in_low() -> None:
    scenario = scenarios.load_builtin("lost-track")
    scenario = replace(scenario, birds=(), sensors=(replace(scenario.sensors[0], clutter_per_scan=0.0),))
    for seed in (0, 1):
        world = build(scenario, seed)
        batches(world)
        seen = np.array([o.t_s for o in world.truth.origins if "drone-1" in o.origin])
        gap = int(np.argmax(np.diff(seen)))
        assert 340.0 < seen[gap + 1] - seen[gap] < 440.0
        assert seen[gap] > 120.0
        state = next(k for k in world.truth.states if k.t_s == seen[gap + 1])
        assert state.state[state.id.index("drone-1"), 2] < 200.0
        assert [i.id for i in world.truth.impacts] == ["drone-1"]
