"""How often hostile objects are intercepted over many seeds, what decided, and how often the assessment was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import msgspec

from tocsin import exercise
from tocsin.assess import Collector, assess
from tocsin.errors import BadScenario
from tocsin.exercise.causes import causes_of, holders
from tocsin.exercise.raid import Raid, play
from tocsin.records.outcomes import Assessment, Observed
from tocsin.records.rates import Rate
from tocsin.records.scenario import CAUSES, Scenario
from tocsin.score.causes import DECIDED, Cause
from tocsin.score.intervals import rate

__all__ = [
    "OutcomeRates",
    "RaidOutcome",
    "idealised",
    "observe",
    "outcome_rates",
    "raid_outcome",
]


@dataclass(frozen=True, slots=True)
class RaidOutcome:
    """One seed: a Cause for each hostile object, and (true outcome, verdict) for each that an assessment tells of."""

    seed: int
    causes: tuple[Cause, ...]
    verdicts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OutcomeRates:
    """Counts over seeds with Wilson's 95 % intervals; the denominator is hostile objects unless a name says raids."""

    scenario: str
    ideal: tuple[str, ...]
    seeds: tuple[int, ...]
    intercepted: Rate
    impacted: Rate
    raids_all_intercepted: Rate  # raids in which every hostile object was / raids
    raids_none_intercepted: Rate
    decided_by: tuple[Rate, ...]  # one for each of DECIDED
    assessed_right: Rate  # right verdicts / verdicts that are not "undecided"
    undecided: Rate  # / hostile objects with an assessment


def idealised(scenario: Scenario, ideal: Iterable[str]) -> Scenario:
    """The scenario with these causes (of CAUSES) made ideal besides those that it makes so itself."""
    names = tuple(ideal)
    for name in names:
        if name not in CAUSES:
            raise BadScenario(f"no such cause: {name!r}; there are {', '.join(CAUSES)}", place="engagement.ideal")
    both = tuple(name for name in CAUSES if name in names or name in scenario.engagement.ideal)
    return msgspec.structs.replace(scenario, engagement=msgspec.structs.replace(scenario.engagement, ideal=both))


def observe(raid: Raid, scenario: Scenario) -> Observed:
    """What an assessor may see of a finished run."""
    collector = Collector()
    for step in raid.steps:
        collector.add(step.events, step.batch.reports, step.shots)
    return collector.observed(exercise.impact_witnesses(scenario, raid.plan.site))


def raid_outcome(scenario: Scenario, seed: int) -> RaidOutcome:
    """Run one raid, assess it from evidence alone, then join the truth."""
    raid = play(scenario, seed)
    assessments = assess(raid.plan, observe(raid, scenario))
    held = holders(raid)
    causes = causes_of(raid, held)
    verdicts = tuple(
        (cause.outcome, found.verdict)
        for cause in causes
        if (found := _told_of(assessments, held.get(cause.object_id, {}))) is not None
    )
    return RaidOutcome(seed, causes, verdicts)


def _told_of(assessments: tuple[Assessment, ...], tracks: Mapping[int, float]) -> Assessment | None:
    """The assessment that tells of an object's end: of those of its tracks the one that was last seen latest."""
    own = [found for found in assessments if any(track_id in tracks for track_id in found.track_ids)]
    return max(own, key=lambda found: found.t_s, default=None)


def outcome_rates(
    scenario: Scenario, seeds: Iterable[int], ideal: Iterable[str] = (), *, processes: int = 1
) -> OutcomeRates:
    """Run a scenario over seeds with some causes made ideal, and count what became of its hostile objects."""
    changed = idealised(scenario, ideal)
    if processes > 1:
        with ProcessPoolExecutor(processes) as pool:
            raids = list(pool.map(partial(raid_outcome, changed), seeds))
    else:
        raids = [raid_outcome(changed, seed) for seed in seeds]
    causes = [cause for raid in raids for cause in raid.causes]
    verdicts = [pair for raid in raids for pair in raid.verdicts]
    decided = Counter(cause.cause for cause in causes)
    outcomes = Counter(cause.outcome for cause in causes)
    stopped = [[cause.outcome == "intercepted" for cause in raid.causes] for raid in raids]
    firm = [pair for pair in verdicts if pair[1] != "undecided"]
    return OutcomeRates(
        scenario=scenario.name,
        ideal=changed.engagement.ideal,
        seeds=tuple(raid.seed for raid in raids),
        intercepted=rate("hostile objects intercepted", outcomes["intercepted"], len(causes)),
        impacted=rate("hostile objects that struck", outcomes["impacted"], len(causes)),
        raids_all_intercepted=rate("raids with all intercepted", sum(map(all, stopped)), len(raids)),
        raids_none_intercepted=rate("raids with none intercepted", sum(not any(s) for s in stopped), len(raids)),
        decided_by=tuple(rate(name, decided[name], len(causes)) for name in DECIDED),
        assessed_right=rate("verdicts that are right", sum(a == b for a, b in firm), len(firm)),
        undecided=rate("assessments undecided", len(verdicts) - len(firm), len(verdicts)),
    )
