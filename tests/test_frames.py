"""Each conversion there and back, against pyproj-independent anchors of WGS 84."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import frames

ORIGIN = np.array([33.7856, 42.4412, 188.0])
near = st.floats(-40e3, 40e3)


@given(near, near, st.floats(-100, 20e3))
def test_enu_and_geodetic_there_and_back(east: float, north: float, up: float) -> None:
    enu = np.array([east, north, up])
    assert frames.geodetic2enu(frames.enu2geodetic(enu, ORIGIN), ORIGIN) == pytest.approx(enu, abs=1e-6)


@given(near, near, st.floats(-100, 20e3))
def test_enu_and_ecef_there_and_back(east: float, north: float, up: float) -> None:
    enu = np.array([east, north, up])
    assert frames.ecef2enu(frames.enu2ecef(enu, ORIGIN), ORIGIN) == pytest.approx(enu, abs=1e-6)


@given(near, near, st.floats(-10e3, 20e3))
def test_enu_and_aer_there_and_back(east: float, north: float, up: float) -> None:
    enu = np.array([east, north, up])
    assert frames.aer2enu(frames.enu2aer(enu)) == pytest.approx(enu, abs=1e-6)


def test_azimuth_is_clockwise_from_north() -> None:
    assert np.rad2deg(
        frames.enu2aer(np.array([[0.0, 1, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0]]))[:, 0]
    ) == pytest.approx([0, 90, 180, 270])


def test_ecef_of_known_points() -> None:
    """Equator and pole: the semi-axes of WGS 84 (NIMA TR8350.2, section 3)."""
    assert frames.geodetic2ecef(np.array(0.0), np.array(0.0), np.array(0.0)) == pytest.approx([6378137.0, 0, 0])
    pole = frames.geodetic2ecef(np.array(90.0), np.array(0.0), np.array(0.0))
    assert pole == pytest.approx([0, 0, 6356752.3142], abs=1e-3)


def test_rotation_between_local_axes() -> None:
    assert frames.local2site_rotation(ORIGIN, ORIGIN) == pytest.approx(np.eye(3), abs=1e-9)
    far = np.array([33.9, 42.6, 300.0])
    rotation = frames.local2site_rotation(far, ORIGIN)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-8)
    local = np.array([100.0, -250.0, 40.0])
    direct = frames.ecef2enu(frames.enu2ecef(local, far), ORIGIN)
    assert frames.geodetic2enu(far, ORIGIN) + rotation @ local == pytest.approx(direct, abs=1e-5)


@given(near, near, st.floats(-100, 20e3))
def test_level_there_and_back(east: float, north: float, level: float) -> None:
    radius = frames.gaussian_radius_m(ORIGIN[0]) + ORIGIN[2]
    up = frames.level2enu_up(np.array(east), np.array(north), np.array(level), radius)
    assert frames.enu2level(np.array([east, north, float(up)]), radius) == pytest.approx(level, abs=1e-6)


def test_level_ground_follows_the_ellipsoid() -> None:
    """Within 10 km the level sphere and the ellipsoid at the site's height differ by less than 5 cm."""
    radius = frames.gaussian_radius_m(ORIGIN[0]) + ORIGIN[2]
    angle = np.linspace(0, 2 * np.pi, 24)
    east, north = 10e3 * np.cos(angle), 10e3 * np.sin(angle)
    up = frames.level2enu_up(east, north, np.zeros(24), radius)
    height = frames.enu2geodetic(np.stack([east, north, up], axis=-1), ORIGIN)[:, 2]
    assert np.abs(height - ORIGIN[2]).max() < 0.05


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_products_and_lengths_are_numpys(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, axes = rng.normal(size=(4, 5, n)), rng.normal(size=n), rng.normal(size=(n, 3))
    assert frames.dot(a, b) == pytest.approx(a @ b, abs=1e-12)
    assert frames.rotate(a, axes) == pytest.approx(a @ axes, abs=1e-12)
    assert frames.length(a) == pytest.approx(np.linalg.norm(a, axis=-1), abs=1e-12)
    assert float(frames.length(b)) == pytest.approx(float(np.linalg.norm(b)), abs=1e-12)


def test_vectors_that_are_not_there_have_no_lengths() -> None:
    assert frames.length(np.zeros((0, 3))).shape == (0,)
    assert frames.rotate(np.zeros((0, 3)), np.eye(3)).shape == (0, 3)
