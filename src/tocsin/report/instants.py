"""Seconds of the run to instants that a reader can place, in the site's zone and in UTC."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tocsin.errors import BadInput
from tocsin.report.model import Instant

__all__ = ["Clock", "clock", "known"]

TENTH_S = 0.1
"""Times are printed to a tenth of a second: finer than any scan, coarser than what a file's decimals would pretend."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns seconds since the epoch into instants. `zone_known` False: local times are given in UTC."""

    epoch: datetime | None
    zone: tzinfo
    zone_known: bool

    def at(self, t_s: float) -> Instant:
        """The instant of `t_s`, rounded to a tenth of a second."""
        if self.epoch is None:
            return Instant(t_s, "", "")
        instant = self.epoch + timedelta(milliseconds=100 * round(t_s / TENTH_S))
        return Instant(t_s, _iso(instant, UTC).replace("+00:00", "Z"), _iso(instant, self.zone))

    def maybe(self, t_s: float) -> Instant | None:
        """As `at`; None for a time that is not known."""
        return self.at(t_s) if math.isfinite(t_s) else None


def _iso(instant: datetime, zone: tzinfo) -> str:
    there = instant.astimezone(zone)
    text = there.isoformat(timespec="milliseconds")
    return text[:21] + text[23:]


def known(value: float) -> float | None:
    """The value, or None where it is not finite."""
    return float(value) if math.isfinite(value) else None


def clock(epoch_utc: str, time_zone: str) -> Clock:
    """A clock for a run. BadInput: the epoch is not an instant with an offset. An unknown zone falls back to UTC."""
    zone: tzinfo = UTC
    zone_known = True
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        zone_known = time_zone in ("", "UTC")
    if not epoch_utc:
        return Clock(None, zone, zone_known)
    try:
        epoch = datetime.fromisoformat(epoch_utc)
    except ValueError:
        raise BadInput("the epoch is not an ISO 8601 instant", value=epoch_utc) from None
    if epoch.tzinfo is None:
        raise BadInput("the epoch has no offset from UTC", value=epoch_utc)
    return Clock(epoch, zone, zone_known)
