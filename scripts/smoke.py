"""What must work on every Python with every set of dependencies: import, codec, track, replay, run, score.

One process and no test runner, so that it serves an installed wheel too. Warnings are errors, as in the tests.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

HEADER = "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg\n"
SCENARIO = "lost-track"  # the one that compiles every stage soonest


def write_case(folder: Path) -> None:
    """Twelve scans of one target that comes straight in."""
    rows = [f"{t}.0,r,{6000 - 60 * t},45,3,10,0.1,0.1\n" for t in range(12)]
    (folder / "plots.csv").write_text(HEADER + "".join(rows))
    (folder / "sensors.csv").write_text("sensor_id,lat,lon,alt_m\nr,33.8,42.4,180\n")


def codec_holds() -> None:
    """Every kind of record has a codec, and one with arrays comes back."""
    import numpy as np

    from tocsin.exercise.kinds import KINDS
    from tocsin.journal.codec import decode, encode, from_json
    from tocsin.records.tracks import TrackEnd

    for kind in KINDS.values():
        try:
            from_json(kind, {"no such field": 1})
        except ValueError:
            continue
        raise SystemExit(f"{kind.__name__} took a field that it has not")
    end = TrackEnd(1.0, 2, "missed", 0, np.array([1.0, math.nan]), np.eye(2), 1.5)
    back = decode(TrackEnd, encode(end))
    np.testing.assert_array_equal(back.state, end.state)
    np.testing.assert_array_equal(back.covariance, end.covariance)


def commands_work(folder: Path) -> None:
    """`track`, `replay`, `run`, `replay`, `score` end with 0 and leave what they say."""
    from tocsin.cli import main

    write_case(folder)
    plots, sensors, tracked, ran = (str(folder / name) for name in ("plots.csv", "sensors.csv", "tracked", "ran"))
    for command in (
        ["track", plots, "--sensors", sensors, "--journal", "--out", tracked],
        ["replay", tracked],
        ["run", SCENARIO, "--out", ran],
        ["replay", ran],
        ["score", f"{ran}/truth.csv", f"{ran}/tracks.csv"],
    ):
        code = main(command)
        if code != 0:
            raise SystemExit(f"tocsin {' '.join(command)} ended with {code}")
    if len((folder / "tracked" / "tracks.csv").read_text().splitlines()) < 5:
        raise SystemExit("one target in twelve scans gave no track")
    json.loads((folder / "ran" / "report.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    codec_holds()
    commands_work(Path(sys.argv[1]))
