"""What was asked for of recorded detections, made into a plan. Shell code: it reads files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import BadInput
from tocsin.formats.detections import DetectionFile
from tocsin.formats.sensors import level_site, read_sensors
from tocsin.journal.codec import canonical
from tocsin.records.forecasts import ForecastSettings
from tocsin.records.plan import Plan
from tocsin.records.site import Site

__all__ = ["Asked", "plan_of"]

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
