"""What a proof is given to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tocsin.study.campaign import Campaign, Executor, Results, run

__all__ = ["Work"]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Work:
    """The seeds, where rows are kept, the version of the code that makes them, who runs calls, and who is told."""

    seeds: tuple[int, ...]
    folder: Path
    version: str
    executor: Executor
    show: Callable[[str], None]

    def rows(self, campaign: Campaign[R]) -> Results[R]:
        """Run a campaign, or what is left of it."""
        bound = replace(campaign, version=self.version)
        return run(bound, self.folder / campaign.name, self.executor, told=self._told)

    def _told(self, done: int, cells: int) -> None:
        self.show(f"{done} of {cells} cells")
