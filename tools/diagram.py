"""The reliability diagram as a file: claimed against true, one panel for classes and one for drone against bird."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from markupsafe import Markup

from tocsin.report.svg import Axis, axis, figure, label, node
from tocsin.study.calibration import Calibration, FamilyResult

__all__ = ["draw_identity", "reliability_diagram"]

WIDTH, HEIGHT, SIDE, TOP, LEFT, GAP = 760.0, 430.0, 300.0, 46.0, 52.0, 74.0
COLOURS = ("#1b1b1b", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b28600")  # after Okabe and Ito, told apart by all
STYLE = (
    "text{font:12px sans-serif;fill:#1b1b1b}.title{font-weight:bold}.grid{stroke:#ccc;stroke-width:1}"
    ".even{stroke:#888;stroke-dasharray:5 4}.back{fill:#fff}"
)


def _frame(x: Axis, y: Axis, title: str) -> list[Markup]:
    parts = [label(x.start_px, TOP - 14, title, "title")]
    for value, text in x.ticks:
        at = x.at(value)
        parts.append(node("line", {"x1": at, "x2": at, "y1": y.start_px, "y2": y.end_px, "class": "grid"}))
        parts.append(label(at, y.start_px + 17, text, "tick", "middle"))
    for value, text in y.ticks:
        at = y.at(value)
        parts.append(node("line", {"x1": x.start_px, "x2": x.end_px, "y1": at, "y2": at, "class": "grid"}))
        parts.append(label(x.start_px - 6, at + 4, text, "tick", "end"))
    ends = {"x1": x.start_px, "y1": y.start_px, "x2": x.end_px, "y2": y.end_px}
    parts.append(node("line", {**ends, "class": "even"}))
    parts.append(label((x.start_px + x.end_px) / 2, y.start_px + 36, "claimed", "axis", "middle"))
    return parts


def _line(x: Axis, y: Axis, result: Calibration, colour: str, shift: float, whiskers: bool) -> list[Markup]:
    points = [(x.at(b.claimed) + shift, y.at(b.true.numerator / b.true.denominator)) for b in result.bins]
    path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
    parts = [node("path", {"d": path, "fill": "none", "stroke": colour, "stroke-width": "1.5"})]
    for (px, py), each in zip(points, result.bins, strict=True):
        parts.append(node("circle", {"cx": px, "cy": py, "r": 3.0, "fill": colour}))
        if whiskers:
            ends = {"x1": px, "x2": px, "y1": y.at(each.true.low), "y2": y.at(each.true.high)}
            parts.append(node("line", {**ends, "stroke": colour, "stroke-width": "1.5"}))
    return parts


def _panel(title: str, results: Sequence[Calibration], left: float) -> list[Markup]:
    x = axis(0.0, 1.0, left, left + SIDE, most=5)
    y = axis(0.0, 1.0, TOP + SIDE, TOP, most=5)
    parts = _frame(x, y, title)
    for k, result in reversed(list(enumerate(results))):
        parts += _line(x, y, result, COLOURS[k % len(COLOURS)], 0.0, whiskers=k == 0)
    return parts


def reliability_diagram(families: Sequence[FamilyResult], age: str) -> str:
    """An SVG document. Looks at one age, so that each track counts once; Wilson's 95 % stand on the first family."""
    title = f"Identification: what was claimed of tracks {age} old, and how often it was true"
    told = "; ".join(f"{f.family}: {f.classes_by_age[age].looks} looks" for f in families)
    parts = [node("style", {}, Markup(STYLE)), node("rect", {"width": WIDTH, "height": HEIGHT, "class": "back"})]
    parts += _panel("Likeliest of six classes", [f.classes_by_age[age] for f in families], LEFT)
    parts += _panel("Drone (against bird)", [f.drones_by_age[age] for f in families], LEFT + SIDE + GAP)
    for k, family in enumerate(families):
        at = LEFT + k * (WIDTH - LEFT) / len(families)
        parts.append(node("circle", {"cx": at, "cy": HEIGHT - 16, "r": 4.0, "fill": COLOURS[k % len(COLOURS)]}))
        parts.append(label(at + 8, HEIGHT - 12, family.family, "legend"))
    return str(figure("reliability", title, told, (WIDTH, HEIGHT), *parts)) + "\n"


def draw_identity(proof: Path, target: Path) -> Path:
    """The diagram that the docs show, of tracks ten seconds old, from the proof's file."""
    families = msgspec.convert(msgspec.json.decode(proof.read_bytes())["result"], list[FamilyResult])
    target.write_text(reliability_diagram(families, "10 s"), encoding="utf-8")
    return target
