"""A small recorded case for tests of sessions: two radars that disagree, reports, clutter, scans that come late."""

from __future__ import annotations

from functools import cache

import numpy as np

from tocsin.frames import enu2aer, gaussian_radius_m
from tocsin.records.detections import Batch, DetectionTable, ErrorRecord, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain

SIGMA = np.array([10.0, np.deg2rad(0.15), np.deg2rad(0.15), 1.0])
BIAS = np.array([60.0, np.deg2rad(0.3), np.deg2rad(0.2), 0.0])  # of the second radar
PLACES = np.array([[0.0, 0.0, 0.0], [9000.0, 0.0, 0.0]])
SITE = Site("s", 33.8, 42.4, 188.0, gaussian_radius_m(33.8) + 188.0, "UTC", (), (), Terrain(0, 0, 1, np.zeros((0, 0))))
PLAN = Plan(
    "2021-06-01T00:00:00+00:00",
    SITE,
    SensorTable(
        ("west", "east"),
        ("radar_3d",) * 2,
        PLACES,
        np.tile(np.eye(3), (2, 1, 1)),
        *(np.full(2, np.nan) for _ in "rtbe"),
    ),
)
TARGETS = 12
AIRCRAFT = 3


def reports(t_s: float, state: np.ndarray, rng: np.random.Generator) -> ReportTable:
    """ADS-B of the first targets, and now and then somebody who saw or heard something."""
    seen = state[:AIRCRAFT, :3] + rng.normal(size=(AIRCRAFT, 3)) * 10.0
    names = tuple(f"AC{k}" for k in range(AIRCRAFT))
    if int(t_s) % 5:
        return ReportTable(np.full(AIRCRAFT, t_s), ("rx",) * 3, ("adsb",) * 3, names, seen, np.full(3, 10.0), ("",) * 3)
    told = np.array([[3000.0, 2000.0, np.nan], [100.0, 200.0, 0.0]])
    return ReportTable(
        np.full(AIRCRAFT + 2, t_s),
        ("rx", "rx", "rx", "post", "mic"),
        ("adsb", "adsb", "adsb", "sighting", "impact"),
        (*names, "1", "2"),
        np.vstack([seen, told]),
        np.array([10.0, 10.0, 10.0, 300.0, 50.0]),
        ("", "", "", "drone", ""),
    )


@cache
def scans(count: int, seed: int = 3) -> tuple[Batch, ...]:
    """Batches in order of arrival; a tenth of the scans come up to 1.5 s late, and every seventh batch is a tick."""
    rng = np.random.default_rng(seed)
    start = np.column_stack(
        [rng.uniform(-4e3, 12e3, TARGETS), rng.uniform(-8e3, 8e3, TARGETS), np.full(TARGETS, 400.0)]
    )
    heading, speed = rng.uniform(0, 2 * np.pi, TARGETS), rng.uniform(20, 90, TARGETS)
    velocity = np.column_stack([speed * np.sin(heading), speed * np.cos(heading), np.zeros(TARGETS)])
    arriving = []
    for k in range(count):
        t_s, sensor = 0.5 * k, k % 2
        state = np.hstack([start + velocity * t_s, velocity])
        late_s = rng.uniform(0.0, 1.5) if k % 10 == 9 else 0.0
        arriving.append(
            (t_s + late_s, t_s, -1 if k % 7 == 6 else sensor, look(state, sensor, rng), reports(t_s, state, rng))
        )
    arriving.sort(key=lambda one: one[0])
    return tuple(
        Batch(k, t_s, came_s, sensor, rows(plots if sensor >= 0 else plots[:0]), told, faults(k, t_s))
        for k, (came_s, t_s, sensor, plots, told) in enumerate(arriving)
    )


def look(state: np.ndarray, sensor: int, rng: np.random.Generator) -> np.ndarray:
    """Plots of the targets and of clutter: (n, 4)."""
    d = state[:, :3] - PLACES[sensor]
    azimuth, elevation, distance = enu2aer(d).T
    z = np.column_stack([distance, azimuth, elevation, np.sum(d * state[:, 3:], axis=1) / distance])
    z += rng.normal(size=z.shape) * SIGMA + BIAS * sensor
    clutter = rng.uniform([500.0, 0.0, 0.0, -5.0], [15e3, 2 * np.pi, 0.2, 5.0], (rng.poisson(4.0), 4))
    z = np.vstack([z[rng.random(len(z)) < 0.9], clutter])
    z[:, 1] %= 2 * np.pi
    return z


def rows(z: np.ndarray) -> DetectionTable:
    """A table of plots."""
    n = len(z)
    s = np.tile(SIGMA, (n, 1))
    row, blank = np.arange(1, n + 1), np.full(n, np.nan)
    return DetectionTable(row, z[:, 0], z[:, 1], z[:, 2], s[:, 0], s[:, 1], s[:, 2], z[:, 3], s[:, 3], blank, blank)


def faults(k: int, t_s: float) -> tuple[ErrorRecord, ...]:
    """What a reader could not use."""
    return (ErrorRecord(t_s, "case", k + 1, "range_m", "-1", "a range is positive"),) if k % 11 == 5 else ()
