"""What stands beside the filters: existence, merging, the rules by which tracks end, widening, gates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tocsin.kernels import imm, lifecycle
from tocsin.kernels.gating import gate_boxes
from tocsin.kernels.lifecycle import (
    CELL,
    EXISTENCE,
    FIRST,
    HITS,
    ID,
    KEEP,
    PEAK,
    RATE_CELL,
    REALS,
    RULE_DROPPED,
    RULE_GROUND,
    RULE_LEFT,
    RULE_MERGED,
    RULE_MISSED,
    SENSOR,
    WHOLES,
)
from tocsin.kernels.motion import BALLISTIC, HOVER, MODELS, STRAIGHT, THRUST, TURN, Motion

FALLEN, PURITY = lifecycle.FALLEN, lifecycle.PURITY
MOTION = Motion()


def duplicates(gap_m: float = 5.0, claims: tuple[float, float] = (0.5, 0.4), same_detection: bool = True):
    """Two tracks of existence 0.8 and 0.7, `gap_m` apart east; flags, into, existence."""
    mean, cov = np.zeros((2, 6)), np.tile(np.diag([50.0, 50, 50, 2, 2, 2]), (2, 1, 1))
    mean[1, 0] = gap_m
    real = np.zeros((REALS, 2))
    real[EXISTENCE] = [0.8, 0.7]
    flag, into = np.zeros(2, np.int64), np.zeros(2, np.int64)
    det = np.array([0, 0 if same_detection else 1])
    lifecycle.mark_duplicates(np.array([0, 1, 2]), det, np.array(claims), 2, mean, cov, real, flag, into)
    return flag, into, real[EXISTENCE]


def test_of_two_tracks_that_are_one_the_first_stays_with_the_existence_of_both():
    """Something is there unless both are nothing: 1 - 0.2 · 0.3 = 0.94."""
    flag, into, existence = duplicates()
    assert flag.tolist() == [KEEP, RULE_MERGED]
    assert into[1] == 0
    np.testing.assert_allclose(existence, [0.94, 0.7])


@pytest.mark.parametrize(
    ("gap_m", "claims", "same", "merged"),
    [
        (24.4, (0.5, 0.4), True, True),  # 24.5² over summed variances of 100 is six, one for each of six axes
        (24.6, (0.5, 0.4), True, False),
        (5.0, (0.081, 0.071), True, True),  # each must claim a tenth of its existence
        (5.0, (0.079, 0.4), True, False),
        (5.0, (0.5, 0.069), True, False),
        (5.0, (0.5, 0.4), False, False),
    ],
)
def test_tracks_are_one_if_they_agree_in_state_and_claim_one_detection(gap_m, claims, same, merged):
    flag, _, existence = duplicates(gap_m, claims, same)
    assert bool(flag[1] == RULE_MERGED) is merged
    assert merged or existence.tolist() == [0.8, 0.7]


def test_existence_fades_with_the_lifetime_and_ends_below_the_ground():
    """A fall with its place 0, 1 and 2 sigmas above the ground: half, 15.9 % and 2.3 % of it lie below."""
    n = 5
    mu, x, p = np.zeros((n, MODELS)), np.zeros((n, MODELS, 7)), np.tile(np.eye(7) * 100.0, (n, MODELS, 1, 1))
    mu[:, BALLISTIC], x[:, BALLISTIC, 5] = 1.0, -50.0
    x[:, BALLISTIC, 2] = [0.0, 10.0, 20.0, 0.0, 0.0]
    x[3, BALLISTIC, 5] = -4.9  # hardly falling
    mu[4, BALLISTIC] = 0.01
    real = np.zeros((REALS, n))
    real[EXISTENCE], real[FALLEN] = 0.9, np.nan
    lifecycle.age_existence(n, 2.0, 100.0, MOTION, np.zeros(3), np.zeros((0, 0)), mu, x, p, real)
    below = np.array([0.5, 0.158655, 0.022750, 0.0, 0.0])
    np.testing.assert_allclose(real[FALLEN], below, atol=1e-6)
    np.testing.assert_allclose(real[EXISTENCE], 0.9 * math.exp(-0.02) * (1.0 - below), atol=1e-6)


def test_ground_that_rises_takes_what_falls_earlier():
    mu, x, p = np.zeros((1, MODELS)), np.zeros((1, MODELS, 7)), np.tile(np.eye(7) * 100.0, (1, MODELS, 1, 1))
    mu[0, BALLISTIC], x[0, BALLISTIC, 5], x[0, BALLISTIC, :3] = 0.5, -50.0, [150.0, 50.0, 230.0]
    real = np.zeros((REALS, 1))
    real[EXISTENCE] = 1.0
    head, level = np.array([0.0, 0.0, 100.0]), np.array([[100.0, 200.0, 300.0], [140.0, 240.0, 340.0]])
    assert lifecycle.terrain_level(head, level, 150.0, 50.0) == pytest.approx(270.0)
    assert lifecycle.terrain_level(head, level, 25.0, 75.0) == pytest.approx(100.0 + 25.0 + 30.0)
    assert lifecycle.terrain_level(head, level, -900.0, 900.0) == 140.0
    assert lifecycle.terrain_level(head, level, 900.0, -900.0) == 300.0
    assert lifecycle.terrain_level(head, level[:1], 50.0, 30.0) == pytest.approx(150.0)
    lifecycle.age_existence(1, 0.0, 100.0, MOTION, head, level, mu, x, p, real)
    np.testing.assert_allclose(real[FALLEN], 0.5, atol=1e-4)  # four sigmas below, of half a probability
    np.testing.assert_allclose(real[EXISTENCE], 0.5, atol=1e-4)


def judged(existence, *, peak=1.0, track_id=7, row=-1, fallen=0.0, pm=0.9, spread=100.0, flag=KEEP):
    real, whole = np.zeros((REALS, 1)), np.zeros((WHOLES + 1, 1), np.int64)
    real[EXISTENCE], real[PEAK], real[FALLEN], whole[ID] = existence, peak, fallen, track_id
    cov, flags = np.diag([1.0, spread**2, 1, 1, 1, 1])[None], np.array([flag])
    lifecycle.judge(1, 0.1, 0.3, np.array([row]), np.array([pm]), cov, np.array([0.5]), whole, real, flags)
    return flags[0], real


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        ({"existence": 0.11}, KEEP),
        ({"existence": 0.09}, RULE_MISSED),
        ({"existence": 0.45, "fallen": 0.51}, RULE_GROUND),
        ({"existence": 0.45, "fallen": 0.49}, KEEP),
        ({"existence": 0.55, "fallen": 0.6}, KEEP),
        ({"existence": 0.45, "fallen": 0.6, "row": 3}, KEEP),
        ({"existence": 0.9, "spread": 1499.0}, KEEP),
        ({"existence": 0.9, "spread": 1501.0}, RULE_MISSED),
        ({"existence": 0.9, "spread": 1501.0, "pm": 0.0}, RULE_LEFT),
        ({"existence": 0.29, "track_id": 0, "peak": 1.0}, RULE_DROPPED),
        ({"existence": 0.31, "track_id": 0, "peak": 1.0}, KEEP),
        ({"existence": 0.2, "track_id": 0, "peak": 0.5}, KEEP),
        ({"existence": 0.9, "track_id": 0, "spread": 1501.0}, RULE_DROPPED),
        ({"existence": 0.01, "flag": RULE_MERGED}, RULE_MERGED),
    ],
)
def test_each_rule_by_which_a_track_ends(case, rule):
    assert judged(**case)[0] == rule


def test_a_detection_sets_the_peak_and_purity_forgets_by_a_share():
    _, real = judged(0.6, row=2, peak=0.2)
    assert real[PEAK, 0] == 0.6
    assert real[PURITY, 0] == pytest.approx(math.log(0.5))
    _, coasting = judged(0.6, peak=0.2)
    assert coasting[PEAK, 0] == 0.2
    real[PURITY] = -1.0
    whole = np.zeros((WHOLES + 1, 1), np.int64)
    lifecycle.judge(
        1, 0.1, 0.3, np.array([0]), np.zeros(1), np.eye(6)[None], np.array([0.0]), whole, real, np.zeros(1, np.int64)
    )
    assert real[PURITY, 0] == pytest.approx(0.7 * -1.0 + math.log(1e-3))


def test_looks_in_vain_count_once_a_detection_shows_that_the_target_was_there():
    whole, seen, real = np.zeros((WHOLES + 2, 3), np.int64), np.zeros((2, 2)), np.zeros((REALS, 3))
    whole[ID], real[EXISTENCE] = [1, 2, 0], [0.95, 0.89, 0.95]

    def look(s, row, pm=0.8):
        lifecycle.learn_detection(3, s, np.full(3, row), np.full(3, pm), real, whole, seen)

    look(0, -1)
    look(0, -1)
    look(1, -1)
    look(1, -1, pm=0.0)  # out of its sight
    np.testing.assert_array_equal(whole[WHOLES:], [[2, 2, 0], [1, 1, 0]])
    np.testing.assert_array_equal(seen, 0.0)
    look(1, 4)  # of the three the second is not sure, and the third not confirmed
    np.testing.assert_array_equal(seen, [[0.0, 2.0], [1.0, 2.0]])
    np.testing.assert_array_equal(whole[WHOLES:], [[0, 2, 0], [0, 1, 0]])


def test_clutter_is_where_dropped_tracks_began():
    whole, counts, rates = np.zeros((WHOLES, 4), np.int64), np.zeros((2, 3)), np.zeros((2, 5))
    whole[SENSOR], whole[CELL], whole[RATE_CELL] = [0, 1, 1, 0], [2, 0, -1, 1], [4, -1, 0, 1]
    lifecycle.learn_clutter(4, np.array([RULE_DROPPED] * 3 + [RULE_MISSED]), whole, counts, rates)
    np.testing.assert_array_equal(counts, [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(rates, [[0, 0, 0, 0, 1], [1, 0, 0, 0, 0]])


def test_compacting_keeps_the_living_in_order_and_whole():
    rng = np.random.default_rng(3)
    n, flag = 6, np.array([0, 3, 0, 0, 1, 0])
    mu, x, p = rng.random((n, MODELS)) + 0.1, rng.normal(size=(n, MODELS, 7)), rng.normal(size=(n, MODELS, 7, 7))
    real, whole = rng.normal(size=(REALS, n)), rng.integers(0, 99, (WHOLES + 2, n))
    mean, cov, row, sure = rng.normal(size=(n, 6)), rng.normal(size=(n, 6, 6)), np.arange(n), rng.random(n)
    bank = (mu, x, p, real, whole, mean, cov, row, sure)
    alive = flag == KEEP
    expected = [a[:, alive] if a is real or a is whole else a[alive] for a in bank]
    expected = [a.copy() for a in expected]
    assert lifecycle.compact(n, flag, *bank) == 4
    for found, wanted in zip(bank, expected, strict=True):
        np.testing.assert_array_equal(found[:, :4] if found is real or found is whole else found[:4], wanted)


def test_the_books_of_a_new_track():
    real, whole = np.full((REALS, 4), np.nan), np.full((WHOLES + 2, 4), -9)
    real[EXISTENCE] = [0.1, 0.2, 0.3, 0.4]
    row, sure, pm = np.full(4, -9), np.full(4, np.nan), np.full(4, np.nan)
    source, cell, rate_cell = np.array([3, 1]), np.array([0, 10, 20, 30]), np.array([0, -1, 2, 33])
    lifecycle.begin_tracks(1, 3, 12.5, 6, 1, source, cell, rate_cell, real, whole, row, sure, pm)
    np.testing.assert_array_equal(real[lifecycle.BORN, 1:3], 12.5)
    np.testing.assert_array_equal(real[lifecycle.UPDATED, 1:3], 12.5)
    np.testing.assert_array_equal(real[lifecycle.SURPRISE, 1:3], 1.0)
    np.testing.assert_array_equal(real[[FALLEN, PURITY]][:, 1:3], 0.0)
    np.testing.assert_array_equal(real[[PEAK, FIRST]][:, 1:3], [[0.2, 0.3]] * 2)
    np.testing.assert_array_equal(real[lifecycle.LEAN : lifecycle.LEAN + 3, 1:3], 0.0)
    np.testing.assert_array_equal(whole[lifecycle.KEY, 1:3], [6 * 2**24 + 4, 6 * 2**24 + 2])
    np.testing.assert_array_equal(whole[[ID, HITS, lifecycle.TURNING]][:, 1:3], [[0, 0], [1, 1], [0, 0]])
    np.testing.assert_array_equal(whole[[CELL, RATE_CELL, SENSOR]][:, 1:3], [[30, 10], [33, -1], [1, 1]])
    np.testing.assert_array_equal(whole[WHOLES:, 1:3], 0)
    assert (row.tolist(), sure[1:3].tolist(), pm[1:3].tolist()) == ([-9, 3, 1, -9], [1.0, 1.0], [0.0, 0.0])
    assert np.isnan(sure[[0, 3]]).all()
    assert (whole[:, [0, 3]] == -9).all()


@pytest.mark.parametrize(
    ("case", "sure"),
    [
        ({}, True),
        ({"exists": 0.969}, False),
        ({"track_id": 4}, False),
        ({"hits": 2}, False),
        ({"purity": math.log(0.49)}, False),
        ({"falls": True, "purity": math.log(0.49)}, True),
        ({"falls": True, "purity": math.log(0.29)}, False),
        ({"falls": True, "exists": 0.91, "hits": 2, "least": 2, "first": 0.09}, True),  # odds 10.1 against 0.099
        ({"falls": True, "exists": 0.91, "hits": 2, "least": 2, "first": 0.1}, False),
        ({"falls": True, "exists": 0.89, "hits": 2, "least": 2, "first": 0.01}, False),
        ({"falls": True, "exists": 0.91, "hits": 3, "least": 2, "first": 0.01}, False),
        ({"exists": 0.91, "hits": 2, "least": 2, "first": 0.01}, False),
    ],
)
def test_what_earns_an_id(case, sure):
    mu, real, whole = np.zeros((1, MODELS)), np.zeros((REALS, 1)), np.zeros((WHOLES, 1), np.int64)
    mu[0, STRAIGHT] = 1.0
    if case.get("falls"):
        mu[0] = 0.0
        mu[0, [BALLISTIC, THRUST, TURN]] = [0.3, 0.2, 0.5]
    real[EXISTENCE], real[FIRST] = case.get("exists", 0.971), case.get("first", 0.5)
    real[PURITY], whole[HITS] = case.get("purity", math.log(0.51)), case.get("hits", 3)
    whole[ID] = case.get("track_id", 0)
    place = np.full(1, -9)
    count = lifecycle.find_sure(1, case.get("least", 3), 0.97, 0.9, 100.0, 0.5, 0.3, mu, real, whole, place)
    assert (count, place[0]) == ((1, 0) if sure else (0, -9))


def test_what_is_listed_are_the_rows_of_the_places():
    rng = np.random.default_rng(8)
    place, n = np.array([2, 0]), 3
    mu, mean, cov = rng.random((n, MODELS)), rng.normal(size=(n, 6)), rng.normal(size=(n, 6, 6))
    real, whole, row = rng.normal(size=(REALS, n)), rng.integers(0, 9, (WHOLES, n)), np.array([5, 6, 7])
    sure = rng.random(n)
    out = (np.full((2, MODELS), np.nan), np.full((3, 2), np.nan), np.full(2, -9), np.full((2, 6), np.nan),
           np.full((2, 6, 6), np.nan), np.full(2, -9), np.full(2, np.nan))  # fmt: skip
    lifecycle.list_tracks(place, mu, real, whole, mean, cov, row, sure, *out)
    wanted = (mu[place], real[[EXISTENCE, lifecycle.BORN, lifecycle.UPDATED]][:, place], whole[HITS, place],
              mean[place], cov[place], row[place], sure[place])  # fmt: skip
    for found, expected in zip(out, wanted, strict=True):
        np.testing.assert_array_equal(found, expected)


def widened(surprise, spread=1.0, mu=(1.0, 0.0, 0.0, 0.0, 0.0)):
    """Covariance of a settled straight track after a prediction of no time but a moment."""
    x, p = (
        np.zeros((1, MODELS, 7)),
        np.tile(np.diag([100.0, 100, 100, spread, spread, spread, 0.01]), (1, MODELS, 1, 1)),
    )
    x[0, :, 3] = 100.0
    out = (np.full((1, MODELS), np.nan), np.full((1, MODELS, 7), np.nan), np.full((1, MODELS, 7, 7), np.nan))
    imm.predict_tracks(
        1, 100.0, 1e-6, MOTION, np.array([9]), np.zeros(1), np.array([surprise]), np.zeros(1, np.int64),
        np.array([mu]), x, p, *out,
    )  # fmt: skip
    return out


@pytest.mark.parametrize(("surprise", "factor"), [(1.0, 1.0), (2.0, 1.0), (3.0, 3.0), (6.0, 6.0), (40.0, 6.0)])
def test_a_surprised_track_is_widened_by_its_surprise_and_at_most_sixfold(surprise, factor):
    _, _, p = widened(surprise)
    np.testing.assert_allclose(p[0, STRAIGHT, 0, 0], 100.0 * factor, rtol=1e-3)
    np.testing.assert_allclose(p[0, STRAIGHT, 3, 3], factor, rtol=1e-3)


def test_what_knows_nothing_of_its_velocity_is_not_widened_further():
    wide = 400.0**2 / 3.0
    np.testing.assert_allclose(widened(6.0, wide * 1.001)[2][0, STRAIGHT, 0, 0], 100.0, rtol=1e-3)
    np.testing.assert_allclose(widened(6.0, wide * 0.99)[2][0, STRAIGHT, 0, 0], 600.0, rtol=1e-3)


def test_the_gate_of_a_model_holds_its_place_the_detections_spread_along_and_across_the_sight():
    """Along the line of sight a detection is off by its range error, across it by its distance times its angle."""
    gate, angle, reach, sensor = 16.0, 0.01, 30.0, np.array([1000.0, 2000.0, 0.0])
    mu, x, p = np.zeros(MODELS), np.zeros((MODELS, 7)), np.tile(np.eye(7), (MODELS, 1, 1))
    mu[[STRAIGHT, HOVER]] = 0.5
    x[STRAIGHT, :3], p[STRAIGHT, 0, 0], p[STRAIGHT, 1, 1] = [7000.0, 10000.0, 0.0], 400.0, 900.0
    x[HOVER, :3] = sensor
    x[TURN] = np.nan
    box = np.full((MODELS + 1, 4), np.nan)
    gate_boxes(gate, angle, reach, sensor, mu, x, p, box)
    # 10 km away, 3/5 to the east and 4/5 to the north: 30 m along, 100 m across.
    east = math.sqrt(gate * (400.0 + 0.36 * 900.0 + 0.64 * 1e4))
    north = math.sqrt(gate * (900.0 + 0.64 * 900.0 + 0.36 * 1e4))
    np.testing.assert_allclose(box[STRAIGHT], [7000.0 - east, 7000.0 + east, 1e4 - north, 1e4 + north])
    np.testing.assert_allclose(box[HOVER], [1000.0 - 4.0, 1004.0, 2000.0 - 4.0, 2004.0])
    assert np.isinf(box[TURN, 0])
    np.testing.assert_allclose(box[MODELS], [996.0, 7000.0 + east, 1996.0, 1e4 + north])


def test_no_detection_of_a_track_falls_outside_its_box():
    rng = np.random.default_rng(2)
    place, sensor = np.array([3000.0, 500.0, 800.0]), np.zeros(3)
    mu, x, p = np.zeros(MODELS), np.zeros((MODELS, 7)), np.tile(np.eye(7) * 25.0, (MODELS, 1, 1))
    mu[STRAIGHT], x[STRAIGHT, :3] = 1.0, place
    box = np.full((MODELS + 1, 4), np.nan)
    gate_boxes(1.0, 0.01, 50.0, sensor, mu, x, p, box)
    far, sight = np.linalg.norm(place), place / np.linalg.norm(place)
    noise = (
        25.0 * np.eye(3) + 2500.0 * np.outer(sight, sight) + (0.01 * far) ** 2 * (np.eye(3) - np.outer(sight, sight))
    )
    drawn = rng.multivariate_normal(place, noise, 40_000)
    for axis in range(2):
        half = 0.5 * (box[STRAIGHT, 2 * axis + 1] - box[STRAIGHT, 2 * axis])
        np.testing.assert_allclose(half, drawn[:, axis].std(), rtol=0.02)
