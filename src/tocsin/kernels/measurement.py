"""What a sensor should see of a track: rows range, cross azimuth, cross elevation and range rate.

Residuals are taken in the sensor's spherical frame and expressed in metres along the local unit vectors at the
prediction, so the noise is diagonal and any row may be missing (NaN): a bearing-only detection has no range row and
none is invented. Linearisation as in Bar-Shalom, Li, Kirubarajan 2001, section 10.3, at the predicted mean.

The rows are written out one by one: loops over three or four rows cost twice the time.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray

__all__ = ["FACTORS", "FINEST2", "factor_innovation", "project_track", "residual", "update_track"]

LOG_2PI = math.log(2.0 * math.pi)
FINEST2 = 1e-4
"""Least variance of a row, m² or (m/s)²: a target is larger than a centimetre, so that no detection is of one point
more finely. Far below it a covariance loses its definiteness to rounding: beside (1 km)² doubles lose (0.01 mm)²."""
COS_ELEVATION_MIN = 0.02  # within 1.1° of the zenith azimuth says nothing
FACTORS = 14  # the Cholesky factor of an innovation covariance by rows, its diagonal inverted, then the white residual


@kernel
def project_track(
    rows: int,
    sensor: FloatArray,
    rotation: FloatArray,
    x: FloatArray,
    p: FloatArray,
    z_out: FloatArray,
    g_out: FloatArray,
    a_out: FloatArray,
) -> None:
    """Predicted measurement of one state x (7,), p (7, 7): the first `rows` rows, 3 or 4.

    z_out (5,): range, azimuth, elevation, range rate, cosine of elevation; g_out (7, 4) = P H'; a_out (4, 4) = H P H',
    lower triangle. `rotation` (3, 3) takes the sensor's axes to the site's.
    """
    d0, d1, d2 = x[0] - sensor[0], x[1] - sensor[1], x[2] - sensor[2]
    e = rotation[0, 0] * d0 + rotation[1, 0] * d1 + rotation[2, 0] * d2
    n = rotation[0, 1] * d0 + rotation[1, 1] * d1 + rotation[2, 1] * d2
    u = rotation[0, 2] * d0 + rotation[1, 2] * d1 + rotation[2, 2] * d2
    ground = max(math.sqrt(e * e + n * n), 1e-3)
    r = math.sqrt(ground * ground + u * u)
    ce, se, ca, sa = ground / r, u / r, n / ground, e / ground
    los0 = rotation[0, 0] * ce * sa + rotation[0, 1] * ce * ca + rotation[0, 2] * se
    los1 = rotation[1, 0] * ce * sa + rotation[1, 1] * ce * ca + rotation[1, 2] * se
    los2 = rotation[2, 0] * ce * sa + rotation[2, 1] * ce * ca + rotation[2, 2] * se
    az0 = rotation[0, 0] * ca - rotation[0, 1] * sa
    az1 = rotation[1, 0] * ca - rotation[1, 1] * sa
    az2 = rotation[2, 0] * ca - rotation[2, 1] * sa
    el0 = rotation[0, 2] * ce - rotation[0, 0] * se * sa - rotation[0, 1] * se * ca
    el1 = rotation[1, 2] * ce - rotation[1, 0] * se * sa - rotation[1, 1] * se * ca
    el2 = rotation[2, 2] * ce - rotation[2, 0] * se * sa - rotation[2, 1] * se * ca
    rate = los0 * x[3] + los1 * x[4] + los2 * x[5]
    z_out[0], z_out[1], z_out[2], z_out[3] = r, math.atan2(e, n), math.atan2(u, ground), rate
    z_out[4] = max(ce, COS_ELEVATION_MIN)
    for i in range(7):
        p0, p1, p2 = p[i, 0], p[i, 1], p[i, 2]
        g_out[i, 0] = p0 * los0 + p1 * los1 + p2 * los2
        g_out[i, 1] = p0 * az0 + p1 * az1 + p2 * az2
        g_out[i, 2] = p0 * el0 + p1 * el1 + p2 * el2
    a_out[0, 0] = los0 * g_out[0, 0] + los1 * g_out[1, 0] + los2 * g_out[2, 0]
    a_out[1, 0] = az0 * g_out[0, 0] + az1 * g_out[1, 0] + az2 * g_out[2, 0]
    a_out[1, 1] = az0 * g_out[0, 1] + az1 * g_out[1, 1] + az2 * g_out[2, 1]
    a_out[2, 0] = el0 * g_out[0, 0] + el1 * g_out[1, 0] + el2 * g_out[2, 0]
    a_out[2, 1] = el0 * g_out[0, 1] + el1 * g_out[1, 1] + el2 * g_out[2, 1]
    a_out[2, 2] = el0 * g_out[0, 2] + el1 * g_out[1, 2] + el2 * g_out[2, 2]
    if rows > 3:
        s0, s1, s2 = (x[3] - rate * los0) / r, (x[4] - rate * los1) / r, (x[5] - rate * los2) / r
        for i in range(7):
            g_out[i, 3] = p[i, 0] * s0 + p[i, 1] * s1 + p[i, 2] * s2 + p[i, 3] * los0 + p[i, 4] * los1 + p[i, 5] * los2
        a_out[3, 0] = los0 * g_out[0, 3] + los1 * g_out[1, 3] + los2 * g_out[2, 3]
        a_out[3, 1] = az0 * g_out[0, 3] + az1 * g_out[1, 3] + az2 * g_out[2, 3]
        a_out[3, 2] = el0 * g_out[0, 3] + el1 * g_out[1, 3] + el2 * g_out[2, 3]
        a_out[3, 3] = s0 * g_out[0, 3] + s1 * g_out[1, 3] + s2 * g_out[2, 3]
        a_out[3, 3] += los0 * g_out[3, 3] + los1 * g_out[4, 3] + los2 * g_out[5, 3]


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
    r_out[0] = max(sigma[0] * sigma[0], FINEST2)
    r_out[1] = max((arc * sigma[1]) ** 2, FINEST2)
    r_out[2] = max((r * sigma[2]) ** 2, FINEST2)
    r_out[3] = max(sigma[3] * sigma[3], FINEST2)


@kernel
def factor_innovation(
    rows: int, gate: float, a: FloatArray, v: FloatArray, r: FloatArray, factor_out: FloatArray
) -> tuple[float, float]:
    """Factor the innovation covariance of the rows present; returns log likelihood and squared length per row.

    Outside the gate (the squared length of the whitened residual) it returns -inf, inf as soon as that is known, and
    factor_out is not complete. Of the rows the first `rows` (3 or 4) are there; a missing one (NaN) has an inverse
    diagonal of zero, so that it does nothing. factor_out (FACTORS,): rows of the Cholesky factor L, with the inverse of
    its diagonal, then the whitened residual L⁻¹ v of four rows.
    """
    present, d2, det = 0, 0.0, 1.0
    i0 = l10 = l20 = l30 = i1 = l21 = l31 = i2 = l32 = i3 = w0 = w1 = w2 = w3 = 0.0
    if not math.isnan(v[0] + r[0]):
        s = a[0, 0] + r[0]
        i0 = 1.0 / math.sqrt(s)
        w0 = v[0] * i0
        d2, det, present = w0 * w0, s, 1
        l10, l20 = a[1, 0] * i0, a[2, 0] * i0
        if rows > 3:
            l30 = a[3, 0] * i0
    if not math.isnan(v[1] + r[1]):
        s = max(a[1, 1] + r[1] - l10 * l10, r[1])
        i1 = 1.0 / math.sqrt(s)
        w1 = (v[1] - l10 * w0) * i1
        d2, det, present = d2 + w1 * w1, det * s, present + 1
        l21 = (a[2, 1] - l20 * l10) * i1
        if rows > 3:
            l31 = (a[3, 1] - l30 * l10) * i1
    else:
        l10 = 0.0
    if d2 > gate:
        return -math.inf, math.inf
    if not math.isnan(v[2] + r[2]):
        s = max(a[2, 2] + r[2] - l20 * l20 - l21 * l21, r[2])
        i2 = 1.0 / math.sqrt(s)
        w2 = (v[2] - l20 * w0 - l21 * w1) * i2
        d2, det, present = d2 + w2 * w2, det * s, present + 1
        if rows > 3:
            l32 = (a[3, 2] - l30 * l20 - l31 * l21) * i2
    else:
        l20 = l21 = 0.0
    if rows > 3 and not math.isnan(v[3] + r[3]):
        s = max(a[3, 3] + r[3] - l30 * l30 - l31 * l31 - l32 * l32, r[3])
        i3 = 1.0 / math.sqrt(s)
        w3 = (v[3] - l30 * w0 - l31 * w1 - l32 * w2) * i3
        d2, det, present = d2 + w3 * w3, det * s, present + 1
    if d2 > gate:
        return -math.inf, math.inf
    factor_out[0], factor_out[1], factor_out[2], factor_out[3] = i0, l10, i1, l20
    factor_out[4], factor_out[5], factor_out[6], factor_out[7] = l21, i2, l30, l31
    factor_out[8], factor_out[9] = l32, i3
    factor_out[10], factor_out[11], factor_out[12], factor_out[13] = w0, w1, w2, w3
    return -0.5 * (d2 + present * LOG_2PI + math.log(det)), d2 / max(present, 1)


@kernel
def update_track(
    rows: int, w: float, g: FloatArray, factor: FloatArray, step_out: FloatArray, p_io: FloatArray, w_io: FloatArray
) -> None:
    """Kalman update of weight w from the factored innovation: with W = L⁻¹ G', step = W' white, p -= w W' W.

    factor (FACTORS,) as `factor_innovation` leaves it; step_out (7,); only the lower triangle of p_io (7, 7) is used;
    w_io (7, 4) is scratch. The triangular solve takes the rows one after another: it is the sequential scalar update.
    """
    i0, l10, i1, l20 = factor[0], factor[1], factor[2], factor[3]
    l21, i2, l30, l31 = factor[4], factor[5], factor[6], factor[7]
    l32, i3 = factor[8], factor[9]
    for i in range(7):
        w0 = g[i, 0] * i0
        w1 = (g[i, 1] - l10 * w0) * i1
        w2 = (g[i, 2] - l20 * w0 - l21 * w1) * i2
        w_io[i, 0], w_io[i, 1], w_io[i, 2] = w0, w1, w2
        step_out[i] = w0 * factor[10] + w1 * factor[11] + w2 * factor[12]
        for j in range(i + 1):
            p_io[i, j] -= w * (w0 * w_io[j, 0] + w1 * w_io[j, 1] + w2 * w_io[j, 2])
    if rows > 3 and i3 > 0.0:
        for i in range(7):
            w3 = (g[i, 3] - l30 * w_io[i, 0] - l31 * w_io[i, 1] - l32 * w_io[i, 2]) * i3
            w_io[i, 3] = w3
            step_out[i] += w3 * factor[13]
            for j in range(i + 1):
                p_io[i, j] -= w * w3 * w_io[j, 3]
