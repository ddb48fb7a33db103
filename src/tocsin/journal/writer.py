"""Writes the two files of a run while it runs, so that what was done before a crash can be read after it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tocsin.journal.chain import Chain
from tocsin.journal.codec import encode
from tocsin.journal.fingerprint import fingerprint
from tocsin.journal.kinds import EVENTS_FILE, FORMAT, JOURNAL_FILE, KINDS, Assessed, End, Header, Origin
from tocsin.records.detections import Batch
from tocsin.records.engagement import Engaged, OperatorAct, Shot
from tocsin.records.events import Events
from tocsin.records.outcomes import Assessment
from tocsin.records.plan import Plan

__all__ = ["JournalWriter"]

_NAMES = {kind: name for name, kind in KINDS.items()}


class JournalWriter:
    """An open journal. Write a batch before it is advanced, its events after, and `end` last."""

    def __init__(self, folder: Path, plan: Plan, origin: Origin) -> None:
        self._inputs_file = (folder / JOURNAL_FILE).open("wb")
        self._outputs_file = (folder / EVENTS_FILE).open("wb")
        self._inputs = Chain()
        self._batches = 0
        self.write(Header(FORMAT, fingerprint()))
        self.write(plan)
        self._outputs = Chain(self._inputs.last)
        self._follows = self._inputs.last
        self.write(origin)

    def write(self, record: Header | Plan | Origin | Batch | OperatorAct | Shot | Engaged | End) -> None:
        """Add an input."""
        self._inputs_file.write(self._inputs.line(_NAMES[type(record)], encode(record)))
        self._inputs_file.flush()
        if isinstance(record, Batch):
            self._batches += 1
            self._follows = self._inputs.last

    def output(self, events: Events) -> None:
        """Add the events of the batch that was written last."""
        self._outputs_file.write(self._outputs.line("events", encode(events), self._follows))
        self._outputs_file.flush()

    def assessment(self, assessments: tuple[Assessment, ...]) -> None:
        """Add the assessment of the whole run; it follows from the last batch."""
        body = encode(Assessed(assessments))
        self._outputs_file.write(self._outputs.line("assessment", body, self._follows))

    def end(self) -> str:
        """Close the run. Gives its chain: the hash of the last output."""
        self.write(End(self._batches, self._outputs.last))
        self.close()
        return self._outputs.last

    def close(self) -> None:
        """Close the files."""
        self._inputs_file.close()
        self._outputs_file.close()

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
