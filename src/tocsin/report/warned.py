"""Who was told what and when, and where lost tracks might have been."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.records.run import RunRecord
from tocsin.records.warnings import Hazard, WarningEvent
from tocsin.report.instants import Clock, known
from tocsin.report.model import HazardLine, WarningLine

__all__ = ["hazard_lines", "warning_lines"]


def _warning_line(run: RunRecord, clock: Clock, events: Sequence[WarningEvent]) -> WarningLine:
    first = events[0]
    clear = next((event for event in events if event.action == "all_clear"), None)
    zone = next((zone for zone in run.site.zones if zone.zone_id == first.zone_id), None)
    tracks = {track for event in events for track in event.track_ids}
    return WarningLine(
        warning_id=first.warning_id,
        zone_id=first.zone_id,
        zone_name=zone.name if zone else "",
        population=zone.population if zone else 0.0,
        raised=clock.at(first.t_s),
        cause=first.cause,
        why=first.why,
        track_ids=tuple(sorted(tracks)),
        probability=first.probability,
        highest_probability=max(event.probability for event in events),
        seconds_left=known(first.seconds_left),
        updates=sum(event.action == "update" for event in events),
        cleared=clock.at(clear.t_s) if clear else None,
        clear_cause=clear.cause if clear else "",
        clear_why=clear.why if clear else "",
    )


def warning_lines(run: RunRecord, clock: Clock) -> tuple[WarningLine, ...]:
    """Warnings in order of their raise."""
    events: dict[tuple[int, str], list[WarningEvent]] = {}
    for event in run.warnings:
        events.setdefault((event.warning_id, event.zone_id), []).append(event)
    lines = [_warning_line(run, clock, group) for group in events.values()]
    return tuple(sorted(lines, key=lambda line: (line.raised.t_s, line.warning_id, line.zone_id)))


def _hazard_line(clock: Clock, stated: Sequence[Hazard]) -> HazardLine:
    last = stated[-1]
    widest = max(stated, key=lambda hazard: hazard.radius_m)
    return HazardLine(
        track_id=last.track_id,
        lost=clock.at(last.since_t_s),
        stated=clock.at(last.t_s),
        east_m=float(widest.centre_m[0]),
        north_m=float(widest.centre_m[1]),
        radius_m=widest.radius_m,
        hostile=last.hostile,
        state=last.state,
        closed=None if last.state == "open" else clock.at(last.t_s),
        evidence=last.evidence,
    )


def hazard_lines(run: RunRecord, clock: Clock) -> tuple[HazardLine, ...]:
    """One line for each time that a track was lost, with the widest area that was stated for it."""
    groups: dict[tuple[int, float], list[Hazard]] = {}
    for hazard in run.hazards:
        groups.setdefault((hazard.track_id, hazard.since_t_s), []).append(hazard)
    lines = [_hazard_line(clock, group) for group in groups.values()]
    return tuple(sorted(lines, key=lambda line: (line.lost.t_s, line.track_id)))
