"""What the judge reads: truth.csv, tracks.csv, and the times of the scans beside them, on one clock.

These files are made by programs, and one bad cell would change every figure, so a value that breaks a rule refuses the
file. Columns are those of `outputs`, in any order; `kind` and `var_*` are optional, others are named by
`unread_columns`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.errors import BadInput
from tocsin.formats.cells import Row, number, shown
from tocsin.formats.chunks import Chunk, Coded
from tocsin.formats.outputs import TRACK_COLUMNS, TRUTH_COLUMNS
from tocsin.formats.tables import open_table, text_of
from tocsin.formats.times import TimeBase, base_of
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.truth import EstimateTable, TruthTable

__all__ = ["read_estimates", "read_scan_times", "read_truth", "time_base", "unread_columns"]

_STATE = ("x", "y", "z", "vx", "vy", "vz")
_VARIANCE = ("var_x", "var_y", "var_z")


def read_truth(path: Path | str) -> tuple[TruthTable, TimeBase]:
    """A truth file, and how it writes times. Raises BadInput."""
    base, states = _read(path, "id", _STATE, (), None)
    return TruthTable(states.t_s, states.index, states.number.T.copy(), states.names, states.kinds), base


def read_estimates(path: Path | str, base: TimeBase) -> EstimateTable:
    """A tracks file, its times on the clock of the truth. Raises BadInput, also where it writes times otherwise."""
    _, states = _read(path, "track_id", _STATE, _VARIANCE, base)
    return EstimateTable(states.t_s, states.index, states.number[:6].T.copy(), states.number[6:].T.copy(), states.names)


def read_scan_times(path: Path | str, base: TimeBase) -> FloatArray:
    """The distinct times of a file of detections, on the clock of the truth; rows without one are passed over."""
    found: set[float] = set()
    for chunk in open_table(path, ("t",)).chunks():
        columns = chunk.arrays(("t",), ())
        if columns is not None and "t" in columns.texts:
            cells = iter(columns.texts["t"].text)
        else:
            cells = iter(sorted({text_of(row.cells.get("t")) for row in chunk.rows()}))
        for cell in cells:
            try:
                found.add(base.seconds(cell))
            except ValueError:
                continue
    return np.array(sorted(found))


def time_base(path: Path | str) -> TimeBase:
    """How a file of `t` writes times: as its first readable one has it, bare seconds without one. Raises BadInput."""
    for chunk in open_table(path, ("t",)).chunks():
        found = _base(chunk)
        if found is not None:
            return found
    return TimeBase()


def unread_columns(path: Path | str) -> tuple[str, ...]:
    """Columns of a truth or tracks file that no score reads, in their order; none of a JSON Lines file is known."""
    known = {*TRUTH_COLUMNS, *TRACK_COLUMNS}
    return tuple(name for name in open_table(path, ("t",)).columns if name not in known)


@dataclass(slots=True)
class _States:
    """Rows of either file: times, which of `names` each is of, and K numbers (K, n)."""

    t_s: FloatArray
    index: IntArray
    number: FloatArray
    names: tuple[str, ...]
    kinds: tuple[str, ...]  # of each name


@dataclass(slots=True)
class _Part:
    t_s: FloatArray
    names: Coded
    kinds: Coded | None
    number: FloatArray


def _read(
    path: Path | str, key: str, needed: tuple[str, ...], optional: tuple[str, ...], base: TimeBase | None
) -> tuple[TimeBase, _States]:
    table = open_table(path, ("t", key, *needed))
    parts: list[_Part] = []
    for chunk in table.chunks():
        own = _base(chunk)
        base = base or own or TimeBase()
        if own is not None and (own.epoch is None) != (base.epoch is None):
            raise _other_clock(path, base)
        part = _fast(chunk, key, needed, optional, base) or _slow(chunk, path, key, needed, optional, base)
        parts.append(part)
    names: dict[str, int] = {}
    kinds: list[str] = []
    index = []
    for part in parts:
        kind_of = _kind_of(part)
        for k, name in enumerate(part.names.text):
            if name not in names:
                names[name] = len(names)
                kinds.append(kind_of[k])
        index.append(np.array([names[name] for name in part.names.text], dtype=np.int64)[part.names.code])
    empty = np.zeros((len(needed) + len(optional), 0))
    return base or TimeBase(), _States(
        t_s=np.concatenate([np.zeros(0), *(part.t_s for part in parts)]),
        index=np.concatenate([np.zeros(0, np.int64), *index]),
        number=np.hstack([empty, *(part.number for part in parts)]),
        names=tuple(names),
        kinds=tuple(kinds),
    )


def _base(chunk: Chunk) -> TimeBase | None:
    """The base of the first readable time of a chunk."""
    for row in chunk.rows():
        found = base_of(row.cells.get("t"))
        if found is not None:
            return found
    return None


def _other_clock(path: Path | str, base: TimeBase) -> BadInput:
    ways = ("bare seconds", "instants (2026-01-31T12:00:00Z)")
    here, before = ways if base.epoch is not None else reversed(ways)
    problem = f"times in {here}, where those before are {before}; write truth and tracks on one clock"
    return BadInput(problem, file=str(path), column="t")


def _kind_of(part: _Part) -> list[str]:
    """The kind of each name of a part: that of its first row."""
    if part.kinds is None:
        return [""] * len(part.names.text)
    first = {int(code): k for k, code in reversed(list(enumerate(part.names.code)))}
    return [part.kinds.text[part.kinds.code[first[k]]] if k in first else "" for k in range(len(part.names.text))]


def _fast(chunk: Chunk, key: str, needed: tuple[str, ...], optional: tuple[str, ...], base: TimeBase) -> _Part | None:
    columns = chunk.arrays(("t", key, "kind"), (*needed, *optional))
    if columns is None or "t" not in columns.texts or key not in columns.texts:
        return None
    if np.any(np.isnan(columns.number[: len(needed)])):
        return None
    time = columns.texts["t"]
    try:
        t_s = np.array([base.seconds(text) for text in time.text])[time.code]
    except ValueError:
        return None
    return _Part(t_s, columns.texts[key], columns.texts.get("kind"), columns.number)


def _slow(
    chunk: Chunk, path: Path | str, key: str, needed: tuple[str, ...], optional: tuple[str, ...], base: TimeBase
) -> _Part:
    t_s, names, kinds, numbers = [], [], [], []
    for row in chunk.rows():
        if row.problem:
            raise BadInput(f"{row.problem} ({row.place})", file=str(path), row=row.number, value=shown(row.text))
        column = "t"
        try:
            t_s.append(base.seconds(row.cells.get("t")))
            column = key
            names.append(text_of(row.cells.get(key)))
            if not names[-1]:
                raise ValueError("a name is needed here")
            kinds.append(text_of(row.cells.get("kind")))
            values = []
            for column in (*needed, *optional):
                values.append(number(row.cells.get(column)))
                if column in needed and np.isnan(values[-1]):
                    raise ValueError("a value is needed here")
            numbers.append(values)
        except ValueError as error:
            raise _bad(path, row, column, str(error)) from error
    width = len(needed) + len(optional)
    return _Part(np.array(t_s), _coded(names), _coded(kinds), np.array(numbers).reshape(-1, width).T)


def _coded(texts: list[str]) -> Coded:
    codes: dict[str, int] = {}
    return Coded(np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.int64), list(codes))


def _bad(path: Path | str, row: Row, column: str, problem: str) -> BadInput:
    where = f" ({row.place})" if row.place else ""
    value = shown(row.cells.get(column))
    return BadInput(problem + where, file=str(path), row=row.number, column=column, value=value)
