"""Small Events for engagement tests: tracks, identities and forecasts as given, nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.events import Events
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import CLASSES, IdentityTable
from tocsin.records.site import Asset, Site, Terrain, Zone
from tocsin.records.tracks import TrackEnd, TrackStep, TrackTable

RADIUS_M = 6.37e6


@dataclass(frozen=True)
class Flight:
    """One track at one scan. `reach` is the probability of reaching asset 0 at `due_t_s`; `strike` a forecast place."""

    track_id: int
    position: tuple[float, float, float]
    velocity: tuple[float, float, float] = (0.0, -40.0, 0.0)
    kind: str = "fixed_wing"
    hostile: float = 0.95
    cooperative_id: str = ""
    consistent: float = float("nan")
    lookalike: bool = False
    reach: float = 0.9
    strike: tuple[float, float] | None = None
    due_t_s: float = 60.0


def site() -> Site:
    square = np.array([[-2500.0, -2500.0], [2500.0, -2500.0], [2500.0, 2500.0], [-2500.0, 2500.0]])
    return Site(
        name="test",
        lat_deg=33.0,
        lon_deg=44.0,
        alt_m=0.0,
        radius_m=RADIUS_M,
        time_zone="UTC",
        zones=(Zone("Z1", "camp", square, 1000.0),),
        assets=(Asset("A1", "tower", np.array([0.0, 0.0, 0.0]), 100.0),),
        terrain=Terrain(0.0, 0.0, 1.0, np.zeros((0, 0))),
    )


def _identities(flights: tuple[Flight, ...]) -> IdentityTable:
    probability = np.full((len(flights), len(CLASSES)), 0.02)
    for row, flight in enumerate(flights):
        probability[row, CLASSES.index(flight.kind)] = 0.9
    return IdentityTable(
        track_id=np.array([f.track_id for f in flights], dtype=np.int64),
        probability=probability,
        hostile=np.array([f.hostile for f in flights], dtype=np.float64),
        cooperative_id=tuple(f.cooperative_id for f in flights),
        claim_consistent=np.array([f.consistent for f in flights], dtype=np.float64),
        lookalike=np.array([f.lookalike for f in flights], dtype=np.bool_),
    )


def _table(t_s: float, flights: tuple[Flight, ...]) -> TrackTable:
    n = len(flights)
    state = np.array([(*f.position, *f.velocity) for f in flights], dtype=np.float64).reshape(n, 6)
    return TrackTable(
        t_s=t_s,
        track_id=np.array([f.track_id for f in flights], dtype=np.int64),
        state=state,
        covariance=np.tile(np.eye(6), (n, 1, 1)),
        model_probability=np.tile([1.0, 0.0, 0.0], (n, 1)),
        existence=np.ones(n),
        born_t_s=np.zeros(n),
        updated_t_s=np.full(n, t_s),
        detections=np.ones(n, dtype=np.int64),
        row=np.zeros(n, dtype=np.int64),
        row_probability=np.ones(n),
        rcs_dbsm=np.full(n, np.nan),
    )


def events(t_s: float, flights: tuple[Flight, ...], ended: tuple[int, ...] = ()) -> Events:
    """Events of a batch at `t_s` with these tracks, in order of id."""
    flights = tuple(sorted(flights, key=lambda f: f.track_id))
    strikes = [f for f in flights if f.strike is not None]
    reaching = [f for f in flights if f.strike is None and f.reach > 0.0]
    n, m = len(strikes), len(reaching)
    ends = tuple(TrackEnd(t_s, i, "missed", 0, np.zeros(6), np.eye(6), t_s) for i in ended)
    impacts = ImpactTable(
        t_s=t_s,
        track_id=np.array([f.track_id for f in strikes], dtype=np.int64),
        impact_t_s=np.array([f.due_t_s for f in strikes], dtype=np.float64),
        impact_t_sigma_s=np.ones(n),
        position_m=np.array([(*(f.strike or (0.0, 0.0)), 0.0) for f in strikes], dtype=np.float64).reshape(n, 3),
        lat_deg=np.zeros(n),
        lon_deg=np.zeros(n),
        covariance=np.tile(np.eye(2) * 900.0, (n, 1, 1)),
    )
    reaches = ReachTable(
        t_s=t_s,
        track_id=np.array([f.track_id for f in reaching], dtype=np.int64),
        asset_index=np.zeros(m, dtype=np.int64),
        earliest_t_s=np.array([f.due_t_s for f in reaching], dtype=np.float64),
        expected_t_s=np.array([f.due_t_s for f in reaching], dtype=np.float64),
        probability=np.array([f.reach for f in reaching], dtype=np.float64),
    )
    tracks = TrackStep(_table(t_s, flights), np.zeros(0, dtype=np.int64), ends, 0)
    return Events(0, t_s, True, tracks, _identities(flights), impacts, reaches, (), (), (), (), ())
