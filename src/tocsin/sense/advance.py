"""The stage's state and its step: validity, timing and health of the sensors."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, DetectionTable, ErrorRecord
from tocsin.records.identities import Dismissal
from tocsin.records.plan import Plan
from tocsin.records.registration import Registration
from tocsin.records.scans import Scan
from tocsin.records.sensors import SensorHealth, SensorTable
from tocsin.records.tracks import TrackTable
from tocsin.sense.refraction import geometric_elevation
from tocsin.sense.registration import Register, correction, learn, remember, start_register
from tocsin.sense.rows import checked, filled_and_placed, reject_all

__all__ = ["Sensed", "State", "advance", "belief", "refusal", "start"]

DEFAULT_DETECTION_PROBABILITY = {
    # single look, on a target that the sensor is meant for; the tracker moves it by what it sees
    "radar_3d": 0.85,
    "radar_staring": 0.9,
    "radar_2d": 0.8,
    "eo_ir": 0.7,
    "rf_df": 0.6,
}
SILENT_REVISITS, SILENT_MARGIN_S = 3.0, 1.0  # three looks in a row unheard, and a second for the way they travel
CONTINUOUS_INSTANTS, CONTINUOUS_SPAN_S = 10, 1.0  # so many distinct times in a second: no scans, single looks
JUMP_S = 60.0
"""A scan further ahead of all others is believed when the next one bears it out, or its arrival does. No surveillance
sensor turns in more than 12 s, and no track outlives a minute's silence, so at a true gap only one scan is lost; a
wrong time that is believed loses every track, and then each row until the true time has caught up."""
REVISIT_MEMORY = 9  # intervals of which the median is the estimate: one long gap does not move it


@dataclass(slots=True)
class Timing:
    """What a sensor's own times have shown so far."""

    last_t_s: float = -np.inf
    intervals: deque[float] = field(default_factory=lambda: deque(maxlen=REVISIT_MEMORY))
    revisit_s: float = math.nan  # the time between scans: given, or the median of the intervals
    instants: deque[float] = field(default_factory=deque)  # distinct times within the last second
    looks: deque[float] = field(default_factory=deque)  # times of the scans that could still get a fragment
    silent: bool = False
    due_t_s: float = -np.inf  # next report of a sensor without scans


@dataclass(frozen=True, slots=True)
class Mount:
    """What every scan of a sensor says alike, as in Scan."""

    kind: str
    position_m: FloatArray  # (3,)
    rotation: FloatArray  # (3, 3)
    max_range_m: float
    detection_probability: float
    clutter_density_pm3: float
    clutter_per_scan: float


@dataclass(slots=True)
class State:
    """Timing and mount of each sensor, the newest time seen, and what is known of the sensors' biases."""

    sensors: list[Timing]
    mounts: tuple[Mount, ...]
    newest_t_s: float
    jump_t_s: float = np.nan  # of the scan before, if it was refused for being far ahead
    register: Register | None = None


@dataclass(frozen=True, slots=True)
class Sensed:
    """What sense has to say beside the scan."""

    health: tuple[SensorHealth, ...]
    dismissals: tuple[Dismissal, ...]
    errors: tuple[ErrorRecord, ...]
    registrations: tuple[Registration, ...] = ()


def start(plan: Plan) -> State:
    """Nothing heard yet."""
    timings = [Timing(revisit_s=float(given)) for given in plan.sensors.revisit_s]
    mounts = tuple(mount(plan.sensors, s) for s in range(len(timings)))
    return State(timings, mounts, -np.inf, register=start_register(plan))


def mount(sensors: SensorTable, s: int) -> Mount:
    """The figures of one sensor, given or by default."""
    given_pd, per_scan = float(sensors.detection_probability[s]), float(sensors.clutter_per_scan[s])
    reach = float(sensors.max_range_m[s])
    return Mount(
        kind=sensors.kind[s],
        position_m=np.ascontiguousarray(sensors.position_m[s]),
        rotation=np.ascontiguousarray(sensors.rotation[s]),
        max_range_m=reach,
        detection_probability=given_pd if np.isfinite(given_pd) else DEFAULT_DETECTION_PROBABILITY[sensors.kind[s]],
        clutter_density_pm3=per_scan / (np.pi * reach**2 * CLUTTER_HEIGHT_M),
        clutter_per_scan=per_scan,
    )


def advance(plan: Plan, state: State, batch: Batch, tracks: TrackTable | None = None) -> tuple[State, Scan, Sensed]:
    """Take one batch; the state given is spent.

    `tracks` is what the tracker made of the batch before, from which registration learns; None: nothing is learned.
    """
    news = learn(plan, state.register, tracks)
    scan, sensed = sensed_of(plan, state, batch)
    remember(state.register, scan, batch.reports)
    bias = correction(state.register, scan.sensor_index) if scan.sensor_index >= 0 else None
    if bias is not None:
        scan = corrected(state.mounts[scan.sensor_index], scan, bias)
    return state, scan, replace(sensed, registrations=news) if news else sensed


def belief(state: State) -> tuple[FloatArray, FloatArray, bool]:
    """Biases (S, 4) and their standard deviations (S, 4) as believed now, and whether they are applied.

    Columns: range (m), azimuth, elevation (rad), clock (s). Empty arrays where registration is switched off.
    """
    if state.register is None:
        return np.zeros((0, 4)), np.zeros((0, 4)), False
    known = state.register.belief
    sigma = np.sqrt(np.diag(known.cov)).reshape(-1, 4) * known.scale
    return known.found.reshape(-1, 4) * known.scale, sigma, known.applied


def sensed_of(plan: Plan, state: State, batch: Batch) -> tuple[Scan, Sensed]:
    """The scan as it was measured, and what is to be said beside it."""
    s, d, errors = batch.sensor_index, batch.detections, batch.errors
    if s >= len(state.sensors) or not math.isfinite(batch.t_s):
        problem = "time is not finite" if s < len(state.sensors) else "no such sensor"
        errors += reject_all(
            batch.t_s, f"sensor {s}", d, "t" if s < len(state.sensors) else "sensor_id", str(s), problem
        )
        return tick(max(state.newest_t_s, 0.0), False), Sensed((), (), errors)
    late_s = state.newest_t_s - batch.t_s
    name = plan.sensors.sensor_id[s] if s >= 0 else "clock"
    problem = refusal(plan, state, batch)
    if problem:
        errors += reject_all(batch.t_s, name, d, "t", repr(batch.t_s), problem)
        return tick(state.newest_t_s, False), Sensed((), (), errors)
    if s >= 0:
        state.jump_t_s = np.nan
    state.newest_t_s = max(state.newest_t_s, batch.t_s)
    if s < 0:
        return tick(state.newest_t_s, True), Sensed(health(plan, state, -1), (), errors)
    kept, faults = checked(batch.t_s, name, d)
    timing, revisit = state.sensors[s], state.sensors[s].revisit_s
    elapsed = batch.t_s - timing.last_t_s
    changes = health(plan, state, s)
    continuous = is_continuous(timing, batch.t_s)
    if elapsed > 0.0:
        note_interval(timing, float(plan.sensors.revisit_s[s]), elapsed)
        timing.last_t_s = batch.t_s
    due = late_s <= 0.0 if not continuous else due_each_second(timing, batch.t_s)
    complete = is_new_look(timing, batch.t_s, plan.track.max_late_s) and not continuous
    scan = build_scan(plan, state.mounts[s], s, batch.t_s, kept, complete, due, revisit, max(elapsed, 0.0))
    return scan, Sensed(changes, (), errors + faults)


def refusal(plan: Plan, state: State, batch: Batch) -> str:
    """Why the time of a scan cannot be believed, "" where it can; never for a tick.

    A jump ahead is noted in the state, because a next scan near it bears it out; nothing else is touched.
    """
    late_s, most_s = state.newest_t_s - batch.t_s, plan.track.max_late_s
    if batch.sensor_index < 0:
        return ""
    if late_s > most_s:
        return f"{late_s:.3f} s behind the newest scan; at most {most_s:g} s can be used"
    if is_jump(state, batch, most_s):
        state.jump_t_s = batch.t_s
        return f"{-late_s:.3f} s ahead of the newest scan; believed beyond {JUMP_S:g} s if another scan follows there"
    return ""


def is_jump(state: State, batch: Batch, max_late_s: float) -> bool:
    """True for a scan whose time is too far ahead to be believed yet: nothing at its time came just before it."""
    ahead_s, since_s = batch.t_s - state.newest_t_s, batch.t_s - state.jump_t_s
    followed = -max_late_s <= since_s <= JUMP_S
    return math.isfinite(ahead_s) and ahead_s > JUMP_S and not followed and batch.t_arrival_s <= batch.t_s


def is_new_look(timing: Timing, t_s: float, max_late_s: float) -> bool:
    """False for a fragment of a scan that was taken already, late or not."""
    while timing.looks and timing.looks[0] < t_s - 2.0 * max_late_s:
        timing.looks.popleft()
    if t_s in timing.looks:
        return False
    timing.looks.append(t_s)
    return True


def is_continuous(timing: Timing, t_s: float) -> bool:
    """True for a sensor whose rows have times of their own: ten or more within the last second."""
    seen = timing.instants
    if not seen or t_s > seen[-1]:
        seen.append(t_s)
    while seen[0] <= t_s - CONTINUOUS_SPAN_S and len(seen) > 1:
        seen.popleft()
    return len(seen) >= CONTINUOUS_INSTANTS


def due_each_second(timing: Timing, t_s: float) -> bool:
    """True once a second of the sensor's own time."""
    if t_s < timing.due_t_s:
        return False
    timing.due_t_s = t_s + 1.0 if t_s >= timing.due_t_s + 1.0 else timing.due_t_s + 1.0
    return True


def note_interval(timing: Timing, given_s: float, elapsed_s: float) -> None:
    """One more interval, infinite for the first scan; moves the estimate where no revisit time is stated."""
    if math.isfinite(timing.last_t_s):
        timing.intervals.append(elapsed_s)
        if not math.isfinite(given_s):
            ordered = sorted(timing.intervals)
            half = len(ordered) // 2
            timing.revisit_s = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0


def health(plan: Plan, state: State, heard: int) -> tuple[SensorHealth, ...]:
    """Sensors that fell silent by now, and the one that is heard again."""
    changes = []
    for s, timing in enumerate(state.sensors):
        silent_s = state.newest_t_s - timing.last_t_s
        if s == heard:
            if timing.silent:
                timing.silent = False
                changes.append(SensorHealth(state.newest_t_s, s, plan.sensors.sensor_id[s], "alive", silent_s))
        elif not timing.silent and math.isfinite(silent_s) and is_overdue(timing, silent_s):
            timing.silent = True
            changes.append(SensorHealth(state.newest_t_s, s, plan.sensors.sensor_id[s], "silent", silent_s))
    return tuple(changes)


def is_overdue(timing: Timing, silent_s: float) -> bool:
    """True for a sensor that has not been heard for too long; never while its revisit time is not known."""
    return silent_s > SILENT_REVISITS * timing.revisit_s + SILENT_MARGIN_S


def build_scan(
    plan: Plan,
    at: Mount,
    s: int,
    t_s: float,
    d: DetectionTable,
    complete: bool,
    due: bool,
    revisit: float,
    elapsed_s: float,
) -> Scan:
    """The scan of one sensor, corrected and placed."""
    elevation = d.elevation_rad
    if plan.refraction and len(elevation):
        elevation = geometric_elevation(elevation, d.range_m, plan.site.radius_m)
    full, place = filled_and_placed(at.kind, d, elevation, at.position_m, at.rotation)
    return Scan(
        t_s=t_s,
        sensor_index=s,
        complete=complete,
        report_due=due,
        detections=full,
        position_m=place,
        sensor_position_m=at.position_m,
        sensor_rotation=at.rotation,
        max_range_m=at.max_range_m,
        revisit_s=revisit,
        detection_probability=at.detection_probability,
        clutter_density_pm3=at.clutter_density_pm3,
        clutter_per_scan=at.clutter_per_scan,
        elapsed_s=elapsed_s,
    )


def corrected(at: Mount, scan: Scan, bias: FloatArray) -> Scan:
    """The scan without a sensor's biases (4,): range, azimuth, elevation, clock."""
    d = scan.detections
    elevation = np.clip(d.elevation_rad - bias[2], -0.5 * np.pi, 0.5 * np.pi)
    moved = replace(
        d, range_m=np.maximum(d.range_m - bias[0], 1.0), azimuth_rad=(d.azimuth_rad - bias[1]) % (2.0 * np.pi)
    )
    free, where = filled_and_placed(at.kind, moved, elevation, at.position_m, at.rotation)
    return replace(scan, detections=free, position_m=where, clock_bias_s=float(bias[3]))


CLUTTER_HEIGHT_M = 2000.0  # birds, insects and weather that give most clutter fly below this
EMPTY = DetectionTable(np.zeros(0, np.int64), *(np.zeros(0) for _ in range(10)))


def tick(t_s: float, due: bool) -> Scan:
    """A scan of no sensor."""
    return Scan(
        t_s=t_s if np.isfinite(t_s) else 0.0,
        sensor_index=-1,
        complete=False,
        report_due=due,
        detections=EMPTY,
        position_m=np.zeros((0, 3)),
        sensor_position_m=np.zeros(3),
        sensor_rotation=np.eye(3),
        max_range_m=np.nan,
        revisit_s=np.nan,
        detection_probability=0.0,
        clutter_density_pm3=np.nan,
    )
