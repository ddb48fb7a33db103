"""A sky in which targets come and go for as long as is asked: a guarded site, drones in straight flight, and shells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.detections import Batch
from tocsin.records.plan import Plan
from tocsin.records.site import Asset, Zone
from tocsin.scenes import motions
from tocsin.scenes.families import UAS_VOLUME, Radar, one_radar, radar_batches

__all__ = ["SKY", "Sky", "a_day", "guarded_site"]

TARGETS, SHELLS = 190, 10  # at any time
LIFE_S = (300.0, 900.0)  # of a drone
SKY = replace(UAS_VOLUME, scan_period_s=4.0, clutter_per_scan=40.0)


def guarded_site() -> Plan:
    """A radar that reaches 30 km, four zones and two assets around it."""
    plan = one_radar()
    square = np.array([[0.0, 0.0], [2e3, 0.0], [2e3, 2e3], [0.0, 2e3]])
    corners = [(-2e3, -2e3), (0.0, -2e3), (-2e3, 0.0), (0.0, 0.0)]
    zones = tuple(Zone(f"z{k}", f"Zone {k}", square + np.array(c), 100.0) for k, c in enumerate(corners))
    assets = tuple(Asset(f"a{k}", f"Asset {k}", np.array([500.0 * k, 300.0, 0.0]), 50.0) for k in range(2))
    site = replace(plan.site, zones=zones, assets=assets)
    return replace(plan, site=site, sensors=replace(plan.sensors, max_range_m=np.array([30e3])))


class Sky:
    """Drones in straight flight and shells; whoever is gone is followed by another at once."""

    def __init__(self, rng: np.random.Generator, radar: Radar) -> None:
        self.rng, self.radar = rng, radar
        self.start, self.velocity = np.zeros((TARGETS, 3)), np.zeros((TARGETS, 3))
        self.born, self.due = np.zeros(TARGETS), np.full(TARGETS, -1.0)
        ages = np.arange(0.0, 46.0, radar.scan_period_s)
        (self.paths, self.flying), _ = motions.shells(rng, 40, ages, 1e-9)
        self.flight = rng.integers(0, 40, SHELLS)
        self.fired = -rng.uniform(0.0, 20.0, SHELLS)
        self.came = 0

    def at(self, t_s: float) -> tuple[FloatArray, BoolArray]:
        """States (1, n, 6) and who is there (1, n)."""
        gone = np.flatnonzero(self.due < t_s)
        place, _ = motions.straight_drones(self.rng, len(gone), np.zeros(1), self.radar.clutter_radius_m)
        self.start[gone], self.velocity[gone] = place[0, :, :3], place[0, :, 3:]
        self.born[gone], self.due[gone] = t_s, t_s + self.rng.uniform(*LIFE_S, len(gone))
        if t_s == 0.0:
            self.due = self.rng.uniform(0.0, LIFE_S[1], TARGETS)
        self.came += len(gone)
        drones = np.concatenate([self.start + self.velocity * (t_s - self.born)[:, None], self.velocity], axis=1)
        step = np.floor((t_s - self.fired) / self.radar.scan_period_s).astype(np.int64)
        over = (step >= len(self.paths)) | ~self.flying[np.minimum(step, len(self.paths) - 1), self.flight]
        self.flight[over] = self.rng.integers(0, self.paths.shape[1], int(over.sum()))
        self.fired[over], step[over] = t_s, 0
        self.came += int(over.sum())
        shells = self.paths[step, self.flight]
        state = np.concatenate([drones, shells])
        near = np.hypot(state[:, 0], state[:, 1]) < self.radar.clutter_radius_m
        return state[None], near[None]


def a_day(rng: np.random.Generator, sky: Sky, seconds: float) -> Iterator[Batch]:
    """Scans of the sky, made one by one."""
    for k in range(round(seconds / sky.radar.scan_period_s)):
        t_s = k * sky.radar.scan_period_s
        state, there = sky.at(t_s)
        for batch, _ in radar_batches(rng, sky.radar, np.array([t_s]), state, there, first=k):
            yield batch
