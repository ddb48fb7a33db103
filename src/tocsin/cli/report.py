"""`tocsin report`: the incident report of a run folder."""

from __future__ import annotations

from pathlib import Path

from tocsin.cli.show import out as tell
from tocsin.cli.show import out_json_text
from tocsin.journal.record import read_run
from tocsin.records.run import RunRecord
from tocsin.report import build, render_html, to_json

__all__ = ["report", "write_report"]


def report(run: Path, *, out: Path | None, as_json: bool) -> int:
    """Run the command."""
    record = read_run(run)
    folder = run if out is None else out
    folder.mkdir(parents=True, exist_ok=True)
    text = write_report(record, folder)
    if as_json:
        out_json_text(text.rstrip())
    else:
        tell(f"Written to {folder / 'report.html'} and {folder / 'report.json'}")
    return 0


def write_report(record: RunRecord, folder: Path) -> str:
    """Write report.html and report.json into a folder; gives the JSON."""
    built = build(record)
    text = to_json(built)
    (folder / "report.json").write_text(text, encoding="utf-8")
    (folder / "report.html").write_text(render_html(built), encoding="utf-8")
    return text
