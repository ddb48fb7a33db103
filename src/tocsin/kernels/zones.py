"""Probability of a Gaussian point over a polygon grown by a disk: Green's theorem with smooth quadrature.

For a unit Gaussian, P(A) is the line integral of Phi(x) phi(y) dy around the border of A. The Gaussian is whitened, the
border becomes a chain of straight segments, and on each the integrand varies on the scale 1: five Gauss-Legendre nodes
for each unit of length leave less than 1e-7. Cost grows with the segments, not with the area.

The border of a polygon grown by a disk: each edge is shifted outward, each convex corner becomes an arc, at each
reflex corner the two shifted edges are cut where they cross. Where the edges at a reflex corner are too short for that
the corner keeps its (backward) arc: the border is then the convolution of Guibas, Ramshaw and Stolfi (1983, "A kinetic
framework for computational geometry"), whose winding number counts the pieces in which a disk touches the polygon. So a
notch narrower than the disk counts twice, which errs towards warning; the result is clipped to 1.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

__all__ = ["gaussian_over_polygons", "point_polygon_distance"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_NODES = (-0.9061798459386640, -0.5384693101056831, 0.0, 0.5384693101056831, 0.9061798459386640)
_WEIGHTS = (0.2369268850561891, 0.4786286704993665, 0.5688888888888889, 0.4786286704993665, 0.2369268850561891)
_NOTHING = 1e-290  # whitened lengths by which nothing in reach can be divided without overflow
_REACH = 7.5  # standard deviations; the mass beyond is below 1e-12
_ARC_STEP_RAD = math.pi / 8  # an arc's chords keep its area; they leave the circle by at most 1.4 % of the radius
_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def _cdf(x: float) -> float:
    return 0.5 * math.erfc(-x * _SQRT_HALF)


@kernel
def _far_part(ax: float, dx: float, ay: float, dy: float, ta: float, tb: float) -> float:
    """The line integral where |x| is out of reach: Phi(x) is 0 or 1 there."""
    if tb <= ta or ax + 0.5 * (ta + tb) * dx < 0.0:
        return 0.0
    return _cdf(ay + tb * dy) - _cdf(ay + ta * dy)


@kernel
def _near_part(ax: float, dx: float, ay: float, dy: float, ta: float, tb: float) -> float:
    """The line integral by Gauss-Legendre in panels of at most unit length."""
    if tb <= ta:
        return 0.0
    panels = max(1, math.ceil((tb - ta) * math.hypot(dx, dy)))
    half = 0.5 * (tb - ta) / panels
    total = 0.0
    for p in range(panels):
        middle = ta + (2 * p + 1) * half
        for k in range(5):
            t = middle + half * _NODES[k]
            y = ay + t * dy
            total += _WEIGHTS[k] * _cdf(ax + t * dx) * math.exp(-0.5 * y * y)
    return total * half * dy * _INV_SQRT_2PI


@kernel
def _segment(ax: float, ay: float, bx: float, by: float) -> float:
    """Line integral of Phi(x) phi(y) dy along one whitened segment."""
    dx, dy = bx - ax, by - ay
    if abs(dy) < _NOTHING:
        return 0.0
    one, two = (-_REACH - ay) / dy, (_REACH - ay) / dy
    t0, t1 = max(0.0, min(one, two)), min(1.0, max(one, two))  # where |y| is in reach
    if t1 <= t0:
        return 0.0
    if abs(dx) < _NOTHING:
        left, right = (t0, t1) if abs(ax) <= _REACH else (t1, t1)
    else:
        one, two = (-_REACH - ax) / dx, (_REACH - ax) / dx
        left, right = min(max(min(one, two), t0), t1), max(min(max(one, two), t1), t0)
    before = _far_part(ax, dx, ay, dy, t0, left)
    after = _far_part(ax, dx, ay, dy, right, t1)
    return before + _near_part(ax, dx, ay, dy, left, right) + after


@kernel
def _corner(
    px: float, py: float, qx: float, qy: float, rx: float, ry: float, radius: float
) -> tuple[float, float, int, float]:
    """How corner q between p and r is rounded: first normal's angle, turn, chords, miter length (0: an arc)."""
    in_angle = math.atan2(-(qx - px), qy - py)  # of the outward normal of the edge that comes in
    turn = (math.atan2(-(rx - qx), ry - qy) - in_angle + math.pi) % (2.0 * math.pi) - math.pi
    if radius == 0.0:
        return in_angle, turn, 0, 0.0
    shortest = min(math.hypot(qx - px, qy - py), math.hypot(rx - qx, ry - qy))
    if turn < 0.0 and 2.0 * radius * math.tan(-0.5 * turn) <= shortest:
        return in_angle, turn, 0, radius / math.cos(0.5 * turn)
    return in_angle, turn, max(1, math.ceil(abs(turn) / _ARC_STEP_RAD)), 0.0


@kernel
def _grown_mass(vertex: FloatArray, radius: float, mx: float, my: float, l11: float, l21: float, l22: float) -> float:
    """Mass over one counter-clockwise polygon grown by `radius`; l.. is the Cholesky factor of the covariance."""
    n = vertex.shape[0]
    total, first_x, first_y, last_x, last_y = 0.0, 0.0, 0.0, 0.0, 0.0
    started = False
    for i in range(n):
        p, q, r = vertex[i - 1], vertex[i], vertex[(i + 1) % n]
        angle, turn, chords, miter = _corner(p[0], p[1], q[0], q[1], r[0], r[1], radius)
        step = turn / max(chords, 1)
        bulge = math.sqrt(step / math.sin(step)) if abs(step) > 1e-6 else 1.0
        for k in range(chords + 1):
            reach = radius * bulge if 0 < k < chords else radius
            towards = angle + k * step
            if miter > 0.0:
                reach, towards = miter, angle + 0.5 * turn
            wx = (q[0] + reach * math.cos(towards) - mx) / l11
            wy = (q[1] + reach * math.sin(towards) - my - l21 * wx) / l22
            if started:
                total += _segment(last_x, last_y, wx, wy)
            else:
                first_x, first_y, started = wx, wy, True
            last_x, last_y = wx, wy
    return min(1.0, max(0.0, total + _segment(last_x, last_y, first_x, first_y)))


@kernel
def gaussian_over_polygons(
    vertices: FloatArray,
    starts: IntArray,
    radius_m: float,
    mean: FloatArray,
    covariance: FloatArray,
    mass_out: FloatArray,
) -> None:
    """Mass (n, Z) of n Gaussians over Z counter-clockwise simple polygons, each grown by `radius_m`.

    `vertices` (V, 2) holds the polygons one after another, polygon z from starts[z] to starts[z + 1]; `mean` (n, 2) and
    `covariance` (n, 2, 2) in metres. A covariance gains 1e-6 m² on its diagonal, so that a point is allowed.
    """
    for i in range(mean.shape[0]):
        mx, my = mean[i, 0], mean[i, 1]
        c11, c21, c22 = covariance[i, 0, 0] + 1e-6, covariance[i, 1, 0], covariance[i, 1, 1] + 1e-6
        l11 = math.sqrt(c11)
        l21 = c21 / l11
        l22 = math.sqrt(max(c22 - l21 * l21, 1e-6))
        far_x, far_y = _REACH * l11 + radius_m, _REACH * math.sqrt(c22) + radius_m
        for z in range(starts.shape[0] - 1):
            polygon = vertices[starts[z] : starts[z + 1]]
            x, y = polygon[:, 0], polygon[:, 1]
            if x.min() - far_x > mx or x.max() + far_x < mx or y.min() - far_y > my or y.max() + far_y < my:
                mass_out[i, z] = 0.0
            else:
                mass_out[i, z] = _grown_mass(polygon, radius_m, mx, my, l11, l21, l22)


@kernel
def point_polygon_distance(vertices: FloatArray, starts: IntArray, point: FloatArray, distance_out: FloatArray) -> None:
    """Distance (n, Z) from n points (n, 2) to Z polygons, 0 inside; polygons as in `gaussian_over_polygons`."""
    for i in range(point.shape[0]):
        x, y = point[i, 0], point[i, 1]
        for z in range(starts.shape[0] - 1):
            best, inside = math.inf, False
            for k in range(starts[z], starts[z + 1]):
                j = k - 1 if k > starts[z] else starts[z + 1] - 1
                ax, ay, bx, by = vertices[j, 0], vertices[j, 1], vertices[k, 0], vertices[k, 1]
                dx, dy = bx - ax, by - ay
                length2 = dx * dx + dy * dy
                t = ((x - ax) * dx + (y - ay) * dy) / length2 if length2 > 0.0 else 0.0
                t = min(1.0, max(0.0, t))
                best = min(best, math.hypot(x - ax - t * dx, y - ay - t * dy))
                if (ay > y) != (by > y) and x < ax + (y - ay) * dx / dy:
                    inside = not inside
            distance_out[i, z] = 0.0 if inside else best
