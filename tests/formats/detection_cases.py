"""Files of detections that tests write, and what they ask of any reading of one."""

from __future__ import annotations

from pathlib import Path

from tocsin.formats.detections import open_detections
from tocsin.records.detections import Batch, ErrorRecord

HEADER = "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"
SENSORS = ("radar-1", "radar-2")


def row(
    t: str = "0.000", sensor: str = "radar-1", range_m: str = "1000", azimuth: str = "90", elevation: str = "1"
) -> str:
    return f"{t},{sensor},{range_m},{azimuth},{elevation},10,0.15,0.15"


def written(folder: Path, *rows: str, header: str = HEADER, name: str = "detections.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> tuple[list[Batch], list[ErrorRecord], int]:
    """All batches, all error records and the rows read; nothing may be lost on the way."""
    source = open_detections(path)
    batches = list(source.batches(SENSORS))
    errors = [error for batch in batches for error in batch.errors]
    used = sum(len(batch.detections.row) for batch in batches)
    assert source.rows_read == used + len(errors)
    assert [batch.index for batch in batches] == list(range(len(batches)))
    return batches, errors, source.rows_read
