"""Any table by the ending of its name: .csv, .jsonl or .ndjson, .parquet or .pq."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin.errors import BadInput
from tocsin.formats.cells import Cell, Row
from tocsin.formats.chunks import Table, file_of
from tocsin.formats.csv_table import CsvTable
from tocsin.formats.jsonl_table import JsonlTable
from tocsin.formats.parquet_table import ParquetTable, cell_text

__all__ = ["KINDS", "open_table", "rows_of", "text_of"]

KINDS: dict[str, type[CsvTable] | type[JsonlTable] | type[ParquetTable]] = {
    ".csv": CsvTable,
    ".jsonl": JsonlTable,
    ".ndjson": JsonlTable,
    ".parquet": ParquetTable,
    ".pq": ParquetTable,
}


def open_table(path: Path | str, required: Sequence[str]) -> Table:
    """Open a table that has the required columns. Raises BadInput."""
    found = file_of(path)
    kind = KINDS.get(found.suffix.lower())
    if kind is None:
        raise BadInput(f"unknown kind of file; its name should end in one of {', '.join(KINDS)}", file=str(path))
    table = kind(found)
    missing = [name for name in required if name not in table.columns]
    if missing and kind is not JsonlTable:
        there = ", ".join(table.columns)[:200]
        problem = f"the column {missing[0]} is missing" if len(missing) == 1 else f"columns are missing: {missing}"
        raise BadInput(f"{problem}; the file has: {there or 'none'}", file=str(path))
    return table


def rows_of(path: Path | str, required: Sequence[str]) -> Iterator[Row]:
    """All rows of a small table, one by one. Raises BadInput when the file as a whole cannot be read."""
    for chunk in open_table(path, required).chunks():
        yield from chunk.rows()


def text_of(cell: Cell) -> str:
    """A cell as a text without blanks around it, "" for one that is not given."""
    return (cell_text(cell) or "").strip()
