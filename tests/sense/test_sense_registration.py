"""Registration as its user meets it: two radars, one of them off, and what is said and done about it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from tools import registration as bench

from tocsin import sense
from tocsin.records.detections import Batch

SEEDS = range(1, 6)
BIAS = np.array(bench.BIAS)


def at(played, t_s):
    return int(np.flatnonzero(np.array(played.t_s) <= t_s)[-1])


@lru_cache
def base(seed, biased=True, on=True):
    case = replace(bench.CASES["base"], duration_s=75.0)
    return bench.play(case if biased else replace(case, bias=(0.0,) * 4), seed, on=on)


def test_each_of_the_four_biases_is_found_within_20_percent_in_a_minute():
    found = np.array([base(seed).bias[at(base(seed), 61.0)] for seed in SEEDS])
    ratio = np.median(found[:, 1] / BIAS, axis=0)
    assert np.all(np.abs(ratio - 1.0) <= 0.2), ratio
    assert np.all(np.abs(np.median(found[:, 0] / BIAS, axis=0)) <= 0.2), "the other radar is found to be right"


def test_the_sigmas_are_honest():
    z = []
    for seed in SEEDS:
        k = at(base(seed), 61.0)
        truth = np.zeros((2, 4))
        truth[1] = BIAS
        z.append((base(seed).bias[k] - truth) / base(seed).sigma[k])
    assert 0.4 < np.sqrt(np.mean(np.square(z))) < 1.4


def test_fused_tracks_are_as_good_as_without_bias_and_much_worse_without_registration():
    ratio = [base(s).mean_gospa(61.0) / base(s, biased=False, on=False).mean_gospa(61.0) for s in SEEDS]
    assert np.median(ratio) <= 1.05, ratio
    assert base(1, on=False).mean_gospa(61.0) > 2.0 * base(1).mean_gospa(61.0)


def test_radars_without_bias_are_left_alone_and_their_tracks_are_the_same_to_the_bit():
    for seed in (1, 2):
        played = base(seed, biased=False)
        assert not any(played.applied)
        assert played.gospa_m == base(seed, biased=False, on=False).gospa_m
        assert played.said, "that nothing was found is said too"
        assert not any(r.applied for r in played.said)


@pytest.mark.parametrize("seed", [1, 2])
def test_co_located_radars_without_reports_share_only_their_difference(seed):
    case = replace(bench.CASES["co-located, no ADS-B"], duration_s=60.0)
    played = bench.play(case, seed)
    west, east = played.bias[-1]
    np.testing.assert_allclose((east - west) / BIAS, 1.0, atol=0.2)
    np.testing.assert_allclose((east + west) / BIAS, 0.0, atol=0.01, err_msg="an absolute bias is made up")
    sigma = np.array([100.0, 0.0087, 0.0087, 0.3]) / np.sqrt(2)
    np.testing.assert_allclose(played.sigma[-1], np.tile(sigma, (2, 1)), rtol=0.05)
    (last,) = (r for r in played.said[-1:])
    assert last.applied
    kinds = ("range", "azimuth", "elevation", "clock")
    assert last.unobservable == tuple(f"{k} of west and east: only the difference can be observed" for k in kinds)
    assert "only the difference" in last.why


def test_one_radar_alone_is_registered_on_aircraft_that_report():
    case = replace(bench.CASES["one radar alone with ADS-B"], duration_s=61.0)
    found = np.array([bench.play(case, seed).bias[-1][1] for seed in (1, 2, 3)])
    assert np.all(np.abs(np.median(found / BIAS, axis=0) - 1.0) < 0.3), found / BIAS


def test_a_radar_that_is_moved_is_found_again():
    case = replace(bench.CASES["base"], duration_s=61.0)
    plan = bench.plan_of(case, True)
    sky = bench.fliers(case, np.random.default_rng([1, 1]))
    early = bench.batches(case, plan, sky, 1)
    late = bench.batches(replace(case, bias=(-80.0, -BIAS[1], BIAS[2], 0.0)), plan, sky, 1)
    batches = [a if a.t_s < 25.0 else b for a, b in zip(early, late, strict=True)]
    sensing, tracking, table = sense.start(plan), bench.track.start(plan), None
    for batch in batches:
        sensing, scan, _ = sense.advance(plan, sensing, batch, table)
        tracking, step = bench.track.advance(plan, tracking, scan)
        table = step.table
    mean, _, applied = sense.belief(sensing)
    assert applied
    assert mean[1, 0] == pytest.approx(-80.0, abs=16.0)
    assert mean[1, 1] == pytest.approx(-BIAS[1], abs=0.2 * BIAS[1])


def test_a_lone_radar_without_reports_is_not_registered_and_keeps_nothing():
    case = replace(bench.CASES["base"], duration_s=10.0, broadcasting=0, alone=True)
    plan = bench.plan_of(case, True)
    state, table = sense.start(plan), None
    sky = bench.fliers(case, np.random.default_rng(1))
    tracking = bench.track.start(plan)
    for batch in bench.batches(case, plan, sky, 1):
        state, scan, sensed = sense.advance(plan, state, batch, table)
        tracking, step = bench.track.advance(plan, tracking, scan)
        table = step.table
        assert sensed.registrations == ()
        assert scan.clock_bias_s == 0.0
    assert not state.register.crowd.slot_of
    assert not state.register.waiting


def test_a_corrected_scan_is_moved_by_the_bias_and_nothing_else():
    played_plan = bench.plan_of(bench.CASES["base"], True)
    state = sense.start(played_plan)
    state.register.belief.applied = True
    state.register.belief.found[4:] = [0.6, 0.5, -0.5, 1.0]
    sky = bench.fliers(bench.CASES["base"], np.random.default_rng(1))
    batch: Batch = bench.batches(replace(bench.CASES["base"], duration_s=1.0), played_plan, sky, 1)[1]
    _, scan, _ = sense.advance(played_plan, state, batch)
    np.testing.assert_allclose(batch.detections.range_m - scan.detections.range_m, 60.0)
    np.testing.assert_allclose(
        np.rad2deg(batch.detections.elevation_rad - scan.detections.elevation_rad), -0.25, atol=2e-3
    )
    turn = np.rad2deg(batch.detections.azimuth_rad - scan.detections.azimuth_rad)
    np.testing.assert_allclose((turn + 180.0) % 360.0 - 180.0, 0.25, atol=2e-3)
    assert scan.clock_bias_s == pytest.approx(0.3)
    assert scan.t_s == batch.t_s
    assert np.isfinite(scan.position_m).all()


def test_a_site_of_very_many_sensors_is_not_registered():
    plan = bench.plan_of(bench.CASES["base"], True)
    many = replace(plan.sensors, sensor_id=tuple(f"s{i}" for i in range(33)))
    assert sense.start(replace(plan, sensors=many)).register is None
    assert sense.start(plan).register is not None
