"""The figures of warnings by hand: combined risk, rounds that agree, areas of lost things, what flies and is said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from warn_cases import BIRD, MULTIROTOR, ROCKET, Runner, Thing, at, lost, plan, reports, square

from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.forecasts import ReachTable
from tocsin.records.site import Asset
from tocsin.records.warnings import WarnSettings
from tocsin.warn.flyers import hear, over_zones, reach_of, sighting_dangers
from tocsin.warn.hazards import hazard_dangers, radius_at
from tocsin.warn.places import _counter_clockwise, mass_over_zones, places_of, zone_distance
from tocsin.warn.rule import Dangers, judge, stack

CENTRE = (625.0, 625.0)
SETTINGS = WarnSettings()


def dangers(probability: FloatArray, independent: BoolArray, **other: object) -> Dangers:
    """Dangers (D,) to one zone, all pressing and raising unless told otherwise."""
    size = len(probability)
    made = Dangers(
        np.arange(1, size + 1),
        ("impact",) * size,
        independent,
        probability[:, None],
        np.full((size, 1), np.nan),
        np.ones((size, 1), dtype=np.bool_),
        np.ones(size, dtype=np.bool_),
    )
    return replace(made, **other)  # type: ignore[arg-type]


def test_rounds_combine_as_independent_with_the_worst_flyer_as_one_more() -> None:
    """1 - (1 - 0.3)(1 - 0.5)(1 - 0.2) = 0.72: the second flyer, of 0.1, shares the mistake of the first."""
    found = judge(SETTINGS, dangers(np.array([0.3, 0.5, 0.2, 0.1]), np.array([True, True, False, False])))
    assert found.probability == pytest.approx([0.72])
    rng = np.random.default_rng(5)
    struck = (rng.random((200_000, 3)) < [0.3, 0.5, 0.2]).any(axis=1).mean()
    assert found.probability[0] == pytest.approx(struck, abs=0.005)


def test_each_threshold_of_the_rule_is_a_least_value() -> None:
    def verdict(p: float, pressing: bool, raising: bool = True) -> tuple[bool, bool]:
        one = dangers(np.array([p]), np.array([False]), pressing=np.array([[pressing]]), raising=np.array([raising]))
        found = judge(SETTINGS, one)
        return bool(found.warn[0]), bool(found.hold[0])

    assert verdict(0.05, True) == (True, True)
    assert verdict(0.0499, True) == (False, True)
    assert verdict(0.8, False) == (True, True)
    assert verdict(0.7999, False) == (False, True)
    assert verdict(0.9, True, raising=False) == (False, True)
    assert verdict(0.01, True) == (False, True)
    assert verdict(0.0099, True) == (False, False)


def test_a_verdict_names_the_soonest_harm_worth_naming_and_the_most_probable_danger() -> None:
    many = dangers(np.array([0.009, 0.4, 0.3, 0.2]), np.zeros(4, dtype=np.bool_))
    found = judge(SETTINGS, replace(many, expected_t_s=np.array([[5.0], [90.0], [60.0], [np.nan]])))
    assert (found.expected_t_s[0], found.leading[0]) == (60.0, 1)
    none = judge(SETTINGS, replace(many, probability=0.001 * many.probability))
    assert math.isnan(none.expected_t_s[0])
    assert none.leading[0] == -1


def test_without_dangers_nothing_is_warned_held_or_led() -> None:
    found = judge(SETTINGS, stack(3, []))
    assert found.probability.tolist() == [0.0] * 3
    assert not found.warn.any()
    assert not found.hold.any()
    assert np.isnan(found.expected_t_s).all()
    assert found.leading.tolist() == [-1] * 3


def rocket(east: float, north: float, sigma: float, impact_t: float = 30.0, track_id: int = 1) -> Thing:
    return Thing(track_id, classes=ROCKET, hostile=0.99, impact=(impact_t, 0.2, east, north, sigma))


@pytest.mark.parametrize(
    ("east_off_m", "late_s", "same"),
    [(0.0, 0.0, True), (0.0, 20.0, False), (0.0, 1.2, False), (0.0, 1.0, True), (3000.0, 0.0, False)],
)
def test_a_new_round_continues_a_lost_one_if_its_forecast_agrees_in_place_and_time(
    east_off_m: float, late_s: float, same: bool
) -> None:
    """Times of 0.2 s each agree within 3.3 (√2·0.2 + 0.1) = 1.26 s less the floor: 1.0 s does, 1.2 + 0.1 s does not."""
    run = Runner()
    run.step(0.0, rocket(*CENTRE, 100.0))
    run.step(3.0, ended=(lost(rocket(*CENTRE, 100.0), 3.0, 0.0),))
    found = rocket(CENTRE[0] + east_off_m, CENTRE[1], 100.0, 30.0 + late_s + 0.1 * (late_s > 1.0), track_id=2)
    run.step(5.0, replace(found, born_t_s=4.0))
    assert run.state is not None
    assert set(run.state.rounds) == ({2} if same else {1, 2})


def test_a_round_keeps_the_probability_of_its_last_detection_while_it_coasts() -> None:
    run = Runner()
    sharp = rocket(*CENTRE, 100.0)
    run.step(0.0, replace(sharp, existence=0.9))
    run.step(1.0, replace(sharp, detected=False, existence=0.2, classes=BIRD))
    assert run.state is not None
    assert run.state.rounds[1].probability == pytest.approx(0.9)
    run.step(2.0, replace(sharp, existence=0.5))
    assert run.state.rounds[1].probability == pytest.approx(0.5)


@pytest.mark.parametrize("broken", [(np.nan, 0.0, 0.0, 100.0), (30.0, np.nan, 0.0, 100.0), (30.0, 0.0, 0.0, np.nan)])
def test_a_forecast_that_is_no_number_is_no_round(broken: tuple[float, float, float, float]) -> None:
    t_s, east, north, sigma = broken
    run = Runner()
    run.step(0.0, Thing(1, classes=ROCKET, impact=(t_s, 0.2, east, north, sigma)))
    assert run.state is not None
    assert run.state.rounds == {}


def test_a_round_that_merges_is_over_and_a_flyer_too_by_that_name() -> None:
    run = Runner()
    run.step(0.0, rocket(*CENTRE, 100.0))
    assert run.live() == {"z4_4"}
    run.step(1.0, ended=(lost(rocket(*CENTRE, 100.0), 1.0, 0.0, "merged", into=8),))
    for t in range(2, 12):
        run.step(float(t))
    assert [e.cause for e in run.warnings if e.action == "all_clear"] == ["track_merged_into_8"]
    fly = Runner()
    near = Thing(7, (3000.0, 0.0, 100.0, -25.0, 0.0, 0.0), reach=(0.6, 60.0, 100.0))
    fly.step(0.0, near)
    fly.step(1.0, ended=(lost(near, 1.0, 0.0, "merged", into=9),))
    for t in range(2, 70):
        fly.step(float(t))
    assert [e.cause for e in fly.warnings if e.action == "all_clear"] == ["track_merged_into_9"]


def test_the_reports_that_a_round_explains_lie_within_its_spread_and_time() -> None:
    """Slack 10 s + 3·0.2 s, and 300 m + 3 √(2·100² + 30²) = 733.7 m."""
    for t_s, off_m, explained in (
        (30.0, 730.0, True), (30.0, 740.0, False), (40.5, 0.0, True), (40.7, 0.0, False), (19.5, 0.0, True),
        (19.3, 0.0, False),
    ):  # fmt: skip
        run = Runner()
        run.step(0.0, rocket(*CENTRE, 100.0))
        run.step(41.0, said=reports((t_s, "impact", "i", (CENTRE[0], CENTRE[1] + off_m), 30.0, "")))
        assert run.state is not None
        assert run.state.rounds[1].reported is explained, (t_s, off_m)


FAR = Thing(3, (9000.0, -400.0, 150.0, -25.0, 10.0, 0.0), hostile=0.45, reach=(0.5, 300.0, 360.0))


def lost_far(thing: Thing = FAR, ended_s: float = 25.0, **settings: float) -> Runner:
    run = Runner(plan(settings=replace(SETTINGS, **settings)))
    for t in np.arange(0.0, 20.0, 1.0):
        run.step(float(t), at(thing, float(t)))
    run.step(ended_s, ended=(lost(at(thing, ended_s), ended_s, 19.0),))
    return run


def test_the_area_of_a_lost_track_starts_where_it_was_last_seen_and_not_where_it_had_coasted_to() -> None:
    """Last seen at 19 s: 9000 - 19·25 east, -400 + 19·10 north; ended, and coasted, six seconds further on."""
    (hazard,) = lost_far().hazards
    assert hazard.centre_m == pytest.approx([8525.0, -210.0])
    assert hazard.since_t_s == 19.0
    # Three sigmas of place (√800 m), and six seconds at 1.25 times √(25² + 10²) m/s.
    assert hazard.radius_m == pytest.approx(3.0 * math.sqrt(800.0) + 6.0 * 1.25 * math.hypot(25.0, 10.0))


def test_what_hovered_may_fly_off_and_a_wide_place_is_held_to_half_a_kilometre() -> None:
    run = Runner()
    run.step(0.0, replace(FAR, state=(9000.0, 0.0, 100.0, 1.0, 0.0, 0.0)))
    wide = replace(lost(FAR, 4.0, 0.0), state=np.array([9000.0, 0, 100, 1, 0, 0]), covariance=np.eye(6) * 1e6)
    run.step(4.0, ended=(wide,))
    assert run.hazards[0].radius_m == pytest.approx(500.0 + 4.0 * 15.0)


@pytest.mark.parametrize(("t_s", "state"), [(18.9, "open"), (19.0, "closed"), (29.0, "closed")])
def test_an_impact_report_from_before_the_loss_closes_no_hazard(t_s: float, state: str) -> None:
    run = lost_far()
    run.step(30.0, said=reports((t_s, "impact", "", (8500.0, -200.0), 50.0, "")))
    assert run.state is not None
    assert run.state.hazards[3].state == state


def test_an_impact_report_closes_what_is_within_the_radius_and_twice_its_own_spread() -> None:
    radius = 3.0 * math.sqrt(800.0) + 11.0 * 1.25 * math.hypot(25.0, 10.0)
    for off_m, closed in ((radius + 99.0, True), (radius + 101.0, False)):
        run = lost_far()
        run.step(30.0, said=reports((29.0, "impact", "", (8525.0, -210.0 + off_m), 50.0, "")))
        assert run.state is not None
        assert (run.state.hazards[3].state == "closed") is closed


def test_an_impact_that_a_round_explains_closes_no_hazard_and_one_report_closes_one() -> None:
    run = lost_far()
    run.step(26.0, rocket(8500.0, -200.0, 50.0, 28.0, track_id=5))
    run.step(30.0, said=reports((28.0, "impact", "", (8500.0, -200.0), 50.0, "")))
    assert run.state is not None
    assert run.state.hazards[3].state == "open"
    both = Runner()
    twin = replace(FAR, track_id=4)
    both.step(0.0, FAR, twin)
    both.step(6.0, ended=(lost(FAR, 6.0, 0.0), lost(twin, 6.0, 0.0)))
    both.step(9.0, said=reports((9.0, "impact", "", FAR.state[:2], 50.0, "")))  # type: ignore[arg-type]
    assert both.state is not None
    assert sorted(h.state for h in both.state.hazards.values()) == ["closed", "open"]


def test_a_sighting_inside_halves_the_doubt_of_a_lost_thing_and_one_outside_does_not() -> None:
    run = lost_far()
    run.step(30.0, said=reports((30.0, "sighting", "s", (8500.0, -200.0), 100.0, "a drone")))
    assert run.state is not None
    assert run.state.hazards[3].hostile == pytest.approx(1.0 - 0.5 * 0.55)
    run.step(31.0, said=reports((31.0, "sighting", "s", (0.0, 8000.0), 100.0, "a drone")))
    assert run.state.hazards[3].hostile == pytest.approx(1.0 - 0.5 * 0.55)


def found_again(t_s: float, track_id: int = 9) -> Thing:
    return Thing(track_id, (8300.0, -200.0, 60.0, -25.0, 0.0, 0.0), born_t_s=24.0)


def test_a_successor_that_ends_otherwise_settles_the_hazard_and_one_that_merges_hands_it_on() -> None:
    for rule, state, successor in (("missed", "closed", 9), ("merged", "reacquired", 12)):
        run = lost_far()
        run.step(30.0, found_again(30.0))
        assert run.state is not None
        assert (run.state.hazards[3].state, run.state.hazards[3].successor) == ("reacquired", 9)
        run.step(31.0, ended=(lost(found_again(31.0), 31.0, 30.0, rule, into=12 * (rule == "merged")),))
        assert (run.state.hazards[3].state, run.state.hazards[3].successor) == (state, successor)
        if rule == "missed":
            assert run.state.hazards[3].evidence == "continued_as_track_9"
            assert run.state.hazards[9].state == "open"


def test_a_successor_is_taken_by_one_hazard_and_the_most_dangerous_then_the_nearest_is_taken() -> None:
    run = lost_far()
    near, far = found_again(30.0, 11), replace(found_again(30.0, 10), state=(8100.0, -200.0, 60.0, -25.0, 0.0, 0.0))
    run.step(30.0, far, near)
    assert run.state is not None
    assert run.state.hazards[3].successor == 11
    worse = lost_far()
    worse.step(30.0, replace(far, hostile=0.6), near)
    assert worse.state is not None
    assert worse.state.hazards[3].successor == 10


@pytest.mark.parametrize(
    ("other", "fits"),
    [
        (replace(found_again(30.0), detections=8), True),
        (replace(found_again(30.0), detections=7), False),
        (replace(found_again(30.0), born_t_s=19.0), True),
        (replace(found_again(30.0), born_t_s=18.9), False),
        (replace(found_again(30.0), hostile=0.2), True),
        (replace(found_again(30.0), hostile=0.19), False),
        (replace(found_again(30.0), classes=(0.3, 0.2, 0.0, 0.5, 0.0, 0.0)), False),
        (replace(found_again(30.0), state=(8300.0, -200.0, 60.0, -53.0, 0.0, 0.0)), True),  # 1.3·33.66 + 10 = 53.8 m/s
        (replace(found_again(30.0), state=(8300.0, -200.0, 60.0, -54.5, 0.0, 0.0)), False),
    ],
)
def test_what_may_be_a_lost_thing_again(other: Thing, fits: bool) -> None:
    run = lost_far()
    run.step(30.0, other)
    assert run.state is not None
    assert (run.state.hazards[3].state == "reacquired") is fits


def test_a_hazard_goes_stale_after_its_time_and_its_radius_stands_still() -> None:
    run = lost_far(lost_hazard_max_s=100.0)
    run.step(119.0)
    assert run.state is not None
    assert run.state.hazards[3].state == "open"
    run.step(119.5)
    assert run.state.hazards[3].state == "stale"
    grown = [radius_at(run.plan.warn, run.state.hazards[3], t) for t in (119.0, 500.0, 10.0)]
    assert grown[0] == pytest.approx(grown[1])
    assert grown[2] == pytest.approx(3.0 * math.sqrt(800.0))  # before the loss: what its place allows


def test_the_danger_of_a_hazard_is_its_hostility_times_what_it_was_heading_for_or_the_share_of_its_area() -> None:
    run = lost_far()
    assert run.state is not None
    (found,) = hazard_dangers(SETTINGS, run.state.places, run.state.hazards, 25.0)
    zone = run.state.places.zone_id.index("z4_4")
    speed, spread = 1.25 * math.hypot(25.0, 10.0), 3.0 * math.sqrt(800.0)
    away = math.hypot(8525.0 - 1250.0, 210.0)
    arrival = 19.0 + (away - spread) / speed
    assert found.probability[0, zone] == pytest.approx(0.45 * 0.5)
    assert found.expected_t_s[0, zone] == pytest.approx(max(arrival, 360.0))
    assert not found.pressing[0, zone]
    (later,) = hazard_dangers(SETTINGS, run.state.places, run.state.hazards, arrival - 119.0)
    assert later.pressing[0, zone]
    (early,) = hazard_dangers(SETTINGS, run.state.places, run.state.hazards, arrival - 121.0)
    assert not early.pressing[0, zone]
    weak = {3: replace(run.state.hazards[3], reach=np.array([[0.1], [300.0], [360.0]]))}
    (least,) = hazard_dangers(SETTINGS, run.state.places, weak, 25.0)
    assert least.probability[0, zone] == pytest.approx(0.45 * 0.25)


def test_a_zone_without_assets_is_endangered_by_the_share_of_the_area_that_lies_in_it() -> None:
    run = Runner(plan(assets=()))
    over = replace(FAR, state=(625.0, 625.0, 100.0, 0.0, 1.0, 0.0), reach=None)
    run.step(0.0, over)
    run.step(30.0, ended=(lost(over, 30.0, 0.0),))
    assert run.state is not None
    lost_one = run.state.hazards[3]
    (found,) = hazard_dangers(SETTINGS, run.state.places, run.state.hazards, 30.0)
    radius = radius_at(SETTINGS, lost_one, 30.0)
    rng = np.random.default_rng(1)
    points = lost_one.centre_m + rng.normal(0.0, radius / 2.0, (200_000, 2))
    inside = (np.abs(points - 625.0) <= 625.0 + 50.0).all(axis=1).mean()
    zone = run.state.places.zone_id.index("z4_4")
    assert found.probability[0, zone] == pytest.approx(0.45 * inside, abs=0.01)
    assert found.probability[0, run.state.places.zone_id.index("z0_0")] == 0.0
    (at_once,) = hazard_dangers(SETTINGS, run.state.places, run.state.hazards, 0.0)
    assert at_once.expected_t_s[0, zone] == 0.0  # it is there already


def test_a_reacquired_hazard_counts_for_a_minute_and_raises_nothing() -> None:
    run = lost_far()
    run.step(30.0, found_again(30.0))
    assert run.state is not None
    zone = run.state.places.zone_id.index("z4_4")
    for now_s, counts in ((90.0, True), (90.5, False)):
        (found,) = hazard_dangers(SETTINGS, run.state.places, run.state.hazards, now_s)
        assert bool(found.probability[0, zone] > 0.0) is counts
        assert not found.raising[0]


def test_a_closed_hazard_holds_its_zones_for_as_long_as_people_wait_after_an_impact() -> None:
    run = lost_far()
    run.step(30.0, said=reports((29.0, "impact", "", (8525.0, -210.0), 50.0, "")))
    assert run.state is not None
    assert len(hazard_dangers(SETTINGS, run.state.places, run.state.hazards, 59.0)) == 1
    assert hazard_dangers(SETTINGS, run.state.places, run.state.hazards, 60.0) == []


def test_growth_is_told_by_quarters_of_the_radius() -> None:
    run = lost_far()
    for t in np.arange(26.0, 120.0, 1.0):
        run.step(float(t))
    radii = np.array([h.radius_m for h in run.hazards])
    steps = radii[1:] / radii[:-1]
    assert (steps >= 1.25).all()
    assert (steps < 1.25 + 1.25 * math.hypot(25.0, 10.0) / radii[:-1]).all()


def test_reach_tables_and_the_worst_asset_of_each_zone() -> None:
    assets = tuple(Asset(f"a{k}", "", np.array([x, 200.0, 0.0]), 100.0) for k, x in enumerate((200.0, 600.0, 2000.0)))
    places = places_of(plan(assets=assets).site)
    table = ReachTable(
        0.0, np.array([5, 5, 6]), np.array([0, 1, 2]), np.array([10.0, 20.0, 30.0]), np.array([11.0, 22.0, 33.0]),
        np.array([0.3, 0.6, 0.1]),
    )  # fmt: skip
    reach = reach_of(places, table)
    assert set(reach) == {5, 6}
    np.testing.assert_equal(reach[6], [[0, 0, 0.1], [np.nan, np.nan, 30.0], [np.nan, np.nan, 33.0]])
    probability, earliest, expected = over_zones(places, reach[5])
    zone, other = places.zone_id.index("z4_4"), places.zone_id.index("z4_5")
    assert (probability[zone], earliest[zone], expected[zone]) == (0.6, 20.0, 22.0)
    assert probability[other] == 0.0
    assert math.isnan(earliest[other])
    assert math.isnan(expected[other])


def test_a_flyer_weighs_by_hostility_existence_and_the_chance_that_it_flies() -> None:
    run = Runner()
    mixed = Thing(7, (3000.0, 0.0, 100.0, -25.0, 0.0, 0.0), classes=(0.1, 0.1, 0.2, 0.6, 0.0, 0.0), hostile=0.5,
                  existence=0.9, reach=(0.6, 119.9, 150.0))  # fmt: skip
    (event,) = run.step(0.0, mixed)
    assert event.probability == pytest.approx(0.5 * 0.8 * 0.9 * 0.6)
    assert event.cause == "reach"
    assert Runner().step(0.0, replace(mixed, reach=(0.6, 120.1, 150.0))) == ()


def test_a_sighting_weighs_by_half_the_mass_of_its_spread_and_a_nameless_spread_is_half_a_kilometre() -> None:
    places = places_of(plan().site)
    for said_m, sigma_m in ((300.0, 300.0), (0.0, 500.0), (np.nan, 500.0)):
        heard, closed = hear(SETTINGS, places, (), reports((1.0, "sighting", "s", CENTRE, said_m, "a drone")))
        assert closed == ()
        assert (heard[0].sigma_m, heard[0].t_s, heard[0].source) == (sigma_m, 1.0, "post-1")
        mass = mass_over_zones(places, np.array([CENTRE]), (sigma_m**2 * np.eye(2))[None], 1000.0)[0]
        np.testing.assert_allclose(heard[0].mass, mass)
        (found,) = sighting_dangers(SETTINGS, heard)
        np.testing.assert_allclose(found.probability[0], 0.5 * mass)
        assert np.isnan(found.expected_t_s).all()
        assert found.pressing.all()
        assert found.raising.all()
        assert not found.independent.any()


def test_a_sighting_told_again_is_moved_and_one_is_closed_by_its_name_or_its_place_alone() -> None:
    places = places_of(plan().site)

    def row(name: str, off_m: float, claim: str = "a drone") -> tuple[float, str, str, tuple[float, float], float, str]:
        return (1.0, "sighting", name, (CENTRE[0] + off_m, CENTRE[1]), 300.0, claim)

    one, _ = hear(SETTINGS, places, (), reports(row("s", 0.0), row("t", 0.0)))
    assert [s.id for s in one] == ["s", "t"]
    moved, _ = hear(SETTINGS, places, one, reports(row("s", 200.0)))
    assert [(s.id, s.position_m[0]) for s in moved] == [("t", 625.0), ("s", 825.0)]
    by_name, why = hear(SETTINGS, places, one, reports(row("s", 9000.0, "Wreck_found")))
    assert ([s.id for s in by_name], why) == (["t"], ("Wreck_found (post-1)",))
    for off_m, left in ((1600.0, 0), (1601.0, 2)):  # 1000 m, and twice the 300 m of each sighting
        kept, why = hear(SETTINGS, places, one, reports(row("other", off_m, "all clear")))
        assert len(kept) == left
        assert len(why) == (left == 0)
    nowhere = replace(reports(row("", 0.0, "all clear")), position_m=np.full((1, 3), np.nan))
    assert hear(SETTINGS, places, one, nowhere) == (one, ())


def test_zones_are_packed_counter_clockwise_whatever_their_size_and_an_asset_on_the_border_harms() -> None:
    for ring in (square(0.0, 0.0, 0.5), square(0.0, 0.0, 0.5)[::-1], 1000.0 * square(0.0, 0.0, 1.0)[::-1]):
        turned = _counter_clockwise(ring)
        x, y = turned.T
        assert float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) > 0.0
        assert {tuple(p) for p in turned} == {tuple(p) for p in ring}
    places = places_of(plan(rows=2, assets=(Asset("a", "", np.array([1350.0, 500.0, 0.0]), 100.0),)).site)
    assert [z for z, harmed in zip(places.zone_id, places.harmed[0], strict=True) if harmed] == ["z1_1"]
    np.testing.assert_allclose(zone_distance(places, np.array([1350.0, 500.0]))[3], 100.0)
    assert places.zone_name == places.zone_id
    assert places_of(plan(rows=0).site).vertices.shape == (0, 2)


def test_warnings_that_hold_say_how_much_time_is_left_and_are_told_again_when_it_moves_by_a_tenth() -> None:
    run = Runner()
    near = Thing(7, (3000.0, 0.0, 100.0, -25.0, 0.0, 0.0), classes=MULTIROTOR, reach=(0.6, 60.0, 100.0))
    (first,) = run.step(0.0, near)
    assert first.seconds_left == 100.0
    assert run.step(9.0, replace(near, reach=(0.6, 60.0, 160.0))) == ()  # not within ten seconds
    assert run.step(10.0, replace(near, reach=(0.6, 60.0, 108.9))) == ()  # 90 s were left; 8.9 s more are no tenth
    later = Runner()
    later.step(100.0, replace(near, reach=(0.6, 160.0, 200.0)))
    assert later.step(109.0, replace(near, reach=(0.6, 160.0, 260.0))) == ()
    (told,) = run.step(10.0, replace(near, reach=(0.6, 60.0, 109.1)))
    assert (told.action, told.warning_id) == ("update", first.warning_id)
    assert told.seconds_left == pytest.approx(99.1)
    (banded,) = run.step(21.0, replace(near, hostile=0.3, reach=(0.6, 60.0, 109.1)))
    assert banded.probability == pytest.approx(0.18)  # from the class of 0.2 to 0.5 into the one below


@pytest.mark.parametrize(
    "ring", [square(0.0, 0.0, 9.0)[:2], np.array([[0, 0], [9, 0], [9, np.nan]]), np.zeros((4, 3)), np.zeros(4)]
)
def test_a_zone_that_is_no_polygon_is_refused_by_its_name(ring: FloatArray) -> None:
    site = plan(rows=1).site
    with pytest.raises(ValueError, match="zone z0_0"):
        places_of(replace(site, zones=(replace(site.zones[0], polygon_m=ring),)))


def test_a_sighting_names_no_track_and_its_closing_elsewhere_closes_no_hazard() -> None:
    run = Runner()
    told = run.step(0.0, said=reports((0.0, "sighting", "s", CENTRE, 300.0, "a drone")))
    assert {e.track_ids for e in told} == {()}
    away = lost_far()
    away.step(30.0, said=reports((30.0, "sighting", "track 4", (-9000.0, 0.0), 50.0, "wreck found")))
    assert away.state is not None
    assert away.state.hazards[3].state == "open"
    away.step(31.0, said=reports((31.0, "sighting", "track 3", (-9000.0, 0.0), 50.0, "wreck found")))
    assert away.state.hazards[3].state == "closed"


def test_only_sightings_raise_the_risk_of_a_lost_thing_and_what_closes_it_does_not() -> None:
    run = lost_far()
    run.step(30.0, said=reports((18.0, "impact", "", (8500.0, -200.0), 50.0, "")))
    assert run.state is not None
    assert run.state.hazards[3].hostile == pytest.approx(0.45)
    run.step(31.0, said=reports((31.0, "sighting", "s", (8500.0, -200.0), 50.0, "crashed")))
    assert (run.state.hazards[3].state, run.state.hazards[3].hostile) == ("closed", pytest.approx(0.45))


def test_the_answer_to_a_sighting_is_no_evidence_for_a_warning_of_something_else() -> None:
    run = Runner()
    near = Thing(7, (3000.0, 0.0, 100.0, -25.0, 0.0, 0.0), reach=(0.6, 60.0, 100.0))
    run.step(0.0, near)
    run.step(1.0, near, said=reports((1.0, "sighting", "s", (-4000.0, -4000.0), 100.0, "a drone")))
    run.step(2.0, near, said=reports((2.0, "sighting", "s", (-4000.0, -4000.0), 100.0, "all clear")))
    for t in range(3, 20):
        run.step(float(t), replace(near, hostile=0.01))
    causes = {e.zone_id: e.cause for e in run.warnings if e.action == "all_clear"}
    assert causes["z4_4"] == "track_7_identified_harmless"
    assert causes["z0_0"] == "all clear (post-1)"


@pytest.mark.parametrize("early", [1.001, 0.04])
def test_thresholds_out_of_order_are_refused_with_their_values(early: float) -> None:
    with pytest.raises(ValueError, match=str(early)):
        Runner(plan(settings=replace(SETTINGS, early_probability=early))).step(0.0)
    assert Runner(plan(settings=replace(SETTINGS, early_probability=1.0))).step(0.0) == ()


def test_a_message_says_how_soon_where_that_is_known() -> None:
    (round_,) = Runner().step(0.0, rocket(*CENTRE, 100.0, 20.0))
    assert ", in about 20 s; probability" in round_.why
    (seen, *_) = Runner().step(0.0, said=reports((0.0, "sighting", "s", CENTRE, 300.0, "a drone")))
    assert "in about" not in seen.why
