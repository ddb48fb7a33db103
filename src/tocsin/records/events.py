"""What `pipeline.advance` gives for one batch: the record that the journal keeps and that replay recomputes."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.detections import ErrorRecord
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import Dismissal, IdentityTable
from tocsin.records.registration import Registration
from tocsin.records.sensors import SensorHealth
from tocsin.records.tracks import TrackStep
from tocsin.records.warnings import Hazard, WarningEvent

__all__ = ["Events"]


@dataclass(frozen=True, slots=True)
class Events:
    """All that came out of one batch. Tables are those of the scan's time; `report_due`: rows of all are due."""

    batch_index: int
    t_s: float
    report_due: bool
    tracks: TrackStep
    identities: IdentityTable
    impacts: ImpactTable
    reaches: ReachTable
    warnings: tuple[WarningEvent, ...]
    hazards: tuple[Hazard, ...]  # those that changed state or grew noticeably
    dismissals: tuple[Dismissal, ...]
    health: tuple[SensorHealth, ...]
    errors: tuple[ErrorRecord, ...]
    registrations: tuple[Registration, ...] = ()  # what is newly believed of the sensors' biases
