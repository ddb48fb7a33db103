"""Ground: the terrain of a scenario as a grid, and its level at a point. Heights are above the site's level sphere."""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import RidgeSpec, TerrainSpec
from tocsin.records.site import Terrain

__all__ = ["ground_level", "ground_levels_m", "make_terrain"]


def make_terrain(spec: TerrainSpec) -> Terrain:
    """A square grid of `2·extent_m` a side, centred on the origin; without ridges the empty grid, level ground."""
    if not spec.ridges:
        return Terrain(0.0, 0.0, float(spec.step_m), np.zeros((0, 0)))
    step_m = float(spec.step_m)
    half = math.ceil(spec.extent_m / step_m)
    axis = np.arange(-half, half + 1) * step_m
    east, north = np.meshgrid(axis, axis)
    level = np.zeros_like(east)
    for ridge in spec.ridges:
        level += _ridge_level(ridge, east, north)
    return Terrain(-half * step_m, -half * step_m, step_m, level)


def _ridge_level(ridge: RidgeSpec, east_m: FloatArray, north_m: FloatArray) -> FloatArray:
    """Level of one ridge. `width_m` is the standard deviation across it, and of the fall beyond either end."""
    bearing = math.radians(ridge.bearing_deg)
    de, dn = east_m - ridge.east_m, north_m - ridge.north_m
    along = de * math.sin(bearing) + dn * math.cos(bearing)
    across = de * math.cos(bearing) - dn * math.sin(bearing)
    beyond = np.maximum(np.abs(along) - ridge.length_m / 2, 0.0)
    return np.asarray(ridge.height_m * np.exp(-0.5 * (across**2 + beyond**2) / ridge.width_m**2))


@kernel
def ground_level(
    east0_m: float, north0_m: float, step_m: float, level_m: FloatArray, east_m: float, north_m: float
) -> float:
    """Level of the ground at a point: bilinear between nodes, the edge's value outside, 0 for an empty grid."""
    rows, columns = level_m.shape
    if rows == 0 or columns == 0:
        return 0.0
    x = min(max((east_m - east0_m) / step_m, 0.0), columns - 1.0)
    y = min(max((north_m - north0_m) / step_m, 0.0), rows - 1.0)
    column, row = min(int(x), max(columns - 2, 0)), min(int(y), max(rows - 2, 0))
    column1, row1 = min(column + 1, columns - 1), min(row + 1, rows - 1)
    fx, fy = x - column, y - row
    south = level_m[row, column] * (1.0 - fx) + level_m[row, column1] * fx
    north = level_m[row1, column] * (1.0 - fx) + level_m[row1, column1] * fx
    return float(south * (1.0 - fy) + north * fy)


def ground_levels_m(terrain: Terrain, east_m: FloatArray, north_m: FloatArray) -> FloatArray:
    """`ground_level` for arrays of one shape."""
    east, north = np.broadcast_arrays(np.asarray(east_m, dtype=np.float64), np.asarray(north_m, dtype=np.float64))
    levels = np.full(east.size, np.nan)
    _ground_levels(
        terrain.east0_m, terrain.north0_m, terrain.step_m, terrain.level_m, east.ravel(), north.ravel(), levels
    )
    return levels.reshape(east.shape)


@kernel
def _ground_levels(
    east0_m: float,
    north0_m: float,
    step_m: float,
    level_m: FloatArray,
    east_m: FloatArray,
    north_m: FloatArray,
    level_out: FloatArray,
) -> None:
    for index in range(east_m.size):
        level_out[index] = ground_level(east0_m, north0_m, step_m, level_m, east_m[index], north_m[index])
