"""Turn recorded flights into what a radar would have seen of them, in the formats that `tocsin track` reads.

The flights are the sample recordings inside the installed `traffic` package (ADS-B, collected by the OpenSky Network),
which is read as data and never imported. The recorded rows carry whole seconds and repeat stale positions, which moves
an airliner by up to 200 m: truth is therefore a local quadratic through the fresh positions within `--window` seconds,
and exists only where at least five of them surround a scan. The radar is a statistical one: each aircraft in range is
detected with probability `--pd`, with Gaussian errors in range and angles, among uniform clutter.

    pip install traffic
    python bench/traffic_flights.py OUT
    tocsin track OUT/detections.csv --sensors OUT/sensors.csv --out OUT/tracks
    tocsin score OUT/truth.csv OUT/tracks/tracks.csv

OUT gets truth.csv, detections.csv, sensors.csv and scenario.json (the scorer's cut-off). The default is twenty minutes
about Paris-Orly of the sample `collections/quickstart`.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tocsin import frames

FOOT_M = 0.3048
FloatArray = npt.NDArray[np.float64]


def sample_path(name: str) -> Path:
    """The gzipped JSON of a sample inside the installed `traffic` package."""
    spec = importlib.util.find_spec("traffic")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("the package 'traffic' is not installed: pip install traffic")
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


def truth_rows(options: argparse.Namespace, origin: FloatArray) -> list[tuple[float, str, FloatArray]]:
    """(seconds since the first scan, aircraft, state) of every aircraft in range at every scan, in order of time."""
    flights = recorded(options.sample)
    start = min(flight[0, 0] for flight in flights.values()) + options.start
    scans = start + np.arange(0.0, options.duration, options.period)
    rows = []
    for name, flight in flights.items():
        for t, state in zip(*at_scans(flight, origin, scans, options.window), strict=True):
            if np.linalg.norm(state[:3]) < options.radius and state[2] > options.floor:
                rows.append((round(t - start, 3), name, state))
    return sorted(rows, key=lambda row: (row[0], row[1]))


def polar_rows(rng: np.random.Generator, states: FloatArray, options: argparse.Namespace) -> FloatArray:
    """Detections of one scan, shuffled: range, azimuth, elevation (degrees), range rate; clutter among them."""
    seen = states[rng.random(len(states)) < options.pd]
    aer = frames.enu2aer(seen[:, :3])
    rate = np.sum(seen[:, :3] * seen[:, 3:], axis=1) / aer[:, 2]
    n, m = len(seen), int(rng.poisson(options.clutter))
    noise = rng.normal(size=(n, 4)) * [options.sigma_range, options.sigma_angle, options.sigma_angle, 1.0]
    plots = np.c_[aer[:, 2], np.rad2deg(aer[:, 0]), np.rad2deg(aer[:, 1]), rate] + noise
    ground = options.radius * np.sqrt(rng.uniform(0.001, 1, m))
    height = rng.uniform(0, 12000, m)
    false = np.c_[
        np.hypot(ground, height),
        rng.uniform(0, 360, m),
        np.rad2deg(np.arctan2(height, ground)),
        rng.normal(0, 10, m),
    ]
    both = np.concatenate([plots, false])
    both[:, 1] %= 360
    return both[rng.permutation(len(both))]


def write(path: Path, header: str, rows: list[list[object]]) -> None:
    with path.open("w", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(header.split(","))
        out.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sample", default="collections/quickstart")
    parser.add_argument("--lat", type=float, default=48.7233)
    parser.add_argument("--lon", type=float, default=2.3794)
    parser.add_argument("--alt", type=float, default=130.0)
    parser.add_argument("--start", type=float, default=3600.0, help="seconds after the first recorded row")
    parser.add_argument("--duration", type=float, default=1200.0, help="seconds")
    parser.add_argument("--period", type=float, default=4.0, help="seconds between scans")
    parser.add_argument("--radius", type=float, default=60e3, help="metres")
    parser.add_argument("--floor", type=float, default=100.0, help="lowest height above the radar's plane, metres")
    parser.add_argument("--window", type=float, default=8.0, help="half width of the regression, seconds")
    parser.add_argument("--pd", type=float, default=0.9)
    parser.add_argument("--clutter", type=float, default=20.0, help="false plots in a scan, mean")
    parser.add_argument("--sigma-range", type=float, default=30.0, help="metres")
    parser.add_argument("--sigma-angle", type=float, default=0.1, help="degrees")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    rows = truth_rows(options, np.array([options.lat, options.lon, options.alt]))
    options.out.mkdir(parents=True, exist_ok=True)
    detections: list[list[object]] = []
    for t in np.arange(0.0, options.duration, options.period):
        states = np.array([state for when, _, state in rows if when == round(t, 3)]).reshape(-1, 6)
        for r, azimuth, elevation, rate in polar_rows(rng, states, options):
            polar = [f"{r:.2f}", f"{azimuth % 360:.5f}", f"{elevation:.5f}"]
            sigma = [options.sigma_range, options.sigma_angle, options.sigma_angle]
            detections.append([f"{t:.3f}", "radar-1", *polar, *sigma, f"{rate:.2f}", 1.0])
    kinds = [[f"{t:.3f}", name, *(f"{v:.3f}" for v in state), "aircraft"] for t, name, state in rows]
    write(options.out / "truth.csv", "t,id,x,y,z,vx,vy,vz,kind", kinds)
    columns = "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"
    write(options.out / "detections.csv", columns + ",range_rate_mps,sigma_range_rate_mps", detections)
    write(options.out / "sensors.csv", "sensor_id,lat,lon,alt_m", [["radar-1", options.lat, options.lon, options.alt]])
    (options.out / "scenario.json").write_text(json.dumps({"gospa_c_m": 500.0}) + "\n")
    aircraft = len({name for _, name, _ in rows})
    print(f"{aircraft} aircraft, {len(rows)} truth rows, {len(detections)} detections")


if __name__ == "__main__":
    main()
