"""Detections, as CSV, JSON or Parquet, to a stream of batches.

| column | rule |
| --- | --- |
| `t` | seconds, or an ISO 8601 instant with offset, as the first readable row has it; echoed in tracks.csv |
| `sensor_id` | one of the sensors file's |
| `range_m` | above 0, at most 10,000 km; empty: bearing only |
| `azimuth_deg` | within a turn either way, clockwise from true north |
| `elevation_deg` | -90 to 90, geometric; empty: two-dimensional |
| `sigma_range_m`, `sigma_azimuth_deg`, `sigma_elevation_deg` | standard deviations above 0; empty: the kind's default |
| `range_rate_mps` | optional, positive outbound, at most 100 km/s |
| `sigma_range_rate_mps` | optional, above 0 |
| `snr_db`, `rcs_dbsm` | optional, -500 to 500 |
| `t_arrival` | optional, written like `t`; when the row reached the system; up to 2 s before `t` is read as `t` |

"Empty" is also NaN and null, as `cells` has it. Row order is the order of arrival. Consecutive rows of one sensor with
one `t` are a scan, and a scan is a batch. A row that breaks a rule becomes an ErrorRecord in the batch in which it
stood, for the first column that breaks one. Every row is either in a batch's table or in its errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from tocsin.errors import BadInput
from tocsin.formats.cells import Cell, Row, checked, given
from tocsin.formats.chunks import Chunk, Coded, Columns, Table
from tocsin.formats.opening import name_of
from tocsin.formats.rules import AZIMUTH, DEGREES, NUMBERS
from tocsin.formats.tables import Unread, open_table, text_of, unread
from tocsin.formats.times import TimeBase, base_of
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import Batch, DetectionTable, ErrorRecord, empty_reports, empty_table

__all__ = ["NUMBERS", "DetectionFile", "empty_reports", "empty_table", "open_detections"]

_NAMES = tuple(column.name for column in NUMBERS)
_LIMITS = tuple((column.name, column.low, column.high) for column in NUMBERS)
_LOW = np.array([column.low for column in NUMBERS])[:, None]
_HIGH = np.array([column.high for column in NUMBERS])[:, None]
AHEAD_S = 2.0
"""How far a sensor's clock may be ahead of the system's: as far as a scan may be late. A row beyond that would make the
punctual rows of all other sensors too late."""
_TEXTS = ("t", "sensor_id", "t_arrival")
REQUIRED = ("t", "sensor_id", *_NAMES[:6])
_KNOWN = (*_TEXTS, *_NAMES)
MAX_LOOKS = 48  # whole readings of parts of a chunk that find something; a chunk of bad rows is then read row by row
MAX_LEADING_ERRORS = 100_000  # a file whose first rows are all bad is not read to its end


@dataclass(slots=True)
class DetectionFile:
    """An open file of detections, its time base read off its first readable row."""

    path: str
    table: Table
    base: TimeBase
    rows_read: int = field(default=0, init=False)

    @property
    def unread(self) -> tuple[Unread, ...]:
        """Columns that nothing reads; of JSON, whose rows name their own, those met so far."""
        return unread(self.path, self.table.columns, _KNOWN)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Names of the unread columns."""
        return tuple(column.name for column in self.unread)

    def batches(self, sensor_ids: Sequence[str], first_index: int = 0) -> Iterator[Batch]:
        """All scans, in order of arrival. Raises BadInput when no row at all can be used."""
        index = {name: k for k, name in enumerate(sensor_ids)}
        scan = _Open(first_index)
        self.rows_read = 0
        for chunk in self.table.chunks():
            for block in _read(chunk, self.path, self.base, index):
                self.rows_read += block.rows_read
                yield from scan.take(block)
            if scan.none_used() and len(scan.errors) > MAX_LEADING_ERRORS:
                break
        if scan.none_used():
            self._refuse(scan.errors)
        yield from scan.close()

    def _refuse(self, errors: list[ErrorRecord]) -> None:
        if not errors:
            raise BadInput("there is a header and no row; write at least one detection", file=self.path)
        first = errors[0]
        raise BadInput(
            f"none of the {self.rows_read} rows read can be used; the first: {first.problem}",
            file=self.path,
            row=first.row,
            column=first.column,
            value=first.value,
        )


def open_detections(path: Path | str) -> DetectionFile:
    """Open a file of detections. Raises BadInput when it cannot be read as a whole."""
    table = open_table(path, REQUIRED, _KNOWN)
    name = name_of(path)
    for chunk in table.chunks():
        columns = chunk.arrays(_TEXTS[:2], ())
        first = columns.texts["t"].text[:1] if columns is not None and "t" in columns.texts else []
        for cell in first or (row.cells.get("t") for row in chunk.rows()):
            base = base_of(cell)
            if base is not None:
                return DetectionFile(name, table, base)
    return DetectionFile(name, table, TimeBase())


_NO_REPORTS = empty_reports()


@dataclass(frozen=True, slots=True)
class _Block:
    """Usable rows of a chunk, in units of the records, and its errors with the number of usable rows before each."""

    row: IntArray
    t_s: FloatArray
    t_code: IntArray
    t_text: list[str]
    arrival_s: FloatArray
    sensor: IntArray
    number: FloatArray  # (K, n)
    errors: list[tuple[int, ErrorRecord]]
    rows_read: int


def _read(chunk: Chunk, file: str, base: TimeBase, sensors: dict[str, int]) -> Iterator[_Block]:
    """A chunk in blocks: whole columns as far as its rows keep the rules, row by row around those that do not."""
    looks = 0
    waiting = [chunk]
    while waiting:
        part = waiting.pop()
        columns = part.arrays(_TEXTS, _NAMES)
        block = None if columns is None else _clean(columns, base, sensors)
        if block is not None:
            yield block
            continue
        looks += 1
        halves = part.halves() if looks <= MAX_LOOKS else None
        if halves is None:
            yield _careful(part, file, base, sensors)
        else:
            waiting.extend(reversed(halves))


def _clean(columns: Columns, base: TimeBase, sensors: dict[str, int]) -> _Block | None:
    """A chunk in which every row keeps every rule, None otherwise."""
    if "t" not in columns.texts or "sensor_id" not in columns.texts:
        return None
    time, name = columns.texts["t"], columns.texts["sensor_id"]
    number = columns.number
    known = ~np.isnan(number)
    if np.any(known & ((number < _LOW) | (number > _HIGH))) or not np.all(known[AZIMUTH]):
        return None
    try:
        t_s = np.array([base.seconds(text) for text in time.text])[time.code]
        arrival_s = _arrivals(columns.texts.get("t_arrival"), base, t_s)
        sensor = np.array([sensors[text] for text in name.text], dtype=np.int64)[name.code]
    except (ValueError, KeyError):
        return None
    number[list(DEGREES)] = np.deg2rad(number[list(DEGREES)])
    return _Block(columns.row, t_s, time.code, time.text, arrival_s, sensor, number, [], len(columns.row))


def _arrivals(column: Coded | None, base: TimeBase, t_s: FloatArray) -> FloatArray:
    if column is None:
        return t_s
    arrival_s = np.array([base.seconds(text) for text in column.text])[column.code]
    if np.any(t_s > arrival_s + AHEAD_S):
        raise ValueError("a row from the future")
    return np.asarray(np.maximum(arrival_s, t_s))


def _careful(chunk: Chunk, file: str, base: TimeBase, sensors: dict[str, int]) -> _Block:
    """A chunk row by row."""
    kept: list[tuple[int, float, str, float, int]] = []
    numbers: list[list[float]] = []
    errors: list[tuple[int, ErrorRecord]] = []
    rows = 0
    known: dict[str, float] = {}

    def seconds(cell: Cell) -> float:
        if not isinstance(cell, str):
            return base.seconds(cell)
        if cell not in known:
            known[cell] = base.seconds(cell)
        return known[cell]

    for row in chunk.rows():
        rows += 1
        found = _one(row, file, seconds, sensors)
        if isinstance(found, ErrorRecord):
            errors.append((len(kept), found))
        else:
            kept.append(found[0])
            numbers.append(found[1])
    number = np.array(numbers).reshape(-1, len(NUMBERS)).T.copy()
    number[list(DEGREES)] = np.deg2rad(number[list(DEGREES)])
    return _Block(
        row=np.array([k[0] for k in kept], dtype=np.int64),
        t_s=np.array([k[1] for k in kept], dtype=np.float64),
        t_code=np.arange(len(kept)),
        t_text=[k[2] for k in kept],
        arrival_s=np.array([k[3] for k in kept], dtype=np.float64),
        sensor=np.array([k[4] for k in kept], dtype=np.int64),
        number=number,
        errors=errors,
        rows_read=rows,
    )


def _one(
    row: Row, file: str, seconds: Callable[[Cell], float], sensors: dict[str, int]
) -> tuple[tuple[int, float, str, float, int], list[float]] | ErrorRecord:
    """One row's values, or the error record of the first rule that it breaks."""
    if row.problem:
        return row.error(file, np.nan, "", row.text, row.problem)
    cells = row.cells
    t_s, column, value = np.nan, "t", cells.get("t")
    try:
        t_s = seconds(value)
        column, value = "sensor_id", cells.get("sensor_id")
        name = text_of(value)
        if name not in sensors:
            raise ValueError("no sensor of this name in the sensors file" if name else "a sensor's name is needed here")
        column, value = "t_arrival", cells.get("t_arrival")
        arrival_s = seconds(value) if given(value) else t_s
        if t_s > arrival_s + AHEAD_S:
            column, value = "t", cells.get("t")
            raise ValueError(f"{t_s - arrival_s:.3f} s after its arrival; at most {AHEAD_S:g} s can be a clock's error")
        arrival_s = max(arrival_s, t_s)
        numbers = _plain_numbers(cells)
        if numbers is None:
            numbers = []
            for rule in NUMBERS:
                column, value = rule.name, cells.get(rule.name)
                numbers.append(checked(value, rule))
        if np.isnan(numbers[AZIMUTH]):
            column, value = "azimuth_deg", cells.get("azimuth_deg")
            raise ValueError("an azimuth is needed here, and this says that none was measured")
    except ValueError as error:
        return row.error(file, t_s, column, value, str(error))
    return (row.number, t_s, text_of(cells.get("t")), arrival_s, sensors[name]), numbers


def _plain_numbers(cells: dict[str, Cell]) -> list[float] | None:
    """All numbers of a row that keeps every rule; None where something needs a closer look."""
    numbers = []
    for name, low, high in _LIMITS:
        cell = cells.get(name)
        if cell is None or cell == "":
            numbers.append(np.nan)
            continue
        if not isinstance(cell, str) or not cell.isascii() or "_" in cell:
            return None
        try:
            value = float(cell)
        except ValueError:
            return None
        if not low <= value <= high:
            return None
        numbers.append(value)
    return numbers


@dataclass(slots=True)
class _Open:
    """The scan that is being read: rows of it may still come."""

    index: int
    parts: list[tuple[IntArray, FloatArray]] = field(default_factory=list)
    errors: list[ErrorRecord] = field(default_factory=list)
    key: tuple[float, int] | None = None
    t_text: str = ""
    arrival_s: float = 0.0

    def none_used(self) -> bool:
        """Whether no usable row has come at all."""
        return self.key is None

    def take(self, block: _Block) -> Iterator[Batch]:
        """Add a block's rows; give the scans that they complete."""
        n = len(block.row)
        if n == 0:
            self.errors.extend(error for _, error in block.errors)
            return
        change = np.flatnonzero((np.diff(block.t_s) != 0) | (np.diff(block.sensor) != 0)) + 1
        edges = [0, *change.tolist(), n]
        told = 0
        for a, b in pairwise(edges):
            while told < len(block.errors) and block.errors[told][0] <= a and self.key is not None:
                self.errors.append(block.errors[told][1])
                told += 1
            key = (float(block.t_s[a]), int(block.sensor[a]))
            if key != self.key:
                yield from self.close()
                self.key, self.t_text = key, block.t_text[block.t_code[a]]
                self.arrival_s = key[0]
            self.parts.append((block.row[a:b], block.number[:, a:b]))
            self.arrival_s = max(self.arrival_s, float(block.arrival_s[a:b].max()))
            while told < len(block.errors) and block.errors[told][0] < b:
                self.errors.append(block.errors[told][1])
                told += 1
        self.errors.extend(error for _, error in block.errors[told:])

    def close(self) -> Iterator[Batch]:
        """Give the open scan, if there is one."""
        if self.key is None:
            return
        t_s, sensor = self.key
        row = self.parts[0][0] if len(self.parts) == 1 else np.concatenate([part[0] for part in self.parts])
        number = self.parts[0][1] if len(self.parts) == 1 else np.hstack([part[1] for part in self.parts])
        yield Batch(
            index=self.index,
            t_s=t_s,
            t_arrival_s=self.arrival_s,
            sensor_index=sensor,
            detections=_table(row, number),
            reports=_NO_REPORTS,
            errors=tuple(self.errors),
            t_text=self.t_text,
        )
        self.index += 1
        self.parts, self.errors = [], []


def _table(row: IntArray, number: FloatArray) -> DetectionTable:
    return DetectionTable(
        row=row,
        range_m=number[0],
        azimuth_rad=number[1],
        elevation_rad=number[2],
        sigma_range_m=number[3],
        sigma_azimuth_rad=number[4],
        sigma_elevation_rad=number[5],
        range_rate_mps=number[6],
        sigma_range_rate_mps=number[7],
        snr_db=number[8],
        rcs_dbsm=number[9],
    )
