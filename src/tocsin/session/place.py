"""Files put in place whole or not at all, and never through a link that somebody left there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["beside", "sweep", "write_over"]


def beside(path: Path) -> Path:
    """Where a file is written before it is put in its place; a kill leaves it there, and the next writer takes it."""
    return path.with_name(f".{path.name}.tocsin")


def sweep(folder: Path, names: Iterable[str]) -> None:
    """Clear what a killed writer of these files had begun. Only for one who holds the folder's lock."""
    for name in names:
        begun = beside(folder / name)
        if begun.is_file() or begun.is_symlink():
            begun.unlink()


def write_over(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there. A link of that name is replaced, its target is not touched."""
    begun = beside(path)
    begun.unlink(missing_ok=True)
    try:
        with begun.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)
