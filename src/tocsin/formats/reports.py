"""Reports that are not plots, and how they join the batches of the detections.

| column | rule |
| --- | --- |
| `t` | when it reached the system, written like the detections' `t` |
| `source` | who says so; not empty |
| `kind` | one of `REPORT_KINDS` |
| `id` | what the source calls the thing; may be empty |
| `lat`, `lon` | WGS 84 degrees; exactly 0, 0 says "not known", and costs the row |
| `alt_m` | ellipsoidal height; empty, or -1000 as Remote ID writes it: not known |
| `sigma_m` | standard deviation of the place per horizontal axis, above 0 |
| `claim` | what it says of itself, as given; may be empty |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.cells import Cell, Row, checked
from tocsin.formats.places import (
    ALTITUDE,
    LATITUDE,
    LONGITUDE,
    SIGMA,
    near_site,
    place_unknown,
    reported_place,
)
from tocsin.formats.tables import rows_of, text_of
from tocsin.formats.times import TimeBase
from tocsin.records.detections import (
    REPORT_KINDS,
    Batch,
    ErrorRecord,
    ReportTable,
    empty_reports,
    empty_table,
)
from tocsin.records.site import Site

__all__ = ["REQUIRED", "Reports", "merge", "read_reports"]

REQUIRED = ("t", "source", "kind", "id", "lat", "lon", "alt_m", "sigma_m", "claim")


@dataclass(frozen=True, slots=True)
class Reports:
    """A file of reports: the usable ones in order of time, and the others."""

    table: ReportTable
    errors: tuple[ErrorRecord, ...]
    rows_read: int


@dataclass(frozen=True, slots=True)
class _Report:
    t_s: float
    source: str
    kind: str
    id: str
    geodetic: tuple[float, float, float]
    sigma_m: float
    claim: str


def read_reports(path: Path | str, site: Site, base: TimeBase) -> Reports:
    """Read a file of reports. Raises BadInput when no row can be read or the file cannot be read as a whole.

    A receiver without a fix writes 0, 0 for hours: such rows are errors, each of them, and no reason to refuse a run.
    """
    good: list[_Report] = []
    errors: list[ErrorRecord] = []
    rows, unplaced = 0, 0
    for row in rows_of(path, REQUIRED):
        rows += 1
        found, placeless = _one(row, str(path), base, site)
        unplaced += placeless
        if isinstance(found, ErrorRecord):
            errors.append(found)
        else:
            good.append(found)
    if errors and not good and not unplaced:
        first = errors[0]
        raise BadInput(
            f"none of the {rows} rows can be used; the first: {first.problem}",
            file=str(path),
            row=first.row,
            column=first.column,
            value=first.value,
        )
    good.sort(key=lambda report: report.t_s)
    return Reports(_table(good, site), tuple(errors), rows)


def _one(row: Row, file: str, base: TimeBase, site: Site) -> tuple[_Report | ErrorRecord, bool]:
    """A row's report or its error record, and whether the row says that its place is not known."""
    if row.problem:
        return row.error(file, np.nan, "", row.text, row.problem), False
    cells = row.cells
    t_s, column, value = np.nan, "t", cells.get("t")
    place: dict[str, float] = {}
    try:
        t_s = base.seconds(value)
        column, value = "source", cells.get("source")
        if not text_of(value):
            raise ValueError("a source is needed here")
        column, value = "kind", cells.get("kind")
        if text_of(value) not in REPORT_KINDS:
            raise ValueError(f"unknown kind; one of {', '.join(REPORT_KINDS)}")
        for rule in (LATITUDE, LONGITUDE, ALTITUDE, SIGMA):
            column, value = rule.name, cells.get(rule.name)
            place[column] = checked(value, rule)
            if rule is not ALTITUDE and np.isnan(place[column]):
                raise ValueError("a value is needed here")
        column, value = "lat", cells.get("lat")
        geodetic = reported_place(place["lat"], place["lon"], place["alt_m"])
        near_site(geodetic[0], geodetic[1], site)
    except ValueError as error:
        nowhere = place_unknown(place.get("lat", np.nan), place.get("lon", np.nan))
        return row.error(file, t_s, column, value, str(error)), nowhere
    source, kind, name, claim = (_as_given(cells.get(key)) for key in ("source", "kind", "id", "claim"))
    return _Report(t_s, source, kind, name, geodetic, place["sigma_m"], claim), False


def _as_given(cell: Cell) -> str:
    return text_of(cell)


def _origin(site: Site) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([site.lat_deg, site.lon_deg, site.alt_m])


def _table(good: list[_Report], site: Site) -> ReportTable:
    if not good:
        return empty_reports()
    geodetic = np.array([report.geodetic for report in good])
    unknown = np.isnan(geodetic[:, 2])
    geodetic[unknown, 2] = site.alt_m
    position_m = frames.geodetic2enu(geodetic, _origin(site))
    position_m[unknown, 2] = np.nan
    return ReportTable(
        t_s=np.array([report.t_s for report in good]),
        source=tuple(report.source for report in good),
        kind=tuple(report.kind for report in good),
        id=tuple(report.id for report in good),
        position_m=position_m,
        sigma_m=np.array([report.sigma_m for report in good]),
        claim=tuple(report.claim for report in good),
    )


def merge(batches: Iterator[Batch], reports: Reports, base: TimeBase) -> Iterator[Batch]:
    """Let each report reach the system at its own time.

    A report joins the batch whose border is the first at or after it; where that is more than a second away, it comes
    in a tick of its own, so that a sighting is not held back until a radar speaks. Reports after the last batch come in
    ticks. Unusable rows are told with the first batch.
    """
    table, told, index = reports.table, 0, 0
    total, errors = len(table.t_s), reports.errors
    for batch in batches:
        border = batch.t_arrival_s
        while told < total and table.t_s[told] < border - 1.0:
            upto = _same_time(table, told, total)
            yield _tick(index, float(table.t_s[told]), _rows(table, told, upto), errors, base)
            index, told, errors = index + 1, upto, ()
        upto = told + int(np.searchsorted(table.t_s[told:], border, side="right"))
        yield replace(batch, index=index, reports=_rows(table, told, upto), errors=errors + batch.errors)
        index, told, errors = index + 1, upto, ()
    while told < total:
        upto = _same_time(table, told, total)
        yield _tick(index, float(table.t_s[told]), _rows(table, told, upto), errors, base)
        index, told, errors = index + 1, upto, ()


def _same_time(table: ReportTable, told: int, total: int) -> int:
    """End of the run of reports within a tenth of a second of the one at `told`, which one tick carries."""
    return min(total, told + int(np.searchsorted(table.t_s[told:], table.t_s[told] + 0.1, side="right")))


def _tick(index: int, t_s: float, rows: ReportTable, errors: tuple[ErrorRecord, ...], base: TimeBase) -> Batch:
    latest = float(rows.t_s[-1]) if len(rows.t_s) else t_s
    return Batch(index, latest, latest, -1, empty_table(), rows, errors, base.text(latest))


def _rows(table: ReportTable, start: int, stop: int) -> ReportTable:
    if start == stop:
        return empty_reports()
    return ReportTable(
        t_s=table.t_s[start:stop],
        source=table.source[start:stop],
        kind=table.kind[start:stop],
        id=table.id[start:stop],
        position_m=table.position_m[start:stop],
        sigma_m=table.sigma_m[start:stop],
        claim=table.claim[start:stop],
    )
