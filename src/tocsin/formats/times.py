"""Times as files and callers write them: bare seconds, or instants with an offset. One run keeps to one of the two.

With instants, a run counts its seconds from the first readable one. With bare seconds it keeps the source's own count,
and nobody knows which day it was. A file writes an instant in ISO 8601; in Python it is an aware `datetime`, an aware
`pandas.Timestamp` or a `numpy.datetime64`, which is UTC by definition. Instants hold microseconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from tocsin.formats.cells import Cell, number
from tocsin.formats.values import real

__all__ = ["MAX_SECONDS", "Moment", "TimeBase", "base_of", "moment"]

MAX_SECONDS = 1e11  # about 3,200 years: what is beyond is a slip, and floats lose the microseconds on the way there
_SUBUNITS = ((1e14, "milliseconds", "1000"), (1e17, "microseconds", "1e6"), (1e20, "nanoseconds", "1e9"))
"""Counts since 1970 that are written for seconds, with the value below which each is meant, until the year 5138."""

Moment = float | datetime
"""A time: seconds, or an aware instant."""


@dataclass(frozen=True, slots=True)
class TimeBase:
    """How a run's source writes times: `epoch` is the instant of t_s = 0, None for bare seconds."""

    epoch: datetime | None = None  # in UTC

    def seconds(self, cell: Cell) -> float:
        """Seconds since the epoch of a time as a file writes it. Raises ValueError with the problem in words."""
        if cell is None or cell == "":
            raise ValueError("a time is needed here")
        return self.since(_written(cell))

    def since(self, at: Moment) -> float:
        """Seconds since the epoch. Raises ValueError for a time of the other kind."""
        if isinstance(at, datetime):
            if self.epoch is None:
                raise ValueError("an instant, where the first time of the run is in bare seconds")
            return (at - self.epoch).total_seconds()
        if self.epoch is not None:
            raise ValueError("bare seconds, where the first time of the run is an instant")
        return at

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
        at = _written(cell)
    except ValueError:
        return None
    return TimeBase(at.astimezone(UTC) if isinstance(at, datetime) else None)


def moment(value: object) -> Moment:
    """The time that a Python value names. Raises ValueError, saying what to give instead."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.datetime64):
        return _from_numpy(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a naive datetime names no instant; give it a tzinfo, or give seconds as a float")
        return _aware(value)
    seconds = real(value)
    if seconds is not None:
        if not math.isfinite(seconds):
            raise ValueError("time is not finite")
        return _bare(seconds)
    kind = type(value).__name__
    raise ValueError(f"a {kind} is no time; give seconds as a float, an aware datetime or a numpy.datetime64")


def _written(cell: Cell) -> Moment:
    """The time that a cell of a file names."""
    if isinstance(cell, datetime):
        return _aware(cell)
    if isinstance(cell, str) and not _looks_numeric(cell):
        try:
            return _aware(datetime.fromisoformat(cell.strip()))
        except ValueError as error:
            if isinstance(error, _NoOffsetError):
                raise
            raise ValueError("neither seconds nor an ISO 8601 instant") from None
    return _bare(number(cell))


def _bare(value: float) -> float:
    if math.isnan(value):
        raise ValueError("a time is needed here")
    if abs(value) > MAX_SECONDS:
        near = next((f"; {what}? divide by {by}" for most, what, by in _SUBUNITS if abs(value) < most), "")
        raise ValueError(f"a time beyond {MAX_SECONDS:g} seconds{near}")
    return value


class _NoOffsetError(ValueError):
    """An instant that names none."""


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise _NoOffsetError("an instant without an offset; add Z or +03:00, or it names no instant")
    return instant


def _from_numpy(value: np.datetime64) -> datetime:
    plain = value.astype("datetime64[us]").item()
    if plain is None:
        raise ValueError("NaT is no time")
    if not isinstance(plain, datetime):
        raise ValueError("no instant within the years 1 to 9999")
    return plain.replace(tzinfo=UTC)


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
