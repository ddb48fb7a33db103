"""One cell of a table: what counts as a number, what as not measured, and within which limits a column stands.

Not measured are: an empty cell, a null, NaN (any case, either sign), and the `NOT_MEASURED` texts that common programs
write. The same holds in CSV, JSON and Parquet.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime

from tocsin.records.detections import ErrorRecord

__all__ = [
    "MAX_CELL_CHARS",
    "NOT_MEASURED",
    "Cell",
    "Column",
    "Row",
    "checked",
    "given",
    "number",
    "oversized",
    "shown",
]

Cell = str | float | int | bool | datetime | None
"""A value as a reader of CSV (text), JSON or Parquet gives it."""

NOT_MEASURED = ("", "NA", "N/A", "null", "NULL", "None")
MAX_CELL_CHARS = 10_000  # of one text: far above any name or claim, far below what would burden a journal
SHOWN = 120
_NAN = re.compile(r"[+-]?nan(\(\w*\))?", re.IGNORECASE)


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
    raw: dict[str, str] | None = None  # as written, where `cells` holds another form of it

    def error(self, source: str, t_s: float, column: str, value: Cell, problem: str) -> ErrorRecord:
        """The error record of this row."""
        name = source.encode("utf-8", "backslashreplace").decode()  # a file's name need not be text
        return ErrorRecord(t_s, name, self.number, column, self.shown(column, value), problem + self.where())

    def shown(self, column: str, value: Cell) -> str:
        """The cell of a column as it was written, cut short where it is long."""
        return shown(value if self.raw is None else self.raw.get(column, value))

    def where(self) -> str:
        """The place in brackets, to end a message with."""
        return f" ({self.place})" if self.place else ""


def shown(value: Cell) -> str:
    """A value as messages and error records show it: as written, cut short where it is long."""
    text = "" if value is None else str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def oversized(cells: dict[str, Cell]) -> str:
    """What is wrong with a row that holds a text beyond `MAX_CELL_CHARS`, "" when none does."""
    for name, cell in cells.items():
        if isinstance(cell, str) and len(cell) > MAX_CELL_CHARS:
            return f"{shown(name)}: a cell longer than {MAX_CELL_CHARS} characters"
    return ""


def given(cell: Cell) -> bool:
    """Whether a cell of a number or a time holds anything but "not measured"."""
    if isinstance(cell, str):
        text = cell.strip()
        return text not in NOT_MEASURED and not _NAN.fullmatch(text)
    return cell is not None and not (isinstance(cell, float) and math.isnan(cell))


def number(cell: Cell) -> float:
    """The finite number that a cell holds; NaN: not measured. Raises ValueError with the problem in words."""
    if not given(cell):
        return math.nan
    if cell is None or isinstance(cell, bool | datetime):
        raise ValueError("not a number")
    if isinstance(cell, str) and ("_" in cell or not cell.strip().isascii()):
        raise ValueError("not a number")
    try:
        value = float(cell)
    except (ValueError, TypeError):
        raise ValueError("not a number") from None
    except OverflowError:
        raise ValueError("not a finite number") from None
    if not math.isfinite(value):
        raise ValueError("not a finite number; leave the cell empty where nothing is measured")
    return value


def checked(cell: Cell, column: Column) -> float:
    """`number`, within the column's limits."""
    value = number(cell)
    if value < column.low or value > column.high:
        raise ValueError(column.rule)
    return value
