"""Write a scene of recorded flights as `tocsin.scenes.traffic` makes it: the options are the fields of its setting.

pip install traffic
python -m tools.traffic_flights OUT [--duration_s 1200] [--seed 1] ...
tocsin track OUT/detections.csv --sensors OUT/sensors.csv --out OUT/tracks
tocsin score OUT/truth.csv OUT/tracks/tracks.csv
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from tocsin.scenes.traffic import Setting, make_traffic, write_traffic


def main() -> None:
    """Make and write the scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    for field in fields(Setting):
        parser.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    given = vars(parser.parse_args())
    out = given.pop("out")
    setting = Setting(**given)
    traffic = make_traffic(setting)
    write_traffic(traffic, setting, out)
    aircraft = len({name for _, name, _ in traffic.truth})
    plots = sum(len(rows) for _, rows in traffic.scans)
    print(f"{aircraft} aircraft, {len(traffic.truth)} truth rows, {plots} detections")


if __name__ == "__main__":
    main()
