"""Drones so close to each other that an associator has to choose: pairs that cross, and groups that fly abreast.

`crossing` is 60 pairs that pass within 30 m of each other at 3 to 25 degrees, `formation` 30 groups of four that fly 40
to 80 m apart; both under the radar of `uas-120`, whose names `close_scene` knows too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.scenes.families import UAS_VOLUME, Scene, made_scene, make_scene, scan_times

__all__ = ["CLOSE", "close_scene", "crossing", "formation"]

CLOSE = ("crossing", "formation")
NEAR_M, WIDE_M = 4e3, 15e3


def crossing(rng: np.random.Generator, t_s: FloatArray) -> FloatArray:
    """States (K, 120, 6) of 60 pairs whose lines pass within 30 m of each other half way."""
    n, mid = 60, 0.5 * t_s[-1]
    r, bearing = rng.uniform(NEAR_M, WIDE_M, n), rng.uniform(0, 2 * np.pi, n)
    place = np.stack([r * np.sin(bearing), r * np.cos(bearing), rng.uniform(100, 500, n)], axis=1)
    course, angle = rng.uniform(0, 2 * np.pi, n), np.deg2rad(rng.uniform(3, 25, n)) * rng.choice([-1, 1], n)
    states = []
    for turn in (np.zeros(n), angle):
        speed, off = rng.uniform(25, 50, n), np.c_[rng.uniform(-15, 15, (n, 2)), rng.uniform(-8, 8, n)]
        velocity = np.stack([speed * np.sin(course + turn), speed * np.cos(course + turn), np.zeros(n)], axis=1)
        moved = (place + off) + (t_s - mid)[:, None, None] * velocity
        states.append(np.concatenate([moved, np.broadcast_to(velocity, moved.shape)], axis=2))
    return np.concatenate(states, axis=1)


def formation(rng: np.random.Generator, t_s: FloatArray) -> FloatArray:
    """States (K, 120, 6) of 30 groups of four abreast."""
    n = 30
    r, bearing = rng.uniform(NEAR_M, WIDE_M, n), rng.uniform(0, 2 * np.pi, n)
    place = np.stack([r * np.sin(bearing), r * np.cos(bearing), rng.uniform(100, 500, n)], axis=1)
    course, speed, gap = rng.uniform(0, 2 * np.pi, n), rng.uniform(25, 50, n), rng.uniform(40, 80, n)
    velocity = np.stack([speed * np.sin(course), speed * np.cos(course), np.zeros(n)], axis=1)
    abreast = np.stack([np.cos(course), -np.sin(course), np.zeros(n)], axis=1)
    states = []
    for k in range(4):
        moved = place + (k * gap)[:, None] * abreast + (t_s - 0.5 * t_s[-1])[:, None, None] * velocity
        states.append(np.concatenate([moved, np.broadcast_to(velocity, moved.shape)], axis=2))
    return np.concatenate(states, axis=1)


def close_scene(name: str, seed: int, *, range_rate: bool = True) -> Scene:
    """A scene of either kind, or one of `families` by its name. Raises BadInput for a name that is nobody's."""
    if name not in CLOSE:
        return make_scene(name, seed, range_rate=range_rate)
    rng, radar = np.random.default_rng([seed, CLOSE.index(name)]), replace(UAS_VOLUME, clutter_per_scan=44.0)
    state = (crossing if name == "crossing" else formation)(rng, scan_times(radar, radar.scans))
    there = np.ones(state.shape[:2], np.bool_)
    kinds = ("multirotor",) * state.shape[1]
    return made_scene(rng, (name, seed), radar, (state, there, kinds), 100.0, range_rate=range_rate)
