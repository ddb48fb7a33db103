"""Errors of confirmed tracks in straight flight beside the posterior Cramér-Rao bound, scan by scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tocsin.bench.drive import holders, scene_steps, truth_by_scan
from tocsin.records.arrays import FloatArray
from tocsin.scenes.families import Radar, Scene, make_scene

__all__ = ["BoundStudy", "ScanErrors", "information", "posterior_bound", "scan_errors"]

PRIOR_SIGMA = (1e6, 1e6, 550.0 / float(np.sqrt(12.0)), 29.4, 29.4, 0.01)
"""What is known of a `straight-N` drone before its first detection (m, m/s): nothing of where on the map it is, its
height as drawn, its speed as drawn (root mean square 41.6 m/s over both axes), and that it flies level."""


@dataclass(frozen=True, slots=True)
class ScanErrors:
    """One scan over all targets and seeds."""

    scan: int  # from 0
    t_s: float
    tracked: int  # targets with a confirmed track of their own
    targets: int
    position_rmse_m: float | None  # None: nothing is tracked yet
    velocity_rmse_mps: float | None
    position_bound_m: float  # root mean over the same targets
    velocity_bound_mps: float


@dataclass(frozen=True, slots=True)
class BoundStudy:
    """One family, with or without range rate."""

    scene: str
    seeds: tuple[int, ...]
    range_rate: bool
    scans: tuple[ScanErrors, ...]


def information(state: FloatArray, radar: Radar, *, range_rate: bool) -> FloatArray:
    """Fisher information (n, 6, 6) of one detection of each state (n, 6) by a radar at the origin."""
    place, velocity = state[:, :3], state[:, 3:]
    r = np.linalg.norm(place, axis=1)
    ground = np.hypot(place[:, 0], place[:, 1])
    h = np.zeros((len(state), 4, 6))
    out = place / r[:, None]
    h[:, 0, :3] = out
    h[:, 1, 0], h[:, 1, 1] = place[:, 1] / ground**2, -place[:, 0] / ground**2
    h[:, 2, :2] = -place[:, :2] * (place[:, 2] / (r**2 * ground))[:, None]
    h[:, 2, 2] = ground / r**2
    h[:, 3, :3] = (velocity - np.sum(velocity * out, axis=1)[:, None] * out) / r[:, None]
    h[:, 3, 3:] = out
    sigma = np.array([radar.sigma_range_m, radar.sigma_angle_rad, radar.sigma_angle_rad, radar.sigma_rate_mps])
    weight = 1.0 / sigma**2
    weight[3] *= range_rate
    return np.asarray(np.einsum("nki,k,nkj->nij", h, weight, h))


def posterior_bound(state: FloatArray, radar: Radar, *, range_rate: bool) -> FloatArray:
    """Bound covariances (K, n, 6, 6) after each of K scans, for targets (K, n, 6) that never leave their straight line.

    Tichavsky, Muravchik and Nehorai 1998 (IEEE TSP 46:1386, eq. 21) with a linear transition and no process noise:
    J' = F⁻ᵀ J F⁻¹ + Pd · Hᵀ R⁻¹ H. The factor Pd takes the mean over which scans detect the target; by Jensen's
    inequality what it gives lies a little below the mean of the bounds (Hernandez, Farina and Ristic 2006, IEEE TAES
    42:1). Before the first detection PRIOR_SIGMA is known.
    """
    back = np.eye(6)
    back[:3, 3:] = -radar.scan_period_s * np.eye(3)
    j = np.zeros((state.shape[1], 6, 6))
    j += np.diag(1.0 / np.square(PRIOR_SIGMA))
    bounds = np.empty((*state.shape[:2], 6, 6))
    for k in range(len(state)):
        if k:
            j = back.T @ j @ back
        j = j + radar.detection_probability * information(state[k], radar, range_rate=range_rate)
        bounds[k] = np.linalg.inv(j)
    return bounds


def _errors(scene: Scene) -> tuple[FloatArray, FloatArray]:
    """Squared errors (K, n) of position and velocity of each target's confirmed track, NaN where it has none."""
    steps, true = scene_steps(scene), truth_by_scan(scene)
    held = holders(scene, steps)
    found = np.full((2, *true.shape[:2]), np.nan)
    for k, step in enumerate(steps):
        who = np.array([held[int(i)] for i in step.table.track_id], dtype=np.int64)
        rows = np.flatnonzero(who >= 0)
        error = step.table.state[rows] - true[k, who[rows]]
        # of two tracks that hold one target the older stands for it: rows ascend by number, the first is written last
        for part, columns in enumerate((slice(0, 3), slice(3, 6))):
            found[part, k, who[rows][::-1]] = np.sum(error[::-1, columns] ** 2, axis=1)
    return found[0], found[1]


def scan_errors(name: str, seeds: Sequence[int], *, range_rate: bool) -> BoundStudy:
    """Errors and bounds over the seeds of a family in straight flight, all of whose targets are there throughout."""
    found: list[tuple[FloatArray, ...]] = []
    period_s = 1.0
    for seed in seeds:
        scene = make_scene(name, seed, range_rate=range_rate)
        bound = posterior_bound(truth_by_scan(scene), scene.radar, range_rate=range_rate)
        traces = (np.trace(bound[..., s, s], axis1=2, axis2=3) for s in (slice(0, 3), slice(3, 6)))
        found.append((*_errors(scene), *traces))
        period_s = scene.radar.scan_period_s
    parts = [np.concatenate(columns, axis=1) for columns in zip(*found, strict=True)]
    scans = tuple(_scan(k, k * period_s, *(part[k] for part in parts)) for k in range(len(parts[0])))
    return BoundStudy(name, tuple(seeds), range_rate, scans)


def _scan(
    k: int, t_s: float, position: FloatArray, velocity: FloatArray, low: FloatArray, slow: FloatArray
) -> ScanErrors:
    there = np.isfinite(position)
    some = bool(there.any())
    same = there if some else np.ones(len(there), np.bool_)
    return ScanErrors(
        scan=k,
        t_s=t_s,
        tracked=int(np.count_nonzero(there)),
        targets=len(there),
        position_rmse_m=float(np.sqrt(np.mean(position[there]))) if some else None,
        velocity_rmse_mps=float(np.sqrt(np.mean(velocity[there]))) if some else None,
        position_bound_m=float(np.sqrt(np.mean(low[same]))),
        velocity_bound_mps=float(np.sqrt(np.mean(slow[same]))),
    )
