"""Clutter as it is found: density by ground range and height, and the empirical density of its range rates.

One map per sensor. What is learned from are detections that began a track which came to nothing; memory fades, so
that the map follows the weather. Until it knows a cell, a share of what is there now is taken for clutter.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import FloatArray, IntArray

__all__ = ["HEIGHTS", "RATES", "RINGS", "clutter_intensity", "fade_clutter", "locate"]

RING_EDGES_M = np.array(
    [0.0, 2e3, 4e3, 6e3, 8e3, 1e4, 1.25e4, 1.5e4, 1.75e4, 2e4, 2.5e4, 3e4, 3.5e4, 4e4, 5e4, 6e4, 8e4, 1e5, 1.5e5, 3e5]
)
HEIGHT_EDGES_M = np.array(
    [-500.0, 250.0, 500.0, 750.0, 1000.0, 1500.0, 2000.0, 3000.0, 4000.0, 6000.0, 8000.0, 16000.0, 60000.0]
)
RINGS, HEIGHTS = 19, 12
RATE_WIDTH_MPS = 2.0
RATES = 800  # cells of 2 m/s over -800..800 m/s
RATE_PRIOR = 5.0  # counts, spread evenly: what is not known of clutter's speeds before any was seen


@kernel
def locate(position: FloatArray, sensor: FloatArray, rotation: FloatArray) -> int:
    """Cell (ring * HEIGHTS + height) of a place in the sensor's axes; -1: no place."""
    d0, d1, d2 = position[0] - sensor[0], position[1] - sensor[1], position[2] - sensor[2]
    if math.isnan(d0 + d1 + d2):
        return -1
    e = rotation[0, 0] * d0 + rotation[1, 0] * d1 + rotation[2, 0] * d2
    n = rotation[0, 1] * d0 + rotation[1, 1] * d1 + rotation[2, 1] * d2
    u = rotation[0, 2] * d0 + rotation[1, 2] * d1 + rotation[2, 2] * d2
    ground = math.sqrt(e * e + n * n)
    ring = 0
    while ring < RINGS - 1 and ground >= RING_EDGES_M[ring + 1]:
        ring += 1
    height = 0
    while height < HEIGHTS - 1 and u >= HEIGHT_EDGES_M[height + 1]:
        height += 1
    return ring * HEIGHTS + height


@kernel
def cell_volume(cell: int) -> float:
    """Volume of a cell of the map, m³; the lowest layer is counted from the ground up."""
    ring, height = cell // HEIGHTS, cell % HEIGHTS
    area = math.pi * (RING_EDGES_M[ring + 1] ** 2 - RING_EDGES_M[ring] ** 2)
    return float(area * (HEIGHT_EDGES_M[height + 1] - max(HEIGHT_EDGES_M[height], 0.0)))


@kernel
def fade_clutter(memory: float, counts_io: FloatArray, rates_io: FloatArray, scans_io: FloatArray) -> None:
    """Fade one sensor's map by one scan: counts_io (RINGS * HEIGHTS,), rates_io (RATES,), scans_io (1,)."""
    for c in range(counts_io.shape[0]):
        counts_io[c] *= memory
    for c in range(rates_io.shape[0]):
        rates_io[c] *= memory
    scans_io[0] = scans_io[0] * memory + 1.0


@kernel
def clutter_intensity(
    sensor: FloatArray,
    rotation: FloatArray,
    counts: FloatArray,
    rates: FloatArray,
    scans: float,
    guess: float,
    position: FloatArray,
    z: FloatArray,
    density_out: FloatArray,
    rate_density_out: FloatArray,
    cell_out: IntArray,
    rate_cell_out: IntArray,
) -> float:
    """Clutter density (per m³ and scan) and range-rate density (per m/s; 1 where not measured) of m detections.

    `guess`: clutter per scan to assume before the map knows. As one pseudo-scan, that share of this scan's detections
    counts as clutter, where they lie and as fast as they are. A detection without a place has density NaN. Returns the
    clutter per scan.
    """
    m, total = position.shape[0], 0.0
    here, rates_here = np.zeros(RINGS * HEIGHTS), rates.copy()
    guessed = min(guess / max(m, 1), 1.0)
    for j in range(m):
        rate_cell_out[j] = -1
        if not math.isnan(z[j, 3]):
            rate_cell_out[j] = min(max(int(z[j, 3] / RATE_WIDTH_MPS + 0.5 * RATES), 1), RATES - 2)
            rates_here[rate_cell_out[j]] += guessed
        cell_out[j] = locate(position[j], sensor, rotation)
        if cell_out[j] >= 0:
            here[cell_out[j]] += 1.0
    for c in range(RINGS * HEIGHTS):
        total += counts[c]
    rate_total = RATE_PRIOR + np.sum(rates_here)
    for j in range(m):
        density_out[j] = math.nan
        if cell_out[j] >= 0:
            found = counts[cell_out[j]] + guessed * here[cell_out[j]]
            density_out[j] = found / ((scans + 1.0) * cell_volume(cell_out[j]))
        rate_density_out[j] = 1.0
        c = rate_cell_out[j]
        if c >= 0:
            smooth = 0.25 * rates_here[c - 1] + 0.5 * rates_here[c] + 0.25 * rates_here[c + 1]
            rate_density_out[j] = (smooth + RATE_PRIOR / RATES) / (rate_total * RATE_WIDTH_MPS)
    return float((total + 2.0 * guess) / (scans + 2.0))
