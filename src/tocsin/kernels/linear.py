"""Small dense linear algebra, written out: products, Cholesky factors, distances, axes of symmetric matrices.

A BLAS or LAPACK picks its own kernels, and with them the order of a sum, by the processor that it finds and by the
environment: the last digits of a product depend on both. Here the order of every sum is the order of the source.

Sources: Golub & Van Loan, Matrix Computations, 4th ed., algorithms 4.2.1 (Cholesky) and 8.5.3 (cyclic Jacobi).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

__all__ = [
    "carry_covariance",
    "clearly_above",
    "factor",
    "inverse",
    "product",
    "solve",
    "squared_distance",
    "symmetric_axes",
]

FloatArray = npt.NDArray[np.float64]

SWEEPS = 30
"""Rounds of Jacobi rotations at most: convergence is quadratic, and ten are enough for a thousand rows."""


@kernel
def factor(a_io: FloatArray) -> bool:
    """Cholesky factor of the lower triangle (n, n), in place; False when the matrix is not positive definite."""
    for j in range(a_io.shape[0]):
        for i in range(j, a_io.shape[0]):
            total = a_io[i, j]
            for m in range(j):
                total -= a_io[i, m] * a_io[j, m]
            if i == j:
                if not total > 0.0:
                    return False
                a_io[j, j] = math.sqrt(total)
            else:
                a_io[i, j] = total / a_io[j, j]
    return True


@kernel
def solve(lower: FloatArray, b_io: FloatArray) -> None:
    """Solve with a Cholesky factor (n, n), in place of the right side (n,)."""
    n = lower.shape[0]
    for i in range(n):
        for m in range(i):
            b_io[i] -= lower[i, m] * b_io[m]
        b_io[i] /= lower[i, i]
    for i in range(n - 1, -1, -1):
        for m in range(i + 1, n):
            b_io[i] -= lower[m, i] * b_io[m]
        b_io[i] /= lower[i, i]


@kernel
def squared_distance(cov: FloatArray, gap: FloatArray) -> float:
    """gap' cov^-1 gap of a covariance (n, n) and a difference (n,); NaN when it is not positive definite."""
    lower, whitened, total = cov.copy(), gap.copy(), 0.0
    if not factor(lower):
        return np.nan
    for i in range(gap.shape[0]):
        for m in range(i):
            whitened[i] -= lower[i, m] * whitened[m]
        whitened[i] /= lower[i, i]
        total += whitened[i] * whitened[i]
    return total


@kernel
def inverse(a: FloatArray, inverse_out: FloatArray) -> bool:
    """Inverse (n, n) of a positive definite matrix, exactly symmetric; NaN and False when it is not one.

    With a = L L' it is the sum over the rows x of L^-1 of x' x. The inner loops run along rows.
    """
    n, lower, rows = a.shape[0], a.copy(), np.eye(a.shape[0])
    if not factor(lower):
        inverse_out[:] = np.nan
        return False
    inverse_out[:] = 0.0
    for i in range(n):
        for m in range(i):
            for c in range(m + 1):
                rows[i, c] -= lower[i, m] * rows[m, c]
        for c in range(i + 1):
            rows[i, c] /= lower[i, i]
        for r in range(i + 1):
            for c in range(r + 1):
                inverse_out[r, c] += rows[i, r] * rows[i, c]
    for r in range(n):
        for c in range(r):
            inverse_out[c, r] = inverse_out[r, c]
    return True


@kernel
def product(a: FloatArray, x: FloatArray, y_out: FloatArray) -> None:
    """y (m,) = a x of a matrix (m, n) and a vector (n,)."""
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += a[i, j] * x[j]
        y_out[i] = total


@kernel
def carry_covariance(w: FloatArray, p: FloatArray, carried_out: FloatArray) -> None:
    """Covariance w p w' (m, m) of a linear map w (m, n) of what has the covariance p (n, n), exactly symmetric."""
    row = np.empty(p.shape[0])
    for i in range(w.shape[0]):
        row[:] = 0.0
        for k in range(p.shape[0]):
            if w[i, k] != 0.0:
                for j in range(p.shape[1]):
                    row[j] += w[i, k] * p[k, j]
        for j in range(i + 1):
            total = 0.0
            for k in range(p.shape[1]):
                total += row[k] * w[j, k]
            carried_out[i, j] = carried_out[j, i] = total


@kernel
def clearly_above(least: float, a: FloatArray) -> bool:
    """Whether all eigenvalues of a symmetric matrix (n, n) exceed `least`: a - least I is positive definite then."""
    lower = a.copy()
    for i in range(a.shape[0]):
        lower[i, i] -= least
    return factor(lower)


@kernel
def _rotate(p: int, q: int, a_io: FloatArray, axes_io: FloatArray) -> None:
    """One Jacobi rotation: makes a[p, q] nought."""
    theta = 0.5 * (a_io[q, q] - a_io[p, p]) / a_io[p, q]
    t = 1.0 / (abs(theta) + math.sqrt(theta * theta + 1.0))
    t = -t if theta < 0.0 else t
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    for k in range(a_io.shape[0]):
        left, right = a_io[k, p], a_io[k, q]
        a_io[k, p], a_io[k, q] = c * left - s * right, s * left + c * right
    for k in range(a_io.shape[0]):
        left, right = a_io[p, k], a_io[q, k]
        a_io[p, k], a_io[q, k] = c * left - s * right, s * left + c * right
        left, right = axes_io[k, p], axes_io[k, q]
        axes_io[k, p], axes_io[k, q] = c * left - s * right, s * left + c * right
    a_io[p, q] = a_io[q, p] = 0.0


@kernel
def symmetric_axes(a: FloatArray, values_out: FloatArray, axes_out: FloatArray) -> None:
    """Eigenvalues (n,) in growing order and unit eigenvectors, the columns of axes_out (n, n), of a symmetric a."""
    n, work, axes = a.shape[0], a.copy(), np.eye(a.shape[0])
    for _ in range(SWEEPS):
        turned = False
        for p in range(n):
            for q in range(p + 1, n):
                # A number so small beside both ends of its row cannot move an eigenvalue by a unit in the last place.
                if abs(work[p, q]) > 1e-17 * math.sqrt(abs(work[p, p] * work[q, q])):
                    _rotate(p, q, work, axes)
                    turned = True
        if not turned:
            break
    order = np.argsort(np.diag(work), kind="mergesort")
    for k in range(n):
        values_out[k] = work[order[k], order[k]]
        axes_out[:, k] = axes[:, order[k]]
