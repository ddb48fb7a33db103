"""manifest.json: what a run folder holds, who wrote it, and in which state the run is.

| key | |
| --- | --- |
| `format` | `tocsin-run/1` |
| `release` | of the program |
| `command` | `run` or `track` |
| `status` | `running`, `ended`, `cut` (stopped before its end) or `refused` (an input could not be used) |
| `problem` | why it was cut or refused, in words |
| `chain` | hash of the last record of events.jsonl, "" where there is no journal or no end |
| `files` | name to `{"bytes", "sha256"}`, or null for a file that was still being written |

The hashes find a change that was made by accident, or by somebody who left the manifest alone. They are not signed: who
changes a file and its hash here is not found by them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

import tocsin
from tocsin.errors import BadInput
from tocsin.session.place import write_over

__all__ = ["FORMAT", "MANIFEST", "RUN_FILES", "STATUSES", "FileMark", "Manifest", "changed_files", "marks", "read"]

FORMAT = "tocsin-run/1"
MANIFEST = "manifest.json"
STATUSES = ("running", "ended", "cut", "refused")
RUN_FILES = (
    "tracks.csv",
    "impacts.csv",
    "errors.jsonl",
    "registration.csv",
    "timing.json",
    "journal.jsonl",
    "events.jsonl",
    "journal.snapshot",
    "journal.sqlite",
    "journal.sqlite-wal",
    "journal.sqlite-shm",
    "journal.sqlite-journal",
    "truth.csv",
    "reports.csv",
    "scenario.yaml",
    "report.html",
    "report.json",
)
"""Every name that a run may write. A manifest that names another is no manifest of ours, and nothing is done by it."""

_CHUNK = 1 << 20
_SIZE_MAX = 1 << 20  # of a manifest; ours have two kilobytes


@dataclass(frozen=True, slots=True)
class FileMark:
    """By what a file is known again."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What manifest.json says."""

    format: str
    release: str
    command: str
    status: str
    problem: str = ""
    chain: str = ""
    files: dict[str, FileMark | None] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Put it in its place, whole or not at all."""
        data = msgspec.to_builtins(replace(self, files=dict(sorted(self.files.items()))))
        write_over(folder / MANIFEST, (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


def begun(command: str, names: Iterable[str]) -> Manifest:
    """The manifest of a run that writes these files from now on."""
    return Manifest(FORMAT, tocsin.__version__, command, "running", files=dict.fromkeys(names))


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder, None where there is none. Raises BadInput for one that Tocsin did not write."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    if path.stat().st_size > _SIZE_MAX:
        raise BadInput("too large for a manifest", file=str(path), value=f"{path.stat().st_size} bytes")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"not the manifest of a run: {error}", file=str(path)) from None
    if found.format != FORMAT:
        raise BadInput(f"a run of another version; this release reads {FORMAT}", file=str(path), value=found.format)
    if found.status not in STATUSES:
        raise BadInput(f"a status is one of {', '.join(STATUSES)}", file=str(path), value=found.status)
    for name in found.files:
        if name not in RUN_FILES:
            raise BadInput("no run writes a file of this name", file=str(path), value=name)
    return found


def marks(folder: Path, names: Iterable[str]) -> dict[str, FileMark | None]:
    """The marks of those of the files that are there."""
    return {name: _mark(folder / name) for name in names if (folder / name).is_file()}


def _mark(path: Path) -> FileMark:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FileMark(size, digest.hexdigest())


def changed_files(folder: Path, manifest: Manifest) -> list[str]:
    """Files that are there, and not as the manifest says; those without a mark are not looked at."""
    found = []
    for name, mark in sorted(manifest.files.items()):
        if mark is None:
            continue
        path = folder / name
        if path.is_file() and _mark(path) != mark:
            found.append(name)
    return found
