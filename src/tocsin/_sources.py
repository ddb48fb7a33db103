"""Which of the sources an event may rest on, and one hash of them all."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["APART", "code_hash", "event_sources"]

PACKAGE = Path(__file__).parent
APART = ("bench", "cli", "report", "scenes", "score", "study")
"""Packages on which no byte of a journal or of its events rests: they show, judge and measure. All else counts, a
package that is not yet born too: a module too many costs a comparison to the byte, a module too few calls an honest run
changed."""


def event_sources() -> tuple[Path, ...]:
    """Files of this package whose code may reach an event, sorted."""
    return tuple(p for p in sorted(PACKAGE.rglob("*.py")) if p.relative_to(PACKAGE).parts[0] not in APART)


@cache
def code_hash() -> str:
    """Hash of the names and bytes of all event sources, 16 hex digits; it stands in the journal's header."""
    digest = hashlib.sha256()
    for path in event_sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
