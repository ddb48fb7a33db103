"""Recorded flights turned into what a radar would have seen of them, in the formats that `tocsin track` reads.

The flights are the sample recordings inside the installed `traffic` package (ADS-B, collected by the OpenSky Network),
which is read as data and never imported. The recorded rows carry whole seconds and repeat stale positions, which moves
an airliner by up to 200 m: truth is therefore a local quadratic through the fresh positions within a window, and exists
only where at least five of them surround a scan. The radar is a statistical one: each aircraft in range is detected
with a probability, with Gaussian errors in range and angles, among uniform clutter.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.records.arrays import FloatArray

__all__ = ["Setting", "Traffic", "make_traffic", "write_traffic"]

FOOT_M = 0.3048


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the radar stands, when it looks, and how well. The usual one: twenty minutes about Paris-Orly."""

    sample: str = "collections/quickstart"
    lat_deg: float = 48.7233
    lon_deg: float = 2.3794
    alt_m: float = 130.0
    start_s: float = 3600.0  # after the first recorded row
    duration_s: float = 1200.0
    period_s: float = 4.0  # between scans
    radius_m: float = 60e3
    floor_m: float = 100.0  # lowest height above the radar's plane
    window_s: float = 8.0  # half width of the regression
    detection_probability: float = 0.9
    clutter_per_scan: float = 20.0
    sigma_range_m: float = 30.0
    sigma_angle_deg: float = 0.1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Traffic:
    """What flew and what was seen of it."""

    truth: tuple[tuple[float, str, FloatArray], ...]  # (seconds since the first scan, aircraft, state), by time
    scans: tuple[tuple[float, FloatArray], ...]  # (time, (n, 4) range (m), azimuth, elevation (degrees), range rate)


def sample_path(name: str) -> Path:
    """The gzipped JSON of a sample inside the installed `traffic` package."""
    spec = importlib.util.find_spec("traffic")
    if spec is None or not spec.submodule_search_locations:
        raise BadInput("the package 'traffic' is not installed: pip install traffic")
    return Path(spec.submodule_search_locations[0]) / "data" / "samples" / f"{name}.json.gz"


def recorded(name: str) -> dict[str, FloatArray]:
    """Each aircraft's rows in time order: seconds, latitude, longitude (degrees), altitude (m)."""
    with gzip.open(sample_path(name), "rt") as stream:
        rows = json.load(stream)
    flights: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in rows:
        altitude = row.get("geoaltitude") or row.get("altitude")
        if row.get("onground") or altitude is None or row["latitude"] is None:
            continue
        flights.setdefault(row["icao24"], []).append(
            (row["timestamp"] / 1e3, row["latitude"], row["longitude"], altitude * FOOT_M)
        )
    return {k: np.unique(np.array(v), axis=0) for k, v in flights.items()}


def at_scans(flight: FloatArray, origin: FloatArray, times: FloatArray, half_s: float) -> tuple[FloatArray, FloatArray]:
    """Scan times that the recording covers, and the ENU states (n, 6) at them by local quadratic regression."""
    enu = frames.geodetic2enu(flight[:, 1:4], origin)
    moved = np.concatenate([[True], np.any(np.diff(flight[:, 1:3], axis=0) != 0, axis=1)])
    clock, enu = flight[moved, 0], enu[moved]
    kept, states = [], []
    for t in times:
        near = slice(*np.searchsorted(clock, [t - half_s, t + half_s]))
        tau = clock[near] - t
        if len(tau) < 5 or tau[0] > 0 or tau[-1] < 0:
            continue
        fit = np.linalg.lstsq(np.stack([np.ones_like(tau), tau, tau**2], axis=1), enu[near], rcond=None)[0]
        kept.append(t)
        states.append(np.concatenate([fit[0], fit[1]]))
    return np.array(kept), np.array(states).reshape(-1, 6)


def truth_rows(setting: Setting, flights: dict[str, FloatArray]) -> list[tuple[float, str, FloatArray]]:
    """(seconds since the first scan, aircraft, state) of every aircraft in range at every scan, in order of time."""
    origin = np.array([setting.lat_deg, setting.lon_deg, setting.alt_m])
    start = min(flight[0, 0] for flight in flights.values()) + setting.start_s
    scans = start + np.arange(0.0, setting.duration_s, setting.period_s)
    rows = []
    for name, flight in flights.items():
        for t, state in zip(*at_scans(flight, origin, scans, setting.window_s), strict=True):
            if np.linalg.norm(state[:3]) < setting.radius_m and state[2] > setting.floor_m:
                rows.append((round(float(t) - start, 3), name, state))
    return sorted(rows, key=lambda row: (row[0], row[1]))


def polar_rows(rng: np.random.Generator, states: FloatArray, setting: Setting) -> FloatArray:
    """Detections of one scan, shuffled: range, azimuth, elevation (degrees), range rate; clutter among them."""
    seen = states[rng.random(len(states)) < setting.detection_probability]
    aer = frames.enu2aer(seen[:, :3])
    rate = np.sum(seen[:, :3] * seen[:, 3:], axis=1) / aer[:, 2]
    n, m = len(seen), int(rng.poisson(setting.clutter_per_scan))
    sigma = [setting.sigma_range_m, setting.sigma_angle_deg, setting.sigma_angle_deg, 1.0]
    plots = np.c_[aer[:, 2], np.rad2deg(aer[:, 0]), np.rad2deg(aer[:, 1]), rate] + rng.normal(size=(n, 4)) * sigma
    ground = setting.radius_m * np.sqrt(rng.uniform(0.001, 1, m))
    height = rng.uniform(0, 12000, m)
    away, bearing = np.hypot(ground, height), rng.uniform(0, 360, m)
    both = np.concatenate([plots, np.c_[away, bearing, np.rad2deg(np.arctan2(height, ground)), rng.normal(0, 10, m)]])
    both[:, 1] %= 360
    return np.asarray(both[rng.permutation(len(both))])


def make_traffic(setting: Setting, flights: dict[str, FloatArray] | None = None) -> Traffic:
    """The truth and the scans of a setting; `flights` as `recorded` gives them. Raises BadInput without the package."""
    rng = np.random.default_rng(setting.seed)
    truth = truth_rows(setting, recorded(setting.sample) if flights is None else flights)
    scans = []
    for t in np.arange(0.0, setting.duration_s, setting.period_s).tolist():
        states = np.array([state for when, _, state in truth if when == round(t, 3)]).reshape(-1, 6)
        scans.append((t, polar_rows(rng, states, setting)))
    return Traffic(tuple(truth), tuple(scans))


def write_traffic(traffic: Traffic, setting: Setting, out: Path) -> None:
    """truth.csv, detections.csv, sensors.csv and scenario.json (the scorer's cut-off) into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    sigma = [setting.sigma_range_m, setting.sigma_angle_deg, setting.sigma_angle_deg]
    detections = [
        [f"{t:.3f}", "radar-1", f"{r:.2f}", f"{azimuth % 360:.5f}", f"{elevation:.5f}", *sigma, f"{rate:.2f}", 1.0]
        for t, rows in traffic.scans
        for r, azimuth, elevation, rate in rows.tolist()
    ]
    truth = [[f"{t:.3f}", name, *(f"{v:.3f}" for v in state), "aircraft"] for t, name, state in traffic.truth]
    _write(out / "truth.csv", "t,id,x,y,z,vx,vy,vz,kind", truth)
    columns = "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"
    _write(out / "detections.csv", columns + ",range_rate_mps,sigma_range_rate_mps", detections)
    place = ["radar-1", setting.lat_deg, setting.lon_deg, setting.alt_m]
    _write(out / "sensors.csv", "sensor_id,lat,lon,alt_m", [place])
    (out / "scenario.json").write_text(json.dumps({"gospa_c_m": 500.0}) + "\n")


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(header.split(","))
        out.writerows(rows)
