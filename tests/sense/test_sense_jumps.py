"""A time far ahead of all others: one wrong row does not make the rest too late, and a true gap costs one scan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_sense_stage import GOOD, batch, plan_of, run

from tocsin.sense.advance import JUMP_S


def times_taken(out):
    return [scan.t_s for scan, sensed in out if scan.sensor_index >= 0]


def test_one_row_far_in_the_future_is_an_error_and_the_rest_goes_on():
    future = batch(1e6, GOOD, GOOD)
    out = run(plan_of(2), batch(1.0, GOOD), future, batch(2.0, GOOD), batch(3.0, GOOD, sensor=1))
    assert times_taken(out) == [1.0, 2.0, 3.0]
    errors = out[1][1].errors
    assert [(e.row, e.column, e.value, e.source) for e in errors] == [
        (1, "t", "1000000.0", "s0"),
        (2, "t", "1000000.0", "s0"),
    ]
    assert "999999.000 s ahead" in errors[0].problem
    assert not any(sensed.errors for _, sensed in out[2:])


def test_a_sensor_whose_clock_is_an_hour_ahead_never_takes_over():
    scans = []
    for k in range(10):
        scans += [batch(float(k), GOOD), batch(3600.0 + k, GOOD, sensor=1)]
    out = run(plan_of(2), *scans)
    assert times_taken(out) == [float(k) for k in range(10)]
    assert sum(len(sensed.errors) for _, sensed in out) == 10


@pytest.mark.parametrize("gap", [JUMP_S + 1.0, 7200.0])
def test_after_a_true_gap_the_second_scan_is_taken(gap):
    out = run(plan_of(), batch(0.0, GOOD), batch(gap, GOOD), batch(gap + 1.0, GOOD), batch(gap + 2.0, GOOD))
    assert times_taken(out) == [0.0, gap + 1.0, gap + 2.0]
    assert [len(sensed.errors) for _, sensed in out] == [0, 1, 0, 0]


def test_a_shorter_gap_costs_nothing():
    out = run(plan_of(), batch(0.0, GOOD), batch(JUMP_S, GOOD))
    assert times_taken(out) == [0.0, JUMP_S]


def test_a_gap_that_arrivals_bear_out_costs_nothing():
    after = replace(batch(500.0, GOOD), t_arrival_s=500.3)
    out = run(plan_of(), batch(0.0, GOOD), after)
    assert times_taken(out) == [0.0, 500.0]
    assert not any(sensed.errors for _, sensed in out)


def test_the_clock_itself_is_believed():
    tick = replace(batch(500.0), sensor_index=-1)
    out = run(plan_of(), batch(0.0, GOOD), tick, batch(500.5, GOOD))
    assert times_taken(out) == [0.0, 500.5]
