"""What `tocsin track` tells when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tocsin.cli.show import errors_json, errors_lines, number, out, out_json
from tocsin.cli.timing import Stopwatch
from tocsin.formats.detections import DetectionFile
from tocsin.formats.reports import REQUIRED as REPORT_COLUMNS
from tocsin.formats.reports import Reports
from tocsin.formats.sensors import SENSOR_COLUMNS
from tocsin.formats.tables import Unread, unread_columns
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.session import Sink
from tocsin.session.files import ErrorsFile, FileSink, ImpactsFile, RegistrationFile, TracksFile

if TYPE_CHECKING:
    from tocsin.cli.track import Given

__all__ = ["Outcome", "tell"]

F = TypeVar("F", bound=FileSink)


class Outcome(Sink):
    """Counts what came of a run."""

    def __init__(
        self,
        given: Given,
        source: DetectionFile,
        reports: Reports | None,
        files: dict[str, FileSink],
        watch: Stopwatch,
    ) -> None:
        self.given, self.source, self.reports, self.watch, self._files = given, source, reports, watch, files
        self.confirmed = 0

    def put(self, batch: Batch, events: Events) -> None:
        """Count one batch."""
        self.watch.count(len(batch.detections.row), scan=batch.sensor_index >= 0)
        self.confirmed += len(events.tracks.confirmed)

    def file(self, kind: type[F]) -> F:
        """The one file of this kind."""
        return next(file for file in self._files.values() if isinstance(file, kind))

    def unread(self) -> tuple[Unread, ...]:
        """Columns of any input that nothing reads."""
        given = self.given
        reports = () if given.reports is None else unread_columns(given.reports, REPORT_COLUMNS)
        return (*self.source.unread, *unread_columns(given.sensors, SENSOR_COLUMNS), *reports)


def tell(outcome: Outcome, chain: str, *, as_json: bool) -> None:
    """Print the summary."""
    (_json if as_json else _text)(outcome, chain)


def _json(outcome: Outcome, chain: str) -> None:
    watch, reports = outcome.watch, outcome.reports
    registered = outcome.file(RegistrationFile).writer.last
    out_json(
        {
            "out": str(outcome.given.out),
            "rows_read": outcome.source.rows_read,
            "detections": watch.detections,
            "reports": 0 if reports is None else len(reports.table.t_s),
            "scans": watch.scans,
            "tracks": outcome.confirmed,
            "track_rows": outcome.file(TracksFile).writer.rows,
            "impact_rows": outcome.file(ImpactsFile).writer.rows,
            "errors": errors_json(outcome.file(ErrorsFile).writer),
            "registered": {name: known.applied for name, known in registered.items()},
            "ignored_columns": list(outcome.source.ignored),
            "unread_columns": [{"file": c.file, "column": c.name, "meant": c.meant} for c in outcome.unread()],
            "chain": chain,
            "advance_cpu_s": watch.advance_cpu_s,
        }
    )


def _text(outcome: Outcome, chain: str) -> None:
    watch, unread = outcome.watch, outcome.unread()
    speed = watch.detections / watch.advance_cpu_s if watch.advance_cpu_s else 0.0
    rows = f"{number(outcome.file(TracksFile).writer.rows, 'row')} in tracks.csv"
    out(
        f"{number(outcome.source.rows_read, 'row')} read: {number(watch.detections, 'detection')} "
        f"in {number(watch.scans, 'scan')}.",
        f"{number(outcome.confirmed, 'track')} confirmed; {rows}, "
        f"{number(outcome.file(ImpactsFile).writer.rows, 'row')} in impacts.csv.",
        f"Pipeline: {watch.advance_cpu_s:.2f} s of CPU, {speed:,.0f} detections a second.",
        *(f"Registration: {known.why}." for known in outcome.file(RegistrationFile).writer.last.values()),
        *errors_lines(outcome.file(ErrorsFile).writer),
    )
    for file in dict.fromkeys(column.file for column in unread):
        names = ", ".join(str(column) for column in unread if column.file == file)
        out(f"Columns of {file} that nothing reads: {names}.")
    if chain:
        out(f"Chain {chain}")
    out(f"Written to {outcome.given.out}/")
