"""Commands as a user types them, in this process."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from tocsin.cli import main

HEADER = "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"
GOOD = "0,radar-1,1000,90,1,10,0.15,0.15"


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left."""

    code: int
    out: str
    err: str


def tocsin(*arguments: str | Path) -> Result:
    """Run a command; a traceback is never right."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return Result(code, out.getvalue(), err.getvalue())


def sensors(folder: Path) -> Path:
    """A sensors file of one radar."""
    path = folder / "sensors.csv"
    path.write_text("sensor_id,lat,lon,alt_m\nradar-1,33.7856,42.4412,188.0\n")
    return path


def detections(folder: Path, *rows: str, header: str = HEADER) -> Path:
    """A file of detections."""
    path = folder / "detections.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path
