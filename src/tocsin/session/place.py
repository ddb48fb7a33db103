"""Files put in place whole or not at all, and never through a link that somebody left there."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_over"]


def write_over(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there. A link of that name is replaced, its target is not touched."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        with beside.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
