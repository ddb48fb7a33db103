"""The error tree.

TocsinError
├── Misuse                  the caller asked for what cannot be: exit code 2
│   ├── BadInput            a file, row, column or value that cannot be read
│   ├── BadScenario         a scenario that cannot be run, named by place and value
│   └── FrameMismatch       positions of two different frames were combined
└── Mishap                  the world was not as it should be: exit code 3
    ├── CampaignFailed      cells of a campaign raised, so that its rows cannot be put together
    ├── ChainBroken         a journal record does not follow from the one before
    └── ReplayDiffers       recomputed events differ from the recorded ones
"""

from __future__ import annotations

__all__ = [
    "BadInput",
    "BadScenario",
    "CampaignFailed",
    "ChainBroken",
    "FrameMismatch",
    "Mishap",
    "Misuse",
    "ReplayDiffers",
    "TocsinError",
]


class TocsinError(Exception):
    """Base of every error that Tocsin raises on purpose."""


class Misuse(TocsinError):
    """The caller asked for what cannot be done; the message says what to change."""


class BadInput(Misuse, ValueError):
    """A file, row, column or value that cannot be read."""

    def __init__(self, problem: str, *, file: str = "", row: int = 0, column: str = "", value: str = "") -> None:
        self.problem, self.file, self.row, self.column, self.value = problem, file, row, column, value
        place = ", ".join(
            part for part in (file, f"row {row}" if row else "", f"column {column}" if column else "") if part
        )
        shown = f" (value {value!r})" if value else ""
        super().__init__(f"{place}: {problem}{shown}" if place else f"{problem}{shown}")


class BadScenario(Misuse, ValueError):
    """A scenario that cannot be run; `place` is the path of the key, `line` its line in the file (0: unknown)."""

    def __init__(self, problem: str, *, file: str = "", place: str = "", line: int = 0) -> None:
        self.problem, self.file, self.place, self.line = problem, file, place, line
        where = ", ".join(part for part in (file, f"line {line}" if line else "", place) if part)
        super().__init__(f"{where}: {problem}" if where else problem)


class FrameMismatch(Misuse, ValueError):
    """Positions of two different frames were combined."""


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


class ReplayDiffers(Mishap):
    """Recomputed events differ from the recorded ones; `record` is the number of the first, 0: the whole file."""

    def __init__(self, problem: str, *, file: str, record: int = 0) -> None:
        self.problem, self.file, self.record = problem, file, record
        super().__init__(f"{file}, record {record}: {problem}" if record else f"{file}: {problem}")
