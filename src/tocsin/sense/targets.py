"""Targets that several sensors see or that report themselves: which track and which report is which target."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tocsin.kernels.registration import STRIKES, Array, Targets, no_targets, report_gap, target_pairs
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.plan import Plan

__all__ = ["Crowd", "join", "link", "place_of", "start_crowd", "sweep"]

PLACES = 256  # targets at a time: biases are known long before more would tell anything
FORGET_S = 10.0  # without a plot for so long, a constant-velocity state says nothing of metres
PAIR_HITS = 2  # plots after which a target has a velocity of its own
REACH_M = 2000.0  # partners are not looked for farther apart: 0.5° and 100 m are 200 m at 20 km, of which this is ten
LATELY_S = 3.0  # seen so lately: two looks of a slow radar
TORN = 5  # pairs that a wrong belief keeps apart, before it is doubted
PAIR_GATE = 22.5  # chi-square, 6 degrees, 99.9 %
LINK_GATE = 13.8  # chi-square, 2 degrees, 99.9 % (heights of reports are often not geometric)
LINK_LOOKS = 2  # reports in a row that fit one target only, before it is taken for the sender
SIGMA_UP = 1.5  # GNSS heights are worse than places by about this factor
SIGMA_REPORT_M = 5.0  # no civil receiver is better, whatever it says of itself
STEADY_SHARE = 0.4  # of a report's sigma: errors that last; GNSS drifts by 2 to 4 m where NACp 9 to 10 states 5 to 15 m


@dataclass(slots=True)
class Crowd:
    """Places for targets, and who is in them."""

    array: Array
    targets: Targets
    slot_of: dict[int, int] = field(default_factory=dict)  # by track_id; several tracks may be one target
    sender: dict[tuple[str, str], int] = field(default_factory=dict)  # by source and id of the report
    suspect: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # slot, reports that fitted
    free: list[int] = field(default_factory=list)


def start_crowd(plan: Plan, scale: FloatArray) -> Crowd:
    """Nobody known yet; scale (4,) are the prior standard deviations of the biases."""
    sensors = plan.sensors
    array = Array(np.ascontiguousarray(sensors.position_m), np.ascontiguousarray(sensors.rotation), scale)
    return Crowd(array, no_targets(PLACES, len(sensors.sensor_id)), free=list(range(PLACES))[::-1])


def place_of(crowd: Crowd, track_id: int, *, begin: bool) -> int:
    """The place of a track's target; a new one if there is room and its first plot says where it is, else -1."""
    slot = crowd.slot_of.get(track_id, -1)
    if slot < 0 and begin and crowd.free:
        slot = crowd.slot_of[track_id] = crowd.free.pop()
    return slot if slot >= 0 and (begin or crowd.targets.t_s[slot] > -np.inf) else -1


def sweep(crowd: Crowd, now_s: float) -> None:
    """Forget targets that were not seen for long or whose plots contradict what is believed of them."""
    t = crowd.targets
    used = sorted(set(crowd.slot_of.values()))
    seen = t.fed_s.max(axis=1)
    gone = {i for i in used if seen[i] < now_s - FORGET_S or t.strikes[i] >= STRIKES}
    if gone:
        clear(crowd, gone)


def clear(crowd: Crowd, gone: set[int]) -> None:
    """Empty places."""
    t = crowd.targets
    crowd.slot_of = {number: i for number, i in crowd.slot_of.items() if i not in gone}
    crowd.sender = {name: i for name, i in crowd.sender.items() if i not in gone}
    crowd.suspect = {name: entry for name, entry in crowd.suspect.items() if entry[0] not in gone}
    for i in sorted(gone, reverse=True):
        t.t_s[i], t.fed_s[i], t.hits[i], t.strikes[i] = -np.inf, -np.inf, 0, 0
        crowd.free.append(i)


def join(crowd: Crowd, mean: FloatArray, cov: FloatArray, now_s: float) -> bool:
    """Take two targets for one where each is the only partner of the other and no sensor has seen both.

    True: most targets stay torn in two that what is believed of the biases keeps apart, and the prior would not.
    """
    t = crowd.targets
    used = np.array(sorted(set(crowd.slot_of.values())), dtype=np.int64)
    young = used[(t.hits[used].sum(axis=1) >= PAIR_HITS) & (t.t_s[used] > now_s - LATELY_S)] if len(used) else used
    single = (t.hits[young] > 0).sum(axis=1) == 1
    if len(young) < 2 or not np.any(single):
        return False
    for i, j in pairs_of(crowd, young, single, mean, cov, now_s):
        keep, drop = (j, i) if (t.hits[i] > 0).sum() == 1 else (i, j)
        crowd.slot_of = {number: keep if k == drop else k for number, k in crowd.slot_of.items()}
        crowd.sender = {name: keep if k == drop else k for name, k in crowd.sender.items()}
        clear(crowd, {drop})
    left = young[t.t_s[young] > -np.inf]
    lately = (t.fed_s[left] > now_s - LATELY_S).sum(axis=1)
    alone = left[lately == 1]
    torn = pairs_of(crowd, alone, np.ones(len(alone), np.bool_), np.zeros(len(mean)), np.eye(len(mean)), now_s)
    return len(torn) >= TORN and len(torn) > int(np.count_nonzero(lately > 1))


def pairs_of(
    crowd: Crowd, use: IntArray, single: BoolArray, mean: FloatArray, cov: FloatArray, now_s: float
) -> list[tuple[int, int]]:
    """Places of targets that are each other's only partner, one of the two seen by one sensor alone."""
    if len(use) < 2:
        return []
    partner = np.empty(len(use), np.int64)
    target_pairs(now_s, REACH_M, PAIR_GATE, crowd.array, use, mean, cov, crowd.targets, partner)
    return [
        (int(use[a]), int(use[b]))
        for a, b in enumerate(partner.tolist())
        if 0 <= b < a and partner[b] == a and (single[a] or single[b])
    ]


def link(
    crowd: Crowd,
    mean: FloatArray,
    cov: FloatArray,
    name: tuple[str, str],
    t_s: float,
    place: FloatArray,
    sigma_m: float,
) -> tuple[int, FloatArray] | None:
    """The target that a report comes from and the noise (3,) of its place; None while that is not sure."""
    t = crowd.targets
    level = max(sigma_m if np.isfinite(sigma_m) and sigma_m > 0.0 else 50.0, SIGMA_REPORT_M)
    sigma = np.array([level, level, SIGMA_UP * level])
    slot = crowd.sender.get(name, -1)
    if slot >= 0:
        return (slot, sigma) if t_s >= t.t_s[slot] else None
    where = np.ascontiguousarray(place)
    known = [i for i in sorted(set(crowd.slot_of.values())) if t.t_s[i] > t_s - 3.0]
    near = [i for i in known if np.hypot(t.x[i, 0] - where[0], t.x[i, 1] - where[1]) < 3000.0]
    fits = [i for i in near if report_gap(t_s, where, sigma**2, crowd.array, mean, cov, i, t) < LINK_GATE]
    if len(fits) != 1:
        crowd.suspect.pop(name, None)
        return None
    was, count = crowd.suspect.get(name, (-1, 0))
    count = count + 1 if was == fits[0] else 1
    crowd.suspect[name] = (fits[0], count)
    if count < LINK_LOOKS or fits[0] in crowd.sender.values() or t_s < t.t_s[fits[0]]:
        return None
    crowd.sender[name] = slot = fits[0]
    t.x[slot, 6:] = 0.0
    t.p[slot, 6:], t.p[slot, :, 6:] = 0.0, 0.0
    t.v[slot, 6:] = 0.0
    for k in range(3):
        t.p[slot, 6 + k, 6 + k] = (STEADY_SHARE * sigma[k]) ** 2
    return slot, sigma
