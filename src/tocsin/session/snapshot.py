"""A session's state as bytes, and back: what a live service restarts from.

Every stage's state is data: dataclasses, named tuples, arrays, tuples, lists, deques, dicts, sets, strings, numbers.
Each is written with its type; arrays with their element type, order and bytes. What is referenced twice is written once
and is one thing again afterwards, and an array that lies within another one lies within it again: a stage may write
into it. Types are looked up among those of Tocsin that are loaded, and no code of theirs is called: nothing but data
can come out, and any bytes that are no snapshot are refused.

A hash finds every change made by accident. It is no signature: who makes a snapshot on purpose decides what the next
batch finds, down to the shapes that compiled kernels rely on. Begin from your own snapshots only.
"""

from __future__ import annotations

import hashlib
import math
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import numpy as np

from tocsin.errors import BadInput
from tocsin.journal.codec import encode
from tocsin.journal.fingerprint import fingerprint
from tocsin.pipeline import State
from tocsin.records.plan import Plan

__all__ = ["pack", "unpack"]

FORMAT = "tocsin-state/1"
_HEAD = f"{FORMAT}\n".encode()
_HASH_BYTES = 32
_PLAIN = (bool, int, float, str, type(None))
_BIG = 1 << 63  # beyond what a MessagePack integer holds
_DTYPE = re.compile(r"\|b1|[<|][iuf][1248]|<U[0-9]{1,6}")


def pack(plan: Plan, state: State, batches: int) -> bytes:
    """The state after so many batches under a plan. Raises TypeError for a state that holds more than data."""
    writer = _Writer()
    root = writer.write(state)
    content = msgspec.msgpack.encode([fingerprint().code, _mark(plan), batches, writer.nodes, root])
    return _HEAD + hashlib.sha256(content).digest() + content


def unpack(plan: Plan, snapshot: bytes) -> tuple[State, int]:
    """The state, and after how many batches. Raises BadInput for what this release did not write under this plan."""
    if snapshot[: len(_HEAD)] != _HEAD:
        raise BadInput(f"not a snapshot of a session; this release reads {FORMAT}", value=repr(snapshot[:20]))
    digest, content = snapshot[len(_HEAD) :][:_HASH_BYTES], snapshot[len(_HEAD) + _HASH_BYTES :]
    if hashlib.sha256(content).digest() != digest:
        raise BadInput("the snapshot was cut or changed: its content does not fit its hash")
    try:
        code, made_for, batches, nodes, root = msgspec.msgpack.decode(content)
        if code != fingerprint().code:
            raise BadInput("a snapshot that other code wrote; begin from the journal's first batch", value=str(code))
        if made_for != _mark(plan):
            raise BadInput("a snapshot of a session with another plan: other sensors, site, zones or settings")
        state = _Reader(nodes).read(root)
    except BadInput:
        raise
    except _UNREADABLE as error:
        raise BadInput(f"not a snapshot that can be read: {type(error).__name__}: {error}") from None
    if not isinstance(state, State) or type(batches) is not int or batches < 0:
        raise BadInput("not the snapshot of a session")
    return state, batches


_UNREADABLE = (
    ValueError,  # what msgspec raises included
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    BufferError,
    RecursionError,
)


def _mark(plan: Plan) -> str:
    return hashlib.sha256(encode(plan)).hexdigest()


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
            return self._array(value)
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.str, value.tobytes()]
        if kind is dict:
            return ["dict", [[self.write(_key(k)), self.write(v)] for k, v in value.items()]]
        if kind in (list, tuple):
            return [kind.__name__, [self.write(item) for item in value]]
        if kind is deque:
            return ["deque", [self.write(item) for item in value], value.maxlen]
        if kind in (set, frozenset):
            return [kind.__name__, [self.write(_key(item)) for item in sorted(value)]]
        if is_dataclass(value):
            return ["record", _path(kind), [self.write(getattr(value, f.name)) for f in fields(value)]]
        if isinstance(value, tuple):
            return ["named", _path(kind), [self.write(item) for item in value]]
        raise TypeError(f"a state holds a {kind.__module__}.{kind.__qualname__}, which is no data")

    def _array(self, value: np.ndarray[Any, Any]) -> list[Any]:
        _dtype(value.dtype.str)
        if isinstance(value.base, np.ndarray):
            offset = value.ctypes.data - value.base.ctypes.data
            return ["view", value.dtype.str, list(value.shape), list(value.strides), offset, self.write(value.base)]
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        return ["array", value.dtype.str, list(value.shape), order, value.tobytes(order)]  # type: ignore[arg-type]


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
            return _array(*given)
        if tag == "view":
            *layout, base = given
            return _view(self.read(base), *layout)
        if tag == "scalar":
            return _array(given[0], [], "C", given[1])[()]
        if tag == "dict":
            return {_key(self.read(k)): self.read(v) for k, v in given[0]}
        if tag == "deque":
            return deque((self.read(item) for item in given[0]), given[1])
        if tag in _COLLECTIONS:
            items = [self.read(item) for item in given[0]]
            return _COLLECTIONS[tag](items if tag in ("list", "tuple") else map(_key, items))
        kind: Any = _type(given[0])
        values = [self.read(item) for item in given[1]]
        if tag == "named" and issubclass(kind, tuple) and len(kind._fields) == len(values):
            return tuple.__new__(kind, values)
        if tag == "record" and is_dataclass(kind):
            return _made(kind, values)
        raise ValueError(f"unknown node {tag!r}")


_COLLECTIONS: dict[str, Callable[[Iterable[Any]], object]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def _key(value: Any) -> Any:
    """What may stand in a set or as a key; the hash of deeper things could take for ever."""
    if type(value) in _PLAIN or (type(value) is tuple and all(type(item) in _PLAIN for item in value)):
        return value
    raise TypeError(f"a {type(value).__name__} is no key")


def _made(kind: Any, values: list[Any]) -> Any:
    """A record with these fields, those that its constructor does not take included."""
    record = object.__new__(kind)
    for field, value in zip(fields(kind), values, strict=True):
        object.__setattr__(record, field.name, value)
    return record


def _array(name: Any, shape: Any, order: Any, data: Any) -> np.ndarray[Any, Any]:
    """An array of its own. Raises ValueError or TypeError where data and shape do not fit."""
    dtype = _dtype(name)
    if order not in ("C", "F") or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("not the shape of an array")
    if type(data) is not bytes or len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array's bytes do not fit its shape")
    return np.ndarray(tuple(shape), dtype, buffer=data, order=order).copy(order=order)


def _view(base: Any, name: Any, shape: Any, strides: Any, offset: Any) -> np.ndarray[Any, Any]:
    """An array that lies in another one. Raises ValueError or TypeError where it does not lie within it."""
    if not isinstance(base, np.ndarray) or any(type(n) is not int for n in (offset, *shape, *strides)):
        raise TypeError("not an array within another")
    return np.ndarray(tuple(shape), _dtype(name), base if base.flags.c_contiguous else base.T, offset, tuple(strides))


def _dtype(text: Any) -> np.dtype[Any]:
    if type(text) is not str or not _DTYPE.fullmatch(text):
        raise TypeError(f"no array of data: {text}")
    return np.dtype(text)


def _path(kind: type) -> str:
    path = f"{kind.__module__}:{kind.__qualname__}"
    if _type(path) is not kind:
        raise TypeError(f"a state holds a {kind.__module__}.{kind.__qualname__}, not to be found by its name")
    return path


def _type(path: str) -> type:
    module, _, name = path.partition(":")
    if module.split(".")[0] != _OURS or module not in sys.modules:
        raise TypeError(f"not a type of a state: {path}")
    found = vars(sys.modules[module]).get(name)
    if not isinstance(found, type) or found.__module__ != module:
        raise TypeError(f"not a type of a state: {path}")
    return found


_OURS = __name__.split(".")[0]
