"""Movers: the same flights for the same seed, whatever else happens; impacts, break-up, disabling, ends."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from physics_cases import CALM, at, rocket, scenario, site

from tocsin.errors import BadScenario, Misuse
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import (
    AircraftTrafficSpec,
    BirdSpec,
    FlyerSpec,
    RidgeSpec,
    Scenario,
    TerrainSpec,
    WeatherSpec,
)
from tocsin.world.earth import level_height
from tocsin.world.motion import MOVER_KINDS, Impact, Movers

DRONE = FlyerSpec(
    id="d", kind="fixed_wing", hostile=True, dive=True, waypoints=(at(4000, 500, 200, 40), at(0, 0, 0, 45))
)
QUAD = FlyerSpec(id="q", kind="multirotor", waypoints=(at(1000, 0, 80, 12), at(300, 0, 80, 12)))
ROUGH = WeatherSpec(wind_east_mps=5.0)
RAID = scenario(
    ballistic=tuple(rocket(f"r{i}", start_s=5.0 + i, dispersion_m=50.0) for i in range(3)),
    flyers=(DRONE, QUAD),
    birds=(BirdSpec(count=5, radius_m=2000.0),),
    traffic=(AircraftTrafficSpec(count=4, with_adsb=3),),
    weather=ROUGH,
)


def movers(which: Scenario, seed: int = 1) -> Movers:
    return Movers(which, site(), np.random.default_rng(seed))


def paths(moving: Movers, times: FloatArray) -> dict[str, list[FloatArray]]:
    seen: dict[str, list[FloatArray]] = {}
    for t_s in times:
        now = moving.advance(float(t_s))
        for id, state in zip(now.id, now.state, strict=True):
            seen.setdefault(id, []).append(state)
    return seen


def run_out(moving: Movers, until_s: float = 400.0) -> dict[str, Impact]:
    moving.advance(until_s)
    return {impact.id: impact for impact in moving.impacts()}


def test_kinematics_columns_agree() -> None:
    now = movers(RAID).advance(20.0)
    n = len(now.id)
    assert n == len(now.kind) == len(now.state) == len(now.rcs_dbsm) == len(now.hostile) == 3 + 2 + 5 + 4
    assert set(now.kind) <= set(MOVER_KINDS)
    assert np.isfinite(now.state).all()
    assert {id for id, hostile in zip(now.id, now.hostile, strict=True) if hostile} == {"r0", "r1", "r2", "d"}


def test_same_seed_same_flights_and_another_seed_others() -> None:
    times = np.arange(0.0, 60.0, 0.7)
    one, two, other = paths(movers(RAID), times), paths(movers(RAID), times), paths(movers(RAID, 2), times)
    assert one.keys() == two.keys()
    for id, states in one.items():
        np.testing.assert_array_equal(states, two[id])
    assert not np.array_equal(one["d"][0:5], other["d"][0:5])


def test_when_it_is_asked_does_not_change_where_it_is() -> None:
    often, once = movers(RAID), movers(RAID)
    for t_s in np.arange(0.0, 30.0, 0.013):
        often.advance(float(t_s))
    np.testing.assert_array_equal(often.advance(30.0).state, once.advance(30.0).state)


def test_more_things_behind_it_and_ends_of_others_leave_a_flight_as_it_was() -> None:
    times = np.arange(0.0, 60.0, 1.1)
    plain = paths(movers(RAID), times)
    more = msgspec.structs.replace(
        RAID,
        ballistic=(*RAID.ballistic, rocket("late")),
        flyers=(*RAID.flyers, msgspec.structs.replace(QUAD, id="q2")),
        birds=(BirdSpec(count=9, radius_m=2000.0),),
    )
    crowded = movers(more)
    assert crowded.end("r1", 12.0, "break_up")
    seen = paths(crowded, times)
    for id in plain.keys() - {"r1"}:
        np.testing.assert_array_equal(plain[id], seen[id])


def test_velocity_is_the_derivative_of_position() -> None:
    moving = movers(RAID)
    moving.advance(20.0)
    before, now, after = (moving.advance(t) for t in (20.33, 20.34, 20.35))
    slope = (after.state[:, :3] - before.state[:, :3]) / 0.02
    np.testing.assert_allclose(slope, now.state[:, 3:], atol=0.02)


def test_a_nominal_flight_comes_down_at_the_stated_place() -> None:
    for heading_deg in (0.0, 60.0, 200.0):
        impact = run_out(movers(scenario(ballistic=(rocket(heading_deg=heading_deg),))))["r"]
        np.testing.assert_allclose(impact.position_m[:2], (700.0, -300.0), atol=0.05)
        assert level_height(site().radius_m, *impact.position_m) == pytest.approx(0.0, abs=1e-6)
        assert not impact.debris


def test_the_stated_place_holds_on_a_hill_and_with_a_known_wind() -> None:
    hill = TerrainSpec(
        ridges=(RidgeSpec(east_m=700, north_m=-300, bearing_deg=20, length_m=3000, width_m=800, height_m=150),)
    )
    ground = site(hill)
    windy = msgspec.structs.replace(CALM, wind_east_mps=8.0)
    moving = Movers(scenario(ballistic=(rocket(),), weather=windy), ground, np.random.default_rng(3))
    impact = run_out(moving)["r"]
    np.testing.assert_allclose(impact.position_m[:2], (700.0, -300.0), atol=3.0)  # the hill slopes, the aim is level
    assert impact.position_m[2] == pytest.approx(150.0, abs=5.0)


def test_a_place_that_the_flight_cannot_reach_is_refused() -> None:
    peak = TerrainSpec(
        ridges=(RidgeSpec(east_m=700, north_m=-300, bearing_deg=20, length_m=300, width_m=800, height_m=3500),)
    )
    with pytest.raises(BadScenario, match="r: the flight does not come down"):
        Movers(scenario(ballistic=(rocket(),)), site(peak), np.random.default_rng(3))


def test_dispersion_is_the_stated_circular_deviation() -> None:
    shots = tuple(rocket(f"r{i}", dispersion_m=80.0) for i in range(150))
    places = np.array([impact.position_m[:2] for impact in run_out(movers(scenario(ballistic=shots), 7)).values()])
    offsets = (places - (700.0, -300.0)) / 80.0
    # 300 normal deviates: the sum of squares is chi-square with 300 degrees of freedom, 99.9 % within 222 to 389.
    assert 222.0 < float(np.sum(offsets**2)) < 389.0
    assert np.abs(offsets.mean(axis=0)).max() < 3.3 / np.sqrt(150)


def test_spread_of_speed_is_along_the_flight() -> None:
    spread = tuple(msgspec.structs.replace(rocket(f"r{i}", heading_deg=90.0), speed_sigma_mps=8.0) for i in range(40))
    places = np.array([impact.position_m[:2] for impact in run_out(movers(scenario(ballistic=spread), 7)).values()])
    along, across = np.std(places, axis=0)
    assert along > 50.0
    assert across < 2.0


def test_unknown_wind_moves_the_impact() -> None:
    gusty = WeatherSpec(wind_sigma_mps=5.0, turbulence_mps=1.0)
    places = [
        run_out(movers(scenario(ballistic=(rocket(),), weather=gusty), seed))["r"].position_m for seed in range(6)
    ]
    assert 5.0 < np.std(places, axis=0)[:2].max() < 200.0


def test_impacts_are_told_once_and_in_order() -> None:
    moving = movers(RAID)
    told: list[Impact] = []
    for t_s in np.arange(0.0, 200.0, 0.5):
        moving.advance(float(t_s))
        fresh = moving.impacts()
        assert all(t_s - 0.5 < impact.t_s <= t_s for impact in fresh)
        assert moving.impacts() == ()
        told += fresh
    assert sorted(impact.id for impact in told) == ["d", "r0", "r1", "r2"]
    assert [impact.t_s for impact in told] == sorted(impact.t_s for impact in told)
    assert moving.finished(200.0)
    assert not moving.finished(20.0)


def test_a_break_up_leaves_pieces_that_fall_and_no_strike() -> None:
    moving = movers(RAID)
    assert moving.end("r0", 15.0, "break_up")
    assert not moving.end("r0", 15.1, "break_up")
    before = moving.advance(14.99)
    assert "r0" in before.id
    now = moving.advance(15.01)
    assert "r0" not in now.id
    assert not moving.exists("r0")
    pieces = [i for i, id in enumerate(now.id) if id.startswith("r0/debris-")]
    assert len(pieces) >= 3
    assert {now.kind[i] for i in pieces} == {"debris"}
    was = before.state[before.id.index("r0"), :3]
    assert np.linalg.norm(now.state[pieces, :3] - was, axis=1).max() < 20.0
    impacts = run_out(moving)
    assert "r0" not in impacts
    fallen = [impact for impact in impacts.values() if impact.id.startswith("r0/")]
    assert len(fallen) == len(pieces)
    assert all(impact.debris and impact.hostile for impact in fallen)
    assert moving.spec(fallen[0].id) is None


@pytest.mark.parametrize("id", ["d", "q"])
def test_a_disabled_drone_falls_as_one_body_near_where_it_was(id: str) -> None:
    moving = movers(RAID)
    now = moving.advance(30.0)
    place = now.state[now.id.index(id), :3]
    assert moving.end(id, 30.0, "disabled")
    assert moving.exists(id)
    impact = run_out(moving)[id]
    assert impact.debris
    assert np.hypot(*(impact.position_m[:2] - place[:2])) < 250.0
    assert 30.0 + np.sqrt(2 * place[2] / 9.8) < impact.t_s < 60.0


def test_a_disabled_round_comes_down_where_it_would_have() -> None:
    moving, untouched = movers(scenario(ballistic=(rocket(),))), movers(scenario(ballistic=(rocket(),)))
    moving.advance(15.0)
    assert moving.end("r", 15.0, "disabled")
    struck, wreck = run_out(untouched)["r"], run_out(moving)["r"]
    np.testing.assert_allclose(wreck.position_m, struck.position_m, atol=1e-3)
    assert wreck.debris
    assert not struck.debris


def test_an_end_announced_for_later_comes_later() -> None:
    moving = movers(RAID)
    moving.advance(10.0)
    assert moving.end("d", 12.0, "break_up")
    assert "d" in moving.advance(11.9).id
    assert "d" not in moving.advance(12.0).id


def test_what_is_not_in_the_air_cannot_be_ended() -> None:
    moving = movers(RAID)
    assert not moving.end("nobody", 10.0, "disabled")
    assert not moving.end("r0", 1.0, "break_up")  # not yet in flight
    impacts = run_out(moving)
    assert not moving.end("r0", impacts["r0"].t_s - 1.0, "break_up")  # its strike has been told


def test_birds_and_traffic_are_what_their_specs_say() -> None:
    moving = movers(RAID)
    seen = paths(moving, np.arange(0.0, 300.0, 3.0))
    radius = site().radius_m
    for number in range(1, 5):
        states = np.array(seen[f"traffic-{number}"])
        speed = np.linalg.norm(states[:, 3:], axis=1)
        heights = [level_height(radius, *state[:3]) for state in states]
        assert np.ptp(speed) < 1e-6
        assert np.ptp(heights) < 1e-3
        assert 120.0 <= speed[0] <= 250.0
        assert 3000.0 <= heights[0] <= 11000.0
        made = moving.spec(f"traffic-{number}")
        assert isinstance(made, FlyerSpec)
        assert bool(made.adsb) == (number <= 3)
    assert moving.spec("bird-1") is RAID.birds[0]
    assert moving.spec("d") is DRONE


def test_birds_keep_their_heights_and_their_disc_and_wander() -> None:
    flock = BirdSpec(count=20, radius_m=1500.0, speed_mps=12.0)
    seen = paths(movers(scenario(birds=(flock,))), np.arange(0.0, 300.0, 1.0))
    turned = 0
    for states in (np.array(path) for path in seen.values()):
        heights = [level_height(site().radius_m, *state[:3]) for state in states]
        assert min(heights) > 15.0
        assert max(heights) < 405.0
        assert np.hypot(states[:, 0], states[:, 1]).max() < 1500.0 + 400.0
        bearing = np.unwrap(np.arctan2(states[:, 3], states[:, 4]))
        turned += int(np.ptp(bearing) > 1.0)
        assert 4.0 < np.mean(np.linalg.norm(states[:, 3:], axis=1)) < 22.0
    assert turned >= 15


def test_time_must_not_go_back() -> None:
    moving = movers(RAID)
    moving.advance(10.0)
    with pytest.raises(Misuse, match="time goes back"):
        moving.advance(9.0)


def test_what_cannot_be_flown_is_refused_by_name() -> None:
    bad = [
        scenario(ballistic=(msgspec.structs.replace(rocket("bad"), speed_mps=-1.0),)),
        scenario(ballistic=(msgspec.structs.replace(rocket("bad"), elevation_deg=95.0),)),
        scenario(flyers=(msgspec.structs.replace(DRONE, id="bad", waypoints=()),)),
        scenario(ballistic=(rocket("bad"), rocket("bad"))),
    ]
    for which in bad:
        with pytest.raises(BadScenario, match="bad"):
            movers(which)


def test_a_scenario_without_threats_is_not_finished() -> None:
    assert not movers(scenario(flyers=(QUAD,))).finished(1e6)


def test_the_site_may_lie_anywhere() -> None:
    for lat_deg in (-80.0, 0.0, 65.0):
        moving = Movers(RAID, replace(site(), lat_deg=lat_deg), np.random.default_rng(1))
        assert set(run_out(moving)) == {"r0", "r1", "r2", "d"}
