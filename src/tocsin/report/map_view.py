"""The map: zones, what was warned, tracks, forecasts, hazards, sensors and assets, drawn to scale, north up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from markupsafe import Markup

from tocsin.report.leading import leading
from tocsin.report.model import Forecast, HazardLine, Report, Track
from tocsin.report.svg import figure, label, node, path_of

__all__ = ["overview_map", "site_map"]

WIDTH = 920.0
FONT = 13.0
MOST_NAMED, FEW = 24, 10
"""Tracks that are named and have their forecasts drawn; up to FEW of them the first forecasts are drawn, too."""

STEPS_M = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)


@dataclass(slots=True)
class _Sheet:
    """A map sheet: the scale, and the boxes that labels have taken."""

    west_m: float
    north_m: float
    metres_per_px: float
    width: float
    height: float
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    def at(self, east_m: float, north_m: float) -> tuple[float, float]:
        return (east_m - self.west_m) / self.metres_per_px, (self.north_m - north_m) / self.metres_per_px

    def inside(self, x: float, y: float, margin: float = 0.0) -> bool:
        return -margin <= x <= self.width + margin and -margin <= y <= self.height + margin

    def take(self, x: float, y: float, width: float, height: float) -> bool:
        """Claim a box; False if another label or the sheet's edge is in the way."""
        box = (x, y, x + width, y + height)
        if x < 2 or y < 2 or box[2] > self.width - 2 or box[3] > self.height - 2:
            return False
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in self.taken):
            return False
        self.taken.append(box)
        return True


def _sheet(points: list[tuple[float, float]], margin: float) -> _Sheet:
    east, north = [p[0] for p in points], [p[1] for p in points]
    span_e, span_n = max(east) - min(east), max(north) - min(north)
    span = max(span_e, span_n, 500.0)
    # Sheets stay between 5:3 and 5:4, so that neither a phone nor a printed page shows a strip.
    width_m = max(span_e, span_n * 1.25, span * 0.5) * (1 + 2 * margin)
    height_m = min(max(span_n * (1 + 2 * margin), width_m * 0.6), width_m * 0.8)
    scale = width_m / WIDTH
    west = (max(east) + min(east)) / 2 - width_m / 2
    top = (max(north) + min(north)) / 2 + height_m / 2
    return _Sheet(west, top, scale, WIDTH, height_m / scale)


def _grid(sheet: _Sheet) -> Iterable[Markup]:
    step = next((s for s in STEPS_M if sheet.width * sheet.metres_per_px / s <= 9), STEPS_M[-1])
    for k in range(
        math.ceil(sheet.west_m / step), math.floor((sheet.west_m + sheet.width * sheet.metres_per_px) / step) + 1
    ):
        x, _ = sheet.at(k * step, 0)
        yield node("line", {"x1": x, "x2": x, "y1": 0, "y2": sheet.height, "class": "grid"})
        yield label(
            x + 3,
            sheet.height - 5,
            f"{k * step / 1000:g} km E" if k >= 0 else f"{-k * step / 1000:g} km W",
            "grid-text",
        )
    south = sheet.north_m - sheet.height * sheet.metres_per_px
    for k in range(math.ceil(south / step), math.floor(sheet.north_m / step) + 1):
        _, y = sheet.at(0, k * step)
        yield node("line", {"x1": 0, "x2": sheet.width, "y1": y, "y2": y, "class": "grid"})
        if 16 < y < sheet.height - 22:
            yield label(4, y - 3, f"{k * step / 1000:g} km N" if k >= 0 else f"{-k * step / 1000:g} km S", "grid-text")


def _frame(sheet: _Sheet) -> Iterable[Markup]:
    """North arrow and scale bar, on top of everything."""
    x, y = sheet.width - 34, 16.0
    arrow = node("path", {"d": f"M{x} {y + 36}L{x + 9} {y}L{x + 18} {y + 36}L{x + 9} {y + 28}Z", "class": "north"})
    yield node("g", {"class": "furniture"}, arrow, label(x + 9, y + 52, "N", "north-text", "middle"))
    length = next(s for s in reversed(STEPS_M) if s / sheet.metres_per_px <= 220 or s == STEPS_M[0])
    px = length / sheet.metres_per_px
    x, y = sheet.width - px - 24, sheet.height - 30
    bar = node("path", {"d": f"M{x:.1f} {y - 6:.1f}V{y:.1f}H{x + px:.1f}V{y - 6:.1f}", "class": "scale"})
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length} m"
    back = node("rect", {"x": x - 8, "y": y - 26, "width": px + 16, "height": 34, "class": "plate"})
    yield node("g", {"class": "furniture"}, back, bar, label(x + px / 2, y - 9, text, "scale-text", "middle"))


def _zones(sheet: _Sheet, report: Report, *, names: bool) -> Iterable[Markup]:
    for zone in report.site.zones:
        points = [sheet.at(*corner) for corner in zone.corners_m]
        kind = "zone warned" if zone.warned else "zone"
        tip = node("title", {}, f"Zone {zone.zone_id} {zone.name}".strip() + (", warned" if zone.warned else ""))
        yield node("path", {"d": path_of(points, closed=True), "class": kind}, tip)
    for zone in report.site.zones if names else ():
        points = [sheet.at(*corner) for corner in zone.corners_m]
        left, right, top = min(p[0] for p in points), max(p[0] for p in points), min(p[1] for p in points)
        if zone.warned or right - left > 12 + 8 * len(zone.zone_id):
            kind = "zone-text warned" if zone.warned else "zone-text"
            yield label(left + 5, top + FONT + 2, zone.zone_id, kind)


def _ellipse(sheet: _Sheet, forecast: Forecast, kind: str) -> Markup:
    x, y = sheet.at(forecast.east_m, forecast.north_m)
    turn = f"translate({x:.1f} {y:.1f}) rotate({forecast.bearing_deg - 90:.1f})"
    radii = {
        "rx": max(forecast.semi_major_m / sheet.metres_per_px, 1.5),
        "ry": max(forecast.semi_minor_m / sheet.metres_per_px, 1.5),
    }
    return node("ellipse", {"transform": turn, "class": kind, **radii})


def _forecasts(sheet: _Sheet, tracks: list[Track]) -> Iterable[Markup]:
    """First forecast dashed, last one solid with its centre: all of them would hide the ground."""
    few = len(tracks) <= FEW
    for track in tracks:
        colour = f"c-{track.classification}"
        if few and track.first_forecast and track.first_forecast != track.last_forecast:
            yield _ellipse(sheet, track.first_forecast, f"ellipse first {colour}")
        if track.last_forecast:
            yield _ellipse(sheet, track.last_forecast, f"ellipse {colour}")
            x, y = sheet.at(track.last_forecast.east_m, track.last_forecast.north_m)
            yield node("path", {"d": f"M{x - 4:.1f} {y:.1f}h8M{x:.1f} {y - 4:.1f}v8", "class": f"centre {colour}"})


def _hazards(sheet: _Sheet, hazards: tuple[HazardLine, ...]) -> Iterable[Markup]:
    many = " many" if len(hazards) > 1 else ""
    for hazard in hazards:
        x, y = sheet.at(hazard.east_m, hazard.north_m)
        radius = hazard.radius_m / sheet.metres_per_px
        tip = node("title", {}, f"Hazard of lost track {hazard.track_id}: {hazard.radius_m:.0f} m, {hazard.state}")
        yield node("circle", {"cx": x, "cy": y, "r": radius, "class": f"hazard {hazard.state}{many}"}, tip)


def _line(sheet: _Sheet, track: Track) -> Markup:
    points = [sheet.at(p.east_m, p.north_m) for p in track.path]
    kind = f"track c-{track.classification}" + ("" if track.notable else " faint")
    name = track.classification.replace("_", "-")
    return node("path", {"d": path_of(points), "class": kind}, node("title", {}, f"Track {track.track_id}, {name}"))


def _end(sheet: _Sheet, track: Track) -> Markup:
    """Where the path begins (ring) and ends: an arrow in the direction of flight, a bar across it where it was lost."""
    points = [sheet.at(p.east_m, p.north_m) for p in track.path]
    x, y = points[-1]
    x0, y0 = next((p for p in reversed(points) if math.hypot(p[0] - x, p[1] - y) > 3), (x, y + 1))
    turn = math.degrees(math.atan2(y - y0, x - x0))
    colour = f"c-{track.classification}"
    shape = "M-7 -4.5L2 0L-7 4.5Z" if track.end_rule != "missed" else "M0 -6V6M-5 0H0"
    ring = node("circle", {"cx": points[0][0], "cy": points[0][1], "r": 3.5, "class": f"begin {colour}"})
    head = node(
        "path", {"d": shape, "transform": f"translate({x:.1f} {y:.1f}) rotate({turn:.1f})", "class": f"head {colour}"}
    )
    return node("g", {}, ring, head)


def _tag(sheet: _Sheet, points: list[tuple[float, float]], text: str, kind: str) -> Markup:
    """A label at the first of `points` around which there is room; none where the sheet is full."""
    width = 0.6 * FONT * len(text) + 4
    for x, y in points:
        for dx, dy in ((8, -8), (8, 18), (-width - 8, -8), (-width - 8, 18), (-width / 2, -16), (-width / 2, 26)):
            if sheet.take(x + dx, y + dy - FONT, width, FONT + 3):
                return label(x + dx + 2, y + dy, text, kind)
    return Markup("")


def _track_tags(sheet: _Sheet, tracks: list[Track]) -> Iterable[Markup]:
    for track in tracks:
        seen = [sheet.at(p.east_m, p.north_m) for p in track.path]
        seen = [p for p in seen if sheet.inside(*p, -6)]
        if seen:
            spots = [seen[round(share * (len(seen) - 1))] for share in (0.35, 0.15, 0.55, 0.75, 0.95)]
            name = track.classification.replace("_", "-")
            yield _tag(sheet, spots, f"{track.track_id} {name}", f"track-text f-{track.classification}")


def _keep_clear(sheet: _Sheet, report: Report) -> None:
    """No label may cover a symbol, or the north arrow and the scale bar."""
    places = [(one.east_m, one.north_m) for one in report.site.assets]
    places += [(one.east_m, one.north_m) for one in report.sensors]
    places += [(one.east_m, one.north_m) for one in report.reports]
    for x, y in (sheet.at(*place) for place in places):
        sheet.take(x - 7, y - 7, 14, 14)
    sheet.take(sheet.width - 44, 10, 40, 64)
    sheet.take(sheet.width - 260, sheet.height - 60, 256, 56)


def _places(sheet: _Sheet, report: Report) -> Iterable[Markup]:
    for asset in report.site.assets:
        x, y = sheet.at(asset.east_m, asset.north_m)
        yield node("circle", {"cx": x, "cy": y, "r": asset.radius_m / sheet.metres_per_px, "class": "asset-ring"})
        yield node("rect", {"x": x - 4.5, "y": y - 4.5, "width": 9, "height": 9, "class": "asset"})
        yield _tag(sheet, [(x, y)], asset.name or asset.asset_id, "place-text")
    for sensor in report.sensors:
        x, y = sheet.at(sensor.east_m, sensor.north_m)
        kind = "sensor silent" if sensor.silent else "sensor"
        yield node("path", {"d": f"M{x:.1f} {y - 7:.1f}l7 12h-14Z", "class": kind})
        yield _tag(sheet, [(x, y)], sensor.sensor_id, "place-text")
    for line in report.reports:
        x, y = sheet.at(line.east_m, line.north_m)
        if not (math.isfinite(x) and math.isfinite(y)) or not sheet.inside(x, y):
            continue
        shape = (
            f"M{x - 6:.1f} {y - 6:.1f}l12 12m0 -12l-12 12"
            if line.kind == "impact"
            else f"M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7Z"
        )
        tip = node("title", {}, f"{line.kind} reported by {line.source}")
        yield node("path", {"d": shape, "class": f"report {line.kind}"}, tip)


def _draw(report: Report, sheet: _Sheet, ident: str, title: str, *, names: bool) -> Markup:
    shown = [t for t in report.tracks if any(sheet.inside(*sheet.at(p.east_m, p.north_m)) for p in t.path)]
    notable = [track for track in shown if track.notable]
    named = [track for track in leading(report, MOST_NAMED) if track in notable]
    _keep_clear(sheet, report)
    place = [*_places(sheet, report)]  # places claim their labels before tracks do
    layers = [
        node("rect", {"x": 0, "y": 0, "width": sheet.width, "height": sheet.height, "class": "ground"}),
        node("g", {"aria-hidden": "true"}, *_grid(sheet)),
        node("g", {}, *_zones(sheet, report, names=names)),
        node("g", {}, *_hazards(sheet, report.hazards)),
        node("g", {}, *(_line(sheet, track) for track in shown if not track.notable)),
        node("g", {}, *_forecasts(sheet, named)),
        node("g", {}, *(_line(sheet, track) for track in notable), *(_end(sheet, track) for track in notable)),
        node("g", {}, *place),
        node("g", {}, *_track_tags(sheet, named)),
        *_frame(sheet),
    ]
    warned = sum(zone.warned for zone in report.site.zones)
    text = (
        f"North up. {len(notable)} notable and {len(shown) - len(notable)} other tracks, {warned} of "
        f"{len(report.site.zones)} zones warned, {len(report.hazards)} hazards of lost tracks, "
        f"{len(report.reports)} reports."
    )
    return figure(ident, title, text, (sheet.width, sheet.height), *layers)


def _ground(report: Report) -> list[tuple[float, float]]:
    points = [corner for zone in report.site.zones for corner in zone.corners_m]
    points += [(one.east_m, one.north_m) for one in report.site.assets]
    return points + [(one.east_m, one.north_m) for one in report.sensors]


def _near(report: Report) -> list[tuple[float, float]]:
    """What the closer map must show: the ground, and where things were forecast or reported to come down near it."""
    ground = _ground(report) or [(0.0, 0.0)]
    reach = 1.5 * max(max(abs(e), abs(n)) for e, n in ground) + 500.0
    ends = [(t.last_forecast.east_m, t.last_forecast.north_m) for t in report.tracks if t.last_forecast]
    ends += [(one.east_m, one.north_m) for one in report.reports]
    return ground + [p for p in ends if math.hypot(*p) <= reach]


def site_map(report: Report) -> Markup:
    """The protected ground and what came near it."""
    return _draw(
        report, _sheet(_near(report), 0.08), "site-map", f"Map of {report.site.name or 'the site'}", names=True
    )


def overview_map(report: Report) -> Markup | None:
    """Everything that was tracked; None where the closer map shows it all already."""
    near = _sheet(_near(report), 0.08)
    points = _near(report) + [(p.east_m, p.north_m) for t in report.tracks for p in t.path if t.notable]
    points = points or [(0.0, 0.0)]
    wide = _sheet(points, 0.06)
    if wide.metres_per_px < 1.4 * near.metres_per_px:
        return None
    return _draw(report, wide, "wide-map", "The wider surroundings", names=False)
