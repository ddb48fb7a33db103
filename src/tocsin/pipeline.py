"""The order of the stages, on one screen: sense, track, identify, forecast, warn.

takes:   a Plan (constant), a State (what it was left with) and a Batch (what arrived)
gives:   the next State and the Events of this batch
assumes: batches come in order of arrival; a State is spent by the call that takes it
fails:   never on a batch's content: what cannot be used becomes an error record or a dismissal in the events
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tocsin import forecast, identify, sense, track, warn
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackTable

__all__ = ["State", "advance", "start"]


@dataclass(frozen=True, slots=True)
class State:
    """What each stage remembers between batches, and what travels back: sense sees the tracks one batch late."""

    sense: sense.State
    track: track.State
    identify: identify.State
    forecast: forecast.State
    warn: warn.State
    tracks: TrackTable | None = None


def start(plan: Plan) -> State:
    """The state before the first batch."""
    return State(sense.start(plan), track.start(plan), identify.start(plan), forecast.start(plan), warn.start(plan))


def no_mark(stage: str) -> None:
    """Mark nothing; a shell that times the stages passes its own."""


def advance(plan: Plan, state: State, batch: Batch, mark: Callable[[str], None] = no_mark) -> tuple[State, Events]:
    """Take one batch through all stages. `mark` is called with a stage's name when that stage has ended."""
    sensing, scan, sensed = sense.advance(plan, state.sense, batch, state.tracks)
    mark("sense")
    tracking, tracks = track.advance(plan, state.track, scan)
    mark("track")
    identifying, identities, dismissed = identify.advance(plan, state.identify, scan, tracks, batch.reports)
    mark("identify")
    forecasting, impacts, reaches = forecast.advance(plan, state.forecast, scan, tracks, identities)
    mark("forecast")
    warning, warned = warn.advance(plan, state.warn, tracks, identities, impacts, reaches, batch.reports)
    mark("warn")
    events = Events(
        batch_index=batch.index,
        t_s=scan.t_s,
        report_due=scan.report_due,
        tracks=tracks,
        identities=identities,
        impacts=impacts,
        reaches=reaches,
        warnings=warned.warnings,
        hazards=warned.hazards,
        dismissals=sensed.dismissals + dismissed,
        health=sensed.health,
        errors=sensed.errors,
        registrations=sensed.registrations,
    )
    return State(sensing, tracking, identifying, forecasting, warning, tracks.table), events
