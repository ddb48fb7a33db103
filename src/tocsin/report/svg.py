"""Small SVG grammar: escaped nodes, a figure with its title and description, scales with round ticks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from tocsin.report.model import Instant

__all__ = ["Axis", "axis", "figure", "label", "node", "path_of", "time_axis", "time_text"]

TIME_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def node(tag: str, attributes: Mapping[str, str | float], *children: str) -> Markup:
    """One element; attribute values and text are escaped, children that are Markup already are not escaped again."""
    parts = [
        f' {name}="{escape(value) if isinstance(value, str) else _number(value)}"' for name, value in attributes.items()
    ]
    inner = "".join(str(escape(child)) for child in children)
    return Markup(f"<{tag}{''.join(parts)}>{inner}</{tag}>")


def figure(ident: str, title: str, description: str, size: tuple[float, float], *children: str) -> Markup:
    """A figure that scales to its container and tells a screen reader what it shows."""
    attributes: dict[str, str | float] = {
        "viewBox": f"0 0 {_number(size[0])} {_number(size[1])}",
        "role": "img",
        "aria-labelledby": f"{ident}-title {ident}-desc",
        "class": "figure",
        "xmlns": "http://www.w3.org/2000/svg",
    }
    head = (node("title", {"id": f"{ident}-title"}, title), node("desc", {"id": f"{ident}-desc"}, description))
    return node("svg", attributes, *head, *children)


def path_of(points: list[tuple[float, float]], *, closed: bool = False) -> str:
    """Path data through points (pixels), those that would move the pen by less than half a pixel left out."""
    kept: list[tuple[float, float]] = []
    for x, y in points:
        if not kept or math.hypot(x - kept[-1][0], y - kept[-1][1]) >= 0.5 or (x, y) == points[-1]:
            kept.append((x, y))
    text = "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in kept)
    return text + "Z" if closed else text


def label(x: float, y: float, text: str, kind: str, anchor: str = "start") -> Markup:
    """A line of text at a point."""
    return node("text", {"x": x, "y": y, "class": kind, "text-anchor": anchor}, text)


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear or logarithmic scale from values to pixels, with its ticks."""

    low: float
    high: float
    start_px: float
    end_px: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def at(self, value: float) -> float:
        """Pixel of a value; values outside the scale stay at its ends."""
        low, high, v = self.low, self.high, min(max(value, self.low), self.high)
        if self.log:
            low, high, v = math.log10(low), math.log10(high), math.log10(v)
        return self.start_px + (v - low) / (high - low) * (self.end_px - self.start_px)


def _round_step(span: float, most: int) -> float:
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= rough * (1 - 1e-9))


def axis(low: float, high: float, start_px: float, end_px: float, *, most: int = 6, log: bool = False) -> Axis:
    """A scale over [low, high] with at most about `most` round ticks; a span of nothing is widened."""
    if log:
        low, high = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(max(high, low * 1.01)))
        decades = range(round(math.log10(low)), round(math.log10(high)) + 1)
        ticks = tuple((10.0**d, f"{10.0**d:g}") for d in decades)
        return Axis(low, high if high > low else low * 10, start_px, end_px, ticks, log=True)
    if high - low < 1e-9:
        high = low + 1.0
    step = _round_step(high - low, most)
    first = math.ceil(low / step - 1e-9)
    ticks = tuple((k * step, f"{k * step:g}") for k in range(first, math.floor(high / step + 1e-9) + 1))
    return Axis(low, high, start_px, end_px, ticks)


def _second_of_day(origin: Instant) -> float | None:
    if not origin.local:
        return None
    hours, minutes, seconds = origin.local[11:21].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds) - origin.t_s


def time_text(origin: Instant, t_s: float) -> str:
    """Local time of day as 00:15:03 where it is known, otherwise seconds since the start."""
    offset = _second_of_day(origin)
    if offset is None:
        return f"{t_s:g} s"
    second = (offset + t_s) % 86400
    text = f"{int(second // 3600):02d}:{int(second // 60 % 60):02d}:{int(second % 60):02d}"
    return text if abs(second - round(second)) < 1e-6 else f"{text}.{round(second % 1 * 10)}"


def time_axis(origin: Instant, low: float, high: float, start_px: float, end_px: float, *, most: int = 7) -> Axis:
    """A scale of time whose ticks fall on round local times."""
    high = max(high, low + 1.0)
    step = next((s for s in TIME_STEPS_S if (high - low) / s <= most), TIME_STEPS_S[-1])
    offset = (_second_of_day(origin) or 0.0) % step
    first = math.ceil((low + offset) / step - 1e-9)
    last = math.floor((high + offset) / step + 1e-9)
    values = [k * step - offset for k in range(first, last + 1)]
    return Axis(low, high, start_px, end_px, tuple((value, time_text(origin, value)) for value in values))
