"""Not a tracker but a bound for one: Kalman filters that are told the origin of every detection.

Birth at an object's first detection, end at its last, the one motion model and noise that the peers are set up with.
What is left of its GOSPA is what filtering costs, and the scans before the first detection.
"""

from __future__ import annotations

import numpy as np

from tocsin.bench.peers.scenes import SETTINGS, Settings, cartesian
from tocsin.records.arrays import FloatArray
from tocsin.records.truth import EstimateTable
from tocsin.scenes.families import Scene

__all__ = ["oracle", "transition"]


def transition(s: Settings, dt: float) -> tuple[FloatArray, FloatArray]:
    """Transition and process noise of three axes, each position, rate and perhaps acceleration.

    Bar-Shalom, Li and Kirubarajan 2001, equations 6.2.2-4 and 6.2.3-7: white noise on the highest derivative.
    """
    order = s.derivatives + 1
    step, noise = np.zeros((order, order)), np.zeros((order, order))
    factorial = [1.0, 1.0, 2.0]
    for i in range(order):
        for j in range(order):
            if j >= i:
                step[i, j] = dt ** (j - i) / factorial[j - i]
            a, b = order - 1 - i, order - 1 - j
            noise[i, j] = s.noise * dt ** (a + b + 1) / (factorial[a] * factorial[b] * (a + b + 1))
    return np.asarray(np.kron(np.eye(3), step)), np.asarray(np.kron(np.eye(3), noise))


def oracle(scene: Scene, kind: str) -> EstimateTable:
    """What perfect association would report at each scan; `kind` is a key of SETTINGS."""
    s, n = SETTINGS[kind], len(scene.truth.object_id)
    order = s.derivatives + 1
    place, rate = np.arange(3) * order, np.arange(3) * order + 1
    f, q = transition(s, scene.radar.scan_period_s)
    x, p = np.zeros((n, 3 * order)), np.zeros((n, 3 * order, 3 * order))
    began, last = np.zeros(n, np.bool_), np.full(n, -1)
    for k, origin in enumerate(scene.origin):
        last[origin[origin >= 0]] = k
    parts: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    for k, (batch, origin) in enumerate(zip(scene.batches, scene.origin, strict=True)):
        x, p = x @ f.T, f @ p @ f.T + q
        d, hit = batch.detections, np.flatnonzero(origin >= 0)
        polar = np.stack([d.range_m, d.azimuth_rad, d.elevation_rad], axis=1)[hit]
        sigma = np.stack([d.sigma_range_m, d.sigma_azimuth_rad, d.sigma_elevation_rad], axis=1)[hit]
        z, r = cartesian(polar, sigma)
        old = began[origin[hit]]
        who = origin[hit[old]]
        x[who], p[who] = _updated(x[who], p[who], z[old], r[old], place)
        new = origin[hit[~old]]
        x[new], p[new] = _begun(s, z[~old], r[~old], place, rate)
        began[new] = True
        listed = np.flatnonzero(began & (last >= k))
        parts.append((np.full(len(listed), batch.t_s), listed.astype(np.float64), x[listed][:, [*place, *rate]]))
    t_s, owner, state = (np.concatenate([part[i] for part in parts]) for i in range(3))
    nothing = np.full((len(t_s), 3), np.nan)
    return EstimateTable(t_s, owner.astype(np.int64), state, nothing, scene.truth.object_id)


def _begun(
    s: Settings, z: FloatArray, r: FloatArray, place: np.ndarray, rate: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    order = s.derivatives + 1
    x, p = np.zeros((len(z), 3 * order)), np.zeros((len(z), 3 * order, 3 * order))
    x[:, place] = z
    p[:, place[:, None], place] = r
    p[:, rate, rate] = np.square([s.sigma_velocity_mps[0], s.sigma_velocity_mps[0], s.sigma_velocity_mps[1]])
    if order == 3:
        p[:, rate + 1, rate + 1] = s.sigma_acceleration_mps2**2
    return x, p


def _updated(
    x: FloatArray, p: FloatArray, z: FloatArray, r: FloatArray, place: np.ndarray
) -> tuple[FloatArray, FloatArray]:
    """Kalman updates of many at once, in Joseph's form."""
    hp = p[:, place, :]
    gain = np.linalg.solve(hp[:, :, place] + r, hp).transpose(0, 2, 1)
    x = x + np.einsum("nij,nj->ni", gain, z - x[:, place])
    keep = np.broadcast_to(np.eye(x.shape[1]), p.shape).copy()
    keep[:, :, place] -= gain
    return x, keep @ p @ keep.transpose(0, 2, 1) + gain @ r @ gain.transpose(0, 2, 1)
