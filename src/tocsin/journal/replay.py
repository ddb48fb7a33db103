"""Recomputes a run from its journalled inputs alone, and holds the result against what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from tocsin import pipeline
from tocsin.errors import ChainBroken, ReplayDiffers
from tocsin.formats.outputs import ImpactsWriter, TracksWriter
from tocsin.formats.times import TimeBase
from tocsin.journal.codec import encode
from tocsin.journal.fingerprint import Fingerprint, fingerprint
from tocsin.journal.kinds import EVENTS_FILE, Assessed, End
from tocsin.journal.reader import Input, Inputs, open_inputs
from tocsin.journal.recorded import RecordedCsv, RecordedEvents
from tocsin.records.detections import Batch
from tocsin.records.engagement import Shot
from tocsin.records.events import Events
from tocsin.records.plan import Plan

__all__ = ["Replayed", "replay", "time_base"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replay in which nothing differed."""

    chain: str  # hash of the last recomputed output
    comparison: str  # "bytes": equal to the byte; "numbers": equal to 1e-6; "none": nothing was there to compare with
    compared: tuple[str, ...]  # what was compared
    batches: int
    events: int
    finished: bool  # False: the run had been cut off
    notes: tuple[str, ...]


def time_base(plan: Plan, *, instants: bool) -> TimeBase:
    """How the files of a run write times."""
    return TimeBase(datetime.fromisoformat(plan.epoch_utc) if instants else None)


def replay(folder: Path, progress: Callable[[int], None] | None = None) -> Replayed:
    """Recompute a run and compare. `progress` is called with the number of batches done.

    BadInput: there is no journal. ChainBroken: a recorded record was changed or taken out. ReplayDiffers: a recomputed
    one is another; the error names file, record, field and both values.
    """
    inputs = open_inputs(folder)
    here = fingerprint()
    exact = inputs.header.fingerprint == here
    with closing(inputs.rest), closing(_Checks(folder, inputs, exact=exact)) as checks:
        end = _recomputed(inputs, checks, progress)
        checks.finish(end)
    notes = [] if exact else [_other(inputs.header.fingerprint, here)]
    if end is None:
        notes.append(f"the run was cut off after batch {checks.batches}")
    for name, cut in ((inputs.file, inputs.tail.cut), (EVENTS_FILE, checks.events.cut)):
        if cut:
            notes.append(f"{Path(name).name} ends in {len(cut)} bytes of a record that was not finished")
    comparison = "none" if not checks.compared else "bytes" if exact else "numbers"
    return Replayed(
        checks.events.chain.last,
        comparison,
        tuple(checks.compared),
        checks.batches,
        checks.events.chain.number,
        end is not None,
        tuple(notes),
    )


def _recomputed(inputs: Inputs, checks: _Checks, progress: Callable[[int], None] | None) -> Input | None:
    """Take the pipeline over all batches; gives the record of the run's end, None when it was cut off."""
    state, end = pipeline.start(inputs.plan), None
    for item in inputs.rest:
        if end is not None:
            raise ChainBroken("a record after the end of the run", file=inputs.file, record=item.entry.number)
        if isinstance(item.record, Batch):
            state, events = pipeline.advance(inputs.plan, state, item.record)
            checks.batch(item.record, events, item.entry.hash)
            if progress is not None:
                progress(checks.batches)
        elif isinstance(item.record, Shot):
            checks.shots.append(item.record)
        elif isinstance(item.record, End):
            end = item
    return end


class _Checks:
    """Everything that a recomputed run is held against."""

    def __init__(self, folder: Path, inputs: Inputs, *, exact: bool) -> None:
        self._inputs, self._exact = inputs, exact
        self.events = RecordedEvents(folder / EVENTS_FILE, inputs.plan_hash, exact=exact)
        self.compared = [EVENTS_FILE] if self.events.there else []
        base = time_base(inputs.plan, instants=inputs.origin.instants)
        self._rows: list[tuple[TracksWriter | ImpactsWriter, RecordedCsv]] = []
        kinds: tuple[tuple[str, type[TracksWriter] | type[ImpactsWriter]], ...]
        kinds = (("tracks.csv", TracksWriter), ("impacts.csv", ImpactsWriter))
        for name, writer in kinds:
            if (folder / name).is_file():
                stream = RecordedCsv(folder / name, exact=exact)
                self._rows.append((writer(stream, base), stream))
                self.compared.append(name)
        self._assessor = _Assessor(inputs) if inputs.origin.exercise else None
        self._open: tuple[Batch, Events] | None = None
        self.shots: list[Shot] = []
        self.batches, self._follows = 0, inputs.plan_hash

    def close(self) -> None:
        """Close the recorded files."""
        self.events.close()
        for _, stream in self._rows:
            stream.close()

    def batch(self, batch: Batch, events: Events, follows: str) -> None:
        """Check the events of one batch."""
        self._collect()
        self._open, self._follows = (batch, events), follows
        self.batches += 1
        self.events.check("events", encode(events), follows)
        for writer, _ in self._rows:
            writer.put(batch, events)

    def finish(self, end: Input | None) -> None:
        """Check what comes after the last batch."""
        self._collect()
        if end is not None and self._assessor is not None:
            self.events.check("assessment", encode(self._assessor.assessed()), self._follows)
        self.events.finish(whole=end is not None)
        for writer, stream in self._rows:
            writer.close()
            stream.finish(whole=end is not None)
        if end is not None:
            self._sealed(end)

    def _collect(self) -> None:
        if self._open is not None and self._assessor is not None:
            self._assessor.add(*self._open, self.shots)
        self._open, self.shots = None, []

    def _sealed(self, end: Input) -> None:
        """Check the journal's last record: how many batches, and the hash of the last output."""
        record = end.record
        assert isinstance(record, End)
        chain = self.events.chain.last if self._exact else self.events.recorded_last
        pairs = [("batches", str(record.batches), str(self.batches))]
        if self._exact or self.events.there:
            pairs.append(("chain", record.chain, chain))
            self.compared.append("chain")
        for name, recorded, recomputed in pairs:
            if recorded != recomputed:
                problem = f"{name}: recorded {recorded}, recomputed {recomputed}"
                raise ReplayDiffers(problem, file=self._inputs.file, record=end.entry.number)


class _Assessor:
    """The assessment of an exercise, made anew from what is replayed."""

    def __init__(self, inputs: Inputs) -> None:
        from tocsin import assess  # what recorded detections never need, and slow to import

        self._plan, self._witnesses = inputs.plan, inputs.origin.witnesses
        self._assess, self._collector = assess.assess, assess.Collector()

    def add(self, batch: Batch, events: Events, shots: list[Shot]) -> None:
        """Take a batch, what came of it, and the shots after it."""
        self._collector.add(events, batch.reports, shots)

    def assessed(self) -> Assessed:
        """The assessment of all that was taken."""
        return Assessed(self._assess(self._plan, self._collector.observed(self._witnesses)))


def _other(recorded: Fingerprint, here: Fingerprint) -> str:
    names = [f.name for f in fields(Fingerprint) if getattr(recorded, f.name) != getattr(here, f.name)]
    was = ", ".join(f"{name} {getattr(recorded, name)} (here {getattr(here, name)})" for name in names)
    return f"made by another build or machine: {was}"
