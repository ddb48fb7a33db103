"""A report to one self-contained page: no script, no font, no image and no style from anywhere else."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tocsin.records.identities import CLASSES
from tocsin.records.rates import Rate
from tocsin.report.map_view import MOST_NAMED, overview_map, site_map
from tocsin.report.model import Instant, Outcome, Report
from tocsin.report.plots_view import ellipse_plot, height_plot, track_count_plot
from tocsin.report.timeline_view import MOST_TRACKS, MOST_ZONES, timeline_chart

__all__ = ["render_html"]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _clock(instant: Instant | None) -> Markup:
    """Local time of day with its UTC beside it; seconds since the start where no time of day is known."""
    if instant is None:
        return Markup('<span class="none">not known</span>')
    if not instant.local:
        return Markup('<span class="when">{:.1f} s</span>').format(instant.t_s)
    return Markup('<time class="when" datetime="{}">{} <span class="utc">{}Z</span></time>').format(
        instant.utc, instant.local[11:21], _other_day(instant) + instant.utc[11:21]
    )


def _other_day(instant: Instant) -> str:
    """The weekday in UTC where it is not the local one: the order of the events of a night hangs on it."""
    if instant.local[:10] == instant.utc[:10]:
        return ""
    return WEEKDAYS[date.fromisoformat(instant.utc[:10]).weekday()] + " "


def _span(report: Report) -> str:
    """From when to when, with full dates, in local time and in UTC."""
    began, finished = report.began, report.finished
    if not began.local:
        return f"{began.t_s:.1f} s to {finished.t_s:.1f} s"
    parts = []
    for low, high, name in ((began.local, finished.local, f"UTC{began.local[21:]}"), (began.utc, finished.utc, "UTC")):
        weekday = WEEKDAYS[date.fromisoformat(low[:10]).weekday()]
        until = high[11:21] if low[:10] == high[:10] else f"{high[:10]} {high[11:21]}"
        parts.append(f"{weekday} {low[:10]} {low[11:21]} to {until} ({name})")
    return "; ".join(parts)


def _class_words(name: str) -> str:
    return name.replace("_", "-")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _percent(value: float | None) -> str:
    if value is None:
        return "not known"
    # A probability that rounds to certainty is not certain.
    return "< 1 %" if 0 < value < 0.01 else "> 99 %" if 0.99 < value < 1 else f"{100 * value:.0f} %"


def _interval(rate: Rate) -> str:
    return "no cases" if rate.denominator == 0 else f"{100 * rate.low:.0f}–{100 * rate.high:.0f} %"


def _odds(outcome: Outcome) -> str:
    if outcome.odds is None:
        return "certain"
    return f"{outcome.odds:,.0f} : 1" if outcome.odds >= 10 else f"{outcome.odds:.1f} : 1"


def _metres(value: float | None) -> str:
    if value is None:
        return "not known"
    return f"{value / 1000:.1f} km" if value >= 10000 else f"{value:.0f} m"


def _plots(report: Report) -> tuple[tuple[Markup | None, str], ...]:
    return (
        (height_plot(report), "Height above the site's level ground. Faint lines are other tracks."),
        (ellipse_plot(report), "Semi-major axis of the 95 % ellipse of each impact forecast."),
        (track_count_plot(report), "Confirmed tracks held. Solid: notable tracks; dashed: all."),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tocsin.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clock=_clock,
        span=_span,
        class_words=_class_words,
        words=_words,
        percent=_percent,
        interval=_interval,
        odds=_odds,
        metres=_metres,
    )
    return environment


def render_html(report: Report) -> str:
    """The page. Everything that came from an input is escaped: ids and claims are strangers' words."""
    environment = _environment()
    style, _, _ = environment.loader.get_source(environment, "style.css")  # type: ignore[union-attr]
    present = Counter(track.classification for track in report.tracks)
    notable = [track for track in report.tracks if track.notable]
    warned_zones = len({line.zone_id for line in report.warnings})
    return environment.get_template("report.html.j2").render(
        report=report,
        style=Markup(style),
        site_map=site_map(report),
        overview_map=overview_map(report),
        timeline_chart=timeline_chart(report),
        plots=[(plot, caption) for plot, caption in _plots(report) if plot],
        classes=[(name, present[name]) for name in CLASSES if present[name]],
        notable=notable,
        friendlies=[track for track in report.tracks if track.cooperative_id],
        warned_zones=warned_zones,
        hidden_names=max(len(notable) - MOST_NAMED, 0),
        hidden_tracks=max(len(notable) - MOST_TRACKS, 0),
        hidden_zones=max(warned_zones - MOST_ZONES, 0),
        error_count=sum(line.count for line in report.errors),
    )
