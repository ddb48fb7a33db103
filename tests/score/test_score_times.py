"""Truth and tracks whose times differ: every figure against one that is known without the scorer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_cases import flight, judge, tracks_of, truth_of

from tocsin.errors import BadInput
from tocsin.score import score, to_json_dict
from tocsin.score.courses import Courses

EAST = (100.0, 0.0, 0.0)
SECONDS = [float(k) for k in range(10)]
TRUTH = flight(SECONDS, "a", (0, 0, 0), EAST)


@pytest.mark.parametrize("late_s", [0.002, -0.002, 0.1, 0.3, 0.49, 0.5, -0.5, -0.3])
def test_a_perfect_track_at_other_times_than_the_truth_is_perfect(late_s: float) -> None:
    result = judge(TRUTH, flight([t + late_s for t in SECONDS], "1", (0, 0, 0), EAST))
    assert result.upkeep.completeness == result.siap.completeness == 1.0
    assert result.upkeep.pos_rmse_m == pytest.approx(0.0, abs=1e-9)
    assert (result.upkeep.switches, result.times.silent, result.times.outside) == (0, 0, 0)
    assert result.times.exact == 0 < result.times.interpolated


def test_an_error_is_the_one_at_the_rows_own_time() -> None:
    turning = [(t, "a", (50 * t * t, 0.0, 0.0), (100 * t, 0.0, 0.0)) for t in SECONDS]
    at = [t + 0.3 for t in SECONDS[:-1]]
    tracks = [(t, "1", (50 * t * t + 3.0, 4.0, 0.0), (100 * t, 0.0, 1.0)) for t in at]
    result = judge(turning, tracks)
    assert result.upkeep.pos_rmse_m == pytest.approx(5.0)
    assert result.upkeep.vel_rmse_mps == pytest.approx(1.0)
    assert result.upkeep.completeness == pytest.approx(9 / 10)  # nothing was said within 0.55 s of the last second


def test_claimed_variances_stay_with_their_row() -> None:
    tracks = tracks_of([(t + 0.4, "1", (100 * (t + 0.4) + 1, 2, 2), EAST) for t in SECONDS[:-1]], (1.0, 4.0, 4.0))
    nees = score(truth_of(TRUTH), tracks, 100.0).nees
    assert nees is not None
    assert (nees.pairs, nees.mean) == (9, pytest.approx(3.0))  # 1/1 + 4/4 + 4/4


def test_silence_is_still_missed_where_times_differ() -> None:
    heard = [t + 0.3 for t in SECONDS if t not in (4.0, 5.0)]
    result = judge(TRUTH, flight(heard, "1", (0, 0, 0), EAST))
    assert result.upkeep.completeness == pytest.approx(8 / 10)
    assert (result.times.silent, result.times.truth_scans) == (2, 10)


def test_rows_at_the_truths_times_are_judged_strictly_however_near_the_next() -> None:
    result = judge(TRUTH, flight([t for t in SECONDS if t != 4.0], "1", (0, 0, 0), EAST), tolerance_s=None)
    assert result.upkeep.completeness == pytest.approx(9 / 10)
    assert (result.times.exact, result.times.interpolated, result.times.silent) == (9, 0, 1)


def test_a_tracker_that_writes_seldom_is_heard_when_the_tolerance_says_so() -> None:
    tenths = [k / 10 for k in range(91)]
    truth, tracks = flight(tenths, "a", (0, 0, 0), EAST), flight(SECONDS, "1", (0, 0, 0), EAST)
    strict, told = judge(truth, tracks), judge(truth, tracks, tolerance_s=0.5)
    assert strict.upkeep.completeness == pytest.approx(10 / 91)
    assert (strict.times.silent, strict.times.truth_scans) == (81, 91)
    assert told.upkeep.completeness == 1.0
    assert told.upkeep.pos_rmse_m == pytest.approx(0.0, abs=1e-9)
    assert (told.times.silent, told.times.tolerance_s) == (0, 0.5)


def test_a_tracker_that_writes_often_is_judged_at_the_truths_times() -> None:
    tracks = flight([k / 10 for k in range(96)], "1", (0, 0, 0), EAST)
    result = judge(TRUTH, tracks)
    assert (result.scans, result.upkeep.completeness, result.siap.ambiguity) == (10, 1.0, 1.0)
    assert (result.times.exact, result.times.between, result.unscored_points) == (10, 86, 86)


def test_a_tolerance_of_nought_takes_equal_times_only() -> None:
    tracks = flight([0.0, 1.002, 2.0004], "1", (0, 0, 0), EAST)
    result = judge(TRUTH, tracks, tolerance_s=0.0)
    assert result.upkeep.completeness == pytest.approx(2 / 10)
    assert (result.times.exact, result.times.interpolated, result.times.outside) == (2, 0, 1)


@pytest.mark.parametrize("tolerance_s", [-1.0, math.nan, math.inf])
def test_a_tolerance_must_be_a_length_of_time(tolerance_s: float) -> None:
    with pytest.raises(BadInput, match="tolerance"):
        judge(TRUTH, [], tolerance_s=tolerance_s)


def test_objects_that_were_recorded_by_clocks_of_their_own_are_judged_together() -> None:
    phases = [0.0, 0.2, 0.43, 0.61, 0.87]
    truth = [p for k, x in enumerate(phases) for p in flight([t + x for t in SECONDS], f"o{k}", (0, 1e3 * k, 0), EAST)]
    tracks = [p for k in range(5) for p in flight([t + 0.1 for t in SECONDS], str(k), (0, 1e3 * k, 0), EAST)]
    result = judge(truth, tracks)
    assert result.times.truth_scans == 10
    assert result.upkeep.completeness == 1.0
    assert result.upkeep.pos_rmse_m == pytest.approx(0.0, abs=1e-9)
    assert result.upkeep.false_points_per_scan < 0.5  # at its ends not every object is there yet, or still


def test_tracks_that_are_each_written_at_a_time_of_their_own_are_judged_together() -> None:
    truth = [p for k in range(5) for p in flight(SECONDS, f"o{k}", (0, 1e3 * k, 0), EAST)]
    tracks = [p for k in range(5) for p in flight([t + k / 12 for t in SECONDS], str(k), (0, 1e3 * k, 0), EAST)]
    result = judge(truth, tracks)
    assert result.upkeep.completeness == 1.0
    assert result.upkeep.pos_rmse_m == pytest.approx(0.0, abs=1e-9)
    assert (result.times.exact, result.times.interpolated) == (10, 40)


def test_an_object_with_a_lost_row_was_there_and_one_with_a_long_pause_was_not() -> None:
    other = flight(SECONDS, "b", (0, 5e3, 0), EAST)
    lost = [p for p in TRUTH if p[0] != 4.0]
    paused = [p for p in TRUTH if not 2.0 < p[0] < 6.0]
    assert judge([*lost, *other], []).times.interpolated_truth == 1
    assert judge([*paused, *other], []).times.interpolated_truth == 0
    whole = judge([*lost, *other], [*flight(SECONDS, "1", (0, 0, 0), EAST), *flight(SECONDS, "2", (0, 5e3, 0), EAST)])
    assert (whole.upkeep.completeness, whole.upkeep.false_points_per_scan) == (1.0, 0.0)


def test_between_two_rows_a_course_bends_as_their_velocities_say() -> None:
    """A circle of R = 200 m at 40 m/s, rows each second (φ = 0.2). At a share s of the way the cubic is off by at most
    R φ⁴/24 · s²(1−s)², the chord, which velocities of nought leave, by R φ²/2 · s(1−s)."""
    rate, share = 40.0 / 200.0, 0.25

    def circle(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.stack([200 * np.cos(rate * t), 200 * np.sin(rate * t), 0 * t], axis=1)
        return place, np.stack([-40 * np.sin(rate * t), 40 * np.cos(rate * t), 0 * t], axis=1)

    t, at = np.arange(11.0), np.arange(10) + share
    place, speed = circle(t)
    bent, chord = 200 * rate**4 / 24 * (share * (1 - share)) ** 2, 200 * rate**2 / 2 * share * (1 - share)
    for velocity, limit_m in ((speed, bent), (0 * speed, chord)):
        courses = Courses(t, np.zeros(11, np.int64), np.hstack([place, velocity]), 1)
        state, there = courses.at(np.zeros(10, np.int64), at)
        off = np.linalg.norm(state[:, :3] - circle(at)[0], axis=1)
        assert there.all()
        assert off.max() == pytest.approx(limit_m, rel=0.02)
    outside, there = courses.at(np.zeros(2, np.int64), np.array([-1.0, 10.5]))
    assert not there.any()
    assert outside[1, :3] == pytest.approx(place[-1])


def test_rows_at_the_truths_times_are_judged_strictly_where_its_steps_are_uneven_too() -> None:
    result = judge(flight([*SECONDS, 4.3], "a", (0, 0, 0), EAST), flight(SECONDS, "1", (0, 0, 0), EAST))
    assert result.upkeep.completeness == pytest.approx(10 / 11)
    assert result.times.silent == 1


def test_one_state_is_said_once_and_two_are_refused_with_their_rows() -> None:
    again = judge([*TRUTH, TRUTH[3]], flight(SECONDS, "1", (0, 0, 0), EAST))
    assert (again.upkeep.completeness, again.times.repeated_truth, again.truths) == (1.0, 1, 1)
    assert again.sets.gospa_m == 0.0
    with pytest.raises(BadInput, match=r"truth, row 11.*'a' is somewhere else at this time than in row 4"):
        judge([*TRUTH, (3.0, "a", (0, 7, 0), EAST)], [])


def test_two_states_of_one_track_at_one_time_are_two_reports() -> None:
    twice = [*flight(SECONDS, "1", (0, 0, 0), EAST), (3.0, "1", (9000, 0, 0), EAST), (4.0, "1", (400, 1, 0), EAST)]
    result = judge(TRUTH, twice)
    assert result.times.second_states == 2
    assert result.siap.spuriousness == pytest.approx(1 / 12)
    assert result.siap.ambiguity == pytest.approx(11 / 10)


@pytest.mark.parametrize(
    ("shift_s", "words"),
    [(86400.0, "same day and clock"), (1.7e9, "count from 1970"), (9.7, "same day and clock")],
)
def test_tracks_without_a_time_of_the_truth_are_refused_in_words(shift_s: float, words: str) -> None:
    late = [(t + shift_s, name, *rest) for t, name, *rest in flight(SECONDS, "1", (0, 0, 0), EAST)]
    with pytest.raises(BadInput, match=words) as caught:
        judge(TRUTH, late)
    assert "0.000 to 9.000 s" in str(caught.value)


def test_rows_outside_of_the_truths_time_are_counted_and_not_scored() -> None:
    result = judge(TRUTH, flight([*SECONDS, 12.0, 13.0, -4.0], "1", (0, 0, 0), EAST))
    assert (result.times.outside, result.unscored_points, result.upkeep.false_points_per_scan) == (3, 3, 0.0)


def test_a_day_without_truth_has_only_false_reports() -> None:
    result = judge([], flight(SECONDS, "1", (0, 0, 0), EAST))
    assert (result.scans, result.truths, result.upkeep.false_points_per_scan) == (10, 0, 1.0)
    assert (result.siap.completeness, result.siap.spuriousness, result.upkeep.false_tracks) == (None, 1.0, 1)


def test_no_tracks_miss_everything() -> None:
    result = judge(TRUTH, [])
    assert (result.upkeep.completeness, result.upkeep.never_tracked, result.times.silent) == (0.0, 1, 10)


def test_detections_between_the_truths_times_make_no_scans_of_their_own() -> None:
    beside = np.array([t + 0.25 for t in SECONDS])
    result = judge(TRUTH, flight(beside.tolist(), "1", (0, 0, 0), EAST), scan_times_s=beside)
    assert (result.scans, result.upkeep.completeness, result.upkeep.false_points_per_scan) == (10, 1.0, 0.0)
    after = judge(TRUTH, flight([*SECONDS, 14.0], "1", (0, 0, 0), EAST), scan_times_s=np.array([14.0, 15.0]))
    assert (after.scans, after.upkeep.false_points_per_scan) == (12, pytest.approx(1 / 12))


@settings(max_examples=40, deadline=None)
@given(
    phase=st.floats(-0.45, 0.45),
    shift=st.sampled_from([0.0, 1000.0, -250.0, 86400.0]),
    seed=st.integers(0, 1000),
)
def test_neither_the_origin_of_time_nor_the_order_of_rows_matters(phase: float, shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    phase, speed = round(phase, 3), rng.normal(0, 40, (4, 3))
    truth = [p for k in range(4) for p in flight(SECONDS, f"o{k}", (0, 60.0 * k, 0), tuple(speed[k].tolist()))]
    heard = [k for k in range(40) if rng.random() < 0.8]
    tracks = [
        (
            t + phase,
            name,
            tuple((np.array(place) + phase * np.array(v) + rng.normal(0, 10, 3)).tolist()),
            v,
        )
        for t, name, place, v in (truth[k] for k in heard)
    ]
    first = to_json_dict(judge(truth, tracks))
    moved = [[(t + shift, *rest) for t, *rest in rows] for rows in (truth, tracks)]
    for rows in moved:
        rng.shuffle(rows)
    again = to_json_dict(judge(*moved))
    for key in ("gospa_m", "ospa_m", "completeness", "pos_rmse_m", "vel_rmse_mps", "latency_s", "false_tracks"):
        assert again[key] == pytest.approx(first[key], rel=1e-6, abs=1e-6), key
    assert again["times"] == first["times"]
