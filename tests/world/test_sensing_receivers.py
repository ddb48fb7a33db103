"""Broadcasts, impact sensors and people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sensing_cases import make_site, things

from tocsin.records.scenario import FlyerSpec, ReceiverSpec, WaypointSpec
from tocsin.world.motion import Impact
from tocsin.world.receivers import compass_point, make_receiver
from tocsin.world.streams import Streams

SITE = make_site()
LEG = (WaypointSpec(east_m=0.0, north_m=0.0, height_m=50.0, speed_mps=10.0),)
NOTHING = things(np.zeros((0, 3)))


def receiver(kind: str, flyer: FlyerSpec | None = None, **changes: object):
    values = {"id": "ear", "kind": kind, "max_range_m": 10_000.0, **changes}
    return make_receiver(ReceiverSpec(**values), SITE, Streams(2, "ear"), lambda _id: flyer)


def sender(**changes: object) -> FlyerSpec:
    return FlyerSpec(**{"id": "x", "kind": "multirotor", "waypoints": LEG, **changes})


def test_a_broadcast_is_heard_as_often_and_as_well_as_stated_and_lies_by_its_offset() -> None:
    ear = receiver("remote_id", sender(remote_id="RID", claim_offset_m=(300.0, -40.0)), probability=0.8, sigma_m=15.0)
    truth = things(np.array([[1000.0, 2000.0, 120.0]]), t_s=5.0)
    reports = [report for _ in range(2000) for report in ear.poll(truth, ())]
    assert stats.binomtest(len(reports), 2000, 0.8).pvalue > 1e-4
    error = np.array([r.position_m for r in reports]) - [1300.0, 1960.0, 120.0]
    assert stats.kstest(error.ravel() / 15.0, "norm").pvalue > 1e-4
    assert {(r.id, r.kind, r.source, r.claim) for r in reports} == {("RID", "remote_id", "ear", "multirotor")}
    assert {(r.t_s, r.t_arrival_s) for r in reports} == {(5.0, 5.5)}


def test_what_does_not_broadcast_is_far_or_is_masked_is_not_heard() -> None:
    near = things(np.array([[1000.0, 2000.0, 120.0]]))
    assert receiver("adsb", sender(remote_id="RID"), probability=1.0).poll(near, ()) == []
    assert receiver("remote_id", sender(remote_id="RID"), probability=1.0).poll(near, ()) != []
    far = things(np.array([[11_000.0, 0.0, 120.0], [0.0, 9000.0, -60.0]]))
    assert receiver("remote_id", sender(remote_id="RID"), probability=1.0).poll(far, ()) == []


def impact(name: str, east: float, debris: bool = False) -> Impact:
    return Impact(3.0, name, "rocket", np.array([east, 0.0, 0.0]), True, debris)


def test_strikes_are_reported_once_or_missed_and_pieces_seldom() -> None:
    n = 3000
    ear = receiver("impact", probability=0.85, debris_probability=0.05, sigma_m=50.0, latency_s=2.0)
    late = things(np.zeros((0, 3)), t_s=4.0)
    strikes = ear.poll(late, tuple(impact(f"s{i}", 500.0) for i in range(n)))
    pieces = ear.poll(late, tuple(impact(f"d{i}", 500.0, debris=True) for i in range(n)))
    assert stats.binomtest(len(strikes), n, 0.85).pvalue > 1e-4
    assert stats.binomtest(len(pieces), n, 0.05).pvalue > 1e-4
    east = np.array([r.position_m[0] for r in strikes])
    assert stats.kstest((east - 500.0) / 50.0, "norm").pvalue > 1e-4
    assert all(np.isnan(r.position_m[2]) for r in strikes)
    assert all(r.t_s <= 4.0 and r.t_arrival_s == r.t_s + 2.0 for r in strikes)
    assert len({r.id for r in (*strikes, *pieces)}) == len(strikes) + len(pieces)
    assert ear.poll(late, (impact("far", 10_001.0),)) == []


def test_a_drone_is_called_in_at_most_once_and_a_rocket_or_a_bird_never() -> None:
    ear = receiver("sighting", probability=1.0, max_range_m=2000.0, sigma_m=300.0, latency_s=30.0)
    drone = things(np.array([[0.0, 1500.0, 80.0]]), (0.0, -20.0, 0.0), kind="fixed_wing", t_s=9.0)
    (call,) = ear.poll(drone, ())
    assert call.claim == "drone heading south"
    assert call.t_arrival_s == 39.0
    assert ear.poll(drone, ()) == []
    for kind in ("bird", "rocket", "aircraft"):
        assert receiver("sighting", probability=1.0).poll(things(np.array([[0.0, 1500.0, 80.0]]), kind=kind), ()) == []
    unlucky = receiver("sighting", probability=0.0)
    assert unlucky.poll(drone, ()) == []


@pytest.mark.parametrize("kind", ["adsb", "remote_id", "impact", "sighting"])
def test_false_reports_come_at_their_rate_all_over_the_disc(kind: str) -> None:
    ear = receiver(kind, false_reports_per_hour=3600.0, period_s=1.0)
    reports = [report for _ in range(600) for report in ear.poll(NOTHING, ())]
    assert len(reports) == pytest.approx(600, abs=5 * np.sqrt(600))
    radius = np.hypot(*np.array([r.position_m[:2] for r in reports]).T)
    assert stats.kstest((radius / 10_000.0) ** 2, "uniform").pvalue > 1e-4


@given(st.floats(-3.1, 3.1), st.floats(1e-3, 1e3))
def test_the_compass_point_is_within_an_eighth_turn(angle: float, speed: float) -> None:
    bearings = dict(
        zip(
            ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
            range(8),
            strict=True,
        )
    )
    point = bearings[compass_point(speed * np.sin(angle), speed * np.cos(angle))] * np.pi / 4
    assert abs(np.angle(np.exp(1j * (angle - point)))) <= np.pi / 8 + 1e-6
