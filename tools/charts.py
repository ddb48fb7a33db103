"""Line charts as standalone SVG: a few series over one axis, with a legend, in figures that print and scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tocsin.report.svg import Axis, axis, figure, label, node, path_of

__all__ = ["COLOURS", "Chart", "Series", "draw"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")
"""Okabe and Ito's, which the colour-blind can tell apart; grey for what is no tracker."""

_STYLE = (
    "text{font:12px sans-serif;fill:#222}.title{font-weight:bold;font-size:13px}.tick{fill:#555;font-size:11px}"
    ".grid{stroke:#ddd;stroke-width:1}.frame{stroke:#888;fill:none}.line{fill:none;stroke-width:2}"
)
WIDTH, PANEL, TOP, BOTTOM, LEFT, RIGHT = 720.0, 240.0, 30.0, 40.0, 64.0, 16.0
LEGEND_ROW = 18.0


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one line; `low` and `high` make a whisker at each of them."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dashed: bool = False
    dots: bool = False
    loose: bool = False  # points that no line joins
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()  # of the points


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_x: bool = False
    log_y: bool = False
    band: tuple[float, float] | None = None  # shaded: where values should lie
    floor: float | None = None  # least value of the y axis
    names: tuple[str, ...] = ()  # of the whole numbers on the x axis, from 0


def draw(ident: str, title: str, description: str, charts: Sequence[Chart]) -> str:
    """A file of panels below each other."""
    keys, rows = _legend(charts)
    head = 12.0 + LEGEND_ROW * rows
    height = head + len(charts) * (PANEL + TOP + BOTTOM)
    parts: list[Markup] = [
        Markup(f"<style>{_STYLE}</style>"),
        node("rect", {"width": WIDTH, "height": height, "fill": "#fff"}),
        *keys,
    ]
    for k, chart in enumerate(charts):
        parts += _panel(chart, head + k * (PANEL + TOP + BOTTOM))
    return str(figure(ident, title, description, (WIDTH, height), *parts)) + "\n"


def _legend(charts: Sequence[Chart]) -> tuple[list[Markup], int]:
    """A key for each name, from left to right, and the number of rows that they take."""
    x, row, parts = LEFT, 0, []
    for name, colour, dashed in dict.fromkeys((s.name, s.colour, s.dashed) for chart in charts for s in chart.series):
        room = 48.0 + 6.4 * len(name)  # of a usual letter at this size
        if x > LEFT and x + room > WIDTH - RIGHT:
            x, row = LEFT, row + 1
        y = 16.0 + LEGEND_ROW * row
        parts += [_stroke([(x, y - 4.0), (x + 24.0, y - 4.0)], colour, dashed), label(x + 30.0, y, name, "key")]
        x += room
    return parts, row + 1


def _stroke(points: list[tuple[float, float]], colour: str, dashed: bool) -> Markup:
    attributes: dict[str, str | float] = {"d": path_of(points), "class": "line", "stroke": colour}
    if dashed:
        attributes["stroke-dasharray"] = "6 4"
    return node("path", attributes)


def _panel(chart: Chart, top: float) -> list[Markup]:
    upper, lower, right = top + TOP, top + TOP + PANEL, WIDTH - RIGHT
    xs = [x for s in chart.series for x, _ in s.points]
    ys = [y for s in chart.series for value in ([p[1] for p in s.points], s.low, s.high) for y in value]
    if chart.band is not None:
        ys += list(chart.band)
    if chart.floor is not None:
        ys.append(chart.floor)
    if chart.names:
        scale = Axis(-0.5, len(chart.names) - 0.5, LEFT, right, tuple((float(k), n) for k, n in enumerate(chart.names)))
    else:
        margin = 0.0 if chart.log_x else 0.03 * (max(xs) - min(xs))
        scale = axis(min(xs) - margin, max(xs) + margin, LEFT, right, log=chart.log_x)
    spare = 0.0 if chart.log_y else 0.05 * (max(ys) - min(ys))
    least = min(ys) - (0.0 if chart.floor is not None else spare)
    value = axis(least, max(ys) + spare, lower, upper, log=chart.log_y)
    parts = [label(LEFT, top + 20.0, chart.title, "title")]
    if chart.band is not None:
        high, low = value.at(chart.band[1]), value.at(chart.band[0])
        box: dict[str, str | float] = {"x": LEFT, "y": high, "width": right - LEFT, "height": low - high}
        parts.append(node("rect", {**box, "fill": "#e8f1e8"}))
    parts += _axes(chart, scale, value, (upper, lower, right))
    for series in chart.series:
        parts += _line(series, scale, value)
    return parts


def _axes(chart: Chart, scale: Axis, value: Axis, sides: tuple[float, float, float]) -> list[Markup]:
    upper, lower, right = sides
    parts = []
    for tick, text in value.ticks:
        y = value.at(tick)
        parts += [node("path", {"d": path_of([(LEFT, y), (right, y)]), "class": "grid"})]
        parts += [label(LEFT - 6.0, y + 4.0, text, "tick", "end")]
    for tick, text in scale.ticks:
        parts.append(label(scale.at(tick), lower + 16.0, text, "tick", "middle"))
    box = [(LEFT, upper), (right, upper), (right, lower), (LEFT, lower)]
    parts.append(node("path", {"d": path_of(box, closed=True), "class": "frame"}))
    parts.append(label(0.5 * (LEFT + right), lower + 33.0, chart.x_label, "name", "middle"))
    turned: dict[str, str | float] = {"x": 14.0, "y": 0.5 * (upper + lower), "class": "name", "text-anchor": "middle"}
    parts.append(node("text", {**turned, "transform": f"rotate(-90 14 {0.5 * (upper + lower):.1f})"}, chart.y_label))
    return parts


def _line(series: Series, scale: Axis, value: Axis) -> list[Markup]:
    where = [(scale.at(x), value.at(y)) for x, y in series.points]
    parts = [] if series.loose else [_stroke(where, series.colour, series.dashed)]
    for k, (x, y) in enumerate(where):
        if series.low:
            whisker = path_of([(x, value.at(series.low[k])), (x, value.at(series.high[k]))])
            parts.append(node("path", {"d": whisker, "stroke": series.colour, "fill": "none"}))
        if series.dots:
            parts.append(node("circle", {"cx": x, "cy": y, "r": 3.5, "fill": series.colour}))
        if series.labels:
            parts.append(label(x + 4.0, y - 5.0 - 12.0 * (k % 2), series.labels[k], "tick"))  # neighbours must not meet
    return parts
