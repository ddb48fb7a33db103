"""The world in its order of time: what happens, what the sensors make of it, and when that reaches the system."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from tocsin.errors import BadScenario
from tocsin.records.detections import Batch, ReportTable
from tocsin.records.engagement import EngagementOrder, Shot
from tocsin.records.scenario import Scenario, SensorSpec
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site
from tocsin.world.coverage import Mount, Plots, plots_of
from tocsin.world.effects import Bursts, Pending
from tocsin.world.ground import ground_levels_m
from tocsin.world.motion import Kinematics, Movers
from tocsin.world.passive import Camera, DirectionFinder
from tocsin.world.radar import Radar
from tocsin.world.receivers import Receiver, Report, make_receiver
from tocsin.world.streams import Streams, generator
from tocsin.world.truth import ScanOrigin, TruthLog

__all__ = ["World"]

TICK_S = 1.0
BALLISTIC = ("rocket", "mortar")

_FIRE, _EFFECT, _LOOK, _POLL, _TICK, _ARRIVE = range(6)
"""Order of what happens at the same instant: what is shot first, then who looks, then what arrives."""

Action = Callable[[], "Batch | None"]
Sensor = Radar | Camera | DirectionFinder


class World:
    """One run of a scenario. The same scenario, site, sensors and seed, engaged alike, give the same batches."""

    def __init__(self, scenario: Scenario, site: Site, sensors: SensorTable, seed: int) -> None:
        self._scenario, self._site, self._seed = scenario, site, seed
        self._movers = Movers(scenario, site, generator(seed, "motion"))
        self._bursts = Bursts(scenario, site, Streams(seed, "effects"))
        self._ideal_detection = "detection" in scenario.engagement.ideal
        self._sensors = [self._sensor(spec, sensors, i) for i, spec in enumerate(scenario.sensors)]
        self._truth_log = TruthLog()
        self._queue: list[tuple[float, int, int, Action]] = []
        self._logged: set[float] = set()
        self._sequence = self._batches = self._rows = 0
        self._now_s = self._last_batch_s = 0.0
        self._latency_max_s = max(spec.latency_s for spec in scenario.sensors)
        self._told = [0] * len(scenario.receivers)  # impacts that each receiver has heard of
        self._reports: list[Report] = []
        self._receivers: list[Receiver] = []
        self._plan_first_events()

    @property
    def truth(self) -> TruthLog:
        """The sealed log, for scoring after the run; no stage may read it."""
        return self._truth_log

    @property
    def finished(self) -> bool:
        """Whether no batch is left."""
        return not self._queue

    def next_batch(self) -> Batch | None:
        """The next batch in order of arrival, None when the run is over."""
        while self._queue:
            self._now_s, _, _, action = heapq.heappop(self._queue)
            batch = action()
            if batch is not None:
                self._last_batch_s = self._now_s
                return batch
        return None

    def engage(self, orders: tuple[EngagementOrder, ...]) -> tuple[Shot, ...]:
        """Take orders; give the shots they lead to, which is all that the site's own log would show.

        A burst begins at the order's `fire_t_s`, or now where that has passed or is not given; its effect comes half a
        burst and the projectiles' flight later. What it does is drawn then and written to `truth` alone.
        """
        if not orders:
            return ()
        truth = self._movers.advance(self._now_s)
        pending = [self._bursts.take(order, truth) for order in orders]
        for burst in pending:
            self._push(burst.fired_t_s, _FIRE, partial(self._fire, burst))
            self._push(burst.shot.t_effect_s, _EFFECT, partial(self._effect, burst))
        return tuple(burst.shot for burst in pending)

    def _sensor(self, spec: SensorSpec, table: SensorTable, index: int) -> Sensor:
        mount = Mount(table.position_m[index], table.rotation[index], self._site)
        ground = ground_levels_m(self._site.terrain, np.array([spec.east_m]), np.array([spec.north_m]))[0]
        if spec.height_m < ground:
            problem = f"at {spec.height_m:g} m the sensor is inside the terrain, whose level is {ground:.0f} m there"
            raise BadScenario(problem, place=f"sensors[{index}].height_m")
        streams = Streams(self._seed, "sensor", spec.id)
        if spec.kind == "eo_ir":
            return Camera(spec, mount, streams, self._ideal_detection)
        if spec.kind == "rf_df":
            return DirectionFinder(spec, mount, streams, self._ideal_detection, self._movers.spec)
        return Radar(spec, mount, streams, self._ideal_detection)

    def _plan_first_events(self) -> None:
        for index, sensor in enumerate(self._sensors):
            phase = generator(self._seed, "phase", sensor.spec.id).random() * sensor.spec.revisit_s
            self._push(phase, _LOOK, partial(self._look, index, phase, 0))
        for index, spec in enumerate(self._scenario.receivers):
            streams = Streams(self._seed, "receiver", spec.id)
            self._receivers.append(make_receiver(spec, self._site, streams, self._movers.spec))
            phase = generator(self._seed, "phase", spec.id).random() * spec.period_s
            self._push(phase, _POLL, partial(self._poll, index, phase, 0))
        self._push(TICK_S, _TICK, partial(self._tick, 1))

    def _push(self, t_s: float, kind: int, action: Action) -> None:
        """Queue what happens at `t_s`, unless the run is over by then."""
        if t_s <= self._scenario.duration_s:
            self._sequence += 1
            heapq.heappush(self._queue, (t_s, kind, self._sequence, action))

    def _advance(self) -> Kinematics:
        truth = self._movers.advance(self._now_s)
        self._truth_log.impacts += self._movers.impacts()
        return truth

    def _fire(self, burst: Pending) -> None:
        self._bursts.fire(burst, self._advance())

    def _effect(self, burst: Pending) -> None:
        truth = self._advance()
        effect = self._bursts.effect(burst, truth)
        self._truth_log.effects.append(effect)
        if effect.success:
            kind = truth.kind[truth.id.index(effect.target_id)]
            self._movers.end(effect.target_id, self._now_s, "break_up" if kind in BALLISTIC else "disabled")

    def _look(self, index: int, phase_s: float, count: int) -> None:
        """One scan. During an outage it is drawn and thrown away, so that the outage changes no later draw."""
        spec = self._sensors[index].spec
        truth = self._advance()
        plots = self._sensors[index].scan(truth)
        out = any(begin <= self._now_s < end for begin, end in spec.outages_s)
        if not out or self._ideal_detection:
            self._push(self._now_s + spec.latency_s, _ARRIVE, partial(self._arrive, index, truth, plots))
        self._push(phase_s + (count + 1) * spec.revisit_s, _LOOK, partial(self._look, index, phase_s, count + 1))

    def _poll(self, index: int, phase_s: float, count: int) -> None:
        receiver, truth = self._receivers[index], self._advance()
        impacts = self._truth_log.impacts
        self._reports += receiver.poll(truth, tuple(impacts[self._told[index] :]))
        self._told[index] = len(impacts)
        next_s = phase_s + (count + 1) * receiver.spec.period_s
        self._push(next_s, _POLL, partial(self._poll, index, phase_s, count + 1))

    def _tick(self, count: int) -> None:
        """A tick's time is old by the longest latency when it comes, so that it never overtakes a scan."""
        due_s = self._now_s + self._latency_max_s
        self._push(due_s, _ARRIVE, partial(self._arrive_tick, self._advance()))
        self._push((count + 1) * TICK_S, _TICK, partial(self._tick, count + 1))

    def _arrive_tick(self, truth: Kinematics) -> Batch | None:
        if self._now_s - self._last_batch_s < TICK_S - 1e-9:
            return None
        return self._batch(truth, -1, plots_of({"azimuth_rad": np.zeros(0)}, []))

    def _arrive(self, index: int, truth: Kinematics, plots: Plots) -> Batch:
        return self._batch(truth, index, plots)

    def _batch(self, truth: Kinematics, index: int, plots: Plots) -> Batch:
        """Number the rows, add the reports that have come by now, and write down what is true."""
        first = self._rows + 1
        self._rows += len(plots.origin)
        detections = replace(plots.detections, row=np.arange(first, self._rows + 1, dtype=np.int64))
        come = sorted((r for r in self._reports if r.t_arrival_s <= self._now_s), key=lambda r: r.t_arrival_s)
        self._reports = [r for r in self._reports if r.t_arrival_s > self._now_s]
        batch = Batch(self._batches, truth.t_s, self._now_s, index, detections, _report_table(come), ())
        if truth.t_s not in self._logged:
            self._logged.add(truth.t_s)
            self._truth_log.states.append(truth)
        if index >= 0:
            self._truth_log.origins.append(ScanOrigin(batch.index, truth.t_s, index, first, plots.origin))
        self._batches += 1
        return batch


def _report_table(reports: list[Report]) -> ReportTable:
    return ReportTable(
        t_s=np.array([r.t_s for r in reports], dtype=np.float64),
        source=tuple(r.source for r in reports),
        kind=tuple(r.kind for r in reports),
        id=tuple(r.id for r in reports),
        position_m=np.array([r.position_m for r in reports], dtype=np.float64).reshape(-1, 3),
        sigma_m=np.array([r.sigma_m for r in reports], dtype=np.float64),
        claim=tuple(r.claim for r in reports),
    )
