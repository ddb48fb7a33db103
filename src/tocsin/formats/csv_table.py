"""CSV (RFC 4180, UTF-8, comma, a header, one row on one line) as chunks of rows."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tocsin.errors import BadInput
from tocsin.formats.cells import Row
from tocsin.formats.chunks import MAX_LINE_BYTES, Coded, Columns, lines_of

__all__ = ["CsvTable"]

_CODED = pa.dictionary(pa.int32(), pa.string())


class CsvTable:
    """An open CSV file. Raises BadInput when its header cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as stream:
                header = stream.readline(MAX_LINE_BYTES)
        except OSError as error:
            raise BadInput(f"cannot be read: {error}", file=str(path)) from error
        try:
            line = header.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadInput("the header is not UTF-8 text; save the file as UTF-8", file=str(path)) from error
        self.columns = tuple(name.strip() for name in _cells(line.rstrip("\r\n")) or [])
        self.header_bytes = len(header)
        twice = {name for name in self.columns if self.columns.count(name) > 1 and name}
        if twice:
            raise BadInput("the header names a column twice", file=str(path), column=min(twice))

    def chunks(self) -> Iterator[CsvChunk]:
        """All chunks after the header."""
        row, line = 1, 2
        with self.path.open("rb") as stream:
            stream.seek(self.header_bytes)
            for block in lines_of(stream, str(self.path)):
                chunk = CsvChunk(block, self.columns, row, line)
                yield chunk
                lines = block.count(b"\n")
                row, line = row + lines - chunk.blank_lines(), line + lines


@dataclass(frozen=True, slots=True)
class CsvChunk:
    """Whole lines of a CSV file."""

    block: bytes
    columns: tuple[str, ...]
    first_row: int
    first_line: int

    def blank_lines(self) -> int:
        """Lines that are no rows."""
        if b"\n\n" not in b"\n" + self.block and b"\r" not in self.block and b" " not in self.block:
            return 0
        return sum(not line.strip() for line in self.block.split(b"\n")[:-1])

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """See `Chunk.arrays`."""
        if b'"' in self.block:
            return None
        types: dict[str, pa.DataType] = dict.fromkeys(texts, _CODED) | {name: pa.float64() for name in numbers}
        wanted = [name for name in self.columns if name in types]
        try:
            table = pacsv.read_csv(
                pa.BufferReader(self.block),
                read_options=pacsv.ReadOptions(column_names=list(self.columns), use_threads=False),
                convert_options=pacsv.ConvertOptions(
                    column_types=types, include_columns=wanted, null_values=[""], strings_can_be_null=True
                ),
            )
        except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError):
            return None
        n = table.num_rows
        if n != self.block.count(b"\n") or n == 0:
            return None
        coded = {name: coded_of(table[name]) for name in texts if name in wanted}
        number = np.full((len(numbers), n), np.nan)
        for k, name in enumerate(numbers):
            if name not in wanted:
                continue
            values = table[name].to_numpy()
            if int(np.isnan(values).sum()) != table[name].null_count:
                return None
            number[k] = values
        if any(column is None for column in coded.values()):
            return None
        kept = {name: column for name, column in coded.items() if column is not None}
        return Columns(np.arange(self.first_row, self.first_row + n), kept, number)

    def rows(self) -> Iterator[Row]:
        """See `Chunk.rows`."""
        row = self.first_row
        for k, raw in enumerate(self.block.split(b"\n")[:-1]):
            if not raw.strip():
                continue
            yield self._row(row, f"line {self.first_line + k}", raw.removesuffix(b"\r"))
            row += 1

    def _row(self, row: int, place: str, raw: bytes) -> Row:
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            return Row(row, place, {}, "not UTF-8 text", raw.decode("utf-8", "replace"))
        cells = _cells(line)
        if cells is None:
            return Row(row, place, {}, "a quotation mark that does not close", line)
        if len(cells) != len(self.columns):
            problem = f"{len(cells)} cells, where the header has {len(self.columns)}"
            return Row(row, place, {}, problem, line)
        return Row(row, place, dict(zip(self.columns, cells, strict=True)))


def coded_of(column: pa.ChunkedArray) -> Coded | None:
    """A dictionary-encoded column as codes, None when a value is missing or starts or ends with a blank."""
    if column.null_count:
        return None
    joined = column.combine_chunks()
    if isinstance(joined, pa.ChunkedArray):
        if joined.num_chunks != 1:
            return None
        joined = joined.chunk(0)
    text = joined.dictionary.to_pylist()
    if any(value is None or value != value.strip() or not value for value in text):
        return None
    return Coded(joined.indices.to_numpy(zero_copy_only=False).astype(np.int64), text)


def _cells(line: str) -> list[str] | None:
    """Cells of a line, None when a quotation mark does not close."""
    if '"' not in line:
        return line.split(",")
    try:
        found = list(csv.reader([line], strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None
