"""The report as values: what it derives from the record, and that it never pretends."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raid_record import built, raid
from scipy.stats import chi2

from tocsin.errors import BadInput
from tocsin.records.outcomes import Assessment
from tocsin.report import build, to_json
from tocsin.report.instants import clock
from tocsin.report.leading import leading
from tocsin.report.shares import share
from tocsin.report.svg import axis, time_axis, time_text
from tocsin.score.intervals import wilson


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_interval_is_the_judges(numerator: int, extra: int) -> None:
    rate = share("x", numerator, numerator + extra)
    assert (rate.low, rate.high) == pytest.approx(wilson(numerator, numerator + extra), abs=1e-12)
    assert (rate.numerator, rate.denominator) == (numerator, numerator + extra)


def test_instants_in_the_sites_zone_across_midnight_and_a_change_of_clocks() -> None:
    baghdad = clock("2021-06-05T21:14:30Z", "Asia/Baghdad").at(58.44)
    assert (baghdad.utc, baghdad.local) == ("2021-06-05T21:15:28.4Z", "2021-06-06T00:15:28.4+03:00")
    berlin = clock("2024-10-27T00:59:59.9+00:00", "Europe/Berlin")
    assert berlin.at(0.0).local == "2024-10-27T02:59:59.9+02:00"
    assert berlin.at(0.1).local == "2024-10-27T02:00:00.0+01:00"
    assert clock("2021-06-06T00:00:00+03:00", "UTC").at(0.0).utc == "2021-06-05T21:00:00.0Z"


def test_an_unknown_zone_is_said_and_not_guessed() -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", "x" * 300):
        lost = clock("2021-06-05T21:14:30Z", zone)
        assert not lost.zone_known
        assert lost.at(0.0).local.endswith("+00:00")
    assert clock("", "UTC").at(3.0).local == ""


@pytest.mark.parametrize("epoch", ["yesterday", "2021-06-05T21:14:30"])
def test_an_epoch_without_an_offset_is_refused(epoch: str) -> None:
    with pytest.raises(BadInput, match="epoch"):
        clock(epoch, "UTC")


def test_tracks_tell_when_they_were_known() -> None:
    tracks = {track.track_id: track for track in built().tracks}
    one = tracks[1]
    assert (one.detected.t_s, one.confirmed.t_s) == (24.5, 26.0)
    assert one.identified is not None
    assert one.identified.t_s == 29.0  # 0.4 + 0.57 * 3 s / 3 s = 0.97, the first step at or above 0.9
    assert one.height_max_m == pytest.approx(0.5 * 9.81 * 19**2, abs=6)  # 6 km off, the ground is metres lower
    assert (one.end_rule, tracks[5].cooperative_id, tracks[5].lookalike) == ("ground", "UAV-2291", True)
    assert {number for number, track in tracks.items() if track.notable} == {1, 2, 3, 4, 9}
    assert tracks[10].claim_consistent is None


def test_the_ellipse_holds_95_percent_of_its_own_distribution() -> None:
    first = built().forecasts[0]
    generator = np.random.default_rng(0)
    run = raid()
    draws = generator.multivariate_normal(np.zeros(2), run.impacts.covariance[0], 20000)
    turn = np.radians(first.bearing_deg)
    along = draws @ np.array([np.sin(turn), np.cos(turn)])
    across = draws @ np.array([np.cos(turn), -np.sin(turn)])
    inside = np.mean((along / first.semi_major_m) ** 2 + (across / first.semi_minor_m) ** 2 <= 1)
    assert inside == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / 20000) ** 0.5)
    assert chi2.ppf(0.95, 2) == pytest.approx(5.991464547107979)


def test_warnings_keep_their_first_and_last_word() -> None:
    lines = {(line.warning_id, line.zone_id): line for line in built().warnings}
    e6 = lines[1, "E6"]
    assert (e6.raised.t_s, e6.seconds_left, e6.updates, e6.highest_probability) == (31.0, 27.0, 2, 0.97)
    assert e6.cleared is not None
    assert (e6.cleared.t_s, e6.clear_cause) == (95.0, "impact reported")
    assert lines[5, "F7"].seconds_left is None
    assert lines[5, "F7"].cleared is None
    assert [line.raised.t_s for line in built().warnings] == sorted(line.raised.t_s for line in lines.values())


def test_a_lost_track_keeps_its_widest_area_and_what_closed_it() -> None:
    (hazard,) = built().hazards
    assert (hazard.lost.t_s, hazard.radius_m, hazard.state) == (61.0, 3300.0, "reacquired")
    assert hazard.evidence == "track 9 fits the lost one"
    still = dataclasses.replace(raid(), hazards=raid().hazards[:2])
    (open_one,) = build(still).hazards
    assert open_one.closed is None
    assert any("track 4 went after being lost" in line for line in build(still).unknowns)


def test_a_silence_counts_from_the_last_scan() -> None:
    search, staring, camera = built().sensors
    assert (search.silent, search.silent_s) == ((), 0.0)
    assert [(span.since.t_s, span.until.t_s if span.until else None) for span in staring.silent] == [(100.0, 131.0)]
    assert (staring.silent_s, camera.silent_s, camera.silent[0].until) == (31.0, 20.0, None)


def test_dismissals_are_grouped_by_rule_with_the_worst_risk_first() -> None:
    first, second, third = built().dismissed
    assert (first.rule, first.highest_risk, first.ids) == ("friendly_remote_id", 0.07, (5,))
    assert (second.rule, second.count, second.ids[0]) == ("bird", 20, 29)
    assert third.rule == "friendly_adsb"


def test_odds_are_against_everything_else() -> None:
    one, two, three = built().outcomes
    assert one.odds == pytest.approx(0.995 / 0.005)
    assert (two.verdict, two.shots, len(two.evidence)) == ("intercepted", 2, 2)
    assert (three.verdict, three.likeliest) == ("undecided", "impacted")
    sure = dataclasses.replace(raid(), assessments=(Assessment(1, "rocket", (0.0, 1.0, 0.0), "impacted", ()),))
    assert build(sure).outcomes[0].odds is None


def test_rates_have_their_counts() -> None:
    rates = {rate.name: (rate.numerator, rate.denominator) for rate in built().rates}
    assert rates["Zones warned"] == (7, 64)
    assert rates["Warnings raised with at least 8 s left"] == (4, 7)
    assert rates["Ballistic tracks with an impact forecast"] == (3, 3)
    assert rates["Engagement requests with consent"] == (1, 2)
    assert rates["Engaged tracks assessed as intercepted"] == (1, 1)
    assert rates["Confirmed tracks dismissed by a rule"] == (22, 31)
    assert not any("ngage" in rate.name for rate in build(dataclasses.replace(raid(), exercise=False)).rates)


def test_what_is_not_known_names_each_gap() -> None:
    text = "\n".join(built().unknowns)
    for gap in (
        "track 3: the evidence",
        "tracks 4, 9: no assessment",
        "F7, E7",
        "staring-1",
        "track 5",
        "2 unreadable items",
    ):
        assert gap in text
    assert "no launch point is estimated" in text
    assert "The time of day" in "\n".join(build(dataclasses.replace(raid(), epoch_utc="")).unknowns)


def test_errors_are_counted_with_the_first_as_example() -> None:
    (line,) = built().errors
    assert (line.source, line.count, line.example) == ("detections.csv", 2, "row 4021, azimuth_deg: '400'")


def test_timeline_is_in_order_and_groups_what_was_said_at_once() -> None:
    lines = built().timeline
    assert [line.at.t_s for line in lines] == sorted(line.at.t_s for line in lines)
    assert sum("E6, E5" in line.text for line in lines) == 1
    assert not any(10 in line.track_ids for line in lines)  # birds are counted, not told
    assert [line.track_ids for line in lines if line.kind == "ended"] == [(1,), (2,), (3,), (4,)]


def test_what_happened_to_several_tracks_at_once_is_one_line() -> None:
    record = raid()
    lives = tuple(dataclasses.replace(life, born_t_s=3.0, hostile=0.9) for life in record.lives)
    lines = [line for line in build(dataclasses.replace(record, lives=lives)).timeline if line.kind == "detected"]
    assert len(lines) == 1
    assert lines[0].text == "Tracks 1, 2, 3, 4, 5, 6, 9, 10 and 23 more: first detection"
    assert len(lines[0].track_ids) == 31


def test_harmless_tracks_behind_a_warning_are_numbered_and_not_told() -> None:
    record = raid()
    first = dataclasses.replace(record.warnings[0], track_ids=(1, 12, 13))
    report = build(dataclasses.replace(record, warnings=(first, *record.warnings[1:])))
    assert report.harmless_warned == (12, 13)
    assert not any(track.notable for track in report.tracks if track.track_id in (12, 13))


def test_a_figure_without_room_leaves_out_what_mattered_least() -> None:
    assert [track.track_id for track in leading(built(), 24)] == [1, 2, 3, 4, 9]
    assert [track.track_id for track in leading(built(), 3)] == [1, 2, 4]  # decided, engaged, lost
    assert [track.track_id for track in leading(built(), 1)] == [2]  # engaged and decided


def test_json_is_the_report_without_nan() -> None:
    report = built()
    told = json.loads(to_json(report), parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    assert told["format"] == "tocsin-report-1"
    assert len(told["warnings"]) == len(report.warnings)
    assert told["warnings"][4]["seconds_left"] is None
    assert told["tracks"][0]["path"][0].keys() == {"t_s", "east_m", "north_m", "height_m"}


def test_the_same_record_gives_the_same_bytes() -> None:
    assert to_json(build(raid())) == to_json(built())


def test_nothing_in_the_report_points_back_to_a_launch() -> None:
    told = json.loads(to_json(built()))

    def keys(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {key for inner in value.values() for key in keys(inner)}
        return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()

    assert not {key for key in keys(told) if "launch" in key or "origin_m" in key or "aim" in key.split("_")}


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5))
def test_axis_ticks_are_inside_and_increasing(low: float, span: float) -> None:
    scale = axis(low, low + span, 0.0, 100.0)
    values = [value for value, _ in scale.ticks]
    assert values == sorted(set(values))
    assert len(values) <= 8
    assert all(-1e-6 <= scale.at(value) <= 100 + 1e-6 for value in values)


def test_time_ticks_fall_on_round_local_times() -> None:
    began = clock("2021-06-05T21:14:33.5Z", "Asia/Baghdad").at(0.0)
    scale = time_axis(began, 0.0, 90.0, 0.0, 100.0)
    assert [text for _, text in scale.ticks][:2] == ["00:14:45", "00:15:00"]
    assert scale.ticks[0][0] == pytest.approx(11.5)
    assert time_text(clock("", "UTC").at(0.0), 12.0) == "12 s"
