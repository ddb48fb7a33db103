"""Given/when/then: a warning's life from raise to all-clear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from warn_cases import BIRD, MULTIROTOR, ROCKET, Runner, Thing, at, lost, plan, reports

from tocsin import warn
from tocsin.records.warnings import WarnSettings
from tocsin.warn.live import Live, forget_settled

CENTRE = (625.0, 625.0)  # middle of zone z4_4


def rocket(east: float, north: float, sigma: float, impact_t: float = 20.0, track_id: int = 1) -> Thing:
    return Thing(track_id, classes=ROCKET, hostile=0.99, impact=(impact_t, 0.2, east, north, sigma))


def test_given_a_sharp_forecast_then_its_zone_is_warned_at_once_with_time_place_and_cancellation() -> None:
    run = Runner()
    (event,) = run.step(0.0, rocket(*CENTRE, 100.0))
    assert (event.action, event.zone_id, event.cause, event.track_ids) == ("raise", "z4_4", "impact", (1,))
    assert event.seconds_left == pytest.approx(20.0)
    assert event.probability > 0.99
    assert "All clear for zone z4_4" in event.cancellation


def test_given_a_wide_forecast_and_time_then_nobody_is_warned_until_time_presses() -> None:
    run = Runner()
    assert run.step(0.0, rocket(0.0, 0.0, 900.0)) == ()
    assert run.step(4.0, rocket(0.0, 0.0, 900.0)) == ()
    told = run.step(6.0, rocket(0.0, 0.0, 900.0))  # 14 s left
    assert {e.action for e in told} == {"raise"}
    assert {e.zone_id for e in told} >= {"z3_3", "z3_4", "z4_3", "z4_4"}


def test_given_a_rocket_is_lost_and_found_again_under_a_new_number_then_it_counts_once() -> None:
    run = Runner()
    run.step(0.0, rocket(0.0, 0.0, 900.0, 30.0))
    run.step(3.0, ended=(lost(rocket(0.0, 0.0, 900.0), 3.0, 0.0),))
    again = replace(rocket(*CENTRE, 60.0, 30.0, track_id=2), born_t_s=4.0)
    for t in np.arange(5.0, 29.0):
        run.step(float(t), again)
    assert {e.zone_id for e in run.warnings} == {"z4_4"}
    assert run.state is not None
    assert set(run.state.rounds) == {2}


def test_given_a_second_rocket_was_there_before_the_first_was_lost_then_both_count() -> None:
    run = Runner()
    other = rocket(*CENTRE, 60.0, 30.0, track_id=2)
    run.step(0.0, rocket(0.0, 0.0, 900.0, 30.0), other)
    for t in np.arange(1.0, 29.0):
        run.step(float(t), replace(other, born_t_s=-1.0))
    assert {e.zone_id for e in run.warnings} > {"z4_4"}


def test_given_two_rounds_of_which_neither_suffices_then_together_they_warn() -> None:
    settings = WarnSettings(early_probability=0.8)
    one = rocket(*CENTRE, 100.0)
    half = replace(one, classes=(0.6, 0.0, 0.0, 0.4, 0.0, 0.0))
    assert Runner(plan(settings=settings)).step(0.0, half) == ()
    assert len(Runner(plan(settings=settings)).step(0.0, half, replace(half, track_id=2))) == 1


def test_updates_keep_the_id_come_for_a_moved_time_and_not_more_often_than_once_a_second() -> None:
    run = Runner()
    (first,) = run.step(0.0, rocket(*CENTRE, 100.0))
    assert run.step(0.5, rocket(*CENTRE, 100.0, 25.0)) == ()  # moved by 5 s, but half a second after the raise
    (update,) = run.step(1.5, rocket(*CENTRE, 100.0, 25.0))
    assert (update.action, update.warning_id) == ("update", first.warning_id)
    assert run.step(3.0, rocket(*CENTRE, 100.0, 25.5)) == ()  # half a second is not worth a message


def test_after_the_impact_the_zone_stays_warned_for_the_stated_time_and_the_all_clear_names_the_evidence() -> None:
    run = Runner()
    (first,) = run.step(0.0, rocket(*CENTRE, 100.0, 10.0))
    run.step(10.2, ended=(lost(rocket(*CENTRE, 100.0), 10.2, 10.0, "ground"),))
    run.step(11.0, said=reports((10.1, "impact", "i1", (650.0, 600.0), 30.0, "")))
    for t in np.arange(12.0, 40.0):
        assert run.step(float(t)) == ()
    told = [e for t in np.arange(40.0, 50.0) for e in run.step(float(t))]
    assert [(e.action, e.warning_id, e.cause) for e in told] == [("all_clear", first.warning_id, "impact_reported")]
    assert run.live() == set()


def test_a_round_lost_in_mid_air_keeps_its_warning_until_its_flight_is_over() -> None:
    run = Runner()
    run.step(0.0, rocket(*CENTRE, 100.0, 20.0))
    run.step(3.0, ended=(lost(rocket(*CENTRE, 100.0), 3.0, 1.0),))
    for t in np.arange(4.0, 49.0):
        run.step(float(t))
        assert run.live() == {"z4_4"}
    told = [e for t in np.arange(49.0, 60.0) for e in run.step(float(t))]
    assert [e.cause for e in told] == ["flight_time_over"]


def test_a_forecast_that_moves_away_clears_the_old_zone_but_not_in_the_last_seconds() -> None:
    early, late = Runner(), Runner()
    for run, impact_t in ((early, 60.0), (late, 12.0)):
        run.step(0.0, rocket(*CENTRE, 100.0, impact_t))
        for t in np.arange(0.5, 8.0, 0.5):
            run.step(float(t), rocket(-3000.0, -3000.0, 50.0, impact_t))
    assert [e.cause for e in early.warnings if e.action == "all_clear"] == ["track_1_goes_elsewhere"]
    assert "z4_4" not in early.live()
    assert "z4_4" in late.live()


def drone(reach: float, earliest: float = 60.0, hostile: float = 0.45, track_id: int = 7) -> Thing:
    return Thing(
        track_id, (3000.0, 0.0, 100.0, -25.0, 0.0, 0.0), hostile=hostile, reach=(reach, earliest, earliest + 40.0)
    )


def test_a_drone_warns_the_zone_of_the_asset_that_it_can_reach() -> None:
    run = Runner()
    (event,) = run.step(0.0, drone(0.6))
    assert (event.zone_id, event.cause, event.expected_t_s) == ("z4_4", "reach", 100.0)
    assert Runner().step(0.0, drone(0.6, earliest=300.0)) == ()  # there is time to see what it does
    assert Runner().step(0.0, drone(0.6, hostile=0.02)) == ()  # a friend of known residual risk


def test_a_flock_does_not_sound_the_siren_by_its_number() -> None:
    birds = tuple(replace(drone(0.5, hostile=0.03, track_id=i), classes=BIRD) for i in range(1, 80))
    assert Runner().step(0.0, *birds) == ()


def test_a_drone_that_turns_away_holds_its_warning_for_a_minute_since_it_may_turn_again() -> None:
    run = Runner()
    run.step(0.0, drone(0.6))
    for t in np.arange(1.0, 60.0, 2.0):
        run.step(float(t), drone(0.0))
    assert run.live() == {"z4_4"}
    for t in np.arange(60.0, 70.0, 2.0):
        run.step(float(t), drone(0.0))
    assert [e.cause for e in run.warnings if e.action == "all_clear"] == ["track_7_goes_elsewhere"]


def test_a_drone_that_proves_friendly_is_cleared_by_that_name() -> None:
    run = Runner()
    run.step(0.0, drone(0.6))
    for t in np.arange(1.0, 9.0):
        run.step(float(t), drone(0.6, hostile=0.01))
    assert [e.cause for e in run.warnings if e.action == "all_clear"] == ["track_7_identified_harmless"]


def sighting(
    t: float, claim: str = "drone, low", name: str = "s1"
) -> tuple[float, str, str, tuple[float, float], float, str]:
    return (t, "sighting", name, CENTRE, 300.0, claim)


def test_a_sighting_raises_a_warning_that_no_identity_closes_but_its_own_answer_does() -> None:
    run = Runner()
    told = run.step(0.0, said=reports(sighting(0.0)))
    assert {e.cause for e in told} == {"sighting"}
    assert all(np.isnan(e.seconds_left) for e in told)
    friend = replace(drone(0.0, hostile=0.01), cooperative="DRONE-1")
    for t in np.arange(10.0, 3000.0, 60.0):
        run.step(float(t), friend)
    assert "z4_4" in run.live()
    run.step(3000.0, said=reports(sighting(3000.0, "all clear: kite")))
    for t in np.arange(3001.0, 3010.0):
        run.step(float(t))
    assert run.live() == set()
    assert run.warnings[-1].cause == "all clear: kite (post-1)"


def test_the_same_inputs_give_the_same_events() -> None:
    def one() -> str:
        run = Runner()
        for t in np.arange(0.0, 40.0, 0.5):
            run.step(float(t), rocket(100.0 + t, 0.0, 400.0 - 9 * t, 38.0), at(drone(0.4), float(t)))
        return repr(run.warnings) + repr(run.hazards)

    assert one() == one()


def test_a_late_scan_does_not_turn_the_clock_back() -> None:
    run = Runner()
    run.step(10.0, rocket(*CENTRE, 300.0, 30.0))
    run.step(9.0, rocket(*CENTRE, 100.0, 30.0))
    assert [e.t_s for e in run.warnings] == sorted(e.t_s for e in run.warnings)
    assert run.state is not None
    assert run.state.now_s == 10.0


def test_a_forecast_that_is_no_number_is_skipped() -> None:
    assert Runner().step(0.0, rocket(np.nan, 0.0, 100.0), Thing(2, classes=MULTIROTOR)) == ()


@pytest.mark.parametrize("bad", [{"raise_probability": 0.9}, {"clear_probability": 0.2}, {"clear_probability": 0.0}])
def test_thresholds_out_of_order_are_refused_at_start(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="clear_probability < raise_probability"):
        warn.start(plan(settings=WarnSettings(**bad)))


def test_a_warning_forgets_what_is_long_settled() -> None:
    standing = Live(1, 0, "reach", 0.4, 100.0, 0.0, tuple(range(1, 201)), float("nan"))
    kept = forget_settled({0: standing}, pending={3, 190})[0]
    assert kept.tracks == (3, *range(168, 201))
    assert forget_settled({0: kept}, pending={3, 190})[0] is kept
