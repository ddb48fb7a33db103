"""Apache Parquet as chunks of rows. A null is a cell that is not given; times may be numbers, texts or timestamps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.errors import BadInput
from tocsin.formats.cells import Row
from tocsin.formats.chunks import Coded, Columns

__all__ = ["ParquetTable"]

CHUNK_ROWS = 1 << 16


class ParquetTable:
    """An open Parquet file. Raises BadInput when it is not one, or not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise BadInput(_unreadable(error), file=str(path)) from error
        self.columns = tuple(self._file.schema_arrow.names)
        twice = {name for name in self.columns if self.columns.count(name) > 1}
        if twice:
            raise BadInput("the schema names a column twice", file=str(path), column=min(twice))
        for field in self._file.schema_arrow:
            if pa.types.is_timestamp(field.type) and field.type.tz is None:
                raise BadInput(
                    "timestamps without a time zone name no instant; write them with UTC",
                    file=str(path),
                    column=field.name,
                )

    def chunks(self) -> Iterator[ParquetChunk]:
        """All chunks."""
        row = 1
        flat = [field.name for field in self._file.schema_arrow if not pa.types.is_nested(field.type)]
        try:
            for batch in self._file.iter_batches(batch_size=CHUNK_ROWS, columns=flat, use_threads=False):
                yield ParquetChunk(batch, row, str(self.path))
                row += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput(_unreadable(error), file=str(self.path), row=row) from error


@dataclass(frozen=True, slots=True)
class ParquetChunk:
    """Consecutive rows of a Parquet file."""

    batch: pa.RecordBatch
    first_row: int
    file: str

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """See `Chunk.arrays`."""
        names = self.batch.schema.names
        n = self.batch.num_rows
        coded = {}
        for name in texts:
            if name not in names:
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
            if not (pa.types.is_floating(array.type) or pa.types.is_integer(array.type)):
                return None
            values = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            if int(np.isnan(values).sum()) != array.null_count:
                return None
            number[k] = values
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
            yield Row(self.first_row + k, "", {name: column[k] for name, column in zip(names, columns, strict=True)})


def _pylist(column: pa.Array) -> list[str | float | int | bool | None]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        return [None if value is None else value for value in _microseconds(column).to_pylist()]
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    plain = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)
    if plain or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        found: list[str | float | int | bool | None] = column.to_pylist()
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
    if any(value is None or not value or value != value.strip() for value in text):
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
