"""A day of 200 targets that come and go: what the state of every stage holds, hour by hour."""

from __future__ import annotations

from tocsin.bench.memory import MemoryStudy, measure
from tools.work import Work

__all__ = ["prove"]


def prove(work: Work) -> MemoryStudy:
    """One run of the first seed; an hour where one seed alone is asked for."""
    return measure(work.seeds[0], hours=24.0 if len(work.seeds) > 1 else 1.0, told=work.show)
