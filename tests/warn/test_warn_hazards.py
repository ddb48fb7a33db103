"""Given/when/then: a lost track keeps a growing hazard and its warning until named evidence closes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from warn_cases import BIRD, Runner, Thing, at, lost, plan, reports

from tocsin.records.site import Asset

FAR = Thing(3, (9000.0, 0.0, 150.0, -25.0, 0.0, 0.0), hostile=0.45, reach=(0.5, 300.0, 360.0))


def run_until_lost(thing: Thing = FAR, rule: str = "missed") -> Runner:
    run = Runner()
    for t in np.arange(0.0, 20.0, 1.0):
        run.step(float(t), at(thing, float(t)))
    run.step(25.0, ended=(lost(at(thing, 25.0), 25.0, 19.0, rule),))
    return run


@pytest.mark.parametrize("rule", ["missed", "out_of_coverage"])
def test_given_a_drone_lost_far_out_when_it_is_masked_for_six_minutes_then_the_zone_is_warned_and_stays_so(
    rule: str,
) -> None:
    run = run_until_lost(rule=rule)
    assert run.hazards[0].state == "open"
    assert run.live() == set()  # it cannot be here for five minutes
    for t in np.arange(26.0, 385.0, 4.0):
        run.step(float(t))
    assert "z4_4" in run.live()
    assert {e.cause for e in run.warnings} == {"lost_track"}
    raised = next(e for e in run.warnings if e.zone_id == "z4_4")
    assert raised.t_s < 19.0 + 8800.0 / (25.0 * 1.25)  # before it can have arrived


def test_a_track_that_was_thought_gone_for_a_while_before_it_ended_leaves_its_hazard_all_the_same() -> None:
    run = Runner()
    for t in np.arange(0.0, 20.0, 1.0):
        run.step(float(t), at(FAR, float(t)))
    for t in np.arange(20.0, 50.0, 1.0):
        run.step(float(t))  # it is no longer in the table, and not ended
    assert not run.hazards
    run.step(50.0, ended=(lost(at(FAR, 50.0), 50.0, 19.0, "out_of_coverage"),))
    assert [h.state for h in run.hazards] == ["open"]
    assert run.hazards[0].track_id == FAR.track_id
    run.step(51.0, ended=(lost(at(FAR, 51.0), 51.0, 19.0),))
    assert len(run.hazards) == 1, "what has ended is forgotten"


def test_a_live_warning_survives_the_loss_of_its_track_and_says_so() -> None:
    near = replace(FAR, state=(3000.0, 0.0, 150.0, -25.0, 0.0, 0.0), reach=(0.6, 60.0, 110.0))
    run = run_until_lost(near)
    causes = [e.cause for e in run.warnings if e.zone_id == "z4_4"]
    assert causes[0] == "reach"
    assert causes[-1] == "lost_track"
    for t in np.arange(26.0, 600.0, 10.0):
        run.step(float(t))
    assert "z4_4" in run.live()


def test_the_area_grows_with_the_speed_of_the_lost_thing_and_time_alone_closes_nothing() -> None:
    run = run_until_lost()
    for t in np.arange(30.0, 4000.0, 40.0):
        run.step(float(t))
    radii = [h.radius_m for h in run.hazards]
    assert radii == sorted(radii)
    assert radii[-1] <= 500.0 + 1.25 * 25.0 * 1800.0 + 1.0
    assert [h.state for h in run.hazards if h.state != "open"] == ["stale"]
    assert "z4_4" in run.live()


def back(t: float, hostile: float = 0.45, track_id: int = 9, born: float = 370.0) -> Thing:
    thing = Thing(
        track_id, (2500.0, 0.0, 60.0, -25.0, 0.0, 0.0), hostile=hostile, born_t_s=born, reach=(0.7, 460.0, 470.0)
    )
    return at(thing, t - 380.0)


def test_given_it_reappears_low_then_it_is_the_successor_and_the_warning_never_lapsed() -> None:
    run = run_until_lost()
    for t in np.arange(26.0, 380.0, 6.0):
        run.step(float(t))
    assert "z4_4" in run.live()
    for t in np.arange(380.0, 440.0, 2.0):
        run.step(float(t), back(float(t)))
        assert "z4_4" in run.live()
    assert [(h.state, h.successor) for h in run.hazards if h.state != "open"] == [("reacquired", 9)]
    assert len({e.warning_id for e in run.warnings if e.zone_id == "z4_4"}) == 1


def test_a_successor_that_proves_to_be_a_bird_sets_the_hazard_free_again() -> None:
    run = run_until_lost()
    for t in np.arange(26.0, 380.0, 6.0):
        run.step(float(t))
    run.step(380.0, back(380.0))
    for t in np.arange(381.0, 420.0, 1.0):
        run.step(float(t), replace(back(float(t), hostile=0.01), classes=BIRD))
    assert [h.state for h in run.hazards][-1] == "open"
    assert "z4_4" in run.live()


@pytest.mark.parametrize(
    "other",
    [
        back(380.0, hostile=0.05),  # harmless
        replace(back(380.0), cooperative="FRIEND-1"),  # somebody else, by name
        replace(back(380.0), born_t_s=5.0),  # was there before the loss
        replace(back(380.0), state=(2500.0, 0.0, 60.0, -90.0, 0.0, 0.0)),  # faster than the lost one can be
        replace(back(380.0), state=(60000.0, 0.0, 60.0, -25.0, 0.0, 0.0)),  # beyond its reach
    ],
)
def test_what_cannot_be_the_lost_one_is_not_taken_for_it(other: Thing) -> None:
    run = run_until_lost()
    for t in np.arange(26.0, 380.0, 10.0):
        run.step(float(t))
    run.step(380.0, other)
    assert run.state is not None
    assert run.state.hazards[3].state == "open"


def test_an_impact_report_inside_the_area_closes_it_and_the_zone_is_cleared_later_by_that_evidence() -> None:
    run = run_until_lost()
    for t in np.arange(26.0, 400.0, 5.0):
        run.step(float(t))
    run.step(400.0, said=reports((399.0, "impact", "", (200.0, 150.0), 50.0, "")))
    assert run.hazards[-1].state == "closed"
    assert run.hazards[-1].evidence == "impact_reported (post-1)"
    run.step(410.0)
    assert "z4_4" in run.live()  # people stay under cover for a while
    for t in np.arange(411.0, 450.0, 1.0):
        run.step(float(t))
    assert run.live() == set()
    assert run.warnings[-1].cause == "impact_reported (post-1)"


def test_an_impact_report_outside_the_area_and_a_sighting_close_nothing() -> None:
    run = run_until_lost()
    run.step(30.0, said=reports((30.0, "impact", "", (-9000.0, 0.0), 50.0, "")))
    run.step(31.0, said=reports((31.0, "sighting", "s", (8000.0, 0.0), 500.0, "it was our own")))
    assert run.state is not None
    found = run.state.hazards[3]
    assert found.state == "open"
    assert found.hostile > 0.45  # somebody saw something there


def test_a_wreck_found_by_people_closes_it() -> None:
    run = run_until_lost()
    run.step(60.0, said=reports((60.0, "sighting", "track 3", (8000.0, 0.0), 100.0, "wreck found")))
    assert run.hazards[-1].evidence == "wreck found (post-1)"


def test_harmless_short_and_merged_tracks_leave_no_hazard() -> None:
    for thing, rule in (
        (replace(FAR, hostile=0.05), "missed"),
        (replace(FAR, detections=4), "missed"),
        (FAR, "merged"),
    ):
        assert run_until_lost(thing, rule).hazards == []


def test_where_nothing_is_to_be_protected_there_is_no_hazard() -> None:
    run = Runner(plan(rows=0, assets=()))
    run.step(0.0, FAR)
    run.step(9.0, ended=(lost(FAR, 9.0, 3.0),))
    assert run.hazards == []
    only_assets = Runner(plan(rows=0, assets=(Asset("a", "A", np.zeros(3), 50.0),)))
    only_assets.step(0.0, FAR)
    only_assets.step(9.0, ended=(lost(FAR, 9.0, 3.0),))
    assert [h.state for h in only_assets.hazards] == ["open"]
