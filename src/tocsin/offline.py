"""Recorded detections through the pipeline: the plan that was asked for, and the events of every batch.

Shell code: it reads files. `tocsin track` and every study of recorded data drive the stages by these two functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tocsin import pipeline
from tocsin.errors import BadInput
from tocsin.formats.detections import DetectionFile
from tocsin.formats.sensors import level_site, read_sensors
from tocsin.journal.codec import canonical
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.forecasts import ForecastSettings
from tocsin.records.plan import Plan
from tocsin.records.site import Site

__all__ = ["Asked", "Clock", "plan_of", "play"]

DRAGS = ("constant", "unknown")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, as it stands on a command line."""

    sensors: Path
    site: str | None = None
    terrain: Path | None = None
    wind: str = "0,0,5"
    drag: str = "unknown"
    refraction: bool = False


class Clock(Protocol):
    """Times the calls of `pipeline.advance`."""

    def begin(self) -> None:
        """Just before a call."""

    def mark(self, stage: str) -> None:
        """After a stage of it."""

    def end(self) -> None:
        """Just after it."""


class _NoClock:
    """Times nothing."""

    def begin(self) -> None: ...

    def mark(self, stage: str) -> None: ...

    def end(self) -> None: ...


def plan_of(asked: Asked, source: DetectionFile) -> Plan:
    """The plan that was asked for. Raises BadInput."""
    site = None if asked.site is None else level_site(*_three(asked.site, "--site", "LAT,LON,ALT"))
    site, sensors = read_sensors(asked.sensors, site)
    if asked.terrain is not None:
        site = _on(site, asked.terrain)
    east, north, sigma = _three(asked.wind, "--wind", "EAST,NORTH,SIGMA")
    if max(abs(east), abs(north)) > 150.0 or not 0.0 <= sigma <= 150.0:
        raise BadInput("winds are within 150 m/s and sigma is not negative", column="--wind", value=asked.wind)
    if asked.drag not in DRAGS:
        raise BadInput(f"one of {', '.join(DRAGS)} is needed", column="--drag", value=asked.drag)
    forecast = ForecastSettings(east, north, sigma, asked.drag == "constant")
    epoch = source.base.epoch_utc()
    return canonical(Plan(epoch, site, sensors, refraction=asked.refraction, forecast=forecast))


def play(plan: Plan, batches: Iterable[Batch], clock: Clock | None = None) -> Iterator[tuple[Batch, Events]]:
    """Each batch and what came of it. A batch is taken from `batches` just before it goes through the pipeline."""
    timed = _NoClock() if clock is None else clock
    state = pipeline.start(plan)
    for batch in batches:
        timed.begin()
        state, events = pipeline.advance(plan, state, batch, timed.mark)
        timed.end()
        yield batch, events


def _three(text: str, option: str, form: str) -> tuple[float, float, float]:
    try:
        a, b, c = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(f"three numbers are needed, {form}", column=option, value=text) from None
    if not (abs(a) < 1e9 and abs(b) < 1e9 and abs(c) < 1e9):
        raise BadInput("the numbers must be finite", column=option, value=text)
    return a, b, c


def _on(site: Site, path: Path) -> Site:
    from tocsin.formats.terrain import read_terrain

    return level_site(site.lat_deg, site.lon_deg, site.alt_m, read_terrain(path, site))
