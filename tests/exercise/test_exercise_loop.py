"""The closed loop over a small world of one drone: who acts when, what is asked, and that it repeats."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tocsin import exercise, pipeline
from tocsin.exercise.raid import plan_of
from tocsin.formats.scenarios import parse
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.engagement import EngagementOrder, Shot
from tocsin.records.scenario import Scenario

SCENARIO = """
name: one-drone
title: one drone, one radar, one gun
source: ["made for this test"]
start: "2026-01-01T00:00:00Z"
duration_s: 60
site:
  name: here
  lat_deg: 33.0
  lon_deg: 44.0
  alt_m: 100
  zone_grid: {rows: 4, columns: 4, size_m: 1000}
  assets: [{id: tower, east_m: 0, north_m: 0, radius_m: 150}]
sensors:
  - {id: radar, kind: radar_3d, height_m: 0, revisit_s: 1, max_range_m: 10000, clutter_per_scan: 0.1}
receivers:
  - {id: ear, kind: impact, east_m: 100, height_m: 2, max_range_m: 4000, probability: 0.8}
  - {id: adsb, kind: adsb}
engagement:
  rules: RULES
  effectors: [{id: gun, range_max_m: 2500, east_m: 50}]
  operator: {consent_probability: 1, delay_median_s: 5, delay_sigma: 0}
"""


def scenario(rules: str) -> Scenario:
    return parse(SCENARIO.replace("RULES", rules), file="one-drone.yaml")


class OneDrone:
    """A world with a drone that flies from the north towards the origin, seen each second without a miss."""

    def __init__(self, seconds: int = 60) -> None:
        self.t_s, self.seconds, self.orders = 0, seconds, []
        self.noise = np.random.default_rng(7)

    def next_batch(self) -> Batch | None:
        self.t_s += 1
        if self.t_s > self.seconds:
            return None
        north = 4000.0 - 45.0 * self.t_s
        range_m = math.hypot(north, 150.0) + self.noise.normal(0.0, 5.0)
        column = np.ones(1)
        detections = DetectionTable(
            row=np.array([self.t_s]),
            range_m=column * range_m,
            azimuth_rad=column * self.noise.normal(0.0, 0.001) % (2 * math.pi),
            elevation_rad=column * (math.atan2(150.0, north) + self.noise.normal(0.0, 0.001)),
            sigma_range_m=column * 5.0,
            sigma_azimuth_rad=column * 0.001,
            sigma_elevation_rad=column * 0.001,
            range_rate_mps=column * -45.0 * north / math.hypot(north, 150.0),
            sigma_range_rate_mps=column * 1.0,
            snr_db=column * 20.0,
            rcs_dbsm=column * -14.0,
        )
        nothing = np.zeros(0)
        reports = ReportTable(nothing, (), (), (), np.zeros((0, 3)), nothing, ())
        return Batch(self.t_s - 1, float(self.t_s), self.t_s + 0.2, 0, detections, reports, ())

    def engage(self, orders: tuple[EngagementOrder, ...]) -> tuple[Shot, ...]:
        assert orders
        self.orders += orders
        return tuple(
            Shot(o.fire_t_s, o.order_id, o.order_id, o.effector_id, o.track_id, o.fire_t_s + 2.0, o.rounds)
            for o in orders
        )


def run(rules: str, seed: int = 1) -> tuple[list[exercise.Step], OneDrone]:
    made, world = scenario(rules), OneDrone()
    return list(exercise.run(plan_of(made), made, world, seed)), world


@pytest.fixture(scope="module")
def tight() -> tuple[list[exercise.Step], OneDrone]:
    return run("tight")


def test_under_tight_rules_consent_comes_between_request_and_order(
    tight: tuple[list[exercise.Step], OneDrone],
) -> None:
    steps, world = tight
    requests = [r for step in steps for r in step.engaged.requests]
    acts = [(step.batch.t_arrival_s, act) for step in steps for act in step.acts]
    assert len(requests) == len(acts) >= 1
    assert world.orders
    for (heard_s, act), request in zip(acts, requests, strict=True):
        assert act.t_s == pytest.approx(request.t_s + 5.0)
        assert act.t_s <= heard_s < act.t_s + 1.0
    assert min(order.t_s for order in world.orders) >= acts[0][1].t_s


def test_shots_are_those_of_the_orders_and_stand_in_their_step(tight: tuple[list[exercise.Step], OneDrone]) -> None:
    steps, world = tight
    for step in steps:
        assert [shot.order_id for shot in step.shots] == [order.order_id for order in step.engaged.orders]
        held = step.events.tracks.table.track_id.tolist()
        assert all(order.track_id in held for order in step.engaged.orders)
        assert all(order.t_s == step.batch.t_arrival_s for order in step.engaged.orders)
    assert len(world.orders) == sum(len(step.shots) for step in steps)


def test_an_order_stands_where_the_drone_is(tight: tuple[list[exercise.Step], OneDrone]) -> None:
    for order in tight[1].orders:
        drone = np.array([0.0, 4000.0 - 45.0 * order.t_s, 150.0])
        assert float(np.linalg.norm(np.array(order.position_m) - drone)) < 40.0


def test_the_same_seed_gives_the_same_acts(tight: tuple[list[exercise.Step], OneDrone]) -> None:
    again, _ = run("tight")
    assert [step.acts for step in again] == [step.acts for step in tight[0]]
    assert [step.engaged for step in again] == [step.engaged for step in tight[0]]


def test_hold_lets_the_same_events_pass_without_an_order(tight: tuple[list[exercise.Step], OneDrone]) -> None:
    steps, world = run("hold")
    assert world.orders == []
    assert "rules_hold" in [r.rule for step in steps for r in step.engaged.refusals]
    warned = [[(w.zone_id, w.action) for w in step.events.warnings] for step in steps]
    assert warned == [[(w.zone_id, w.action) for w in step.events.warnings] for step in tight[0]]


def test_stages_are_marked_in_their_order() -> None:
    made, marks = scenario("hold"), []
    list(exercise.run(plan_of(made), made, OneDrone(2), 1, marks.append))
    assert marks == ["sense", "track", "identify", "forecast", "warn", "engage", "world"] * 2


def test_impact_witnesses_are_the_impact_sensors_alone() -> None:
    made = scenario("hold")
    (witness,) = exercise.impact_witnesses(made, plan_of(made).site)
    assert (witness.source, witness.max_range_m, witness.probability) == ("ear", 4000.0, 0.8)
    assert witness.position_m[:2] == (100.0, 0.0)


def test_the_pipeline_does_not_know_the_exercise() -> None:
    text = Path(pipeline.__file__).read_text()
    assert "engage" not in text
    assert "world" not in text
