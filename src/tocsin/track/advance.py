"""The stage's state and its step: scans in order are taken at once, late ones by running again from a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tocsin.frames import EARTH_RATE_RADPS
from tocsin.kernels import lifecycle
from tocsin.kernels.births import Birth
from tocsin.kernels.motion import MODELS, Motion
from tocsin.records.arrays import IntArray
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.tracks import END_RULES, TrackEnd, TrackStep, TrackTable
from tocsin.track.bank import Bank, Lore, empty_bank, empty_lore
from tocsin.track.late import Ring, Snapshot, Taken, agreeing
from tocsin.track.rules import Rules
from tocsin.track.step import NONE_ENDED, Ended, Stepped, arrival_rate, coast, moments, take_scan

__all__ = ["State", "advance", "start"]

RULE_NAMES = {
    lifecycle.RULE_MISSED: "missed",
    lifecycle.RULE_GROUND: "ground",
    lifecycle.RULE_LEFT: "out_of_coverage",
    lifecycle.RULE_MERGED: "merged",
}
LATE_S = 2.5  # in which all but one in e of what stood in the sky at first have begun a track that lives
UNMISTAKABLE = 250.0  # gain in odds from the second detection: thick clutter, or looks far apart, never give it
if not set(RULE_NAMES.values()) <= set(END_RULES):
    raise AssertionError("an end rule is not declared in records.tracks")


@dataclass(slots=True)
class State:
    """The tracks, what was learned, the ring for late scans, and the ids that were given out."""

    rules: Rules
    bank: Bank
    lore: Lore
    ring: Ring
    spare: list[Bank]  # banks that no snapshot holds, to be written anew
    serial: int = 0
    next_id: int = 1
    first_t_s: float = np.inf
    id_of_key: dict[int, int] = field(default_factory=dict)  # open tracks: confirmed, and not ended
    key_of_id: dict[int, int] = field(default_factory=dict)
    unsure: dict[int, int] = field(default_factory=dict)  # those that late scans made tentative again, by key
    closed: dict[int, tuple[int, float]] = field(default_factory=dict)  # by key: id and time of those ended lately
    last: TrackStep | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What was shown before a step."""

    bank: Bank
    ids: IntArray  # (n,) 0: not shown


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
    return State(rules, empty_bank(256, sensors), empty_lore(sensors), Ring(), [])


def advance(plan: Plan, state: State, scan: Scan) -> tuple[State, TrackStep]:
    """Take one scan or tick; the state given is spent."""
    behind_s, looked, ring = state.bank.t_s - scan.t_s, scan.sensor_index >= 0, state.ring
    if behind_s > (plan.track.max_late_s if looked else 0.0):
        return state, caught_up(state) if ring.stale_from >= 0 else unchanged(state)
    place = ring.piece_of(scan) if looked else -1
    late = behind_s > 0.0 or place >= 0
    ring.earn(scan.t_s, len(scan.detections.row) if late else 0)
    if looked:
        ring.learn_age(scan, plan.track.max_late_s, place >= 0)
    if late:
        return state, take_late(state, scan, place)
    before = caught_up(state) if ring.stale_from >= 0 else None
    shown = Shown(state.bank, shown_ids(state, state.bank)) if state.unsure else None
    stepped, fresh = take(state, scan, state.serial)
    state.serial += 1
    ends = close(state, [stepped.ended])
    if shown is not None:
        ends += close_vanished(state, shown)
    if before is not None:
        fresh, ends = before.confirmed.tolist() + fresh, before.ended + ends
    state.last = listing(state, state.bank, stepped, fresh, ends, scan)
    return state, state.last if before is None else replace(state.last, late=before.table)


def take_late(state: State, scan: Scan, piece_of: int) -> TrackStep:
    """Put a late scan, or a piece of one, in its place; what followed is taken again, at once if that is affordable.

    The first piece of a late scan gives the tracks of its own time too, unless there were rows of that time before.
    """
    ring, place = state.ring, piece_of
    wanted = scan.complete and piece_of < 0 and all(each.scan.t_s != scan.t_s for each in ring.taken)
    if piece_of < 0:
        place = ring.insert(scan, state.serial)
        state.serial += 1
    else:
        ring.join(place, scan)
    ring.mark(place)
    if not ring.afford(state.bank.n) and not wanted:
        return unchanged(state)
    return caught_up(state, scan if wanted else None)


def caught_up(state: State, asked: Scan | None = None) -> TrackStep:
    """The step after what was stale has been taken again, with the tracks at the time of the late scan asked for."""
    then: list[tuple[Bank, Stepped]] = []
    confirmed, ends = catch_up(state, asked, then)
    state.last = listing(state, state.bank, still(state.bank), confirmed, ends, None)
    if asked is None:
        return state.last
    bank, stepped = then[0]
    numbers = [state.id_of_key.get(key, 0) for key in bank.whole[lifecycle.KEY, : bank.n].tolist()]
    table = table_of(state.rules, bank, np.array(numbers, np.int64), stepped, asked)
    return replace(state.last, late=table)


def unchanged(state: State) -> TrackStep:
    """The step of a scan that changes nothing, or whose change waits."""
    if state.last is None:
        return listing(state, state.bank, still(state.bank), [], (), None)
    table = state.last.table
    rows = len(table.track_id)
    table = replace(table, row=np.full(rows, -1), row_probability=np.zeros(rows), rcs_dbsm=np.full(rows, np.nan))
    return TrackStep(table, np.zeros(0, np.int64), (), state.last.tentative)


def take(state: State, scan: Scan, serial: int) -> tuple[Stepped, list[int]]:
    """Take a scan in order; returns how things stand and the ids confirmed."""
    ring, before, max_late_s = state.ring, state.bank, state.rules.settings.max_late_s
    state.spare += ring.prune(ring.newest_s - max_late_s)
    bank = state.spare.pop() if state.spare else empty_bank(*before.room())
    snapshot = Snapshot(before, state.lore.copy()) if ring.wants_snapshot(scan.t_s) else None
    ring.taken.append(Taken(scan, serial, snapshot))
    state.first_t_s = min(state.first_t_s, scan.t_s)
    if scan.sensor_index < 0:
        stepped = coast(state.rules, before, bank, state.lore, scan.t_s)
    else:
        here = ring.arrived(scan, max_late_s)
        scan = scan if here == 1.0 else replace(scan, arrived=here)
        stepped = take_scan(state.rules, before, bank, state.lore, scan, serial)
    state.bank = bank
    if snapshot is None:
        state.spare.append(before)
    return stepped, confirm(state)


def confirm(state: State) -> list[int]:
    """Give ids to tracks that have earned them; one that had an id before a late scan came gets it again."""
    bank, settings, n = state.bank, state.rules.settings, state.bank.n
    place, real, whole = np.empty(n, np.int64), bank.real, bank.whole
    enough = settings.confirm_existence, settings.confirm_ballistic, UNMISTAKABLE, *state.rules.confirm_own
    count = lifecycle.find_sure(n, state.rules.confirm_hits, *enough, bank.mu, real, whole, place)
    fresh = []
    for i in place[:count]:
        key = int(whole[lifecycle.KEY, i])
        if key in state.id_of_key:
            whole[lifecycle.ID, i] = state.id_of_key[key]
        elif key in state.closed:
            whole[lifecycle.ID, i] = state.closed[key][0]
        else:
            fresh.append(give_id(state, int(i)))
        state.lore.sky[1] += arrived(state, float(real[lifecycle.BORN, i]) - state.first_t_s)
    return fresh


def arrived(state: State, age_s: float) -> float:
    """Probability that what began a track so long after the first scan arrived then, and did not stand in the sky."""
    standing = float(state.lore.sky[4]) * float(np.exp(-max(age_s, 0.0) / LATE_S)) / LATE_S
    arriving = arrival_rate(state.rules, state.lore)
    return arriving / (arriving + standing)


def give_id(state: State, i: int) -> int:
    """Give the track at a place of the bank a new id."""
    number, key = state.next_id, int(state.bank.whole[lifecycle.KEY, i])
    state.bank.whole[lifecycle.ID, i] = number
    state.id_of_key[key], state.key_of_id[number] = number, key
    state.next_id += 1
    return number


def catch_up(
    state: State, asked: Scan | None = None, then: list[tuple[Bank, Stepped]] | None = None
) -> tuple[list[int], tuple[TrackEnd, ...]]:
    """Take again what late scans have made stale; returns ids confirmed and ends.

    How things stood after the scan asked for is put into `then`.
    """
    shown = Shown(state.bank, shown_ids(state, state.bank))
    before, follow, free = state.ring.cut()
    state.bank, state.lore = before.bank, before.lore
    state.spare += free
    state.unsure = {}
    restore_ids(state, state.bank)
    fresh: list[int] = []
    ended = []
    for each in follow:
        stepped, new = take(state, each.scan, each.serial)
        fresh += new
        ended.append(stepped.ended)
        if then is not None and each.scan is asked:
            bank = state.bank
            then.append((replace(bank, mu=bank.mu.copy(), real=bank.real.copy(), whole=bank.whole.copy()), stepped))
    keep_ids(state, shown, fresh)
    ends = [end for end in close(state, ended) if end.track_id not in fresh]
    ends += close_vanished(state, shown)
    state.spare.append(shown.bank)
    return [number for number in fresh if number in state.key_of_id], tuple(ends)


def shown_ids(state: State, bank: Bank) -> IntArray:
    """The id under which each track of a bank is shown, 0: none."""
    ids: IntArray = bank.whole[lifecycle.ID, : bank.n].copy()
    for i in np.flatnonzero(ids == 0) if state.unsure else ():
        ids[i] = state.unsure.get(int(bank.whole[lifecycle.KEY, i]), 0)
    return ids


def restore_ids(state: State, bank: Bank) -> None:
    """Give confirmed tracks of a bank the ids that they are open under."""
    ids, keys = bank.whole[lifecycle.ID, : bank.n], bank.whole[lifecycle.KEY, : bank.n]
    for i in np.flatnonzero(ids):
        ids[i] = state.id_of_key.get(int(keys[i]), ids[i])


def keep_ids(state: State, shown: Shown, fresh: list[int]) -> None:
    """Carry ids over scans taken again: a track that was shown stays shown, and under its id.

    A track may now begin with another detection, an earlier one that came late: it is known by its state then, which
    is all but equal. A track that had ended and now lives begins anew, since an id is never used twice. `fresh`: the
    ids given since, which nobody has seen yet.
    """
    ids, keys = (state.bank.whole[row, : state.bank.n] for row in (lifecycle.ID, lifecycle.KEY))
    for place, key in enumerate(keys.tolist()):
        if key in state.id_of_key and ids[place] == 0:
            state.unsure[key] = state.id_of_key[key]
        elif key not in state.id_of_key and ids[place] > 0:
            fresh.append(give_id(state, place))
    lost = set(state.key_of_id) - set(ids.tolist()) - set(fresh) - set(state.unsure.values())
    if not lost:
        return
    (mean, cov), (old_mean, old_cov) = moments(state.bank), moments(shown.bank)
    for number in sorted(lost):
        for i in np.flatnonzero(shown.ids == number):
            free = np.flatnonzero(((ids == 0) & ~np.isin(keys, list(state.unsure))) | np.isin(ids, fresh))
            heir = agreeing(old_mean[i], old_cov[i], mean, cov, free)
            if heir >= 0:
                hand_over(state, number, heir, fresh)


def hand_over(state: State, number: int, heir: int, fresh: list[int]) -> None:
    """Give the id of a track to the one that continues it, new or tentative."""
    key, given = (int(state.bank.whole[row, heir]) for row in (lifecycle.KEY, lifecycle.ID))
    del state.id_of_key[state.key_of_id[number]]
    state.id_of_key[key], state.key_of_id[number] = number, key
    if given > 0:
        del state.key_of_id[given]
        fresh.remove(given)
        state.bank.whole[lifecycle.ID, heir] = number
    else:
        state.unsure[key] = number


def close(state: State, ended: list[Ended]) -> tuple[TrackEnd, ...]:
    """The ends of tracks that were still open."""
    ends = []
    for e in ended:
        for i, number in enumerate(e.ids):
            key = forget(state, int(number), e.t_s)
            if key is not None:
                into = state.id_of_key.get(int(e.into[i]), 0)
                rule, updated = RULE_NAMES[int(e.rules[i])], float(e.updated_s[i])
                ends.append(TrackEnd(e.t_s, int(number), rule, into, e.mean[i], e.cov[i], updated))
    return tuple(ends)


def forget(state: State, number: int, t_s: float) -> int | None:
    """Take an id off the open ones; returns its track's key, None if it was not open."""
    key = state.key_of_id.pop(number, None)
    if key is not None:
        del state.id_of_key[key]
        oldest = state.ring.newest_s - 2.0 * state.rules.settings.max_late_s
        state.closed = {k: (n, t) for k, (n, t) in state.closed.items() if t >= oldest}
        state.closed[key] = number, t_s
    return key


def close_vanished(state: State, shown: Shown) -> tuple[TrackEnd, ...]:
    """Ends for tracks that late scans undid: nothing in the bank is theirs any more."""
    ids, keys = (state.bank.whole[row, : state.bank.n].tolist() for row in (lifecycle.ID, lifecycle.KEY))
    tentative = {key for key, number in zip(keys, ids, strict=True) if number == 0}
    state.unsure = {key: number for key, number in state.unsure.items() if key in tentative}
    gone = sorted(set(state.key_of_id) - set(ids) - set(state.unsure.values()))
    if not gone:
        return ()
    mean, cov = moments(shown.bank)
    ends = []
    for number in gone:
        forget(state, number, state.bank.t_s)
        for i in np.flatnonzero(shown.ids == number):
            updated = float(shown.bank.real[lifecycle.UPDATED, i])
            ends.append(TrackEnd(state.bank.t_s, number, "missed", 0, mean[i], cov[i], updated))
    return tuple(ends)


def still(bank: Bank) -> Stepped:
    """How things stand, with no detection of this scan's to name."""
    mean, cov = moments(bank)
    return Stepped(mean, cov, np.full(bank.n, -1), np.zeros(bank.n), NONE_ENDED)


def listing(
    state: State, bank: Bank, stepped: Stepped, confirmed: list[int], ends: tuple[TrackEnd, ...], scan: Scan | None
) -> TrackStep:
    """The step that left a bank."""
    number = shown_ids(state, bank)
    table = table_of(state.rules, bank, number, stepped, scan)
    tentative = int(np.count_nonzero(number == 0))
    return TrackStep(table, np.array(confirmed, dtype=np.int64), ends, tentative)


def table_of(rules: Rules, bank: Bank, number: IntArray, stepped: Stepped, scan: Scan | None) -> TrackTable:
    """The tracks of a bank that have a number and are worth reporting, in order of it."""
    existence = bank.real[lifecycle.EXISTENCE, : bank.n]
    listed = np.flatnonzero((number > 0) & (existence >= rules.settings.report_existence))
    track_id = number[listed]
    order = np.argsort(track_id, kind="stable")
    listed, k = listed[order], len(listed)
    mu, real, hits, row = np.empty((k, MODELS)), np.empty((3, k)), np.empty(k, np.int64), np.empty(k, np.int64)
    mean, cov, probability, rcs = np.empty((k, 6)), np.empty((k, 6, 6)), np.empty(k), np.full(k, np.nan)
    found = stepped.mean, stepped.cov, stepped.row, stepped.row_probability
    lifecycle.list_tracks(listed, bank.mu, bank.real, bank.whole, *found, mu, real, hits, mean, cov, row, probability)
    if scan is not None and len(scan.detections.rcs_dbsm):
        rcs = np.where(row >= 0, scan.detections.rcs_dbsm[row], np.nan)
    return TrackTable(
        t_s=bank.t_s,
        track_id=track_id[order],
        state=mean,
        covariance=cov,
        model_probability=mu,
        existence=real[0],
        born_t_s=real[1],
        updated_t_s=real[2],
        detections=hits,
        row=row,
        row_probability=probability,
        rcs_dbsm=rcs,
    )
