"""A session's state as bytes, and back: what a live service restarts from.

Every stage's state is data: dataclasses, named tuples, arrays, tuples, lists, dicts, sets, strings, numbers. Each is
written with its type; arrays with their element type, order and bytes; what is referenced twice is written once and is
one thing again afterwards, since a stage may write into it. Types are looked up among Tocsin's own, nothing is called
but the constructor of a record, and nothing but data can come out: a snapshot of unknown origin is no program.
"""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import numpy as np

from tocsin.errors import BadInput
from tocsin.journal.fingerprint import fingerprint
from tocsin.pipeline import State

__all__ = ["pack", "unpack"]

FORMAT = "tocsin-state/1"
_PLAIN = (bool, int, float, str, type(None))
_BIG = 1 << 63  # beyond what a MessagePack integer holds


def pack(state: State, batches: int) -> bytes:
    """The state after so many batches. Raises TypeError for a state that holds more than data."""
    writer = _Writer()
    root = writer.write(state)
    return msgspec.msgpack.encode([FORMAT, fingerprint().code, batches, writer.nodes, root])


def unpack(snapshot: bytes) -> tuple[State, int]:
    """The state, and after how many batches. Raises BadInput for a snapshot that this release did not write."""
    try:
        form, code, batches, nodes, root = msgspec.msgpack.decode(snapshot)
        if form != FORMAT:
            raise BadInput(f"a snapshot of another version; this release reads {FORMAT}", value=str(form)[:60])
        if code != fingerprint().code:
            raise BadInput("a snapshot that other code wrote; begin from the journal's first batch", value=str(code))
        state = _Reader(nodes).read(root)
    except BadInput:
        raise
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise BadInput(f"not a snapshot that can be read: {type(error).__name__}: {error}") from None
    if not isinstance(state, State) or not isinstance(batches, int):
        raise BadInput("not the snapshot of a session")
    return state, batches


class _Writer:
    """Turns values into nodes: plain values stand for themselves, all else is [index] into `nodes`."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self._index: dict[int, int] = {}
        self._alive: list[object] = []  # an id is that of one object only as long as the object lives

    def write(self, value: Any) -> Any:
        """A node's reference, or a plain value."""
        if type(value) in _PLAIN and not (type(value) is int and not -_BIG <= value < _BIG):
            return value
        key = id(value)
        if key not in self._index:
            self._index[key] = place = len(self.nodes)
            self._alive.append(value)
            self.nodes.append(None)
            self.nodes[place] = self._node(value)
        return [self._index[key]]

    def _node(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind is int:
            return ["int", str(value)]
        if isinstance(value, np.ndarray):
            order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
            return ["array", value.dtype.str, list(value.shape), order, value.tobytes(order)]  # type: ignore[arg-type]
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.str, value.tobytes()]
        if kind is dict:
            return ["dict", [[self.write(k), self.write(v)] for k, v in value.items()]]
        if kind in (list, tuple):
            return [kind.__name__, [self.write(item) for item in value]]
        if kind in (set, frozenset):
            return [kind.__name__, [self.write(item) for item in sorted(value)]]
        if is_dataclass(value):
            return ["record", _path(kind), [self.write(getattr(value, f.name)) for f in fields(value)]]
        if isinstance(value, tuple):
            return ["named", _path(kind), [self.write(item) for item in value]]
        raise TypeError(f"a state holds a {kind.__module__}.{kind.__qualname__}, which is no data")


class _Reader:
    """Makes each node's value once."""

    def __init__(self, nodes: list[Any]) -> None:
        self._nodes, self._made = nodes, dict[int, Any]()

    def read(self, value: Any) -> Any:
        """The value of a reference, or of a plain value."""
        if not isinstance(value, list):
            return value
        (place,) = value
        if place not in self._made:
            self._made[place] = self._value(*self._nodes[place])
        return self._made[place]

    def _value(self, tag: str, *given: Any) -> Any:
        if tag == "int":
            return int(given[0])
        if tag == "array":
            dtype, shape, order, data = given
            return np.frombuffer(data, dtype=_dtype(dtype)).reshape(shape, order=order).copy(order=order)
        if tag == "scalar":
            return np.frombuffer(given[1], dtype=_dtype(given[0]))[0]
        if tag == "dict":
            return {self.read(k): self.read(v) for k, v in given[0]}
        for collection in _COLLECTIONS:
            if tag == collection.__name__:
                return collection(self.read(item) for item in given[0])
        kind: Any = _type(given[0])
        values = [self.read(item) for item in given[1]]
        if tag == "named" and issubclass(kind, tuple):
            return kind(*values)
        if tag == "record" and is_dataclass(kind):
            return _made(kind, values)
        raise ValueError(f"unknown node {tag!r}")


_COLLECTIONS = (list, tuple, set, frozenset)


def _made(kind: Any, values: list[Any]) -> Any:
    """A record with these fields, those that its constructor does not take included."""
    record = object.__new__(kind)
    for field, value in zip(fields(kind), values, strict=True):
        object.__setattr__(record, field.name, value)
    return record


def _dtype(text: str) -> np.dtype[Any]:
    dtype = np.dtype(text)
    if dtype.hasobject:
        raise ValueError(f"no array of data: {text}")
    return dtype


def _path(kind: type) -> str:
    if sys.modules[kind.__module__].__dict__.get(kind.__qualname__) is not kind or not _ours(kind.__module__):
        raise TypeError(f"a state holds a {kind.__module__}.{kind.__qualname__}, not to be found by its name")
    return f"{kind.__module__}:{kind.__qualname__}"


def _type(path: str) -> type:
    module, _, name = path.partition(":")
    if not _ours(module):
        raise ValueError(f"not a type of a state: {path}")
    found = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, type) or found.__module__ != module:
        raise ValueError(f"not a type of a state: {path}")
    return found


def _ours(module: str) -> bool:
    return module.split(".")[:1] == [__name__.split(".")[0]] and len(module.split(".")) > 1
