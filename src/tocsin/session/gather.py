"""A finished run as the incident report needs it, gathered while it runs or read back from its folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from tocsin.errors import BadInput, ChainBroken
from tocsin.journal import Kinds, Reader, open_store
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, ReportTable
from tocsin.records.engagement import Engaged, OperatorAct, Shot
from tocsin.records.events import Events
from tocsin.records.outcomes import Assessment
from tocsin.records.plan import Plan
from tocsin.records.run import ImpactRows, ReachRows, RunRecord, TrackLife, TrackRows
from tocsin.session.kinds import KINDS, Assessed, End, Origin
from tocsin.session.session import Sink

__all__ = ["Recorder", "read_run"]


class Recorder(Sink):
    """Takes a run batch by batch; `record` gives the whole."""

    def __init__(self, plan: Plan, origin: Origin, release: str) -> None:
        self._plan, self._origin, self._release = plan, origin, release
        self._events: list[Events] = []
        self._reports: list[ReportTable] = []
        self._acts: list[OperatorAct] = []
        self._shots: list[Shot] = []
        self._engaged: list[Engaged] = []
        self._lives: dict[int, TrackLife] = {}
        self._batches = self._scans = self._detections = 0
        self._end_t_s = 0.0

    def put(self, batch: Batch, events: Events) -> None:
        """Take one batch and what came of it."""
        self._batches += 1
        self._scans += batch.sensor_index >= 0
        self._detections += len(batch.detections.row)
        self._end_t_s = max(self._end_t_s, events.t_s)
        self._events.append(events)
        if len(batch.reports.t_s):
            self._reports.append(batch.reports)
        self._live(events)

    def note(self, record: object) -> None:
        """Take what was done in an exercise."""
        if isinstance(record, OperatorAct):
            self._acts.append(record)
        elif isinstance(record, Shot):
            self._shots.append(record)
        elif isinstance(record, Engaged):
            self._engaged.append(record)

    def record(self, chain: str, assessments: tuple[Assessment, ...], *, finished: bool = True) -> RunRecord:
        """The run so far. `finished` False: it was cut off here."""
        origin, events = self._origin, self._events
        return RunRecord(
            scenario=origin.scenario,
            title=origin.title,
            sources=origin.sources,
            exercise=origin.exercise,
            epoch_utc=self._plan.epoch_utc,
            end_t_s=self._end_t_s,
            seed=origin.seed,
            release=self._release,
            chain=chain,
            site=self._plan.site,
            sensors=self._plan.sensors,
            batches=self._batches,
            scans=self._scans,
            detections=self._detections,
            tracks=_track_rows([e for e in events if e.report_due and len(e.tracks.table.track_id)]),
            lives=tuple(self._lives[k] for k in sorted(self._lives)),
            impacts=_impact_rows([e for e in events if len(e.impacts.track_id)]),
            reaches=_reach_rows([e for e in events if len(e.reaches.track_id)]),
            reports=_reports(self._reports),
            ends=tuple(end for e in events for end in e.tracks.ended),
            warnings=tuple(warning for e in events for warning in e.warnings),
            hazards=tuple(hazard for e in events for hazard in e.hazards),
            dismissals=tuple(dismissal for e in events for dismissal in e.dismissals),
            health=tuple(change for e in events for change in e.health),
            errors=tuple(error for e in events for error in e.errors),
            requests=tuple(request for e in self._engaged for request in e.requests),
            acts=tuple(self._acts),
            shots=tuple(self._shots),
            refusals=tuple(refusal for e in self._engaged for refusal in e.refusals),
            effectors=tuple(status for e in self._engaged for status in e.statuses),
            assessments=assessments,
            finished=finished,
        )

    def _live(self, events: Events) -> None:
        table, identities = events.tracks.table, events.identities
        for k, track_id in enumerate(table.track_id.tolist()):
            before = self._lives.get(track_id)
            self._lives[track_id] = TrackLife(
                track_id=track_id,
                born_t_s=float(table.born_t_s[k]),
                confirmed_t_s=events.t_s if before is None else before.confirmed_t_s,
                hostile=float(identities.hostile[k]),
                cooperative_id=identities.cooperative_id[k],
                claim_consistent=float(identities.claim_consistent[k]),
                lookalike=bool(identities.lookalike[k]),
            )


def read_run(folder: Path, kinds: Kinds = KINDS) -> RunRecord:
    """A run read back from its folder, outputs as they were recorded. Raises BadInput or ChainBroken."""
    store = open_store(folder)
    with closing(store):
        inputs = Reader(store, kinds, "inputs")
        header = inputs.header()
        plan, root = inputs.expect(Plan)
        origin, _ = inputs.expect(Origin)
        if not store.holds("outputs"):
            raise BadInput("no recorded events here; there is nothing to report on", file=store.name("outputs"))
        outputs = Reader(store, kinds, "outputs", root)
        recorder = Recorder(plan, origin, header.fingerprint.release)
        chain, assessments, finished = "", tuple[Assessment, ...](), False
        for item in inputs:
            if isinstance(item.record, Batch):
                output = next(outputs, None)
                if output is None:
                    break
                if not isinstance(output.record, Events):
                    raise ChainBroken("events belong here", file=outputs.file, record=output.entry.number)
                recorder.put(item.record, output.record)
                chain = output.entry.hash
            else:
                recorder.note(item.record)
                finished = isinstance(item.record, End)
        for output in outputs:
            if not isinstance(output.record, Assessed):
                raise ChainBroken("an assessment belongs here", file=outputs.file, record=output.entry.number)
            assessments, chain = output.record.assessments, output.entry.hash
    return recorder.record(chain, assessments, finished=finished)


def _column(events: list[Events], values: Callable[[Events], FloatArray], shape: tuple[int, ...] = ()) -> FloatArray:
    return np.concatenate([np.zeros((0, *shape)), *(values(e) for e in events)])


def _track_rows(events: list[Events]) -> TrackRows:
    return TrackRows(
        t_s=_column(events, lambda e: np.full(len(e.tracks.table.track_id), e.t_s)),
        track_id=_column(events, lambda e: e.tracks.table.track_id.astype(np.float64)).astype(np.int64),
        position_m=_column(events, lambda e: e.tracks.table.state[:, :3], (3,)),
        velocity_mps=_column(events, lambda e: e.tracks.table.state[:, 3:], (3,)),
        variance_m2=_column(events, lambda e: np.diagonal(e.tracks.table.covariance, axis1=1, axis2=2)[:, :3], (3,)),
        probability=_column(events, lambda e: e.identities.probability, (6,)),
    )


def _impact_rows(events: list[Events]) -> ImpactRows:
    return ImpactRows(
        t_s=_column(events, lambda e: np.full(len(e.impacts.track_id), e.t_s)),
        track_id=_column(events, lambda e: e.impacts.track_id.astype(np.float64)).astype(np.int64),
        impact_t_s=_column(events, lambda e: e.impacts.impact_t_s),
        impact_t_sigma_s=_column(events, lambda e: e.impacts.impact_t_sigma_s),
        position_m=_column(events, lambda e: e.impacts.position_m[:, :2], (2,)),
        lat_deg=_column(events, lambda e: e.impacts.lat_deg),
        lon_deg=_column(events, lambda e: e.impacts.lon_deg),
        covariance=_column(events, lambda e: e.impacts.covariance, (2, 2)),
    )


def _reach_rows(events: list[Events]) -> ReachRows:
    return ReachRows(
        t_s=_column(events, lambda e: np.full(len(e.reaches.track_id), e.t_s)),
        track_id=_column(events, lambda e: e.reaches.track_id.astype(np.float64)).astype(np.int64),
        asset_index=_column(events, lambda e: e.reaches.asset_index.astype(np.float64)).astype(np.int64),
        earliest_t_s=_column(events, lambda e: e.reaches.earliest_t_s),
        expected_t_s=_column(events, lambda e: e.reaches.expected_t_s),
        probability=_column(events, lambda e: e.reaches.probability),
    )


def _reports(tables: list[ReportTable]) -> ReportTable:
    return ReportTable(
        t_s=np.concatenate([np.zeros(0), *(table.t_s for table in tables)]),
        source=tuple(text for table in tables for text in table.source),
        kind=tuple(text for table in tables for text in table.kind),
        id=tuple(text for table in tables for text in table.id),
        position_m=np.concatenate([np.zeros((0, 3)), *(table.position_m for table in tables)]),
        sigma_m=np.concatenate([np.zeros(0), *(table.sigma_m for table in tables)]),
        claim=tuple(text for table in tables for text in table.claim),
    )
