"""Belief propagation against exact marginals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.kernels.association import belief_marginals, claim_detections, exact_marginals


def belief(psi: np.ndarray):
    n, m = psi.shape
    start, det = np.arange(n + 1) * m, np.tile(np.arange(m), n)
    pair, miss, free = np.full(n * m, np.nan), np.full(n, np.nan), np.full(m, np.nan)
    belief_marginals(start, det, psi.ravel(), pair, miss, free)
    return pair.reshape(n, m), miss, free


def exact(psi: np.ndarray):
    n, m = psi.shape
    pair, miss, free = np.full((n, m), np.nan), np.full(n, np.nan), np.full(m, np.nan)
    exact_marginals(psi, pair, miss, free)
    return pair, miss, free


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1)])
def test_belief_is_exact_without_loops(shape):
    psi = np.random.default_rng(5).gamma(0.5, 20.0, shape)
    for got, wanted in zip(belief(psi), exact(psi), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 4), m=st.integers(1, 4))
def test_belief_is_near_exact_and_consistent(seed, n, m):
    rng = np.random.default_rng(seed)
    psi = rng.gamma(0.3, 30.0, (n, m))
    pair, miss, free = belief(psi)
    wanted, *_ = exact(psi)
    assert np.abs(pair - wanted).max() < 0.3  # dense clusters of equals are the worst case, Williams & Lau 2014, fig. 3
    np.testing.assert_allclose(pair.sum(1) + miss, 1.0, atol=1e-6)
    np.testing.assert_allclose(pair.sum(0) + free, 1.0, atol=1e-4)


def test_belief_is_close_on_separated_targets():
    rng = np.random.default_rng(8)
    errors = []
    for _ in range(60):
        psi = rng.gamma(0.5, 0.5, (3, 3)) + np.diag(rng.uniform(10, 100, 3))
        errors.append(np.abs(belief(psi)[0] - exact(psi)[0]).max())
    assert np.mean(errors) < 0.03


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 5), m=st.integers(1, 4))
def test_no_pair_of_another_track_gets_more_than_the_claims_leave(seed, n, m):
    """What lets gating leave such pairs out: the marginal of a pair is at most its weight over the claim."""
    psi = np.random.default_rng(seed).gamma(0.3, 300.0, (n, m))
    claim = np.ones(m)
    claim_detections(np.arange(n) * m, np.tile(np.arange(m), n - 1), psi[:-1].ravel(), claim)
    pair, _, _ = belief(psi)
    assert (pair[-1] <= psi[-1] / claim * (1.0 + 1e-6)).all()
    assert claim.max() > 1.0
