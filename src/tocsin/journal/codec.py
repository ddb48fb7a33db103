"""Records to JSON and back, by their annotations: one codec for every frozen dataclass of `records`.

A record is an object with its fields in order. A float is written so that it is read back to the same bits; NaN is
null, infinities are "inf" and "-inf". An array of one axis is a list, one of more axes {"shape": […], "data": […]} in C
order. What is read back equals what was written, and writing it again gives the same bytes.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec
import numpy as np

__all__ = ["Json", "canonical", "decode", "encode", "from_json", "to_json"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
T = TypeVar("T")
Turn = Callable[[Any], Any]

_INFINITE = {"inf": math.inf, "-inf": -math.inf}


def encode(record: object) -> bytes:
    """JSON of a record."""
    return msgspec.json.encode(to_json(record))


def decode(kind: type[T], text: bytes) -> T:
    """The record that `encode` wrote. Raises ValueError for what it cannot have written."""
    return from_json(kind, msgspec.json.decode(text))


def to_json(record: object) -> Json:
    """Plain data of a record."""
    kind: Any = type(record)
    return cast("Json", _codec(kind)[0](record))


def from_json(kind: type[T], data: Json) -> T:
    """The record of plain data. Raises ValueError when the data does not fit."""
    any_kind: Any = kind
    try:
        return cast("T", _codec(any_kind)[1](data))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a {kind.__name__}: {type(error).__name__} {error}") from error


def canonical(record: T) -> T:
    """The record as a journal would give it back: plain scalars, and arrays of their own in C order."""
    return from_json(type(record), to_json(record))


@cache
def _codec(kind: Any) -> tuple[Turn, Turn]:
    """How to write and read a type. TypeError for one that no record should have."""
    if kind in (int, str, bool):
        return kind, _exactly(kind)
    if kind is float:
        return _write_float, _read_float
    if is_dataclass(kind):
        return _record_codec(cast("type", kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if hasattr(origin or kind, "__value__"):  # an alias made by a `type` statement, as NDArray is from NumPy 2.5 on
        return _codec(origin.__value__[arguments] if arguments else kind.__value__)
    if origin is np.ndarray:
        return _array_codec(get_args(arguments[1])[0])
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        write, read = _codec(arguments[0])
        return lambda value: [write(item) for item in value], lambda data: tuple([read(item) for item in data])
    if origin is tuple:
        return _fixed_tuple(arguments)
    if origin is types.UnionType and len(arguments) == 2 and arguments[1] is type(None) and arguments[0] is not float:
        write, read = _codec(arguments[0])
        return lambda value: None if value is None else write(value), lambda d: None if d is None else read(d)
    raise TypeError(f"a record holds {kind}, which the journal cannot write")


def _record_codec(kind: type) -> tuple[Turn, Turn]:
    hints = get_type_hints(kind)
    parts = [(field.name, *_codec(hints[field.name])) for field in fields(kind)]
    names = {name for name, _, _ in parts}
    optional = {f.name for f in fields(kind) if f.default is not MISSING or f.default_factory is not MISSING}

    def write(record: Any) -> dict[str, Json]:
        return {name: turn(getattr(record, name)) for name, turn, _ in parts}

    def read(data: Any) -> Any:
        if not isinstance(data, dict) or not data.keys() <= names:
            raise ValueError(f"not a {kind.__name__}: {sorted(set(data) - names) if isinstance(data, dict) else data}")
        return kind(**{name: turn(data[name]) for name, _, turn in parts if name in data or name not in optional})

    return write, read


def _fixed_tuple(arguments: tuple[Any, ...]) -> tuple[Turn, Turn]:
    parts = [_codec(argument) for argument in arguments]

    def write(value: Any) -> list[Json]:
        return [part[0](item) for part, item in zip(parts, value, strict=True)]

    def read(data: Any) -> tuple[Any, ...]:
        return tuple(part[1](item) for part, item in zip(parts, data, strict=True))

    return write, read


def _exactly(kind: type) -> Turn:
    def read(data: Any) -> Any:
        if type(data) is not kind:
            raise TypeError(f"{data!r} is no {kind.__name__}")
        return data

    return read


def _write_float(value: Any) -> Json:
    number = float(value)
    if math.isfinite(number):
        return number
    return None if math.isnan(number) else str(number)


def _read_float(data: Any) -> float:
    if data is None:
        return math.nan
    if isinstance(data, str):
        return _INFINITE[data]
    if type(data) is not float:
        raise TypeError(f"{data!r} is no float")
    return data


def _array_codec(scalar: type) -> tuple[Turn, Turn]:
    dtype = np.dtype(scalar)

    def write(array: Any) -> Json:
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            raise TypeError(f"an array of {dtype} is declared, and {getattr(array, 'dtype', type(array))} found")
        data: list[Json] = array.ravel().tolist()
        if dtype.kind == "f" and not np.all(np.isfinite(array)):
            data = [_write_float(value) for value in data]
        return data if array.ndim == 1 else {"shape": list(array.shape), "data": data}

    def read(data: Any) -> Any:
        shape = None
        if isinstance(data, dict):
            shape, data = data["shape"], data["data"]
        if dtype.kind == "f":
            data = [_read_float(value) for value in data]
        elif any(type(value) is not type(dtype.type(0).item()) for value in data):
            raise TypeError(f"not an array of {dtype}")
        array = np.array(data, dtype=dtype)
        return array if shape is None else array.reshape(shape)

    return write, read
