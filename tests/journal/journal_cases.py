"""A small recorded raid, made by the pipeline itself, for tests of the journal."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tocsin.cli.track import Given, track

SENSORS = "sensor_id,lat,lon,alt_m,kind\nradar-1,33.7856,42.4412,188.0,radar_3d\n"
HEADER = (
    "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg,"
    "range_rate_mps,sigma_range_rate_mps"
)


def detections(scans: int = 12) -> str:
    """A drone that flies past, clutter, a row that cannot be used, and reports beside it."""
    rng = np.random.default_rng(5)
    rows = [HEADER]
    for k in range(scans):
        east, north, up = 1500.0 - 30.0 * k, 2500.0 - 25.0 * k, 150.0
        distance = float(np.sqrt(east**2 + north**2 + up**2))
        azimuth, elevation = np.degrees(np.arctan2(east, north)), np.degrees(np.arcsin(up / distance))
        rate = -(30.0 * east + 25.0 * north) / distance
        noise = rng.standard_normal(3) * (8.0, 0.1, 0.1)
        rows.append(
            f"{k}.0,radar-1,{distance + noise[0]:.2f},{azimuth + noise[1]:.4f},{elevation + noise[2]:.4f},"
            f"10,0.15,0.15,{rate:.2f},1"
        )
        clutter = rng.uniform((500.0, 0.0, 0.0), (8000.0, 360.0, 5.0))
        rows.append(f"{k}.0,radar-1,{clutter[0]:.2f},{clutter[1]:.4f},{clutter[2]:.4f},10,0.15,0.15,0.5,1")
    rows.insert(6, "2.0,radar-1,1000,400,1,10,0.15,0.15,,")
    return "\n".join(rows) + "\n"


def recorded(folder: Path, scans: int = 12) -> Path:
    """A run folder with a journal."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "detections.csv").write_text(detections(scans))
    (folder / "sensors.csv").write_text(SENSORS)
    out = folder / "run"
    given = Given(folder / "detections.csv", folder / "sensors.csv", out, journal=True)
    track(given, imports_s=0.0, as_json=False)
    return out
