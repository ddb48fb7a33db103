"""Seeded samples of the tracker's large proofs, and the arithmetic of their summaries against known answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from tocsin.records.tracks import TrackSettings
from tocsin.study.campaign import Results
from tocsin.study.clutter import LATE, ClutterPlan, Sky, confirming_scans, empty_sky, poisson_upper, threshold
from tocsin.study.consistency import Errors, anees, consistency, joined


def drawn(tracks: int, scans: int, scale: float) -> Errors:
    """Normalised errors of a filter whose covariance is `scale` times too small."""
    rng = np.random.default_rng(1)
    owner, age = np.repeat(np.arange(tracks), scans), np.tile(np.arange(scans), tracks)
    return Errors(
        owner, age, scale * rng.chisquare(3, tracks * scans), scale * rng.chisquare(6, tracks * scans), tracks, 0
    )


@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_anees_of_known_errors(scale: float) -> None:
    windows = anees(drawn(150, 40, scale))
    assert [(w.first, w.last) for w in windows] == [(5, 14), (15, 24), (25, 34), (35, 39)]
    for window in windows:
        assert window.position == pytest.approx(scale, abs=0.1)
        assert window.position_low < scale < window.position_high
        assert window.whole_low < window.whole < window.whole_high
        assert window.rows == window.tracks * (window.last - window.first + 1)


def test_scenes_are_joined_track_by_track() -> None:
    part = drawn(10, 20, 1.0)
    both = joined([part, part])
    assert len(np.unique(both.owner)) == 20
    assert both.tracks == 20


@pytest.mark.parametrize("range_rate", [True, False])
def test_straight_flight_sample(range_rate: bool) -> None:
    study = consistency("straight-100", [900], range_rate=range_rate)
    assert study.tracks >= 95
    assert study.impure <= 3
    assert len(study.windows) >= 5
    for window in study.windows:
        assert 0.7 < window.whole < 1.3, "a sample of 100 tracks, all looked at by one radar"
        assert 0.7 < window.position < 1.3


@pytest.mark.parametrize("count", [0, 1, 5, 40])
def test_poisson_upper_limit(count: int) -> None:
    assert poisson.cdf(count, poisson_upper(count)) == pytest.approx(0.05)


def test_threshold_counts() -> None:
    sky = Sky(1, 0.9, 5000, 2, (3.0, 9.0), (2, 3, 4, LATE), (2, 2, 3, LATE))
    found = threshold([sky, sky])
    assert (found.false_tracks, found.scans, found.drones, found.never) == (4, 10_000, 8, 2)
    assert found.per_10000_s == 4.0
    assert found.upper_per_10000_s == pytest.approx(9.154, abs=1e-3)
    assert (found.median_scan, found.by_third_scan, found.mean_scan) == (3.5, 0.5, 3.0)


def test_empty_sky_sample() -> None:
    assert len(empty_sky(901, 300)) <= 1
    assert len(empty_sky(901, 300, confirm_existence=0.2)) > 5, "a tracker that believes everything is seen to do so"


def test_drones_are_confirmed_soon() -> None:
    first, hit = confirming_scans(902)
    assert len(first) == 80
    assert np.median(first) <= 4
    assert (hit <= first).all()
    assert (first >= 2).all(), "one detection is not enough"


def test_the_curve_shares_the_skies_of_the_shipped_threshold() -> None:
    usual = TrackSettings().confirm_existence
    plan = ClutterPlan((7, 8), (7,), scans=10, thresholds=(0.5, usual))
    assert plan.campaign().cells == ((repr(usual), 7), (repr(usual), 8), ("0.5", 7))
    skies = {
        (case, seed): (Sky(seed, float(case), 10, k, (), (2 + k,), (2,)),)
        for k, (case, seed) in enumerate(plan.campaign().cells)
    }
    study = plan.study(Results("clutter", skies, ()))
    assert (study.shipped.false_tracks, study.shipped.scans) == (1, 20)
    assert [(t.confirm_existence, t.false_tracks, t.drones) for t in study.curve] == [(0.5, 2, 1), (usual, 0, 1)]
