"""The one door to a table's bytes: a path or standard input, unpacked, as UTF-8 text with line feeds.

| what | how it is known | what is done |
| --- | --- | --- |
| standard input | the name `-` | copied to a nameless temporary file, at most `MAX_STDIN_BYTES` |
| gzip, zstd | the first bytes, whatever the name | unpacked block by block, within `MAX_RATIO` |
| UTF-8, UTF-16 | byte-order mark, or zeros in the first two bytes | read as UTF-8; what is no text costs its row |
| CR line ends | a CR before any line feed, and no line feed after it | read as line feeds |
| xz, bzip2, ZIP, workbooks, HDF5 and more | the first bytes | refused by name |
"""

from __future__ import annotations

import codecs
import functools
import gzip
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePath
from typing import Protocol, TextIO

import pyarrow as pa

from tocsin.errors import BadInput
from tocsin.formats import chunks
from tocsin.formats.chunks import file_of

__all__ = ["MAX_RATIO", "STANDARD_INPUT", "Input", "input_of", "name_of"]

STANDARD_INPUT = "-"
MAX_STDIN_BYTES = 16 << 30
MAX_RATIO = 1000
"""Unpacked to packed. Tables of real numbers stay below 100; a run of equal bytes goes beyond at once."""
FREE_BYTES = 64 << 20  # unpacked bytes to which the ratio does not apply: small files of equal rows pack very well
SNIFFED_BYTES = 4096
PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PACKED_ENDINGS = (".gz", ".gzip", ".zst", ".zstd")
FOREIGN = {
    b"PK\x03\x04": "a ZIP archive, as .xlsx and .ods workbooks are; save the sheet as CSV, or unpack the archive",
    b"\xd0\xcf\x11\xe0": "an .xls workbook; save the sheet as CSV",
    b"BZh": "packed by bzip2; unpack it, or pack it by gzip or zstd",
    b"\xfd7zXZ\x00": "packed by xz; unpack it, or pack it by gzip or zstd",
    b"7z\xbc\xaf": "a 7z archive; unpack it",
    b"\x89HDF": "HDF5; write the table as CSV or Parquet",
    b"ARROW1": "an Arrow (Feather) file; write the table as Parquet",
    b"SQLite format 3": "an SQLite database; write the table as CSV or Parquet",
    b"\xff\xfe\x00\x00": "UTF-32 text; save it as UTF-8",
}


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read, any number of times over."""

    name: str  # as asked for, for messages
    path: Path  # where its bytes are
    packed: str  # "gzip", "zstd" or "": as it is
    head: bytes  # the first unpacked bytes

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings of the name in lower case, those of packing left out."""
        found = [ending.lower() for ending in PurePath(self.name).suffixes]
        return tuple(ending for ending in found if ending not in PACKED_ENDINGS)

    def blocks(self) -> Iterator[bytes]:
        """The unpacked bytes. Raises BadInput."""
        return _unpacked(self.path, self.packed, self.name)

    def text(self) -> Iterator[bytes]:
        """The unpacked bytes as UTF-8 without a byte-order mark, its lines ended by line feeds. Raises BadInput."""
        blocks = self.blocks()
        encoding = _encoding(self.head)
        if encoding:
            blocks = _transcoded(blocks, encoding)
        return _line_feeds(_without_mark(blocks))


def name_of(path: Path | str) -> str:
    """What messages call it."""
    return "standard input" if str(path) == STANDARD_INPUT else str(path)


def input_of(path: Path | str) -> Input:
    """Open a door. Raises BadInput when there is no such file, it is empty, or it is a known kind that is not read."""
    name = name_of(path)
    if str(path) == STANDARD_INPUT:
        found = _standard_input(sys.stdin)
        if found.stat().st_size == 0:
            raise BadInput("nothing came; pipe in a header and at least one row", file=name)
    else:
        found = file_of(path)
    try:
        with found.open("rb") as stream:
            start = stream.read(16)
    except OSError as error:
        raise BadInput(f"cannot be read: {error}", file=name) from error
    packed = next((kind for magic, kind in PACKED.items() if start.startswith(magic)), "")
    head = next(_unpacked(found, packed, name), b"")[:SNIFFED_BYTES]
    if not head:
        raise BadInput("what is packed in it is empty", file=name)
    foreign = next((words for magic, words in FOREIGN.items() if head.startswith(magic)), "")
    if foreign:
        raise BadInput(f"this is {foreign}", file=name)
    if any(head.startswith(magic) for magic in PACKED):
        raise BadInput("packed twice; unpack it once", file=name)
    return Input(name, found, packed, head)


@functools.lru_cache(maxsize=1)
def _standard_input(stdin: TextIO | None) -> Path:
    """Standard input as a nameless file that can be read again and goes when the process does."""
    if stdin is None:
        raise BadInput("it is closed", file="standard input")
    size = 0
    with tempfile.TemporaryFile() as spool:
        while block := stdin.buffer.read(chunks.BLOCK_BYTES):
            size += len(block)
            if size > MAX_STDIN_BYTES:
                raise BadInput(f"more than {MAX_STDIN_BYTES >> 30} GiB; write it to a file", file="standard input")
            spool.write(block)
        spool.flush()
        return Path(f"/proc/self/fd/{os.dup(spool.fileno())}")


def _unpacked(path: Path, packed: str, name: str) -> Iterator[bytes]:
    limit = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
    size = 0
    try:
        stream = _stream(path, packed)
        try:
            while block := stream.read(chunks.BLOCK_BYTES):
                size += len(block)
                if packed and size > limit:
                    problem = f"unpacks to more than {MAX_RATIO} times its size: no table of detections does"
                    raise BadInput(problem, file=name)
                yield block
        finally:
            stream.close()
    except (OSError, EOFError, zlib.error) as error:
        what = f"not whole {packed} data ({error}); copy or pack it again" if packed else f"cannot be read: {error}"
        raise BadInput(what, file=name) from error


def _stream(path: Path, packed: str) -> _Readable:
    if packed == "gzip":
        return gzip.open(path, "rb")
    if packed == "zstd":
        unpacking: _Readable = pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")
        return unpacking
    return path.open("rb")


def _encoding(head: bytes) -> str:
    """The codec of a text that is not UTF-8, "" for one that is."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(head) >= 2 and 0 in head[:2] and head[:2] != b"\0\0":
        return "utf-16-le" if head[1] == 0 else "utf-16-be"
    return ""


def _transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """UTF-16 as UTF-8. Half a surrogate pair or half a unit stays what no reader of UTF-8 takes."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    try:
        rest = decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        rest = b"\xff"
    yield rest


def _without_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _line_feeds(blocks: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    for block in blocks:
        start += block
        if b"\n" in start or len(start) > chunks.MAX_LINE_BYTES:
            break
    whole = chain((start,), blocks)
    if b"\r" in start and b"\n" not in start:
        return (block.replace(b"\r", b"\n") for block in whole)
    return whole
