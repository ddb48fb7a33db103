"""Truths and mounts for the tests of the sensors."""

from __future__ import annotations

import numpy as np

from tocsin.formats.scenarios import LEVEL_GROUND
from tocsin.frames import gaussian_radius_m
from tocsin.records.arrays import FloatArray
from tocsin.records.site import Site, Terrain
from tocsin.world.coverage import Mount
from tocsin.world.motion import Kinematics


def make_site(terrain: Terrain = LEVEL_GROUND) -> Site:
    """A site at 33.8° N without zones."""
    return Site("test", 33.7856, 42.4412, 188.0, gaussian_radius_m(33.7856) + 188.0, "UTC", (), (), terrain)


def make_mount(site: Site | None = None, height_m: float = 10.0) -> Mount:
    """A sensor at the origin, its axes those of the site."""
    return Mount(np.array([0.0, 0.0, height_m]), np.eye(3), site or make_site())


def things(
    position_m: FloatArray,
    velocity_mps: FloatArray | tuple[float, float, float] = (0.0, 0.0, 0.0),
    rcs_dbsm: float = 0.0,
    kind: str = "aircraft",
    t_s: float = 0.0,
) -> Kinematics:
    """n things at positions (n, 3), all of one kind and size, ids `thing-0` …"""
    position = np.atleast_2d(np.asarray(position_m, dtype=np.float64))
    n = len(position)
    velocity = np.broadcast_to(np.asarray(velocity_mps, dtype=np.float64), (n, 3))
    return Kinematics(
        t_s=t_s,
        id=tuple(f"thing-{i}" for i in range(n)),
        kind=(kind,) * n,
        state=np.hstack([position, velocity]),
        rcs_dbsm=np.full(n, rcs_dbsm),
        hostile=np.zeros(n, dtype=np.bool_),
    )
