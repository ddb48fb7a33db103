"""Small Observed records: one flight seen by a radar once a second, with shots, reports and impact sensors as given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.detections import ReportTable
from tocsin.records.engagement import Shot
from tocsin.records.identities import CLASSES
from tocsin.records.outcomes import Assessment, ForecastHistory, ImpactWitness, Observed, TrackHistory
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Asset, Site, Terrain, Zone
from tocsin.records.tracks import TrackEnd

LOOK_S = 0.5
IMPACT_T_S = 30.0
IMPACT_M = np.array([200.0, 300.0, 0.0])
WITNESS = ImpactWitness("ear", (0.0, 0.0, 3.0), 8000.0, 0.95)


def plan() -> Plan:
    square = np.array([[-5000.0, -5000.0], [5000.0, -5000.0], [5000.0, 5000.0], [-5000.0, 5000.0]])
    site = Site(
        "test",
        33.0,
        44.0,
        0.0,
        6.37e6,
        "UTC",
        (Zone("Z1", "camp", square, 1000.0),),
        (Asset("A1", "tower", np.zeros(3), 100.0),),
        Terrain(0.0, 0.0, 1.0, np.zeros((0, 0))),
    )
    one = np.ones(1)
    sensors = SensorTable(
        ("R1",), ("radar_3d",), np.zeros((1, 3)), np.eye(3)[None], 10000.0 * one, LOOK_S * one, 0.9 * one, 5.0 * one
    )
    return Plan("", site, sensors)


def ballistic_path(t_s: FloatArray) -> FloatArray:
    """States (n, 6) of a fall without drag that comes down at IMPACT_M at IMPACT_T_S."""
    left = (IMPACT_T_S - t_s)[:, None]
    end = np.array([60.0, -150.0, -150.0])
    velocity = end + np.array([0.0, 0.0, 9.80665]) * left
    return np.hstack([IMPACT_M - 0.5 * (velocity + end) * left, velocity])


def straight_path(
    t_s: FloatArray, start: tuple[float, float, float], velocity: tuple[float, float, float]
) -> FloatArray:
    return np.hstack([np.array(start) + np.outer(t_s, velocity), np.tile(velocity, (len(t_s), 1))])


def track(
    track_id: int, t_s: FloatArray, state: FloatArray, kind: str = "fixed_wing", hostile: float = 0.95
) -> TrackHistory:
    probability = np.full((len(t_s), len(CLASSES)), 0.02)
    probability[:, CLASSES.index(kind)] = 0.9
    n = len(t_s)
    return TrackHistory(
        t_s,
        np.full(n, track_id, dtype=np.int64),
        state,
        np.full(n, 10.0),
        probability,
        np.full(n, hostile),
        np.full(n, 2.0),
    )


def joined(*tracks: TrackHistory) -> TrackHistory:
    t_s = np.concatenate([t.t_s for t in tracks])
    order = np.argsort(t_s, kind="stable")
    return TrackHistory(
        t_s[order],
        np.concatenate([t.track_id for t in tracks])[order],
        np.concatenate([t.state for t in tracks])[order],
        np.concatenate([t.position_sigma_m for t in tracks])[order],
        np.concatenate([t.probability for t in tracks])[order],
        np.concatenate([t.hostile for t in tracks])[order],
        np.concatenate([t.speed_sigma_mps for t in tracks])[order],
    )


def forecasts(track_id: int, t_s: FloatArray) -> ForecastHistory:
    n = len(t_s)
    return ForecastHistory(
        t_s,
        np.full(n, track_id, dtype=np.int64),
        np.full(n, IMPACT_T_S),
        np.full(n, 0.3),
        np.tile(IMPACT_M, (n, 1)),
        np.tile(np.eye(2) * 40.0**2, (n, 1, 1)),
    )


def shot(t_effect_s: float, track_id: int = 1, shot_id: int = 1) -> Shot:
    return Shot(t_effect_s - 1.5, shot_id, shot_id, "G1", track_id, t_effect_s, 75)


def reports(*rows: tuple[float, str, str, tuple[float, float], str]) -> ReportTable:
    """Rows of time, source, kind, place and claim."""
    return ReportTable(
        t_s=np.array([row[0] for row in rows], dtype=np.float64),
        source=tuple(row[1] for row in rows),
        kind=tuple(row[2] for row in rows),
        id=tuple(str(i) for i in range(len(rows))),
        position_m=np.array([(*row[3], np.nan) for row in rows], dtype=np.float64).reshape(-1, 3),
        sigma_m=np.full(len(rows), 20.0),
        claim=tuple(row[4] for row in rows),
    )


def end(track_id: int, t_s: float, rule: str = "missed") -> TrackEnd:
    return TrackEnd(t_s, track_id, rule, 0, np.zeros(6), np.eye(6), t_s)


def rocket(seen_until_s: float, end_t_s: float = 60.0) -> Observed:
    """A rocket seen from 5 s on; it would come down at 30 s."""
    t_s = np.arange(5.0, seen_until_s + 1e-9, LOOK_S)
    return Observed(
        end_t_s=end_t_s,
        tracks=track(1, t_s, ballistic_path(t_s), "rocket", 1.0),
        ends=(end(1, seen_until_s + 3.0),),
        forecasts=forecasts(1, t_s),
        reports=reports(),
        shots=(),
        witnesses=(WITNESS,),
    )


def drone(
    seen_until_s: float,
    start: tuple[float, float, float] = (0.0, 6000.0, 250.0),
    velocity: tuple[float, float, float] = (0.0, -40.0, 0.0),
    end_t_s: float = 400.0,
) -> Observed:
    """A drone on a straight path, seen from 0 s on, then lost."""
    t_s = np.arange(0.0, seen_until_s + 1e-9, LOOK_S)
    return Observed(
        end_t_s=end_t_s,
        tracks=track(1, t_s, straight_path(t_s, start, velocity)),
        ends=(end(1, seen_until_s + 3.0),),
        forecasts=forecasts(1, np.zeros(0)),
        reports=reports(),
        shots=(),
        witnesses=(WITNESS,),
    )


def kinds(assessment: Assessment) -> set[str]:
    return {piece.kind for piece in assessment.evidence}


def with_rows(observed: Observed, *rows: tuple[float, str, str, tuple[float, float], str]) -> Observed:
    return replace(observed, reports=reports(*rows))
