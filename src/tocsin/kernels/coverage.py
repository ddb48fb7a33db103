"""What share of its detection probability a sensor has at a place: range, field of view, terrain and horizon.

Sight over terrain is looked up, not marched: a table over azimuth and ground distance holds the steepest slope at which
the ground rises from the antenna up to there, and a target is in sight if it stands above that line. Heights are levels
(above the sphere through the site) less d² / (2 k R), k = 4/3: a ray of the standard atmosphere is straight over an
Earth of 4/3 its radius (Recommendation ITU-R P.310-10). The table is exact on its nodes and linear between them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tocsin.kernels.jit import kernel
from tocsin.kernels.lifecycle import COVER_MIN, terrain_level
from tocsin.kernels.motion import MODELS, FloatArray, level_m

BoolArray = npt.NDArray[np.bool_]

__all__ = ["ANTENNA_M", "Mask", "cover_tracks", "field_share", "fill_mask", "mask_of", "seen_share", "sight_share"]

EFFECTIVE = 4.0 / 3.0
ANTENNA_M = 5.0  # an antenna stands at least so high over the ground that the grid says: grids are off by metres
AZIMUTHS = 720  # half a degree: 175 m at 20 km, about the step of a 200 m grid
DISTANCES = 512  # every 118 m at 60 km: 3 MB for a sensor that looks over terrain
REACH_M = 60_000.0  # where no range is stated: as far as terrain is read
GRID_SIGMA_M = 5.0  # of terrain heights between nodes, and of the ray: below this nothing is sharp
HIDDEN = 0.05  # share below which a place is not seen at all: a miss there is no look in vain
FULL_RANGE = 0.8  # of the stated range, up to which the learned probability holds
EDGE_SHARE = 0.01  # of the stated range: how sharp its end is
EDGE_RAD = math.radians(0.5)  # a beam's edge: how sharp the end of a field of view is


class Mask(NamedTuple):
    """What one sensor can see. NaN: not stated."""

    place: FloatArray  # (3,) site frame
    rotation: FloatArray  # (3, 3) the sensor's axes to the site's
    antenna_level_m: float
    radius_m: float  # of the level sphere
    step_m: float  # between the distances of the table
    max_range_m: float
    sector: FloatArray  # (4,) azimuth from, clockwise to; elevation from, to; rad
    slope: FloatArray  # (azimuths from north clockwise, distances from 0): steepest slope of the ground up to there


@kernel
def fill_mask(
    place: FloatArray,
    antenna_level_m: float,
    radius_m: float,
    step_m: float,
    head: FloatArray,
    level: FloatArray,
    slope_out: FloatArray,
) -> None:
    """Steepest slope of the ground from the antenna, slope_out (azimuths, distances); head, level: `terrain_level`."""
    bulge = 1.0 / (2.0 * EFFECTIVE * radius_m)
    for a in range(slope_out.shape[0]):
        azimuth = 2.0 * math.pi * a / slope_out.shape[0]
        e, n, steepest = math.sin(azimuth), math.cos(azimuth), -math.inf
        slope_out[a, 0] = -math.inf
        for j in range(1, slope_out.shape[1]):
            d = j * step_m
            ground = terrain_level(head, level, place[0] + d * e, place[1] + d * n)
            steepest = max(steepest, (ground - bulge * d * d - antenna_level_m) / d)
            slope_out[a, j] = steepest


def mask_of(
    place: FloatArray,
    rotation: FloatArray,
    max_range_m: float,
    sector: FloatArray,
    radius_m: float,
    head: FloatArray,
    level: FloatArray,
) -> Mask:
    """The mask of a sensor at `place` (3,); an empty grid `level` is level ground. `sector` (4,): see `Mask`."""
    ground = terrain_level(head, level, place[0], place[1])
    antenna = max(level_m(place[0], place[1], place[2], radius_m), ground + ANTENNA_M)
    reach = max_range_m if np.isfinite(max_range_m) else REACH_M
    azimuths = AZIMUTHS if level.size else 1
    slope = np.empty((azimuths, DISTANCES))
    step = reach / (DISTANCES - 2)
    fill_mask(place, antenna, radius_m, step, head, level, slope)
    return Mask(place, rotation, antenna, radius_m, step, max_range_m, sector, slope)


@kernel
def sight_share(mask: Mask, e: float, n: float, u: float, sigma_m: float) -> float:
    """Probability that a place (site frame) is in sight, its height being uncertain by sigma_m."""
    de, dn = e - mask.place[0], n - mask.place[1]
    d = math.sqrt(de * de + dn * dn)
    azimuths, last = mask.slope.shape[0], mask.slope.shape[1] - 1
    j = min(int(d / mask.step_m), last - 1)
    if j == 0:
        return 1.0
    f = min(d / mask.step_m - j, 1.0)
    turn = math.atan2(de, dn) / (2.0 * math.pi) if azimuths > 1 else 0.0
    a = (turn - math.floor(turn)) * azimuths
    a0 = int(a) % azimuths
    a1, g = (a0 + 1) % azimuths, a - math.floor(a)
    near = (1.0 - g) * mask.slope[a0, j] + g * mask.slope[a1, j]
    far = (1.0 - g) * mask.slope[a0, j + 1] + g * mask.slope[a1, j + 1]
    line = mask.antenna_level_m + d * ((1.0 - f) * near + f * far)
    height = level_m(e, n, u, mask.radius_m) - d * d / (2.0 * EFFECTIVE * mask.radius_m)
    spread = math.sqrt(2.0 * (sigma_m * sigma_m + GRID_SIGMA_M * GRID_SIGMA_M))
    return 0.5 * math.erfc((line - height) / spread)


@kernel
def beam_share(mask: Mask, x: float, y: float, z: float, sigma_m: float) -> float:
    """Share that the limits of azimuth and elevation leave at a place x, y, z from the sensor (axes of the site)."""
    share, r = 1.0, math.sqrt(x * x + y * y + z * z)
    turn = mask.rotation
    le = turn[0, 0] * x + turn[1, 0] * y + turn[2, 0] * z
    ln = turn[0, 1] * x + turn[1, 1] * y + turn[2, 1] * z
    lu = turn[0, 2] * x + turn[1, 2] * y + turn[2, 2] * z
    spread = math.sqrt(2.0) * math.hypot(EDGE_RAD, sigma_m / max(r, 1.0))
    elevation = math.atan2(lu, math.hypot(le, ln))
    if not math.isnan(mask.sector[2]):
        share *= 0.5 * math.erfc((mask.sector[2] - elevation) / spread)
    if not math.isnan(mask.sector[3]):
        share *= 0.5 * math.erfc((elevation - mask.sector[3]) / spread)
    if not math.isnan(mask.sector[0]) and not math.isnan(mask.sector[1]):
        width = (mask.sector[1] - mask.sector[0]) % (2.0 * math.pi)
        if width > 0.0:
            off = math.atan2(le, ln) - mask.sector[0] - 0.5 * width
            off = abs(off - 2.0 * math.pi * math.floor(off / (2.0 * math.pi) + 0.5))
            share *= 0.5 * math.erfc((off - 0.5 * width) / spread)
    return share


@kernel
def field_share(mask: Mask, pd: float, e: float, n: float, u: float, sigma_m: float) -> float:
    """Share of the detection probability pd that range and field of view leave at a place (site frame).

    Up to 0.8 of the stated range pd holds: it is learned from targets all over. Beyond, ln pd grows with the fourth
    power of range, as that of a Swerling 1 target does (ln Pd = ln Pfa / (1 + SNR), SNR as r⁻⁴); at the stated range it
    ends.
    """
    x, y, z = e - mask.place[0], n - mask.place[1], u - mask.place[2]
    r, share = math.sqrt(x * x + y * y + z * z), 1.0
    if mask.max_range_m > 0.0:
        over = max((r / (FULL_RANGE * mask.max_range_m)) ** 4 - 1.0, 0.0)
        edge = math.sqrt(2.0 * (sigma_m * sigma_m + (EDGE_SHARE * mask.max_range_m) ** 2))
        share = pd ** min(over, 50.0) * 0.5 * math.erfc((r - mask.max_range_m) / edge)
    for limit in mask.sector:
        if not math.isnan(limit):
            return share * beam_share(mask, x, y, z, sigma_m)
    return share


@kernel
def seen_share(mask: Mask, pd: float, position: FloatArray, sigma: FloatArray, share_out: FloatArray) -> None:
    """Share (n,) of pd that a sensor has at positions (n, 3), site frame, known to sigma (n,) metres."""
    for i in range(position.shape[0]):
        e, n, u = position[i, 0], position[i, 1], position[i, 2]
        share = field_share(mask, pd, e, n, u, sigma[i])
        share_out[i] = share * sight_share(mask, e, n, u, sigma[i]) if share > 0.0 else 0.0


@kernel
def cover_tracks(
    n: int,
    pd: float,
    complete: bool,
    mask: Mask,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    pd_out: FloatArray,
    pm_out: FloatArray,
) -> None:
    """Detection probability pd_out (n,) of each track, and the part pm_out (n,) that a miss counts against.

    A miss is evidence only where the sensor looked (`complete`), as far as it sees there, and none where it hardly
    does.
    """
    for i in range(n):
        k = 0
        for j in range(MODELS):
            if mu[i, j] > mu[i, k]:
                k = j
        e, nn, u = x[i, k, 0], x[i, k, 1], x[i, k, 2]
        level = math.sqrt(max(p[i, k, 0, 0], p[i, k, 1, 1]))
        share = field_share(mask, pd, e, nn, u, level)
        if share > 0.0:
            share *= sight_share(mask, e, nn, u, math.sqrt(max(p[i, k, 2, 2], 0.0)))
        pd_out[i] = max(pd * share, COVER_MIN)
        pm_out[i] = pd * share if complete and share > HIDDEN else 0.0
