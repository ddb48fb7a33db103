"""`tocsin track`: the pipeline over recorded detections."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tocsin.cli.folder import run_folder
from tocsin.cli.show import errors_json, errors_lines, number, out, out_json, progress
from tocsin.cli.timing import Stopwatch
from tocsin.formats.detections import DetectionFile, open_detections
from tocsin.formats.outputs import ErrorsWriter, ImpactsWriter, TracksWriter
from tocsin.formats.registrations import RegistrationsWriter
from tocsin.formats.reports import REQUIRED as REPORT_COLUMNS
from tocsin.formats.reports import Reports, merge, read_reports
from tocsin.formats.sensors import SENSOR_COLUMNS
from tocsin.formats.tables import Unread, unread_columns
from tocsin.journal import JournalWriter, Origin
from tocsin.offline import Asked, plan_of, play
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.plan import Plan
from tocsin.warmup import warm_up

__all__ = ["Given", "track"]


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for on the command line."""

    detections: Path
    sensors: Path
    out: Path
    site: str | None = None
    reports: Path | None = None
    terrain: Path | None = None
    wind: str = "0,0,5"
    drag: str = "unknown"
    refraction: bool = False
    journal: bool = False


def track(given: Given, *, imports_s: float, as_json: bool) -> int:
    """Run the command."""
    watch = Stopwatch()
    watch.setup_s["imports"] = imports_s
    since = time.perf_counter()
    source = open_detections(given.detections)
    asked = Asked(given.sensors, given.site, given.terrain, given.wind, given.drag, given.refraction)
    plan = plan_of(asked, source)
    reports = None if given.reports is None else read_reports(given.reports, plan.site, source.base)
    inputs = (given.detections, given.sensors, given.reports, given.terrain)
    folder = run_folder(given.out, inputs)
    since = watch.set_up("files", since)
    warm_up(plan)
    watch.set_up("compile", since)
    with ExitStack() as stack:
        run = _Run(folder, plan, source, stack, journal=given.journal)
        try:
            _loop(run, watch, reports)
        finally:
            run.close()
    (folder / "timing.json").write_text(watch.json())
    _tell(run, watch, reports, _unread(given, source), as_json=as_json)
    return 0


class _Run:
    """The files of a run, and what was counted."""

    def __init__(self, folder: Path, plan: Plan, source: DetectionFile, stack: ExitStack, *, journal: bool) -> None:
        def opened(name: str) -> BinaryIO:
            return stack.enter_context((folder / name).open("wb"))

        self.folder, self.plan, self.source = folder, plan, source
        self.tracks = TracksWriter(opened("tracks.csv"), source.base)
        self.impacts = ImpactsWriter(opened("impacts.csv"), source.base)
        self.errors = ErrorsWriter(opened("errors.jsonl"))
        self.registrations = RegistrationsWriter(opened("registration.csv"), source.base)
        self.journal: JournalWriter | None = None
        if journal:
            origin = Origin(exercise=False, instants=source.base.epoch is not None)
            self.journal = stack.enter_context(JournalWriter(folder, plan, origin))
        self.confirmed, self.chain = 0, ""

    def journalled(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches; each is in the journal before it is acted on."""
        for batch in batches:
            if self.journal is not None:
                self.journal.write(batch)
            yield batch

    def put(self, batch: Batch, events: Events) -> None:
        """Write what came of one batch."""
        self.tracks.put(batch, events)
        self.impacts.put(batch, events)
        self.errors.put(events.errors)
        self.registrations.put(events.registrations)
        self.confirmed += len(events.tracks.confirmed)
        if self.journal is not None:
            self.journal.output(events)

    def close(self) -> None:
        """Write what is held back."""
        self.tracks.close()
        self.impacts.close()


def _loop(run: _Run, watch: Stopwatch, reports: Reports | None) -> None:
    plan, source = run.plan, run.source
    batches: Iterator[Batch] = source.batches(plan.sensors.sensor_id)
    if reports is not None:
        batches = merge(batches, reports, source.base)
    with progress("tracking", None) as tell:
        for batch, events in play(plan, run.journalled(batches), watch):
            watch.count(len(batch.detections.row), scan=batch.sensor_index >= 0)
            run.put(batch, events)
            tell(watch.scans, f"{watch.detections:,} detections")
    if run.journal is not None:
        run.chain = run.journal.end()


def _unread(given: Given, source: DetectionFile) -> tuple[Unread, ...]:
    reports = () if given.reports is None else unread_columns(given.reports, REPORT_COLUMNS)
    return (*source.unread, *unread_columns(given.sensors, SENSOR_COLUMNS), *reports)


def _tell(run: _Run, watch: Stopwatch, reports: Reports | None, unread: tuple[Unread, ...], *, as_json: bool) -> None:
    rows = run.source.rows_read
    if as_json:
        out_json(
            {
                "out": str(run.folder),
                "rows_read": rows,
                "detections": watch.detections,
                "reports": 0 if reports is None else len(reports.table.t_s),
                "scans": watch.scans,
                "tracks": run.confirmed,
                "track_rows": run.tracks.rows,
                "impact_rows": run.impacts.rows,
                "errors": errors_json(run.errors),
                "registered": {name: known.applied for name, known in run.registrations.last.items()},
                "ignored_columns": list(run.source.ignored),
                "unread_columns": [{"file": c.file, "column": c.name, "meant": c.meant} for c in unread],
                "chain": run.chain,
                "advance_cpu_s": watch.advance_cpu_s,
            }
        )
        return
    speed = watch.detections / watch.advance_cpu_s if watch.advance_cpu_s else 0.0
    out(
        f"{number(rows, 'row')} read: {number(watch.detections, 'detection')} in {number(watch.scans, 'scan')}.",
        f"{number(run.confirmed, 'track')} confirmed; {number(run.tracks.rows, 'row')} in tracks.csv, "
        f"{number(run.impacts.rows, 'row')} in impacts.csv.",
        f"Pipeline: {watch.advance_cpu_s:.2f} s of CPU, {speed:,.0f} detections a second.",
        *(f"Registration: {known.why}." for known in run.registrations.last.values()),
        *errors_lines(run.errors),
    )
    for file in dict.fromkeys(column.file for column in unread):
        names = ", ".join(str(column) for column in unread if column.file == file)
        out(f"Columns of {file} that nothing reads: {names}.")
    if run.chain:
        out(f"Chain {run.chain}")
    out(f"Written to {run.folder}/")
