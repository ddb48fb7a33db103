"""Writes the seeded truth.csv and tracks.csv of the golden cases beside this file; `python make_cases.py`.

expected.json of each case is what an independent scorer of these files printed for them: a script of numpy and SciPy
that shares no code with this package and knows no tracker. It was run once as `score.py CASE/truth.csv CASE/tracks.csv
--json CASE/expected.json` (with `--t-max 6` for the case `cut`). Never rewrite an expected.json with this package.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

HEAD = "x,y,z,vx,vy,vz"
CASES = {"crossing": 1, "crowd": 2, "cut": 3, "silent": 4, "no-truth": 5}


def truth_rows(case: str, generator: np.random.Generator) -> list[tuple[float, str, str, np.ndarray]]:
    count = {"crossing": 2, "crowd": 40, "cut": 12, "silent": 3, "no-truth": 0}[case]
    spread = {"crossing": 30.0, "crowd": 400.0, "cut": 300.0}.get(case, 500.0)
    kinds = ("rocket", "bird", "fixed_wing")
    rows = []
    for number in range(count):
        start, length = int(generator.integers(0, 4)), int(generator.integers(5, 14))
        state = np.concatenate([generator.normal(0, spread, 3), generator.normal(0, 25, 3)])
        for step in range(start, start + length):
            now = state.copy()
            now[:3] += state[3:] * (step - start)
            rows.append((float(step), f"o{number}", kinds[number % 3], now))
    return sorted(rows, key=lambda row: row[0])


def track_rows(truth: list[tuple[float, str, str, np.ndarray]], generator: np.random.Generator) -> list[str]:
    track: dict[str, int] = {}
    following, rows = 1, []
    for t, name, _, state in truth:
        if name not in track or generator.random() < 0.08:
            track[name], following = following, following + 1
        if generator.random() < 0.06:
            other = str(generator.choice(sorted(track)))
            track[name], track[other] = track[other], track[name]
        if generator.random() < 0.15:
            continue
        seen = state + generator.normal(0, 1, 6) * [18, 18, 30, 3, 3, 3]
        rows.append(f"{t},{track[name]}," + ",".join(f"{v:.3f}" for v in seen) + ",324,324,900")
        if generator.random() < 0.1:
            twin = state + generator.normal(0, 1, 6) * [40, 40, 40, 3, 3, 3]
            rows.append(f"{t},{900 + track[name]}," + ",".join(f"{v:.3f}" for v in twin) + ",324,324,900")
    for ghost in range(3):
        at = generator.normal(0, 900, 3)
        rows += [
            f"{float(t)},{500 + ghost}," + ",".join(f"{v:.3f}" for v in at) + ",5,5,5,100,100,100" for t in (2, 3, 4)
        ]
    return rows


def main() -> None:
    here = Path(__file__).parent
    for case, seed in CASES.items():
        generator = np.random.default_rng(seed)
        folder = here / case
        folder.mkdir(exist_ok=True)
        truth = truth_rows(case, generator)
        lines = [f"{t},{name}," + ",".join(f"{v:.3f}" for v in state) + f",{kind}" for t, name, kind, state in truth]
        (folder / "truth.csv").write_text("\n".join([f"t,id,{HEAD},kind", *lines]) + "\n")
        tracks = [] if case == "silent" else track_rows(truth, generator)
        head = f"t,track_id,{HEAD},var_x,var_y,var_z"
        (folder / "tracks.csv").write_text("\n".join([head, *tracks]) + "\n")
        (folder / "scenario.json").write_text(json.dumps({"gospa_c_m": 100.0}) + "\n")
        times = sorted({t for t, *_ in truth} | {0.0, 2.0, 3.0, 4.0, 17.0, 18.5})
        (folder / "detections.csv").write_text("\n".join(["t,sensor_id", *(f"{t},r1" for t in times)]) + "\n")


if __name__ == "__main__":
    main()
