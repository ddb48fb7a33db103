"""Gaussian mass over grown polygons: against products of normal CDFs, half-planes, the Rayleigh law and Monte Carlo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tocsin.kernels.zones import gaussian_over_polygons, point_polygon_distance

BOX = np.array([[0.0, 0.0], [1200.0, 0.0], [1200.0, 1000.0], [0.0, 1000.0]])
NOTCHED = np.array([[0.0, 0.0], [1000.0, 0.0], [1000.0, 400.0], [400.0, 400.0], [400.0, 1000.0], [0.0, 1000.0]])


def mass(polygon: np.ndarray, radius: float, mean: object, covariance: object) -> float:
    out = np.full((1, 1), np.nan)
    cov = np.asarray(covariance, dtype=np.float64)
    gaussian_over_polygons(polygon, np.array([0, len(polygon)]), radius, np.asarray(mean, float)[None], cov[None], out)
    return float(out[0, 0])


@pytest.mark.parametrize(
    ("mean", "sd"),
    [
        ((600.0, 500.0), (300.0, 200.0)),
        ((0.0, 0.0), (10.0, 10.0)),
        ((-200.0, 500.0), (1000.0, 1.0)),
        ((600.0, 500.0), (3000.0, 3000.0)),
        ((1190.0, 990.0), (30.0, 5.0)),
        ((600.0, 500.0), (5.0, 3.0)),
        ((5000.0, 5000.0), (100.0, 100.0)),
    ],
)
def test_a_rectangle_is_a_product_of_normal_cdfs(mean: tuple[float, float], sd: tuple[float, float]) -> None:
    want = np.prod([norm.cdf(b, m, s) - norm.cdf(0.0, m, s) for b, m, s in zip((1200, 1000), mean, sd, strict=True)])
    assert mass(BOX, 0.0, mean, np.diag(np.square(sd))) == pytest.approx(want, abs=1e-8)


@pytest.mark.parametrize("angle", np.linspace(0.0, np.pi, 7))
def test_a_half_plane_at_any_angle_grown_by_the_radius(angle: float) -> None:
    cov = np.array([[400.0**2, 0.7 * 400 * 150], [0.7 * 400 * 150, 150.0**2]])
    normal = np.array([np.cos(angle), np.sin(angle)])
    along = np.array([-normal[1], normal[0]])
    big = np.array([-1e5 * normal - 1e5 * along, -1e5 * along, 1e5 * along, -1e5 * normal + 1e5 * along])
    area = np.sum(big[:, 0] * np.roll(big[:, 1], -1) - np.roll(big[:, 0], -1) * big[:, 1])
    big = big if area > 0 else big[::-1].copy()
    want = norm.cdf((50.0 - normal @ np.array([120.0, -80.0])) / np.sqrt(normal @ cov @ normal))
    assert mass(big, 50.0, (120.0, -80.0), cov) == pytest.approx(want, abs=1e-7)


def test_a_point_grown_to_a_disk_is_the_rayleigh_law() -> None:
    tiny = 1e-3 * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    for ratio in (0.3, 1.0, 2.5):
        assert mass(tiny, ratio * 100.0, (0.0, 0.0), 100.0**2 * np.eye(2)) == pytest.approx(
            1.0 - np.exp(-0.5 * ratio**2), abs=4e-3
        )


@pytest.mark.parametrize("radius", [0.0, 50.0, 150.0])
def test_a_notched_zone_agrees_with_monte_carlo(radius: float) -> None:
    rng = np.random.default_rng(5)
    cov = np.array([[300.0**2, 0.6 * 300 * 200], [0.6 * 300 * 200, 200.0**2]])
    points = rng.multivariate_normal((500.0, 600.0), cov, 200_000)
    distance = np.full((len(points), 1), np.nan)
    point_polygon_distance(NOTCHED, np.array([0, 6]), points, distance)
    want = float((distance <= radius).mean())
    assert mass(NOTCHED, radius, (500.0, 600.0), cov) == pytest.approx(want, abs=4 * np.sqrt(0.25 / len(points)))


def test_a_notch_narrower_than_the_disk_errs_towards_warning() -> None:
    slot = np.array(
        [[0, 0], [1000, 0], [1000, 1000], [520, 1000], [520, 900], [480, 900], [480, 1000], [0, 1000]], float
    )
    cov = 200.0**2 * np.eye(2)
    points = np.random.default_rng(6).multivariate_normal((500.0, 950.0), cov, 100_000)
    distance = np.full((len(points), 1), np.nan)
    point_polygon_distance(slot, np.array([0, 8]), points, distance)
    assert mass(slot, 100.0, (500.0, 950.0), cov) >= (distance <= 100.0).mean() - 0.005


@settings(max_examples=60, deadline=None)
@example((0.0, 0.0), 1.0, 1.0, 0.0, 2.225073858507203e-309)
@given(
    st.tuples(st.floats(-4e3, 4e3), st.floats(-4e3, 4e3)),
    st.floats(1.0, 5e3),
    st.floats(1.0, 5e3),
    st.floats(-0.99, 0.99),
    st.floats(0.0, 300.0),
)
def test_mass_is_a_probability_grows_with_the_radius_and_zones_share_it(
    mean: tuple[float, float], a: float, b: float, rho: float, radius: float
) -> None:
    cov = np.array([[a * a, rho * a * b], [rho * a * b, b * b]])
    grid = [BOX + np.array([1200.0 * i, 1000.0 * j]) for i in range(-2, 2) for j in range(-2, 2)]
    vertices, starts = np.concatenate(grid), np.arange(len(grid) + 1) * 4
    plain, grown, more = (np.full((1, len(grid)), np.nan) for _ in range(3))
    for r, out in ((0.0, plain), (radius, grown), (radius + 10.0, more)):
        gaussian_over_polygons(vertices, starts, r, np.array([mean]), cov[None], out)
    for out in (plain, grown, more):
        assert ((out >= 0.0) & (out <= 1.0)).all()
    assert plain.sum() <= 1.0 + 1e-7
    assert (grown >= plain - 1e-7).all()
    assert (more >= grown - 1e-7).all()


def test_distance_to_a_polygon() -> None:
    points = np.array([[600.0, 500.0], [1300.0, 500.0], [-30.0, -40.0], [600.0, 1000.0]])
    out = np.full((4, 1), np.nan)
    point_polygon_distance(BOX, np.array([0, 4]), points, out)
    assert out[:, 0] == pytest.approx([0.0, 100.0, 50.0, 0.0])
