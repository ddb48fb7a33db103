"""The incident as a chart: one lane for each notable track, each warned zone and each sensor, on one clock."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from tocsin.report.leading import leading
from tocsin.report.model import HazardLine, Report, SensorLine, Track, WarningLine
from tocsin.report.svg import Axis, figure, label, node, time_axis

__all__ = ["timeline_chart", "window"]

WIDTH, LEFT, RIGHT, LANE, TOP = 920.0, 168.0, 14.0, 25.0, 34.0
MOST_TRACKS, MOST_ZONES = 24, 16
"""More lanes than a page holds are counted below the chart; the tables have them all."""


def window(report: Report) -> tuple[float, float]:
    """Seconds between which something happened, with a little room at both ends."""
    times = [line.at.t_s for line in report.timeline] or [report.began.t_s, report.finished.t_s]
    low, high = min(times), max(times)
    room = max((high - low) * 0.04, 1.0)
    return max(low - room, min(report.began.t_s, low)), min(high + room, max(report.finished.t_s, high))


def _bar(time: Axis, y: float, low: float, high: float, kind: str, tip: str, height: float = 11.0) -> Markup:
    x0, x1 = time.at(low), time.at(high)
    shape: dict[str, str | float] = {
        "x": x0,
        "y": y - height / 2,
        "width": max(x1 - x0, 2.0),
        "height": height,
        "rx": 2,
        "class": kind,
    }
    return node("rect", shape, node("title", {}, tip))


def _mark(time: Axis, y: float, t_s: float, shape: str, kind: str, tip: str) -> Markup:
    place = f"translate({time.at(t_s):.1f} {y:.1f})"
    return node("path", {"d": shape, "transform": place, "class": f"mark {kind}"}, node("title", {}, tip))


DIAMOND, TRIANGLE, CROSS, DOT = (
    "M0 -6L5 0L0 6L-5 0Z",
    "M-5 5L0 -6L5 5Z",
    "M-5 -5L5 5M5 -5L-5 5",
    "M0 -4a4 4 0 1 0 .1 0Z",
)


def _track_lane(report: Report, time: Axis, y: float, track: Track) -> Iterable[Markup]:
    last = track.path[-1].t_s
    end = track.ended.t_s if track.ended else last
    name = f"Track {track.track_id}"
    born = track.detected.t_s if track.detected else track.path[0].t_s
    confirmed = track.confirmed.t_s if track.confirmed else track.path[0].t_s
    yield node("line", {"x1": time.at(born), "x2": time.at(confirmed), "y1": y, "y2": y, "class": "before"})
    yield _bar(time, y, confirmed, end, f"life b-{track.classification}", f"{name}: confirmed until {end - born:.1f} s")
    for hazard in report.hazards:
        if hazard.track_id == track.track_id:
            yield _hazard_bar(report, time, y, hazard)
    if track.identified:
        yield _mark(time, y, track.identified.t_s, DOT, "identified", f"{name} identified as {track.classification}")
    if track.first_forecast:
        yield _mark(time, y, track.first_forecast.made.t_s, DIAMOND, "forecast", f"{name}: first impact forecast")
    for shot in report.shots:
        if shot.track_id == track.track_id:
            yield _mark(time, y, shot.fired.t_s, CROSS, "shot", f"{shot.effector_id} fired at track {track.track_id}")


def _hazard_bar(report: Report, time: Axis, y: float, hazard: HazardLine) -> Markup:
    until = hazard.closed.t_s if hazard.closed else report.finished.t_s
    tip = f"Hazard of track {hazard.track_id}: up to {hazard.radius_m:.0f} m, {hazard.state}"
    return _bar(time, y, hazard.lost.t_s, until, f"hazard-bar {hazard.state}", tip, 17.0)


def _left(line: WarningLine) -> str:
    return "time unknown" if line.seconds_left is None else f"{line.seconds_left:.0f} s left"


def _zone_lane(report: Report, time: Axis, y: float, lines: list[WarningLine]) -> Iterable[Markup]:
    yield label(LEFT - 10, y + 4, _left(lines[0]), "lane-note", "end")
    for line in lines:
        until = line.cleared.t_s if line.cleared else report.finished.t_s
        tip = f"Zone {line.zone_id} warned, {_left(line)} at the first message"
        yield _bar(time, y, line.raised.t_s, until, "warned-bar" if line.cleared else "warned-bar standing", tip)
        if line.cleared:
            yield _mark(time, y, line.cleared.t_s, "M0 -7V7", "clear", f"All clear in {line.zone_id}")


def _sensor_lane(report: Report, time: Axis, y: float, sensor: SensorLine) -> Iterable[Markup]:
    yield _bar(time, y, report.began.t_s, report.finished.t_s, "alive", f"{sensor.sensor_id}: scans came", 5.0)
    for span in sensor.silent:
        until = span.until.t_s if span.until else report.finished.t_s
        yield _bar(time, y, span.since.t_s, until, "silent-bar", f"{sensor.sensor_id}: silent", 13.0)


def _report_lane(report: Report, time: Axis, y: float) -> Iterable[Markup]:
    for line in report.reports:
        shape = CROSS if line.kind == "impact" else TRIANGLE
        yield _mark(time, y, line.at.t_s, shape, f"report {line.kind}", f"{line.kind} reported by {line.source}")


def _lanes(report: Report, time: Axis) -> tuple[list[tuple[str, str]], list[Markup]]:
    """Names of the lanes with their kind, and what is drawn in them."""
    names: list[tuple[str, str]] = []
    drawn: list[Markup] = []

    def lane(name: str, kind: str) -> float:
        names.append((name, kind))
        return TOP + (len(names) - 0.5) * LANE

    for track in leading(report, MOST_TRACKS):
        y = lane(f"{track.track_id} {track.classification.replace('_', '-')}", "track")
        drawn += _track_lane(report, time, y, track)
    zones: dict[str, list[WarningLine]] = {}
    for warning in report.warnings:
        zones.setdefault(warning.zone_id, []).append(warning)
    for zone, lines in list(zones.items())[:MOST_ZONES]:
        drawn += _zone_lane(report, time, lane(f"Zone {zone}", "zone"), lines)
    if report.reports:
        drawn += _report_lane(report, time, lane("Reports", "report"))
    for sensor in report.sensors:
        drawn += _sensor_lane(report, time, lane(sensor.sensor_id, "sensor"), sensor)
    return names, drawn


def _short(name: str, kind: str) -> str:
    room = 12 if kind == "zone" else 21  # a zone shares its lane's head with the seconds that were left
    return name if len(name) <= room else name[: room - 1] + "…"


def timeline_chart(report: Report) -> Markup:
    """Lanes over local time; the same events stand in the table below it."""
    time = time_axis(report.began, *window(report), LEFT, WIDTH - RIGHT)
    names, drawn = _lanes(report, time)
    bottom = TOP + LANE * len(names)
    back: list[Markup] = []
    for index, (name, kind) in enumerate(names):
        y = TOP + index * LANE
        back.append(node("rect", {"x": 0, "y": y, "width": WIDTH, "height": LANE, "class": f"lane {kind}-lane"}))
        back.append(label(8, y + 17, _short(name, kind), "lane-name"))
    for value, text in time.ticks:
        x = time.at(value)
        back.append(node("line", {"x1": x, "x2": x, "y1": TOP, "y2": bottom, "class": "grid"}))
        back.append(label(x, TOP - 10, text, "axis-text", "middle"))
    title = "When each track, warning and sensor was active"
    text = "A lane for each notable track, warned zone and sensor. The table that follows has the same events."
    return figure("timeline-chart", title, text, (WIDTH, bottom + 6), *back, *drawn)
