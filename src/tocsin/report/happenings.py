"""The incident as one list in order of time, in sentences that a duty officer could read out."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.records.run import RunRecord
from tocsin.report.instants import Clock
from tocsin.report.model import Happening, HazardLine, ReportLine, SensorLine, ShotLine, Track, WarningLine

__all__ = ["happenings", "zone_list"]

END_WORDS = {
    "ground": "reached the ground",
    "missed": "was no longer detected",
    "merged": "turned out to be a duplicate",
    "out_of_coverage": "left what the sensors cover",
}

ORDER = (
    "sensor",
    "detected",
    "confirmed",
    "identified",
    "forecast",
    "warning",
    "consent",
    "shot",
    "lost",
    "ended",
    "impact",
    "sighting",
    "hazard",
    "all-clear",
)
"""Cause before effect among happenings of one instant."""

NAMED_ZONES = 8


def zone_list(zones: list[str]) -> str:
    """Names in full up to NAMED_ZONES, then a count: a list of fifty zones is read by nobody."""
    if len(zones) <= NAMED_ZONES:
        return ", ".join(zones)
    return ", ".join(zones[:NAMED_ZONES]) + f" and {len(zones) - NAMED_ZONES} more"


def _class_name(track: Track) -> str:
    return track.classification.replace("_", "-")


def _of_track(track: Track) -> Iterator[Happening]:
    ids, name = (track.track_id,), f"Track {track.track_id}"
    if track.detected:
        yield Happening(track.detected, "detected", f"{name}: first detection", ids)
    if track.confirmed:
        yield Happening(track.confirmed, "confirmed", f"{name} confirmed", ids)
    if track.identified:
        yield Happening(track.identified, "identified", f"{name} identified as {_class_name(track)}", ids)
    if track.first_forecast:
        f = track.first_forecast
        text = f"{name}: first impact forecast, {f.lead_s:.1f} s ahead, 95 % within {f.semi_major_m:.0f} m"
        yield Happening(f.made, "forecast", text, ids)
    if track.ended:
        words = END_WORDS.get(track.end_rule, track.end_rule)
        merged = f" of track {track.merged_into}" if track.merged_into else ""
        yield Happening(track.ended, "ended", f"{name} {words}{merged}", ids)


def _left(seconds: float | None) -> str:
    return "time left not known" if seconds is None else f"{seconds:.1f} s left"


def _of_warnings(warnings: tuple[WarningLine, ...]) -> Iterator[Happening]:
    """One line for all zones that were raised, or cleared, at one instant for one cause."""
    raised: dict[tuple[float, str], list[WarningLine]] = {}
    cleared: dict[tuple[float, str], list[WarningLine]] = {}
    for line in warnings:
        raised.setdefault((line.raised.t_s, line.cause), []).append(line)
        if line.cleared:
            cleared.setdefault((line.cleared.t_s, line.clear_cause), []).append(line)
    for (_, cause), group in raised.items():
        first = min(group, key=lambda line: line.seconds_left if line.seconds_left is not None else float("inf"))
        ids = tuple(sorted({track for line in group for track in line.track_ids}))
        zones = zone_list([line.zone_id for line in group])
        text = f"Warning raised in {zones}: {_left(first.seconds_left)} ({cause.replace('_', ' ')})"
        yield Happening(group[0].raised, "warning", text, ids)
    for (_, cause), group in cleared.items():
        ids = tuple(sorted({track for line in group for track in line.track_ids}))
        text = f"All clear in {zone_list([line.zone_id for line in group])}: {cause.replace('_', ' ')}"
        assert group[0].cleared is not None
        yield Happening(group[0].cleared, "all-clear", text, ids)


def _of_hazards(hazards: tuple[HazardLine, ...]) -> Iterator[Happening]:
    for line in hazards:
        ids = (line.track_id,)
        yield Happening(line.lost, "lost", f"Track {line.track_id}: last detection before it was lost", ids)
        if line.closed:
            evidence = line.evidence.replace("_", " ") or "no evidence named"
            text = f"Hazard of track {line.track_id} {line.state}: {evidence}"
            yield Happening(line.closed, "hazard", text, ids)


def _of_engagement(run: RunRecord, clock: Clock, shots: tuple[ShotLine, ...]) -> Iterator[Happening]:
    asked = {request.request_id: request.track_id for request in run.requests}
    for act in run.acts:
        track = asked.get(act.request_id)
        ids = (track,) if track is not None else ()
        about = f" to engage track {track}" if track is not None else ""
        why = f" ({act.why})" if act.why else ""
        yield Happening(clock.at(act.t_s), "consent", f"Operator: {act.act}{about}{why}", ids)
    for shot in shots:
        text = f"{shot.effector_id} fired {shot.rounds} rounds at track {shot.track_id} (simulated)"
        yield Happening(shot.fired, "shot", text, (shot.track_id,))


def _of_sensors(sensors: tuple[SensorLine, ...]) -> Iterator[Happening]:
    for sensor in sensors:
        for span in sensor.silent:
            yield Happening(span.since, "sensor", f"Sensor {sensor.sensor_id}: last scan before it fell silent", ())
            if span.until:
                seconds = span.until.t_s - span.since.t_s
                text = f"Sensor {sensor.sensor_id} came back after {seconds:.0f} s"
                yield Happening(span.until, "sensor", text, ())


def _of_reports(reports: tuple[ReportLine, ...]) -> Iterator[Happening]:
    for line in reports:
        name = "Impact" if line.kind == "impact" else "Sighting"
        claim = f": {line.claim}" if line.claim else ""
        yield Happening(line.at, line.kind, f"{name} reported by {line.source}{claim}", ())


def _together(lines: list[Happening]) -> Iterator[Happening]:
    """One line for all tracks to which the same happened at one instant."""
    groups: dict[tuple[float, str, str], list[Happening]] = {}
    for line in lines:
        words = line.text.removeprefix(f"Track {line.track_ids[0]}")
        groups.setdefault((line.at.t_s, line.kind, words), []).append(line)
    for (_, kind, words), group in groups.items():
        ids = tuple(sorted(line.track_ids[0] for line in group))
        named = zone_list([str(one) for one in ids])
        text = group[0].text if len(ids) == 1 else f"Tracks {named}{words.replace(' was ', ' were ')}"
        yield Happening(group[0].at, kind, text, ids)


def happenings(
    run: RunRecord,
    clock: Clock,
    tracks: tuple[Track, ...],
    warnings: tuple[WarningLine, ...],
    hazards: tuple[HazardLine, ...],
    shots: tuple[ShotLine, ...],
    sensors: tuple[SensorLine, ...],
    reports: tuple[ReportLine, ...],
) -> tuple[Happening, ...]:
    """All happenings of notable tracks, warnings, engagement, sensors and people, in order of time."""
    told = [line for track in tracks if track.notable for line in _of_track(track)]
    lines = [*_together(told)]
    lines += [*_of_warnings(warnings), *_of_hazards(hazards), *_of_engagement(run, clock, shots)]
    lines += [*_of_sensors(sensors), *_of_reports(reports)]
    return tuple(sorted(lines, key=lambda line: (line.at.t_s, ORDER.index(line.kind), line.track_ids, line.text)))
