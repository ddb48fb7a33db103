"""A journal as one SQLite file: write-ahead log, `synchronous=FULL`, and one commit for all that waits.

A commit is one `fsync`, whether it holds one line or a thousand (group commit): append what has arrived, commit once,
and only then act on it. While it is written the file has `-wal` and `-shm` beside it; a closed
journal is one plain file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tocsin.errors import BadInput

__all__ = ["BESIDE", "SQLITE_FILE", "SqliteStore"]

SQLITE_FILE = "journal.sqlite"
BESIDE = tuple(f"{SQLITE_FILE}-{what}" for what in ("wal", "shm", "journal"))
"""What a killed writer leaves beside it. It belongs to that file alone, and must never meet another of its name."""
_TABLES = """
CREATE TABLE lines (
    stream TEXT NOT NULL, n INTEGER NOT NULL, line BLOB NOT NULL, PRIMARY KEY (stream, n)
) WITHOUT ROWID;
CREATE TABLE snapshots (batches INTEGER PRIMARY KEY, state BLOB NOT NULL);
"""


class SqliteStore:
    """What is committed is on the disk."""

    def __init__(self, folder: Path) -> None:
        """Open a journal to be read."""
        self._path = folder / SQLITE_FILE
        self._written: dict[str, int] = {}
        uri = self._path.absolute().as_uri()
        self._base = sqlite3.connect(f"{uri}?mode=rw", uri=True, isolation_level=None)

    @classmethod
    def create(cls, folder: Path) -> SqliteStore:
        """A new journal. Raises FileExistsError where such a file lies."""
        (folder / SQLITE_FILE).open("xb").close()
        store = cls(folder)
        store._base.execute("PRAGMA journal_mode=WAL")
        store._base.execute("PRAGMA synchronous=FULL")
        store._base.executescript(_TABLES)
        store._written = {"inputs": 0, "outputs": 0}
        return store

    def append(self, stream: str, line: bytes) -> None:
        """Add a line to the open transaction, beginning one where there is none."""
        if not self._base.in_transaction:
            self._base.execute("BEGIN IMMEDIATE")
        self._written[stream] += 1
        self._base.execute("INSERT INTO lines VALUES (?, ?, ?)", (stream, self._written[stream], line))

    def commit(self) -> None:
        """Write the open transaction to the disk."""
        if self._base.in_transaction:
            self._base.execute("COMMIT")

    def lines(self, stream: str) -> Iterator[bytes]:
        """The lines of a stream. Raises BadInput for a file that is no journal."""
        try:
            for (line,) in self._base.execute("SELECT line FROM lines WHERE stream = ? ORDER BY n", (stream,)):
                yield bytes(line)
        except sqlite3.DatabaseError as error:
            raise BadInput(f"not a journal that can be read: {error}", file=str(self._path)) from None

    def holds(self, stream: str) -> bool:
        """Whether any line of it is there."""
        return next(self.lines(stream), None) is not None

    def name(self, stream: str) -> str:
        """The file and the stream."""
        return f"{self._path} ({stream})"

    def keep(self, batches: int, snapshot: bytes) -> None:
        """Keep a state, and drop all but the one before."""
        self.commit()
        with self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", (batches, snapshot))
            self._base.execute(
                "DELETE FROM snapshots WHERE batches NOT IN "
                "(SELECT batches FROM snapshots ORDER BY batches DESC LIMIT 2)"
            )

    def kept(self) -> tuple[int, bytes] | None:
        """The newest state."""
        row = self._base.execute("SELECT batches, state FROM snapshots ORDER BY batches DESC LIMIT 1").fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def close(self) -> None:
        """Commit, and leave one plain file where this store has written it."""
        self.commit()
        if self._written:
            self._base.execute("PRAGMA journal_mode=DELETE")
        self._base.close()
