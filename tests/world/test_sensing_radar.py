"""The radars: detection by range and size, noise, bias, sectors, notch, clutter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sensing_cases import make_mount, make_site, things

from tocsin.frames import enu2level
from tocsin.records.scenario import SensorSpec
from tocsin.world.detection import detection_probability, required_snr
from tocsin.world.radar import Radar, mean_snr, notch_gain
from tocsin.world.streams import Streams

BASE = {"id": "r", "kind": "radar_3d", "clutter_per_scan": 0.0, "max_range_m": 60_000.0, "elevation_min_deg": -5.0}


def radar(seed: int = 1, ideal: bool = False, **changes: object) -> Radar:
    return Radar(SensorSpec(**{**BASE, **changes}), make_mount(), Streams(seed, "r"), ideal)


def ring(n: int, range_m: float, height_m: float = 3000.0):
    """n places at one range, all around."""
    angle = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
    ground = np.sqrt(range_m**2 - height_m**2)
    up = np.full(n, height_m + 10.0)
    return np.stack([ground * np.sin(angle), ground * np.cos(angle), up], axis=-1)


@pytest.mark.parametrize("case", [0, 1, 3])
def test_nine_in_ten_are_detected_at_the_reference_range(case: int) -> None:
    n = 4000
    plots = radar(swerling=case, reference_range_m=20_000.0).scan(things(ring(n, 20_000.0)))
    assert stats.binomtest(len(plots.origin), n, 0.9).pvalue > 1e-4


@pytest.mark.parametrize("case", [0, 1, 3])
def test_power_falls_with_the_fourth_power_of_range_and_rises_with_size(case: int) -> None:
    spec = SensorSpec(**BASE, swerling=case, reference_range_m=20_000.0)
    here = mean_snr(spec, np.array([20_000.0, 40_000.0, 40_000.0]), np.array([0.0, 0.0, 40.0 * np.log10(2.0)]))
    assert here[0] / here[1] == pytest.approx(16.0)
    assert here[2] == pytest.approx(here[0]) == pytest.approx(required_snr(0.9, 1e-6, case))
    n = 4000
    expected = float(detection_probability(here[1:2], 1e-6, case)[0])
    plots = radar(swerling=case, reference_range_m=20_000.0).scan(things(ring(n, 40_000.0)))
    assert stats.binomtest(len(plots.origin), n, expected).pvalue > 1e-4


def test_errors_have_the_stated_spread_and_the_bias() -> None:
    n, bias = 4000, {"bias_range_m": 30.0, "bias_azimuth_deg": 0.5, "bias_elevation_deg": -0.2}
    truth = things(ring(n, 15_000.0), (30.0, -20.0, 5.0))
    plots = radar(ideal=True, reference_range_m=15_000.0, **bias).scan(truth)
    d = plots.detections
    order = [int(name.split("-")[1]) for name in plots.origin]
    local = truth.state[order, :3] - [0.0, 0.0, 10.0]
    azimuth = np.arctan2(local[:, 0], local[:, 1])
    elevation = np.arcsin(local[:, 2] / np.linalg.norm(local, axis=1))
    rate = np.sum(local * truth.state[order, 3:], axis=1) / np.linalg.norm(local, axis=1)
    errors = {
        "range": (d.range_m - 15_000.0 - 30.0) / d.sigma_range_m,
        "azimuth": (np.angle(np.exp(1j * (d.azimuth_rad - azimuth))) - np.deg2rad(0.5)) / d.sigma_azimuth_rad,
        "elevation": (d.elevation_rad - elevation + np.deg2rad(0.2)) / d.sigma_elevation_rad,
        "range rate": (d.range_rate_mps - rate) / d.sigma_range_rate_mps,
    }
    for name, error in errors.items():
        assert stats.kstest(error, "norm").pvalue > 1e-4, name
    assert np.all(np.diff(d.azimuth_rad) >= 0.0)
    assert d.sigma_range_m.min() >= 5.0
    assert d.sigma_range_m.max() <= 10.0


def test_the_size_is_estimated_from_the_power_without_much_bias() -> None:
    plots = radar(swerling=0, reference_range_m=40_000.0).scan(things(ring(3000, 15_000.0), rcs_dbsm=-5.0))
    assert np.median(plots.detections.rcs_dbsm) == pytest.approx(-5.0, abs=0.3)


def test_two_dimensional_radars_give_no_elevation_and_some_give_no_doppler() -> None:
    plots = radar(kind="radar_2d", sigma_range_rate_mps=None, ideal=True, clutter_per_scan=20.0).scan(
        things(ring(50, 10_000.0))
    )
    d = plots.detections
    assert np.isnan(d.elevation_rad).all()
    assert np.isnan(d.sigma_elevation_rad).all()
    assert np.isnan(d.range_rate_mps).all()
    assert np.isfinite(d.range_m).all()


def test_only_the_sector_and_the_fan_and_the_range_are_covered() -> None:
    covered = radar(ideal=True, azimuth_from_deg=350.0, azimuth_to_deg=20.0).scan(things(ring(360, 10_000.0)))
    got = sorted(int(name.split("-")[1]) for name in covered.origin)
    assert got == [*range(21), *range(350, 360)]
    high = things(np.array([[0.0, 1000.0, 1010.0], [0.0, 1000.0, 3010.0], [0.0, 50.0, 20.0], [0.0, 61_000.0, 5e3]]))
    assert radar(ideal=True, elevation_max_deg=60.0).scan(high).origin == ("thing-0",)


def test_ideal_detection_sees_over_the_horizon_what_a_radar_does_not() -> None:
    low = things(np.array([[0.0, 40_000.0, -100.0]]))
    assert radar(ideal=True).scan(low).origin == ("thing-0",)
    assert radar(reference_range_m=1e6).scan(low).origin == ()


def test_the_notch_takes_what_is_slow_in_range() -> None:
    spec = SensorSpec(**BASE, notch_mps=8.0)
    gain = notch_gain(spec, np.array([0.0, 8.0, -8.0, 30.0]))
    assert gain == pytest.approx([0.0, 1 - np.exp(-1), 1 - np.exp(-1), 1.0], abs=1e-5)
    crossing = np.array([[0.0, 5000.0, 500.0]])
    slow, fast = things(crossing, (20.0, 0.0, 0.0)), things(crossing, (0.0, -20.0, 0.0))
    assert radar(notch_mps=8.0).scan(slow).origin == ()
    assert radar(notch_mps=8.0).scan(fast).origin == ("thing-0",)


def test_clutter_is_poisson_and_uniform_over_disc_and_height() -> None:
    spec = {
        "clutter_per_scan": 25.0,
        "max_range_m": 20_000.0,
        "clutter_height_m": 1000.0,
        "clutter_range_rate_mps": 3.0,
    }
    sensor, empty = radar(**spec), things(np.zeros((0, 3)))
    scans = [sensor.scan(empty).detections for _ in range(400)]
    counts = np.array([len(s.row) for s in scans])
    assert counts.sum() == pytest.approx(400 * 25.0, abs=5.0 * np.sqrt(400 * 25.0))
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.35)  # 5 σ of the ratio of 400 Poisson counts
    azimuth = np.concatenate([s.azimuth_rad for s in scans])
    range_m = np.concatenate([s.range_m for s in scans])
    elevation = np.concatenate([s.elevation_rad for s in scans])
    assert stats.kstest(azimuth / (2 * np.pi), "uniform").pvalue > 1e-4
    ground = range_m * np.cos(elevation)
    assert stats.kstest((ground / 20_000.0) ** 2, "uniform").pvalue > 1e-4
    near = (ground > 2000.0) & (ground < 6000.0)  # inside the fan; height error by elevation noise some 15 m
    flat = np.stack([ground * np.sin(azimuth), ground * np.cos(azimuth), range_m * np.sin(elevation) + 10.0], axis=-1)
    level = enu2level(flat[near], make_site().radius_m)
    assert stats.kstest(level / 1000.0, "uniform").pvalue > 1e-4
    rates = np.concatenate([s.range_rate_mps for s in scans])
    assert rates.std() == pytest.approx(np.hypot(3.0, 1.0), rel=0.05)
    assert all(np.isfinite(s.snr_db).all() for s in scans)


def test_the_same_seed_gives_the_same_scan_and_a_vanished_thing_changes_no_other() -> None:
    places = ring(20, 12_000.0)
    one, two = radar(7, clutter_per_scan=5.0), radar(7, clutter_per_scan=5.0)
    for _ in range(3):
        a, b = one.scan(things(places)), two.scan(things(places))
        assert a.origin == b.origin
        assert np.array_equal(a.detections.range_m, b.detections.range_m)
    all_, fewer = one.scan(things(places)), two.scan(things(places[:-1]))
    keep = [i for i, name in enumerate(all_.origin) if name != "thing-19"]
    assert np.array_equal(all_.detections.range_m[keep], fewer.detections.range_m)
