"""Reads a journal in order, each record checked against the one before and taken as the kind that it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from tocsin.errors import BadInput, ChainBroken
from tocsin.journal.chain import ROOT, Entry, Tail, entries
from tocsin.journal.codec import decode
from tocsin.journal.kinds import FORMAT, Header, Kinds
from tocsin.journal.store import Store

__all__ = ["Read", "Reader"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """One record and its line."""

    entry: Entry
    record: object


class Reader:
    """The records of one stream. `tail` holds what a killed writer had begun, once the last has been read."""

    def __init__(self, store: Store, kinds: Kinds, stream: str, prev: str = ROOT) -> None:
        self.file, self.tail, self._kinds = store.name(stream), Tail(), kinds
        self._entries = entries(store.lines(stream), self.file, self.tail, prev)

    def __iter__(self) -> Iterator[Read]:
        return self

    def __next__(self) -> Read:
        entry = next(self._entries)
        kind = self._kinds.get(entry.kind)
        if kind is None:
            raise ChainBroken(f"unknown kind {entry.kind!r}", file=self.file, record=entry.number)
        try:
            return Read(entry, decode(kind, entry.body))
        except ValueError as error:
            problem = f"the record cannot be read: {error}"
            raise ChainBroken(problem, file=self.file, record=entry.number) from error

    def expect(self, kind: type[T]) -> tuple[T, str]:
        """The next record, which must be of this kind, and its hash. Raises BadInput or ChainBroken."""
        found = next(self, None)
        if found is None:
            raise BadInput("the journal breaks off before its first batch; there is nothing to replay", file=self.file)
        if not isinstance(found.record, kind):
            problem = f"a {kind.__name__.lower()} belongs here"
            raise ChainBroken(problem, file=self.file, record=found.entry.number)
        return found.record, found.entry.hash

    def header(self) -> Header:
        """The first record. Raises BadInput for a journal of another version."""
        header, _ = self.expect(Header)
        if header.format != FORMAT:
            problem = f"a journal of another version; this release reads {FORMAT}"
            raise BadInput(problem, file=self.file, row=1, value=header.format)
        return header
