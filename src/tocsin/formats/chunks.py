"""Files as chunks of rows, whatever they are written in: CSV, JSON or Parquet.

A chunk is read in two ways. `arrays` takes whole columns and is fast; it gives None as soon as anything in the chunk
needs a closer look. `rows` takes row by row, gives every row, and says what is wrong with which. Both give the same
values. `halves` narrows the closer look down, so that a bad row costs its neighbours no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from tocsin.errors import BadInput
from tocsin.formats.cells import Row
from tocsin.records.arrays import FloatArray, IntArray

__all__ = ["MAX_COLUMNS", "Chunk", "Coded", "Columns", "Table", "file_of", "lines_of"]

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 20
MAX_COLUMNS = 4096


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts: n codes into the distinct ones."""

    code: IntArray  # (n,)
    text: list[str]


@dataclass(frozen=True, slots=True)
class Columns:
    """The wanted columns of a clean chunk. A column that the file lacks is NaN, or absent from `texts`."""

    row: IntArray  # (n,) 1-based data rows
    texts: dict[str, Coded]
    number: FloatArray  # (K, n), NaN: not measured


class Chunk(Protocol):
    """Consecutive rows of a file."""

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """Whole columns, or None when some row needs a closer look."""

    def rows(self) -> Iterator[Row]:
        """Row by row, those that cannot be read included."""

    def halves(self) -> tuple[Self, Self] | None:
        """The same rows as two chunks, None where there are too few to be worth it."""


class Table(Protocol):
    """An open file: the names of its columns and its rows in chunks."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in order; of JSON, whose rows name their own, those met so far."""

    def chunks(self) -> Iterator[Chunk]:
        """All chunks, from the start of the file."""


def file_of(path: Path | str) -> Path:
    """The path of a readable file that is not empty. Raises BadInput."""
    found = Path(path)
    try:
        if not found.exists():
            raise BadInput("no such file; check the path", file=str(path))
        if not found.is_file():
            raise BadInput("not a regular file; write the data to a file first", file=str(path))
        if found.stat().st_size == 0:
            raise BadInput("the file is empty; it should begin with a header and hold at least one row", file=str(path))
    except (OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"cannot be opened: {error}", file=str(path)) from error
    return found


def lines_of(blocks: Iterator[bytes], file: str) -> Iterator[bytes]:
    """Blocks of bytes as blocks of whole lines, each at most about a megabyte. Raises BadInput."""
    rest = b""
    for block in blocks:
        head, newline, tail = block.rpartition(b"\n")
        if len(rest) + (block.find(b"\n") if newline else len(block)) > MAX_LINE_BYTES:
            raise BadInput(f"a line is longer than {MAX_LINE_BYTES} bytes: this is no table of rows", file=file)
        if newline:
            yield rest + head + newline
            rest = tail
        else:
            rest += block
    if rest:
        yield rest + b"\n"
