"""Apache Parquet as chunks of rows. A null and NaN: not measured; times may be numbers, texts or timestamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.errors import BadInput
from tocsin.formats.cells import MAX_CELL_CHARS, Cell, Row, oversized, shown
from tocsin.formats.chunks import MAX_COLUMNS, Coded, Columns
from tocsin.formats.opening import FREE_BYTES, MAX_RATIO, Input

__all__ = ["ParquetTable"]

CHUNK_ROWS = 1 << 16
MAX_GROUP_BYTES = 4 << 30  # unpacked; a row group is what is held in memory at once, column by column
MAX_ROWS_A_BYTE = 100  # a row of real detections packs to two bytes at best
FREE_ROWS = 1 << 20
_LEAST_HALVED_ROWS = 64
_NUMERIC = (pa.types.is_floating, pa.types.is_integer, pa.types.is_null)


class ParquetTable:
    """An open Parquet file. Raises BadInput when it is not one, not whole, or a known column cannot be read."""

    def __init__(self, source: Input, known: Sequence[str]) -> None:
        if source.packed:
            problem = f"a Parquet file packed by {source.packed}; unpack it, for Parquet packs its own columns"
            raise BadInput(problem, file=source.name)
        self.source = source
        try:
            self._file = pq.ParquetFile(source.path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadInput(_unreadable(error), file=source.name) from error
        schema = self._file.schema_arrow
        self.columns = tuple(schema.names)
        _check_size(self._file.metadata, source)
        twice = [name for name, count in Counter(self.columns).items() if count > 1]
        if twice:
            raise BadInput("the schema names a column twice", file=source.name, column=shown(min(twice)))
        self._read = [field.name for field in schema if not pa.types.is_nested(field.type)]
        for name in set(known).intersection(self.columns):
            kind = schema.field(name).type
            if pa.types.is_timestamp(kind) and kind.tz is None:
                problem = "timestamps without a time zone name no instant; write them with UTC"
                raise BadInput(problem, file=source.name, column=name)

    def select(self, names: Sequence[str]) -> None:
        """Read these columns only."""
        self._read = [name for name in self._read if name in names]

    def chunks(self) -> Iterator[ParquetChunk]:
        """All chunks."""
        row, name = 1, self.source.name
        try:
            for batch in self._file.iter_batches(batch_size=CHUNK_ROWS, columns=self._read, use_threads=False):
                yield ParquetChunk(batch, row, name)
                row += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(_unreadable(error), file=name, row=row) from error


def _check_size(metadata: pq.FileMetaData, source: Input) -> None:
    """Raise BadInput where what the footer promises is beyond what is read."""
    if metadata.num_columns > MAX_COLUMNS:
        raise BadInput(f"{metadata.num_columns} columns; at most {MAX_COLUMNS} are read", file=source.name)
    groups = [metadata.row_group(k).total_byte_size for k in range(metadata.num_row_groups)]
    if max(groups, default=0) > MAX_GROUP_BYTES:
        problem = f"a row group of more than {MAX_GROUP_BYTES >> 30} GiB; write smaller row groups"
        raise BadInput(problem, file=source.name, value=str(max(groups)))
    size = source.path.stat().st_size
    if sum(groups) > max(FREE_BYTES, MAX_RATIO * size) or metadata.num_rows > max(FREE_ROWS, MAX_ROWS_A_BYTE * size):
        problem = f"{metadata.num_rows} rows in {size} bytes unpack to more than any table of detections does"
        raise BadInput(problem, file=source.name)


@dataclass(frozen=True, slots=True)
class ParquetChunk:
    """Consecutive rows of a Parquet file."""

    batch: pa.RecordBatch
    first_row: int
    file: str

    def halves(self) -> tuple[ParquetChunk, ParquetChunk] | None:
        """See `Chunk.halves`."""
        half = self.batch.num_rows // 2
        if half < _LEAST_HALVED_ROWS:
            return None
        first, second = self.batch.slice(0, half), self.batch.slice(half)
        return replace(self, batch=first), replace(self, batch=second, first_row=self.first_row + half)

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """See `Chunk.arrays`."""
        names = self.batch.schema.names
        n = self.batch.num_rows
        coded = {}
        for name in texts:
            if name not in names or pa.types.is_null(self.batch.schema.field(name).type):
                continue
            try:
                column = _coded(self.batch.column(name))
            except UnicodeDecodeError:
                return None
            if column is None:
                return None
            coded[name] = column
        number = np.full((len(numbers), n), np.nan)
        for k, name in enumerate(numbers):
            if name not in names:
                continue
            array = self.batch.column(name)
            kind = array.type
            if not any(is_a(kind) for is_a in _NUMERIC):
                return None
            number[k] = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return Columns(np.arange(self.first_row, self.first_row + n), coded, number)

    def rows(self) -> Iterator[Row]:
        """See `Chunk.rows`."""
        names = self.batch.schema.names
        try:
            columns = [_pylist(column) for column in self.batch.columns]
        except UnicodeDecodeError as error:
            problem = "texts that are not UTF-8; write the file again"
            raise BadInput(problem, file=self.file, row=self.first_row) from error
        for k in range(self.batch.num_rows):
            cells: dict[str, Cell] = {name: column[k] for name, column in zip(names, columns, strict=True)}
            problem = oversized(cells)
            yield Row(self.first_row + k, "", {} if problem else cells, problem, problem)


def _pylist(column: pa.Array) -> list[Cell]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return [None if value is None else value for value in _microseconds(column).to_pylist()]
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    plain = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    if plain or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        found: list[Cell] = column.to_pylist()
        return found
    return [None if value is None else str(value) for value in column.to_pylist()]


def _microseconds(column: pa.Array) -> pa.Array:
    return column.cast(pa.timestamp("us", tz="UTC"), safe=False)


def _coded(column: pa.Array) -> Coded | None:
    """Codes of a column of texts, numbers or timestamps; None when a value is missing or of another type."""
    if column.null_count:
        return None
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = _microseconds(column)
    elif not (
        pa.types.is_dictionary(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
    ):
        return None
    encoded = column if pa.types.is_dictionary(kind) else column.dictionary_encode()
    text = [cell_text(value) for value in encoded.dictionary.to_pylist()]
    if any(not value or value != value.strip() or len(value) > MAX_CELL_CHARS for value in text):
        return None
    return Coded(encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), [value or "" for value in text])


def cell_text(value: object) -> str | None:
    """A value as tracks.csv echoes it: a text as it is, a number in its shortest form, an instant as ISO 8601."""
    if value is None or isinstance(value, str):
        return value
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if isoformat else repr(value)


def _unreadable(error: Exception) -> str:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"not a whole Parquet file ({first}); it may have been cut off, copy or write it again"
