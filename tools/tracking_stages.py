"""Drive sense and track over a scenario folder, time them, and score the result.

    python -m tools.tracking_stages SCENARIO_DIR [...] --out DIR [--scorer score.py] [--no-range-rate]

A scenario folder holds detections.csv and sensors.csv (and truth.csv for the scorer). The first ten scans are run once
beforehand, untimed, so that compilation is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tocsin.bench.drive import track_steps
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackTable
from tocsin.scenes.folders import open_folder, silent


def drive(plan: Plan, batches: list[Batch]) -> tuple[list[TrackTable], float]:
    """The tables of every batch and the CPU seconds of both stages."""
    begin = time.process_time()
    tables = [step.table for step in track_steps(plan, batches)]
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
        source, plan = open_folder(folder)
        batches = [b if not given.no_range_rate else silent(b) for b in source.batches(plan.sensors.sensor_id)]
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
