"""JSON Lines (one JSON object on one line, UTF-8) as chunks of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from tocsin.formats.cells import Cell, Row
from tocsin.formats.chunks import Coded, Columns, lines_of

__all__ = ["JsonlTable"]

_ANY = msgspec.json.Decoder()


class JsonlTable:
    """An open JSON Lines file; each row names its own columns."""

    columns: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self.path = path

    def chunks(self) -> Iterator[JsonlChunk]:
        """All chunks."""
        row, line = 1, 1
        with self.path.open("rb") as stream:
            for block in lines_of(stream, str(self.path)):
                if line == 1:
                    block = block.removeprefix(b"\xef\xbb\xbf")
                lines = block.split(b"\n")[:-1]
                yield JsonlChunk(lines, row, line)
                row, line = row + sum(bool(raw.strip()) for raw in lines), line + len(lines)


@dataclass(frozen=True, slots=True)
class JsonlChunk:
    """Whole lines of a JSON Lines file."""

    lines: list[bytes]
    first_row: int
    first_line: int

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """See `Chunk.arrays`. A text column may hold numbers: their shortest form stands for them."""
        try:
            found = _ANY.decode(b"[" + b",".join(self.lines) + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if len(found) != len(self.lines) or not all(type(row) is dict for row in found):
            return None
        coded = {}
        for name in texts:
            column = [row.get(name) for row in found]
            if all(value is None for value in column):
                continue
            if not all(type(value) in (str, float, int) for value in column):
                return None
            code, text = _codes(column)
            if any(value != value.strip() or not value for value in text):
                return None
            coded[name] = Coded(code, text)
        number = np.full((len(numbers), len(found)), np.nan)
        for k, name in enumerate(numbers):
            column = [row.get(name) for row in found]
            if not all(value is None or type(value) in (float, int) for value in column):
                return None
            try:
                number[k] = np.array([np.nan if value is None else value for value in column], dtype=np.float64)
            except (OverflowError, ValueError):
                return None
        return Columns(np.arange(self.first_row, self.first_row + len(found)), coded, number)

    def rows(self) -> Iterator[Row]:
        """See `Chunk.rows`."""
        row = self.first_row
        for k, raw in enumerate(self.lines):
            if not raw.strip():
                continue
            yield _row(row, f"line {self.first_line + k}", raw)
            row += 1


def _codes(column: list[Cell]) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    code: dict[Cell, int] = {}
    codes = np.array([code.setdefault(value, len(code)) for value in column], dtype=np.int64)
    return codes, [value if isinstance(value, str) else repr(value) for value in code]


def _row(row: int, place: str, raw: bytes) -> Row:
    text = raw.decode("utf-8", "replace")
    try:
        found = _ANY.decode(raw)
    except UnicodeDecodeError:
        return Row(row, place, {}, "not UTF-8 text", text)
    except (msgspec.DecodeError, RecursionError) as error:
        return Row(row, place, {}, f"not JSON: {error}", text)
    if not isinstance(found, dict):
        return Row(row, place, {}, "not a JSON object", text)
    odd = next((name for name, value in found.items() if isinstance(value, list | dict)), None)
    if odd is not None:
        return Row(row, place, {}, f"{odd} holds a list or an object", text)
    return Row(row, place, found)
