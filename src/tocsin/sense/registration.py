"""On-line registration: what the tracker made of the last batch, and ADS-B, to a belief about each sensor's biases.

The tracker's table comes back one batch late. Plots that it assigned surely are what one sensor saw of one target;
targets that several sensors saw, or that report themselves, tell of the biases (kernels.registration). Tracks that the
biases have torn in two are one target here as soon as only one partner fits (sense.targets). Plots are taken as they
were measured, before any correction, so that nothing that is applied feeds back into the estimate.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np

from tocsin.kernels import registration as kernel
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import ReportTable
from tocsin.records.plan import Plan
from tocsin.records.registration import Registration
from tocsin.records.scans import Scan
from tocsin.records.tracks import MODELS, TrackTable
from tocsin.sense.belief import Belief, decided, doubted, posterior, start_belief, told
from tocsin.sense.targets import Crowd, join, link, place_of, start_crowd, sweep

__all__ = ["Register", "correction", "learn", "remember", "start_register"]

SURE_ROW = 0.6  # association probability from which a plot is taken for the track's
MOST_SENSORS = 32  # the work for a plot grows with the square of their number: a tenth of a millisecond for so many
FALLING_MAX = 0.5  # what falls or is thrust does not fly straight between two plots
THINK_FIRST_S, THINK_LATER_S = 0.45, 2.0  # between workings-out of the belief, at first and when it has settled
SETTLING = 0.05  # of the time since the first of them: the later interval is reached after 40 s
FALLING = [MODELS.index("ballistic"), MODELS.index("thrust")]


@dataclass(frozen=True, slots=True)
class Look:
    """Plots of one sensor at one time as measured, and the track that each belongs to."""

    t_s: float
    sensor: int
    z: FloatArray  # (n, 3) range, azimuth, elevation
    sigma: FloatArray  # (n, 3)
    where: FloatArray  # (n, 3) site frame
    ids: tuple[int, ...]
    velocity: FloatArray  # (n, 3) of the track
    variance: FloatArray  # (n, 3) of that


@dataclass(slots=True)
class Register:
    """What registration remembers. `waiting` holds looks and reports until nothing older can come any more."""

    belief: Belief
    crowd: Crowd
    last: tuple[Scan, ReportTable] | None = None  # the batch before, uncorrected
    heard: set[int] = field(default_factory=set)
    active: bool = False
    waiting: list[tuple[float, int, Look | None, int, ReportTable | None]] = field(default_factory=list)
    serial: int = 0
    first_s: float = np.inf  # of the first belief that was worked out
    newest_s: float = -np.inf
    hold_s: float = 0.0  # how late a look or report has come so far


def start_register(plan: Plan) -> Register | None:
    """Nothing seen yet; None where registration is switched off or there are too many sensors for it."""
    if not plan.registration.enabled or not 0 < len(plan.sensors.sensor_id) <= MOST_SENSORS:
        return None
    belief = start_belief(plan)
    return Register(belief, start_crowd(plan, belief.scale))


def correction(register: Register | None, sensor: int) -> FloatArray | None:
    """Range, azimuth, elevation and clock bias (4,) to be taken from a sensor's plots; None: nothing is applied."""
    if register is None or not register.belief.applied:
        return None
    belief = register.belief
    return np.asarray(belief.found[4 * sensor : 4 * sensor + 4] * belief.scale)


def remember(register: Register | None, scan: Scan, reports: ReportTable) -> None:
    """Keep a batch, uncorrected, until the tracker has said what it made of it."""
    if register is None:
        return
    if scan.sensor_index >= 0:
        register.heard.add(scan.sensor_index)
    if not register.active:
        register.active = len(register.heard) > 1 or (bool(register.heard) and "adsb" in reports.kind)
    register.last = (scan, reports) if register.active else None


def learn(plan: Plan, register: Register | None, tracks: TrackTable | None) -> tuple[Registration, ...]:
    """Take what the tracker made of the batch before; gives what is new of the biases."""
    if register is None or register.last is None:
        return ()
    scan, reports = register.last
    register.last = None
    look = None if tracks is None else look_of(scan, tracks)
    if look is not None:
        wait(register, look.t_s, look, -1, None)
    for r in range(len(reports.kind)):
        if reports.kind[r] == "adsb" and np.isfinite(reports.t_s[r]) and np.isfinite(reports.position_m[r, :2]).all():
            wait(register, float(reports.t_s[r]), None, r, reports)
    ready = register.newest_s - min(register.hold_s, plan.track.max_late_s)
    taken = False
    while register.waiting and register.waiting[0][0] <= ready:
        _, _, seen, row, said = heapq.heappop(register.waiting)
        if seen is not None:
            take_look(register, seen)
        elif said is not None:
            take_said(register, said, row)
        taken = True
    pause = min(max(SETTLING * (ready - register.first_s), THINK_FIRST_S), THINK_LATER_S)
    if not taken or ready - register.belief.t_s < pause:
        return ()
    register.first_s = min(register.first_s, ready)
    return think(plan, register, ready)


def wait(register: Register, t_s: float, look: Look | None, row: int, reports: ReportTable | None) -> None:
    """Put something in line by its time."""
    register.serial += 1
    register.hold_s = max(register.hold_s, min(register.newest_s - t_s, 5.0))
    register.newest_s = max(register.newest_s, t_s)
    heapq.heappush(register.waiting, (t_s, register.serial, look, row, reports))


def look_of(scan: Scan, tracks: TrackTable) -> Look | None:
    """The plots of a scan that belong surely to one confirmed track each; None where there are none."""
    if scan.sensor_index < 0 or tracks.t_s != scan.t_s or not len(tracks.row):
        return None
    sure = (tracks.row >= 0) & (tracks.row_probability >= SURE_ROW)
    sure &= tracks.model_probability[:, FALLING].sum(axis=1) <= FALLING_MAX
    chosen = np.flatnonzero(sure)
    if not len(chosen):
        return None
    order = chosen[np.argsort(-tracks.row_probability[chosen], kind="stable")]
    _, first = np.unique(tracks.row[order], return_index=True)
    chosen = np.sort(order[first])
    row, d = tracks.row[chosen], scan.detections
    variance = np.diagonal(tracks.covariance[chosen], axis1=1, axis2=2)[:, 3:6]
    return Look(
        scan.t_s,
        scan.sensor_index,
        np.stack([d.range_m[row], d.azimuth_rad[row], d.elevation_rad[row]], axis=1),
        np.stack([d.sigma_range_m[row], d.sigma_azimuth_rad[row], d.sigma_elevation_rad[row]], axis=1),
        scan.position_m[row],
        tuple(tracks.track_id[chosen].tolist()),
        np.ascontiguousarray(tracks.state[chosen, 3:6]),
        np.ascontiguousarray(variance),
    )


def take_look(register: Register, look: Look) -> None:
    """Feed one look to the targets that it shows."""
    crowd, belief = register.crowd, register.belief
    placed: list[bool] = np.all(np.isfinite(look.where), axis=1).tolist()
    slot = np.array(
        [place_of(crowd, number, begin=ok) for number, ok in zip(look.ids, placed, strict=True)], dtype=np.int64
    )
    keep = np.flatnonzero(slot >= 0)
    if not len(keep):
        return
    kernel.take_plots(
        look.t_s,
        look.sensor,
        crowd.array,
        look.z[keep],
        look.sigma[keep],
        look.where[keep],
        slot[keep],
        look.velocity[keep],
        look.variance[keep],
        belief.mean,
        belief.cov,
        crowd.targets,
        belief.info,
        belief.eta,
        belief.tally,
    )


def take_said(register: Register, reports: ReportTable, row: int) -> None:
    """Feed one report to the target that it is known to come from."""
    crowd, belief = register.crowd, register.belief
    sigma_m = float(reports.sigma_m[row])
    name = (reports.source[row], reports.id[row])
    found = link(crowd, belief.mean, belief.cov, name, float(reports.t_s[row]), reports.position_m[row], sigma_m)
    if found is None:
        return
    slot, sigma = found
    kernel.take_report(
        float(reports.t_s[row]),
        np.ascontiguousarray(reports.position_m[row]),
        sigma,
        crowd.array,
        belief.mean,
        belief.cov,
        slot,
        crowd.targets,
        belief.info,
        belief.eta,
        belief.tally,
    )


def think(plan: Plan, register: Register, t_s: float) -> tuple[Registration, ...]:
    """Work the belief out anew, join torn targets, and decide what is applied."""
    crowd, belief = register.crowd, register.belief
    posterior(belief, t_s)
    sweep(crowd, t_s)
    torn = join(crowd, belief.mean, belief.cov, t_s)
    doubted(belief, torn=torn)
    decided(belief)
    return told(plan, belief, t_s)
