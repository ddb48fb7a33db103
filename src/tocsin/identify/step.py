"""The order inside identification: remember, weigh, bind claims, state the risk, dismiss."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.identify.claims import Bindings, Claim, bind, take_reports
from tocsin.identify.classes import DOUBT, report_factor
from tocsin.identify.densities import Densities, make_densities
from tocsin.identify.memory import Memory, empty_memory, slots_for
from tocsin.identify.risk import dismissals, hostile_probability, ignored
from tocsin.kernels.identity import classify
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import ReportTable
from tocsin.records.identities import BALLISTIC, CLASSES, Dismissal, IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.tracks import MODELS, TrackStep, TrackTable
from tocsin.records.warnings import CLOSING_CLAIMS

__all__ = ["State", "advance", "start"]

BALLISTIC_MODEL, THRUST_MODEL = MODELS.index("ballistic"), MODELS.index("thrust")
SIGHTING_REACH_M = 1500.0  # people misjudge distance; a sighting bears on tracks within this and twice its own sigma
SIGHTING_MEMORY_S = 600.0  # a sighting is old news after the time in which a drone crosses a site


@dataclass(frozen=True, slots=True)
class State:
    """What identification remembers: of each track that has not ended, and the claims heard."""

    densities: Densities
    prior: FloatArray  # (C,) sums to 1
    log_prior: FloatArray  # (C,)
    memory: Memory
    claims: tuple[Claim, ...]


def start(plan: Plan) -> State:
    """Nothing known. Raises ValueError for priors that are not one positive number for each class."""
    prior = np.asarray(plan.identify.prior, dtype=np.float64)
    if prior.shape != (len(CLASSES),) or not (prior > 0.0).all():
        raise ValueError(f"identify.prior must be {len(CLASSES)} positive numbers, not {plan.identify.prior}")
    prior = prior / prior.sum()
    return State(make_densities(), prior, np.log(prior), empty_memory(), ())


def _classify(plan: Plan, state: State, table: TrackTable, slot: IntArray) -> FloatArray:
    """Class probabilities (T, C) from kinematics and RCS, after this scan's detections."""
    probability = np.empty((slot.size, len(CLASSES)))
    model = table.model_probability
    falling = model[:, BALLISTIC_MODEL] + model[:, THRUST_MODEL]  # a rocket while it burns is a round already
    classify(
        plan.site.radius_m,
        state.densities.grid,
        state.densities.table,
        state.prior,
        state.log_prior,
        DOUBT,
        table.t_s,
        table.row,
        slot,
        table.state,
        table.covariance,
        falling,
        table.rcs_dbsm,
        state.memory.summary,
        state.memory.known,
        probability,
    )
    return probability


def _with_claims(probability: FloatArray, bindings: Bindings) -> None:
    """Change class probabilities by what a broadcast says of its sender, in proportion to its support by the radar.

    It says which flyer this is. Whether a thing falls is what the radar sees, and no broadcast is heard on that.
    """
    first = len(BALLISTIC)
    for row, claim in bindings.claim.items():
        flies = probability[row, first:]
        sender = flies * report_factor(claim.kind)[first:]
        share = bindings.true_share[row]
        probability[row, first:] = share * flies.sum() * sender / sender.sum() + (1.0 - share) * flies


def _sighted(memory: Memory, slot: IntArray, reports: ReportTable, table: TrackTable) -> FloatArray | None:
    """Weight (T,) of people's reports on each track, in whole reports, at most two: witnesses talk to each other.

    None where no report bears on any track.
    """
    if not memory.sighted and "sighting" not in reports.kind:
        return None
    weight = memory.sightings[slot]
    if "sighting" not in reports.kind and not weight.any():
        return None
    memory.sighted = True
    weight = weight * np.exp(-np.maximum(table.t_s - memory.sighted_s[slot], 0.0) / SIGHTING_MEMORY_S)
    for r, kind in enumerate(reports.kind):
        over = reports.claim[r].strip().lower().replace("_", " ").startswith(CLOSING_CLAIMS)
        if kind != "sighting" or over or not np.isfinite(reports.position_m[r, :2]).all():
            continue
        spread = SIGHTING_REACH_M + 2.0 * max(float(np.nan_to_num(reports.sigma_m[r])), 0.0)
        back = np.clip(table.t_s - reports.t_s[r], 0.0, 60.0)
        place = table.state[:, :2] - back * table.state[:, 3:5]
        gap = np.hypot(place[:, 0] - reports.position_m[r, 0], place[:, 1] - reports.position_m[r, 1])
        weight = np.where(gap <= spread, np.minimum(weight + 1.0, 2.0), weight)
    memory.sightings[slot], memory.sighted_s[slot] = weight, table.t_s
    return np.asarray(weight)


def _cooperative_columns(bindings: Bindings) -> tuple[tuple[str, ...], FloatArray]:
    size = bindings.bound.size
    consistent = np.empty(size)
    consistent.fill(np.nan)
    if not bindings.claim:
        return ("",) * size, consistent
    names = [""] * size
    for row, claim in bindings.claim.items():
        names[row] = claim.id
        consistent[row] = bindings.true_share[row] / (bindings.true_share[row] + bindings.false_share[row])
    return tuple(names), consistent


def advance(
    plan: Plan, state: State, scan: Scan, tracks: TrackStep, reports: ReportTable
) -> tuple[State, IdentityTable, tuple[Dismissal, ...]]:
    """Identities of the tracks of one scan or tick, rows as in `tracks.table`, and what is dismissed or reopened."""
    table, memory = tracks.table, state.memory
    slot = slots_for(memory, table.track_id, tracks.ended, state.prior)
    probability = _classify(plan, state, table, slot)
    claims = take_reports(state.claims, reports, table, memory.track_id)
    bindings = bind(claims, table)
    _with_claims(probability, bindings)
    sightings = _sighted(memory, slot, reports, table)
    hostile = hostile_probability(probability, bindings, sightings)
    changed = ignored(memory, slot, hostile, plan.identify.dismiss_below_hostile, bindings, sightings)
    records = dismissals(scan.t_s, table.track_id, probability, hostile, bindings, changed, memory, slot)
    names, consistent = _cooperative_columns(bindings)
    identities = IdentityTable(table.track_id, probability, hostile, names, consistent, bindings.lookalike)
    if claims is not state.claims:
        state = replace(state, claims=claims)
    return state, identities, records
