"""Small dense linear algebra against NumPy's, outputs poisoned first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.kernels import linear
from tocsin.records.arrays import FloatArray

sizes = st.integers(1, 12)
seeds = st.integers(0, 2**32 - 1)


def spread(n: int, seed: int) -> FloatArray:
    """A covariance whose standard deviations lie between a hundredth and a hundred."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n + 2)) * 10.0 ** rng.uniform(-2.0, 2.0, (n, 1))
    return np.asarray(root @ root.T)


def poison(*shape: int) -> FloatArray:
    return np.full(shape, np.nan)


@given(sizes, seeds)
def test_the_inverse_undoes_the_matrix_and_is_symmetric_to_the_bit(n: int, seed: int) -> None:
    a, found = spread(n, seed), poison(n, n)
    assert linear.inverse(a, found)
    scale = np.sqrt(np.diag(a))
    assert found * scale[:, None] * scale == pytest.approx(
        np.linalg.inv(a / scale[:, None] / scale), rel=1e-6, abs=1e-6 * np.abs(found * scale[:, None] * scale).max()
    )
    assert np.array_equal(found, found.T)


@given(sizes, seeds)
def test_a_squared_distance_is_that_of_the_solved_system(n: int, seed: int) -> None:
    a, gap = spread(n, seed), np.random.default_rng(seed + 1).normal(size=n)
    before = a.copy(), gap.copy()
    assert linear.squared_distance(a, gap) == pytest.approx(gap @ np.linalg.solve(a, gap), rel=1e-6)
    assert np.array_equal(a, before[0])
    assert np.array_equal(gap, before[1])


@given(sizes, sizes, seeds)
def test_products_and_carried_covariances_are_numpys(m: int, n: int, seed: int) -> None:
    w, p = np.random.default_rng(seed).normal(size=(m, n)), spread(n, seed)
    w[0, 0] = 0.0
    y, carried = poison(m), poison(m, m)
    linear.product(w, p[0].copy(), y)
    linear.carry_covariance(w, p, carried)
    assert y == pytest.approx(w @ p[0], rel=1e-9, abs=1e-9 * np.abs(p).max())
    assert carried == pytest.approx(w @ p @ w.T, rel=1e-9, abs=1e-9 * np.abs(p).max())
    assert np.array_equal(carried, carried.T)


@given(sizes, seeds)
def test_axes_rebuild_the_matrix_and_values_are_in_order(n: int, seed: int) -> None:
    a, values, axes = spread(n, seed) - 0.5 * np.eye(n), poison(n), poison(n, n)
    linear.symmetric_axes(a, values, axes)
    assert np.all(np.diff(values) >= 0.0)
    assert values == pytest.approx(np.linalg.eigvalsh(a), rel=1e-9, abs=1e-12 * np.abs(a).max())
    assert axes.T @ axes == pytest.approx(np.eye(n), abs=1e-12)
    assert axes * values @ axes.T == pytest.approx(a, abs=1e-12 * np.abs(a).max())


@pytest.mark.parametrize(
    "rows", [[[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]], [[0.0, 2.0], [2.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]
)
def test_axes_of_matrices_with_equal_or_no_diagonal(rows: list[list[float]]) -> None:
    a, values, axes = np.array(rows), poison(2), poison(2, 2)
    linear.symmetric_axes(a, values, axes)
    assert values == pytest.approx(np.linalg.eigvalsh(a), abs=1e-15)
    assert axes * values @ axes.T == pytest.approx(a, abs=1e-15)


@given(sizes, seeds, st.floats(0.5, 1.5))
def test_clearly_above_is_the_smallest_eigenvalue_over_the_limit(n: int, seed: int, share: float) -> None:
    a = spread(n, seed)
    smallest = float(np.linalg.eigvalsh(a)[0])
    if abs(share - 1.0) > 1e-3 and smallest > 1e-6 * np.abs(a).max():
        assert linear.clearly_above(share * smallest, a) is (share < 1.0)


def test_what_is_not_positive_definite_is_said_to_be_so() -> None:
    bad, found = np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros((2, 2))
    assert not linear.factor(bad.copy())
    assert not linear.inverse(bad, found)
    assert np.isnan(found).all()
    assert np.isnan(linear.squared_distance(bad, np.ones(2)))
    assert not linear.clearly_above(0.0, bad)
