"""What is heard rather than seen: ADS-B and Remote ID broadcasts, impact sensors, and people who call in.

Each receiver is polled once a period and gives reports with the time at which they reach the system. A broadcast says
what its sender says: `claim_offset_m` makes it lie about its place. False reports come as a Poisson process, uniform
over the disc that the receiver covers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtr

from tocsin.frames import length, level2enu_up
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.scenario import FlyerSpec, ReceiverSpec
from tocsin.records.site import Site
from tocsin.world.masking import visible
from tocsin.world.motion import Impact, Kinematics
from tocsin.world.passive import SpecOf
from tocsin.world.streams import Streams

__all__ = ["Broadcasts", "Impacts", "Receiver", "Report", "Sightings", "compass_point", "make_receiver"]

DRONES = ("fixed_wing", "multirotor")
IMPACT_TIME_SIGMA_S = 0.1  # arrival times of one bang at a few microphones some hundred metres apart


@dataclass(frozen=True, slots=True)
class Report:
    """One report and when it reaches the system."""

    t_s: float
    t_arrival_s: float
    source: str
    kind: str
    id: str
    position_m: tuple[float, float, float]  # NaN up: not given
    sigma_m: float
    claim: str


class Receiver(Protocol):
    """Polled once a period; the second argument is what came down since its last poll."""

    spec: ReceiverSpec

    def poll(self, truth: Kinematics, landed: tuple[Impact, ...], /) -> list[Report]: ...


def make_receiver(spec: ReceiverSpec, site: Site, streams: Streams, spec_of: SpecOf) -> Receiver:
    """The receiver of a kind."""
    if spec.kind == "impact":
        return Impacts(spec, site, streams)
    if spec.kind == "sighting":
        return Sightings(spec, site, streams)
    return Broadcasts(spec, site, streams, spec_of)


class Broadcasts:
    """ADS-B or Remote ID: each sender in range is heard at a poll with the stated probability."""

    def __init__(self, spec: ReceiverSpec, site: Site, streams: Streams, spec_of: SpecOf) -> None:
        self.spec, self._site, self._streams, self._spec_of = spec, site, streams, spec_of
        self._place_m = _place_m(spec, site)

    def poll(self, truth: Kinematics, _landed: tuple[Impact, ...], /) -> list[Report]:
        """Reports of the senders heard now."""
        spec, reports = self.spec, []
        senders = [i for i, thing_id in enumerate(truth.id) if self._identity(thing_id)]
        normals = self._streams.normals(tuple(truth.id[i] for i in senders), 4)
        reached = _reached(spec, self._site, self._place_m, truth.state[senders, :3])
        for row, i in enumerate(senders):
            if not reached[row] or ndtr(normals[row, 0]) >= spec.probability:
                continue
            sender = self._spec_of(truth.id[i])
            assert isinstance(sender, FlyerSpec)
            claimed = truth.state[i, :3] + np.array([*sender.claim_offset_m, 0.0]) + spec.sigma_m * normals[row, 1:]
            reports.append(_report(spec, truth.t_s, self._identity(truth.id[i]), claimed, sender.kind))
        false = _false_places(spec, self._place_m, self._streams)
        reports += [
            _report(spec, truth.t_s, f"{spec.id}-false-{k}", place, "aircraft" if spec.kind == "adsb" else "multirotor")
            for k, place in false
        ]
        return reports

    def _identity(self, thing_id: str) -> str:
        sender = self._spec_of(thing_id)
        if not isinstance(sender, FlyerSpec):
            return ""
        return sender.adsb if self.spec.kind == "adsb" else sender.remote_id


class Impacts:
    """Acoustic or seismic: a strike in range is reported once, or missed; a falling piece is seldom taken for one."""

    def __init__(self, spec: ReceiverSpec, site: Site, streams: Streams) -> None:
        self.spec, self._streams = spec, streams
        self._place_m = _place_m(spec, site)
        self._count = 0

    def poll(self, truth: Kinematics, landed: tuple[Impact, ...], /) -> list[Report]:
        """Reports of what came down since the last poll."""
        spec, reports = self.spec, []
        for impact in landed:
            rng = self._streams.of(impact.id)
            draw, late, noise = rng.random(), rng.normal(0.0, IMPACT_TIME_SIGMA_S), rng.normal(0.0, spec.sigma_m, 2)
            near = math.dist(impact.position_m[:2], self._place_m[:2]) <= spec.max_range_m
            if near and draw < (spec.debris_probability if impact.debris else spec.probability):
                place = np.array([*(impact.position_m[:2] + noise), math.nan])
                reports.append(self._next(min(impact.t_s + late, truth.t_s), place))
        for _, place in _false_places(spec, self._place_m, self._streams):
            reports.append(self._next(truth.t_s, np.array([*place[:2], math.nan])))
        return reports

    def _next(self, t_s: float, place: FloatArray) -> Report:
        self._count += 1
        return _report(self.spec, t_s, f"{self.spec.id}-{self._count}", place, "explosion")


class Sightings:
    """People: a drone that comes in sight is called in once, or never; place coarse, heading to eight points."""

    def __init__(self, spec: ReceiverSpec, site: Site, streams: Streams) -> None:
        self.spec, self._site, self._streams = spec, site, streams
        self._place_m = _place_m(spec, site)
        self._noticed: set[str] = set()
        self._count = 0

    def poll(self, truth: Kinematics, _landed: tuple[Impact, ...], /) -> list[Report]:
        """Calls about what has come in sight since the last poll, and false ones."""
        spec, reports = self.spec, []
        new = [i for i, k in enumerate(truth.kind) if k in DRONES and truth.id[i] not in self._noticed]
        reached = _reached(spec, self._site, self._place_m, truth.state[new, :3])
        for row, i in enumerate(new):
            if not reached[row]:
                continue
            self._noticed.add(truth.id[i])
            rng = self._streams.of(truth.id[i])
            if rng.random() < spec.probability:
                place = np.array([*(truth.state[i, :2] + rng.normal(0.0, spec.sigma_m, 2)), math.nan])
                reports.append(self._call(truth.t_s, place, compass_point(truth.state[i, 3], truth.state[i, 4])))
        for _, place in _false_places(spec, self._place_m, self._streams):
            towards = self._place_m - place
            reports.append(self._call(truth.t_s, np.array([*place[:2], math.nan]), compass_point(*towards[:2])))
        return reports

    def _call(self, t_s: float, place: FloatArray, heading: str) -> Report:
        self._count += 1
        return _report(self.spec, t_s, f"{self.spec.id}-{self._count}", place, f"drone heading {heading}")


def compass_point(east: float, north: float) -> str:
    """Nearest of the eight points of the compass to a direction."""
    points = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
    return points[round(math.degrees(math.atan2(east, north)) / 45.0) % 8]


def _place_m(spec: ReceiverSpec, site: Site) -> FloatArray:
    up = level2enu_up(np.array(spec.east_m), np.array(spec.north_m), np.array(spec.height_m), site.radius_m)
    return np.array([spec.east_m, spec.north_m, float(up)])


def _reached(spec: ReceiverSpec, site: Site, place_m: FloatArray, target_m: FloatArray) -> BoolArray:
    reached = length(target_m - place_m) <= spec.max_range_m
    if reached.any():
        reached[reached] = visible(site, place_m, target_m[reached])
    return np.asarray(reached)


def _false_places(spec: ReceiverSpec, place_m: FloatArray, streams: Streams) -> list[tuple[int, FloatArray]]:
    """Numbered places (3,) of this period's false reports."""
    rng = streams.common
    count = int(rng.poisson(spec.false_reports_per_hour * spec.period_s / 3600.0))
    unit = rng.random((count, 2))
    radius, angle = spec.max_range_m * np.sqrt(unit[:, 0]), 2.0 * np.pi * unit[:, 1]
    offsets = np.stack([radius * np.sin(angle), radius * np.cos(angle), np.full(count, 100.0)], axis=-1)
    return [(int(rng.integers(1 << 30)), place_m + offset) for offset in offsets]


def _report(spec: ReceiverSpec, t_s: float, name: str, place: FloatArray, claim: str) -> Report:
    where = (float(place[0]), float(place[1]), float(place[2]))
    return Report(t_s, t_s + spec.latency_s, spec.id, spec.kind, name, where, spec.sigma_m, claim)
