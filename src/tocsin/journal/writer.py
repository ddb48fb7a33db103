"""Writes a journal while its run goes on, so that what was done before a crash can be read after it."""

from __future__ import annotations

from tocsin.journal.chain import Chain
from tocsin.journal.codec import encode
from tocsin.journal.fingerprint import fingerprint
from tocsin.journal.kinds import FORMAT, Header, Kinds, name_of
from tocsin.journal.store import Store

__all__ = ["JournalWriter"]


class JournalWriter:
    """Two chains of records in a store: inputs, and outputs that each name the input that they follow from.

    Outputs hang on the root, the first input after the header. `commit` before anything acts on what was written.
    """

    def __init__(self, store: Store, kinds: Kinds, root: object) -> None:
        self._store, self._kinds = store, kinds
        self._inputs = Chain()
        self.write(Header(FORMAT, fingerprint()))
        self.root = self.write(root)
        self._outputs = Chain(self.root)

    @property
    def chain(self) -> str:
        """Hash of the last output."""
        return self._outputs.last

    def write(self, record: object) -> str:
        """Add an input; gives its hash."""
        self._store.append("inputs", self._inputs.line(name_of(self._kinds, record), encode(record)))
        return self._inputs.last

    def output(self, record: object, follows: str) -> None:
        """Add what came of an input, named by its hash."""
        self._store.append("outputs", self._outputs.line(name_of(self._kinds, record), encode(record), follows))

    def commit(self) -> None:
        """Make all that was written durable."""
        self._store.commit()

    def keep(self, batches: int, snapshot: bytes) -> None:
        """Keep the state after so many batches."""
        self._store.keep(batches, snapshot)

    def close(self) -> None:
        """Commit and close the store."""
        self._store.close()
