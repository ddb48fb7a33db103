"""Impact forecasts of the forecast stage alone, over recorded cases of one ballistic object each.

Reads CASES_DIR/CASE/detections.csv and sensors.csv, gives every detection to one track (whose first row comes with the
detection CONFIRM, as from a tracker that confirms on it), and writes RESULTS_DIR/CASE/impacts.csv. What it shows is the
estimator: association, identity and confirmation are taken for granted.

Usage: python -m tools.impact_stage CASES_DIR RESULTS_DIR [--wind E,N,SIGMA] [--drag constant|unknown] [--confirm 3]
       [--only FAMILY]
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from tocsin import forecast, frames
from tocsin.records.detections import DetectionTable
from tocsin.records.forecasts import ForecastSettings, ImpactTable
from tocsin.records.identities import IdentityTable
from tocsin.records.scans import Scan
from tocsin.records.tracks import TrackStep, TrackTable
from tocsin.scenes.folders import open_folder

HEAD = ["t", "track_id", "impact_t", "lat", "lon", "cov_ee", "cov_en", "cov_nn"]


def scan_of(t_s: float, detections: DetectionTable) -> Scan:
    """What `sense` would make of one detection of a radar at the site."""
    aer = np.stack([detections.azimuth_rad, detections.elevation_rad, detections.range_m], axis=1)
    return Scan(
        t_s=t_s,
        sensor_index=0,
        complete=True,
        report_due=True,
        detections=detections,
        position_m=frames.aer2enu(aer),
        sensor_position_m=np.zeros(3),
        sensor_rotation=np.eye(3),
        max_range_m=30000.0,
        revisit_s=0.25,
        detection_probability=0.95,
        clutter_density_pm3=0.0,
    )


def track_step(scans: list[Scan], confirm: int) -> tuple[TrackStep, IdentityTable]:
    """One track that took every detection so far: its place and speed by a line through the newest few."""
    n = 1 if len(scans) >= confirm else 0
    last = scans[-max(confirm, 2) :]
    t = np.array([s.t_s for s in last]) - last[-1].t_s
    xyz = np.concatenate([s.position_m for s in last])
    state = np.zeros((n, 6))
    if n:
        line = np.polyfit(t, xyz, 1)
        state[0] = np.concatenate([line[1], line[0]])
    one, whole = np.ones(n), np.ones(n, dtype=np.int64)
    table = TrackTable(
        t_s=scans[-1].t_s,
        track_id=whole,
        state=state,
        covariance=np.tile(np.diag([900.0] * 3 + [2500.0] * 3), (n, 1, 1)),
        model_probability=np.tile([0.0, 0.0, 1.0], (n, 1)),
        existence=one,
        born_t_s=one * scans[0].t_s,
        updated_t_s=one * scans[-1].t_s,
        detections=whole * len(scans),
        row=0 * whole,
        row_probability=one,
        rcs_dbsm=one * np.nan,
    )
    identity = IdentityTable(whole, np.tile([0.0, 1.0, 0, 0, 0, 0], (n, 1)), one, ("",) * n, one * np.nan, whole < 0)
    return TrackStep(table, whole, (), 0), identity


def forecasts(case: Path, rules: ForecastSettings, confirm: int) -> tuple[list[ImpactTable], float]:
    """The impact tables of one case, and the seconds that the stage took."""
    source, plan = open_folder(case)
    plan = replace(plan, forecast=rules)
    state, scans, tables, spent = forecast.start(plan), [], [], 0.0
    for batch in source.batches(plan.sensors.sensor_id):
        if batch.sensor_index < 0:
            continue  # a tick of the clock
        scans.append(scan_of(batch.t_s, batch.detections))
        tracks, identities = track_step(scans, confirm)
        begun = time.perf_counter()
        state, impacts, _ = forecast.advance(plan, state, scans[-1], tracks, identities)
        spent += time.perf_counter() - begun
        tables.append(impacts)
    return tables, spent


def main() -> None:
    """Run over every case and write its impacts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--wind", default="0,0,5")
    parser.add_argument("--drag", choices=("constant", "unknown"), default="unknown")
    parser.add_argument("--confirm", type=int, default=3)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    east, north, sigma = (float(v) for v in given.wind.split(","))
    rules = ForecastSettings(east, north, sigma, given.drag == "constant")
    spent, scans = 0.0, 0
    for case in sorted(given.cases.glob(f"{given.only}*")):
        tables, seconds = forecasts(case, rules, given.confirm)
        spent, scans = spent + seconds, scans + len(tables)
        folder = given.results / case.name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "impacts.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEAD)
            for t in tables:
                for i in range(t.track_id.size):
                    c = t.covariance[i]
                    place = (t.impact_t_s[i], t.lat_deg[i], t.lon_deg[i])
                    writer.writerow([t.t_s, t.track_id[i], *place, c[0, 0], c[0, 1], c[1, 1]])
    print(f"{scans} scans, {1e6 * spent / max(scans, 1):.0f} µs a scan")


if __name__ == "__main__":
    main()
