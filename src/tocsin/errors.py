"""The error tree.

TocsinError
├── Misuse                  the caller asked for what cannot be: exit code 2
│   ├── BadInput            a file, row, column or value that cannot be read
│   ├── BadScenario         a scenario that cannot be run, named by place and value
│   ├── ConcurrentUse       two threads called one tracker at the same time
│   ├── FrameMismatch       positions of two different frames were combined
│   └── MissingPackage      an optional package is needed for this
└── Mishap                  the world was not as it should be: exit code 3
    ├── CampaignFailed      cells of a campaign raised, so that its rows cannot be put together
    ├── ChainBroken         a journal record does not follow from the one before
    ├── CutOff              an earlier call ended midway and left half of its work
    └── ReplayDiffers       recomputed events differ from the recorded ones

A message may hold what a stranger wrote: a file's name, a column, a value. `visible` makes such a text safe to show.
"""

from __future__ import annotations

__all__ = [
    "BadInput",
    "BadScenario",
    "CampaignFailed",
    "ChainBroken",
    "ConcurrentUse",
    "CutOff",
    "FrameMismatch",
    "Mishap",
    "MissingPackage",
    "Misuse",
    "ReplayDiffers",
    "TocsinError",
    "visible",
]

SHOWN = 200  # characters of one text that a message shows


def visible(text: str) -> str:
    """A text as a terminal may show it: whatever is not printable (Unicode's own sense) as an escape such as `\\x1b`.

    That takes in control characters, the marks that turn the direction of writing, and lone surrogates. Doing it twice
    changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _short(text: str) -> str:
    return visible(text if len(text) <= SHOWN else text[:SHOWN] + "…")


class TocsinError(Exception):
    """Base of every error that Tocsin raises on purpose."""


class Misuse(TocsinError):
    """The caller asked for what cannot be done; the message says what to change."""


class BadInput(Misuse, ValueError):
    """A file, row, column or value that cannot be read."""

    def __init__(self, problem: str, *, file: str = "", row: int = 0, column: str = "", value: str = "") -> None:
        self.problem, self.file, self.row, self.column, self.value = problem, file, row, column, value
        parts = (visible(file), f"row {row}" if row else "", f"column {_short(column)}" if column else "")
        place = ", ".join(part for part in parts if part)
        shown = f" (value {value[:SHOWN]!r}{'…' if len(value) > SHOWN else ''})" if value else ""
        super().__init__(f"{place}: {visible(problem)}{shown}" if place else f"{visible(problem)}{shown}")


class BadScenario(Misuse, ValueError):
    """A scenario that cannot be run; `place` is the path of the key, `line` its line in the file (0: unknown)."""

    def __init__(self, problem: str, *, file: str = "", place: str = "", line: int = 0) -> None:
        self.problem, self.file, self.place, self.line = problem, file, place, line
        where = ", ".join(part for part in (visible(file), f"line {line}" if line else "", _short(place)) if part)
        super().__init__(f"{where}: {visible(problem)}" if where else visible(problem))


class ConcurrentUse(Misuse, RuntimeError):
    """Two threads called one tracker at the same time; the second call did nothing."""


class FrameMismatch(Misuse, ValueError):
    """Positions of two different frames were combined."""


class MissingPackage(Misuse, ImportError):
    """An optional package that is not installed is needed for this."""


class Mishap(TocsinError):
    """The world was not as it should be."""


class CampaignFailed(Mishap):
    """Cells of a campaign raised; `case` and `seed` are those of the first."""

    def __init__(self, problem: str, *, campaign: str, case: str, seed: int) -> None:
        self.problem, self.campaign, self.case, self.seed = problem, campaign, case, seed
        super().__init__(f"{campaign}, case {case}, seed {seed}: {problem}")


class ChainBroken(Mishap):
    """A journal record does not follow from the one before; `record` is its number in its file."""

    def __init__(self, problem: str, *, file: str, record: int) -> None:
        self.problem, self.file, self.record = problem, file, record
        super().__init__(f"{file}, record {record}: {problem}")


class CutOff(Mishap, RuntimeError):
    """An earlier call ended midway (an interrupt, a fault) and left half of its work: nothing can rest on it."""


class ReplayDiffers(Mishap):
    """Recomputed events differ from the recorded ones; `record` is the number of the first, 0: the whole file."""

    def __init__(self, problem: str, *, file: str, record: int = 0) -> None:
        self.problem, self.file, self.record = problem, file, record
        super().__init__(f"{file}, record {record}: {problem}" if record else f"{file}: {problem}")
