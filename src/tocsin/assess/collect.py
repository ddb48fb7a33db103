"""Gathers what an assessor may see from a stream of Events: the same for an exercise, a run folder and a test."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import ReportTable
from tocsin.records.engagement import Shot
from tocsin.records.events import Events
from tocsin.records.outcomes import ForecastHistory, ImpactWitness, Observed, TrackHistory
from tocsin.records.tracks import TrackEnd

__all__ = ["Collector"]


class Collector:
    """Takes batches one by one with `add`; `observed` gives everything so far. Late scans are put in their place."""

    def __init__(self) -> None:
        self._end_t_s = 0.0
        self._tracks: list[tuple[FloatArray, IntArray, *tuple[FloatArray, ...]]] = []
        self._forecasts: list[tuple[FloatArray, IntArray, *tuple[FloatArray, ...]]] = []
        self._reports: list[ReportTable] = []
        self._ends: list[TrackEnd] = []
        self._shots: list[Shot] = []

    def note(self, record: object) -> None:
        """Take what was done after a batch; of that, the shots bear on outcomes."""
        if isinstance(record, Shot):
            self._shots.append(record)

    def add(self, events: Events, reports: ReportTable, shots: Iterable[Shot] = ()) -> None:
        """Take one batch: a track's row is kept when this batch saw it, coasted rows say nothing new."""
        self._end_t_s = max(self._end_t_s, events.t_s)
        table, identities = events.tracks.table, events.identities
        seen = np.nonzero(table.updated_t_s >= events.t_s)[0]
        if len(seen):
            sigma = np.sqrt(np.diagonal(table.covariance[seen], axis1=1, axis2=2))
            self._tracks.append(
                (
                    table.updated_t_s[seen].copy(),
                    table.track_id[seen].copy(),
                    table.state[seen].copy(),
                    np.max(sigma[:, :3], axis=1),
                    identities.probability[seen].copy(),
                    identities.hostile[seen].copy(),
                    np.max(sigma[:, 3:], axis=1),
                )
            )
        impacts = events.impacts
        if len(impacts.track_id):
            self._forecasts.append(
                (
                    np.full(len(impacts.track_id), events.t_s),
                    impacts.track_id.copy(),
                    impacts.impact_t_s.copy(),
                    impacts.impact_t_sigma_s.copy(),
                    impacts.position_m.copy(),
                    impacts.covariance.copy(),
                )
            )
        if len(reports.t_s):
            self._reports.append(reports)
        self._ends += events.tracks.ended
        self._shots += shots

    def observed(self, witnesses: tuple[ImpactWitness, ...] = (), shots_logged: bool = True) -> Observed:
        """What was seen so far. `shots_logged` False: no log of effectors was kept, so silence about shots is none."""
        tracks = _stacked(self._tracks, ((), (), (6,), (), (6,), (), ()))
        forecasts = _stacked(self._forecasts, ((), (), (), (), (3,), (2, 2)))
        return Observed(
            end_t_s=self._end_t_s,
            tracks=TrackHistory(tracks[0], tracks[1].astype(np.int64), *tracks[2:]),
            ends=tuple(self._ends),
            forecasts=ForecastHistory(forecasts[0], forecasts[1].astype(np.int64), *forecasts[2:]),
            reports=_joined_reports(self._reports),
            shots=tuple(self._shots) if shots_logged else None,
            witnesses=witnesses,
        )


def _stacked(
    rows: list[tuple[FloatArray, IntArray, *tuple[FloatArray, ...]]],
    shapes: tuple[tuple[int, ...], ...],
) -> list[FloatArray]:
    """Columns of all batches, in order of time and then of track."""
    if not rows:
        return [np.zeros((0, *shape)) for shape in shapes]
    columns = [np.concatenate([row[i] for row in rows]) for i in range(len(shapes))]
    order = np.lexsort((columns[1], columns[0]))
    return [column[order] for column in columns]


def _joined_reports(tables: list[ReportTable]) -> ReportTable:
    return ReportTable(
        t_s=np.concatenate([np.zeros(0), *(table.t_s for table in tables)]),
        source=tuple(value for table in tables for value in table.source),
        kind=tuple(value for table in tables for value in table.kind),
        id=tuple(value for table in tables for value in table.id),
        position_m=np.concatenate([np.zeros((0, 3)), *(table.position_m for table in tables)]),
        sigma_m=np.concatenate([np.zeros(0), *(table.sigma_m for table in tables)]),
        claim=tuple(value for table in tables for value in table.claim),
    )
