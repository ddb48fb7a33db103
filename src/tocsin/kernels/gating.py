"""Which detections may belong to which tracks: a grid over the ground, and the exact test on what it lets through.

Cost is linear in tracks and detections at constant density: the grid has about one detection per cell, and a track
visits the cells that its gate touches. Detections without a place (bearing only, two-dimensional) are few; they are
kept in one list that every track tests.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.measurement import factor_innovation, residual
from tocsin.kernels.motion import FloatArray, IntArray

__all__ = ["build_grid", "find_pairs"]


@kernel
def build_grid(position: FloatArray, head_out: FloatArray, cell_start_out: IntArray, order_out: IntArray) -> int:
    """Sort m placed detections (position (m, 3), NaN: no place) into square cells; returns how many have no place.

    head_out (5,): west edge, south edge, cell size, columns, rows. cell_start_out (4 m + 64,) and order_out (m,): a
    counting sort, the placed ones first; those without a place stand at the end of order_out in their own order.
    """
    m = position.shape[0]
    west, east, south, north, placed = math.inf, -math.inf, math.inf, -math.inf, 0
    for j in range(m):
        if not math.isnan(position[j, 0] + position[j, 1] + position[j, 2]):
            placed += 1
            west, east = min(west, position[j, 0]), max(east, position[j, 0])
            south, north = min(south, position[j, 1]), max(north, position[j, 1])
    if placed == 0:
        west = east = south = north = 0.0
    width, depth = east - west + 1.0, north - south + 1.0
    size = max(math.sqrt(width * depth / (placed + 1.0)), (width + depth) / (placed + 16.0))
    columns, rows = int(width / size) + 1, int(depth / size) + 1
    head_out[0], head_out[1], head_out[2], head_out[3], head_out[4] = west, south, size, columns, rows
    cells = columns * rows
    cell_start_out[: cells + 1] = 0
    cell = np.full(m, -1, np.int64)
    for j in range(m):
        if not math.isnan(position[j, 0] + position[j, 1] + position[j, 2]):
            cell[j] = int((position[j, 1] - south) / size) * columns + int((position[j, 0] - west) / size)
            cell_start_out[cell[j] + 1] += 1
    for c in range(cells):
        cell_start_out[c + 1] += cell_start_out[c]
    fill, tail = cell_start_out[: cells + 1].copy(), placed
    for j in range(m):
        if cell[j] >= 0:
            order_out[fill[cell[j]]] = j
            fill[cell[j]] += 1
        else:
            order_out[tail] = j
            tail += 1
    return int(m - placed)


@kernel
def gate_box(
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    z: FloatArray,
    gate: float,
    angle: float,
    reach: float,
    box_out: FloatArray,
) -> None:
    """Bounds in east and north (box_out (4,)) of the gates of one track's waking models, noise included."""
    box_out[0], box_out[1], box_out[2], box_out[3] = math.inf, -math.inf, math.inf, -math.inf
    for k in range(3):
        if mu[k] > 0.0:
            noise = max(reach, z[k, 0] * angle) ** 2
            for c in range(2):
                half = math.sqrt(gate * (p[k, c, c] + noise))
                box_out[2 * c] = min(box_out[2 * c], x[k, c] - half)
                box_out[2 * c + 1] = max(box_out[2 * c + 1], x[k, c] + half)


@kernel
def test_pair(
    gate: float,
    mu: FloatArray,
    predicted: FloatArray,
    a: FloatArray,
    z: FloatArray,
    sigma: FloatArray,
    ll_out: FloatArray,
    work_io: FloatArray,
) -> float:
    """Log likelihoods ll_out (3,) of one detection under one track's models (-inf: asleep or outside the gate).

    Returns the smallest normalised innovation squared per row among them, inf if every model rejects it.
    """
    best = math.inf
    for k in range(3):
        ll_out[k] = -math.inf
        if mu[k] > 0.0:
            v, r, white = work_io[4], work_io[5], work_io[6]
            residual(z, sigma, predicted[k], v[:4], r[:4])
            ll = factor_innovation(a[k], v, r, work_io[:4], white)
            d2 = white[0] * white[0] + white[1] * white[1] + white[2] * white[2] + white[3] * white[3]
            if d2 <= gate:
                ll_out[k] = ll
                best = min(best, d2 / white[4])
    return best


@kernel
def find_pairs(
    n: int,
    gate: float,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    predicted: FloatArray,
    a: FloatArray,
    position: FloatArray,
    z: FloatArray,
    sigma: FloatArray,
    head: FloatArray,
    cell_start: IntArray,
    order: IntArray,
    loose: int,
    start_out: IntArray,
    det_out: IntArray,
    ll_out: FloatArray,
    nis_out: FloatArray,
) -> int:
    """Gated pairs of n tracks and m detections, ordered by track.

    start_out (n + 1,): first pair of each track; det_out (cap,), ll_out (cap, 3), nis_out (cap,): detection, log
    likelihood under each model, and normalised innovation squared per row. Returns the number of pairs; beyond cap
    they are counted and not written, so that the caller can come back with room. z, sigma: (m, 4).
    """
    m, cap = position.shape[0], det_out.shape[0]
    box, ll, work = np.empty(4), np.empty(3), np.empty((7, 5))
    reach, angle = 0.0, 0.0
    for j in range(m):
        if not math.isnan(position[j, 0]):
            reach, angle = max(reach, sigma[j, 0]), max(angle, max(sigma[j, 1], sigma[j, 2]))
    columns, rows, size = int(head[3]), int(head[4]), head[2]
    count = 0
    for i in range(n):
        start_out[i] = count
        gate_box(mu[i], x[i], p[i], predicted[i], gate, angle, reach, box)
        c0, c1 = max(math.floor((box[0] - head[0]) / size), 0), min(math.floor((box[1] - head[0]) / size), columns - 1)
        r0, r1 = max(math.floor((box[2] - head[1]) / size), 0), min(math.floor((box[3] - head[1]) / size), rows - 1)
        last_row = max(int(r1), int(r0) - 1) if c1 >= c0 else int(r0) - 1
        for row in range(int(r0), last_row + 2):
            first, last = m - loose, m
            if row <= last_row:
                first, last = cell_start[row * columns + int(c0)], cell_start[row * columns + int(c1) + 1]
            for q in range(first, last):
                j = order[q]
                if q < m - loose and not (box[0] <= position[j, 0] <= box[1] and box[2] <= position[j, 1] <= box[3]):
                    continue
                nis = test_pair(gate, mu[i], predicted[i], a[i], z[j], sigma[j], ll, work)
                if nis < math.inf:
                    if count < cap:
                        det_out[count], nis_out[count] = j, nis
                        ll_out[count, :] = ll
                    count += 1
    start_out[n] = count
    return count
