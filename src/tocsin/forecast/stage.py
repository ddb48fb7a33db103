"""The state of the forecast stage and what one scan does to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.forecast.impacts import LIMIT_S, forget_posterior, free, impact_table, known_from, no_slots, recall, reserve
from tocsin.forecast.reaches import reach_table
from tocsin.forecast.recent import Look, keep, measured, owners
from tocsin.kernels.ballistic_watch import Known, Watched, take_detections
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
STRIKES = 3
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
    ballistic = identities.probability[:, list(BALLISTIC)].sum(axis=1)
    likely = np.maximum(table.model_probability[:, _MODEL], ballistic)
    watched, place = _attend(state, tracks, likely)
    told = np.empty(0, dtype=np.int64)
    looks = state.looks
    if scan.sensor_index >= 0:
        known.places[scan.sensor_index] = scan.sensor_position_m
        known.rotations[scan.sensor_index] = scan.sensor_rotation
        z, sigma = measured(scan)
        _take(known, scan, table, z, sigma, place, watched)
        owner = owners(len(z), table)
        looks = keep(looks, Look(scan.t_s, scan.sensor_index, scan.position_m, z, sigma, owner)) if len(z) else looks
        told = place[(place >= 0) & (table.row >= 0) & (ballistic >= 0.5)]
        told = told[watched.fitted[told]]
    impacts = impact_table(plan, known, watched, told, scan.t_s, state.terrain)
    reaches = reach_table(plan.site.assets, plan.forecast.reach_horizon_s, table, identities)
    return replace(state, looks=looks, watched=watched), impacts, reaches


def _attend(state: State, tracks: TrackStep, likely: FloatArray) -> tuple[Watched, IntArray]:
    """Forget tracks that ended or proved not ballistic, begin new ones, restart those whose posterior is wrong.

    Gives the slots and, for each row of the table, its slot or -1.
    """
    watched, table = state.watched, tracks.table
    row = _rows(table, watched)
    ended = np.isin(watched.track_id, np.array([end.track_id for end in tracks.ended], dtype=np.int64))
    held = (row >= 0) & ~ended
    held[held] = likely[row[held]] >= DROP
    unlisted = (row < 0) & ~ended & (watched.t_s >= table.t_s - LIMIT_S)
    free(watched, (watched.track_id > 0) & ~held & ~unlisted)
    place = np.full(table.track_id.size, -1, dtype=np.int64)
    place[row[held]] = np.flatnonzero(held)
    new = np.flatnonzero((place < 0) & (likely >= WATCH))
    watched, slots = reserve(watched, new.size)
    watched.track_id[slots], watched.t_s[slots] = table.track_id[new], table.t_s
    place[new] = slots
    again = np.flatnonzero((place >= 0) & (watched.strikes[place] >= STRIKES))
    forget_posterior(watched, place[again])
    for at in (*new, *again):
        recall(state.looks, table, int(at), float(state.known.earth[2]), int(place[at]), watched)
    return watched, place


def _rows(table: TrackTable, watched: Watched) -> IntArray:
    """For each slot the row of its track in the table, -1 where it is free or its track is not listed."""
    if table.track_id.size == 0:
        return np.full(watched.track_id.size, -1, dtype=np.int64)
    row = np.minimum(np.searchsorted(table.track_id, watched.track_id), table.track_id.size - 1)
    return np.where(table.track_id[row] == watched.track_id, row, -1)


def _take(
    known: Known, scan: Scan, table: TrackTable, z: FloatArray, sigma: FloatArray, place: IntArray, watched: Watched
) -> None:
    """Give each watched track its detection of this scan, in place."""
    sure = np.flatnonzero((place >= 0) & (table.row >= 0) & (table.row_probability >= SURE))
    if sure.size == 0:
        return
    row, doubt = table.row[sure], np.sqrt(1.0 / table.row_probability[sure])
    work = np.empty((8, 11, 11))
    take_detections(known, scan.t_s, scan.sensor_index, place[sure], z[row], sigma[row] * doubt[:, None], watched, work)
