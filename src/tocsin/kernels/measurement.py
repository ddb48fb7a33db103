"""What a sensor should see of a track: rows range, cross azimuth, cross elevation and range rate.

Residuals are taken in the sensor's spherical frame and expressed in metres along the local unit vectors at the
prediction, so the noise is diagonal and any row may be missing (NaN): a bearing-only detection has no range row and
none is invented. Linearisation as in Bar-Shalom, Li, Kirubarajan 2001, section 10.3, at the predicted mean.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray

__all__ = ["ROWS", "factor_innovation", "project_track", "project_tracks", "residual", "update_track"]

ROWS = 4
LOG_2PI = math.log(2.0 * math.pi)
COS_ELEVATION_MIN = 0.02  # within 1.1° of the zenith azimuth says nothing


@kernel
def project_track(
    sensor: FloatArray,
    rotation: FloatArray,
    x: FloatArray,
    p: FloatArray,
    z_out: FloatArray,
    g_out: FloatArray,
    a_out: FloatArray,
    h_io: FloatArray,
) -> None:
    """Predicted measurement of one state x (7,), p (7, 7).

    z_out (5,): range, azimuth, elevation, range rate, cosine of elevation; g_out (7, 4) = P H'; a_out (4, 4) = H P H'.
    h_io (4, 6) is scratch for the rows of H. `rotation` (3, 3) takes the sensor's axes to the site's.
    """
    d0, d1, d2 = x[0] - sensor[0], x[1] - sensor[1], x[2] - sensor[2]
    e = rotation[0, 0] * d0 + rotation[1, 0] * d1 + rotation[2, 0] * d2
    n = rotation[0, 1] * d0 + rotation[1, 1] * d1 + rotation[2, 1] * d2
    u = rotation[0, 2] * d0 + rotation[1, 2] * d1 + rotation[2, 2] * d2
    ground = max(math.sqrt(e * e + n * n), 1e-3)
    r = math.sqrt(ground * ground + u * u)
    ce, se, ca, sa = ground / r, u / r, n / ground, e / ground
    for i in range(3):
        ri, rj, rk = rotation[i, 0], rotation[i, 1], rotation[i, 2]
        h_io[0, i] = ri * ce * sa + rj * ce * ca + rk * se
        h_io[1, i] = ri * ca - rj * sa
        h_io[2, i] = -ri * se * sa - rj * se * ca + rk * ce
    rate = h_io[0, 0] * x[3] + h_io[0, 1] * x[4] + h_io[0, 2] * x[5]
    for i in range(3):
        h_io[3, i] = (x[3 + i] - rate * h_io[0, i]) / r
        h_io[3, 3 + i] = h_io[0, i]
    z_out[0], z_out[1], z_out[2], z_out[3] = r, math.atan2(e, n), math.atan2(u, ground), rate
    z_out[4] = max(ce, COS_ELEVATION_MIN)
    for a in range(7):
        for row in range(3):
            g_out[a, row] = p[a, 0] * h_io[row, 0] + p[a, 1] * h_io[row, 1] + p[a, 2] * h_io[row, 2]
        g_out[a, 3] = (
            p[a, 0] * h_io[3, 0]
            + p[a, 1] * h_io[3, 1]
            + p[a, 2] * h_io[3, 2]
            + p[a, 3] * h_io[3, 3]
            + p[a, 4] * h_io[3, 4]
            + p[a, 5] * h_io[3, 5]
        )
    for i in range(4):
        for j in range(i + 1):
            total = h_io[j, 0] * g_out[0, i] + h_io[j, 1] * g_out[1, i] + h_io[j, 2] * g_out[2, i]
            if j == 3:
                total += h_io[3, 3] * g_out[3, i] + h_io[3, 4] * g_out[4, i] + h_io[3, 5] * g_out[5, i]
            elif i == 3:
                total = h_io[j, 0] * g_out[0, 3] + h_io[j, 1] * g_out[1, 3] + h_io[j, 2] * g_out[2, 3]
            a_out[i, j] = total
            a_out[j, i] = total


@kernel
def project_tracks(
    n: int,
    sensor: FloatArray,
    rotation: FloatArray,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    z_out: FloatArray,
    g_out: FloatArray,
    a_out: FloatArray,
) -> None:
    """`project_track` for every waking model of n tracks: z_out (n, 3, 5), g_out (n, 3, 7, 4), a_out (n, 3, 4, 4)."""
    h = np.zeros((4, 6))
    for i in range(n):
        for k in range(3):
            if mu[i, k] > 0.0:
                project_track(sensor, rotation, x[i, k], p[i, k], z_out[i, k], g_out[i, k], a_out[i, k], h)


@kernel
def residual(z: FloatArray, sigma: FloatArray, predicted: FloatArray, v_out: FloatArray, r_out: FloatArray) -> None:
    """Residual v_out (4,) and noise variances r_out (4,) of a detection z (4,), sigma (4,); NaN: missing row."""
    r, arc = predicted[0], predicted[0] * predicted[4]
    turn = z[1] - predicted[1]
    turn -= 2.0 * math.pi * np.floor(turn / (2.0 * math.pi) + 0.5)
    v_out[0] = z[0] - r
    v_out[1] = arc * turn
    v_out[2] = r * (z[2] - predicted[2])
    v_out[3] = z[3] - predicted[3]
    r_out[0] = sigma[0] * sigma[0]
    r_out[1] = (arc * sigma[1]) ** 2
    r_out[2] = (r * sigma[2]) ** 2
    r_out[3] = sigma[3] * sigma[3]


@kernel
def factor_innovation(
    a: FloatArray, v: FloatArray, r: FloatArray, chol_out: FloatArray, white_out: FloatArray
) -> float:
    """Cholesky factor of the innovation covariance of the rows present; returns the log likelihood, sets white_out.

    chol_out (4, 4) is lower; a missing row has an infinite diagonal, so that it does nothing. white_out (5,) holds the
    whitened residual, then the number of rows.
    """
    log_likelihood, rows = 0.0, 0
    for i in range(4):
        if math.isnan(v[i]) or math.isnan(r[i]):
            for j in range(i):
                chol_out[i, j] = 0.0
            chol_out[i, i] = math.inf
            white_out[i] = 0.0
            continue
        rows += 1
        total = v[i]
        for j in range(i):
            s = a[i, j]
            for k in range(j):
                s -= chol_out[i, k] * chol_out[j, k]
            chol_out[i, j] = s / chol_out[j, j]
            total -= chol_out[i, j] * white_out[j]
        s = a[i, i] + r[i]
        for k in range(i):
            s -= chol_out[i, k] * chol_out[i, k]
        chol_out[i, i] = math.sqrt(max(s, r[i]))
        white_out[i] = total / chol_out[i, i]
        log_likelihood -= 0.5 * (white_out[i] * white_out[i] + LOG_2PI) + math.log(chol_out[i, i])
    white_out[4] = rows
    return log_likelihood


@kernel
def update_track(
    g: FloatArray, chol: FloatArray, white: FloatArray, x_io: FloatArray, p_io: FloatArray, w_io: FloatArray
) -> None:
    """Kalman update from the factored innovation: with W = L⁻¹ G', x += W' white, P -= W' W, exactly symmetric.

    w_io (7, 4) is scratch. The triangular solve takes the rows one after another: it is the sequential scalar update.
    """
    for a in range(7):
        for i in range(4):
            total = g[a, i]
            for j in range(i):
                total -= chol[i, j] * w_io[a, j]
            w_io[a, i] = total / chol[i, i]
    for a in range(7):
        x_io[a] += w_io[a, 0] * white[0] + w_io[a, 1] * white[1] + w_io[a, 2] * white[2] + w_io[a, 3] * white[3]
        for b in range(a + 1):
            gain = w_io[a, 0] * w_io[b, 0] + w_io[a, 1] * w_io[b, 1] + w_io[a, 2] * w_io[b, 2] + w_io[a, 3] * w_io[b, 3]
            p_io[a, b] -= gain
            p_io[b, a] = p_io[a, b]
