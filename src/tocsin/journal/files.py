"""A journal as two files of JSON lines, written line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["FILES", "SNAPSHOT", "FileStore"]

FILES = {"inputs": "journal.jsonl", "outputs": "events.jsonl"}
SNAPSHOT = ".snapshot"
_COUNT_BYTES = 8


class FileStore:
    """What is committed has left this process: it survives a kill, and a power cut once the system has written it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._streams: dict[str, BinaryIO] = {}

    @classmethod
    def create(cls, folder: Path) -> FileStore:
        """New files. Raises FileExistsError where such a file lies."""
        store = cls(folder)
        for stream, name in FILES.items():
            store._streams[stream] = (folder / name).open("xb")
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
        path, beside = self._folder / SNAPSHOT, self._folder / f".{SNAPSHOT}.tocsin"
        beside.write_bytes(batches.to_bytes(_COUNT_BYTES, "big") + snapshot)
        beside.replace(path)

    def kept(self) -> tuple[int, bytes] | None:
        """The newest state."""
        path = self._folder / SNAPSHOT
        if not path.is_file():
            return None
        content = path.read_bytes()
        return int.from_bytes(content[:_COUNT_BYTES], "big"), content[_COUNT_BYTES:]

    def close(self) -> None:
        """Close the files."""
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.close()
