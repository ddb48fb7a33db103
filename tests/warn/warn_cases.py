"""A site of 1 km zones, and tables by hand, for the tests of warning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tocsin import warn
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import ReportTable
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Asset, Site, Terrain, Zone
from tocsin.records.tracks import TrackEnd, TrackStep, TrackTable
from tocsin.records.warnings import Hazard, WarningEvent, WarnSettings

MULTIROTOR = (0.0, 0.0, 0.1, 0.9, 0.0, 0.0)
BIRD = (0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
ROCKET = (0.9, 0.1, 0.0, 0.0, 0.0, 0.0)


def square(east_m: float, north_m: float, size_m: float) -> FloatArray:
    half = 0.5 * size_m
    return np.array([east_m, north_m]) + half * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])


def plan(
    rows: int = 8, size_m: float = 1250.0, settings: WarnSettings | None = None, assets: tuple[Asset, ...] | None = None
) -> Plan:
    """`rows` × `rows` square zones about the origin, ids z<row>_<column>; one asset at the origin, 100 m."""
    offset = 0.5 * (rows - 1)
    zones = tuple(
        Zone(f"z{r}_{c}", "", square((c - offset) * size_m, (r - offset) * size_m, size_m), 100.0)
        for r in range(rows)
        for c in range(rows)
    )
    if assets is None:
        assets = (Asset("hq", "HQ", np.array([200.0, 200.0, 0.0]), 100.0),)
    site = Site("test", 33.8, 42.4, 188.0, 6.37e6, "UTC", zones, assets, Terrain(0.0, 0.0, 1.0, np.zeros((0, 0))))
    nan = np.array([np.nan])
    sensors = SensorTable(("r",), ("radar_3d",), np.zeros((1, 3)), np.eye(3)[None], nan, nan, nan, nan)
    return Plan("", site, sensors, warn=settings or WarnSettings())


def reports(*rows: tuple[float, str, str, tuple[float, float], float, str]) -> ReportTable:
    """Rows of (t, kind, id, place, sigma, claim)."""
    return ReportTable(
        t_s=np.array([r[0] for r in rows]),
        source=tuple("post-1" for _ in rows),
        kind=tuple(r[1] for r in rows),
        id=tuple(r[2] for r in rows),
        position_m=np.array([(*r[3], np.nan) for r in rows], dtype=np.float64).reshape(-1, 3),
        sigma_m=np.array([r[4] for r in rows]),
        claim=tuple(r[5] for r in rows),
    )


@dataclass(frozen=True)
class Thing:
    """One track as the tables see it."""

    track_id: int
    state: tuple[float, ...] = (8000.0, 0.0, 100.0, -25.0, 0.0, 0.0)
    classes: tuple[float, ...] = MULTIROTOR
    hostile: float = 0.45
    detected: bool = True
    existence: float = 1.0
    born_t_s: float = 0.0
    detections: int = 20
    cooperative: str = ""
    impact: tuple[float, float, float, float, float] | None = None  # t, sigma t, east, north, sigma
    reach: tuple[float, float, float] | None = None  # probability, earliest t, expected t, of asset 0


def _tracks(t_s: float, things: tuple[Thing, ...], ended: tuple[TrackEnd, ...]) -> TrackStep:
    size = len(things)
    table = TrackTable(
        t_s=t_s,
        track_id=np.array([x.track_id for x in things], dtype=np.int64),
        state=np.array([x.state for x in things], dtype=np.float64).reshape(-1, 6),
        covariance=np.repeat(np.diag([400.0, 400.0, 400.0, 4.0, 4.0, 4.0])[None], size, axis=0),
        model_probability=np.full((size, 3), 1 / 3),
        existence=np.array([x.existence for x in things]),
        born_t_s=np.array([x.born_t_s for x in things]),
        updated_t_s=np.full(size, t_s),
        detections=np.array([x.detections for x in things], dtype=np.int64),
        row=np.array([k if x.detected else -1 for k, x in enumerate(things)], dtype=np.int64),
        row_probability=np.ones(size),
        rcs_dbsm=np.full(size, np.nan),
    )
    return TrackStep(table, np.empty(0, dtype=np.int64), ended, 0)


def _identities(things: tuple[Thing, ...]) -> IdentityTable:
    size = len(things)
    return IdentityTable(
        np.array([x.track_id for x in things], dtype=np.int64),
        np.array([x.classes for x in things], dtype=np.float64).reshape(-1, 6),
        np.array([x.hostile for x in things]),
        tuple(x.cooperative for x in things),
        np.full(size, np.nan),
        np.zeros(size, dtype=np.bool_),
    )


def _impacts(t_s: float, things: tuple[Thing, ...]) -> ImpactTable:
    rows = [(x.track_id, *x.impact) for x in things if x.impact is not None and x.detected]
    ids = np.array([r[0] for r in rows], dtype=np.int64)
    a = np.array([r[1:] for r in rows], dtype=np.float64).reshape(-1, 5)
    nan = np.full(len(rows), np.nan)
    place = np.c_[a[:, 2:4], np.zeros(len(rows))]
    return ImpactTable(t_s, ids, a[:, 0], a[:, 1], place, nan, nan, a[:, 4, None, None] ** 2 * np.eye(2))


def _reaches(t_s: float, things: tuple[Thing, ...]) -> ReachTable:
    rows = [(x.track_id, *x.reach) for x in things if x.reach is not None]
    a = np.array([r[1:] for r in rows], dtype=np.float64).reshape(-1, 3)
    ids = np.array([r[0] for r in rows], dtype=np.int64)
    return ReachTable(t_s, ids, np.zeros(len(rows), dtype=np.int64), a[:, 1], a[:, 2], a[:, 0])


def lost(thing: Thing, t_s: float, updated_t_s: float, rule: str = "missed", into: int = 0) -> TrackEnd:
    state = np.array(thing.state, dtype=np.float64)
    return TrackEnd(t_s, thing.track_id, rule, into, state, np.diag([400.0] * 3 + [4.0] * 3), updated_t_s)


@dataclass
class Runner:
    """Drives the stage as the pipeline does, and keeps what came out."""

    plan: Plan = field(default_factory=plan)
    state: warn.State | None = None
    warnings: list[WarningEvent] = field(default_factory=list)
    hazards: list[Hazard] = field(default_factory=list)

    def step(
        self, t_s: float, *things: Thing, ended: tuple[TrackEnd, ...] = (), said: ReportTable | None = None
    ) -> tuple[WarningEvent, ...]:
        state = warn.start(self.plan) if self.state is None else self.state
        tables = (_tracks(t_s, things, ended), _identities(things), _impacts(t_s, things), _reaches(t_s, things))
        self.state, told = warn.advance(self.plan, state, *tables, reports() if said is None else said)
        self.warnings.extend(told.warnings)
        self.hazards.extend(told.hazards)
        return told.warnings

    def live(self) -> set[str]:
        """Zones under a warning now, from the events alone."""
        zones: dict[str, str] = {}
        for event in self.warnings:
            zones[event.zone_id] = event.action
        return {zone for zone, action in zones.items() if action != "all_clear"}


def at(thing: Thing, t_s: float) -> Thing:
    """The thing where it has flown to after t seconds."""
    s = np.array(thing.state)
    s[:3] += t_s * s[3:]
    return replace(thing, state=tuple(s.tolist()))
