"""Coverage against an independent march along each ray, and against what a radar's range and field of view mean."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.kernels import coverage
from tocsin.records.site import Site, Terrain
from tocsin.world.masking import visible

RADIUS = 6.371e6
EVERYWHERE = np.full(4, np.nan)
EMPTY = np.zeros((0, 0))


def hills(seed):
    rng = np.random.default_rng(seed)
    axis = np.arange(-20e3, 20e3 + 1, 200.0)
    e, n = np.meshgrid(axis, axis)
    level = np.zeros_like(e)
    for _ in range(25):
        east, north, height, width = *rng.uniform(-18e3, 18e3, 2), rng.uniform(50, 400), rng.uniform(800, 3000)
        level += height * np.exp(-((e - east) ** 2 + (n - north) ** 2) / (2 * width**2))
    return Terrain(-20e3, -20e3, 200.0, level)


def site_of(terrain):
    return Site("t", 33.8, 42.4, 0.0, RADIUS, "UTC", (), (), terrain)


def mask_at(place, terrain, max_range_m=30e3, sector=EVERYWHERE):
    head = np.array([terrain.east0_m, terrain.north0_m, terrain.step_m])
    return coverage.mask_of(np.array(place, float), np.eye(3), max_range_m, sector, RADIUS, head, terrain.level_m)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sight_agrees_with_a_march_along_the_ray(seed):
    terrain = hills(seed)
    rng = np.random.default_rng([seed, 9])
    place = np.array([rng.uniform(-3e3, 3e3), rng.uniform(-3e3, 3e3), 0.0])
    column = round((place[0] + 20e3) / 200.0), round((place[1] + 20e3) / 200.0)
    place[:2] = column[0] * 200.0 - 20e3, column[1] * 200.0 - 20e3
    place[2] = terrain.level_m[column[1], column[0]] + 20.0
    mask = mask_at(place, terrain)
    n = 4000
    target = np.stack([rng.uniform(-19e3, 19e3, n), rng.uniform(-19e3, 19e3, n), rng.uniform(30, 900, n)], axis=1)
    share = np.array([coverage.sight_share(mask, *t, 0.0) for t in target])
    marched = visible(site_of(terrain), place, target)
    assert 0.15 < marched.mean() < 0.9, "both happen"
    sure = (share < 0.02) | (share > 0.98)
    assert sure.mean() > 0.9
    assert np.mean((share > 0.5)[sure] == marched[sure]) > 0.99
    assert np.mean((share > 0.5) == marched) > 0.97


@pytest.mark.parametrize("height", [10.0, 60.0])
def test_the_horizon_over_level_ground_is_the_textbooks(height):
    mask = mask_at([0.0, 0.0, height], Terrain(0, 0, 1, EMPTY), max_range_m=80e3)
    target = 40.0
    edge = np.sqrt(2 * 4 / 3 * RADIUS) * (np.sqrt(height) + np.sqrt(target))
    shares = []
    for d in (0.9 * edge, edge, 1.1 * edge):
        up = target - d * d / (2 * RADIUS)  # level height of 40 m as a height over the tangent plane
        shares.append(coverage.sight_share(mask, d, 0.0, up, 0.0))
    assert shares[0] > 0.95
    assert shares[1] == pytest.approx(0.5, abs=0.1)
    assert shares[2] < 0.05


def test_range_takes_away_as_a_swerling_1_target_fades():
    mask = mask_at([0.0, 0.0, 50.0], Terrain(0, 0, 1, EMPTY), max_range_m=20e3)
    share = [coverage.field_share(mask, 0.85, 0.0, r, 50.0, 0.0) for r in (5e3, 15.9e3, 18e3, 20e3, 22e3)]
    assert share[:2] == [1.0, 1.0]
    reference = -np.log(0.85) * (18e3 / 16e3) ** 4  # -ln Pd as the fourth power of range
    assert 0.85 * share[2] == pytest.approx(np.exp(-reference), rel=1e-3)
    assert share[3] == pytest.approx(0.5 * 0.85 ** (1.25**4 - 1), rel=1e-3)
    assert share[4] < 1e-10
    free = mask_at([0.0, 0.0, 50.0], Terrain(0, 0, 1, EMPTY), max_range_m=np.nan)
    assert coverage.field_share(free, 0.85, 0.0, 4e5, 50.0, 0.0) == 1.0


@pytest.mark.parametrize(
    ("azimuth", "elevation", "want"),
    [
        (0, 10, 1),
        (37, 10, 1),
        (40, 10, 0.5),
        (45, 10, 0),
        (315, 10, 1),
        (300, 10, 0),
        (180, 10, 0),
        (0, 30, 0.5),
        (0, -3, 0),
    ],
)
def test_a_field_of_view_across_north(azimuth, elevation, want):
    sector = np.deg2rad([310.0, 40.0, 0.0, 30.0])
    mask = mask_at([100.0, 200.0, 50.0], Terrain(0, 0, 1, EMPTY), sector=sector)
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    d = 5e3 * np.array([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)])
    assert coverage.field_share(mask, 0.9, 100 + d[0], 200 + d[1], 50 + d[2], 0.0) == pytest.approx(want, abs=0.01)


def test_arrays_are_filled_and_uncertain_places_are_half_seen():
    mask = mask_at([0.0, 0.0, 50.0], hills(1))
    position = np.array([[0.0, 5e3, 800.0], [0.0, 50e3, 800.0], [3e3, 9e3, -500.0]])
    share = np.full(3, np.nan)
    coverage.seen_share(mask, 0.9, position, np.zeros(3), share)
    assert np.all((share >= 0.0) & (share <= 1.0))
    assert share[1] == 0.0
    assert share[2] < 1e-6
    coverage.seen_share(mask, 0.9, position, np.array([0.0, 0.0, 3e3]), share)
    assert 0.2 < share[2] < 0.6


def test_a_miss_counts_as_much_as_the_sensor_sees():
    mask = mask_at([0.0, 0.0, 50.0], Terrain(0, 0, 1, EMPTY), max_range_m=20e3)
    mu, x, p = np.zeros((3, 5)), np.full((3, 5, 7), np.nan), np.full((3, 5, 7, 7), np.nan)
    for i, north in enumerate((5e3, 18e3, 25e3)):
        mu[i, i] = 1.0
        x[i, i, :3], p[i, i] = [0.0, north, 300.0], np.eye(7)
    pd, pm = np.full(3, np.nan), np.full(3, np.nan)
    coverage.cover_tracks(3, 0.85, True, mask, mu, x, p, pd, pm)
    assert pd[0] == pm[0] == pytest.approx(0.85)
    assert 0.3 < pm[1] == pd[1] < 0.85
    assert pm[2] == 0.0
    assert pd[2] == coverage.COVER_MIN
    coverage.cover_tracks(3, 0.85, False, mask, mu, x, p, pd, pm)
    assert pm.tolist() == [0.0, 0.0, 0.0]
