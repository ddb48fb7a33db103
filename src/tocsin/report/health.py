"""Which sensors fell silent, what was dismissed and by which rule, and what could not be read."""

from __future__ import annotations

from tocsin.records.detections import ErrorRecord
from tocsin.records.identities import Dismissal
from tocsin.records.run import RunRecord
from tocsin.report.instants import Clock, known
from tocsin.report.model import Dismissed, ErrorLine, ReportLine, SensorLine, SilentSpan

__all__ = ["dismissed_lines", "error_lines", "report_lines", "sensor_lines"]


def _silences(run: RunRecord, clock: Clock, index: int) -> tuple[tuple[SilentSpan, ...], float]:
    spans: list[SilentSpan] = []
    since: float | None = None
    total = 0.0
    for event in sorted((one for one in run.health if one.sensor_index == index), key=lambda one: one.t_s):
        if event.state == "silent" and since is None:
            since = event.t_s - event.silent_s
        elif event.state == "alive" and since is not None:
            spans.append(SilentSpan(clock.at(since), clock.at(event.t_s)))
            total += event.t_s - since
            since = None
    if since is not None:
        spans.append(SilentSpan(clock.at(since), None))
        total += max(run.end_t_s - since, 0.0)
    return tuple(spans), total


def sensor_lines(run: RunRecord, clock: Clock) -> tuple[SensorLine, ...]:
    """Every sensor; a silence counts from its last scan, not from the moment at which it was noticed."""
    lines = []
    for index, name in enumerate(run.sensors.sensor_id):
        silent, total = _silences(run, clock, index)
        lines.append(
            SensorLine(
                sensor_id=name,
                kind=run.sensors.kind[index],
                east_m=float(run.sensors.position_m[index, 0]),
                north_m=float(run.sensors.position_m[index, 1]),
                range_m=known(run.sensors.max_range_m[index]),
                silent=silent,
                silent_s=total,
            )
        )
    return tuple(lines)


def _dismissed(clock: Clock, group: list[Dismissal]) -> Dismissed:
    by_risk = sorted(group, key=lambda one: -(known(one.residual_risk) or 0.0))
    worst = by_risk[0]
    return Dismissed(
        rule=worst.rule,
        subject=worst.subject,
        count=len(group),
        ids=tuple(dict.fromkeys(one.id for one in by_risk)),
        highest_risk=known(worst.residual_risk),
        first=clock.at(min(one.t_s for one in group)),
        last=clock.at(max(one.t_s for one in group)),
        why=worst.why,
    )


def dismissed_lines(run: RunRecord, clock: Clock) -> tuple[Dismissed, ...]:
    """Dismissals by rule and subject, the riskiest first."""
    groups: dict[tuple[str, str], list[Dismissal]] = {}
    for one in run.dismissals:
        groups.setdefault((one.rule, one.subject), []).append(one)
    lines = [_dismissed(clock, group) for group in groups.values()]
    return tuple(sorted(lines, key=lambda line: (-(line.highest_risk or 0.0), line.rule, line.subject)))


def report_lines(run: RunRecord, clock: Clock) -> tuple[ReportLine, ...]:
    """Sightings and reported impacts, in order of time; cooperative position reports are told with their tracks."""
    table = run.reports
    rows = [row for row, kind in enumerate(table.kind) if kind in ("sighting", "impact")]
    rows.sort(key=lambda row: (float(table.t_s[row]), row))
    return tuple(
        ReportLine(
            at=clock.at(float(table.t_s[row])),
            kind=table.kind[row],
            source=table.source[row],
            id=table.id[row],
            east_m=float(table.position_m[row, 0]),
            north_m=float(table.position_m[row, 1]),
            sigma_m=known(table.sigma_m[row]),
            claim=table.claim[row],
        )
        for row in rows
    )


def error_lines(run: RunRecord) -> tuple[ErrorLine, ...]:
    """Bad items by source and problem, most frequent first."""
    groups: dict[tuple[str, str], list[ErrorRecord]] = {}
    for error in run.errors:
        groups.setdefault((error.source, error.problem), []).append(error)
    lines = []
    for (source, problem), group in groups.items():
        first = group[0]
        place = f"row {first.row}" if first.row else "the item as a whole"
        column = f", {first.column}" if first.column else ""
        lines.append(ErrorLine(source, problem, len(group), f"{place}{column}: {first.value!r}"))
    return tuple(sorted(lines, key=lambda line: (-line.count, line.source, line.problem)))
