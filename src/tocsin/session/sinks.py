"""Where what a session gives may go besides its folder: one table, one row for each kind of place.

A row is all that a new kind needs: `tocsin track --to NAME:TARGET` then knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import BadInput
from tocsin.session.files import FILES, Setting
from tocsin.session.session import Sink

__all__ = ["SINKS", "SinkKind", "check_sinks", "open_sinks"]


@dataclass(frozen=True, slots=True)
class SinkKind:
    """One row of the table. `make` is given the target and what a writer has to know."""

    says: str
    make: Callable[[str, Setting], Sink]


def _to_path(name: str) -> SinkKind:
    def make(target: str, setting: Setting) -> Sink:
        try:
            return FILES[name](Path(target).open("xb"), setting)
        except FileExistsError:
            raise BadInput("a file lies here; give another target", file=target, column="--to") from None

    return SinkKind(f"the rows of {name}, to a new file", make)


SINKS: dict[str, SinkKind] = {name.partition(".")[0]: _to_path(name) for name in FILES}


def check_sinks(asked: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and target of each `NAME:TARGET`. Raises BadInput for a name without a row, or no target."""
    pairs = []
    for text in asked:
        name, _, target = text.partition(":")
        if name not in SINKS or not target:
            raise BadInput(f"NAME:TARGET is needed, NAME one of {', '.join(SINKS)}", column="--to", value=text)
        pairs.append((name, target))
    return tuple(pairs)


def open_sinks(asked: Iterable[str], setting: Setting) -> tuple[Sink, ...]:
    """A sink for each `NAME:TARGET`; where one cannot be had, none is left open. Raises BadInput or OSError."""
    with ExitStack() as stack:
        made = []
        for name, target in check_sinks(asked):
            made.append(SINKS[name].make(target, setting))
            stack.callback(made[-1].close)
        stack.pop_all()
    return tuple(made)
