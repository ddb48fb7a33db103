"""The files of a run as sinks: one row of the table for each file that is written from batches and events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tocsin.formats.outputs import ErrorsWriter, ImpactsWriter, ReportsWriter, Stream, TracksWriter
from tocsin.formats.registrations import RegistrationsWriter
from tocsin.formats.times import TimeBase
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.plan import Plan
from tocsin.session.session import Sink

__all__ = [
    "FILES",
    "ErrorsFile",
    "FileSink",
    "ImpactsFile",
    "RegistrationFile",
    "ReportsFile",
    "Setting",
    "TracksFile",
    "open_files",
]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a file's writer has to know."""

    plan: Plan
    base: TimeBase  # how the files of this run write times


class FileSink(Sink):
    """A file that is closed with its session."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def finish(self) -> None:
        """Write what is held back."""

    def close(self) -> None:
        """Write what is held back, and close the file."""
        try:
            self.finish()
        finally:
            self._stream.close()


class TracksFile(FileSink):
    """tracks.csv."""

    def __init__(self, stream: Stream, setting: Setting) -> None:
        super().__init__(stream)
        self.writer = TracksWriter(stream, setting.base)

    def put(self, batch: Batch, events: Events) -> None:
        """Take the tracks."""
        self.writer.put(batch, events)

    def finish(self) -> None:
        """Write what is held back."""
        self.writer.close()


class ImpactsFile(FileSink):
    """impacts.csv."""

    def __init__(self, stream: Stream, setting: Setting) -> None:
        super().__init__(stream)
        self.writer = ImpactsWriter(stream, setting.base)

    def put(self, batch: Batch, events: Events) -> None:
        """Take the forecasts of impact."""
        self.writer.put(batch, events)

    def finish(self) -> None:
        """Write what is held back."""
        self.writer.close()


class ReportsFile(FileSink):
    """reports.csv."""

    def __init__(self, stream: Stream, setting: Setting) -> None:
        super().__init__(stream)
        self.writer = ReportsWriter(stream, setting.base, setting.plan.site)

    def put(self, batch: Batch, events: Events) -> None:
        """Take the reports that came with the batch."""
        self.writer.put(batch.reports)

    def finish(self) -> None:
        """Write what is held back."""
        self.writer.close()


class ErrorsFile(FileSink):
    """errors.jsonl."""

    def __init__(self, stream: Stream, setting: Setting) -> None:
        super().__init__(stream)
        self.writer = ErrorsWriter(stream)

    def put(self, batch: Batch, events: Events) -> None:
        """Take the error records."""
        self.writer.put(events.errors)


class RegistrationFile(FileSink):
    """registration.csv."""

    def __init__(self, stream: Stream, setting: Setting) -> None:
        super().__init__(stream)
        self.writer = RegistrationsWriter(stream, setting.base)

    def put(self, batch: Batch, events: Events) -> None:
        """Take what is newly believed of the sensors' biases."""
        self.writer.put(events.registrations)


FILES: dict[str, Callable[[Stream, Setting], FileSink]] = {
    "tracks.csv": TracksFile,
    "impacts.csv": ImpactsFile,
    "errors.jsonl": ErrorsFile,
    "registration.csv": RegistrationFile,
    "reports.csv": ReportsFile,
}


def open_files(folder: Path, names: Iterable[str], setting: Setting) -> dict[str, FileSink]:
    """New files of these names. Raises FileExistsError where one lies."""
    return {name: FILES[name]((folder / name).open("xb"), setting) for name in names}
