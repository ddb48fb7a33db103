"""JSON as chunks of rows: one object on one line (JSON Lines), or one array of objects, told by the first character.

NaN is no JSON, but what many programs write: it is read like null. Infinity costs its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec
import numpy as np

from tocsin.errors import BadInput
from tocsin.formats.cells import MAX_CELL_CHARS, Cell, Row, oversized
from tocsin.formats.chunks import MAX_COLUMNS, Coded, Columns, lines_of
from tocsin.formats.opening import Input
from tocsin.records.arrays import IntArray

__all__ = ["JsonTable"]

MAX_ARRAY_BYTES = 256 << 20  # an array is parsed as a whole, in memory
_ARRAY_ROWS = 8192
_LEAST_HALVED_ROWS = 64
_ANY = msgspec.json.Decoder()
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|NaN|-?Infinity')
_NAN = "NaN"

_T = TypeVar("_T")


class JsonTable:
    """An open JSON file; each row names its own columns."""

    def __init__(self, source: Input, known: Sequence[str]) -> None:
        self.source, self.known = source, known
        self._met: dict[str, None] = {}
        self._array: list[bytes] = []
        start = source.head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip(b" \t\r\n\xff\xfe")
        self._is_array = start.startswith(b"[")

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Table.columns`."""
        return tuple(self._met)

    def chunks(self) -> Iterator[JsonChunk]:
        """All chunks."""
        if self._is_array:
            rows = self._array or self._whole()
            for k in range(0, len(rows), _ARRAY_ROWS):
                yield JsonChunk(rows[k : k + _ARRAY_ROWS], k + 1, 0, self._met, self.source.name)
            return
        row, line = 1, 1
        for block in lines_of(self.source.text(), self.source.name):
            lines = block.split(b"\n")[:-1]
            yield JsonChunk(lines, row, line, self._met, self.source.name)
            row, line = row + sum(bool(raw.strip()) for raw in lines), line + len(lines)

    def _whole(self) -> list[bytes]:
        parts, size = [], 0
        for block in self.source.text():
            size += len(block)
            if size > MAX_ARRAY_BYTES:
                problem = f"a JSON array of more than {MAX_ARRAY_BYTES >> 20} MiB; write one object on one line"
                raise BadInput(problem, file=self.source.name)
            parts.append(block)
        try:
            found = _strict(b"".join(parts), _LIST)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadInput(
                f"not a whole JSON array ({error}); it may have been cut off", file=self.source.name
            ) from error
        self._array = [bytes(raw) for raw in found]
        return self._array


@dataclass(frozen=True, slots=True)
class JsonChunk:
    """Objects of a JSON file, each as it stands there."""

    lines: list[bytes]
    first_row: int
    first_line: int  # 0: lines mean nothing
    met: dict[str, None] = field(default_factory=dict)  # names of columns, in the order in which they are met
    file: str = ""

    def halves(self) -> tuple[JsonChunk, JsonChunk] | None:
        """See `Chunk.halves`."""
        half = len(self.lines) // 2
        if half < _LEAST_HALVED_ROWS:
            return None
        first, second = self.lines[:half], self.lines[half:]
        row = self.first_row + sum(bool(raw.strip()) for raw in first)
        line = self.first_line + half if self.first_line else 0
        return replace(self, lines=first), replace(self, lines=second, first_row=row, first_line=line)

    def arrays(self, texts: Sequence[str], numbers: Sequence[str]) -> Columns | None:
        """See `Chunk.arrays`. A text column may hold numbers: their shortest form stands for them."""
        try:
            found = _strict(b"[" + b",".join(self.lines) + b"]", _ANY)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if len(found) != len(self.lines) or not all(type(row) is dict for row in found):
            return None
        for row in found:
            if not row.keys() <= self.met.keys():
                self._meet(row)
        coded = {}
        for name in texts:
            column = [row.get(name) for row in found]
            if all(value is None for value in column):
                continue
            if not all(type(value) in (str, float, int) for value in column):
                return None
            code, text = _codes(column)
            if any(value != value.strip() or not value or len(value) > MAX_CELL_CHARS for value in text):
                return None
            coded[name] = Coded(code, text)
        number = np.full((len(numbers), len(found)), np.nan)
        for k, name in enumerate(numbers):
            column = [row.get(name) for row in found]
            if not all(value is None or type(value) in (float, int) or value == _NAN for value in column):
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
            yield self._row(row, f"line {self.first_line + k}" if self.first_line else "", raw)
            row += 1

    def _row(self, row: int, place: str, raw: bytes) -> Row:
        text = raw.decode("utf-8", "replace")
        try:
            found = _strict(raw, _ANY)
        except UnicodeDecodeError:
            return Row(row, place, {}, "not UTF-8 text", text)
        except (msgspec.DecodeError, RecursionError) as error:
            return Row(row, place, {}, f"not JSON: {error}", text)
        if not isinstance(found, dict):
            return Row(row, place, {}, "not a JSON object", text)
        if len(found) > MAX_COLUMNS:
            return Row(row, place, {}, f"{len(found)} keys; at most {MAX_COLUMNS} are read", text)
        self._meet(found)
        odd = next((name for name, value in found.items() if isinstance(value, list | dict)), None)
        if odd is not None:
            return Row(row, place, {}, f"{odd[:64]} holds a list or an object", text)
        problem = oversized(found) if len(raw) > MAX_CELL_CHARS else ""
        return Row(row, place, {}, problem, text) if problem else Row(row, place, found)

    def _meet(self, row: dict[str, Cell]) -> None:
        self.met.update(dict.fromkeys(row))
        if len(self.met) > MAX_COLUMNS:
            problem = f"the objects name more than {MAX_COLUMNS} different columns"
            raise BadInput(problem, file=self.file, row=self.first_row)


def _strict(raw: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    """What a text holds, NaN and Infinity outside of its strings as texts."""
    try:
        return decoder.decode(raw)
    except msgspec.DecodeError:
        if b"NaN" not in raw and b"Infinity" not in raw:
            raise
    return decoder.decode(_TOKEN.sub(_as_text, raw))


def _as_text(found: re.Match[bytes]) -> bytes:
    token = found.group()
    return token if token.startswith(b'"') else b'"' + token + b'"'


def _codes(column: list[Cell]) -> tuple[IntArray, list[str]]:
    code: dict[Cell, int] = {}
    codes = np.array([code.setdefault(value, len(code)) for value in column], dtype=np.int64)
    return codes, [value if isinstance(value, str) else repr(value) for value in code]
