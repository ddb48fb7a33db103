"""Belief propagation against exact marginals, and the grid gate against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.kernels.association import belief_marginals, exact_marginals
from tocsin.kernels.gating import build_grid, find_pairs
from tocsin.kernels.measurement import project_tracks


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


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_grid_finds_every_pair_that_brute_force_finds(seed):
    rng = np.random.default_rng(seed)
    n, m, gate = 40, 60, 16.0
    x, p, mu = np.zeros((n, 3, 7)), np.tile(np.diag([400.0, 300, 200, 9, 9, 9, 0.1]), (n, 3, 1, 1)), np.zeros((n, 3))
    x[:, :, :3] = rng.uniform([-4e3, -4e3, 50], [4e3, 4e3, 500], (n, 3))[:, None, :]
    mu[:, 0], mu[::2, 2] = 1.0, 0.5
    p[::2, 2, :3, :3] *= 25.0
    position = np.concatenate(
        [x[: m // 2, 0, :3] + rng.normal(0, 60, (m // 2, 3)), rng.uniform(-4e3, 4e3, (m // 2, 3))]
    )
    position[:, 2] = np.abs(position[:, 2])
    ground = np.hypot(position[:, 0], position[:, 1])
    z = np.stack([np.linalg.norm(position, axis=1), np.arctan2(position[:, 0], position[:, 1]),
                  np.arctan2(position[:, 2], ground), np.full(m, np.nan)], axis=1)  # fmt: skip
    loose_rows = [3, 17, 40]
    z[loose_rows, 0], position[loose_rows] = np.nan, np.nan
    sigma = np.tile([10.0, 0.003, 0.003, 1.0], (m, 1))
    predicted, g, a = np.empty((n, 3, 5)), np.empty((n, 3, 7, 4)), np.empty((n, 3, 4, 4))
    project_tracks(n, np.zeros(3), np.eye(3), mu, x, p, predicted, g, a)

    def pairs(head, cells, order, loose, cap=n * m):
        start, det = np.full(n + 1, -7), np.full(cap, -7)
        ll, nis = np.full((cap, 3), np.nan), np.full(cap, np.nan)
        count = find_pairs(
            n, gate, mu, x, p, predicted, a, position, z, sigma, head, cells, order, loose, start, det, ll, nis
        )
        if count > cap:
            return count
        return {(i, int(j)) for i in range(n) for j in det[start[i] : start[i + 1]]}

    head, cells, order = np.full(5, np.nan), np.full(4 * m + 64, -7), np.full(m, -7)
    loose = build_grid(position, head, cells, order)
    assert loose == len(loose_rows)
    assert sorted(order.tolist()) == list(range(m))
    found = pairs(head, cells, order, loose)
    everything = pairs(np.array([0.0, 0.0, 1e9, 1, 1]), np.zeros(4, np.int64), np.arange(m), m)
    assert found == everything
    assert len(found) > 20
    assert pairs(head, cells, order, loose, cap=3) == len(found)
