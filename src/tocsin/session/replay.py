"""Recomputes a run from its journalled inputs alone, and holds the result against what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from tocsin.errors import ChainBroken, ReplayDiffers
from tocsin.formats.times import TimeBase
from tocsin.journal import Kinds, Read, Reader, Store, open_store
from tocsin.journal.codec import encode
from tocsin.journal.fingerprint import Fingerprint, fingerprint
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.plan import Plan
from tocsin.session import manifest as manifests
from tocsin.session.assessing import Assessing
from tocsin.session.files import FILES, FileSink, Setting
from tocsin.session.kinds import KINDS, End, Origin
from tocsin.session.recorded import RecordedCsv, RecordedEvents
from tocsin.session.session import Session, Sink

__all__ = ["Inputs", "Replayed", "held_to_manifest", "known_head", "open_inputs", "replay", "time_base"]

ROWS = ("tracks.csv", "impacts.csv")
"""Files whose rows are held against recomputed ones, number by number where the build is another."""


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


@dataclass(slots=True)
class Inputs:
    """An open journal as a source: the batches come out of it, all else goes where it belongs."""

    plan: Plan
    origin: Origin
    made_by: Fingerprint
    root: str  # hash of the plan's record, on which the outputs hang
    records: Reader
    follows: str = ""  # hash of the newest batch
    end: Read | None = None

    def batches(self, note: Callable[[object], None]) -> Iterator[Batch]:
        """Each batch; what was done after it is given to `note`."""
        for item in self.records:
            if self.end is not None:
                raise ChainBroken("a record after the end of the run", file=self.records.file, record=item.entry.number)
            if isinstance(item.record, Batch):
                self.follows = item.entry.hash
                yield item.record
            elif isinstance(item.record, End):
                self.end = item
            else:
                note(item.record)


def open_inputs(store: Store, kinds: Kinds = KINDS) -> Inputs:
    """The inputs of a journal. Raises BadInput when it cannot be read, ChainBroken when it was changed."""
    records = Reader(store, kinds, "inputs")
    header = records.header()
    plan, root = records.expect(Plan)
    origin, _ = records.expect(Origin)
    return Inputs(plan, origin, header.fingerprint, root, records, follows=root)


def time_base(plan: Plan, *, instants: bool) -> TimeBase:
    """How the files of a run write times."""
    return TimeBase(datetime.fromisoformat(plan.epoch_utc) if instants else None)


def replay(folder: Path, progress: Callable[[int], None] | None = None, kinds: Kinds = KINDS) -> Replayed:
    """Recompute a run and compare. `progress` is called with the number of batches done.

    BadInput: there is no journal. ChainBroken: a recorded record was changed or taken out. ReplayDiffers: a recomputed
    one is another, or a file is not as the manifest says; the error names file, record, field and both values.
    """
    here = fingerprint()
    with closing(open_store(folder)) as store:
        inputs = open_inputs(store, kinds)
        exact = inputs.made_by == here
        with ExitStack() as stack:
            checks = _Checks(folder, store, inputs, stack, exact=exact)
            with Session(inputs.plan, checks.sinks) as session:
                for done, _ in enumerate(session.play(inputs.batches(session.note)), 1):
                    if progress is not None:
                        progress(done)
            checks.finish(session.batches)
        notes = [] if exact else [_other(inputs.made_by, here)]
        if inputs.end is None:
            notes.append(f"the run was cut off after batch {session.batches}")
        for name, cut in ((inputs.records.file, inputs.records.tail.cut), (store.name("outputs"), checks.events.cut)):
            if cut:
                notes.append(f"{Path(name).name} ends in {len(cut)} bytes of a record that was not finished")
    held_to_manifest(folder, checks.compared)
    comparison = "none" if not checks.compared else "bytes" if exact else "numbers"
    return Replayed(
        checks.events.chain.last,
        comparison,
        tuple(checks.compared),
        session.batches,
        checks.events.chain.number,
        inputs.end is not None,
        tuple(notes),
    )


def known_head(found: Replayed, head: str, folder: Path) -> None:
    """Hold a replayed run against the head that is known from elsewhere. Raises ReplayDiffers for another run."""
    if found.chain != head.strip().lower():
        problem = f"another run: its chain ends in {found.chain}, not in the head that was given, {head}"
        raise ReplayDiffers(problem, file=str(folder), record=found.events)


def held_to_manifest(folder: Path, compared: list[str]) -> None:
    """Hold every file against the manifest's hash; a file that is cleared away is no change."""
    found = manifests.read(folder)
    if found is None or found.status == "running":
        return
    for name in manifests.changed_files(folder, found):
        problem = "changed since the run wrote it: its hash is not the manifest's"
        raise ReplayDiffers(problem, file=str(folder / name))
    compared.append(manifests.MANIFEST)


class _Events(Sink):
    """Holds the events of each batch against the recorded ones."""

    def __init__(self, inputs: Inputs, recorded: RecordedEvents) -> None:
        self._inputs, self._recorded = inputs, recorded

    def put(self, batch: Batch, events: Events) -> None:
        """Check one batch's events."""
        self._recorded.check("events", encode(events), self._inputs.follows)


class _Rows(Sink):
    """Holds the rows of one file against the recorded ones; it stays open until `_Checks` has ended it."""

    def __init__(self, file: FileSink, recorded: RecordedCsv) -> None:
        self.file, self.recorded = file, recorded

    def put(self, batch: Batch, events: Events) -> None:
        """Check one batch's rows."""
        self.file.put(batch, events)


class _Checks:
    """Everything that a recomputed run is held against."""

    def __init__(self, folder: Path, store: Store, inputs: Inputs, stack: ExitStack, *, exact: bool) -> None:
        self._inputs, self._exact = inputs, exact
        there = store.holds("outputs")
        lines = store.lines("outputs") if there else None
        self.events = RecordedEvents(lines, store.name("outputs"), inputs.root, exact=exact)
        self.compared = [Path(store.name("outputs")).name] if there else []
        setting = Setting(inputs.plan, time_base(inputs.plan, instants=inputs.origin.instants))
        self._rows = []
        for name in ROWS:
            if (folder / name).is_file():
                stream = stack.enter_context(RecordedCsv(folder / name, exact=exact))
                self._rows.append(_Rows(FILES[name](stream, setting), stream))
                self.compared.append(name)
        self._assessing = Assessing(inputs.plan, inputs.origin) if inputs.origin.exercise else None
        self.sinks: tuple[Sink, ...] = (
            _Events(inputs, self.events),
            *self._rows,
            *(() if self._assessing is None else (self._assessing,)),
        )

    def finish(self, batches: int) -> None:
        """Check what comes after the last batch."""
        end = self._inputs.end
        # a run may be stopped after its assessment and before its end
        if self._assessing is not None and (end is not None or self.events.holds_next("assessment")):
            self.events.check("assessment", encode(self._assessing.assessed()), self._inputs.follows)
        self.events.finish(whole=end is not None)
        for rows in self._rows:
            rows.file.finish()
            rows.recorded.finish(whole=end is not None)
        if end is not None:
            self._sealed(end, batches)

    def _sealed(self, end: Read, batches: int) -> None:
        """Check the journal's last record: how many batches, and the hash of the last output."""
        assert isinstance(end.record, End)
        chain = self.events.chain.last if self._exact else self.events.recorded_last
        pairs = [("batches", str(end.record.batches), str(batches))]
        if self._exact or self.events.there:
            pairs.append(("chain", end.record.chain, chain))
            self.compared.append("chain")
        for name, recorded, recomputed in pairs:
            if recorded != recomputed:
                problem = f"{name}: recorded {recorded}, recomputed {recomputed}"
                raise ReplayDiffers(problem, file=self._inputs.records.file, record=end.entry.number)


def _other(recorded: Fingerprint, here: Fingerprint) -> str:
    names = [f.name for f in fields(Fingerprint) if getattr(recorded, f.name) != getattr(here, f.name)]
    was = ", ".join(f"{name} {getattr(recorded, name)} (here {getattr(here, name)})" for name in names)
    return f"made by another build or machine: {was}"
