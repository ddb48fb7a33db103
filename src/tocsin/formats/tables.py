"""Any table by the ending of its name, `.gz` or `.zst` behind it or not; from standard input by its first bytes."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import BadInput
from tocsin.formats.cells import Cell, Row, given, shown
from tocsin.formats.chunks import Table
from tocsin.formats.csv_table import CsvTable
from tocsin.formats.json_table import JsonTable
from tocsin.formats.opening import STANDARD_INPUT, Input, input_of, name_of
from tocsin.formats.parquet_table import ParquetTable, cell_text

__all__ = ["KINDS", "Unread", "open_table", "rows_of", "text_of", "unread", "unread_columns"]

KINDS: dict[str, type[CsvTable] | type[JsonTable] | type[ParquetTable]] = {
    ".csv": CsvTable,
    ".tsv": CsvTable,
    ".txt": CsvTable,
    ".json": JsonTable,
    ".jsonl": JsonTable,
    ".ndjson": JsonTable,
    ".parquet": ParquetTable,
    ".pq": ParquetTable,
}
_COMPARED = 200  # unread columns that are compared with the known ones, and characters of one


@dataclass(frozen=True, slots=True)
class Unread:
    """A column that nothing reads, and the one that was probably meant ("": no idea)."""

    file: str
    name: str
    meant: str

    def __str__(self) -> str:
        return f"{shown(self.name)} (did you mean {self.meant}?)" if self.meant else shown(self.name)


def open_table(path: Path | str, required: Sequence[str], optional: Sequence[str] | None = None) -> Table:
    """Open a table that has the required columns. Raises BadInput.

    Of Parquet, the required and the optional columns are read; all where the optional ones are not told.
    """
    source = input_of(path)
    kind = _kind(source, str(path))
    known = (*required, *(optional or ()))
    table = kind(source, known)
    if isinstance(table, ParquetTable) and optional is not None:
        table.select(known)
    missing = [name for name in required if name not in table.columns]
    if missing and kind is not JsonTable:
        there = shown(", ".join(table.columns)) or "none"
        problem = f"the column {missing[0]} is missing" if len(missing) == 1 else f"columns are missing: {missing}"
        near = [str(column) for column in unread(source.name, table.columns, known) if column.meant in missing]
        hint = f"; {'; '.join(near)}" if near else ""
        raise BadInput(f"{problem}; the file has: {there}{hint}", file=source.name)
    return table


def _kind(source: Input, asked: str) -> type[CsvTable] | type[JsonTable] | type[ParquetTable]:
    found = next((KINDS[ending] for ending in reversed(source.endings) if ending in KINDS), None)
    if found is not None:
        return found
    if asked != STANDARD_INPUT:
        endings = ", ".join(KINDS)
        problem = f"unknown kind of file; its name should end in one of {endings}, or one of these and .gz or .zst"
        raise BadInput(problem, file=asked)
    if source.head.startswith(b"PAR1"):
        return ParquetTable
    start = source.head.replace(b"\x00", b"").lstrip(b" \t\r\n\xef\xbb\xbf\xff\xfe")
    return JsonTable if start.startswith((b"{", b"[")) else CsvTable


def rows_of(path: Path | str, required: Sequence[str], optional: Sequence[str] | None = None) -> Iterator[Row]:
    """All rows of a small table, one by one. Raises BadInput when the file as a whole cannot be read."""
    for chunk in open_table(path, required, optional).chunks():
        yield from chunk.rows()


def unread_columns(path: Path | str, known: Sequence[str]) -> tuple[Unread, ...]:
    """The columns of a small table that nothing reads. Raises BadInput where it cannot be read as a whole."""
    table = open_table(path, (), known)
    if isinstance(table, JsonTable):
        for chunk in table.chunks():
            if chunk.arrays((), ()) is None:
                deque(chunk.rows(), maxlen=0)
    return unread(name_of(path), table.columns, known)


def unread(file: str, columns: Collection[str], known: Collection[str]) -> tuple[Unread, ...]:
    """Those of the columns that are not known, and the known and absent one that each was probably meant for."""
    absent = {_plain(name): name for name in known if name not in columns}
    odd = [name for name in columns if name and name not in known]
    return tuple(Unread(file, name, _meant(name, absent) if k < _COMPARED else "") for k, name in enumerate(odd))


def _meant(name: str, absent: dict[str, str]) -> str:
    plain = _plain(name[:_COMPARED])
    near = [known for known in absent if len(plain) > 1 and known.startswith(f"{plain}_")]
    near = near or difflib.get_close_matches(plain, absent, n=1, cutoff=0.75)
    return absent[near[0]] if near else ""


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_").strip("_")


def text_of(cell: Cell) -> str:
    """A cell as a text without blanks around it, "" for one that is not given."""
    if isinstance(cell, float) and not given(cell):
        return ""
    return (cell_text(cell) or "").strip()
