"""What is learned: how much clutter there is, what flies and how, what arrived; and when a track is pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_track_stage import Run, Sky, plan_of, straight

from tocsin.kernels import lifecycle
from tocsin.kernels.motion import BALLISTIC, MODELS, TURN
from tocsin.track import step
from tocsin.track.advance import arrived
from tocsin.track.step import arrival_rate, fast_share, turning_rate


def many(count, speed, seed=1):
    rng = np.random.default_rng(seed)
    places = np.column_stack([rng.uniform(-2e4, 2e4, (count, 2)), rng.uniform(100, 600, count)])
    headings = rng.uniform(0, 2 * np.pi, count)
    return [straight(p, (speed * np.sin(h), speed * np.cos(h), 0.0)) for p, h in zip(places, headings, strict=True)]


def test_clutter_is_told_from_targets_at_the_second_scan():
    """A sky of 150 targets and 20 false plots: the first guess is 70 % of all plots, the second scan knows better."""
    plan = plan_of()
    sky = Sky(plan, many(150, 30.0), clutter=20.0, range_rate=False)
    run = Run(plan).take(sky.batch(0))
    assert run.tracking.lore.guess[0] > 100.0
    run.take(sky.batch(1))
    assert run.tracking.lore.guess[0] < 60.0


@pytest.mark.parametrize(("targets", "clutter", "low", "high"), [(300, 60.0, 0.7, 0.95), (4, 300.0, 0.0, 0.1)])
def test_share_of_targets_in_the_first_scan_is_learned_from_the_next(targets, clutter, low, high):
    plan = plan_of()
    sky = Sky(plan, many(targets, 30.0), clutter=clutter, pd=0.9, range_rate=False)
    run = Run(plan).take(sky.batch(0))
    assert run.tracking.lore.first[2] == 0.3
    standing = run.tracking.lore.sky[4]
    run.take(sky.batch(1))
    _, began, share = run.tracking.lore.first
    assert low < share < high
    np.testing.assert_allclose(run.tracking.lore.sky[4], standing * share / 0.3)
    assert abs(share - targets * 0.9 / began) < 0.1
    found = run.tracking.bank
    early = found.real[lifecycle.BORN, : found.n] == 0.0
    sure = found.real[lifecycle.EXISTENCE, : found.n][early & (found.whole[lifecycle.HITS, : found.n] == 2)]
    assert (sure > 0.9).sum() >= 0.5 * targets


def test_two_radars_that_begin_at_once_share_the_first_scan():
    plan = plan_of((0, 0, 0), (500, -500, 0))
    sky = Sky(plan, many(100, 30.0), clutter=30.0, pd=0.9)
    run = Run(plan).take(sky.batch(0, sensor=0), sky.batch(0, sensor=1))
    began, bank = run.tracking.lore.first[1], run.tracking.bank
    assert began >= np.count_nonzero(bank.real[lifecycle.BORN, : bank.n] == 0.0) > 100
    run.take(sky.batch(1, sensor=0), sky.batch(1, sensor=1))
    assert abs(run.tracking.lore.first[2] - 100.0 / began) < 0.1


def test_stated_clutter_is_not_moved_by_what_targets_leave():
    plan = plan_of()
    plan.sensors.clutter_per_scan[:] = 33.0
    sky = Sky(plan, many(50, 30.0), clutter=20.0)
    run = Run(plan).take(sky.batch(0), sky.batch(1), sky.batch(2))
    assert run.tracking.lore.guess[0] == 33.0


def test_shares_of_kinds_follow_what_flies():
    plan = plan_of()
    found = {}
    for speed in (25.0, 220.0):
        sky = Sky(plan, many(100, speed), range_rate=False)
        run = Run(plan).take(*(sky.batch(t) for t in range(4)))
        found[speed] = fast_share(run.tracking.rules.birth, run.tracking.lore)
    assert found[25.0] < 0.1
    assert found[220.0] > 0.5


def test_what_is_found_late_did_not_all_arrive():
    plan = plan_of()
    sky = Sky(plan, many(200, 30.0))
    run = Run(plan).take(*(sky.batch(t) for t in range(3)))
    assert arrival_rate(run.tracking.rules, run.tracking.lore) < 1.0
    assert arrived(run.tracking, 1.0) < 0.02
    assert arrived(run.tracking, 60.0) > 0.98


def test_a_track_of_doubtful_detections_is_not_confirmed_until_they_are_its_own():
    real, whole = np.zeros((lifecycle.REALS, 3)), np.zeros((lifecycle.WHOLES + 1, 3), np.int64)
    mu, place = np.zeros((3, MODELS)), np.empty(3, np.int64)
    mu[:2, TURN], mu[2, BALLISTIC] = 1.0, 1.0
    real[lifecycle.EXISTENCE], real[lifecycle.FIRST], whole[lifecycle.HITS] = 0.99, 0.5, 4
    real[lifecycle.PURITY] = np.log([0.9, 0.8, 0.8])
    count = lifecycle.find_sure(3, 2, 0.98, 0.5, 250.0, 0.85, 0.7, mu, real, whole, place)
    assert place[:count].tolist() == [0, 2]


def test_purity_forgets():
    """Judged after detections of its own, a track is taken for pure again."""
    real, whole = np.zeros((lifecycle.REALS, 1)), np.zeros((lifecycle.WHOLES + 1, 1), np.int64)
    real[lifecycle.EXISTENCE] = 0.9
    seen = []
    for probability in (0.5, 1.0, 1.0, 1.0, 1.0):
        flag, one = np.zeros(1, np.int64), np.ones(1)
        cov = np.eye(6)[None]
        lifecycle.judge(1, 0.02, 0.04, np.zeros(1, np.int64), one, cov, probability * one, whole, real, flag)
        seen.append(np.exp(real[lifecycle.PURITY, 0]))
    assert seen[0] == 0.5
    assert np.all(np.diff(seen) > 0)
    assert seen[-1] > 0.8


def test_rate_of_turns_is_learned_from_those_that_turn_and_from_those_that_do_not():
    def weaving(place, heading, turn):
        def at(t):
            h = heading + (turn * (t - 8.0) if t > 8.0 else 0.0)
            e = 30.0 * min(t, 8.0) * np.array([np.sin(heading), np.cos(heading)])
            if t > 8.0:
                e = e + 30.0 / turn * np.array([np.cos(heading) - np.cos(h), np.sin(h) - np.sin(heading)])
            return np.array([*(place[:2] + e), place[2], 30.0 * np.sin(h), 30.0 * np.cos(h), 0.0])

        return at

    rates = []
    for turn in (1e-9, 0.15):
        rng, plan = np.random.default_rng(4), plan_of()
        places = np.column_stack([rng.uniform(-8e3, 8e3, (60, 2)), rng.uniform(100, 600, 60)])
        sky = Sky(plan, [weaving(p, h, turn) for p, h in zip(places, rng.uniform(0, 6.28, 60), strict=True)])
        tracking = Run(plan).take(*(sky.batch(t) for t in range(20))).tracking
        rates.append(turning_rate(tracking.rules, tracking.lore))
    usual = tracking.rules.motion.to_turn_ps
    assert 1e-6 <= rates[0] < 0.05 * usual
    assert rates[1] > 5.0 * usual
    assert tracking.lore.turns[0] <= 60.0, "each has turned once"


def all_turn_at_once(range_rate):
    """Thirty drones fly straight for 90 s and then turn: rms error of place from there on, ids before and behind."""

    def swerving(place, heading, begins=90.0, turn=0.1):
        def at(t):
            h = heading + turn * max(t - begins, 0.0)
            e = 30.0 * min(t, begins) * np.array([np.sin(heading), np.cos(heading)])
            e = e + 30.0 / turn * np.array([np.cos(heading) - np.cos(h), np.sin(h) - np.sin(heading)])
            return np.array([*(place[:2] + e), place[2], 30.0 * np.sin(h), 30.0 * np.cos(h), 0.0])

        return at

    rng, plan = np.random.default_rng(5), plan_of()
    places = np.column_stack([rng.uniform(-8e3, 8e3, (30, 2)), rng.uniform(100, 600, 30)])
    flights = [swerving(p, h) for p, h in zip(places, rng.uniform(0, 6.28, 30), strict=True)]
    sky, run, errors, ids = Sky(plan, flights, range_rate=range_rate), Run(plan), [], []
    for t in range(115):
        run.take(sky.batch(t))
        if t >= 89:
            truth = np.array([f(t)[:3] for f in flights])
            away = np.linalg.norm(truth[:, None] - run.table.state[None, :, :3], axis=2).min(axis=1)
            errors.append(np.sqrt(np.mean(away**2)))
            ids.append(run.table.track_id.tolist())
        if t == 89:
            rate = turning_rate(run.tracking.rules, run.tracking.lore)
    return errors, ids[0], ids[-1], rate


@pytest.mark.parametrize("range_rate", [True, False])
def test_who_has_flown_straight_is_still_believed_when_all_turn_at_once(range_rate, monkeypatch):
    errors, before, behind, rate = all_turn_at_once(range_rate)
    assert rate < 1e-4
    assert len(before) == 30
    assert behind == before
    monkeypatch.setattr(step, "TURN_RATE_MIN_PS", 0.002)
    usual, _, _, rate = all_turn_at_once(range_rate)
    assert rate == 0.002
    assert max(errors) < 1.1 * max(usual)
    assert np.sqrt(np.mean(np.square(errors))) < 1.05 * np.sqrt(np.mean(np.square(usual)))


def test_ticks_of_the_clock_between_scans_take_nothing_from_the_time_that_is_watched_for_turns():
    flights, seconds = [straight((5e3, 1e3, 300.0), (-30.0, 0.0, 0.0))], []
    for ticks in (False, True):
        plan = plan_of()
        sky, run = Sky(plan, flights), Run(plan)
        for t in range(0, 60, 4):
            look = sky.batch(t)
            run.take(look, *([replace(look, t_s=t + k, sensor_index=-1) for k in (1.0, 2.0, 3.0)] if ticks else []))
        seconds.append(run.tracking.lore.turns[1])
    assert seconds[0] > 5.0
    assert seconds[1] == pytest.approx(seconds[0], rel=0.05)


@pytest.mark.parametrize("gust", [0.0, 1.0])
def test_noise_of_straight_flight_is_learned_where_it_is_not_calm(gust):
    rng, plan = np.random.default_rng(6), plan_of()
    places = np.column_stack([rng.uniform(-6e3, 6e3, (40, 2)), rng.uniform(100, 600, 40)])
    headings, gusts, drift = rng.uniform(0, 2 * np.pi, 40), np.zeros((40, 3)), np.zeros((40, 3))
    velocity = 30.0 * np.column_stack([np.sin(headings), np.cos(headings), np.zeros(40)])
    truth = []
    for t in range(70):
        truth.append(np.column_stack([places + t * velocity + drift, velocity + gusts]))
        for _ in range(10):
            drift = drift + 0.1 * gusts
            gusts = np.exp(-0.005) * gusts + gust * np.sqrt(1.0 - np.exp(-0.01)) * rng.normal(size=(40, 3)) * [1, 1, 0]
    sky = Sky(plan, [lambda t, i=i: truth[int(t)][i] for i in range(40)], pd=0.9)
    lore = Run(plan).take(*(sky.batch(t) for t in range(70))).tracking.lore
    assert (lore.calm[0] > 1.0) == (gust > 0.0)
    assert 1.0 <= lore.calm[0] <= step.CALM_MOST


@pytest.mark.parametrize(
    ("leans", "noise", "then"), [(9.0, 1.0, 3.0), (-9.0, 3.0, 1.0), (9.0, 81.0, 81.0), (-9.0, 1.0, 1.0)]
)
def test_noise_of_straight_flight_moves_by_steps_and_within_bounds(leans, noise, then):
    tracking = Run(plan_of()).tracking
    tracking.lore.calm[:] = noise, leans, 4.0
    step.learn_calm(tracking.bank, tracking.lore, 0, 0.0, np.empty((0, 4)))
    assert tracking.lore.calm.tolist() == [then, 0.0, 0.0]
