"""The state of the forecast stage and what one scan does to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.forecast.impacts import LIMIT_S, impact_table, known_from, no_slots, recall, reserve
from tocsin.forecast.reaches import reach_table
from tocsin.forecast.recent import Look, keep, look_at, rows
from tocsin.kernels.ballistic_watch import FITTED, STRIKES, Known, Watched, attend, take_detections
from tocsin.kernels.ground import level_grid
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import BALLISTIC, IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.tracks import MODELS, TrackStep, TrackTable

__all__ = ["State", "advance", "start"]

WATCH, DROP = 0.15, 0.02
"""A track is watched from the first and forgotten below the second probability of being ballistic, by the tracker's
model or by identity, whichever is higher: early enough to lose no detection, and most drones never come near it."""
SURE = 0.5
"""Detections that were less probably the track's are not used; above it they count with their variance over it."""
STRIKES_OUT = 3
"""Detections outside the gate in a row after which the posterior, not the detections, is held to be wrong."""
_MODEL = MODELS.index("ballistic")


@dataclass(frozen=True, slots=True)
class State:
    """What the stage remembers: constants, the ground, recent looks, and the watched tracks' posteriors."""

    known: Known
    terrain: tuple[FloatArray, FloatArray]
    looks: tuple[Look, ...]
    watched: Watched


def start(plan: Plan) -> State:
    """The state before the first scan."""
    ground = plan.site.terrain
    terrain = level_grid()
    if ground.level_m.size:
        grid = np.array([ground.east0_m, ground.north0_m, ground.step_m, float(ground.level_m.max())])
        terrain = (np.ascontiguousarray(ground.level_m, dtype=np.float64), grid)
    return State(known_from(plan), terrain, (), no_slots(16))


def advance(
    plan: Plan, state: State, scan: Scan, tracks: TrackStep, identities: IdentityTable
) -> tuple[State, ImpactTable, ReachTable]:
    """Take one scan: watch what may be ballistic, give each watched track its detection, forecast."""
    table, known = tracks.table, state.known
    ballistic = identities.probability[:, BALLISTIC[0]] + identities.probability[:, BALLISTIC[1]]
    watched, slot = _attend(state, tracks, np.maximum(table.model_probability[:, _MODEL], ballistic))
    looks, told = state.looks, np.empty(0, dtype=np.int64)
    if scan.sensor_index >= 0:
        known.poses[scan.sensor_index, 0] = scan.sensor_position_m
        known.poses[scan.sensor_index, 1:] = scan.sensor_rotation
        seen = (slot >= 0) & (table.row >= 0)
        _take(known, scan, table, slot, np.flatnonzero(seen & (table.row_probability >= SURE)), watched)
        if scan.position_m.size:
            looks = keep(looks, look_at(scan, table))
        told = slot[seen & (ballistic >= 0.5)]
        told = told[watched.marks[told, FITTED] == 1]
    impacts = impact_table(known, watched, told, scan.t_s, state.terrain)
    reaches = reach_table(plan.site.assets, plan.forecast.reach_horizon_s, table, identities)
    return replace(state, looks=looks, watched=watched), impacts, reaches


def _attend(state: State, tracks: TrackStep, likely: FloatArray) -> tuple[Watched, IntArray]:
    """Forget tracks that ended or proved not ballistic, begin new ones, restart those whose posterior is wrong.

    Gives the slots and, for each row of the table, its slot or a negative number.
    """
    watched, table = state.watched, tracks.table
    slot = np.empty(table.track_id.size, dtype=np.int64)
    ended = np.array(sorted(end.track_id for end in tracks.ended), dtype=np.int64)
    begun = attend(table.t_s, WATCH, DROP, LIMIT_S, table.track_id, likely, ended, watched, slot)
    fresh = np.empty(0, dtype=np.int64)
    if begun:
        fresh = np.flatnonzero(slot == -2)
        watched, slot[fresh] = reserve(watched, begun)
    wrong = np.flatnonzero((slot >= 0) & (watched.marks[slot, STRIKES] >= STRIKES_OUT))
    for row in (*fresh, *wrong):
        recall(state.looks, table, int(row), float(state.known.earth[2]), int(slot[row]), watched)
    return watched, slot


def _take(known: Known, scan: Scan, table: TrackTable, slot: IntArray, sure: IntArray, watched: Watched) -> None:
    """Give the tracks in rows `sure` of the table their detections of this scan, in place."""
    if sure.size:
        detections = rows(scan, table.row[sure])
        detections[:, 6:] /= np.sqrt(table.row_probability[sure])[:, None]
        take_detections(known, slot[sure], detections, watched, np.empty((8, 11, 11)))
