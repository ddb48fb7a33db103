"""One run of a scenario without files: the plan that it makes, the steps that it takes, and what truly happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin import exercise
from tocsin.formats.scenarios import sensors_of, site_of
from tocsin.records.plan import Plan
from tocsin.records.scenario import Scenario
from tocsin.records.truth import TruthEnd, TruthTable
from tocsin.world.ground import make_terrain
from tocsin.world.truth import TruthLog
from tocsin.world.world import World

__all__ = ["Raid", "first_seen_s", "plan_of", "play", "truth_ends", "truth_table"]


@dataclass(frozen=True, slots=True)
class Raid:
    """A finished run: constant input, every step, and the world's log, which only a judge may read."""

    plan: Plan
    steps: tuple[exercise.Step, ...]
    truth: TruthLog


def plan_of(scenario: Scenario) -> Plan:
    """The constant input of the pipeline: what an operator of the scenario's site would know."""
    site = site_of(scenario, make_terrain(scenario.terrain))
    return Plan(epoch_utc=scenario.start, site=site, sensors=sensors_of(scenario, site))


def play(scenario: Scenario, seed: int) -> Raid:
    """Run the scenario to its end."""
    plan = plan_of(scenario)
    world = World(scenario, plan.site, plan.sensors, seed)
    steps = tuple(exercise.run(plan, scenario, world, seed))
    return Raid(plan, steps, world.truth)


def truth_ends(truth: TruthLog) -> tuple[TruthEnd, ...]:
    """The life of everything that flew: from the first state in the log to its strike, its end in the air or the last.

    What came down as pieces, or as the body of a drone that was hit, did not strike: its object was intercepted.
    """
    first: dict[str, float] = {}
    last: dict[str, tuple[float, str, bool, tuple[float, float, float]]] = {}
    for states in truth.states:
        for i, name in enumerate(states.id):
            first.setdefault(name, states.t_s)
            x, y, z = (float(v) for v in states.state[i, :3])
            last[name] = (states.t_s, states.kind[i], bool(states.hostile[i]), (x, y, z))
    hit = {effect.target_id: effect.t_s for effect in truth.effects if effect.success}
    struck = {impact.id: impact for impact in truth.impacts if not impact.debris}
    ends = []
    for name, (t_s, kind, hostile, position_m) in last.items():
        if kind == "debris":
            continue
        outcome = "left"
        if name in hit:
            outcome, t_s = "intercepted", hit[name]
        elif name in struck:
            east, north, up = (float(v) for v in struck[name].position_m)
            outcome, t_s, position_m = "impacted", struck[name].t_s, (east, north, up)
        ends.append(TruthEnd(name, kind, hostile, first[name], t_s, outcome, position_m))
    return tuple(ends)


def truth_table(log: TruthLog) -> TruthTable:
    """The sealed log's states in order of time, for truth.csv."""
    states = sorted(log.states, key=lambda s: s.t_s)
    index: dict[str, int] = {}
    kinds: list[str] = []
    rows = []
    for at in states:
        for name, kind in zip(at.id, at.kind, strict=True):
            if name not in index:
                index[name] = len(index)
                kinds.append(kind)
            rows.append(index[name])
    return TruthTable(
        t_s=np.repeat([at.t_s for at in states], [len(at.id) for at in states]),
        object_index=np.array(rows, dtype=np.int64),
        state=np.concatenate([np.zeros((0, 6)), *(at.state for at in states)]),
        object_id=tuple(index),
        kind=tuple(kinds),
    )


def first_seen_s(truth: TruthLog, names: frozenset[str]) -> float | None:
    """When a sensor first made a plot of any of these things; None: never."""
    return min((scan.t_s for scan in truth.origins if names.intersection(scan.origin)), default=None)
