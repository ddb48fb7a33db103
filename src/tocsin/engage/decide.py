"""One batch of the engagement: threats ranked, effectors assigned, and a reason for each that is not engaged."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from tocsin.engage import rules
from tocsin.engage.harm import Harm, People, people_of, updated_harms
from tocsin.engage.reach import Line, Target, burst_probability, fire_line, friend_near, line_fault, place_of
from tocsin.frames import dot, length
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.engagement import (
    REFUSAL_RULES,
    EffectorStatus,
    Engaged,
    EngagementOrder,
    EngagementRequest,
    OperatorAct,
    Refusal,
)
from tocsin.records.events import Events
from tocsin.records.scenario import EffectorSpec, EngagementSpec
from tocsin.records.site import Site

__all__ = ["State", "advance", "start"]

HARM_MIN_PERSONS = 0.005
"""Less expected harm than this is not engaged: one person harmed in two hundred such events. A rocket that is forecast
into empty ground is left to fall, as every published terminal defence does, which keeps rounds for the next."""

LOOK_S = 1.5
"""Shoot, look, shoot: after a burst has arrived, a track is engaged again only when so much time has shown that it
flies on. One revisit of the slowest sensor that serves such an effector, and half for processing."""

URGENCY_S = 5.0
"""Threats are ranked by expected harm divided by (time left + this): of equal harms the sooner one comes first, and a
harm one second away does not outrank one ten times as large five seconds later."""

BURST_ENOUGH = 0.1
"""Rounds are kept for a shorter range only while a burst would succeed with less than this probability."""

_ORDER = {rule: place for place, rule in enumerate(REFUSAL_RULES)}


@dataclass(frozen=True, slots=True)
class Mount:
    """An effector between batches."""

    rounds_left: int
    ready_t_s: float
    pointing: FloatArray  # (3,) unit vector
    track_id: int  # last engaged, 0: none


@dataclass(frozen=True, slots=True)
class State:
    """What the engagement remembers. Spent by the `advance` that takes it."""

    people: People
    places_m: FloatArray  # (E, 3)
    mounts: tuple[Mount, ...]
    t_s: float = -math.inf
    orders: int = 0  # ids given so far
    requests: dict[int, int] = field(default_factory=dict)  # track: its request
    answers: dict[int, str] = field(default_factory=dict)  # request: act
    harms: dict[int, Harm] = field(default_factory=dict)
    looks: dict[int, float] = field(default_factory=dict)  # track: until when the last burst's effect is awaited
    refused: dict[int, str] = field(default_factory=dict)  # track: rule last journalled


@dataclass(frozen=True, slots=True)
class Threat:
    """A candidate that the rules allow to engage."""

    target: Target
    harm: Harm
    weight: float


@dataclass(slots=True)
class Decisions:
    """What one batch leads to, while it is being decided."""

    t_s: float
    elapsed_s: float  # since the last batch
    orders: list[EngagementOrder] = field(default_factory=list)
    effects: dict[int, float] = field(default_factory=dict)  # track: when the burst just ordered would arrive
    requests: list[EngagementRequest] = field(default_factory=list)
    faults: dict[int, tuple[str, str]] = field(default_factory=dict)  # track: rule, effector


def start(engagement: EngagementSpec, site: Site) -> State:
    """The state before the first batch: full magazines, all effectors pointing north along the horizon."""
    mounts = tuple(Mount(e.rounds, -math.inf, np.array([0.0, 1.0, 0.0]), 0) for e in engagement.effectors)
    places = np.array([place_of(e, site) for e in engagement.effectors]).reshape(-1, 3)
    return State(people_of(site), places, mounts)


def advance(
    engagement: EngagementSpec,
    site: Site,
    state: State,
    events: Events,
    acts: tuple[OperatorAct, ...],
    now_s: float,
) -> tuple[State, Engaged]:
    """Decide on one batch at `now_s`, the time at which its events were known (its arrival). Time never runs back."""
    now_s = max(state.t_s, now_s)
    decisions = Decisions(now_s, now_s - state.t_s if math.isfinite(state.t_s) else 0.0)
    answers = state.answers | {act.request_id: act.act for act in acts if act.request_id in state.requests.values()}
    harms = updated_harms(state.people, state.harms, events)
    state = replace(state, t_s=now_s, answers=answers, harms=harms)
    cooperative = rules.is_cooperative(events.identities)
    threats = _threats(engagement, state, events, cooperative, decisions)
    friends_m = _positions(events, now_s)[rules.friends(events.identities)]
    mounts = _assign(engagement, site, state, threats, friends_m, decisions)
    ordered = {order.track_id for order in decisions.orders}
    refusals = tuple(
        Refusal(now_s, track_id, effector_id, rule, REFUSAL_RULES[rule])
        for track_id, (rule, effector_id) in sorted(decisions.faults.items())
        if state.refused.get(track_id) != rule and track_id not in ordered
    )
    statuses = tuple(
        EffectorStatus(now_s, effector.id, after.rounds_left, after.ready_t_s)
        for effector, before, after in zip(engagement.effectors, state.mounts, mounts, strict=True)
        if after.rounds_left != before.rounds_left
    )
    engaged = Engaged(tuple(decisions.orders), tuple(decisions.requests), refusals, statuses)
    return _remembered(state, events, engaged, mounts, decisions), engaged


def _remembered(
    state: State,
    events: Events,
    engaged: Engaged,
    mounts: tuple[Mount, ...],
    decisions: Decisions,
) -> State:
    """The next state, without the tracks that ended."""
    over = {end.track_id for end in events.tracks.ended}
    looks = {track_id: effect_t_s + LOOK_S for track_id, effect_t_s in decisions.effects.items()}
    ordered = {order.track_id: "" for order in engaged.orders}
    faults = {track_id: rule for track_id, (rule, _) in decisions.faults.items()}
    asked = {request.track_id: request.request_id for request in engaged.requests}
    return replace(
        state,
        mounts=mounts,
        orders=state.orders + len(engaged.orders),
        requests=state.requests | asked,
        harms={k: v for k, v in state.harms.items() if k not in over},
        looks={k: v for k, v in (state.looks | looks).items() if k not in over},
        refused={k: v for k, v in (state.refused | faults | ordered).items() if k not in over},
    )


def _positions(events: Events, now_s: float) -> FloatArray:
    """Positions (T, 3) of all tracks, taken forward to `now_s`."""
    table = events.tracks.table
    return np.asarray(table.state[:, :3] + table.state[:, 3:] * max(0.0, now_s - table.t_s))


def _threats(
    engagement: EngagementSpec, state: State, events: Events, cooperative: BoolArray, decisions: Decisions
) -> list[Threat]:
    """The candidates that rules of engagement, harm and consent allow; each of the others gets its fault."""
    table, identities, now_s = events.tracks.table, events.identities, decisions.t_s
    threatening = np.array([track_id in state.harms for track_id in table.track_id.tolist()], dtype=np.bool_)
    threats: list[Threat] = []
    for row in np.nonzero(rules.candidates(identities, threatening))[0].tolist():
        track_id = int(table.track_id[row])
        harm = state.harms.get(track_id, Harm(0.0, math.nan, False, 0.0, now_s))
        left_s = harm.due_t_s - now_s
        fault = rules.identity_fault(engagement.rules, identities, row, bool(cooperative[row]), harm.bound)
        if not fault and harm.persons < HARM_MIN_PERSONS:
            fault = "no_harm"
        if not fault:
            fault = _supply_fault(engagement, state)
        if not fault and rules.consent_needed(engagement.rules, engagement.ideal):
            fault = _consent_fault(engagement, state, track_id, table.state[row, :3], harm, decisions)
        if fault:
            decisions.faults[track_id] = (fault, "")
            continue
        target = Target(track_id, table.t_s, table.state[row, :3], table.state[row, 3:], harm.ballistic)
        weight = harm.persons / (URGENCY_S + max(0.0, left_s if math.isfinite(left_s) else 60.0))
        threats.append(Threat(target, harm, weight))
    return threats


def _supply_fault(engagement: EngagementSpec, state: State) -> str:
    if not engagement.effectors:
        return "no_effector"
    return "" if any(mount.rounds_left > 0 for mount in state.mounts) else "magazine_empty"


def _consent_fault(
    engagement: EngagementSpec, state: State, track_id: int, position_m: FloatArray, harm: Harm, decisions: Decisions
) -> str:
    """Consent is asked for once for a track, and stands for it until it ends; so does a refusal.

    The request names the nearest effector that has rounds; consent covers whichever is assigned in the end.
    """
    request_id = state.requests.get(track_id)
    if request_id is None:
        request_id = len(state.requests) + len(decisions.requests) + 1
        away_m = length(state.places_m - position_m)
        away_m[[mount.rounds_left <= 0 for mount in state.mounts]] = math.inf
        effector_id = engagement.effectors[int(np.argmin(away_m))].id
        left_s = harm.due_t_s - decisions.t_s
        decisions.requests.append(
            EngagementRequest(decisions.t_s, request_id, track_id, effector_id, harm.persons, left_s)
        )
        return "no_consent"
    answer = state.answers.get(request_id, "")
    return "" if answer == "consent" else "refused" if answer else "no_consent"


def _assign(
    engagement: EngagementSpec,
    site: Site,
    state: State,
    threats: list[Threat],
    friends_m: FloatArray,
    decisions: Decisions,
) -> tuple[Mount, ...]:
    """One effector for a threat at most and one threat for an effector: the assignment of the greatest total value.

    The value of a pair is the expected harm that one burst averts, weighted by urgency; with one burst at a time for
    each threat the static problem is a linear assignment, which is solved exactly.
    """
    mounts = list(state.mounts)
    waiting = [threat for threat in threats if state.looks.get(threat.target.track_id, -math.inf) <= decisions.t_s]
    value = np.zeros((len(waiting), len(mounts)))
    lines: dict[tuple[int, int], Line] = {}
    for i, threat in enumerate(waiting):
        for j, effector in enumerate(engagement.effectors):
            line = _line(engagement, state, j, threat, decisions.t_s)
            fault = _pair_fault(engagement, site, state, j, threat, line, friends_m)
            if fault:
                _note_fault(decisions, threat.target.track_id, fault, effector.id)
                continue
            lines[i, j] = line
            value[i, j] = threat.weight * burst_probability(effector, line.range_m)
    for i, j in zip(*(index.tolist() for index in linear_sum_assignment(-value)), strict=True):
        if (i, j) in lines:
            mounts[j] = _ordered(engagement.effectors[j], state, mounts[j], waiting[i], lines[i, j], decisions)
    taken = {order.track_id for order in decisions.orders}
    for i, threat in enumerate(waiting):
        if threat.target.track_id not in taken and any(pair[0] == i for pair in lines):
            decisions.faults[threat.target.track_id] = ("effectors_busy", "")
    _turn_idle(engagement, state, threats, decisions, mounts)
    return tuple(mounts)


def _line(engagement: EngagementSpec, state: State, index: int, threat: Threat, now_s: float) -> Line:
    mount = state.mounts[index]
    return fire_line(
        engagement.effectors[index],
        state.places_m[index],
        mount.pointing,
        threat.target,
        now_s,
        mount.track_id == threat.target.track_id,
        "geometry" not in engagement.ideal,
    )


def _pair_fault(
    engagement: EngagementSpec,
    site: Site,
    state: State,
    index: int,
    threat: Threat,
    line: Line,
    friends_m: FloatArray,
) -> str:
    """The rule by which this effector does not engage this threat now, "" for none."""
    effector, mount = engagement.effectors[index], state.mounts[index]
    if mount.rounds_left <= 0:
        return "magazine_empty"
    due = threat.harm.due_t_s if threat.harm.ballistic else math.inf
    fault = line_fault(effector, engagement.sectors, site, line, due, "geometry" not in engagement.ideal)
    if fault:
        return fault
    if friend_near(effector, state.places_m[index], line, friends_m):
        return "friendly_near_line"
    if _kept(effector, mount, threat, line):
        return "magazine_kept"
    return "effectors_busy" if mount.ready_t_s > state.t_s else ""


def _kept(effector: EffectorSpec, mount: Mount, threat: Threat, line: Line) -> bool:
    """Whether later, closer bursts would use up the magazine anyway, so that this one is better kept for them."""
    time_left = threat.harm.due_t_s - line.effect_t_s
    if not line.closing or not time_left > 0.0 or burst_probability(effector, line.range_m) >= BURST_ENOUGH:
        return False
    cycle = effector.burst_s + line.range_m / effector.projectile_speed_mps + LOOK_S
    return math.ceil(mount.rounds_left / effector.burst_rounds) * cycle < time_left


def _note_fault(decisions: Decisions, track_id: int, rule: str, effector_id: str) -> None:
    """Of several effectors' faults the one that stands nearest to an order is told."""
    told = decisions.faults.get(track_id)
    if told is None or _ORDER[told[0]] < _ORDER[rule]:
        decisions.faults[track_id] = (rule, effector_id)


def _ordered(
    effector: EffectorSpec, state: State, mount: Mount, threat: Threat, line: Line, decisions: Decisions
) -> Mount:
    rounds = min(effector.burst_rounds, mount.rounds_left)
    track_id = threat.target.track_id
    east, north, up = threat.target.at(decisions.t_s).tolist()
    order_id = state.orders + len(decisions.orders) + 1
    decisions.orders.append(
        EngagementOrder(decisions.t_s, order_id, effector.id, track_id, (east, north, up), rounds, line.fire_t_s)
    )
    decisions.effects[track_id] = line.effect_t_s
    return Mount(mount.rounds_left - rounds, line.fire_t_s + effector.burst_s, line.direction, track_id)


def _turn_idle(
    engagement: EngagementSpec, state: State, threats: list[Threat], decisions: Decisions, mounts: list[Mount]
) -> None:
    """An idle effector turns, at its own rate, towards the weightiest threat that is allowed: less slewing later."""
    if not threats:
        return
    ordered = {order.effector_id for order in decisions.orders}
    target = max(threats, key=lambda threat: threat.weight).target
    for j, effector in enumerate(engagement.effectors):
        mount = mounts[j]
        if effector.id in ordered or mount.ready_t_s > decisions.t_s:
            continue
        offset = target.at(decisions.t_s) - state.places_m[j]
        aim = offset / max(float(length(offset)), 1e-3)
        mounts[j] = replace(
            mount, pointing=_turned(mount.pointing, aim, math.radians(effector.slew_degps) * decisions.elapsed_s)
        )


def _turned(pointing: FloatArray, aim: FloatArray, most_rad: float) -> FloatArray:
    """`pointing` turned towards `aim` by at most `most_rad`."""
    angle = math.acos(min(1.0, max(-1.0, float(dot(pointing, aim)))))
    if angle <= most_rad:
        return aim
    side = aim - math.cos(angle) * pointing
    norm = float(length(side))
    if norm < 1e-9:
        return pointing
    return np.asarray(math.cos(most_rad) * pointing + math.sin(most_rad) * side / norm)
