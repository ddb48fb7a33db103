"""Cameras and direction finders: no range, and what each cannot see."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sensing_cases import make_mount, things

from tocsin.records.scenario import FlyerSpec, SensorSpec, WaypointSpec
from tocsin.world.motion import MOVER_KINDS
from tocsin.world.passive import CYCLES_AT_REFERENCE, SIZE_M, Camera, DirectionFinder, target_transfer
from tocsin.world.streams import Streams

LEG = (WaypointSpec(east_m=0.0, north_m=0.0, height_m=50.0, speed_mps=10.0),)


def camera(**changes: object) -> Camera:
    values = {"id": "c", "kind": "eo_ir", "clutter_per_scan": 0.0, "reference_range_m": 4000.0, **changes}
    return Camera(SensorSpec(**values), make_mount(), Streams(3, "c"), ideal=False)


def finder(kind: str, emits: bool, **changes: object) -> DirectionFinder:
    values = {"id": "d", "kind": "rf_df", "clutter_per_scan": 0.0, "sigma_azimuth_deg": 2.0, **changes}
    flyer = FlyerSpec(id="x", kind=kind, waypoints=LEG, rf_emits=emits)
    return DirectionFinder(SensorSpec(**values), make_mount(), Streams(4, "d"), False, lambda _id: flyer)


def around(n: int, range_m: float):
    angle = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
    return np.stack([range_m * np.sin(angle), range_m * np.cos(angle), np.full(n, 210.0)], axis=-1)


def test_the_transfer_function_has_its_defining_values() -> None:
    assert target_transfer(np.array([1.0])) == pytest.approx(0.5)
    assert target_transfer(np.array([CYCLES_AT_REFERENCE])) == pytest.approx(0.9, abs=1e-9)
    assert np.all(np.diff(target_transfer(np.linspace(0.0, 20.0, 200))) >= 0.0)
    assert set(SIZE_M) == set(MOVER_KINDS)


def test_a_camera_gives_two_angles_and_sees_the_reference_size_nine_times_in_ten() -> None:
    n, distance = 3000, np.hypot(4000.0, 200.0)
    plots = camera(reference_range_m=distance, sigma_azimuth_deg=0.1).scan(things(around(n, 4000.0), kind="fixed_wing"))
    assert stats.binomtest(len(plots.origin), n, 0.9).pvalue > 1e-4
    d = plots.detections
    assert np.isnan(d.range_m).all()
    assert np.isnan(d.rcs_dbsm).all()
    truth = np.array([2.0 * np.pi * int(name.split("-")[1]) / n for name in plots.origin])
    error = np.angle(np.exp(1j * (d.azimuth_rad - truth)))
    assert stats.kstest(error / np.deg2rad(0.1), "norm").pvalue > 1e-4
    assert d.elevation_rad.mean() == pytest.approx(np.arctan2(200.0, 4000.0), abs=1e-3)


def test_a_smaller_thing_is_seen_as_far_as_it_is_smaller() -> None:
    near, far = (
        camera().scan(things(around(2000, 1000.0), kind="bird")),
        camera().scan(things(around(2000, 4000.0), kind="bird")),
    )
    for plots, distance in ((near, 1000.0), (far, 4000.0)):
        expected = target_transfer(CYCLES_AT_REFERENCE * SIZE_M["bird"] * 4000.0 / np.hypot(distance, 200.0))
        assert stats.binomtest(len(plots.origin), 2000, float(expected)).pvalue > 1e-4


def test_a_direction_finder_hears_only_drones_that_emit() -> None:
    truth = things(around(200, 5000.0), kind="multirotor")
    heard = finder("multirotor", True).scan(truth)
    assert len(heard.origin) > 190
    assert np.isnan(heard.detections.elevation_rad).all()
    assert np.isnan(heard.detections.range_m).all()
    assert np.isnan(heard.detections.range_rate_mps).all()
    assert finder("multirotor", False).scan(truth).origin == ()
    assert finder("aircraft", True).scan(truth).origin == ()


def test_a_direction_finders_power_falls_with_the_square_of_range() -> None:
    n = 4000
    twice = finder("multirotor", True, swerling=0, reference_range_m=5000.0).scan(things(around(n, 10_000.0)))
    once = finder("multirotor", True, swerling=0, reference_range_m=5000.0).scan(things(around(n, 2500.0)))
    difference = np.median(once.detections.snr_db) - 6.02
    assert np.median(
        finder("multirotor", True, swerling=0, reference_range_m=5000.0)
        .scan(things(around(n, 5000.0)))
        .detections.snr_db
    ) == pytest.approx(difference, abs=0.25)
    assert 0.02 < len(twice.origin) / n < 0.6
