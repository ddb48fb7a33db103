"""Rows of a study as columns of Parquet and back: a frozen dataclass is the row, its fields are the columns.

| field | column |
| --- | --- |
| `int`, `float`, `str`, `bool`, any of them or None | int64, double, string, bool |
| `FloatArray`, `IntArray`, `BoolArray` of one dimension | list of them |
| `tuple[X, ...]` | list of X |
| a dataclass | struct of its fields |

NaN stays NaN and None stays null. Raises Misuse for a field of any other type.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TypeVar, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
import pyarrow as pa

from tocsin.errors import Misuse
from tocsin.records.arrays import BoolArray, FloatArray, IntArray

__all__ = ["columns_of", "plain", "read"]

T = TypeVar("T")
Plain = int | float | str | bool | None | list["Plain"] | dict[str, "Plain"]
"""What Arrow takes for a cell."""

_SCALARS = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}
_ARRAYS = ((FloatArray, np.float64, pa.float64()), (IntArray, np.int64, pa.int64()), (BoolArray, np.bool_, pa.bool_()))


@cache
def _hints(kind: type) -> dict[str, object]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def columns_of(kind: type) -> list[pa.Field]:
    """A column for each field of a row."""
    return [pa.field(name, _arrow(hint, f"{kind.__name__}.{name}")) for name, hint in _hints(kind).items()]


def _arrow(hint: object, place: str) -> pa.DataType:
    inner = _known(hint)
    for array, _, column in _ARRAYS:
        if inner == array:
            return pa.list_(column)
    if isinstance(inner, type) and inner in _SCALARS:
        return _SCALARS[inner]
    if isinstance(inner, type) and is_dataclass(inner):
        return pa.struct(columns_of(inner))
    args = get_args(inner)
    if get_origin(inner) is tuple and len(args) == 2 and args[1] is Ellipsis:
        return pa.list_(_arrow(args[0], place))
    raise Misuse(f"{place}: a column cannot hold {hint}")


def _known(hint: object) -> object:
    """X of `X | None`."""
    if get_origin(hint) in (Union, UnionType):
        rest = [part for part in get_args(hint) if part is not NoneType]
        return rest[0] if len(rest) == 1 else hint
    return hint


def plain(value: object) -> Plain:
    """A row, or a value of one, as Arrow takes it."""
    if isinstance(value, np.ndarray):
        return cast(Plain, value.tolist())
    if isinstance(value, np.generic):
        return cast(Plain, value.item())
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(getattr(value, name)) for name in _hints(type(value))}
    return cast(Plain, value)


def read(kind: type[T], cells: dict[str, Plain]) -> T:
    """The row that `plain` made these cells of."""
    return kind(**{name: _value(hint, cells[name]) for name, hint in _hints(cast(type, kind)).items()})


def _value(hint: object, cell: Plain) -> object:
    if cell is None:
        return None
    inner = _known(hint)
    for array, kind, _ in _ARRAYS:
        if inner == array:
            return np.array(cell, dtype=kind)
    if isinstance(inner, type) and is_dataclass(inner) and isinstance(cell, dict):
        return read(inner, cell)
    if isinstance(cell, list):
        part: object = get_args(inner)[0]
        return tuple(_value(part, each) for each in cast(Iterable[Plain], cell))
    return cell
