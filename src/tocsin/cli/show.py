"""What the commands print: JSON for scripts, plain lines for people, progress on standard error.

Names, columns and values are a stranger's words. Every line goes through `visible`, so that none of them moves the
cursor, forges a line or turns the writing; in JSON the same characters stand as `\\u` escapes, which a parser undoes.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from tocsin.errors import visible
from tocsin.formats.outputs import ErrorsWriter
from tocsin.records.detections import ErrorRecord

__all__ = ["Tell", "errors_json", "errors_lines", "number", "out", "out_json", "out_json_text", "progress"]


class Tell(Protocol):
    """Says how far a long command has come."""

    def __call__(self, done: float, what: str) -> None:
        """`done` in the unit of the whole, `what` in words."""


def out(*lines: str) -> None:
    """Lines to standard output, each shown as one line whatever it holds."""
    sys.stdout.write("".join(visible(line) + "\n" for line in lines))


def out_json(value: object) -> None:
    """One JSON object to standard output; a number that JSON cannot hold is null."""
    out_json_text(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def out_json_text(text: str) -> None:
    """JSON that is written already, to standard output."""
    sys.stdout.write("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n")


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
