"""The figures of an assessment by hand: which tracks are one flight, what a track's end tells, how reports weigh."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from assess_cases import (
    IMPACT_M,
    IMPACT_T_S,
    LOOK_S,
    WITNESS,
    drone,
    end,
    joined,
    kinds,
    plan,
    rocket,
    shot,
    straight_path,
    track,
    with_rows,
)

from tocsin.assess import Collector, assess
from tocsin.assess.flights import flights_of
from tocsin.assess.judge import posterior
from tocsin.assess.reading import Reading, is_natural, read_flight
from tocsin.assess.witnesses import Fall, origin_of, witness_evidence
from tocsin.records.arrays import FloatArray
from tocsin.records.outcomes import Assessment, Evidence, Observed, TrackHistory
from tocsin.records.plan import Plan
from tocsin.records.site import Asset

PLAN = plan()
VELOCITY = np.array([0.0, -40.0, 0.0])


def piece(assessment: Assessment, kind: str) -> Evidence:
    """The one piece of evidence of a kind."""
    (found,) = [e for e in assessment.evidence if e.kind == kind]
    return found


def one(observed: Observed) -> Assessment:
    (found,) = assess(PLAN, observed)
    return found


def reading_of(observed: Observed, at: Plan = PLAN) -> Reading:
    (flight,) = [f for f in flights_of(observed) if 1 in f.track_ids]
    return read_flight(at, observed, flight)


def two_tracks(
    gap_s: float,
    off_m: FloatArray | None = None,
    velocity: FloatArray = VELOCITY,
    speed_sigma: float = 2.0,
    **other: object,
) -> Observed:
    """A drone at 40 m/s lost at 60 s, and a second track `gap_s` later, `off_m` from where the mean velocity leads."""
    first = drone(60.0)
    before = first.tracks.state[-1]
    start = before[:3] + 0.5 * (before[3:] + velocity) * gap_s + (np.zeros(3) if off_m is None else off_m)
    t_s = np.arange(0.0, 30.0, LOOK_S)
    later = track(2, 60.0 + gap_s + t_s, straight_path(t_s, tuple(start), tuple(velocity)))
    tracks = joined(first.tracks, later)
    return replace(first, tracks=replace(tracks, speed_sigma_mps=np.full(len(tracks.t_s), speed_sigma)), **other)


def chained(observed: Observed) -> bool:
    return len(flights_of(observed)) == 1


@pytest.mark.parametrize(
    ("gap_s", "off_m", "same"),
    [
        (10.0, 0.0, True),
        (10.0, 179.0, True),  # three times both sigmas of 10 m, and 0.3 of the 400 m flown
        (10.0, 181.0, False),
        (20.0, 0.0, True),
        (20.5, 0.0, False),
        (5.0, 119.0, True),
        (5.0, 121.0, False),
        (0.0, 0.0, False),
    ],
)
def test_a_track_continues_one_that_was_lost_within_its_drift_and_twenty_seconds(
    gap_s: float, off_m: float, same: bool
) -> None:
    assert chained(two_tracks(gap_s, np.array([off_m, 0.0, 0.0]))) is same


def test_a_track_continues_one_whose_velocity_it_shares_within_a_share_and_both_noises() -> None:
    """0.3 of 40 m/s, 10 m/s, and three times the two speeds' √(2² + 2²): 30.5 m/s. No more than the speed itself."""
    for change, sigma, same in ((30.4, 2.0, True), (30.6, 2.0, False), (61.9, 50.0, True), (62.1, 50.0, False)):
        assert chained(two_tracks(2.0, velocity=VELOCITY - [0.0, 0.0, change], speed_sigma=sigma)) is same, change


@pytest.mark.parametrize(
    ("t_effect_s", "same"), [(56.9, True), (57.0, False), (61.0, False), (62.0, False), (62.1, True)]
)
def test_what_is_new_after_a_burst_at_the_end_of_a_track_must_fit_by_its_own_speed(
    t_effect_s: float, same: bool
) -> None:
    """A change of 28 m/s is allowed for the doubt about both speeds alone; from 3 s before the loss on it is not."""
    later = two_tracks(2.0, velocity=VELOCITY - [0.0, 0.0, 28.0], shots=(shot(t_effect_s),))
    assert chained(later) is same
    assert chained(replace(later, shots=(shot(t_effect_s, track_id=7),)))


def test_the_nearest_of_two_that_fit_is_continued_and_merged_tracks_are_one_flight() -> None:
    base = two_tracks(4.0)
    beside = replace(
        base.tracks, track_id=np.where(base.tracks.track_id == 1, 3, 9), state=base.tracks.state + 20.0 * np.eye(6)[0]
    )
    both = replace(base, tracks=joined(base.tracks, _rows(beside, 3)))
    assert [f.track_ids for f in flights_of(both)] == [(1, 2), (3,)]
    apart = two_tracks(4.0, np.array([3000.0, 0.0, 0.0]))
    assert [f.track_ids for f in flights_of(apart)] == [(1,), (2,)]
    merged = replace(apart, ends=(replace(end(1, 70.0, "merged"), merged_into=2),))
    assert [f.track_ids for f in flights_of(merged)] == [(1, 2)]


def _rows(history: TrackHistory, track_id: int) -> TrackHistory:
    """The rows of one track."""
    its = history.track_id == track_id
    return TrackHistory(*(getattr(history, name)[its] for name in TrackHistory.__dataclass_fields__))


def test_a_falling_round_is_the_same_after_a_gap_by_what_gravity_adds() -> None:
    whole = rocket(28.5)
    for until, after, same in ((12.0, 17.5, True), (8.0, 16.0, True)):
        kept = (whole.tracks.t_s <= until) | (whole.tracks.t_s >= after)
        cut = TrackHistory(*(getattr(whole.tracks, n)[kept] for n in TrackHistory.__dataclass_fields__))
        split = replace(cut, track_id=np.where(cut.t_s >= after, 2, 1))
        assert chained(replace(whole, tracks=split)) is same
    # What turns upward by as much as gravity pulls down in ten seconds is not the same falling round.
    up = replace(
        split, state=split.state + np.where(split.track_id == 2, 2.0 * 9.80665 * 8.0, 0.0)[:, None] * np.eye(6)[5]
    )
    assert not chained(replace(whole, tracks=up))


def test_the_class_of_a_flight_is_the_mean_of_its_last_ten_rows_and_its_hostility_the_largest() -> None:
    base = drone(60.0)
    probability = base.tracks.probability.copy()
    probability[:-10] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    hostile = np.full(len(base.tracks.t_s), 0.1)
    hostile[3] = 0.7
    (flight,) = flights_of(replace(base, tracks=replace(base.tracks, probability=probability, hostile=hostile)))
    assert flight.classification == "fixed_wing"
    assert flight.hostile == 0.7
    assert flight.end_rule == "missed"
    assert not flight.ballistic
    probability[-5:] = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    (bird,) = flights_of(replace(base, tracks=replace(base.tracks, probability=probability)))
    assert bird.classification == "bird"


def test_shots_stand_in_order_of_their_arrival_and_only_its_own() -> None:
    shots = (shot(50.0, shot_id=3), shot(40.0, shot_id=2), shot(40.0, shot_id=1), shot(30.0, track_id=8, shot_id=4))
    (flight,) = flights_of(replace(drone(60.0), shots=shots))
    assert [s.shot_id for s in flight.shots] == [1, 2, 3]


@pytest.mark.parametrize(("after_s", "beside"), [(-2.1, False), (-1.9, True), (0.0, True), (1.0, True), (1.1, False)])
def test_an_end_coincides_with_a_burst_within_its_window(after_s: float, beside: bool) -> None:
    """Last seen at 60 s, looks of 0.5 s: from 1.5 looks and 0.3 s before the burst to 1.5 s and a look after it."""
    found = reading_of(replace(drone(60.0), shots=(shot(60.0 + after_s),)))
    assert (found.shot is not None) is beside
    assert found.interval_s == pytest.approx(LOOK_S)


def test_the_share_of_suspicious_time_is_the_union_of_the_windows_over_the_flight_from_the_first_on() -> None:
    """Windows of 1.05 s before and 2 s after each burst; of a drone that would be at its asset 90 s later."""
    base = replace(drone(60.0), shots=(shot(20.0), shot(21.0, shot_id=2), shot(40.0, shot_id=3)))
    found = reading_of(base)
    gone = 60.0 + 3600.0 / 40.0
    assert found.shot_share == pytest.approx((3.05 + 1.0 + 3.05) / (gone - (20.0 - 1.05)))
    assert found.shot is None
    assert found.gap_s == pytest.approx(90.0)
    assert reading_of(drone(60.0)).shot_share == 0.0
    dense = replace(base, shots=tuple(shot(19.0 + 0.5 * k, shot_id=k) for k in range(280)))
    assert reading_of(dense).shot_share == 0.9


def test_the_strike_is_the_last_forecast_that_no_burst_can_have_bent() -> None:
    base = rocket(18.0)
    moved = base.forecasts.position_m + np.where(base.forecasts.t_s > 15.0, 500.0, 0.0)[:, None]
    bent = replace(base, forecasts=replace(base.forecasts, position_m=moved), shots=(shot(17.9), shot(15.2, shot_id=0)))
    found = reading_of(bent)
    assert found.strike is not None
    assert found.strike.t_s == 17.5
    early = replace(bent, shots=(shot(18.2),))
    assert reading_of(early).strike.t_s == 18.0  # type: ignore[union-attr]
    before_all = replace(rocket(6.0), shots=(shot(4.9),))
    assert reading_of(before_all).strike.t_s == 6.0  # type: ignore[union-attr]


def test_how_long_a_round_should_still_have_been_seen_and_when_its_end_is_natural() -> None:
    """It strikes at 30 s, and is below the radar for its last two."""
    assert reading_of(rocket(18.0)).gap_s == pytest.approx(10.0)
    assert reading_of(rocket(29.0)).gap_s == 0.0
    assert is_natural(reading_of(rocket(27.0)))  # two looks of half a second
    assert not is_natural(reading_of(rocket(26.5)))
    over = 30.0 + 3.0 * 0.3 + 1.0
    assert not reading_of(rocket(18.0, end_t_s=over)).over
    assert reading_of(rocket(18.0, end_t_s=over + 0.01)).over
    assert not reading_of(drone(60.0, end_t_s=61.5)).over
    assert reading_of(drone(60.0, end_t_s=61.6)).over


@pytest.mark.parametrize(
    ("east_m", "height_m", "sink_mps", "there"),
    [
        (160.0, 90.0, 0.0, True),  # 100 m of the asset, three sigmas of 10 m, two looks of 40 m/s
        (169.0, 90.0, 0.0, True),
        (171.0, 90.0, 0.0, False),
        (0.0, 99.0, 0.0, True),
        (0.0, 101.0, 0.0, False),
        (0.0, 119.0, 20.0, True),  # 20 m/s of sinking for two looks
        (0.0, 121.0, 20.0, False),
    ],
)
def test_a_flyer_is_at_an_asset_within_its_radius_its_error_and_two_looks(
    east_m: float, height_m: float, sink_mps: float, there: bool
) -> None:
    level = math.sqrt(40.0**2 - sink_mps**2)
    start = (east_m + 60.0 * level, 0.0, height_m + 60.0 * sink_mps)
    found = reading_of(drone(60.0, start=start, velocity=(-level, 0.0, -sink_mps)))
    assert (found.asset is not None) is there
    assert is_natural(found) is there


def test_of_two_assets_the_one_at_which_it_is_deeper_inside_is_named() -> None:
    two = replace(PLAN, site=replace(PLAN.site, assets=(
        Asset("A1", "tower", np.zeros(3), 100.0), Asset("A2", "tank", np.array([120.0, 0.0, 0.0]), 10.0),
    )))  # fmt: skip
    base = drone(150.0, start=(110.0, 6000.0, 50.0))
    found = reading_of(base, two)
    assert found.asset is not None
    assert found.asset.asset_id == "A2" if 110.0 - 100.0 > 10.0 - 10.0 else "A1"
    assert found.gap_s == pytest.approx(10.0 / 40.0, abs=1e-9)


def test_a_lost_drone_tells_little_below_a_hundred_metres_and_a_tenth_above() -> None:
    """What it is lost for although it flies on: every second time low, one time in ten higher up."""
    for height_m, chance in ((98.9, 0.5), (99.1, 0.1)):  # the level lies 1 m lower 3.6 km away
        found = one(drone(60.0, start=(0.0, 6000.0, height_m)))
        assert piece(found, "track_ended_in_flight").log_likelihood == pytest.approx([math.log(chance)] * 3)


def test_a_lost_round_tells_by_its_missed_looks_and_at_most_one_in_fifty() -> None:
    near = piece(one(rocket(26.5)), "track_ended_in_flight").log_likelihood
    assert near == pytest.approx([math.log(math.exp(-1.5 / 0.5))] * 3)
    far = piece(one(rocket(18.0)), "track_ended_in_flight").log_likelihood
    assert far == pytest.approx([math.log(0.02)] * 3)
    ended = piece(one(replace(rocket(18.0), shots=(shot(18.2),))), "track_ended_in_flight").log_likelihood
    assert ended == pytest.approx([0.0, math.log(0.02), math.log(0.02)])
    unlogged = piece(one(replace(rocket(18.0), shots=None)), "track_ended_in_flight").log_likelihood
    assert unlogged == pytest.approx([0.0, math.log(0.02), math.log(0.02)])


def test_what_shots_tell_of_an_end_is_weighed_by_how_often_it_would_happen_by_chance() -> None:
    assert piece(one(rocket(28.5)), "no_shot").log_likelihood == pytest.approx([math.log(0.002), 0.0, 0.0])
    unlogged = one(replace(rocket(28.5), shots=None))
    assert piece(unlogged, "no_shot_log").log_likelihood == pytest.approx([math.log(0.05), 0.0, 0.0])
    beside = replace(rocket(18.0), shots=(shot(18.2),))
    share = 3.05 / (28.0 - 17.15)
    found = piece(one(beside), "ended_with_shot")
    assert found.log_likelihood == pytest.approx([math.log(0.9), math.log(share), math.log(share)])
    assert "-0.2 s from the arrival" in found.why
    down = piece(one(replace(rocket(28.5), shots=(shot(28.6),))), "ended_with_shot").log_likelihood
    assert down[:2] == pytest.approx([math.log(0.9), 0.0])


@pytest.mark.parametrize(("bursts", "faded"), [((12.0,), 0.1), ((24.0,), math.exp(-4.5 / 5.0)), ((40.0,), 1.0)])
def test_what_flew_on_after_a_burst_is_the_less_likely_ended_by_it_the_longer_it_flew(
    bursts: tuple[float, ...], faded: float
) -> None:
    found = one(replace(rocket(28.5), shots=tuple(shot(t) for t in bursts)))
    assert piece(found, "flew_on_after_shot").log_likelihood[0] == pytest.approx(math.log(0.01 * faded))


def test_the_record_that_ends_too_soon_says_so_with_its_seconds() -> None:
    found = one(drone(60.0, end_t_s=61.0))
    assert "the record ends 1 s after" in piece(found, "still_flying").why
    assert piece(found, "still_flying").log_likelihood == pytest.approx([math.log(0.01), 0.0, 0.0])


def debris_case(lag_s: float, off_m: float = 0.0, life_s: float = 2.0) -> Observed:
    """A rocket that ends beside a burst at 18.2 s, and a short track born `lag_s` after it, `off_m` from its place."""
    base = replace(rocket(18.0), shots=(shot(18.2),), witnesses=())
    place = base.tracks.state[-1, :3] + 0.2 * base.tracks.state[-1, 3:] + [off_m, 0.0, 0.0]
    t_s = np.arange(0.0, life_s + 1e-9, 0.5)
    part = track(2, 18.2 + lag_s + t_s, straight_path(t_s, tuple(place), (5.0, -20.0, -400.0)), "bird", 0.1)
    return replace(base, tracks=joined(base.tracks, part))


@pytest.mark.parametrize(
    ("lag_s", "off_m", "life_s", "speaks"),
    [
        (0.1, 0.0, 2.0, True),
        (-0.6, 0.0, 2.0, False),  # born before the burst
        (10.0, 0.0, 2.0, True),
        (10.1, 0.0, 2.0, False),
        (1.0, 299.0, 2.0, True),
        (1.0, 301.0, 2.0, False),
        (6.0, 599.0, 2.0, True),  # twice three seconds, twice the radius
        (6.0, 601.0, 2.0, False),
        (1.0, 0.0, 10.0, True),
        (1.0, 0.0, 10.5, False),
    ],
)
def test_debris_is_short_near_and_born_after_the_burst(lag_s: float, off_m: float, life_s: float, speaks: bool) -> None:
    (found,) = assess(PLAN, debris_case(lag_s, off_m, life_s))
    assert ("debris" in kinds(found)) is speaks
    if speaks:
        assert piece(found, "debris").log_likelihood == pytest.approx([math.log(0.4), math.log(0.04), math.log(0.04)])
        assert piece(found, "debris").why.startswith("1 short")


@pytest.mark.parametrize(
    ("north_m", "speed_mps", "edge"), [(8520.0, 45.0, True), (8480.0, 45.0, False), (8520.0, -45.0, False)]
)
def test_the_edge_of_coverage_is_the_outer_seventh_of_every_stated_range_outbound(
    north_m: float, speed_mps: float, edge: bool
) -> None:
    flown = drone(60.0, start=(0.0, north_m - 60.0 * speed_mps, 400.0), velocity=(0.0, speed_mps, 0.0))
    found = one(flown)
    assert ("track_left" in kinds(found)) is edge
    if edge:
        assert piece(found, "track_left").log_likelihood == pytest.approx([math.log(0.03)] * 2 + [math.log(0.8)])
        assert piece(found, "track_ended_in_flight").log_likelihood[2] == 0.0


def test_a_track_that_left_coverage_by_the_trackers_word_is_at_the_edge_and_a_round_never_is() -> None:
    said = replace(drone(60.0), ends=(end(1, 63.0, "out_of_coverage"),))
    assert "track_left" in kinds(one(said))
    unstated = replace(PLAN, sensors=replace(PLAN.sensors, max_range_m=np.array([np.nan])))
    assert "track_left" in kinds(assess(unstated, said)[0])
    assert "track_left" not in kinds(assess(unstated, drone(60.0))[0])
    assert "track_left" not in kinds(one(replace(rocket(18.0), ends=(end(1, 21.0, "out_of_coverage"),))))


def test_evidence_of_classes_grounds_and_assets_has_its_stated_weights() -> None:
    down = one(rocket(28.5))
    assert piece(down, "class").log_likelihood == pytest.approx([0.0, 0.0, math.log(0.01)])
    assert piece(down, "track_ended_at_ground").log_likelihood == pytest.approx([0.0, 0.0, math.log(0.02)])
    diving = one(drone(148.0, start=(0.0, 6000.0, 240.0), velocity=(0.0, -40.0, -1.5)))
    assert piece(diving, "ended_at_asset").log_likelihood == pytest.approx([math.log(v) for v in (0.15, 0.7, 0.02)])
    assert piece(diving, "track_ended_at_ground").log_likelihood == (0.0, 0.0, 0.0)
    assert piece(diving, "ended_at_asset").why.endswith("at tower")


def falling(sink_mps: float, level_mps: float, after_s: float) -> Observed:
    """A drone at 40 m/s that sinks and slows `after_s` after a burst at 100.1 s."""
    flying, down = np.arange(0.0, 100.0 + after_s, 0.5), np.arange(0.0, 5.0, 0.5)
    up = straight_path(flying, (0.0, 6000.0, 250.0), (0.0, -40.0, 0.0))
    begun = flying[-1] + 0.5
    path = straight_path(down, tuple(up[-1, :3]), (0.0, -level_mps, -sink_mps))
    history = joined(track(1, flying, up), track(1, begun + down, path))
    return replace(drone(100.0), tracks=history, shots=(shot(100.1),))


@pytest.mark.parametrize(
    ("sink_mps", "level_mps", "after_s", "fell"),
    [(6.1, 31.0, 0.5, True), (5.9, 31.0, 0.5, False), (30.0, 32.1, 0.5, False), (30.0, 20.0, 4.0, True),
     (30.0, 20.0, 4.5, False)],
)  # fmt: skip
def test_a_fall_is_sinking_and_slowing_within_seconds_of_a_burst(
    sink_mps: float, level_mps: float, after_s: float, fell: bool
) -> None:
    found = reading_of(falling(sink_mps, level_mps, after_s))
    assert found.fell is fell
    if fell:
        assert found.flying[5] == 0.0
        assert found.flying_t_s < 100.0 + after_s
        logs = piece(one(falling(sink_mps, level_mps, after_s)), "fell_after_shot").log_likelihood
        assert logs == pytest.approx([math.log(v) for v in (0.6, 0.1, 0.02)])


def test_the_density_of_a_report_is_the_normal_one_of_place_and_time() -> None:
    fall = Fall(np.array([10.0, 20.0]), np.array([[400.0, 100.0], [100.0, 900.0]]), 50.0, 4.0)
    place, sigma_m, t_s = np.array([40.0, -10.0]), 15.0, 55.0
    total = fall.covariance + 225.0 * np.eye(2)
    gap = place - fall.position_m
    in_place = math.exp(-0.5 * gap @ np.linalg.inv(total) @ gap) / (2.0 * math.pi * math.sqrt(np.linalg.det(total)))
    in_time = math.exp(-0.5 * (5.0 / 4.0) ** 2) / (4.0 * math.sqrt(2.0 * math.pi))
    assert fall.density(place, sigma_m, t_s) == pytest.approx(in_place * in_time)


def normal(place: FloatArray, at: FloatArray, variance: float, t_s: float, when_s: float, sigma_s: float) -> float:
    """Density of a round normal in place and one in time."""
    gap2 = float(np.sum((place - at) ** 2))
    flat = math.exp(-0.5 * gap2 / variance) / (2.0 * math.pi * variance)
    return flat * math.exp(-0.5 * ((t_s - when_s) / sigma_s) ** 2) / (sigma_s * math.sqrt(2.0 * math.pi))


FOREIGN = 1.0 / 3600.0 / (math.pi * 1e8)


@pytest.mark.parametrize("seen_until_s", [18.0, 28.5, 29.5])
def test_a_report_of_a_rounds_impact_weighs_by_both_falls_and_by_what_is_heard_for_other_reasons(
    seen_until_s: float,
) -> None:
    told = (IMPACT_T_S + 0.5, "ear", "impact", (float(IMPACT_M[0]) + 30.0, float(IMPACT_M[1])), "explosion")
    observed = with_rows(rocket(seen_until_s), told)
    found = piece(one(observed), "impact_report")
    place, last = np.array(told[3]), observed.tracks.state[-1, :2]
    strike = normal(place, IMPACT_M[:2], 40.0**2 + 30.0**2 + 20.0**2, told[0], 30.0, math.hypot(0.3, 1.0))
    half = 0.5 * math.dist(IMPACT_M[:2], last) + 50.0
    left_s, middle = max(30.0 - seen_until_s, 1.0), 0.5 * (last + IMPACT_M[:2])
    down_s, sigma_s = seen_until_s + 1.5 * left_s, 0.5 * left_s + 2.0
    remains = normal(place, middle, half**2 + 20.0**2, told[0], down_s, sigma_s)
    hears, debris = 0.95, 0.95 * 0.3
    expected = [
        math.log((debris * remains + (1.0 - debris) * FOREIGN) / FOREIGN),
        math.log((hears * strike + (1.0 - hears) * FOREIGN) / FOREIGN),
        0.0,
    ]
    assert found.log_likelihood == pytest.approx(expected)
    assert "30 m and +0.5 s from the forecast" in found.why


@pytest.mark.parametrize(("height_m", "soon"), [(90.0, 0.7), (250.0, 0.2)])
def test_a_report_near_a_lost_flyer_weighs_by_assets_by_a_dive_and_by_its_fall(height_m: float, soon: float) -> None:
    observed = with_rows(
        drone(60.0, start=(0.0, 6000.0, height_m)), (66.0, "ear", "impact", (50.0, 3300.0), "explosion")
    )
    found = next(e for e in one(observed).evidence if e.kind.startswith("impact_report"))
    place, at, speed, t_s = np.array([50.0, 3300.0]), np.array([0.0, 3600.0]), 40.0, 66.0
    height_m = math.hypot(3600.0, height_m + 6.37e6) - 6.37e6  # above the level sphere
    dive = min(height_m / 5.0, 15.0)
    ahead = normal(
        place, at - np.array([0.0, 0.5 * dive * speed]), (0.5 * speed * dive + 30.0) ** 2 + 100.0 + 400.0, t_s,
        60.0 + 0.7 * dive, 2.0 + 0.5 * dive,
    )  # fmt: skip
    far_s = 3600.0 / speed
    asset = normal(place, np.zeros(2), 50.0**2 + 100.0 + 400.0, t_s, 60.0 + far_s, 5.0 + 0.3 * far_s)
    strike = (1.0 - soon) * asset + soon * ahead
    fall_s = math.sqrt(2.0 * height_m / 9.80665)
    carry = speed * fall_s
    remains = normal(
        place, at - np.array([0.0, 0.5 * carry]), (0.5 * carry + 30.0 + 10.0) ** 2 + 400.0, t_s, 60.0 + 1.3 * fall_s,
        3.0 + 0.3 * fall_s,
    )  # fmt: skip
    hears, debris = 0.95 * 0.5, 0.95 * 0.5
    expected = [math.log(1.0 - h + h * density / FOREIGN) for h, density in ((debris, remains), (hears, strike))]
    assert found.log_likelihood[:2] == pytest.approx(expected)


def test_a_strike_is_as_likely_at_each_asset_and_its_place_as_sure_as_the_last_row() -> None:
    """Two assets side by side share what one has alone; only the last of the sigmas of place counts."""
    tower = PLAN.site.assets[0]
    twice = replace(PLAN, site=replace(PLAN.site, assets=(tower, replace(tower, asset_id="A2"))))
    base = with_rows(drone(60.0), (150.0, "ear", "impact", (40.0, 10.0), "explosion"))
    sigma = np.full(len(base.tracks.t_s), 300.0)
    sigma[-1] = 10.0
    doubtful = replace(base, tracks=replace(base.tracks, position_sigma_m=sigma))
    logs = [
        next(e for e in assess(at, seen)[0].evidence if e.kind.startswith("impact_report")).log_likelihood
        for at, seen in ((PLAN, base), (twice, base), (PLAN, doubtful))
    ]
    at_asset = normal(np.array([40.0, 10.0]), np.zeros(2), 50.0**2 + 100.0 + 400.0, 150.0, 150.0, 5.0 + 0.3 * 90.0)
    hears = 0.95 * 0.5
    assert logs[0][1] == pytest.approx(math.log(1.0 - hears + hears * 0.8 * at_asset / FOREIGN))
    assert logs[1] == pytest.approx(logs[0])
    assert logs[2] == pytest.approx(logs[0])


def test_silence_weighs_by_what_the_sensor_would_have_heard_of_strike_and_remains() -> None:
    stated = replace(WITNESS, debris_probability=0.4)
    found = piece(one(replace(rocket(18.0), witnesses=(stated,))), "impact_silence")
    assert found.log_likelihood == pytest.approx([math.log(0.6), math.log(0.05), 0.0])
    unstated = piece(one(rocket(18.0)), "impact_silence")
    assert unstated.log_likelihood == pytest.approx([math.log1p(-0.95 * 0.3), math.log(0.05), 0.0])
    lost = piece(one(drone(60.0)), "impact_silence")  # half of lost drones strike where sensors listen
    assert lost.log_likelihood == pytest.approx([math.log1p(-0.95 * 0.5), math.log1p(-0.95 * 0.5), 0.0])
    far = replace(WITNESS, position_m=(30000.0, 0.0, 3.0))
    assert "impact_silence" not in kinds(one(replace(rocket(18.0), witnesses=(far,))))
    assert "impact_silence" in kinds(one(drone(60.0, end_t_s=120.0)))
    assert "impact_silence" not in kinds(one(drone(60.0, end_t_s=119.9)))


def test_a_sensor_that_nobody_described_is_believed_half_and_its_silence_is_none() -> None:
    told = (IMPACT_T_S, "post", "impact", (float(IMPACT_M[0]), float(IMPACT_M[1])), "explosion")
    found = one(with_rows(replace(rocket(28.5), witnesses=()), told))
    strike = normal(IMPACT_M[:2], IMPACT_M[:2], 40.0**2 + 30.0**2 + 20.0**2, 30.0, 30.0, math.hypot(0.3, 1.0))
    assert piece(found, "impact_report").log_likelihood[1] == pytest.approx(math.log(0.5 + 0.5 * strike / FOREIGN))
    assert "impact_silence" not in kinds(one(replace(rocket(28.5), witnesses=())))


@pytest.mark.parametrize(
    ("t_s", "east_m", "claim", "logs"),
    [
        (18.0, 0.0, "shot down", (math.log(3.0), 0.0, 0.0)),
        (18.0, 0.0, "it struck the hall", (0.0, math.log(3.0), 0.0)),
        (18.0, 0.0, "intercepted, then hit the ground", None),
        (18.0, 0.0, "a light", None),
        (18.0, 2980.0, "shot down", (math.log(3.0), 0.0, 0.0)),
        (18.0, 3020.0, "shot down", None),
        (8.0, 0.0, "shot down", (math.log(3.0), 0.0, 0.0)),
        (7.9, 0.0, "shot down", None),
        (90.0, 0.0, "shot down", (math.log(3.0), 0.0, 0.0)),
        (90.1, 0.0, "shot down", None),
    ],
)
def test_a_witness_triples_the_odds_in_the_place_and_at_the_time_of_the_end(
    t_s: float, east_m: float, claim: str, logs: tuple[float, float, float] | None
) -> None:
    place = (float(IMPACT_M[0]) + east_m, float(IMPACT_M[1]))
    observed = with_rows(replace(rocket(18.0, end_t_s=100.0), witnesses=()), (t_s, "post", "sighting", place, claim))
    told = [e for e in one(observed).evidence if e.kind == "sighting"]
    assert [e.log_likelihood for e in told] == ([] if logs is None else [pytest.approx(logs)])


def test_a_report_goes_to_one_flight_at_most_and_each_sensor_is_weighed_by_itself() -> None:
    told = [
        (IMPACT_T_S, "ear", "impact", (float(IMPACT_M[0]), float(IMPACT_M[1])), ""),
        (IMPACT_T_S + 0.1, "ear", "impact", (float(IMPACT_M[0]), float(IMPACT_M[1])), ""),
        (IMPACT_T_S, "other", "impact", (float(IMPACT_M[0]), float(IMPACT_M[1])), ""),
    ]
    observed = with_rows(rocket(28.5), *told)
    (flight,) = flights_of(observed)
    ((*found,),) = witness_evidence(PLAN, observed, [read_flight(PLAN, observed, flight)])
    assert [e.origin for e in found] == ["ear", "other"]
    assert origin_of("Daily", "seen, via AFP.") == "afp."
    assert origin_of("Daily", "seen") == "daily"


def test_a_posterior_multiplies_odds_and_no_evidence_leaves_thirds() -> None:
    made = [
        Evidence(0.0, "a", origin, "", logs)
        for origin, logs in (("x", (math.log(2.0), 0.0, 0.0)), ("y", (0.0, math.log(3.0), 0.0)))
    ]
    assert posterior(tuple(made)) == pytest.approx((2 / 6, 3 / 6, 1 / 6))
    assert posterior(()) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_a_flight_is_assessed_from_a_hostility_of_a_half_on_or_when_it_was_shot_at() -> None:
    quiet = drone(60.0)
    for hostile, shots, count in ((0.5, (), 1), (0.49, (), 0), (0.1, (shot(50.0),), 1)):
        seen = track(1, quiet.tracks.t_s, quiet.tracks.state, hostile=hostile)
        assert len(assess(PLAN, replace(quiet, tracks=seen, shots=shots))) == count


def test_nothing_collected_is_an_empty_record_of_the_right_shapes() -> None:
    empty = Collector().observed()
    assert empty.tracks.state.shape == (0, 6)
    assert empty.tracks.probability.shape == (0, 6)
    assert empty.forecasts.position_m.shape == (0, 3)
    assert empty.forecasts.covariance.shape == (0, 2, 2)
    assert empty.reports.position_m.shape == (0, 3)
    assert empty.shots == ()
    assert Collector().observed(shots_logged=False).shots is None
    assert assess(PLAN, empty) == ()


@pytest.mark.parametrize(("height_m", "sink_mps"), [(60.0, 8.0), (60.0, 2.0), (2.0, 0.0)])
def test_what_dives_comes_down_ahead_by_its_sink_and_as_unsure_as_its_last_place(
    height_m: float, sink_mps: float
) -> None:
    """From 60 m at 8 m/s in 7.5 s; at less than 5 m/s it is taken to dive at that; from the ground, from 5 m."""
    level = math.sqrt(40.0**2 - sink_mps**2)
    observed = drone(
        60.0, start=(0.0, 3600.0 + 60.0 * level, height_m + 60.0 * sink_mps), velocity=(0, -level, -sink_mps)
    )
    sigma = np.full(len(observed.tracks.t_s), 300.0)
    sigma[-1] = 25.0
    observed = replace(observed, tracks=replace(observed.tracks, position_sigma_m=sigma))
    observed = with_rows(observed, (64.0, "ear", "impact", (10.0, 3500.0), "explosion"))
    found = next(e for e in one(observed).evidence if e.kind.startswith("impact_report")).log_likelihood
    height = math.hypot(3600.0, height_m + 6.37e6) - 6.37e6
    place, at = np.array([10.0, 3500.0]), np.array([0.0, 3600.0])
    dive = max(height, 5.0) / max(sink_mps, 5.0)
    ahead = normal(
        place, at - np.array([0.0, 0.5 * dive * level]), (0.5 * level * dive + 30.0) ** 2 + 625.0 + 400.0, 64.0,
        60.0 + 0.7 * dive, 2.0 + 0.5 * dive,
    )  # fmt: skip
    away_s = 3600.0 / level
    asset = normal(place, np.zeros(2), 50.0**2 + 625.0 + 400.0, 64.0, 60.0 + away_s, 5.0 + 0.3 * away_s)
    fall_s = math.sqrt(2.0 * max(height, 5.0) / 9.80665)
    carry = level * fall_s
    remains = normal(
        place, at - np.array([0.0, 0.5 * carry]), (0.5 * carry + 30.0 + 25.0) ** 2 + 400.0, 64.0,
        60.0 + 1.3 * fall_s, 3.0 + 0.3 * fall_s,
    )  # fmt: skip
    hears = 0.95 * 0.5
    expected = [math.log(1.0 - hears + hears * v / FOREIGN) for v in (remains, 0.3 * asset + 0.7 * ahead)]
    assert found[:2] == pytest.approx(expected)
