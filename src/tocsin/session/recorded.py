"""What a run recorded, held against what is recomputed: line by line for events, row by row for CSV files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import msgspec

from tocsin.errors import ChainBroken, ReplayDiffers
from tocsin.journal.chain import Chain, Entry, parsed
from tocsin.session.compare import RELATIVE, difference

__all__ = ["RecordedCsv", "RecordedEvents"]


class RecordedEvents:
    """Recorded outputs, if there are any; `chain` is that of the recomputed ones."""

    def __init__(self, lines: Iterator[bytes] | None, file: str, prev: str, *, exact: bool) -> None:
        """`lines` None: no output was recorded."""
        self.chain, self._file, self._exact, self._lines = Chain(prev), file, exact, lines
        self.there = lines is not None
        self.recorded_last = prev
        self._missing = 0  # number of the first record that is not there
        self.cut = b""

    def check(self, kind: str, body: bytes, follows: str) -> None:
        """Hold the next recomputed output against the recorded one. Raises ReplayDiffers or ChainBroken."""
        line = self.chain.line(kind, body, follows)
        if self._lines is None or self._missing:
            return
        recorded = next(self._lines, b"")
        if not recorded.endswith(b"\n"):
            self._missing, self.cut = self.chain.number, recorded
            return
        if recorded == line:
            self.recorded_last = self.chain.last
            return
        self._explain(recorded, kind, body, follows)

    def holds_next(self, kind: str) -> bool:
        """Whether a whole record of this kind comes next."""
        if self._lines is None or self._missing:
            return False
        line = next(self._lines, b"")
        self._lines = chain((line,), self._lines) if line else self._lines
        entry = parsed(line) if line.endswith(b"\n") else None
        return entry is not None and entry.kind == kind

    def finish(self, *, whole: bool) -> None:
        """After the last output. `whole`: the run ended as it should, so that no record may be missing."""
        if self._lines is None:
            return
        if self._missing and whole:
            raise self._differs("the record is missing", self._missing)
        if not self._missing and next(self._lines, b""):
            raise self._differs("a record that follows from no input", self.chain.number + 1)

    def _explain(self, recorded: bytes, kind: str, body: bytes, follows: str) -> None:
        """Say how a recorded line differs, or accept it where only numbers within the tolerance do."""
        number, entry = self.chain.number, parsed(recorded)
        if entry is None:
            raise ChainBroken("this line is no record", file=self._file, record=number)
        if entry.number != number:
            raise self._differs(f"the record is missing; record {entry.number} stands in its place", number)
        if entry.kind != kind:
            raise self._differs(f"kind: recorded {entry.kind}, recomputed {kind}", number)
        try:
            was = msgspec.json.decode(entry.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ChainBroken(f"its body cannot be read: {error}", file=self._file, record=number) from error
        found = difference(was, msgspec.json.decode(body), exact=self._exact)
        if found is not None:
            raise self._differs(str(found), number)
        self._linked(entry, follows)

    def _linked(self, entry: Entry, follows: str) -> None:
        """Check the links of a recorded line whose body is the recomputed one."""
        faults = (
            ("its content does not fit its hash: the record was changed", not entry.sound),
            ("it does not follow from the record before", entry.prev != self.recorded_last),
            ("it follows from another input than its batch", entry.follows != follows),
            ("its body is written in another way", self._exact),
        )
        for problem, found in faults:
            if found:
                raise ChainBroken(problem, file=self._file, record=entry.number)
        self.recorded_last = entry.hash

    def _differs(self, problem: str, record: int) -> ReplayDiffers:
        return ReplayDiffers(problem, file=self._file, record=record)


class RecordedCsv(io.RawIOBase):
    """A stream that holds what is written to it against a recorded file. Rows count from 1 after the header."""

    def __init__(self, path: Path, *, exact: bool) -> None:
        super().__init__()
        self._path, self._exact = path, exact
        self._file = path.open("rb")
        self._row, self._rest, self._short = 0, b"", False

    def writable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Close the recorded file too."""
        self._file.close()
        super().close()

    def write(self, data: object) -> int:
        """Take the next recomputed bytes. Raises ReplayDiffers at the first row that is not the recorded one."""
        text = bytes(memoryview(data))  # type: ignore[arg-type]
        lines = (self._rest + text).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._compare(line)
        return len(text)

    def finish(self, *, whole: bool) -> None:
        """After the last row. `whole`: the run ended as it should, so that no row may be missing."""
        if self._short and whole:
            raise ReplayDiffers("the row is missing", file=str(self._path), record=self._row)
        if not self._short and self._file.readline():
            raise ReplayDiffers("a row that was not recomputed", file=str(self._path), record=self._row)

    def _compare(self, line: bytes) -> None:
        if self._short:
            return
        recorded = self._file.readline()
        if not recorded.endswith(b"\n"):
            self._short = True
            return
        if recorded[:-1] != line and (self._exact or not _close(recorded[:-1], line)):
            was, now = recorded[:-1].decode("utf-8", "replace"), line.decode()
            problem = f"recorded {was[:200]!r}, recomputed {now[:200]!r}"
            raise ReplayDiffers(problem, file=str(self._path), record=self._row)
        self._row += 1


_LAST_DIGIT = 2e-6  # rows are rounded to the sixth decimal


def _close(recorded: bytes, recomputed: bytes) -> bool:
    a, b = recorded.split(b","), recomputed.split(b",")
    return len(a) == len(b) and all(x == y or _near(x, y) for x, y in zip(a, b, strict=True))


def _near(a: bytes, b: bytes) -> bool:
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return abs(x - y) <= max(RELATIVE * max(abs(x), abs(y)), _LAST_DIGIT)
