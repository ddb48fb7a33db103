"""Three plots on the incident's clock: heights, how well the impact was known, how many tracks were held."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from tocsin.report.model import Forecast, Report
from tocsin.report.svg import Axis, axis, figure, label, node, path_of, time_axis
from tocsin.report.timeline_view import window

__all__ = ["ellipse_plot", "height_plot", "track_count_plot"]

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 920.0, 300.0, 66.0, 16.0, 30.0, 34.0


def _axes(time: Axis, value: Axis, unit: str) -> Iterable[Markup]:
    for tick, text in value.ticks:
        y = value.at(tick)
        yield node("line", {"x1": LEFT, "x2": WIDTH - RIGHT, "y1": y, "y2": y, "class": "grid"})
        yield label(LEFT - 8, y + 4, text, "axis-text", "end")
    for tick, text in time.ticks:
        x = time.at(tick)
        yield node("line", {"x1": x, "x2": x, "y1": HEIGHT - BOTTOM, "y2": HEIGHT - BOTTOM + 5, "class": "tick"})
        yield label(x, HEIGHT - 12, text, "axis-text", "middle")
    yield node("path", {"d": f"M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}", "class": "axis"})
    yield label(LEFT - 58, TOP - 12, unit, "axis-text")


def _time(report: Report) -> Axis:
    return time_axis(report.began, *window(report), LEFT, WIDTH - RIGHT)


def _scale(low: float, high: float, *, log: bool = False) -> Axis:
    return axis(low, high, HEIGHT - BOTTOM, TOP, most=5, log=log)


def height_plot(report: Report) -> Markup | None:
    """Heights of all tracks above the site's level ground; None without tracks."""
    if not report.tracks:
        return None
    time = _time(report)
    shown = [t for t in report.tracks if t.path[-1].t_s >= time.low and t.path[0].t_s <= time.high]
    if not shown:
        return None
    # Airliners would press everything that matters into the lowest pixels, so the notable tracks set the scale.
    leading = [t for t in shown if t.notable] or shown
    top = 1.08 * max(max(t.height_max_m for t in leading), 50.0)
    value = _scale(min(0.0, *(p.height_m for t in leading for p in t.path)), top)
    lines, names = [], []
    for track in sorted(shown, key=lambda t: t.notable):
        points = [(time.at(p.t_s), value.at(p.height_m)) for p in track.path if time.low <= p.t_s <= time.high]
        if not points or all(p.height_m > top for p in track.path):
            continue
        tip = node("title", {}, f"Track {track.track_id}, {track.classification.replace('_', '-')}")
        kind = f"track c-{track.classification}" + ("" if track.notable else " faint")
        lines.append(node("path", {"d": path_of(points), "class": kind}, tip))
        if track.notable and len(leading) <= 12:
            x, y = max(points, key=lambda p: -p[1])
            names.append(label(x + 4, y - 4, str(track.track_id), f"track-text f-{track.classification}"))
    return figure(
        "height-plot",
        "Height above the site's level ground over time",
        f"One line for each track; the {len(leading)} notable ones set the scale.",
        (WIDTH, HEIGHT),
        *_axes(time, value, "height, m"),
        *lines,
        *names,
    )


def ellipse_plot(report: Report) -> Markup | None:
    """Semi-major axis of each 95 % impact ellipse over time, logarithmic; None without forecasts."""
    if not report.forecasts:
        return None
    time = _time(report)
    sizes = [max(one.semi_major_m, 1.0) for one in report.forecasts]
    value = _scale(min(sizes), max(sizes), log=True)
    groups: dict[int, list[Forecast]] = {}
    for track_id, forecast in zip(report.forecast_track_ids, report.forecasts, strict=True):
        groups.setdefault(track_id, []).append(forecast)
    classes = {track.track_id: track.classification for track in report.tracks}
    lines, names = [], []
    for track_id, group in groups.items():
        points = [(time.at(one.made.t_s), value.at(max(one.semi_major_m, 1.0))) for one in group]
        colour = classes.get(track_id, "rocket")
        tip = node("title", {}, f"Track {track_id}: last {group[-1].semi_major_m:.0f} m")
        lines.append(node("path", {"d": path_of(points), "class": f"track c-{colour}"}, tip))
        if len(groups) <= 12:
            names.append(label(points[-1][0] + 4, points[-1][1] - 4, str(track_id), f"track-text f-{colour}"))
    return figure(
        "ellipse-plot",
        "How well each impact point was known over time",
        "Semi-major axis of the 95 % ellipse of each impact forecast, metres, on a logarithmic scale.",
        (WIDTH, HEIGHT),
        *_axes(time, value, "95 % ellipse, semi-major axis, m"),
        *lines,
        *names,
    )


def _steps(spans: list[tuple[float, float]], time: Axis, value: Axis) -> str:
    changes = sorted([(low, 1) for low, _ in spans] + [(high, -1) for _, high in spans])
    points, held = [(time.at(time.low), value.at(0.0))], 0
    for t_s, change in changes:
        points.append((time.at(t_s), value.at(held)))
        held += change
        points.append((time.at(t_s), value.at(held)))
    points.append((time.at(time.high), value.at(held)))
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _most(spans: list[tuple[float, float]]) -> int:
    held = most = 0
    for _, change in sorted([(low, 1) for low, _ in spans] + [(high, -1) for _, high in spans]):
        held += change
        most = max(most, held)
    return most


def track_count_plot(report: Report) -> Markup | None:
    """Confirmed tracks held at each moment, all and notable; None without tracks."""
    if not report.tracks:
        return None
    every = [(t.path[0].t_s, t.path[-1].t_s) for t in report.tracks]
    notable = [(t.path[0].t_s, t.path[-1].t_s) for t in report.tracks if t.notable]
    time, value = _time(report), _scale(0.0, max(_most(every), 1) * 1.1)
    whole = tuple((tick, text) for tick, text in value.ticks if tick == int(tick))
    value = Axis(value.low, value.high, value.start_px, value.end_px, whole)
    return figure(
        "count-plot",
        "Number of confirmed tracks held over time",
        f"At most {_most(every)} at once, of which at most {_most(notable)} notable.",
        (WIDTH, HEIGHT),
        *_axes(time, value, "tracks held"),
        node("path", {"d": _steps(every, time, value), "class": "count all"}),
        node("path", {"d": _steps(notable, time, value), "class": "count notable"}),
    )
