"""What tells tracks what is learned, and what counts for it: Bayes' rule, turns, and corrections that lean one way."""

from __future__ import annotations

import numpy as np

from tocsin.kernels import births, imm
from tocsin.kernels.motion import BALLISTIC, MODELS, STRAIGHT, TURN


def test_tracks_of_the_first_scan_are_reweighed_by_bayes_rule():
    start, pm, born = np.array([0, 2, 3]), np.array([0.9, 0.9]), np.array([0.0, 1.0])
    r, first, density = np.array([0.4, 0.4]), np.array([0.3, 0.3]), np.array([1.0, 2.0, 3.0])
    births.reweigh_standing(5.0, 0.0, start, pm, born, r, first, density)
    np.testing.assert_allclose(r / (1 - r), [5 * 0.4 / 0.6, 0.4 / 0.6])
    np.testing.assert_allclose(first / (1 - first), [5 * 0.3 / 0.7, 0.3 / 0.7])
    weigh = (r[0] / (1 - r[0] * 0.9)) / (0.4 / (1 - 0.4 * 0.9))
    np.testing.assert_allclose(density, [weigh, 2 * weigh, 3.0])


def test_reweighing_kinds_is_bayes_rule():
    mu, r = np.zeros((2, MODELS)), np.array([0.4, 0.4])
    mu[:, TURN], mu[:, STRAIGHT], mu[:, BALLISTIC] = 0.5, 0.3, 0.2
    births.reweigh_kinds(2, 1.2, 0.1, np.array([1, 3]), mu, r)
    weight = np.array([0.3 * 0.1, 0.5 * 1.2, 0.2])
    np.testing.assert_allclose(mu[0, [STRAIGHT, TURN, BALLISTIC]], weight / weight.sum())
    np.testing.assert_allclose(r[0] / (1 - r[0]), 0.4 / 0.6 * weight.sum())
    assert r[1] == 0.4
    assert mu[1, TURN] == 0.5


def test_a_turn_is_counted_once_of_confirmed_tracks_however_they_waver():
    mu, ids, turning, turns = np.zeros((3, MODELS)), np.array([1, 2, 0]), np.zeros(3, np.int64), np.array([1.0, 10.0])
    for probability in (0.95, 0.3, 0.6, 0.95, 0.05, 0.95):
        mu[:, TURN] = [probability, 0.8, probability]
        mu[:, STRAIGHT] = 1.0 - mu[:, TURN]
        imm.count_turns(3, 2.0, ids, mu, turning, turns)
    assert turning.tolist() == [1, 0, 0]
    np.testing.assert_allclose(
        turns, [3.0, 10.0 + 2.0 * (2 + 6)], err_msg="the first turns twice, and flies 4 s straight"
    )


def test_a_new_rate_of_turns_is_told_by_bayes_rule_to_tracks_whose_models_stand_for_what_they_do():
    mu = np.tile([0.7, 0.3, 0.0, 0.0, 0.0], (2, 1))
    imm.reweigh_turns(2, 0.1, np.array([3, 2]), mu)
    np.testing.assert_allclose(mu[0], np.array([0.7, 0.03, 0.0, 0.0, 0.0]) / 0.73)
    np.testing.assert_allclose(mu[1], [0.7, 0.3, 0.0, 0.0, 0.0])
    imm.reweigh_turns(2, 10.0, np.array([3, 2]), mu)
    np.testing.assert_allclose(mu[0], mu[1])


def leaning(correlation, tracks=60, scans=80):
    """Sums over tracks whose corrections of velocity follow one another with a correlation."""
    rng, mu, sums = np.random.default_rng(7), np.zeros((tracks, MODELS)), np.zeros(2)
    mu[:, STRAIGHT] = 1.0
    lean, moved, last = np.zeros((3, tracks)), np.empty((tracks, 4)), np.zeros((tracks, 3))
    for _ in range(scans):
        fresh = rng.normal(size=(tracks, 3)) / np.sqrt(3.0)
        last = correlation * last + np.sqrt(1.0 - correlation**2) * fresh
        moved[:, :3], moved[:, 3] = last, 0.04
        imm.sum_leaning(tracks, np.ones(tracks, np.int64), np.full(tracks, 9), mu, moved, lean, sums)
    return sums[0] / np.sqrt(sums[1])


def test_corrections_that_follow_one_another_are_told_from_those_that_do_not():
    assert abs(leaning(0.0)) < 3.0
    assert leaning(0.1) > 3.0
    assert leaning(-0.1) < -3.0


def test_only_settled_tracks_in_straight_flight_that_were_seen_say_how_calm_it_is():
    mu = np.zeros((4, MODELS))
    mu[:, STRAIGHT] = [0.99, 0.99, 0.99, 0.9]
    mu[:, TURN] = 1.0 - mu[:, STRAIGHT]
    moved, lean, sums = np.full((4, 4), 0.5), np.ones((3, 4)), np.zeros(2)
    moved[2] = 0.0
    imm.sum_leaning(4, np.array([1, 0, 3, 4]), np.array([9, 9, 9, 9]), mu, moved, lean, sums)
    np.testing.assert_allclose(sums, [3.0, 9.0])
    np.testing.assert_allclose(lean[0], [0.9 + 0.5, 0.0, 1.0, 0.0])
    imm.sum_leaning(1, np.array([1]), np.array([3]), mu, moved, lean, sums)
    np.testing.assert_allclose(sums, [3.0, 9.0], err_msg="not settled")
