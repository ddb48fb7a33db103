"""Drive sense and track over a scenario folder, time them, and score the result.

    python bench/tracking_run.py SCENARIO_DIR [...] --out DIR [--scorer score.py] [--no-range-rate]

A scenario folder holds detections.csv and sensors.csv (and truth.csv for the scorer). The first ten scans are run once
beforehand, untimed, so that compilation is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.csv

from tocsin import frames, sense, track
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain
from tocsin.records.tracks import TrackTable

NO_REPORTS = ReportTable(np.zeros(0), (), (), (), np.zeros((0, 3)), np.zeros(0), ())


def read_plan(folder: Path) -> Plan:
    """The plan of a scenario: its first sensor is the site."""
    table = pyarrow.csv.read_csv(folder / "sensors.csv").to_pydict()
    names = tuple(str(name) for name in table["sensor_id"])
    places = np.array([[table[c][i] for c in ("lat", "lon", "alt_m")] for i in range(len(names))], dtype=float)
    origin, unknown = places[0], np.full(len(names), np.nan)
    terrain = Terrain(0.0, 0.0, 1.0, np.zeros((0, 0)))
    radius = frames.gaussian_radius_m(origin[0]) + origin[2]
    site = Site(folder.name, *origin, radius, "UTC", (), (), terrain)
    sensors = SensorTable(
        sensor_id=names,
        kind=("radar_3d",) * len(names),
        position_m=frames.geodetic2enu(places, origin),
        rotation=np.stack([frames.local2site_rotation(place, origin) for place in places]),
        max_range_m=unknown,
        revisit_s=unknown,
        detection_probability=unknown,
        clutter_per_scan=unknown,
    )
    return Plan("", site, sensors)


def read_batches(folder: Path, plan: Plan, range_rate: bool) -> list[Batch]:
    """One batch for each run of rows of one sensor and time."""
    table = pyarrow.csv.read_csv(folder / "detections.csv")
    c = {name: table[name].to_numpy() for name in table.column_names}
    index = {name: i for i, name in enumerate(plan.sensors.sensor_id)}
    sensor = np.array([index[str(name)] for name in c["sensor_id"]])
    t, nothing = c["t"].astype(float), np.full(len(sensor), np.nan)
    rate, sigma_rate = (c["range_rate_mps"], c["sigma_range_rate_mps"]) if range_rate else (nothing, nothing)
    columns = [
        np.arange(1, len(t) + 1), c["range_m"], np.deg2rad(c["azimuth_deg"]), np.deg2rad(c["elevation_deg"]),
        c["sigma_range_m"], np.deg2rad(c["sigma_azimuth_deg"]), np.deg2rad(c["sigma_elevation_deg"]), rate,
        sigma_rate, nothing, nothing,
    ]  # fmt: skip
    edges = np.flatnonzero((np.diff(t) != 0) | (np.diff(sensor) != 0)) + 1
    bounds = [0, *edges.tolist(), len(t)]
    return [
        Batch(k, t[a], t[a], int(sensor[a]), DetectionTable(*(np.asarray(v[a:b]) for v in columns)), NO_REPORTS, ())
        for k, (a, b) in enumerate(pairwise(bounds))
    ]


def drive(plan: Plan, batches: list[Batch]) -> tuple[list[TrackTable], float]:
    """The tables of every batch and the CPU seconds of both stages."""
    sensing, tracking = sense.start(plan), track.start(plan)
    tables, begin = [], time.process_time()
    for batch in batches:
        sensing, scan, _ = sense.advance(plan, sensing, batch)
        tracking, step = track.advance(plan, tracking, scan)
        tables.append(step.table)
    return tables, time.process_time() - begin


def write_tracks(path: Path, tables: list[TrackTable]) -> None:
    """tracks.csv with model probabilities in place of identities: ballistic as rocket, the rest as multirotor."""
    head = "t,track_id,x,y,z,vx,vy,vz,var_x,var_y,var_z,p_rocket,p_mortar,p_fixed_wing,p_multirotor,p_bird,p_aircraft"
    rows = []
    for table in tables:
        variance: FloatArray = np.diagonal(table.covariance, axis1=1, axis2=2)[:, :3]
        for i in range(len(table.track_id)):
            p = table.model_probability[i, 2]
            numbers = [*table.state[i], *variance[i], p, 0.0, 0.0, 1.0 - p, 0.0, 0.0]
            rows.append(f"{table.t_s:.3f},{table.track_id[i]}," + ",".join(f"{v:.4f}" for v in numbers))
    path.write_text("\n".join([head, *rows]) + "\n")


def main() -> None:
    """Run, time, write and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("scenarios", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--no-range-rate", action="store_true")
    given = parser.parse_args()
    for folder in given.scenarios:
        plan = read_plan(folder)
        batches = read_batches(folder, plan, not given.no_range_rate)
        drive(plan, batches[:10])
        tables, cpu_s = drive(plan, batches)
        out = given.out / folder.name
        out.mkdir(parents=True, exist_ok=True)
        write_tracks(out / "tracks.csv", tables)
        count = sum(len(batch.detections.row) for batch in batches)
        print(
            f"{folder.parent.name}/{folder.name}: {count} detections, {cpu_s:.3f} CPU s, {count / cpu_s:,.0f} /s",
            end="",
        )
        if given.scorer:
            command = [sys.executable, str(given.scorer), str(folder / "truth.csv"), str(out / "tracks.csv")]
            s = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print(
                f" | G {s['gospa_norm_m']:.1f} (loc {s['gospa_loc']:.2f} miss {s['gospa_missed']:.2f} false"
                f" {s['gospa_false']:.2f}) C {s['completeness']:.3f} sw {s['switches_per_truth']:.3f} ft"
                f" {s['false_tracks']} fp {s['false_points_per_scan']:.2f} pos {s['pos_rmse_m']:.1f} vel"
                f" {s['vel_rmse_mps']:.1f} {s['completeness_by_kind']} {s['switches_by_kind']}"
            )
        print(flush=True)


if __name__ == "__main__":
    main()
