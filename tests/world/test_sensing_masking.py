"""Line of sight against the horizon's formula, a wall's geometry, and an Earth-centred ray."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensing_cases import make_site

from tocsin.frames import level2enu_up
from tocsin.records.scenario import RidgeSpec, TerrainSpec
from tocsin.records.site import Terrain
from tocsin.world.ground import make_terrain
from tocsin.world.masking import horizon_m, visible

SITE = make_site()


def at(site, distance_m: float, height_m: float, bearing_deg: float = 30.0):
    east, north = distance_m * np.sin(np.deg2rad(bearing_deg)), distance_m * np.cos(np.deg2rad(bearing_deg))
    return np.array(
        [east, north, float(level2enu_up(np.array(east), np.array(north), np.array(height_m), site.radius_m))]
    )


def test_the_radio_horizon_is_the_usual_rule() -> None:
    """4.12 km for each root metre: ITU-R P.310's 4/3 Earth."""
    assert horizon_m(10.0, 100.0, 6.371e6) == pytest.approx(4121.0 * (np.sqrt(10.0) + np.sqrt(100.0)), rel=1e-3)


@settings(max_examples=80, deadline=None)
@given(st.floats(1.0, 100.0), st.floats(1.0, 3000.0), st.floats(0.0, 360.0))
def test_a_point_is_seen_to_the_horizon_and_not_beyond(here: float, there: float, bearing: float) -> None:
    far = horizon_m(here, there, SITE.radius_m)
    observer = np.array([0.0, 0.0, here])
    points = np.array([at(SITE, far * 0.998, there, bearing), at(SITE, far * 1.002, there, bearing)])
    assert visible(SITE, observer, points).tolist() == [True, False]


@settings(max_examples=40, deadline=None)
@given(st.floats(5.0, 60.0), st.floats(5.0, 1500.0), st.floats(1000.0, 60_000.0))
def test_flat_terrain_masks_as_no_terrain_does(here: float, there: float, distance: float) -> None:
    flat = make_site(Terrain(-40_000.0, -40_000.0, 1000.0, np.zeros((81, 81))))
    far = horizon_m(here, there, SITE.radius_m)
    if abs(distance / far - 1.0) < 0.01:
        return
    observer, point = np.array([0.0, 0.0, here]), at(SITE, distance, there)[None]
    assert visible(flat, observer, point).tolist() == visible(SITE, observer, point).tolist() == [distance < far]


def test_a_ridge_hides_what_is_below_the_line_over_its_crest() -> None:
    ridge = RidgeSpec(east_m=0.0, north_m=5e3, bearing_deg=90.0, length_m=2e4, width_m=300.0, height_m=200.0)
    site = make_site(make_terrain(TerrainSpec(ridges=(ridge,), step_m=100.0, extent_m=2e4)))
    observer = np.array([0.0, 0.0, 20.0])
    bulge = 10_000.0**2 * 0.25 / (2.0 * 4.0 / 3.0 * site.radius_m)  # of the ray's middle under its ends
    grazing = 2.0 * (200.0 + bulge) - 20.0  # by similar triangles over the crest at half way
    points = np.array([at(site, 10_000.0, grazing + d, 0.0) for d in (-6.0, 6.0)])
    assert visible(site, observer, points).tolist() == [False, True]
    beside = np.array([at(site, 10_000.0, 100.0, b) for b in (0.0, 180.0)])
    assert visible(site, observer, beside).tolist() == [False, True]


def test_under_the_ground_nothing_is_seen() -> None:
    assert not visible(SITE, np.array([0.0, 0.0, 10.0]), at(SITE, 500.0, -1.0)[None])[0]
    assert not visible(SITE, np.array([0.0, 0.0, -1.0]), at(SITE, 500.0, 10.0)[None])[0]
    assert visible(SITE, np.array([0.0, 0.0, 10.0]), np.zeros((0, 3))).shape == (0,)
