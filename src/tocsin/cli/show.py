"""What the commands print: JSON for scripts, plain lines for people, progress on standard error."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from tocsin.formats.outputs import ErrorsWriter
from tocsin.records.detections import ErrorRecord

__all__ = ["Tell", "errors_json", "errors_lines", "number", "out", "out_json", "progress"]


class Tell(Protocol):
    """Says how far a long command has come."""

    def __call__(self, done: float, what: str) -> None:
        """`done` in the unit of the whole, `what` in words."""


def out(*lines: str) -> None:
    """Lines to standard output."""
    sys.stdout.write("".join(line + "\n" for line in lines))


def out_json(value: object) -> None:
    """One JSON object to standard output; a number that JSON cannot hold is null."""
    out(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def number(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def kind_of(error: ErrorRecord) -> str:
    """A problem without its line."""
    return error.problem.split(" (line ")[0]


def errors_lines(errors: ErrorsWriter) -> Sequence[str]:
    """What could not be used, the most frequent problem first, each with its first place."""
    if not errors.total:
        return ["Every row was used."]
    lines = [f"{number(errors.total, 'item')} could not be used (all in errors.jsonl):"]
    for key, count in sorted(errors.counts.items(), key=lambda pair: -pair[1])[:20]:
        first = errors.firsts[key]
        value = f", value {first.value!r}" if first.value else ""
        column = f"{key[0]}: " if key[0] else ""
        lines.append(f"  {count:,} × {column}{kind_of(first)}; first in {first.source}, row {first.row}{value}")
    if len(errors.counts) > 20:
        lines.append(f"  and {len(errors.counts) - 20} other kinds of problem")
    return lines


def errors_json(errors: ErrorsWriter) -> dict[str, object]:
    """The same for a script."""
    kinds = []
    for key, count in sorted(errors.counts.items(), key=lambda pair: -pair[1]):
        first = errors.firsts[key]
        place = {"source": first.source, "row": first.row, "value": first.value}
        kinds.append({"column": key[0], "problem": kind_of(first), "count": count, "first": place})
    return {"total": errors.total, "kinds": kinds}


@contextmanager
def progress(title: str, total: float | None) -> Iterator[Tell]:
    """A progress bar on standard error while a person watches, nothing otherwise."""
    if not sys.stderr.isatty():
        yield lambda done, what: None  # noqa: ARG005 - the names are the protocol's
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[what]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5) as bar:
        task = bar.add_task(title, total=total, what="")
        yield lambda done, what: bar.update(task, completed=done, what=what)
