"""Lines that hold together: each record carries the hash of the one before and of itself.

A line is one JSON object, in this order: `n` (from 1), `kind`, `prev` (hash of the line before; of a file's first line,
what the file hangs on), `follows` (in outputs: hash of the input), `body`, `hash`. The hash is SHA-256 over the line's
bytes before `,"hash"`, so a change of any byte shows at its line, and a line that is taken out shows at the next.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tocsin.errors import ChainBroken

__all__ = ["ROOT", "Chain", "Entry", "Tail", "entries", "parsed"]

ROOT = "0" * 64
_HEAD = re.compile(rb'\{"n":([1-9][0-9]{0,17}),"kind":"([a-z]+)","prev":"([0-9a-f]{64})"')
_FOLLOWS = re.compile(rb',"follows":"([0-9a-f]{64})"')
_TAIL = re.compile(rb',"hash":"([0-9a-f]{64})"\}')
_TAIL_BYTES = len(',"hash":""}') + 64


@dataclass(frozen=True, slots=True)
class Entry:
    """One line, taken apart."""

    number: int
    kind: str
    prev: str
    follows: str  # "" for an input
    body: bytes
    hash: str
    sound: bool  # the hash is that of the line


@dataclass(slots=True)
class Tail:
    """Bytes after the last whole line: what a killed writer had begun."""

    cut: bytes = b""


class Chain:
    """Makes the lines of one file."""

    def __init__(self, prev: str = ROOT) -> None:
        self.number, self.last = 0, prev

    def line(self, kind: str, body: bytes, follows: str = "") -> bytes:
        """The next line, with its end of line."""
        self.number += 1
        hangs = f',"follows":"{follows}"' if follows else ""
        head = f'{{"n":{self.number},"kind":"{kind}","prev":"{self.last}"{hangs},"body":'.encode() + body
        self.last = hashlib.sha256(head).hexdigest()
        return head + f',"hash":"{self.last}"}}\n'.encode()


def parsed(line: bytes) -> Entry | None:
    """A line taken apart, None when it is none."""
    line = line.removesuffix(b"\n")
    head, tail = _HEAD.match(line), _TAIL.fullmatch(line, max(0, len(line) - _TAIL_BYTES))
    if head is None or tail is None:
        return None
    at = head.end()
    follows = _FOLLOWS.match(line, at)
    at = follows.end() if follows else at
    if line[at : at + 8] != b',"body":':
        return None
    covered = line[:-_TAIL_BYTES]
    own = tail.group(1).decode()
    return Entry(
        number=int(head.group(1)),
        kind=head.group(2).decode(),
        prev=head.group(3).decode(),
        follows=follows.group(1).decode() if follows else "",
        body=covered[at + 8 :],
        hash=own,
        sound=hashlib.sha256(covered).hexdigest() == own,
    )


def entries(lines: Iterable[bytes], file: str, tail: Tail, prev: str = ROOT) -> Iterator[Entry]:
    """All whole lines of a stream, each checked against the one before. Raises ChainBroken naming file and record."""
    for expected, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            tail.cut = line
            return
        entry = checked(parsed(line), expected, prev, file)
        prev = entry.hash
        yield entry


def checked(entry: Entry | None, expected: int, prev: str, file: str) -> Entry:
    """The entry, when it is the expected one and follows from `prev`. Raises ChainBroken otherwise."""
    if entry is None:
        raise ChainBroken("this line is no record", file=file, record=expected)
    if not entry.sound:
        raise ChainBroken("its content does not fit its hash: the record was changed", file=file, record=expected)
    if entry.number != expected:
        problem = f"the record is missing; record {entry.number} stands in its place"
        raise ChainBroken(problem, file=file, record=expected)
    if entry.prev != prev:
        raise ChainBroken("it does not follow from the record before", file=file, record=expected)
    return entry
