"""CSV (RFC 4180 in the dialects of `csv_dialect`, a header, one row on one line) as chunks of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tocsin.formats.cells import MAX_CELL_CHARS, NOT_MEASURED, Cell, Row, oversized
from tocsin.formats.chunks import MAX_LINE_BYTES, Coded, Columns, lines_of
from tocsin.formats.csv_dialect import TEXT_COLUMNS, Head, cells_of, head_of, pointed
from tocsin.formats.opening import Input

__all__ = ["CsvTable"]

_CODED = pa.dictionary(pa.int32(), pa.string())
_LEAST_HALVED_BYTES = 4096  # below it the row by row reading costs no more than a call of pyarrow's reader


class CsvTable:
    """An open CSV file. Raises BadInput when its header cannot be read."""

    def __init__(self, source: Input, known: Sequence[str]) -> None:
        self.source = source
        start = b""
        for block in lines_of(source.text(), source.name):
            start += block
            if len(start) > MAX_LINE_BYTES:
                break
        self.head = head_of(start, known, source.name)

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Table.columns`."""
        return self.head.columns

    def chunks(self) -> Iterator[CsvChunk]:
        """All chunks after the header."""
        row, line, skip = 1, self.head.lines + 1, self.head.size
        for block in lines_of(self.source.text(), self.source.name):
            if skip >= len(block):
                skip -= len(block)
                continue
            chunk = CsvChunk(block[skip:] if skip else block, self.head, row, line)
            skip = 0
            yield chunk
            lines = chunk.block.count(b"\n")
            row, line = row + lines - chunk.blank_lines(), line + lines


@dataclass(frozen=True, slots=True)
class CsvChunk:
    """Whole lines of a CSV file."""

    block: bytes
    head: Head
    first_row: int
    first_line: int

    def blank_lines(self) -> int:
        """Lines that are no rows."""
        seen = self.block
        if b"\n\n" not in seen and not seen.startswith(b"\n") and not (b"\r" in seen or b" " in seen):
            return 0
        return sum(not line.strip(b" \r") for line in seen.split(b"\n")[:-1])

    def halves(self) -> tuple[CsvChunk, CsvChunk] | None:
        """See `Chunk.halves`."""
        middle = self.block.find(b"\n", len(self.block) // 2) + 1
        if len(self.block) < _LEAST_HALVED_BYTES or middle == len(self.block):
            return None
        first = replace(self, block=self.block[:middle])
        lines = first.block.count(b"\n")
        row = self.first_row + lines - first.blank_lines()
        return first, CsvChunk(self.block[middle:], self.head, row, self.first_line + lines)

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """See `Chunk.arrays`."""
        table = None if b'"' in self.block else self._parsed(texts, numbers)
        if table is None:
            return None
        n = table.num_rows
        if n != self.block.count(b"\n") or n == 0:
            return None
        coded = {}
        for name in texts:
            if name in table.column_names:
                column = coded_of(table[name])
                if column is None:
                    return None
                coded[name] = self._in_common_form(name, column)
        number = np.full((len(numbers), n), np.nan)
        for k, name in enumerate(numbers):
            if name in table.column_names:
                number[k] = table[name].to_numpy()
        return Columns(np.arange(self.first_row, self.first_row + n), coded, number)

    def _parsed(self, texts: Sequence[str], numbers: Sequence[str]) -> pa.Table | None:
        types: dict[str, pa.DataType] = dict.fromkeys(texts, _CODED) | {name: pa.float64() for name in numbers}
        columns = self.head.columns
        try:
            return pacsv.read_csv(
                pa.BufferReader(self.block),
                read_options=pacsv.ReadOptions(column_names=list(columns), use_threads=False),
                parse_options=pacsv.ParseOptions(delimiter=self.head.delimiter),
                convert_options=pacsv.ConvertOptions(
                    column_types=types,
                    include_columns=[name for name in columns if name in types],
                    null_values=list(NOT_MEASURED),
                    strings_can_be_null=True,
                    decimal_point=self.head.decimal,
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError):
            return None

    def _in_common_form(self, name: str, column: Coded) -> Coded:
        if self.head.decimal == "." or name in TEXT_COLUMNS:
            return column
        return Coded(column.code, [pointed(text) for text in column.text])

    def rows(self) -> Iterator[Row]:
        """See `Chunk.rows`."""
        row = self.first_row
        for k, raw in enumerate(self.block.split(b"\n")[:-1]):
            if not raw.strip(b" \r"):
                continue
            yield self._row(row, f"line {self.first_line + k}", raw.removesuffix(b"\r"))
            row += 1

    def _row(self, row: int, place: str, raw: bytes) -> Row:
        columns = self.head.columns
        try:
            line = raw.decode("utf-8")
            found = cells_of(line, self.head.delimiter)
        except UnicodeDecodeError:
            return Row(row, place, {}, "not UTF-8 text", raw.decode("utf-8", "replace"))
        except ValueError as error:
            return Row(row, place, {}, str(error), line)
        if len(found) != len(columns):
            return Row(row, place, {}, f"{len(found)} cells, where the header has {len(columns)}", line)
        written = dict(zip(columns, found, strict=True))
        cells: dict[str, Cell] = dict(written)
        if len(line) > MAX_CELL_CHARS and (problem := oversized(cells)):
            return Row(row, place, {}, problem, line)
        if self.head.decimal == ".":
            return Row(row, place, cells)
        for name, cell in written.items():
            cells[name] = cell if name in TEXT_COLUMNS else pointed(cell)
        return Row(row, place, cells, raw=written)


def coded_of(column: pa.ChunkedArray) -> Coded | None:
    """A dictionary-encoded column as codes, None when a value is missing, long, or starts or ends with a blank."""
    if column.null_count:
        return None
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        if joined.num_chunks != 1:
            return None
        joined = joined.chunk(0)
    text = joined.dictionary.to_pylist()
    if any(value is None or value != value.strip() or not value or len(value) > MAX_CELL_CHARS for value in text):
        return None
    return Coded(joined.indices.to_numpy(zero_copy_only=False).astype(np.int64), text)
