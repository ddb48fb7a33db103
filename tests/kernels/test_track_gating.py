"""The grid gate against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.kernels.gating import build_grid, find_pairs, peak_density
from tocsin.kernels.measurement import FACTORS, FINEST2, factor_innovation
from tocsin.kernels.motion import MODELS


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_grid_finds_every_pair_that_brute_force_finds(seed):
    rng = np.random.default_rng(seed)
    n, m, gate = 40, 60, 16.0
    x, p, mu = (
        np.zeros((n, MODELS, 7)),
        np.tile(np.diag([400.0, 300, 200, 9, 9, 9, 0.1]), (n, MODELS, 1, 1)),
        np.zeros((n, MODELS)),
    )
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
    sigma, strength = np.tile([10.0, 0.003, 0.003, 1.0], (m, 1)), rng.uniform(0.1, 5.0, n)
    x[mu == 0.0], p[mu == 0.0] = np.nan, np.nan  # what sleeps holds anything

    def pairs(head, cells, order, loose, cap=n * m, floor=0.0):
        start, det = np.full(n + 1, -7), np.full(cap, -7)
        ll, nis, factor = np.full((cap, MODELS), np.nan), np.full(cap, np.nan), np.full((cap, MODELS, FACTORS), np.nan)
        predicted, g = np.full((n, MODELS, 5), np.nan), np.full((n, MODELS, 7, 4), np.nan)
        a = np.full((n, MODELS, 4, 4), np.nan)
        count = find_pairs(
            n, gate, 3, np.zeros(3), np.eye(3), mu, x, p, strength, np.full(m, floor), position, z, sigma, head, cells,
            order, loose,
            predicted, g, a, start, det, ll, nis, factor,
        )  # fmt: skip
        if count > cap:
            return count
        reached = ll[:count] > -np.inf
        assert reached.any(axis=1).all()
        assert np.isfinite(factor[:count][reached]).all()
        assert np.isfinite(nis[:count]).all()
        place = [(i, q) for i in range(n) for q in range(start[i], start[i + 1])]
        part = strength[:, None, None] * mu[:, None, :] * np.exp(np.where(ll > -np.inf, ll, -np.inf))[None]
        return {(i, int(det[q]), k): part[i, q, k] for i, q in place for k in range(MODELS) if ll[q, k] > -np.inf}

    head, cells, order = np.full(5, np.nan), np.full(4 * m + 64, -7), np.full(m, -7)
    loose = build_grid(position, head, cells, order)
    assert loose == len(loose_rows)
    assert sorted(order.tolist()) == list(range(m))
    found = pairs(head, cells, order, loose)
    everything = pairs(np.array([0.0, 0.0, 1e9, 1, 1]), np.zeros(4, np.int64), np.arange(m), m)
    assert found == everything
    assert len(found) > 20
    assert pairs(head, cells, order, loose, cap=3) == len({(i, j) for i, j, _ in found})
    placed = [part for (_, j, _), part in found.items() if j not in loose_rows]
    floor = float(np.median(placed))
    kept = pairs(head, cells, order, loose, floor=floor)
    assert kept.items() <= found.items()
    lost = [part for key, part in found.items() if key not in kept]
    assert lost
    assert max(lost) < floor, "nothing that reaches the floor is left out"


@pytest.mark.parametrize("rows", [3, 4])
def test_no_residual_is_likelier_than_the_peak(rows):
    rng = np.random.default_rng(rows)
    root = rng.normal(size=(4, 4)) * [30.0, 50.0, 70.0, 2.0]
    a, peak, factor = root @ root.T, np.full(2, np.nan), np.full(FACTORS, np.nan)
    peak_density(rows, a, peak)
    finest = np.full(4, FINEST2)
    ll, _ = factor_innovation(rows, 25.0, a, np.zeros(4), finest, factor)
    np.testing.assert_allclose(np.exp(ll), peak[rows - 3], rtol=1e-9)
    det = np.linalg.det(2.0 * np.pi * (a + np.diag(finest))[:rows, :rows])
    np.testing.assert_allclose(peak[rows - 3], det**-0.5, rtol=1e-6)
