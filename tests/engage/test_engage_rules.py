"""Rules of engagement, geometry, supply and order of threats: given a batch, this is engaged and that refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from engage_cases import Flight, events, site
from scipy.stats import multivariate_normal

from tocsin import engage
from tocsin.engage.harm import LETHAL_RADIUS_M, expected_strike_harm, people_of
from tocsin.engage.reach import burst_probability
from tocsin.records.engagement import REFUSAL_RULES, Engaged, OperatorAct
from tocsin.records.scenario import EffectorSpec, EngagementSpec, SectorSpec

SITE = site()
GUN = EffectorSpec(id="G1")
NEAR = Flight(1, (0.0, 1200.0, 200.0))


def spec(
    rules: str = "free",
    effectors: tuple[EffectorSpec, ...] = (GUN,),
    sectors: tuple[SectorSpec, ...] = (),
    ideal: tuple[str, ...] = (),
) -> EngagementSpec:
    return EngagementSpec(rules=rules, effectors=effectors, sectors=sectors, ideal=ideal)  # type: ignore[arg-type]


def once(engagement: EngagementSpec, *flights: Flight, t_s: float = 10.0) -> Engaged:
    return engage.advance(engagement, SITE, engage.start(engagement, SITE), events(t_s, flights), (), t_s)[1]


def rules_of(engaged: Engaged) -> list[str]:
    return [refusal.rule for refusal in engaged.refusals]


def test_free_engages_what_is_near_and_hostile() -> None:
    engaged = once(spec(), NEAR)
    assert [(o.track_id, o.effector_id, o.rounds) for o in engaged.orders] == [(1, "G1", 75)]
    assert engaged.refusals == ()
    assert engaged.statuses[0].rounds_left == GUN.rounds - 75


@pytest.mark.parametrize(
    ("flight", "rule"),
    [
        (replace(NEAR, cooperative_id="ABC123", consistent=0.9), "cooperative"),
        (replace(NEAR, cooperative_id="ABC123"), "cooperative"),
        (replace(NEAR, lookalike=True, hostile=0.9), "lookalike"),
        (replace(NEAR, kind="aircraft"), "probable_aircraft"),
        (replace(NEAR, hostile=0.1), "not_hostile"),
        (replace(NEAR, reach=0.0), "no_harm"),
        (replace(NEAR, position=(0.0, 9000.0, 200.0)), "out_of_range"),
        (replace(NEAR, position=(0.0, 60.0, 20.0), velocity=(0.0, 0.0, 0.0)), "out_of_range"),
        (replace(NEAR, strike=(0.0, 500.0), due_t_s=10.5, kind="mortar"), "too_late"),
    ],
)
def test_refused_for_the_track(flight: Flight, rule: str) -> None:
    engaged = once(spec(), flight)
    assert engaged.orders == ()
    assert rules_of(engaged) == [rule]


def test_a_claim_that_the_radar_refutes_is_no_cloak() -> None:
    assert once(spec(), replace(NEAR, cooperative_id="ABC123", consistent=1e-4)).orders


def test_tight_identifies_a_silent_drone_by_what_it_makes_for() -> None:
    passing, diving = replace(NEAR, hostile=0.5, reach=0.05), replace(NEAR, hostile=0.5, reach=0.8)
    assert rules_of(once(spec("tight"), passing)) == ["not_hostile"]
    assert once(spec("tight"), diving).requests
    assert once(spec("tight"), replace(diving, hostile=0.01)).requests == ()


def test_hold_never_engages() -> None:
    assert rules_of(once(spec("hold"), NEAR)) == ["rules_hold"]


def test_a_bird_that_threatens_nothing_is_no_candidate() -> None:
    engaged = once(spec(), replace(NEAR, kind="bird", hostile=0.01, reach=0.0))
    assert engaged == Engaged()


@pytest.mark.parametrize(
    ("engagement", "rule"),
    [
        (spec(effectors=()), "no_effector"),
        (spec(effectors=(EffectorSpec(id="G1", rounds=0),)), "magazine_empty"),
        (spec(sectors=(SectorSpec(azimuth_from_deg=350.0, azimuth_to_deg=10.0),)), "safety_sector"),
        (spec(sectors=(SectorSpec(azimuth_from_deg=350.0, azimuth_to_deg=370.0),)), "safety_sector"),
        (spec("tight"), "no_consent"),
    ],
)
def test_refused_for_the_defence(engagement: EngagementSpec, rule: str) -> None:
    engaged = once(engagement, NEAR)
    assert engaged.orders == ()
    assert rules_of(engaged) == [rule]
    assert all(refusal.why == REFUSAL_RULES[refusal.rule] for refusal in engaged.refusals)


@pytest.mark.parametrize(
    "sector",
    [
        SectorSpec(azimuth_from_deg=10.0, azimuth_to_deg=350.0),
        SectorSpec(azimuth_from_deg=350.0, azimuth_to_deg=10.0, elevation_below_deg=5.0),
        SectorSpec(azimuth_from_deg=350.0, azimuth_to_deg=10.0, effector_id="other"),
    ],
)
def test_a_sector_forbids_only_what_lies_in_it(sector: SectorSpec) -> None:
    assert once(spec(sectors=(sector,)), NEAR).orders


def test_a_friend_near_the_line_holds_fire() -> None:
    beyond = Flight(2, (10.0, 3000.0, 500.0), kind="fixed_wing", hostile=0.02, cooperative_id="N1", consistent=0.95)
    aside = replace(beyond, position=(2000.0, 2000.0, 500.0))
    assert "friendly_near_line" in rules_of(once(spec(), NEAR, beyond))
    assert once(spec(), NEAR, aside).orders


def test_geometry_ideal_lifts_range_slew_and_sectors_but_not_friends() -> None:
    sectors = (SectorSpec(azimuth_from_deg=0.0, azimuth_to_deg=360.0),)
    far = replace(NEAR, position=(0.0, -2600.0, 200.0), velocity=(0.0, 40.0, 0.0))
    slow = EffectorSpec(id="G1", slew_degps=1.0)
    assert once(spec(effectors=(slow,), sectors=sectors), far).orders == ()
    ideal = once(spec(effectors=(slow,), sectors=sectors, ideal=("geometry",)), far)
    assert [order.fire_t_s for order in ideal.orders] == [10.0 + slow.reaction_s]
    friend = Flight(2, (0.0, -2000.0, 160.0), hostile=0.02, cooperative_id="N1", consistent=0.95)
    assert once(spec(ideal=("geometry",)), far, friend).orders == ()


def test_slewing_is_counted_to_the_degree() -> None:
    gun = EffectorSpec(id="G1", slew_degps=30.0, reaction_s=1.0, height_m=0.0)
    west = Flight(1, (-1000.0, 0.0, 0.5), velocity=(0.0, 0.0, 0.0))
    order = once(spec(effectors=(gun,)), west).orders[0]
    assert order.fire_t_s == pytest.approx(10.0 + 90.0 / 30.0 + 1.0, abs=0.01)


def test_consent_is_asked_once_and_then_fires() -> None:
    engagement = spec("tight")
    state, first = engage.advance(engagement, SITE, engage.start(engagement, SITE), events(10.0, (NEAR,)), (), 10.0)
    assert [r.track_id for r in first.requests] == [1]
    state, second = engage.advance(engagement, SITE, state, events(11.0, (NEAR,)), (), 11.0)
    assert second == Engaged()
    act = OperatorAct(11.5, first.requests[0].request_id, "consent", "")
    _, third = engage.advance(engagement, SITE, state, events(12.0, (NEAR,)), (act,), 12.0)
    assert [o.track_id for o in third.orders] == [1]


def test_a_request_names_the_nearest_effector_that_has_rounds() -> None:
    far, near = EffectorSpec(id="far", north_m=-1500.0), EffectorSpec(id="near", north_m=500.0)
    empty = EffectorSpec(id="empty", north_m=1000.0, rounds=0)
    assert [r.effector_id for r in once(spec("tight", effectors=(far, near, empty)), NEAR).requests] == ["near"]


def test_a_refusal_by_the_operator_stands() -> None:
    engagement = spec("tight")
    state, first = engage.advance(engagement, SITE, engage.start(engagement, SITE), events(10.0, (NEAR,)), (), 10.0)
    act = OperatorAct(10.5, first.requests[0].request_id, "refuse", "")
    state, second = engage.advance(engagement, SITE, state, events(11.0, (NEAR,)), (act,), 11.0)
    assert rules_of(second) == ["refused"]
    _, third = engage.advance(engagement, SITE, state, events(12.0, (NEAR,)), (), 12.0)
    assert third == Engaged()


def test_shoot_look_shoot() -> None:
    state, t_s, fired = engage.start(spec(), SITE), 10.0, []
    for step in range(100):
        t_s = 10.0 + 0.1 * step
        state, engaged = engage.advance(spec(), SITE, state, events(t_s, (NEAR,)), (), t_s)
        fired += [order.fire_t_s for order in engaged.orders]
    gaps = np.diff(fired)
    assert len(fired) >= 2
    assert np.all(gaps >= GUN.burst_s + 1.2)  # burst, then flight of 1.2 s at 1000 m/s before the next look


def test_two_effectors_take_two_threats_and_the_sum_of_averted_harm_is_greatest() -> None:
    east, west = EffectorSpec(id="E", east_m=1500.0), EffectorSpec(id="W", east_m=-1500.0)
    flights = (Flight(1, (-1500.0, 900.0, 200.0)), Flight(2, (1500.0, 900.0, 200.0)))
    engaged = once(spec(effectors=(east, west)), *flights)
    assert {order.track_id: order.effector_id for order in engaged.orders} == {1: "W", 2: "E"}


def test_one_effector_takes_the_greater_and_sooner_harm() -> None:
    sooner = replace(NEAR, track_id=2, position=(800.0, 900.0, 200.0), due_t_s=20.0)
    engaged = once(spec(), NEAR, sooner)
    assert [order.track_id for order in engaged.orders] == [2]
    assert [(r.track_id, r.rule) for r in engaged.refusals] == [(1, "effectors_busy")]


def test_rounds_are_kept_for_a_shorter_range_only_while_it_closes() -> None:
    last = EffectorSpec(id="G1", rounds=75)
    closing = Flight(1, (0.0, 1900.0, 200.0), velocity=(0.0, -40.0, 0.0), due_t_s=60.0)
    assert rules_of(once(spec(effectors=(last,)), closing)) == ["magazine_kept"]
    assert once(spec(effectors=(last,)), replace(closing, velocity=(0.0, 5.0, 0.0))).orders
    assert once(spec(), closing).orders


def test_a_refusal_is_told_once_and_again_when_its_rule_changes() -> None:
    far = replace(NEAR, position=(0.0, 9000.0, 200.0))
    state, told = engage.start(spec(), SITE), []
    for t_s, flight in ((1.0, far), (2.0, far), (3.0, replace(far, hostile=0.1)), (4.0, far)):
        state, engaged = engage.advance(spec(), SITE, state, events(t_s, (flight,)), (), t_s)
        told += rules_of(engaged)
    assert told == ["out_of_range", "not_hostile", "out_of_range"]


def test_expected_harm_is_density_times_area_where_the_forecast_is_inside() -> None:
    people = people_of(replace(SITE, assets=()))
    harm = expected_strike_harm(people, np.array([0.0, 0.0]), np.eye(2) * 100.0**2)
    assert harm == pytest.approx(1000.0 / 5000.0**2 * math.pi * LETHAL_RADIUS_M**2, rel=1e-12)


def test_expected_harm_over_a_border_against_scipy() -> None:
    people = people_of(replace(SITE, assets=()))
    mean, covariance = np.array([2300.0, 2400.0]), np.array([[400.0**2, 3e4], [3e4, 300.0**2]])
    inside = multivariate_normal(mean, covariance)
    low, high = np.array([-2500.0, -2500.0]), np.array([2500.0, 2500.0])
    mass = float(inside.cdf(high, lower_limit=low))
    whole = 1000.0 / 5000.0**2 * math.pi * LETHAL_RADIUS_M**2
    assert expected_strike_harm(people, mean, covariance) == pytest.approx(whole * mass, rel=0.08)


def test_burst_probability_against_sampled_rounds() -> None:
    gun, range_m = EffectorSpec(id="G1", vulnerable_m2=0.5, burst_rounds=10, dispersion_mrad=2.0), 1000.0
    rng = np.random.default_rng(5)
    miss = rng.normal(0.0, 2.0, (40000, 10, 2))
    hit = np.any(np.sum(miss**2, axis=2) < 0.5 / math.pi, axis=1)
    assert burst_probability(gun, range_m) == pytest.approx(float(np.mean(hit)), abs=4 * math.sqrt(0.25 / 40000))
