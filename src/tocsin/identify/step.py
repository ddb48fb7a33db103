"""The order inside identification: remember, look, weigh, bind claims, state the risk, dismiss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.frames import enu2level
from tocsin.identify.claims import Bindings, Claim, bind, take_reports
from tocsin.identify.classes import Tables, class_tables, report_factor
from tocsin.identify.risk import dismissals, dismissible, hostile_probability
from tocsin.kernels.identity import (
    SUMMARIES,
    class_log_likelihood,
    class_once_log_likelihood,
    normalise_log,
    update_summaries,
)
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.detections import ReportTable
from tocsin.records.identities import CLASSES, Dismissal, IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.tracks import TrackEnd, TrackStep, TrackTable
from tocsin.records.warnings import CLOSING_CLAIMS

__all__ = ["State", "advance", "start"]

LOOK_TIME_S = 12.0  # kinematics of one object are alike over about this long: a manoeuvre, a phase of a trajectory
MEMORY_S = 60.0  # older looks fade, so that a track that jumped to another object is identified anew
BALLISTIC_MODEL_PRIOR = 0.2  # share of the ballistic motion model in the tracker before it has seen anything
SIGHTING_REACH_M = 1500.0  # people misjudge distance; a sighting bears on tracks within this and twice its own sigma
SIGHTING_MEMORY_S = 600.0  # a sighting is old news after the time in which a drone crosses a site


@dataclass(frozen=True, slots=True)
class Held:
    """What is remembered of T tracks: columns aligned with `track_id`."""

    track_id: IntArray  # (T,)
    memory: FloatArray  # (T, SUMMARIES)
    past: FloatArray  # (T, C) log likelihood of past looks
    sightings: FloatArray  # (T,) reports by people that bear on the track, faded
    dismissed: BoolArray  # (T,)


@dataclass(frozen=True, slots=True)
class State:
    """What identification remembers: of the tracks in the table, of those held outside it, and the claims heard."""

    tables: Tables
    held: Held  # rows as in the last table
    away: Held  # tracks that the table does not list and that have not ended: they may come back
    claims: tuple[Claim, ...]


def _unknown(track_id: IntArray) -> Held:
    """Tracks of which nothing is remembered yet."""
    size = track_id.size
    return Held(
        track_id, np.zeros((size, SUMMARIES)), np.zeros((size, len(CLASSES))), np.zeros(size), np.zeros(size, np.bool_)
    )


def start(plan: Plan) -> State:
    """Nothing known. Raises ValueError for priors that are not one positive number for each class."""
    prior = np.asarray(plan.identify.prior, dtype=np.float64)
    if prior.shape != (len(CLASSES),) or not (prior > 0.0).all():
        raise ValueError(f"identify.prior must be {len(CLASSES)} positive numbers, not {plan.identify.prior}")
    nobody = _unknown(np.empty(0, dtype=np.int64))
    return State(class_tables(), nobody, nobody, ())


def _rows(held: Held, rows: IntArray) -> Held:
    return Held(held.track_id[rows], held.memory[rows], held.past[rows], held.sightings[rows], held.dismissed[rows])


def _joined(*parts: Held) -> Held:
    return Held(
        np.concatenate([part.track_id for part in parts]),
        np.concatenate([part.memory for part in parts]),
        np.concatenate([part.past for part in parts]),
        np.concatenate([part.sightings for part in parts]),
        np.concatenate([part.dismissed for part in parts]),
    )


def _aligned(state: State, track_id: IntArray, ended: tuple[TrackEnd, ...]) -> State:
    """The tracks that are listed now, in their order, and aside those that are not but live on."""
    if np.array_equal(state.held.track_id, track_id) and not (ended and state.away.track_id.size):
        return state
    known = np.concatenate([state.held.track_id, state.away.track_id])
    new = np.setdiff1d(track_id, known, assume_unique=True)
    pool = _joined(state.held, state.away, _unknown(new))
    order = np.argsort(pool.track_id)
    listed = order[np.searchsorted(pool.track_id, track_id, sorter=order)]
    over = np.array([end.track_id for end in ended], dtype=np.int64)
    gone = np.isin(pool.track_id, track_id) | np.isin(pool.track_id, over)
    return State(state.tables, _rows(pool, listed), _rows(pool, np.flatnonzero(~gone)), state.claims)


def _look(plan: Plan, tables: Tables, held: Held, table: TrackTable) -> tuple[FloatArray, FloatArray]:
    """Class probabilities (T, C) from kinematics and RCS, and the past looks (T, C) after this one.

    The present look counts in full, since it holds all that the filter knows by now; what it adds to the past is its
    share of an independent look, dt / 2τ, the rate at which AR(1) samples inform about their mean.
    """
    size = table.track_id.size
    level = enu2level(table.state[:, :3], plan.site.radius_m)
    across = table.state[:, 0] * table.state[:, 3] + table.state[:, 1] * table.state[:, 4]
    climb = table.state[:, 5] + across / plan.site.radius_m
    before = held.memory[:, 0].copy()
    first = held.memory[:, 16] == 0.0
    update_summaries(table.t_s, table.row, table.state, table.covariance, level, climb, table.rcs_dbsm, held.memory)
    look, once = np.empty((size, len(CLASSES))), np.empty((size, len(CLASSES)))
    t = tables
    fixed = (t.speed_mps, t.speed_mass, t.height, t.climb, t.fall, BALLISTIC_MODEL_PRIOR)
    moving = (table.state, table.covariance, level, climb, table.model_probability[:, 2].copy())
    class_log_likelihood(*fixed, *moving, held.memory, look)
    class_once_log_likelihood(t.rcs, t.wander, t.energy, held.memory, once)
    elapsed = np.where(first, 0.0, held.memory[:, 0] - before)[:, None]
    centred = look - look.max(axis=1, keepdims=True, initial=-np.inf) if size else look
    past = held.past * np.exp(-elapsed / MEMORY_S) + centred * elapsed / (2.0 * LOOK_TIME_S)
    probability = np.empty(look.shape)
    normalise_log(np.log(np.asarray(plan.identify.prior)) + past + look + once, probability)
    return probability, past


def _with_claims(probability: FloatArray, bindings: Bindings) -> FloatArray:
    """Class probabilities with what a broadcast says of its sender, in proportion to its support by the radar."""
    result = probability.copy()
    for row, claim in bindings.claim.items():
        sender = probability[row] * report_factor(claim.kind)
        share = bindings.true_share[row]
        result[row] = share * sender / sender.sum() + (1.0 - share) * probability[row]
    return result


def _sighted(held: Held, reports: ReportTable, table: TrackTable, elapsed_s: FloatArray) -> FloatArray:
    """Weight (T,) of people's reports on each track, in whole reports, at most two: witnesses talk to each other."""
    weight = held.sightings * np.exp(-elapsed_s / SIGHTING_MEMORY_S)
    for r, kind in enumerate(reports.kind):
        over = reports.claim[r].strip().lower().replace("_", " ").startswith(CLOSING_CLAIMS)
        if kind != "sighting" or over or not np.isfinite(reports.position_m[r, :2]).all():
            continue
        spread = SIGHTING_REACH_M + 2.0 * max(float(np.nan_to_num(reports.sigma_m[r])), 0.0)
        back = np.clip(table.t_s - reports.t_s[r], 0.0, 60.0)
        place = table.state[:, :2] - back * table.state[:, 3:5]
        gap = np.hypot(place[:, 0] - reports.position_m[r, 0], place[:, 1] - reports.position_m[r, 1])
        weight = np.where(gap <= spread, np.minimum(weight + 1.0, 2.0), weight)
    return weight


def _cooperative_columns(bindings: Bindings) -> tuple[tuple[str, ...], FloatArray]:
    names = [""] * bindings.bound.size
    for row, claim in bindings.claim.items():
        names[row] = claim.id
    total = np.where(bindings.bound, bindings.true_share + bindings.false_share, 1.0)
    return tuple(names), np.where(bindings.bound, bindings.true_share / total, np.nan)


def advance(
    plan: Plan, state: State, scan: Scan, tracks: TrackStep, reports: ReportTable
) -> tuple[State, IdentityTable, tuple[Dismissal, ...]]:
    """Identities of the tracks of one scan or tick, rows as in `tracks.table`, and what is dismissed or reopened."""
    table = tracks.table
    state = _aligned(state, table.track_id, tracks.ended)
    held = state.held
    was_at = held.memory[:, 0].copy()
    seen_before = held.memory[:, 16] > 0.0
    kinematic, past = _look(plan, state.tables, held, table)
    claims = take_reports(state.claims, reports, table)
    bindings = bind(claims, table)
    probability = _with_claims(kinematic, bindings)
    elapsed = np.where(seen_before, held.memory[:, 0] - was_at, 0.0)
    sightings = _sighted(held, reports, table, elapsed)
    hostile = hostile_probability(probability, bindings, sightings)
    threshold = plan.identify.dismiss_below_hostile
    now = dismissible(hostile, threshold, held.dismissed, bindings, sightings > 0.05, held.memory[:, 16])
    records = dismissals(scan.t_s, table.track_id, probability, hostile, bindings, held.dismissed, now)
    names, consistent = _cooperative_columns(bindings)
    identities = IdentityTable(table.track_id, probability, hostile, names, consistent, bindings.lookalike)
    after = Held(held.track_id, held.memory, past, sightings, now)
    return State(state.tables, after, state.away, claims), identities, records
