"""Where the lines of a journal are kept: one seam, and its implementations in one table.

A store holds two streams of lines, `inputs` and `outputs`, in the order in which they were appended, and snapshots of a
session's state. It knows neither what a line says nor how lines hang together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tocsin.errors import BadInput
from tocsin.journal.files import FILES, SNAPSHOT, FileStore
from tocsin.journal.sqlite import BESIDE, SQLITE_FILE, SqliteStore

__all__ = ["STORES", "Store", "StoreKind", "create_store", "open_store"]


class Store(Protocol):
    """An open journal."""

    def append(self, stream: str, line: bytes) -> None:
        """Add a line, its end of line included."""

    def commit(self) -> None:
        """Make durable what was appended, as far as this kind of store promises."""

    def lines(self, stream: str) -> Iterator[bytes]:
        """The lines of a stream; the last has no end of line where its writer was killed within it."""

    def holds(self, stream: str) -> bool:
        """Whether the stream is there at all."""

    def name(self, stream: str) -> str:
        """What an error message calls the stream."""

    def keep(self, batches: int, snapshot: bytes) -> None:
        """Keep the state after so many batches; earlier ones may be dropped."""

    def kept(self) -> tuple[int, bytes] | None:
        """The newest state that was kept whole."""

    def close(self) -> None:
        """Commit and let go."""


@dataclass(frozen=True, slots=True)
class StoreKind:
    """One row of the table."""

    says: str
    files: tuple[str, ...]  # which of a run folder's files are its own, some of them only at times; the first always
    durable: bool  # what is committed survives a power cut, and not only a kill
    create: Callable[[Path], Store]
    open: Callable[[Path], Store]


STORES: dict[str, StoreKind] = {
    "files": StoreKind(
        says="two files of JSON lines, to be read by anything",
        files=(*FILES.values(), SNAPSHOT),
        durable=False,
        create=FileStore.create,
        open=FileStore,
    ),
    "sqlite": StoreKind(
        says="one SQLite file, each commit on the disk before it is acted on",
        files=(SQLITE_FILE, *BESIDE),
        durable=True,
        create=SqliteStore.create,
        open=SqliteStore,
    ),
}


def create_store(folder: Path, kind: str = "files") -> Store:
    """A new journal in a folder. Raises BadInput for an unknown kind."""
    if kind not in STORES:
        raise BadInput(f"one of {', '.join(STORES)} is needed", column="store", value=kind)
    return STORES[kind].create(folder)


def open_store(folder: Path) -> Store:
    """The journal that lies in a folder. Raises BadInput where there is none."""
    for kind in STORES.values():
        if (folder / kind.files[0]).is_file():
            return kind.open(folder)
    names = " and no ".join(kind.files[0] for kind in STORES.values())
    raise BadInput(f"no {names} here; give a folder that a run or `track --journal` wrote", file=str(folder))
