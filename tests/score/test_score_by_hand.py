"""Figures of small scenes, worked out by hand from the definitions in docs/reference/metrics.md."""

from __future__ import annotations

import math

import numpy as np
import pytest
from score_cases import flight, judge, tracks_of, truth_of

from tocsin.score import assign_tracks, score
from tocsin.score.matching import nearest

HERE = (0.0, 0.0, 0.0)


def stay(times: range | list[int], name: str, place: tuple[float, float, float] = HERE) -> list:
    return [(float(t), name, place) for t in times]


def test_siap_accuracies_are_means_of_norms_over_associated_points() -> None:
    truth = [(0.0, "a", HERE, (10, 0, 0)), (1.0, "a", HERE, (10, 0, 0))]
    tracks = [(0.0, "1", (1, 0, 0), (13, 4, 0)), (1.0, "1", (0, 2, 2), (10, 0, 12))]
    result = judge(truth, tracks)
    assert result.siap.positional_accuracy_m == pytest.approx((1 + math.sqrt(8)) / 2)
    assert result.siap.velocity_accuracy_mps == pytest.approx((5 + 12) / 2)
    assert result.upkeep.pos_rmse_m == pytest.approx(math.sqrt((1 + 8) / 2))
    assert result.upkeep.vel_rmse_mps == pytest.approx(math.sqrt((25 + 144) / 2))


def test_an_observer_without_a_track_takes_the_one_that_lasts_longest() -> None:
    """Tracks 1 for 0-2 s, 2 for 0-8 s, 3 for 8-10 s: who takes 2 changes once, who took 1 would change twice."""
    tracks = [*stay(range(3), "1"), *stay(range(9), "2", (1, 0, 0)), *stay(range(8, 11), "3", (2, 0, 0))]
    result = judge(stay(range(11), "a"), tracks).siap
    assert result.track_number_changes_per_s == pytest.approx(1 / 10)
    assert result.longest_track_segment == pytest.approx(8 / 10)
    assert result.ambiguity == pytest.approx((3 + 9 + 3) / 11)


def test_an_observer_stays_on_his_track_while_another_would_last_longer() -> None:
    """Track 1 for 0-5 s and 8-10 s, track 2 for 3-9 s: 1 until 5, then 2 until 9, then 1 again: two changes."""
    tracks = [*stay([0, 1, 2, 3, 4, 5, 8, 9, 10], "1"), *stay(range(3, 10), "2", (1, 0, 0))]
    assert judge(stay(range(11), "a"), tracks).siap.track_number_changes_per_s == pytest.approx(2 / 10)


def test_an_observer_whose_track_comes_back_takes_it_again_though_another_is_there() -> None:
    tracks = [*stay(range(4, 10), "2", (1, 0, 0)), *stay([0, 1, 2, *range(4, 10)], "1")]
    assert judge(stay(range(10), "a"), tracks).siap.track_number_changes_per_s == 0.0


def test_only_the_time_between_two_tracked_points_is_tracked() -> None:
    """Tracked at 0, 1, 3, 4, 5 of 0-9 s: 3 s; the break is no change of number, but ends the segment."""
    tracks = [*stay([0, 1], "1"), *stay([3, 4, 5], "2")]
    result = judge(stay(range(10), "a"), tracks).siap
    assert result.track_number_changes_per_s == pytest.approx(1 / 3)
    assert result.longest_track_segment == pytest.approx(2 / 9)
    assert result.completeness == pytest.approx(5 / 10)


def test_siap_sums_over_objects_of_different_lives() -> None:
    truth = [*stay(range(11), "a"), *stay(range(5, 8), "b", (5000, 0, 0))]
    tracks = [*stay(range(6), "1"), *stay(range(6, 11), "2"), *stay(range(5, 8), "3", (5000, 0, 0))]
    result = judge(truth, tracks).siap
    assert result.track_number_changes_per_s == pytest.approx(1 / (10 + 2))
    assert result.longest_track_segment == pytest.approx((5 + 2) / (10 + 2))


def test_a_point_at_the_cutoff_is_no_pair_in_any_figure() -> None:
    result = judge(stay(range(2), "a"), [(0.0, "1", (100.0, 0, 0)), (1.0, "1", (99.999, 0, 0))])
    assert result.siap.completeness == result.upkeep.completeness == 0.5
    assert (result.siap.spuriousness, result.upkeep.false_points_per_scan) == (0.5, 0.5)
    held = judge(stay(range(2), "a"), [(0.0, "1", HERE), (1.0, "1", (100.0, 0, 0))])
    assert held.upkeep.completeness == 0.5


def test_latency_is_the_median_over_objects_that_were_matched() -> None:
    places = {"a": (0, 0, 0), "b": (5e3, 0, 0), "c": (0, 5e3, 0), "d": (5e3, 5e3, 0)}
    truth = [p for name, place in places.items() for p in stay(range(2, 12), name, place)]
    tracks = [
        *stay(range(4, 12), "1", places["a"]),
        *stay(range(2, 12), "2", places["b"]),
        *stay(range(9, 12), "3", places["c"]),
    ]
    result = judge(truth, tracks)
    assert result.upkeep.latency_s == pytest.approx(2.0)  # of 2, 0 and 7
    assert result.upkeep.never_tracked == 1
    assert result.upkeep.completeness == pytest.approx((8 + 10 + 3) / 40)
    shares = {share.name: (share.numerator, share.denominator) for share in result.rates}
    assert shares["true points tracked"] == (21, 40)
    assert shares["objects ever tracked"] == (3, 4)
    assert shares["tracks that are false"] == (0, 3)


def test_a_track_is_false_when_it_held_nothing_for_half_of_its_life() -> None:
    far = (9e3, 0, 0)
    tracks = [
        *stay([0, 1], "half"), *stay([2, 3], "half", far),
        *stay([2, 3, 4], "most"), *stay([5], "most", far),
        *stay([0, 1, 2], "none", (0, 9e3, 0)),
    ]  # fmt: skip
    result = judge(stay(range(61), "a"), tracks)
    assert result.upkeep.false_tracks == 2
    assert result.upkeep.false_tracks_per_min == pytest.approx(2 / 1.0)  # 60 s
    assert result.upkeep.false_points_per_scan == pytest.approx((2 + 1 + 3) / 61)


def test_a_twin_is_redundant_and_a_ghost_is_only_false() -> None:
    tracks = [*stay(range(4), "1"), *stay(range(3), "2", (50, 0, 0)), *stay(range(2), "3", (9e3, 0, 0))]
    result = judge(stay(range(6), "a"), tracks)
    assert result.upkeep.false_points_per_scan == pytest.approx((3 + 2) / 6)
    assert result.upkeep.redundant_points_per_scan == pytest.approx(3 / 6)
    assert result.siap.completeness == pytest.approx(4 / 6)
    assert result.siap.ambiguity == pytest.approx(7 / 4)
    assert result.siap.spuriousness == pytest.approx(2 / 9)


def test_kinds_are_told_apart() -> None:
    truth = truth_of([*stay(range(3), "a"), *stay(range(3), "b", (5e3, 0, 0))], {"a": "bird", "b": "mortar"})
    tracks = tracks_of([*stay([0, 1], "1"), *stay([2], "2"), *stay([0], "3", (5e3, 0, 0))])
    kept = score(truth, tracks, 100.0).upkeep
    assert kept.completeness_by_kind == (("bird", 1.0), ("mortar", 0.3333))
    assert kept.switches_by_kind == (("bird", 1),)
    assert (kept.switches, kept.switches_per_truth) == (1, 0.5)


def test_a_switch_after_a_long_break_is_a_switch() -> None:
    tracks = [*stay([0, 1], "1"), *stay([7], "2"), *stay([8], "1")]
    assert judge(stay(range(10), "a"), tracks).upkeep.switches == 2


def test_the_holder_is_the_object_held_most_and_the_earlier_listed_of_equals() -> None:
    truth = [*stay(range(5), "a"), *stay(range(5), "b", (5e3, 0, 0))]
    tracks = [
        *stay([0, 1], "even"), *stay([2, 3], "even", (5e3, 0, 0)),
        *stay([2], "more"), *stay([0, 1, 4], "more", (5e3, 0, 0)),
        *stay([0], "none", (0, 9e3, 0)),
    ]  # fmt: skip
    assert assign_tracks(truth_of(truth), tracks_of(tracks), 100.0).tolist() == [0, 1, -1]


def test_two_objects_that_one_track_held_in_turn_do_not_both_keep_it() -> None:
    """Track 1 held a, then b while a was elsewhere; where both are near it, a, the first listed, keeps it."""
    far = (0, 9e3, 0)
    truth = [(0.0, "a", HERE), (0.0, "b", far), (1.0, "a", far), (1.0, "b", HERE), (2.0, "a", HERE), (2.0, "b", HERE)]
    result = judge(truth, stay(range(3), "1"))
    assert result.upkeep.completeness == pytest.approx(3 / 6)
    assert result.upkeep.switches == 0


def test_set_distances_are_means_over_scans_and_the_norm_is_of_each_scan() -> None:
    """Scan 0: four objects, all missed, c = 100: GOSPA² = 4·c²/2. Scan 1: one object, 30 m off. Scan 2: nothing."""
    truth = [(0.0, name, (9e3 * k, 0, 0)) for k, name in enumerate("abcd")] + [(1.0, "a", HERE)]
    result = score(truth_of(truth), tracks_of([(1.0, "1", (30, 0, 0))]), 100.0, scan_times_s=np.array([5.0])).sets
    missed = math.sqrt(4 * 100**2 / 2)
    assert result.gospa_m == pytest.approx((missed + 30 + 0) / 3)
    assert result.gospa_norm_m == pytest.approx((missed / 2 + 30 + 0) / 3)
    assert result.ospa_m == pytest.approx((100 + 30 + 0) / 3)
    assert result.gospa_loc == pytest.approx(900 / (900 + 20000))
    assert (result.gospa_missed, result.gospa_false) == (pytest.approx(20000 / 20900), 0.0)


def test_nees_counts_the_pairs_that_claim_all_three_variances() -> None:
    """Errors (1, 2, 2), variances (1, 4, 4): 3. 3/7 of the variance: 7. The 95 % point of χ²(3) is 7.815."""
    truth = truth_of(flight([0.0, 1.0, 2.0, 3.0], "a", HERE, HERE))
    tracks = tracks_of(flight([0.0, 1.0, 2.0, 3.0], "1", (1, 2, 2), HERE), (1.0, 4.0, 4.0))
    tracks.variance_m2[1] *= 3 / 7
    tracks.variance_m2[2] = (1.0, 0.0, 4.0)
    tracks.variance_m2[3] = np.array([1.0, 4.0, 4.0]) * 3 / 7.82
    nees = score(truth, tracks, 100.0).nees
    assert nees is not None
    assert (nees.pairs, nees.inside_95.numerator, nees.inside_95.denominator) == (3, 2, 3)
    assert nees.mean == pytest.approx((3 + 7 + 7.82) / 3)
    assert (nees.low, nees.high) == (pytest.approx(2.70039 / 3, rel=1e-5), pytest.approx(19.02277 / 3, rel=1e-5))


def test_a_score_up_to_a_time_leaves_out_what_comes_later() -> None:
    result = judge(stay(range(10), "a"), [*stay(range(3), "1"), *stay(range(3, 8), "2")], t_max_s=4.0)
    assert (result.scans, result.tracks, result.unscored_points) == (5, 2, 3)
    assert result.upkeep.switches == 1


def test_nearest_of_nothing_is_infinitely_far() -> None:
    index, distance = nearest(np.zeros((0, 3)), np.zeros((2, 3)))
    assert (index.tolist(), distance.tolist()) == ([-1, -1], [math.inf, math.inf])
