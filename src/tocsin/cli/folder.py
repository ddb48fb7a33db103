"""The folder of a run: made, cleared of an earlier run's files, never of an input."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tocsin.errors import BadInput

__all__ = ["RUN_FILES", "run_folder"]

RUN_FILES = (
    "tracks.csv",
    "impacts.csv",
    "errors.jsonl",
    "registration.csv",
    "timing.json",
    "journal.jsonl",
    "events.jsonl",
    "truth.csv",
    "reports.csv",
    "scenario.yaml",
    "report.html",
    "report.json",
)


def run_folder(path: Path, inputs: Iterable[Path | None] = ()) -> Path:
    """Make a folder ready for a run. Raises BadInput where that would overwrite an input."""
    if path.exists() and not path.is_dir():
        raise BadInput("this is a file; give a folder", file=str(path))
    ours = {(path / name).resolve() for name in RUN_FILES}
    for source in inputs:
        if source is not None and source.resolve() in ours:
            raise BadInput("the run would overwrite this input; choose another --out", file=str(source))
    path.mkdir(parents=True, exist_ok=True)
    for name in RUN_FILES:
        (path / name).unlink(missing_ok=True)
    return path
