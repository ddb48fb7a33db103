"""Which detections of a scan may belong to which tracks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin._threads import on_all
from tocsin.kernels import association, coverage, gating, lifecycle, polar, posterior
from tocsin.kernels.measurement import FACTORS
from tocsin.kernels.motion import MODELS
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.scans import Scan
from tocsin.track.bank import Bank
from tocsin.track.parts import parts_of
from tocsin.track.rules import Rules

__all__ = ["Found", "Gated", "Joint", "Looked", "detection_rows", "gate_all", "join", "look"]

SHARE_MIN = 1e-4  # marginal probability below which a pair is not worth having
SHARE_UNKNOWN = 1e-5  # the same while the intensity of clutter is a guess
CROWD = 300  # tentative tracks from which it pays to gate them behind the others


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan shows of n tracks, with room for those that it begins."""

    row: IntArray  # (>= n,) detection of each, -1: none
    probability: FloatArray  # (>= n,) association probability of that one
    pm: FloatArray  # (>= n,) see kernels.coverage.cover_tracks


@dataclass(frozen=True, slots=True)
class Looked:
    """What gating asks of one scan of m detections."""

    scan: Scan
    z: FloatArray  # (m, 4)
    sigma: FloatArray  # (m, 4)
    kind: IntArray  # (m,)
    rows: int  # the first so many measurement rows are used
    probability: float  # of detection, in sight of the sensor
    mask: coverage.Mask
    head: FloatArray  # this and what follows: see kernels.gating.build_grid
    cells: IntArray
    order: IntArray
    loose: int


def look(rules: Rules, scan: Scan, z: FloatArray, sigma: FloatArray, kind: IntArray, probability: float) -> Looked:
    """Sort a scan's detections into a grid."""
    m, rows = z.shape[0], 4 if np.isfinite(z[:, 3]).any() else 3
    head, cells, order = np.empty(5), np.empty(4 * m + 64, np.int64), np.empty(m, np.int64)
    loose = gating.build_grid(scan.position_m, head, cells, order)
    return Looked(scan, z, sigma, kind, rows, probability, mask_of(rules, scan), head, cells, order, loose)


@dataclass(frozen=True, slots=True)
class Gated:
    """Gated pairs of one part of the tracks, k of them, and the scan's m detections, ordered by track."""

    part: slice
    start: IntArray  # (k + 1,)
    det: IntArray
    ll: FloatArray  # (pairs, MODELS)
    nis: FloatArray
    density: FloatArray  # see kernels.posterior.pair_weights
    g: FloatArray  # (k, MODELS, 7, 4)
    factor: FloatArray  # (pairs, MODELS, FACTORS): see kernels.measurement.factor_innovation


def gate(rules: Rules, bank: Bank, looked: Looked, found: Found, floor: FloatArray, part: slice) -> Gated:
    """Which detections may belong to which tracks of one part, and how much speaks for each pair.

    floor (m,): what a pair's density must be able to reach.
    """
    scan, n, m = looked.scan, part.stop - part.start, looked.z.shape[0]
    mu, x, p = bank.mu[part], bank.x[part], bank.p[part]
    pd, pm = np.empty(n), found.pm[part]
    coverage.cover_tracks(n, looked.probability, scan.complete, looked.mask, mu, x, p, pd, pm)
    exists = bank.real[lifecycle.EXISTENCE, part]
    strength = exists * pd / (1.0 - exists * pm)
    predicted, g, a = np.empty((n, MODELS, 5)), np.empty((n, MODELS, 7, 4)), np.empty((n, MODELS, 4, 4))
    room, start = 4 * (n + m) + 64, np.empty(n + 1, np.int64)
    while True:
        det, ll, nis = np.empty(room, np.int64), np.empty((room, MODELS)), np.empty(room)
        factor = np.empty((room, MODELS, FACTORS))
        count = gating.find_pairs(
            n,
            rules.gate,
            looked.rows,
            scan.sensor_position_m,
            scan.sensor_rotation,
            mu,
            x,
            p,
            strength,
            floor,
            scan.position_m,
            looked.z,
            looked.sigma,
            looked.head,
            looked.cells,
            looked.order,
            looked.loose,
            predicted,
            g,
            a,
            start,
            det,
            ll,
            nis,
            factor,
        )
        if count <= room:
            break
        room = count
    det, ll, density = det[:count], ll[:count], np.empty(count)
    posterior.pair_weights(start, det, ll, mu, strength, predicted, looked.kind, density)
    return Gated(part, start, det, ll, nis[:count], density, g, factor)


def gate_all(rules: Rules, bank: Bank, looked: Looked, found: Found, intensity: FloatArray, known: bool) -> list[Gated]:
    """Gate all tracks in parts. intensity (m,): of clutter and new targets; `known`: it will stay as it is.

    Where many tracks are tentative they come behind the others, and leave alone what is claimed so well that belief
    propagation could give them less than SHARE_MIN of it (`claim_detections`).
    """
    n, m = bank.n, looked.z.shape[0]
    first = int(np.count_nonzero(bank.whole[lifecycle.ID, :n]))
    if n - first < CROWD:
        first = n
    floor = np.zeros(m)
    gated = on_all(lambda part: gate(rules, bank, looked, found, floor, part), parts_of(first))
    if first == n:
        return gated
    claim = np.ones(m)
    for each in gated:
        association.claim_detections(each.start, each.det, each.density / intensity[each.det], claim)
    floor[:] = np.where(looked.kind == 0, (SHARE_MIN if known else SHARE_UNKNOWN) * intensity * claim, 0.0)
    rest = [slice(first + part.start, first + part.stop) for part in parts_of(n - first)]
    return gated + on_all(lambda part: gate(rules, bank, looked, found, floor, part), rest)


@dataclass(frozen=True, slots=True)
class Joint:
    """The pairs of all parts together, ordered by track: what association needs of them."""

    start: IntArray  # (n + 1,)
    det: IntArray
    density: FloatArray
    first: list[int]  # pair that each part begins with


def join(gated: list[Gated]) -> Joint:
    """Put the pairs of all parts in one row."""
    first = np.cumsum([0, *(len(each.det) for each in gated)]).tolist()
    if len(gated) == 1:
        return Joint(gated[0].start, gated[0].det, gated[0].density, first)
    start = [each.start[:-1] + offset for each, offset in zip(gated, first[:-1], strict=True)]
    return Joint(
        np.concatenate([*start, first[-1:]]),
        np.concatenate([each.det for each in gated]),
        np.concatenate([each.density for each in gated]),
        first,
    )


def detection_rows(scan: Scan) -> tuple[FloatArray, FloatArray, IntArray]:
    """Measurements z (m, 4), their sigmas (m, 4), and the kind of each by what is missing (see `pair_weights`)."""
    d = scan.detections
    m = len(d.row)
    z, sigma, kind = np.empty((m, 4)), np.empty((m, 4)), np.empty(m, np.int64)
    polar.join_rows(
        d.range_m,
        d.azimuth_rad,
        d.elevation_rad,
        d.range_rate_mps,
        d.sigma_range_m,
        d.sigma_azimuth_rad,
        d.sigma_elevation_rad,
        d.sigma_range_rate_mps,
        z,
        sigma,
        kind,
    )
    return z, sigma, kind


def mask_of(rules: Rules, scan: Scan) -> coverage.Mask:
    """What the sensor of a scan can see."""
    mask = rules.masks.get(scan.sensor_index)
    if mask is None:
        mask = rules.masks[scan.sensor_index] = coverage.mask_of(
            scan.sensor_position_m,
            scan.sensor_rotation,
            scan.max_range_m,
            np.full(4, np.nan),
            rules.motion.level_radius_m,
            rules.terrain_head,
            rules.terrain_level,
        )
    return mask
