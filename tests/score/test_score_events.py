"""Impact forecasts, warnings and outcomes against hand-made raids whose answers are known."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from tocsin.records.outcomes import Assessment
from tocsin.records.site import Zone
from tocsin.records.truth import ForecastRows, TruthEnd
from tocsin.records.warnings import WarningEvent
from tocsin.score import score_impacts, score_outcomes, score_warnings
from tocsin.score.warnings import contains, watches


def end(name: str, t: float, place: tuple[float, float], **change: object) -> TruthEnd:
    base = TruthEnd(name, "rocket", True, t - 20.0, t, "impacted", (place[0], place[1], 0.0))
    return dataclasses.replace(base, **change)  # type: ignore[arg-type]


def forecasts(rows: list[tuple[float, int, float, float, float, float]]) -> ForecastRows:
    """Rows of (t, track index, impact time, east, north, sigma)."""
    a = np.array(rows, dtype=float).reshape(-1, 6)
    return ForecastRows(a[:, 0], a[:, 1].astype(np.int64), a[:, 2], a[:, 3:5], a[:, 5, None, None] ** 2 * np.eye(2))


def test_forecast_that_stood_at_each_lead() -> None:
    rows = forecasts([(79.0, 0, 99.0, 300, 400, 100), (89.5, 0, 100.5, 30, 40, 100), (98.9, 0, 100, 3, 4, 1)])
    result = score_impacts(rows, np.array([0]), (end("r1", 100.0, (0, 0)),), ("r1",), leads_s=(20.0, 15.0, 10.0, 1.0))
    far, stale, middle, close = result.leads
    assert result.impacts == 1
    assert (far.rms_error_m, far.rms_time_error_s, far.inside_95.numerator) == (pytest.approx(500), pytest.approx(1), 0)
    assert (stale.answered.numerator, stale.rms_error_m, stale.inside_95.denominator) == (0, None, 0)
    assert (middle.median_error_m, middle.inside_95.numerator) == (pytest.approx(50), 1)
    assert close.mean_nees == pytest.approx(25)


def test_claimed_ellipses_hold_their_share() -> None:
    generator = np.random.default_rng(5)
    count = 2000
    miss = generator.normal(size=(count, 2)) * 80
    rows = forecasts([(90.0, k, 100.0, *miss[k], 80.0) for k in range(count)])
    ends = tuple(end(str(k), 100.0, (0, 0)) for k in range(count))
    names = tuple(str(k) for k in range(count))
    lead = score_impacts(rows, np.arange(count), ends, names, leads_s=(10.0,)).leads[0]
    assert lead.inside_95.numerator / count == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / count) ** 0.5)
    assert lead.inside_95_exact[0] <= lead.inside_95.low
    assert lead.mean_nees == pytest.approx(2, rel=0.1)
    assert lead.rms_error_m == pytest.approx(80 * math.sqrt(2), rel=0.05)


def test_intercepted_rounds_drones_and_strange_tracks_are_no_impacts_to_forecast() -> None:
    rows = forecasts([(90.0, 0, 100.0, 0, 0, 10), (90.0, 1, 100.0, 0, 0, 10)])
    ends = (
        end("r1", 100.0, (0, 0), outcome="intercepted"),
        end("d1", 100.0, (0, 0), kind="fixed_wing"),
        end("r2", 100.0, (0, 0)),
    )
    result = score_impacts(rows, np.array([0, -1]), ends, ("r1", "d1", "r2"), leads_s=(10.0,))
    assert result.impacts == 1
    assert result.leads[0].answered.numerator == 0


def test_of_two_tracks_the_more_certain_one_speaks_and_certainty_that_misses_is_outside() -> None:
    rows = forecasts([(90.0, 0, 100.0, 50, 0, 100), (90.0, 1, 100.0, 5, 0, 0)])
    lead = score_impacts(rows, np.array([0, 0]), (end("r1", 100.0, (0, 0)),), ("r1",), leads_s=(10.0,)).leads[0]
    assert lead.rms_error_m == pytest.approx(5)
    assert lead.inside_95.numerator == 0


def square(name: str, east: float) -> Zone:
    corners = np.array([[east, 0.0], [east + 1000, 0.0], [east + 1000, 1000.0], [east, 1000.0]])
    return Zone(name, name, corners, 100.0)


ZONES = tuple(square(f"Z{k}", 1000.0 * k) for k in range(4))


def message(t: float, number: int, zone: str, action: str) -> WarningEvent:
    return WarningEvent(t, number, zone, action, 0.5, math.nan, math.nan, (1,), "impact", "because")


def test_warned_early_late_and_not_at_all() -> None:
    events = (
        message(85.0, 1, "Z0", "raise"),
        message(86.0, 1, "Z0", "update"),
        message(85.0, 2, "Z3", "raise"),
        message(300.0, 2, "Z3", "all_clear"),
        message(110.0, 1, "Z0", "all_clear"),
        message(500.0, 3, "Z3", "raise"),
    )
    raid = (end("r1", 100.0, (500, 500)), end("r2", 101.0, (1500, 500)), end("r3", 102.0, (500, -900)))
    result = score_warnings(events, ZONES, raid, first_detection_s=82.0)
    assert (result.strikes_warned.numerator, result.strikes_warned.denominator) == (1, 2)
    assert (result.warned_s, result.median_warned_s, result.outside_zones) == ((15.0,), 15.0, 1)
    assert (result.hits, result.precautionary, result.false_warnings) == (1, 1, 1)
    assert (result.zones_warned, result.zones) == (2, 4)
    everything, nothing = result.baselines
    assert (everything.strikes_warned.numerator, everything.zones_warned, everything.precautionary) == (2, 4, 2)
    assert everything.median_warned_s == pytest.approx((18 + 19) / 2)
    assert (nothing.strikes_warned.numerator, nothing.zones_warned) == (0, 0)


def test_a_strike_before_the_first_detection_is_missed_by_every_rule() -> None:
    raid = (end("r1", 80.0, (500, 500)), end("r2", 101.0, (1500, 500)))
    everything, _ = score_warnings((), ZONES, raid, first_detection_s=82.0).baselines
    assert (everything.strikes_warned.numerator, everything.zones_warned, everything.precautionary) == (1, 4, 3)


def test_a_warning_cleared_before_the_impact_warned_nobody() -> None:
    events = (message(80.0, 1, "Z0", "raise"), message(99.0, 1, "Z0", "all_clear"))
    result = score_warnings(events, ZONES, (end("r1", 100.0, (500, 500)),), first_detection_s=None)
    assert result.strikes_warned.numerator == 0
    assert result.precautionary == 1
    assert result.baselines[0].zones_warned == 0


def test_harmless_flights_make_a_warning_false() -> None:
    bird = end("b1", 100.0, (500, 500), kind="bird", hostile=False, outcome="left")
    result = score_warnings((message(90.0, 1, "Z0", "raise"),), ZONES, (bird,), first_detection_s=None)
    assert (result.false_warnings, result.strikes_warned.denominator) == (1, 0)


def test_watches_keep_one_span_for_each_warning_and_zone() -> None:
    events = (message(5.0, 2, "Z1", "raise"), message(1.0, 1, "Z0", "raise"), message(9.0, 2, "Z1", "all_clear"))
    assert [(w.zone_id, w.from_s, w.to_s) for w in watches(events)] == [("Z0", 1.0, math.inf), ("Z1", 5.0, 9.0)]


@pytest.mark.parametrize(("east", "north", "inside"), [(1, 1, True), (3, 1, False), (1.5, 3.5, False), (3, 3.5, True)])
def test_a_point_in_a_polygon_that_is_not_convex(east: float, north: float, inside: bool) -> None:
    ell = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 3.0], [4.0, 3.0], [4.0, 4.0], [1.8, 4.0], [1.0, 2.0], [0.0, 2.0]])
    assert contains(ell, east, north) is inside
    assert contains(ell[::-1], east, north) is inside


def test_tiles_share_no_point_and_leave_none_out() -> None:
    generator = np.random.default_rng(0)
    for east, north in np.vstack([generator.uniform(0, 3999, (50, 2)), [[1000.0, 500.0], [2000.0, 0.0]]]) % [
        4000,
        1000,
    ]:
        assert sum(contains(zone.polygon_m, east, north) for zone in ZONES) == 1


def verdict(track: int, said: str, probability: tuple[float, float, float]) -> Assessment:
    return Assessment(track, "rocket", probability, said, ())


def test_outcomes_are_joined_by_the_object_that_a_track_held() -> None:
    ends = (
        end("a", 10.0, (0, 0)),
        end("b", 10.0, (0, 0), outcome="intercepted"),
        end("c", 10.0, (0, 0), outcome="left", hostile=False),
    )
    said = (
        verdict(1, "impacted", (0.02, 0.96, 0.02)),
        verdict(2, "impacted", (0.05, 0.95, 0.0)),
        verdict(3, "undecided", (0.4, 0.4, 0.2)),
        verdict(4, "left", (0.0, 0.0, 1.0)),
    )
    result = score_outcomes(said, ("1", "2", "3", "4"), np.array([0, 1, 1, -1]), ends, ("a", "b", "c"))
    assert result.confusion == ((0, 1, 0, 1), (0, 1, 0, 0), (0, 0, 0, 0))
    assert (result.decided.numerator, result.decided.denominator) == (2, 3)
    assert (result.correct.numerator, result.correct.denominator) == (1, 2)
    assert (result.without_object, result.never_assessed) == (1, 1)
    bits = -(math.log2(0.96) + math.log2(0.05) + math.log2(0.4)) / 3
    assert result.log_score_bits == pytest.approx(bits)
    shrug = score_outcomes(
        (verdict(1, "undecided", (1 / 3, 1 / 3, 1 / 3)),), ("1",), np.array([0]), ends, ("a", "b", "c")
    )
    assert shrug.log_score_bits == pytest.approx(math.log2(3))
    assert shrug.brier == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("from_s", "to_s", "kind"),
    [
        (80.0, 90.0, "precautionary"),  # raised before the flight began, lived into it
        (105.0, 112.0, "precautionary"),  # raised in flight, lived beyond its end
        (96.0, 99.0, "precautionary"),
        (80.0, 110.0, "precautionary"),
        (50.0, 84.9, "false"),
        (110.1, 130.0, "false"),
    ],
)
def test_a_warning_is_precautionary_if_its_life_and_a_hostile_flight_share_a_moment(
    from_s: float, to_s: float, kind: str
) -> None:
    flown = end("d1", 110.0, (-9e3, 0), start_t_s=85.0, outcome="left")
    events = (message(from_s, 1, "Z0", "raise"), message(to_s, 1, "Z0", "all_clear"))
    result = score_warnings(events, ZONES, (flown,), first_detection_s=None)
    assert (result.precautionary, result.false_warnings) == ((1, 0) if kind == "precautionary" else (0, 1))


def test_the_earliest_of_the_warnings_that_stand_counts() -> None:
    events = (message(70.0, 1, "Z0", "raise"), message(90.0, 2, "Z0", "raise"), message(60.0, 3, "Z1", "raise"))
    result = score_warnings(events, ZONES, (end("r1", 100.0, (500, 500)),), first_detection_s=None)
    assert (result.warned_s, result.hits, result.precautionary) == ((30.0,), 2, 1)


def test_a_warning_that_is_cleared_twice_ended_the_first_time() -> None:
    events = tuple(message(t, 1, "Z0", what) for t, what in ((1.0, "raise"), (5.0, "all_clear"), (9.0, "all_clear")))
    assert [(w.from_s, w.to_s) for w in watches(events)] == [(1.0, 5.0)]


def test_the_newest_forecast_stands_until_it_is_two_seconds_old() -> None:
    rows = forecasts([(88.5, 0, 99.0, 60, 80, 10), (89.5, 0, 101.0, 3, 4, 10), (92.0, 0, 100.0, 0, 0, 10)])
    struck = (end("r1", 100.0, (0, 0)),)
    leads = score_impacts(rows, np.array([0]), struck, ("r1",), leads_s=(10.0, 9.0, 8.5, 8.0)).leads
    assert [lead.rms_error_m for lead in leads] == [5.0, 5.0, None, 0.0]
    assert leads[0].rms_time_error_s == 1.0
    assert leads[0].mean_nees == pytest.approx(25 / 100)


def test_what_was_said_to_be_impossible_costs_twenty_bits() -> None:
    ends = (end("a", 10.0, (0, 0)),)
    result = score_outcomes((verdict(1, "left", (0.0, 0.0, 1.0)),), ("1",), np.array([0]), ends, ("a",))
    assert result.log_score_bits == pytest.approx(-math.log2(1e-6))
    assert result.brier == pytest.approx(1 + 1)
    assert (result.correct.numerator, result.correct.denominator, result.never_assessed) == (0, 1, 0)
