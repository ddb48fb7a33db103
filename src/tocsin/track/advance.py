"""The stage's state and its step: scans in order are taken at once, late ones by running again from a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tocsin.frames import EARTH_RATE_RADPS
from tocsin.kernels import lifecycle
from tocsin.kernels.births import Birth
from tocsin.kernels.motion import BALLISTIC, THRUST, Motion
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.tracks import END_RULES, TrackEnd, TrackStep, TrackTable
from tocsin.track.bank import Bank, Lore, empty_bank, empty_lore
from tocsin.track.step import Ended, Rules, Stepped, coast, moments, take_scan

__all__ = ["State", "advance", "start"]

RULE_NAMES = {
    lifecycle.RULE_MISSED: "missed",
    lifecycle.RULE_GROUND: "ground",
    lifecycle.RULE_LEFT: "out_of_coverage",
    lifecycle.RULE_MERGED: "merged",
}
START_UP_S = 2.5  # after the first scan what is found was there already, and tells of no arrivals
UNMISTAKABLE = 1000.0  # gain in odds since birth: clutter that is thick or looks that are far apart do not give it
NONE_ENDED = Ended(
    0.0,
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros((0, 6)),
    np.zeros((0, 6, 6)),
    np.zeros(0),
)
if not set(RULE_NAMES.values()) <= set(END_RULES):
    raise AssertionError("an end rule is not declared in records.tracks")


@dataclass(slots=True)
class Taken:
    """A scan that was taken, and how things stood before it; nothing writes to that bank again."""

    scan: Scan
    serial: int
    bank: Bank
    lore: Lore


@dataclass(slots=True)
class State:
    """The tracks, what was learned, the ring for late scans, and the ids that were given out."""

    rules: Rules
    bank: Bank
    lore: Lore
    ring: list[Taken]
    spare: list[Bank]  # banks that no snapshot holds any more, to be written anew
    serial: int = 0
    next_id: int = 1
    again: bool = False  # a late scan is being put in its place
    first_t_s: float = np.inf
    id_of_key: dict[int, int] = field(default_factory=dict)  # live confirmed tracks
    key_of_id: dict[int, int] = field(default_factory=dict)


def start(plan: Plan) -> State:
    """The tracker before the first scan."""
    site, terrain = plan.site, plan.site.terrain
    latitude = np.deg2rad(site.lat_deg)
    motion = Motion(
        site_alt_m=site.alt_m,
        level_radius_m=site.radius_m,
        earth_north_radps=EARTH_RATE_RADPS * float(np.cos(latitude)),
        earth_up_radps=EARTH_RATE_RADPS * float(np.sin(latitude)),
    )
    head = np.array([terrain.east0_m, terrain.north0_m, terrain.step_m])
    rules = Rules(motion, Birth(), plan.track, head, np.ascontiguousarray(terrain.level_m))
    sensors = len(plan.sensors.sensor_id)
    return State(rules, empty_bank(256, sensors), empty_lore(sensors), [], [])


def advance(plan: Plan, state: State, scan: Scan) -> tuple[State, TrackStep]:
    """Take one scan or tick; the state given is spent."""
    late = scan.t_s < state.bank.t_s
    if late and (state.bank.t_s - scan.t_s > plan.track.max_late_s or scan.sensor_index < 0):
        return state, listing(state, still(state.bank), [], (), None)
    if late:
        confirmed, ended = run_again(state, scan)
        ends = close(state, ended) + close_vanished(state)
        return state, listing(state, still(state.bank), confirmed, ends, None)
    stepped, confirmed = take(state, scan, state.serial)
    state.serial += 1
    return state, listing(state, stepped, confirmed, close(state, [stepped.ended]), scan)


def take(state: State, scan: Scan, serial: int) -> tuple[Stepped, list[int]]:
    """Take a scan in order; returns how things stand and the ids confirmed."""
    oldest = scan.t_s - state.rules.settings.max_late_s
    while len(state.ring) > 1 and state.ring[1].scan.t_s < oldest:
        state.spare.append(state.ring.pop(0).bank)
    before, bank = state.bank, state.spare.pop() if state.spare else empty_bank(*state.bank.room())
    state.ring.append(Taken(scan, serial, before, state.lore.copy()))
    state.first_t_s = min(state.first_t_s, scan.t_s)
    if scan.sensor_index < 0:
        stepped = coast(state.rules, before, bank, state.lore, scan.t_s)
    else:
        stepped = take_scan(state.rules, before, bank, state.lore, scan, serial)
    state.bank = bank
    return stepped, confirm(state)


def confirm(state: State) -> list[int]:
    """Give ids to tracks that have earned them; a track that was confirmed before a late scan came keeps its own."""
    bank, rules, n = state.bank, state.rules, state.bank.n
    whole, real = bank.whole[:, :n], bank.real[:, :n]
    exists, first = real[lifecycle.EXISTENCE], real[lifecycle.FIRST]
    urgent = bank.mu[:n, BALLISTIC] + bank.mu[:n, THRUST] >= 0.5
    urgent &= exists * (1.0 - first) >= UNMISTAKABLE * first * (1.0 - exists)
    enough = np.where(urgent, rules.settings.confirm_ballistic, rules.settings.confirm_existence)
    sure = (whole[lifecycle.HITS] >= rules.confirm_hits) & (exists >= enough)
    fresh = []
    for i in np.flatnonzero((whole[lifecycle.ID] == 0) & (sure | bool(state.again))):
        key = int(whole[lifecycle.KEY, i])
        if key in state.id_of_key:
            whole[lifecycle.ID, i] = state.id_of_key[key]
        elif sure[i]:
            whole[lifecycle.ID, i] = state.next_id
            state.id_of_key[key], state.key_of_id[state.next_id] = state.next_id, key
            fresh.append(state.next_id)
            state.next_id += 1
            if real[lifecycle.BORN, i] > state.first_t_s + START_UP_S:
                state.lore.sky[1] += 1.0
    return fresh


def run_again(state: State, scan: Scan) -> tuple[list[int], list[Ended]]:
    """Put a late scan in its place: go back to how things stood before it and take what followed once more."""
    place = len(state.ring)
    while place > 0 and state.ring[place - 1].scan.t_s > scan.t_s:
        place -= 1
    before, follow = state.ring[place], state.ring[place:]
    state.spare += [state.bank, *(taken.bank for taken in follow[1:])]
    state.bank, state.lore, state.ring = before.bank, before.lore, state.ring[:place]
    serial, state.serial, state.again = state.serial, state.serial + 1, True
    for i in np.flatnonzero(state.bank.whole[lifecycle.ID, : state.bank.n]):
        if int(state.bank.whole[lifecycle.ID, i]) not in state.key_of_id:
            state.bank.whole[lifecycle.ID, i] = 0
    confirmed, ended = [], []
    for each, number in [(scan, serial), *((taken.scan, taken.serial) for taken in follow)]:
        stepped, fresh = take(state, each, number)
        confirmed += fresh
        ended.append(stepped.ended)
    state.again = False
    return confirmed, ended


def close(state: State, ended: list[Ended]) -> tuple[TrackEnd, ...]:
    """The ends of tracks that were still open."""
    ends = []
    for e in ended:
        for i, number in enumerate(e.ids):
            key = state.key_of_id.pop(int(number), None)
            if key is not None:
                del state.id_of_key[key]
                into = state.id_of_key.get(int(e.into[i]), 0)
                ends.append(
                    TrackEnd(
                        e.t_s,
                        int(number),
                        RULE_NAMES[int(e.rules[i])],
                        into,
                        e.mean[i],
                        e.cov[i],
                        float(e.updated_s[i]),
                    )
                )
    return tuple(ends)


def close_vanished(state: State) -> tuple[TrackEnd, ...]:
    """Ends for tracks that a late scan undid: nothing in the bank carries their id any more."""
    present = set(state.bank.whole[lifecycle.ID, : state.bank.n].tolist())
    ends = []
    for number in [i for i in state.key_of_id if i not in present]:
        del state.id_of_key[state.key_of_id.pop(number)]
        ends.append(TrackEnd(state.bank.t_s, number, "missed", 0, np.full(6, np.nan), np.full((6, 6), np.nan), np.nan))
    return tuple(ends)


def still(bank: Bank) -> Stepped:
    """How things stand, with no detection of this scan's to name."""
    mean, cov = moments(bank)
    return Stepped(mean, cov, np.full(bank.n, -1), np.zeros(bank.n), NONE_ENDED)


def listing(
    state: State, stepped: Stepped, confirmed: list[int], ends: tuple[TrackEnd, ...], scan: Scan | None
) -> TrackStep:
    """The table of confirmed tracks that are worth reporting, in order of id."""
    bank, n = state.bank, state.bank.n
    number = bank.whole[lifecycle.ID, :n]
    listed = np.flatnonzero(
        (number > 0) & (bank.real[lifecycle.EXISTENCE, :n] >= state.rules.settings.report_existence)
    )
    listed = listed[np.argsort(number[listed], kind="stable")]
    row, rcs = stepped.row[listed], np.full(len(listed), np.nan)
    if scan is not None and len(scan.detections.rcs_dbsm):
        rcs = np.where(row >= 0, scan.detections.rcs_dbsm[row], np.nan)
    table = TrackTable(
        t_s=bank.t_s,
        track_id=number[listed],
        state=stepped.mean[listed],
        covariance=stepped.cov[listed],
        model_probability=bank.mu[listed],
        existence=bank.real[lifecycle.EXISTENCE, listed],
        born_t_s=bank.real[lifecycle.BORN, listed],
        updated_t_s=bank.real[lifecycle.UPDATED, listed],
        detections=bank.whole[lifecycle.HITS, listed],
        row=row,
        row_probability=stepped.row_probability[listed],
        rcs_dbsm=rcs,
    )
    tentative = int(np.count_nonzero(number == 0))
    return TrackStep(table, np.array(confirmed, dtype=np.int64), ends, tentative)
