"""Kinds of records: each is registered under a name by the part of the program that owns it.

The journal itself owns one, the header. The names of the others, and what they are, come with a `Kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.journal.fingerprint import Fingerprint

__all__ = ["FORMAT", "HEADER", "Header", "Kinds", "joined", "name_of"]

FORMAT = "tocsin-journal/1"
HEADER = "header"

Kinds = Mapping[str, type]
"""The type of record that stands under each name."""


@dataclass(frozen=True, slots=True)
class Header:
    """First record of a journal."""

    format: str
    fingerprint: Fingerprint


def joined(*owned: Kinds) -> Kinds:
    """The kinds of several owners. Raises ValueError for a name or a type that two of them claim."""
    found: dict[str, type] = {HEADER: Header}
    for kinds in owned:
        for name, kind in kinds.items():
            if found.get(name, kind) is not kind or (name not in found and kind in found.values()):
                raise ValueError(f"two owners claim the kind {name!r}")
            found[name] = kind
    return found


def name_of(kinds: Kinds, record: object) -> str:
    """The name under which a record is written. Raises TypeError for a kind that nobody has registered."""
    for name, kind in kinds.items():
        if kind is type(record):
            return name
    raise TypeError(f"no kind of record is registered for a {type(record).__name__}")
