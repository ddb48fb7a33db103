"""Every output of a run made again from its journal alone: after a kill, or where files were lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import tocsin
from tocsin.errors import BadInput, ReplayDiffers
from tocsin.journal import Kinds, Store, create_store, open_store
from tocsin.journal.chain import Chain
from tocsin.journal.codec import encode
from tocsin.journal.fingerprint import fingerprint
from tocsin.journal.sqlite import SQLITE_BESIDE, SQLITE_FILE
from tocsin.journal.store import STORES, StoreKind
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.run import RunRecord
from tocsin.session import manifest as manifests
from tocsin.session.assessing import Assessing
from tocsin.session.files import FILES, Setting, open_files
from tocsin.session.folder import Lock, cleared
from tocsin.session.gather import Recorder
from tocsin.session.kinds import KINDS, Assessed, End
from tocsin.session.manifest import FileMark, Manifest
from tocsin.session.replay import Inputs, open_inputs, time_base
from tocsin.session.session import Session, Sink

__all__ = ["Rebuilt", "rebuild"]

REPORTS = ("report.html", "report.json")
WORK = ".rebuild"
"""Folder inside the run's in which all is made before any of it is put in its place."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was made again."""

    status: str  # "ended", or "cut" where the journal has no end
    chain: str
    batches: int
    files: tuple[str, ...]
    kept: tuple[str, ...]  # files of the run that no journal can give back, as they were


def rebuild(folder: Path, report: Callable[[RunRecord, Path], Iterable[str]], kinds: Kinds = KINDS) -> Rebuilt:
    """Make the outputs of a run again and put them in place, with a manifest that says how far the run came.

    `report` writes a report into a folder and gives the names of its files. Raises BadInput where there is no journal,
    or a file that Tocsin did not write has the name of an output, ChainBroken for a journal that was changed,
    ReplayDiffers where the run's own end is not reached.
    """
    lock = Lock(folder)
    try:
        before = manifests.read(folder)
        work = cleared(folder / WORK)
        manifests.begun("", manifests.RUN_FILES).write(work)
        try:
            rebuilt, command = _made(folder, work, before, report, kinds)
            kept = _kept(folder, before, rebuilt)
            files = manifests.marks(work, rebuilt.files) | kept
            # until all is in its place the folder says so, lest a kill in between look like a change by somebody
            begun = manifests.begun(command, files)
            replace(begun, files=begun.files | kept).write(folder)
            _put_in_place(work, folder, rebuilt.files)
        finally:
            cleared(work).rmdir()
        problem = "" if rebuilt.status == "ended" else _why_cut(before)
        made = Manifest(manifests.FORMAT, tocsin.__version__, command, rebuilt.status, problem, rebuilt.chain, files)
        made.write(folder)
    finally:
        lock.release()
    return Rebuilt(rebuilt.status, rebuilt.chain, rebuilt.batches, rebuilt.files, tuple(sorted(kept)))


def _put_in_place(work: Path, folder: Path, names: Iterable[str]) -> None:
    if SQLITE_FILE in names:
        for name in SQLITE_BESIDE:
            (folder / name).unlink(missing_ok=True)
    for name in names:
        (work / name).replace(folder / name)


def _kept(folder: Path, before: Manifest | None, rebuilt: Rebuilt) -> dict[str, FileMark | None]:
    """Files of the run that no journal gives back, each with the mark that it had: a change of one is still found."""
    known = {} if before is None else before.files
    kept = manifests.marks(folder, known.keys() - {*rebuilt.files, *SQLITE_BESIDE})
    return {name: known[name] or mark for name, mark in kept.items()}


def _why_cut(before: Manifest | None) -> str:
    if before is None or before.status == "running":
        return "its process ended without a word"
    return before.problem


def _refuse_others(folder: Path, names: Iterable[str], before: Manifest | None, store: StoreKind) -> None:
    """Refuse to replace what Tocsin did not write."""
    ours = {*store.files, *(before.files if before else ())}
    for name in names:
        path = folder / name
        if os.path.lexists(path) and name not in ours:
            problem = "nothing here says that Tocsin wrote this file, and it would be replaced; move it away"
            raise BadInput(problem, file=str(path))


def _made(
    folder: Path,
    work: Path,
    before: Manifest | None,
    report: Callable[[RunRecord, Path], Iterable[str]],
    kinds: Kinds,
) -> tuple[Rebuilt, str]:
    kind = next((name for name, one in STORES.items() if (folder / one.files[0]).is_file()), "files")
    with closing(open_store(folder)) as source, closing(create_store(work, kind)) as target:
        inputs = open_inputs(source, kinds)
        exercise = inputs.origin.exercise
        wanted = exercise or (before is not None and "report.html" in before.files)
        names = [name for name in FILES if exercise or name != "reports.csv"]
        _refuse_others(folder, (*names, *(REPORTS if wanted else ())), before, STORES[kind])
        outputs = _Outputs(inputs, target)
        recorder = Recorder(inputs.plan, inputs.origin, inputs.made_by.release)
        assessing = Assessing(inputs.plan, inputs.origin)
        setting = Setting(inputs.plan, time_base(inputs.plan, instants=inputs.origin.instants))
        files = open_files(work, names, setting)
        with Session(inputs.plan, (outputs, recorder, assessing, *files.values())) as session:
            for _ in session.play(inputs.batches(session.note)):
                pass
        assessed = assessing.assessed() if exercise and inputs.end is not None else Assessed(())
        if exercise and inputs.end is not None:
            outputs.add("assessment", assessed)
        _reached(inputs, outputs.chain.last)
        for line in source.lines("inputs"):
            if line.endswith(b"\n"):
                target.append("inputs", line)
    record = recorder.record(outputs.chain.last, assessed.assessments, finished=inputs.end is not None)
    reports = tuple(report(record, work)) if wanted else ()
    status = "cut" if inputs.end is None else "ended"
    every = (*(name for name in STORES[kind].files if (work / name).is_file()), *names, *reports)
    command = before.command if before else "run" if exercise else "track"
    return Rebuilt(status, outputs.chain.last, session.batches, every, ()), command


class _Outputs(Sink):
    """Writes the outputs' stream anew."""

    def __init__(self, inputs: Inputs, target: Store) -> None:
        self._inputs, self._target = inputs, target
        self.chain = Chain(inputs.root)

    def add(self, kind: str, record: object) -> None:
        """Add an output that follows from the newest batch."""
        self._target.append("outputs", self.chain.line(kind, encode(record), self._inputs.follows))

    def put(self, batch: Batch, events: Events) -> None:
        """Add the events of one batch."""
        self.add("events", events)


def _reached(inputs: Inputs, chain: str) -> None:
    """Refuse what does not end as the run did."""
    if inputs.end is None or not isinstance(inputs.end.record, End) or inputs.end.record.chain == chain:
        return
    if inputs.made_by != fingerprint():
        problem = "another build or machine made this run, and its last digits differ here; rebuild it there"
        raise BadInput(problem, file=inputs.records.file)
    problem = f"chain: recorded {inputs.end.record.chain}, recomputed {chain}"
    raise ReplayDiffers(problem, file=inputs.records.file, record=inputs.end.entry.number)
