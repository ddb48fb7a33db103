"""One contract over the table of associators, and each against brute force, SciPy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from tocsin.kernels.association import EXACT_DETECTIONS, exact_marginals, label_clusters
from tocsin.track.associators import ASSOCIATORS

NAMES = sorted(ASSOCIATORS)


def solve(name, psi, gated=None):
    """Dense marginals (n, m), misses (n,), free (m,) of a dense psi; pairs that are not gated are left out."""
    gated = np.ones_like(psi, dtype=bool) if gated is None else gated
    n, m = psi.shape
    start, det = np.concatenate([[0], np.cumsum(gated.sum(1))]), np.nonzero(gated)[1]
    pair, miss, free = np.full(len(det), np.nan), np.full(n, np.nan), np.full(m, np.nan)
    ASSOCIATORS[name].marginals(start, det, psi[gated], pair, miss, free)
    dense = np.zeros((n, m))
    dense[gated] = pair
    return dense, miss, free


def brute(psi):
    n, m = psi.shape
    pair, miss, free = np.full((n, m), np.nan), np.full(n, np.nan), np.full(m, np.nan)
    exact_marginals(psi, pair, miss, free)
    return pair, miss, free


def cluster(seed, n, m):
    rng = np.random.default_rng(seed)
    gated = rng.random((n, m)) < 0.7
    return np.where(gated, rng.gamma(0.3, 30.0, (n, m)) + 1e-9, 0.0), gated


shapes = st.integers(1, 4)
seeds = st.integers(0, 10**6)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(seed=seeds, n=shapes, m=shapes)
def test_marginals_are_probabilities_and_no_detection_is_used_twice(name, seed, n, m):
    pair, miss, free = solve(name, *cluster(seed, n, m))
    for part in (pair, miss, free):
        assert np.all((part >= 0.0) & (part <= 1.0 + 1e-9))
    np.testing.assert_allclose(pair.sum(1) + miss, 1.0, atol=1e-6)
    np.testing.assert_allclose(pair.sum(0) + free, 1.0, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(seed=seeds, n=shapes, m=shapes)
def test_order_of_tracks_and_detections_does_not_matter(name, seed, n, m):
    psi, gated = cluster(seed, n, m)
    rng = np.random.default_rng(seed + 1)
    a, b = rng.permutation(n), rng.permutation(m)
    pair, miss, free = solve(name, psi, gated)
    again, miss_again, free_again = solve(name, psi[a][:, b], gated[a][:, b])
    np.testing.assert_allclose(again, pair[a][:, b], atol=1e-5)
    np.testing.assert_allclose(miss_again, miss[a], atol=1e-5)
    np.testing.assert_allclose(free_again, free[b], atol=1e-5)


@pytest.mark.parametrize("name", [k for k in NAMES if ASSOCIATORS[k].soft])
@settings(max_examples=60, deadline=None)
@given(seed=seeds, n=shapes, m=shapes)
def test_error_against_brute_force_is_within_what_is_declared(name, seed, n, m):
    psi, gated = cluster(seed, n, m)
    for got, wanted in zip(solve(name, psi, gated), brute(psi), strict=True):
        np.testing.assert_allclose(got, wanted, atol=ASSOCIATORS[name].error_max)


@pytest.mark.parametrize("name", [k for k in NAMES if ASSOCIATORS[k].exact_detections > 0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1)])
def test_without_loops_marginals_are_exact(name, shape):
    psi = np.random.default_rng(5).gamma(0.5, 20.0, shape)
    for got, wanted in zip(solve(name, psi), brute(psi), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_an_isolated_pair_has_the_closed_form(name):
    for psi in (1e-3, 0.5, 4.0, 1e8):
        pair, miss, free = solve(name, np.array([[psi]]))
        share = psi / (1.0 + psi) if ASSOCIATORS[name].soft else float(psi > 1.0)
        np.testing.assert_allclose([pair[0, 0], miss[0], free[0]], [share, 1 - share, 1 - share], atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_two_tracks_and_two_detections_that_all_look_alike(name):
    """With psi the same everywhere the exact miss is (1 + 2 psi) / (1 + 4 psi + 2 psi²), each pair half the rest."""
    psi = 50.0
    pair, miss, free = solve(name, np.full((2, 2), psi))
    exact_miss = (1 + 2 * psi) / (1 + 4 * psi + 2 * psi**2)
    if ASSOCIATORS[name].apart:
        share = psi / (1.0 + psi) if ASSOCIATORS[name].soft else 1.0
        np.testing.assert_allclose(sorted(pair.ravel()), [0, 0, share, share], atol=1e-9)
        np.testing.assert_allclose([pair.sum(0), pair.sum(1)], share, atol=1e-9)
    else:
        tolerance = 1e-9 if ASSOCIATORS[name].exact_detections > 1 else 0.2
        np.testing.assert_allclose(pair, (1 - exact_miss) / 2, atol=tolerance)
        np.testing.assert_allclose(pair, pair[0, 0], rtol=1e-9)
        np.testing.assert_allclose([miss, free], exact_miss, atol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_gated_leaves_every_track_missed_and_every_detection_free(name):
    pair, miss, free = solve(name, np.ones((3, 2)), np.zeros((3, 2), bool))
    assert not pair.any()
    assert miss.tolist() == [1, 1, 1]
    assert free.tolist() == [1, 1]
    _, miss, _ = solve(name, np.zeros((2, 0)))
    assert miss.tolist() == [1, 1]


@settings(max_examples=60, deadline=None)
@given(seed=seeds, n=shapes, m=shapes)
def test_distinct_gives_a_detection_of_the_best_assignment_to_no_other(seed, n, m):
    psi, gated = cluster(seed, n, m)
    best, missed, free = solve("nearest", psi, gated)
    pair, miss, _ = solve("distinct", psi, gated)
    assert not pair[(best == 0.0) & (free == 0.0)].any()
    alone = (best.sum(1) == 1) & ((gated & (free == 1.0)).sum(1) == 0)
    own = (best * psi).sum(1)[alone]
    np.testing.assert_allclose(miss[alone], 1.0 / (1.0 + own), atol=1e-9)
    assert np.all(missed[alone] == 0.0)


@settings(max_examples=120, deadline=None)
@given(seed=seeds, n=st.integers(1, 14), m=st.integers(1, 14))
def test_nearest_finds_the_assignment_that_scipy_finds(seed, n, m):
    psi, gated = cluster(seed, n, m)
    pair, _, _ = solve("nearest", psi, gated)
    gain = np.where(gated, np.log(np.where(gated, psi, 1.0)), 0.0)
    best = np.maximum(gain, 0.0)  # a pair that is worth less than a miss stands for one
    rows, columns = linear_sum_assignment(best, maximize=True)
    assert (pair * gain).sum() == pytest.approx(best[rows, columns].sum(), abs=1e-9)
    assert not np.any(pair[~gated])


@settings(max_examples=25, deadline=None)
@given(seed=seeds, n=st.integers(2, 6))
def test_exact_is_exact_with_more_detections_than_tracks_and_many_clusters(seed, n):
    """Two clusters side by side, the second one's weights enormous, against brute force on each."""
    a, _ = cluster(seed, min(n, 4), 5)
    b, _ = cluster(seed + 1, 3, 4)
    b = b * 1e12
    psi = np.zeros((len(a) + 3, 9))
    psi[: len(a), :5], psi[len(a) :, 5:] = a, b
    gated = psi > 0.0
    pair, miss, free = solve("exact", psi, gated)
    for rows, columns, part in ((slice(0, len(a)), slice(0, 5), a), (slice(len(a), None), slice(5, 9), b)):
        wanted = brute(part)
        np.testing.assert_allclose(pair[rows, columns], wanted[0], atol=1e-9)
        np.testing.assert_allclose(miss[rows], wanted[1], atol=1e-9)
        np.testing.assert_allclose(free[columns], wanted[2], atol=1e-9)


def test_exact_leaves_large_clusters_to_belief_and_says_so():
    m = EXACT_DETECTIONS + 1
    psi = np.random.default_rng(3).gamma(0.5, 5.0, (4, m))
    start, det = np.arange(5) * m, np.tile(np.arange(m), 4)
    out = np.full(4 * m, np.nan), np.full(4, np.nan), np.full(m, np.nan)
    assert ASSOCIATORS["exact"].marginals(start, det, psi.ravel(), *out) == 1
    np.testing.assert_array_equal(out[0].reshape(4, m), solve("belief", psi)[0])


def test_clusters_are_those_that_pairs_join():
    gated = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]], bool)
    start, det = np.concatenate([[0], np.cumsum(gated.sum(1))]), np.nonzero(gated)[1]
    track, detection = np.full(4, -7), np.full(4, -7)
    assert label_clusters(start, det, track, detection) == 3
    assert track.tolist() == [0, 1, 0, 2]
    assert detection.tolist() == [0, 1, 0, -1]
