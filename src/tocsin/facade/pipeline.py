"""The whole pipeline as a library: sensors, zones and assets once, then a call for each scan.

from tocsin import Detections, Pipeline, Sensor, Zone

pipeline = Pipeline(sensors=[Sensor("radar-1", 33.7856, 42.4412, 188.0)], zones=[Zone("barracks", places)])
for scan in scans:  # each a Detections
    for warning in pipeline.update(scan).warnings:
        print(warning.zone_id, warning.action, warning.seconds_left)
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tocsin import pipeline, sense
from tocsin.errors import BadInput, CutOff
from tocsin.facade.given import Asset, Detections, Report, Sensor, Time, Zone
from tocsin.facade.history import History, Past
from tocsin.facade.inputs import detection_table, placed_sensors, protected
from tocsin.facade.reports import report_table
from tocsin.facade.results import Result, result_of
from tocsin.facade.turn import Turn
from tocsin.formats.cells import shown
from tocsin.formats.places import level_site
from tocsin.formats.times import TimeBase, moment
from tocsin.records.detections import Batch, empty_table
from tocsin.records.forecasts import ForecastSettings
from tocsin.records.plan import Plan
from tocsin.records.site import Site, Terrain
from tocsin.records.tracks import TrackSettings
from tocsin.records.warnings import WarnSettings

__all__ = ["Pipeline"]

S = TypeVar("S", bound="Pipeline")


class Pipeline:
    """Track, identify, forecast and warn of everything that flies past these sensors.

    One thread at a time may call it: a call while another is under way raises ConcurrentUse and does nothing. It does
    not wait, because scans belong in the order of their arrival, and threads that wait come in any order. `copy.copy`,
    `copy.deepcopy` and `pickle` give a pipeline of its own that goes on from the same state.
    """

    __slots__ = ("__weakref__", "_base", "_batches", "_past", "_plan", "_state", "_turn")

    def __init__(
        self,
        sensors: Sequence[Sensor],
        *,
        site: tuple[float, float, float] | None = None,
        zones: Sequence[Zone] = (),
        assets: Sequence[Asset] = (),
        terrain: Terrain | Path | str | None = None,
        settings: TrackSettings | None = None,
        forecast: ForecastSettings | None = None,
        warn: WarnSettings | None = None,
        refraction: bool = False,
        history: int = 600,
    ) -> None:
        """Place everything, nothing being known of the sky yet.

        `site` is the origin of the frame as latitude, longitude (degrees) and height (m); None: the first sensor.
        `terrain` is a file of heights (GeoTIFF or npz) about the site; None: the ground is level with the site.
        `refraction` says that elevations are apparent, to be corrected for the bending in the standard atmosphere.
        `history` is how many of the newest times are remembered for `history()`.
        Raises BadInput, naming field, row (from 1) and value, for what cannot be.
        """
        if isinstance(history, bool) or not isinstance(history, int) or history < 0:
            raise BadInput("a whole number, 0 or above, is needed", column="history", value=shown(str(history)))
        origin = None if site is None else level_site(float(site[0]), float(site[1]), float(site[2]))
        placed_at, table = placed_sensors(sensors, origin)
        if terrain is not None:
            placed_at = replace(placed_at, terrain=_ground(terrain, placed_at))
        self._plan = plan = Plan(
            "",
            protected(placed_at, zones, assets),
            table,
            refraction=refraction,
            track=TrackSettings() if settings is None else settings,
            forecast=ForecastSettings() if forecast is None else forecast,
            warn=WarnSettings() if warn is None else warn,
        )
        self._state: pipeline.State | None = pipeline.start(plan)
        self._base: TimeBase | None = None
        self._batches, self._past, self._turn = 0, Past(history), Turn()

    @property
    def epoch(self) -> datetime | None:
        """The instant of t_s = 0, which the first instant given has set; None for bare seconds."""
        return None if self._base is None else self._base.epoch

    def update(self, scan: Detections, reports: Sequence[Report] = ()) -> Result:
        """Take one scan, and what others have reported since the last call, and give what is known after it.

        Scans come in any order of sensors and in order of time; one that is late by at most `settings.max_late_s` is
        put in its place. Raises BadInput, naming field, row (from 1) and value, for a scan that cannot be used; the
        pipeline then stands as if it had not been given, but for one thing: a scan more than a minute ahead of all
        others is refused, and one that follows it there is believed. Where such a gap is right, `coast` over it first.
        A report that cannot be used is in the result's `errors`.
        """
        with self._turn:
            sensor, table = self._sensor_index(scan.sensor_id), detection_table(scan)
            base, t_s = self._time(scan.t_s)
            batch = self._batch(base, t_s, reports)
            batch = replace(batch, sensor_index=sensor, detections=table)
            problem = sense.refusal(self._plan, self._whole().sense, batch)
            if problem:
                ahead = t_s > self._whole().sense.newest_t_s
                hint = "; if the time is right, coast to it first" if ahead else ""
                raise BadInput(problem + hint, column="t_s", value=shown(repr(scan.t_s)))
            return self._advance(base, batch)

    def coast(self, t_s: Time, reports: Sequence[Report] = ()) -> Result:
        """What is known at a time at which no sensor looked. Raises BadInput for a time before the newest."""
        with self._turn:
            base, now_s = self._time(t_s)
            if now_s < self._whole().sense.newest_t_s:
                raise BadInput("tracks coast forwards only", column="t_s", value=shown(repr(t_s)))
            return self._advance(base, self._batch(base, now_s, reports))

    def history(self, track_id: int) -> History:
        """Where a track was, as far as it is remembered; an id that is not gives a history of length 0."""
        with self._turn:
            return self._past.of(track_id)

    def _sensor_index(self, sensor_id: str | None) -> int:
        names = self._plan.sensors.sensor_id
        if sensor_id is None:
            return 0
        if sensor_id not in names:
            known = shown(", ".join(names))
            raise BadInput(f"no such sensor; one of {known}", column="sensor_id", value=shown(str(sensor_id)))
        return names.index(sensor_id)

    def _time(self, at: Time) -> tuple[TimeBase, float]:
        """The base that holds from now on, and the seconds of a time on it."""
        try:
            when = moment(at)
            base = self._base
            if base is None:
                base = TimeBase(when.astimezone(UTC) if isinstance(when, datetime) else None)
            return base, base.since(when)
        except ValueError as error:
            raise BadInput(str(error), column="t_s", value=shown(repr(at))) from None

    def _batch(self, base: TimeBase, t_s: float, reports: Sequence[Report]) -> Batch:
        """A tick with these reports."""
        table, errors = report_table(reports, t_s, base, self._plan.site)
        return Batch(self._batches, t_s, t_s, -1, empty_table(), table, errors)

    def _whole(self) -> pipeline.State:
        if self._state is None:
            raise CutOff("an earlier call ended midway, and left half of its work; begin anew, or from a copy")
        return self._state

    def _advance(self, base: TimeBase, batch: Batch) -> Result:
        state, self._state = self._whole(), None  # an advance spends its state: one cut off midway leaves none
        after, events = pipeline.advance(self._plan, state, batch)
        self._past.add(events.tracks.table)
        self._base, self._batches, self._state = base, self._batches + 1, after
        return result_of(events, self._plan.site, base.epoch)

    def __copy__(self: S) -> S:
        return copy.deepcopy(self)

    def __deepcopy__(self: S, memo: dict[int, S]) -> S:
        twin: S = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__setstate__(self.__getstate__())
        return twin

    def __getstate__(self) -> tuple[Plan, pipeline.State, TimeBase | None, int, Past]:
        with self._turn:
            state, past = copy.deepcopy((self._whole(), self._past), {id(self._plan): self._plan})
            return self._plan, state, self._base, self._batches, past

    def __setstate__(self, held: tuple[Plan, pipeline.State, TimeBase | None, int, Past]) -> None:
        self._plan, self._state, self._base, self._batches, self._past = held
        self._turn = Turn()

    def __repr__(self) -> str:
        names, site = self._plan.sensors.sensor_id, self._plan.site
        told = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return (
            f"{type(self).__name__}({told}; {len(site.zones)} zones, {len(site.assets)} assets; {self._batches} calls)"
        )


def _ground(terrain: Terrain | Path | str, site: Site) -> Terrain:
    if isinstance(terrain, Terrain):
        return terrain
    from tocsin.formats.terrain import read_terrain  # a parser, for those who have a file

    return read_terrain(terrain, site)
