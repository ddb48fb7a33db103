"""What does not change in a run: the site, its sensors, what is known, and each stage's rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.records.forecasts import ForecastSettings
from tocsin.records.identities import IdentifySettings
from tocsin.records.registration import RegistrationSettings
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site
from tocsin.records.tracks import TrackSettings
from tocsin.records.warnings import WarnSettings

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Constant input of `pipeline.advance`, journalled whole at the head of a run."""

    epoch_utc: str  # ISO 8601 instant of t_s = 0, "" when the source gave bare seconds
    site: Site
    sensors: SensorTable
    refraction: bool = False  # correct elevations for the standard atmosphere's bending
    track: TrackSettings = field(default_factory=TrackSettings)
    identify: IdentifySettings = field(default_factory=IdentifySettings)
    forecast: ForecastSettings = field(default_factory=ForecastSettings)
    warn: WarnSettings = field(default_factory=WarnSettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
