"""One cell of a table: what counts as a number, what as not given, and within which limits a column stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from tocsin.records.detections import ErrorRecord

__all__ = ["Cell", "Column", "Row", "checked", "number", "shown"]

Cell = str | float | int | bool | datetime | None
"""A value as a reader of CSV (text), JSON or Parquet gives it. None and blank text: not given."""

SHOWN = 120


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers and the closed interval in which they must lie."""

    name: str
    low: float
    high: float
    rule: str  # the limits in words, for messages


@dataclass(frozen=True, slots=True)
class Row:
    """A data row as it stands in a file: its 1-based number, where that is, and its cells or what is wrong with it."""

    number: int
    place: str  # e.g. "line 12", "" where lines mean nothing
    cells: dict[str, Cell]
    problem: str = ""
    text: str = ""  # of a row that has a problem as a whole

    def error(self, source: str, t_s: float, column: str, value: Cell, problem: str) -> ErrorRecord:
        """The error record of this row."""
        where = f" ({self.place})" if self.place else ""
        return ErrorRecord(t_s, source, self.number, column, shown(value), problem + where)


def shown(value: Cell) -> str:
    """A value as messages and error records show it: as written, cut short where it is long."""
    text = "" if value is None else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def number(cell: Cell) -> float:
    """The finite number that a cell holds; NaN: not given. Raises ValueError with the problem in words."""
    if cell is None:
        return math.nan
    if isinstance(cell, bool | datetime):
        raise ValueError("not a number")
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return math.nan
        if "_" in text or not text.isascii():
            raise ValueError("not a number")
        cell = text
    try:
        value = float(cell)
    except (ValueError, TypeError):
        raise ValueError("not a number") from None
    except OverflowError:
        raise ValueError("not a finite number") from None
    if not math.isfinite(value):
        raise ValueError("not a finite number; leave the cell empty where nothing is given")
    return value


def checked(cell: Cell, column: Column) -> float:
    """`number`, within the column's limits."""
    value = number(cell)
    if value < column.low or value > column.high:
        raise ValueError(column.rule)
    return value
