"""Where the ground is: the level sphere through the site's origin, or heights above it on a grid.

A grid is given as its level array (rows north, columns east; (0, 0): level ground) and `grid` = (east of column 0,
north of row 0, step, highest level), metres. Outside the grid its edge values go on.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel

FloatArray = npt.NDArray[np.float64]

__all__ = ["clearance", "ground_level", "level_grid"]


@kernel
def ground_level(levels_m: FloatArray, grid: FloatArray, east_m: float, north_m: float) -> tuple[float, float, float]:
    """Level (m) of the ground at a place and its slopes toward east and north, by bilinear interpolation."""
    rows, columns = levels_m.shape
    if rows == 0 or columns == 0:
        return 0.0, 0.0, 0.0
    x, y = (east_m - grid[0]) / grid[2], (north_m - grid[1]) / grid[2]
    fx, fy = min(max(x, 0.0), columns - 1.0), min(max(y, 0.0), rows - 1.0)
    j, i = min(int(fx), max(columns - 2, 0)), min(int(fy), max(rows - 2, 0))
    j1, i1 = min(j + 1, columns - 1), min(i + 1, rows - 1)
    fx, fy = fx - j, fy - i
    south = levels_m[i, j] * (1.0 - fx) + levels_m[i, j1] * fx
    north = levels_m[i1, j] * (1.0 - fx) + levels_m[i1, j1] * fx
    slope_east = ((levels_m[i, j1] - levels_m[i, j]) * (1.0 - fy) + (levels_m[i1, j1] - levels_m[i1, j]) * fy) / grid[2]
    slope_north = (north - south) / grid[2]
    if x != min(max(x, 0.0), columns - 1.0):
        slope_east = 0.0
    if y != min(max(y, 0.0), rows - 1.0):
        slope_north = 0.0
    return south * (1.0 - fy) + north * fy, slope_east, slope_north


@kernel
def clearance(
    radius_m: float, levels_m: FloatArray, grid: FloatArray, position_m: FloatArray, up_out: FloatArray
) -> float:
    """Height (m) of a point of the site frame above the ground, and its gradient `up_out` (3,)."""
    east, north, up = position_m[0], position_m[1], position_m[2]
    top = up + radius_m
    distance = math.sqrt(east * east + north * north + top * top)
    level = (east * east + north * north + up * (up + 2.0 * radius_m)) / (distance + radius_m)
    ground, slope_east, slope_north = ground_level(levels_m, grid, east, north)
    up_out[0] = east / distance - slope_east
    up_out[1] = north / distance - slope_north
    up_out[2] = top / distance
    return float(level - ground)


def level_grid() -> tuple[FloatArray, FloatArray]:
    """The (levels, grid) pair of level ground."""
    return np.zeros((0, 0)), np.array([0.0, 0.0, 1.0, 0.0])
