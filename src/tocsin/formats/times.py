"""Times as files write them: bare seconds, or ISO 8601 instants with an offset. One file keeps to one of the two.

With instants, a run counts its seconds from the first readable one of the detections. With bare seconds it keeps the
file's own count, and nobody knows which day it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.formats.cells import Cell, number

__all__ = ["MAX_SECONDS", "TimeBase", "base_of"]

MAX_SECONDS = 1e11  # about 3,200 years: what is beyond is a slip, and floats lose the microseconds on the way there


@dataclass(frozen=True, slots=True)
class TimeBase:
    """How a run's files write times: `epoch` is the instant of t_s = 0, None for bare seconds."""

    epoch: datetime | None = None  # in UTC

    def seconds(self, cell: Cell) -> float:
        """Seconds since the epoch of a time as written. Raises ValueError with the problem in words."""
        if cell is None or cell == "":
            raise ValueError("a time is needed here")
        instant = _instant(cell)
        if self.epoch is None:
            if instant is not None:
                raise ValueError("an instant, where the first time of the run is in bare seconds")
            return _bare(cell)
        if instant is None:
            _bare(cell)
            raise ValueError("bare seconds, where the first time of the run is an instant")
        return (instant - self.epoch).total_seconds()

    def text(self, t_s: float) -> str:
        """A time as these files write it, to the microsecond."""
        if math.isnan(t_s):
            return ""
        if self.epoch is None:
            return repr(round(t_s, 6))
        return (self.epoch + timedelta(seconds=round(t_s, 6))).isoformat()

    def epoch_utc(self) -> str:
        """The epoch for `Plan.epoch_utc`: ISO 8601 in UTC, "" for bare seconds."""
        return "" if self.epoch is None else self.epoch.isoformat()


def base_of(cell: Cell) -> TimeBase | None:
    """The base that a first time sets, None when it is no time."""
    try:
        instant = _instant(cell)
        if instant is not None:
            return TimeBase(instant.astimezone(UTC))
        _bare(cell)
    except ValueError:
        return None
    return TimeBase()


def _bare(cell: Cell) -> float:
    value = number(cell)
    if math.isnan(value):
        raise ValueError("a time is needed here")
    if abs(value) > MAX_SECONDS:
        raise ValueError(f"a time beyond {MAX_SECONDS:g} seconds")
    return value


def _instant(cell: Cell) -> datetime | None:
    """The instant that a cell names, None for what looks like a number. ValueError: neither."""
    if isinstance(cell, datetime):
        instant = cell
    elif not isinstance(cell, str):
        return None
    else:
        text = cell.strip()
        if _looks_numeric(text):
            return None
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("neither seconds nor an ISO 8601 instant") from None
    if instant.tzinfo is None:
        raise ValueError("an instant without an offset; add Z or +03:00, or it names no instant")
    return instant


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
