"""`tocsin report`: the incident report of a run folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tocsin.cli.show import out as tell
from tocsin.cli.show import out_json_text
from tocsin.errors import BadInput
from tocsin.exercise.kinds import KINDS
from tocsin.records.run import RunRecord
from tocsin.report import build, render_html, to_json
from tocsin.session import manifest
from tocsin.session.folder import Lock, settle
from tocsin.session.gather import read_run
from tocsin.session.place import write_over

__all__ = ["FILES", "report", "write_report"]

FILES = ("report.html", "report.json")


def report(run: Path, *, out: Path | None, as_json: bool) -> int:
    """Run the command."""
    settle(run)
    record = read_run(run, KINDS)
    folder = run if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    lock = Lock(folder)
    try:
        text = _written(record, folder)
    finally:
        lock.release()
    if as_json:
        out_json_text(text.rstrip())
    else:
        tell(f"Written to {folder / 'report.html'} and {folder / 'report.json'}")
    return 0


def _written(record: RunRecord, folder: Path) -> str:
    """Write the report where that costs nobody a file. Raises BadInput otherwise."""
    known = manifest.read(folder)
    for name in FILES:
        path = folder / name
        ours = known is not None and name in known.files
        if not ours and os.path.lexists(path):
            raise BadInput("Tocsin did not write this file, and a report would replace it; give --out", file=str(path))
    for name in () if known is None else manifest.changed_files(folder, replace(known, files=_reports(known))):
        raise BadInput("changed since Tocsin wrote it; move it away or give --out", file=str(folder / name))
    text = write_report(record, folder)
    if known is not None:
        replace(known, files=known.files | manifest.marks(folder, FILES)).write(folder)
    return text


def _reports(known: manifest.Manifest) -> dict[str, manifest.FileMark | None]:
    """The marks of the report's files."""
    return {name: mark for name, mark in known.files.items() if name in FILES}


def write_report(record: RunRecord, folder: Path) -> str:
    """Write report.html and report.json into a folder; gives the JSON. A link of such a name is replaced."""
    built = build(record)
    text = to_json(built)
    write_over(folder / "report.json", text.encode())
    write_over(folder / "report.html", render_html(built).encode())
    return text
