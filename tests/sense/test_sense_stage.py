"""Sense: bad rows become records, timing and health follow the sensors, refraction bends the right way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from tocsin import sense
from tocsin.frames import enu2aer, gaussian_radius_m
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain
from tocsin.sense.refraction import geometric_elevation

NAN = np.nan
NO_REPORTS = ReportTable(np.zeros(0), (), (), (), np.zeros((0, 3)), np.zeros(0), ())
GOOD = (5000.0, 1.0, 0.1, 10.0, 0.003, 0.003, -20.0, 1.0, NAN, NAN)


def plan_of(sensors=1, **changes) -> Plan:
    site = Site(
        "t", 33.8, 42.4, 188.0, gaussian_radius_m(33.8) + 188.0, "UTC", (), (), Terrain(0, 0, 1, np.zeros((0, 0)))
    )
    nan = np.full(sensors, NAN)
    table = SensorTable(
        tuple(f"s{i}" for i in range(sensors)), ("radar_3d",) * sensors, np.tile([10.0, 20.0, 5.0], (sensors, 1)),
        np.tile(np.eye(3), (sensors, 1, 1)), nan, nan, nan, nan,
    )  # fmt: skip
    return Plan("", site, table, **changes)


def batch(t, *rows, sensor=0) -> Batch:
    z = np.array(rows, float).reshape(-1, 10)
    return Batch(0, t, t, sensor, DetectionTable(np.arange(1, len(z) + 1), *z.T), NO_REPORTS, ())


def run(plan, *batches):
    state, out = sense.start(plan), []
    for b in batches:
        state, scan, sensed = sense.advance(plan, state, b)
        out.append((scan, sensed))
    return out


@pytest.mark.parametrize(
    ("place", "value", "column"),
    [
        (0, 0.0, "range_m"), (0, -5.0, "range_m"), (0, np.inf, "range_m"), (1, NAN, "azimuth_rad"),
        (1, 7.0, "azimuth_rad"), (2, 1.7, "elevation_rad"), (3, 0.0, "sigma_range_m"),
        (4, -1.0, "sigma_azimuth_rad"), (6, np.inf, "range_rate_mps"),
    ],
)  # fmt: skip
def test_a_bad_row_becomes_a_record_and_the_others_stay(place, value, column):
    bad = tuple(value if i == place else v for i, v in enumerate(GOOD))
    ((scan, sensed),) = run(plan_of(), batch(3.0, GOOD, bad, GOOD))
    assert scan.detections.row.tolist() == [1, 3]
    (error,) = sensed.errors
    assert (error.t_s, error.source, error.row, error.column) == (3.0, "s0", 2, column)
    assert error.value == repr(value)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 10), max_size=6))
def test_every_row_is_kept_or_named(rows):
    ((scan, sensed),) = run(plan_of(), batch(0.0, *rows))
    named = {e.row for e in sensed.errors}
    assert named.isdisjoint(scan.detections.row.tolist())
    assert named | set(scan.detections.row.tolist()) == set(range(1, len(rows) + 1))
    assert np.isfinite(scan.detections.sigma_range_m).all()


def test_rows_are_placed_in_the_site_frame_and_missing_ones_are_not():
    bearing, flat = (NAN, *GOOD[1:]), (*GOOD[:2], NAN, *GOOD[3:])
    ((scan, _),) = run(plan_of(), batch(0.0, GOOD, bearing, flat))
    aer = enu2aer(scan.position_m[0] - scan.sensor_position_m)
    np.testing.assert_allclose(aer, [1.0, 0.1, 5000.0])
    assert np.isnan(scan.position_m[1:]).any(axis=1).all()
    assert scan.complete
    assert scan.report_due


def test_missing_sigmas_take_the_kinds_default():
    ((scan, sensed),) = run(plan_of(), batch(0.0, (*GOOD[:3], NAN, NAN, NAN, NAN, NAN, NAN, NAN)))
    assert not sensed.errors
    assert scan.detections.sigma_range_m.tolist() == [15.0]


def test_unknown_sensor_and_endless_time_give_an_error_for_every_row():
    (scan, sensed), (_, other) = run(plan_of(), batch(0.0, GOOD, GOOD, sensor=4), batch(NAN, GOOD))
    assert [(e.row, e.column) for e in sensed.errors] == [(1, "sensor_id"), (2, "sensor_id")]
    assert scan.sensor_index == -1
    assert [e.column for e in other.errors] == ["t"]


def test_a_scan_too_late_is_refused_row_by_row_and_a_late_one_is_not_reported():
    out = run(plan_of(2), batch(100.0, GOOD), batch(98.5, GOOD, sensor=1), batch(90.0, GOOD, GOOD, sensor=1))
    assert out[1][0].sensor_index == 1
    assert not out[1][0].report_due
    assert [e.row for e in out[2][1].errors] == [1, 2]
    assert out[2][0].t_s == 100.0


def test_revisit_is_learned_causally_and_a_fragment_is_no_new_look():
    out = run(plan_of(), *(batch(t, GOOD) for t in (0.0, 2.0, 4.0, 6.0, 6.0)))
    assert np.isnan(out[0][0].revisit_s)
    assert out[3][0].revisit_s == 2.0
    assert [scan.complete for scan, _ in out] == [True, True, True, True, False]


def test_a_silent_sensor_is_noticed_and_so_is_its_return():
    ticks = [batch(float(t), sensor=-1) for t in range(3, 9)]
    out = run(plan_of(), *(batch(float(t), GOOD) for t in range(3)), *ticks, batch(9.0, GOOD))
    changes = [(h.t_s, h.state, h.silent_s) for _, sensed in out for h in sensed.health]
    assert changes == [(7.0, "silent", 5.0), (9.0, "alive", 7.0)]


def test_a_sensor_without_scans_is_incomplete_and_reports_once_a_second():
    out = run(plan_of(), *(batch(k * 0.05, GOOD) for k in range(100)))
    assert not any(scan.complete for scan, _ in out[20:])
    assert sum(scan.report_due for scan, _ in out[20:]) == 4


def test_refraction_agrees_with_a_ray_traced_through_the_standard_radio_atmosphere():
    radius, apparent = 6.371e6, 0.02

    def slope(_s, y):  # flat-earth height, angle; spherical layers: d(angle)/ds = cos/r + (dn/dh) cos
        height, angle, _around = y
        gradient = -315e-6 / 7350.0 * np.exp(-height / 7350.0)
        r = radius + height
        return [np.sin(angle), np.cos(angle) * (1 / r + gradient), np.cos(angle) / r]

    end = solve_ivp(slope, (0, 60e3), [0.0, apparent, 0.0], rtol=1e-9, atol=1e-9).y[:, -1]
    r, around = radius + end[0], end[2]
    true = np.arctan2(r * np.cos(around) - radius, r * np.sin(around))
    got = geometric_elevation(np.array([apparent]), np.array([60e3]), radius)[0]
    assert true < apparent
    assert got - apparent == pytest.approx(true - apparent, rel=0.15)
    assert geometric_elevation(np.array([0.1]), np.array([NAN]), radius)[0] == 0.1
