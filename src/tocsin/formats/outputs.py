"""What a run writes for other programs: tracks.csv, impacts.csv, truth.csv, reports.csv, timing.json, errors.jsonl.

| file | columns |
| --- | --- |
| tracks.csv | `t,track_id,x,y,z,vx,vy,vz,var_x,var_y,var_z`, then `p_` and the name for each of `CLASSES` |
| impacts.csv | `t,track_id,impact_t,lat,lon,cov_ee,cov_en,cov_nn` |
| truth.csv | `t,id,x,y,z,vx,vy,vz,kind` |
| reports.csv | `t,source,kind,id,lat,lon,alt_m,sigma_m,claim` |

`x,y,z` are east, north, up in the site's frame, metres; `var_*` and `cov_*` are m². Rows are rounded to the micrometre
or millionth, which is far below what any sensor knows. A (t, track_id) stands once in tracks.csv: where two scans have
one t, the row is the one after the second, and late scans that arrive before the next t are in it. A late scan's rows
stand where it arrived. Which times have rows: `formats.rhythm`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import BinaryIO

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.rhythm import Rhythm
from tocsin.formats.times import TimeBase
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, ErrorRecord, ReportTable
from tocsin.records.events import Events
from tocsin.records.identities import CLASSES, IdentityTable
from tocsin.records.site import Site
from tocsin.records.tracks import TrackTable
from tocsin.records.truth import TruthTable

Stream = BinaryIO | io.RawIOBase

__all__ = [
    "IMPACT_COLUMNS",
    "REPORT_COLUMNS",
    "TRACK_COLUMNS",
    "TRUTH_COLUMNS",
    "ErrorsWriter",
    "ImpactsWriter",
    "ReportsWriter",
    "TracksWriter",
    "timing_json",
    "write_truth",
]

TRACK_COLUMNS = (
    *("t", "track_id", "x", "y", "z", "vx", "vy", "vz", "var_x", "var_y", "var_z"),
    *(f"p_{name}" for name in CLASSES),
)
IMPACT_COLUMNS = ("t", "track_id", "impact_t", "lat", "lon", "cov_ee", "cov_en", "cov_nn")
TRUTH_COLUMNS = ("t", "id", "x", "y", "z", "vx", "vy", "vz", "kind")
REPORT_COLUMNS = ("t", "source", "kind", "id", "lat", "lon", "alt_m", "sigma_m", "claim")

_PLAIN = pacsv.WriteOptions(include_header=False, quoting_style="none")
_QUOTED = pacsv.WriteOptions(include_header=False, quoting_style="needed")  # quotes every text, needed or not
_BUFFERED_ROWS = 4096


class _CsvWriter:
    """Rows to a CSV stream, many at a time."""

    def __init__(self, stream: Stream, columns: tuple[str, ...]) -> None:
        self._stream, self._columns = stream, columns
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self.rows = 0
        stream.write((",".join(columns) + "\n").encode())

    def put(self, *columns: pa.Array) -> None:
        """Add rows: one array for each column."""
        batch = pa.RecordBatch.from_arrays(list(columns), names=list(self._columns))
        self._waiting.append(batch)
        self._rows += batch.num_rows
        self.rows += batch.num_rows
        if self._rows >= _BUFFERED_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            self._stream.write(_csv_bytes(pa.Table.from_batches(self._waiting)))
            self._waiting, self._rows = [], 0
        self._stream.flush()


def _csv_bytes(table: pa.Table) -> bytes:
    """Rows as CSV, with quotes only where a text holds a separator, a quote or a line end."""
    for options in (_PLAIN, _QUOTED):
        text = pa.BufferOutputStream()
        try:
            pacsv.write_csv(table, text, options)
        except pa.ArrowInvalid:
            continue
        return bytes(text.getvalue().to_pybytes())
    raise BadInput("rows cannot be written as CSV")


class TracksWriter:
    """tracks.csv, as the events come. Call `close` after the last."""

    def __init__(self, stream: Stream, base: TimeBase) -> None:
        self._csv, self._base = _CsvWriter(stream, TRACK_COLUMNS), base
        self._rhythm = Rhythm()
        self._held: tuple[str, Events] | None = None

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return self._csv.rows

    def put(self, batch: Batch, events: Events) -> None:
        """Take the events of one batch."""
        text, table = batch.t_text or self._base.text(events.t_s), events.tracks.table
        late = events.tracks.late
        whole = self._rhythm.is_scan(batch, table)
        if late is not None and self._held is not None and self._held[1].tracks.table.t_s == late.t_s:
            self._write(self._held[0], late, events.identities)
            self._held = None
        elif late is not None:
            self._write(text, late, events.identities)
        if self._held is not None and self._held[1].tracks.table.t_s == table.t_s:
            self._held = self._held[0], events
        elif events.report_due or whole:
            self.flush()
            self._held = text, events

    def close(self) -> None:
        """Write what is held."""
        self.flush()
        self._csv.flush()

    def flush(self) -> None:
        """Write what is held: a newer t has come."""
        if self._held is not None:
            text, events = self._held
            self._held = None
            self._write(text, events.tracks.table, events.identities)

    def _write(self, text: str, table: TrackTable, identities: IdentityTable) -> None:
        known = np.isin(table.track_id, identities.track_id)
        n = int(known.sum())
        if n == 0:
            return
        who = identities.probability[np.searchsorted(identities.track_id, table.track_id[known])]
        variance = np.diagonal(table.covariance[known], axis1=1, axis2=2)[:, :3]
        numbers = np.hstack([table.state[known], variance, who])
        self._csv.put(_repeated(text, n), pa.array(table.track_id[known]), *_rounded(numbers, 6))


class ImpactsWriter:
    """impacts.csv, as the events come. Call `close` after the last."""

    def __init__(self, stream: Stream, base: TimeBase) -> None:
        self._csv, self._base = _CsvWriter(stream, IMPACT_COLUMNS), base

    @property
    def rows(self) -> int:
        """Rows written so far."""
        return self._csv.rows

    def put(self, batch: Batch, events: Events) -> None:
        """Take the events of one batch."""
        table = events.impacts
        n = len(table.track_id)
        if n == 0:
            return
        text = batch.t_text or self._base.text(events.t_s)
        at = pa.array([self._base.text(float(t)) for t in table.impact_t_s])
        place = np.stack([table.lat_deg, table.lon_deg], axis=1)
        c = table.covariance
        covariance = np.stack([c[:, 0, 0], c[:, 0, 1], c[:, 1, 1]], axis=1)
        # ninth decimal of a degree: a tenth of a millimetre
        self._csv.put(_repeated(text, n), pa.array(table.track_id), at, *_rounded(place, 9), *_rounded(covariance, 6))

    def close(self) -> None:
        """Write what waits."""
        self._csv.flush()


class ReportsWriter:
    """reports.csv: the reports of the batches, in order of arrival. Call `close` after the last."""

    def __init__(self, stream: Stream, base: TimeBase, site: Site) -> None:
        self._csv, self._base = _CsvWriter(stream, REPORT_COLUMNS), base
        self._origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])

    def put(self, reports: ReportTable) -> None:
        """Take the reports of one batch."""
        if len(reports.t_s) == 0:
            return
        unknown = np.isnan(reports.position_m[:, 2])
        geodetic = frames.enu2geodetic(np.where(np.isnan(reports.position_m), 0.0, reports.position_m), self._origin)
        geodetic[unknown, 2] = np.nan
        self._csv.put(
            pa.array([self._base.text(float(t)) for t in reports.t_s]),
            pa.array(reports.source),
            pa.array(reports.kind),
            pa.array(reports.id),
            *_rounded(geodetic[:, :2], 9),
            *_rounded(geodetic[:, 2:], 6),
            *_rounded(reports.sigma_m[:, None], 6),
            pa.array(reports.claim),
        )

    def close(self) -> None:
        """Write what waits."""
        self._csv.flush()


_NUMBER = re.compile(r"\d+(\.\d+)?")


class ErrorsWriter:
    """errors.jsonl: every error record, and a count of them by column and problem, whatever numbers it names."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.counts: dict[tuple[str, str], int] = {}
        self.firsts: dict[tuple[str, str], ErrorRecord] = {}

    @property
    def total(self) -> int:
        """Error records taken so far."""
        return sum(self.counts.values())

    def put(self, errors: Iterable[ErrorRecord]) -> None:
        """Take error records."""
        for error in errors:
            key = (error.column, _NUMBER.sub("#", error.problem.split(" (line ")[0]))
            self.counts[key] = self.counts.get(key, 0) + 1
            self.firsts.setdefault(key, error)
            self._stream.write(msgspec.json.encode(asdict(error)) + b"\n")


def write_truth(stream: Stream, truth: TruthTable, base: TimeBase) -> None:
    """truth.csv, in the order of the table."""
    csv = _CsvWriter(stream, TRUTH_COLUMNS)
    times, code = np.unique(truth.t_s, return_inverse=True)
    texts = np.array([base.text(float(t)) for t in times], dtype=object)
    index = truth.object_index
    csv.put(
        pa.array(texts[code], type=pa.string()),
        pa.array(np.array(truth.object_id, dtype=object)[index], type=pa.string()),
        *_rounded(truth.state, 6),
        pa.array(np.array(truth.kind, dtype=object)[index], type=pa.string()),
    )
    csv.flush()


def timing_json(
    *,
    advance_cpu_s: float,
    advance_wall_s: float,
    track_cpu_s: float,
    detections: int,
    scans: int,
    setup_s: dict[str, float],
) -> str:
    """timing.json. `track_cpu_s` is that of sense, track and identify; `setup_s` lies outside of `advance`."""
    inside = {
        "advance_cpu_s": advance_cpu_s,
        "advance_wall_s": advance_wall_s,
        "track_cpu_s": track_cpu_s,
        "detections": detections,
        "scans": scans,
    }
    outside = {f"setup_{name}_s": seconds for name, seconds in setup_s.items()}
    return json.dumps({key: round(value, 6) for key, value in (inside | outside).items()}, indent=2) + "\n"


def _repeated(text: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), n)


def _rounded(columns: FloatArray, decimals: int) -> list[pa.Array]:
    """Columns (n, k) as k Arrow arrays, rounded; NaN as a missing value, minus nought as nought."""
    rounded = np.round(columns, decimals) + 0.0
    return [pa.array(rounded[:, k], from_pandas=True) for k in range(rounded.shape[1])]
