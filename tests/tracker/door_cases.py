"""Scans for the doors: two sensors, drones, a rocket and clutter, all from one seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tocsin import Detections, Sensor, Tracks

RADAR = Sensor("a", lat_deg=33.7856, lon_deg=42.4412, alt_m=188.0)
SECOND = Sensor("b", lat_deg=33.7858, lon_deg=42.4414, alt_m=190.0, kind="radar_staring", revisit_s=1.0)


def seen_from_site(place_m: np.ndarray, draw: np.random.Generator) -> dict[str, np.ndarray]:
    """Range, azimuth and elevation of places (n, 3) east, north, up, with ordinary noise."""
    n, distance = len(place_m), np.linalg.norm(place_m, axis=1)
    return {
        "range_m": distance + draw.normal(0, 10, n),
        "azimuth_rad": np.arctan2(place_m[:, 0], place_m[:, 1]) + draw.normal(0, 0.0026, n),
        "elevation_rad": np.clip(np.arcsin(place_m[:, 2] / distance) + draw.normal(0, 0.0026, n), -1.5, 1.5),
    }


def scan_at(t_s: float, seed: int, *, sensor_id: str = "a", drones: int = 3) -> Detections:
    """What flies at a time, the same things for one seed, and clutter."""
    still, draw = np.random.default_rng(seed), np.random.default_rng((seed, round(t_s * 1000), ord(sensor_id)))
    start = np.c_[still.uniform(-3000, 3000, (drones, 2)), still.uniform(100, 400, drones)]
    velocity = np.c_[still.uniform(-40, 40, (drones, 2)), np.zeros(drones)]
    rocket = np.array([[-3000.0 + 160.0 * t_s, 3000.0 - 60.0 * t_s, 10.0 + 190.0 * t_s - 4.9 * t_s**2]])
    clutter = np.c_[draw.uniform(-6000, 6000, (3, 2)), draw.uniform(0, 500, 3)]
    place = np.concatenate([start + t_s * velocity, rocket[rocket[:, 2] > 0], clutter])
    return Detections(
        t_s,
        **seen_from_site(place, draw),
        sigma_range_m=10.0,
        sigma_azimuth_rad=0.0026,
        sigma_elevation_rad=0.0026,
        sensor_id=sensor_id,
    )


def scans(seed: int, start: int, stop: int) -> Iterator[Detections]:
    """Both sensors by turns, twice a second; every eleventh scan comes after the next one."""
    order = list(range(start, stop))
    for k in range(0, len(order) - 1, 11):
        order[k], order[k + 1] = order[k + 1], order[k]
    for k in order:
        yield scan_at(0.5 * k, seed, sensor_id="ab"[k % 2])


def bytes_of(tracks: Tracks) -> tuple[object, ...]:
    """All that a result says, to compare to the last bit."""
    arrays = (getattr(tracks, name) for name in Tracks.__dataclass_fields__)
    return tuple(a.tobytes() if isinstance(a, np.ndarray) else a for a in arrays)
