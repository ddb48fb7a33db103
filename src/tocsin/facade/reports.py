"""Reports of strangers: those that can be used as a table, the others as error records."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tocsin import frames
from tocsin.facade.given import Report
from tocsin.formats.cells import Cell, checked, shown
from tocsin.formats.places import ALTITUDE, LATITUDE, LONGITUDE, SIGMA, near_site, reported_place
from tocsin.formats.times import TimeBase, moment
from tocsin.formats.values import real
from tocsin.records.detections import REPORT_KINDS, ErrorRecord, ReportTable, empty_reports
from tocsin.records.site import Site

__all__ = ["report_table"]

AHEAD_S = 2.0  # a stranger's clock may be ahead of the caller's by as much as a scan may be late
MOST_CHARACTERS = 1000  # of a source, an id or a claim: what is longer is no name


class _Fault(ValueError):
    """What is wrong with which field of a report."""

    def __init__(self, column: str, value: object, problem: str) -> None:
        self.column, self.value, self.problem = column, shown("" if value is None else str(value)), problem
        super().__init__(problem)


def report_table(
    reports: Sequence[Report], t_s: float, base: TimeBase, site: Site
) -> tuple[ReportTable, tuple[ErrorRecord, ...]]:
    """The usable reports of a call at `t_s` in order of time, and an error record for each of the others."""
    good: list[tuple[float, Report, tuple[float, float, float], float]] = []
    errors = []
    for row, report in enumerate(reports, 1):
        try:
            _words(report)
            good.append((_time(report, t_s, base), report, *_place(report, site)))
        except _Fault as fault:
            errors.append(ErrorRecord(t_s, "reports", row, fault.column, fault.value, fault.problem))
    if not good:
        return empty_reports(), tuple(errors)
    good.sort(key=lambda one: one[0])
    geodetic = np.array([place for _, _, place, _ in good])
    unknown = np.isnan(geodetic[:, 2])
    geodetic[unknown, 2] = site.alt_m
    position_m = frames.geodetic2enu(geodetic, np.array([site.lat_deg, site.lon_deg, site.alt_m]))
    position_m[unknown, 2] = np.nan
    table = ReportTable(
        t_s=np.array([at for at, _, _, _ in good]),
        source=tuple(report.source for _, report, _, _ in good),
        kind=tuple(report.kind for _, report, _, _ in good),
        id=tuple(report.id for _, report, _, _ in good),
        position_m=position_m,
        sigma_m=np.array([sigma_m for _, _, _, sigma_m in good]),
        claim=tuple(report.claim for _, report, _, _ in good),
    )
    return table, tuple(errors)


def _words(report: Report) -> None:
    for column in ("source", "kind", "id", "claim"):
        text = getattr(report, column)
        if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
            raise _Fault(column, text, f"a text of at most {MOST_CHARACTERS} characters is needed")
    if not report.source:
        raise _Fault("source", "", "a source is needed here")
    if report.kind not in REPORT_KINDS:
        raise _Fault("kind", report.kind, f"unknown kind; one of {', '.join(REPORT_KINDS)}")


def _time(report: Report, t_s: float, base: TimeBase) -> float:
    if report.t_s is None:
        return t_s
    try:
        at = base.since(moment(report.t_s))
    except ValueError as error:
        raise _Fault("t_s", report.t_s, str(error)) from None
    if at > t_s + AHEAD_S:
        raise _Fault(
            "t_s", report.t_s, f"{at - t_s:.3f} s after the call; at most {AHEAD_S:g} s can be a clock's error"
        )
    return at


def _place(report: Report, site: Site) -> tuple[tuple[float, float, float], float]:
    """Latitude, longitude and height, NaN where that is not known, and the standard deviation."""
    given: tuple[tuple[str, object], ...] = (
        ("lat_deg", report.lat_deg),
        ("lon_deg", report.lon_deg),
        ("alt_m", report.alt_m),
        ("sigma_m", report.sigma_m),
    )
    values = []
    for (column, value), rule in zip(given, (LATITUDE, LONGITUDE, ALTITUDE, SIGMA), strict=True):
        try:
            values.append(checked(_cell(value), rule))
        except ValueError as error:
            raise _Fault(column, value, str(error)) from None
        if column != "alt_m" and math.isnan(values[-1]):
            raise _Fault(column, value, "a value is needed here")
    try:
        place = reported_place(*values[:3])
        near_site(place[0], place[1], site)
    except ValueError as error:
        raise _Fault("lat_deg", report.lat_deg, str(error)) from None
    return place, values[3]


def _cell(value: object) -> Cell:
    """A number as a cell of a file holds it, None where it is not given; a text is no number here."""
    number = real(value)
    if value is None or (number is not None and math.isnan(number)):
        return None
    if number is None:
        raise ValueError("not a number")
    return number
