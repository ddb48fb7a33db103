"""Which detections may belong to which tracks: a grid over the ground, and the exact test on what it lets through.

Cost is linear in tracks and detections at constant density: the grid has about one detection per cell, and a track
visits the cells that its gate touches. Detections without a place (bearing only, two-dimensional) are few; they are
kept in one list that every track tests.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.measurement import FACTORS, FINEST2, factor_innovation, project_track, residual
from tocsin.kernels.motion import MODELS, FloatArray, IntArray

__all__ = ["build_grid", "find_pairs", "peak_density"]


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
def gate_boxes(
    gate: float,
    angle: float,
    reach: float,
    sensor: FloatArray,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    box_out: FloatArray,
) -> None:
    """Bounds in east and north (box_out (MODELS + 1, 4)) of the gate of each waking model of a track, and of all."""
    for c in range(2):
        box_out[MODELS, 2 * c], box_out[MODELS, 2 * c + 1] = math.inf, -math.inf
    for k in range(MODELS):
        box_out[k, 0] = math.inf
        if mu[k] > 0.0:
            d2 = (x[k, 0] - sensor[0]) ** 2 + (x[k, 1] - sensor[1]) ** 2 + (x[k, 2] - sensor[2]) ** 2
            across, along = d2 * angle * angle, reach * reach
            for c in range(2):
                sight2 = (x[k, c] - sensor[c]) ** 2 / d2 if d2 > 0.0 else 0.0
                half = math.sqrt(gate * (p[k, c, c] + across + (along - across) * sight2))
                box_out[k, 2 * c], box_out[k, 2 * c + 1] = x[k, c] - half, x[k, c] + half
                box_out[MODELS, 2 * c] = min(box_out[MODELS, 2 * c], x[k, c] - half)
                box_out[MODELS, 2 * c + 1] = max(box_out[MODELS, 2 * c + 1], x[k, c] + half)


@kernel
def peak_density(rows: int, a: FloatArray, peak_out: FloatArray) -> None:
    """Greatest density of three measurement rows, and of four, that a predicted a (4, 4) allows: peak_out (2,)."""
    d0 = a[0, 0] + FINEST2
    d1 = a[1, 1] + FINEST2 - a[1, 0] * a[1, 0] / d0
    c21 = a[2, 1] - a[2, 0] * a[1, 0] / d0
    d2 = a[2, 2] + FINEST2 - a[2, 0] * a[2, 0] / d0 - c21 * c21 / d1
    peak_out[0] = peak_out[1] = math.inf
    if d1 > 0.0 and d2 > 0.0:
        peak_out[0] = peak_out[1] = 1.0 / math.sqrt((2.0 * math.pi) ** 3 * d0 * d1 * d2)
        if rows > 3:
            c31 = a[3, 1] - a[3, 0] * a[1, 0] / d0
            c32 = a[3, 2] - a[3, 0] * a[2, 0] / d0 - c31 * c21 / d1
            d3 = a[3, 3] + FINEST2 - a[3, 0] * a[3, 0] / d0 - c31 * c31 / d1 - c32 * c32 / d2
            peak_out[1] = peak_out[0] / math.sqrt(2.0 * math.pi * d3) if d3 > 0.0 else math.inf


@kernel
def find_pairs(
    n: int,
    gate: float,
    rows: int,
    sensor: FloatArray,
    rotation: FloatArray,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    strength: FloatArray,
    floor: FloatArray,
    position: FloatArray,
    z: FloatArray,
    sigma: FloatArray,
    head: FloatArray,
    cell_start: IntArray,
    order: IntArray,
    loose: int,
    predicted_out: FloatArray,
    g_out: FloatArray,
    a_out: FloatArray,
    start_out: IntArray,
    det_out: IntArray,
    ll_out: FloatArray,
    nis_out: FloatArray,
    factor_out: FloatArray,
) -> int:
    """Gated pairs of n tracks and m detections, ordered by track.

    start_out (n + 1,): first pair of each track; det_out (cap,), ll_out (cap, MODELS), nis_out (cap,): detection, log
    likelihood under each model (-inf: asleep or outside its gate), and normalised innovation squared per row. Returns
    the number of pairs; beyond cap they are counted and not written, so that the caller can come back with room.
    A model whose part in the density of a detection, with strength (n,) as of `pair_weights`, cannot reach floor (m,)
    is left out there.
    z, sigma: (m, 4). predicted_out (n, MODELS, 5), g_out (n, MODELS, 7, 4), a_out (n, MODELS, 4, 4): see
    `project_track`; written for the models that have a detection near. factor_out (cap, MODELS, FACTORS): see
    `factor_innovation`; written where the log likelihood is finite.
    """
    m, cap = position.shape[0], det_out.shape[0]
    box, ll, factor = np.empty((MODELS + 1, 4)), np.empty(MODELS), np.empty((MODELS, FACTORS))
    v, r, ready, peak = np.empty(4), np.empty(4), np.zeros(MODELS, np.bool_), np.empty((MODELS, 2))
    reach, angle = 0.0, 0.0
    for j in range(m):
        if not math.isnan(position[j, 0]):
            reach, angle = max(reach, sigma[j, 0]), max(angle, max(sigma[j, 1], sigma[j, 2]))
    columns, last_row, size = int(head[3]), int(head[4]) - 1, head[2]
    count = 0
    for i in range(n):
        start_out[i] = count
        gate_boxes(gate, angle, reach, sensor, mu[i], x[i], p[i], box)
        for k in range(MODELS):
            ready[k] = False
        whole = box[MODELS]
        c0, c1 = (
            max(math.floor((whole[0] - head[0]) / size), 0),
            min(math.floor((whole[1] - head[0]) / size), columns - 1),
        )
        r0, r1 = max(math.floor((whole[2] - head[1]) / size), 0), min(math.floor((whole[3] - head[1]) / size), last_row)
        r1 = max(r1, r0 - 1) if c1 >= c0 else r0 - 1
        for row in range(int(r0), int(r1) + 2):
            first, last = m - loose, m
            if row <= int(r1):
                first, last = cell_start[row * columns + int(c0)], cell_start[row * columns + int(c1) + 1]
            for q in range(first, last):
                j = order[q]
                placed, best = q < m - loose, math.inf
                e, nn = position[j, 0], position[j, 1]
                if placed and not (whole[0] <= e <= whole[1] and whole[2] <= nn <= whole[3]):
                    continue
                for k in range(MODELS):
                    ll[k] = -math.inf
                    if mu[i, k] == 0.0:
                        continue
                    if placed and not (box[k, 0] <= e <= box[k, 1] and box[k, 2] <= nn <= box[k, 3]):
                        continue
                    if not ready[k]:
                        project_track(
                            rows, sensor, rotation, x[i, k], p[i, k], predicted_out[i, k], g_out[i, k], a_out[i, k]
                        )
                        peak_density(rows, a_out[i, k], peak[k])
                        ready[k] = True
                    if strength[i] * mu[i, k] * peak[k, 0 if math.isnan(z[j, 3]) else 1] < floor[j]:
                        continue
                    off = z[j, 0] - predicted_out[i, k, 0]
                    if off * off > gate * (a_out[i, k, 0, 0] + max(sigma[j, 0] * sigma[j, 0], FINEST2)):
                        continue
                    residual(z[j], sigma[j], predicted_out[i, k], v, r)
                    ll[k], nis = factor_innovation(rows, gate, a_out[i, k], v, r, factor[k])
                    best = min(best, nis)
                if best < math.inf:
                    if count < cap:
                        det_out[count], nis_out[count] = j, best
                        for k in range(MODELS):
                            ll_out[count, k] = ll[k]
                            if ll[k] > -math.inf:
                                for f in range(FACTORS):
                                    factor_out[count, k, f] = factor[k, f]
                    count += 1
    start_out[n] = count
    return count
