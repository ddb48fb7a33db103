"""A journal as two files of JSON lines, written line by line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tocsin.errors import BadInput

__all__ = ["FILES", "SNAPSHOT_FILE", "FileStore"]

FILES = {"inputs": "journal.jsonl", "outputs": "events.jsonl"}
SNAPSHOT_FILE = "journal.snapshot"
_COUNT_BYTES = 8


class FileStore:
    """What is committed has left this process: it survives a kill, and a power cut once the system has written it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._streams: dict[str, BinaryIO] = {}

    @classmethod
    def create(cls, folder: Path) -> FileStore:
        """New files, both or neither. Raises FileExistsError where such a file lies."""
        store = cls(folder)
        try:
            for stream, name in FILES.items():
                store._streams[stream] = (folder / name).open("xb")
        except OSError:
            for stream in store._streams:
                (folder / FILES[stream]).unlink()
            store.close()
            raise
        return store

    def append(self, stream: str, line: bytes) -> None:
        """Add a line."""
        self._streams[stream].write(line)

    def commit(self) -> None:
        """Hand over to the system what was appended."""
        for stream in self._streams.values():
            stream.flush()

    def lines(self, stream: str) -> Iterator[bytes]:
        """The lines of a stream."""
        with (self._folder / FILES[stream]).open("rb") as file:
            yield from file

    def holds(self, stream: str) -> bool:
        """Whether its file is there."""
        return (self._folder / FILES[stream]).is_file()

    def name(self, stream: str) -> str:
        """Its file."""
        return str(self._folder / FILES[stream])

    def keep(self, batches: int, snapshot: bytes) -> None:
        """Keep a state, whole or not at all."""
        path, beside = self._folder / SNAPSHOT_FILE, self._folder / f".{SNAPSHOT_FILE}.{os.getpid()}"
        beside.unlink(missing_ok=True)
        with beside.open("xb") as file:
            file.write(batches.to_bytes(_COUNT_BYTES, "big") + snapshot)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def kept(self) -> tuple[int, bytes] | None:
        """The newest state. Raises BadInput for a file that is none."""
        path = self._folder / SNAPSHOT_FILE
        if not path.is_file():
            return None
        content = path.read_bytes()
        if len(content) < _COUNT_BYTES:
            raise BadInput("not a kept state: it is too short", file=str(path), value=f"{len(content)} bytes")
        return int.from_bytes(content[:_COUNT_BYTES], "big"), content[_COUNT_BYTES:]

    def close(self) -> None:
        """Close the files."""
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.close()
