"""Late data: the same scenario in order, out of order, and with every late row left out.

    python -m tools.late_rows SCENARIO_DIR [...] [--ways scans rows sensors] [--seed N] [--no-range-rate]

A scenario folder holds detections.csv, sensors.csv, truth.csv and scenario.json. The ways of being late are those of
`tocsin.scenes.late`. The whole pipeline runs and writes tracks.csv as `tocsin
track` does. Figures: G, GOSPA over the root of the number of targets (m), over all scan times and over the punctual
ones (times with rows that were not late); the share of what dropping loses that handling wins back; the position RMSE
where everything has arrived (every tenth second the feed catches up) over that of the ordered run; CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tocsin.formats.outputs import TracksWriter
from tocsin.formats.scored import read_estimates, read_truth
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.scenes.folders import open_folder
from tocsin.scenes.late import CATCH_UP_S, WAYS, feed_of
from tocsin.score import score
from tocsin.session import Session


def run(folder: Path, out: Path, table: pa.Table) -> tuple[EstimateTable, float, int]:
    """Run the pipeline over rows in this order; the rows of tracks.csv, CPU seconds, error records."""
    pacsv.write_csv(table, out / "detections.csv")
    sensors = (folder / "sensors.csv").read_text().splitlines()
    (out / "sensors.csv").write_text("\n".join([*sensors, sensors[1].replace("radar-1", "radar-2")]) + "\n")
    (source, plan), errors = open_folder(out), 0
    session, begin = Session(plan), time.process_time()
    with (out / "tracks.csv").open("wb") as stream:
        writer = TracksWriter(stream, source.base)
        for batch, events in session.play(source.batches(plan.sensors.sensor_id)):
            writer.put(batch, events)
            errors += len(events.errors)
        writer.close()
    spent = time.process_time() - begin
    return read_estimates(out / "tracks.csv", source.base), spent, errors


def among(t: FloatArray, times: FloatArray) -> BoolArray:
    """Which of t are among the times, to the millisecond that the files have."""
    return np.isin(np.round(t * 1e3), np.round(times * 1e3))


def gospa(truth: TruthTable, found: EstimateTable, cutoff: float, times: FloatArray) -> tuple[float, float]:
    """Mean GOSPA over the root of the number of targets, and the position RMSE, at some times."""
    a, b = among(truth.t_s, times), among(found.t_s, times)
    true = TruthTable(truth.t_s[a], truth.object_index[a], truth.state[a], truth.object_id, truth.kind)
    seen = EstimateTable(found.t_s[b], found.track_index[b], found.state[b], found.variance_m2[b], found.track_id)
    result = score(true, seen, cutoff, scan_times_s=times)
    return result.sets.gospa_norm_m, result.upkeep.pos_rmse_m or np.nan


def switches(truth: TruthTable, found: EstimateTable, cutoff: float) -> tuple[int, int]:
    """Switches and false tracks over all scans."""
    result = score(truth, found, cutoff)
    return result.upkeep.switches, result.upkeep.false_tracks


def compare(folder: Path, way: str, seed: int, range_rate: bool) -> dict[str, float]:
    """The three runs of one scenario."""
    table = pacsv.read_csv(folder / "detections.csv")
    if not range_rate:
        table = table.drop_columns(["range_rate_mps", "sigma_range_rate_mps"])
    truth, _ = read_truth(folder / "truth.csv")
    cutoff = float(json.loads((folder / "scenario.json").read_text())["gospa_c_m"])
    plain, mixed = feed_of(table, "", seed), feed_of(table, way, seed)
    every = np.unique(np.concatenate([truth.t_s, plain.table["t"].to_numpy()]))
    t = mixed.table["t"].to_numpy()
    punctual = np.unique(t[~mixed.late])
    last = [times[-1] for times in np.split(every, np.searchsorted(every, np.arange(1, 50) * CATCH_UP_S)) if len(times)]
    caught_up = np.array([x for x in last if x in punctual and x < every[-1] + 1.0])
    figures = {"late": float(mixed.late.mean()), "punctual": float(len(punctual) / len(every))}
    feeds = {"ordered": plain.table, "handled": mixed.table, "dropped": mixed.table.filter(pa.array(~mixed.late))}
    for name, rows in feeds.items():
        with tempfile.TemporaryDirectory() as place:
            found, spent, errors = run(folder, Path(place), rows)
        figures[f"{name}_g"], _ = gospa(truth, found, cutoff, every)
        figures[f"{name}_g_punctual"], _ = gospa(truth, found, cutoff, punctual)
        _, figures[f"{name}_rmse"] = gospa(truth, found, cutoff, caught_up)
        figures[f"{name}_switches"], figures[f"{name}_false"] = switches(truth, found, cutoff)
        figures[f"{name}_cpu_s"], figures[f"{name}_errors"] = spent, errors
    for kind in ("g", "g_punctual"):
        o, h, d = (figures[f"{name}_{kind}"] for name in ("ordered", "handled", "dropped"))
        figures[f"won_back_{kind}"] = (d - h) / (d - o)
    figures["rmse_ratio"] = figures["handled_rmse"] / figures["ordered_rmse"]
    return figures


def line(f: dict[str, float]) -> str:
    """Three runs in one line."""
    parts = [f"late {f['late']:.2f} punctual times {f['punctual']:.2f}"]
    for name in ("ordered", "handled", "dropped"):
        parts.append(
            f"{name} G {f[f'{name}_g']:.1f}/{f[f'{name}_g_punctual']:.1f} sw {f[f'{name}_switches']:.0f}"
            f" ft {f[f'{name}_false']:.0f} err {f[f'{name}_errors']:.0f} {f[f'{name}_cpu_s']:.2f} s"
        )
    parts.append(f"won back {f['won_back_g']:.2f}/{f['won_back_g_punctual']:.2f} RMSE ratio {f['rmse_ratio']:.4f}")
    return " | ".join(parts)


def main() -> None:
    """Run and print; the last line of each way is the median over the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("scenarios", nargs="+", type=Path)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-range-rate", action="store_true")
    given = parser.parse_args()
    for way in given.ways:
        found = []
        for folder in given.scenarios:
            found.append(compare(folder, way, given.seed, not given.no_range_rate))
            print(f"{way:8s}{folder.parent.name}/{folder.name}: {line(found[-1])}", flush=True)
        medians = {key: float(np.median([f[key] for f in found])) for key in found[0]}
        print(f"{way:8s}median of {len(found)}: {line(medians)}", flush=True)


if __name__ == "__main__":
    main()
