"""Scenes from folders: detections.csv, sensors.csv and truth.csv; scenario.json and labels.csv where they are there.

scenario.json may give `gospa_c_m` and `name`; labels.csv (`row,truth_id`, -1: false) is read for the oracle alone.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from tocsin.errors import BadInput
from tocsin.formats.detections import DetectionFile, open_detections
from tocsin.formats.scored import read_truth
from tocsin.formats.sensors import read_sensors
from tocsin.formats.tables import rows_of, text_of
from tocsin.records.arrays import IntArray
from tocsin.records.detections import Batch
from tocsin.records.plan import Plan
from tocsin.scenes.families import UAS_VOLUME, Scene

__all__ = ["folders_in", "open_folder", "read_scene", "silent"]

_NEEDED = ("detections.csv", "sensors.csv", "truth.csv")


def folders_in(parent: Path) -> list[Path]:
    """The scene folders in a folder, or the folder itself if it is one. Raises BadInput where there is none."""
    if all((parent / name).is_file() for name in _NEEDED):
        return [parent]
    found = sorted(path for path in parent.glob("*") if all((path / name).is_file() for name in _NEEDED))
    if not found:
        raise BadInput(f"no folder with {', '.join(_NEEDED)} is in it", file=str(parent))
    return found


def open_folder(folder: Path) -> tuple[DetectionFile, Plan]:
    """The detections of a folder, not read yet, and the plan that its sensors make. Raises BadInput."""
    source = open_detections(folder / "detections.csv")
    return source, Plan(source.base.epoch_utc(), *read_sensors(folder / "sensors.csv"))


def read_scene(folder: Path, *, range_rate: bool = True) -> Scene:
    """The scene of a folder. Raises BadInput for files that cannot be read."""
    source, plan = open_folder(folder)
    truth, base = read_truth(folder / "truth.csv")
    if base != source.base:
        raise BadInput("detections and truth do not write times alike", file=str(folder))
    about = _about(folder)
    batches = tuple(batch if range_rate else silent(batch) for batch in source.batches(plan.sensors.sensor_id))
    times = np.unique([batch.t_s for batch in batches])
    period_s = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    return Scene(
        name=str(about.get("name", folder.name)),
        seed=0,
        radar=replace(UAS_VOLUME, scan_period_s=period_s, scans=len(times)),
        plan=plan,
        batches=batches,
        cutoff_m=float(about.get("gospa_c_m", 100.0)),
        truth=truth,
        origin=_origins(folder, batches, {name: k for k, name in enumerate(truth.object_id)}),
    )


def _about(folder: Path) -> dict[str, str | float]:
    path = folder / "scenario.json"
    if not path.is_file():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return {"name": str(read.get("name", folder.name)), "gospa_c_m": float(read.get("gospa_c_m", 100.0))}
    except (ValueError, AttributeError, TypeError) as error:
        raise BadInput(f"cannot be read ({error})", file=str(path)) from error


def silent(batch: Batch) -> Batch:
    """The batch without range rates."""
    d = batch.detections
    nothing = np.full(len(d.row), np.nan)
    return replace(batch, detections=replace(d, range_rate_mps=nothing, sigma_range_rate_mps=nothing))


def _origins(folder: Path, batches: tuple[Batch, ...], index: dict[str, int]) -> tuple[IntArray, ...]:
    """For each batch the object of each detection; none where there are no labels."""
    path = folder / "labels.csv"
    if not path.is_file():
        return tuple(np.zeros(0, np.int64) for _ in batches)
    labels = [text_of(row.cells.get("truth_id")) for row in rows_of(path, ("row", "truth_id"))]
    owner = np.array([index.get(name, -1) for name in labels], dtype=np.int64)
    last = max((int(batch.detections.row.max(initial=0)) for batch in batches), default=0)
    if last > len(owner):
        raise BadInput(f"{len(owner)} labels for {last} detections", file=str(path))
    return tuple(owner[batch.detections.row - 1] for batch in batches)
