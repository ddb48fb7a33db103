"""The dialect of a CSV file, told from its head: comment lines, header, delimiter and decimal mark.

Comment lines (`#`), blank lines and the `sep=;` line of spreadsheets may stand before the header. The delimiter is the
one of comma, semicolon, tab and bar under which the header names most of the known columns. The decimal mark is a comma
where the delimiter is not and most of the broken numbers of the first rows have one; a point then makes no number.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.errors import BadInput
from tocsin.formats.cells import shown
from tocsin.formats.chunks import MAX_COLUMNS, MAX_LINE_BYTES

__all__ = ["TEXT_COLUMNS", "Head", "cells_of", "head_of", "pointed"]

TEXT_COLUMNS = frozenset({"sensor_id", "source", "kind", "id", "claim", "track_id", "truth_id"})
"""Columns whose cells are words: a comma in one is no decimal mark."""

DELIMITERS = ",;\t|"
SNIFFED_ROWS = 1000
_SEP = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_BROKEN = re.compile(r"\s*[+-]?\d*(?P<mark>[.,])\d+([eE][+-]?\d+)?\s*")
_SWAPPED = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the first row, and how the rows are written."""

    columns: tuple[str, ...]
    size: int  # bytes up to the first row
    lines: int
    delimiter: str
    decimal: str


def head_of(block: bytes, known: Sequence[str], file: str) -> Head:
    """The head of a file whose first whole lines are given. Raises BadInput."""
    start = size = lines = 0
    forced = comment = header = ""
    while not header and size < len(block):
        start, size, lines = size, block.index(b"\n", size) + 1, lines + 1
        line = _text(block[start:size], file)
        if line.startswith("#"):
            comment = line.lstrip("# \t")
        elif found := _SEP.fullmatch(line):
            forced = found.group(1)
        elif line.strip():
            header = line
    if not header and size > MAX_LINE_BYTES:
        raise BadInput(f"no header within the first {MAX_LINE_BYTES} bytes", file=file)
    names, delimiter = _names(header, known, forced)
    if comment and not set(known) & set(names):
        inside, its = _names(comment, known, forced)
        if set(known) & set(inside):  # the header is itself a comment, and what was taken for it is the first row
            names, delimiter, size, lines = inside, its, start, lines - 1
    _check(names, known, header, file)
    decimal = "." if delimiter == "," else _decimal(block[size:], names, delimiter)
    return Head(names, size, lines, delimiter, decimal)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Cells of a line. Raises ValueError with the problem in words."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        found = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "limit" in str(error):
            raise ValueError(f"a cell longer than {csv.field_size_limit()} characters") from None
        raise ValueError("a quotation mark that does not close") from None
    if len(found) != 1:
        raise ValueError("a quotation mark that does not close")
    return found[0]


def pointed(cell: str) -> str:
    """A number or time of a file with decimal commas in the common form; one with a point becomes no number."""
    return cell.replace(",", ".") if ":" in cell else cell.translate(_SWAPPED)


def _text(line: bytes, file: str) -> str:
    try:
        return line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput("the header is not UTF-8 or UTF-16 text; save the file as UTF-8", file=file) from error


def _names(line: str, known: Sequence[str], forced: str) -> tuple[tuple[str, ...], str]:
    """Names of a header under the delimiter that suits it best, and that delimiter."""
    best: tuple[str, ...] = ()
    best_score, best_delimiter = (-1, -1), forced or ","
    for delimiter in forced or DELIMITERS:
        try:
            names = tuple(name.strip() for name in cells_of(line, delimiter))
        except ValueError:
            continue
        score = (len(set(known).intersection(names)), len(names) if not known else 0)
        if score > best_score:
            best, best_score, best_delimiter = names, score, delimiter
    return best, best_delimiter


def _check(names: tuple[str, ...], known: Sequence[str], header: str, file: str) -> None:
    if len(names) > MAX_COLUMNS:
        raise BadInput(f"the header names {len(names)} columns; at most {MAX_COLUMNS} are read", file=file)
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    if twice:
        raise BadInput("the header names a column twice", file=file, column=shown(min(twice)))
    if len(names) < 2 and len(set(known).intersection(header.split())) > 1:
        problem = "columns separated by blanks are not read; separate them by commas, semicolons, tabs or bars"
        raise BadInput(problem, file=file, value=shown(header))


def _decimal(rows: bytes, names: tuple[str, ...], delimiter: str) -> str:
    marks = {".": 0, ",": 0}
    for line in rows.split(b"\n", SNIFFED_ROWS)[:SNIFFED_ROWS]:
        for name, cell in zip(names, line.decode("utf-8", "replace").split(delimiter), strict=False):
            found = None if name in TEXT_COLUMNS else _BROKEN.fullmatch(cell.strip('" \r'))
            if found:
                marks[found.group("mark")] += 1
    return "," if marks[","] > marks["."] else "."
