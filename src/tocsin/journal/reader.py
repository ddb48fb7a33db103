"""Reads a journal's inputs in order, each checked against the one before and taken as the record that it is."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import BadInput, ChainBroken
from tocsin.journal.chain import Entry, Tail, entries
from tocsin.journal.codec import decode
from tocsin.journal.kinds import FORMAT, JOURNAL_FILE, KINDS, Header, Origin
from tocsin.records.plan import Plan

__all__ = ["Input", "Inputs", "open_inputs"]


@dataclass(frozen=True, slots=True)
class Input:
    """One input and its line."""

    entry: Entry
    record: object


@dataclass(slots=True)
class Inputs:
    """An open journal: its head, and what follows."""

    file: str
    header: Header
    plan: Plan
    plan_hash: str
    origin: Origin
    rest: Generator[Input, None, None]
    tail: Tail


def open_inputs(folder: Path) -> Inputs:
    """Open a run's journal. Raises BadInput when there is none that can be read, ChainBroken when it was changed."""
    path = folder / JOURNAL_FILE
    if not path.is_file():
        raise BadInput(f"no {JOURNAL_FILE} here; give a folder that a run or `track --journal` wrote", file=str(folder))
    tail = Tail()
    stream = _inputs(path, tail)
    header = _next(stream, Header, path)
    assert isinstance(header.record, Header)
    if header.record.format != FORMAT:
        raise BadInput(
            f"a journal of another version; this release reads {FORMAT}",
            file=str(path),
            row=1,
            value=header.record.format,
        )
    plan, origin = _next(stream, Plan, path), _next(stream, Origin, path)
    assert isinstance(plan.record, Plan)
    assert isinstance(origin.record, Origin)
    return Inputs(str(path), header.record, plan.record, plan.entry.hash, origin.record, stream, tail)


def _next(stream: Generator[Input, None, None], kind: type, path: Path) -> Input:
    found = next(stream, None)
    if found is None:
        raise BadInput("the journal breaks off before its first batch; there is nothing to replay", file=str(path))
    if not isinstance(found.record, kind):
        raise ChainBroken(f"a {kind.__name__.lower()} belongs here", file=str(path), record=found.entry.number)
    return found


def _inputs(path: Path, tail: Tail) -> Generator[Input, None, None]:
    for entry in entries(path, tail):
        kind = KINDS.get(entry.kind)
        if kind is None:
            raise ChainBroken(f"unknown kind {entry.kind!r}", file=str(path), record=entry.number)
        try:
            record: object = decode(kind, entry.body)
        except ValueError as error:
            raise ChainBroken(f"the record cannot be read: {error}", file=str(path), record=entry.number) from error
        yield Input(entry, record)
