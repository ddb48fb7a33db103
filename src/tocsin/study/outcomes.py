"""How often hostile objects are intercepted over many seeds, what decided, and how often the assessment was right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

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
from tocsin.study.campaign import Campaign, Results, cells_of, run_here

__all__ = [
    "Fate",
    "OutcomeRates",
    "RaidOutcome",
    "case_of",
    "idealised",
    "observe",
    "outcome_campaign",
    "outcome_rates",
    "raid_outcome",
    "rates_of",
]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one hostile object, and what an assessment says of it; "": none tells of it."""

    object_id: str
    outcome: str
    cause: str
    bursts: int
    verdict: str


@dataclass(frozen=True, slots=True)
class RaidOutcome:
    """One seed: a Cause for each hostile object, and for each the verdict of the assessment that tells of it."""

    seed: int
    causes: tuple[Cause, ...]
    verdicts: tuple[str, ...]  # "": no assessment tells of it


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
    told = (_told_of(assessments, held.get(cause.object_id, {})) for cause in causes)
    return RaidOutcome(seed, causes, tuple("" if found is None else found.verdict for found in told))


def _told_of(assessments: tuple[Assessment, ...], tracks: Mapping[int, float]) -> Assessment | None:
    """The assessment that tells of an object's end: of those of its tracks the one that was last seen latest."""
    own = [found for found in assessments if any(track_id in tracks for track_id in found.track_ids)]
    return max(own, key=lambda found: found.t_s, default=None)


def outcome_campaign(
    scenarios: Iterable[Scenario], ideals: Iterable[tuple[str, ...]], seeds: Iterable[int]
) -> Campaign[Fate]:
    """Scenarios, each with each set of causes made ideal, over seeds; a case is called as `case_of` says."""
    cases = {
        case_of(scenario, ideal): idealised(scenario, ideal) for scenario, ideal in product(scenarios, tuple(ideals))
    }
    return Campaign("outcomes", Fate, partial(_fates, cases), cells_of(cases, seeds))


def case_of(scenario: Scenario, ideal: Iterable[str]) -> str:
    """The name of a case: the scenario's, and the causes that are made ideal."""
    return "+".join((scenario.name, *ideal))


def _fates(cases: Mapping[str, Scenario], case: str, seed: int) -> list[Fate]:
    found = raid_outcome(cases[case], seed)
    return [
        Fate(cause.object_id, cause.outcome, cause.cause, cause.bursts, verdict)
        for cause, verdict in zip(found.causes, found.verdicts, strict=True)
    ]


def outcome_rates(
    scenario: Scenario, seeds: Iterable[int], ideal: Iterable[str] = (), *, processes: int = 1
) -> OutcomeRates:
    """Run a scenario over seeds with some causes made ideal, and count what became of its hostile objects."""
    names = tuple(ideal)
    return rates_of(run_here(outcome_campaign((scenario,), (names,), seeds), processes), scenario, names)


def rates_of(results: Results[Fate], scenario: Scenario, ideal: tuple[str, ...] = ()) -> OutcomeRates:
    """Put the seeds of one case of a campaign together."""
    case = case_of(scenario, ideal)
    raids = {seed: fates for (name, seed), fates in results.checked().items() if name == case}
    fates = [fate for raid in raids.values() for fate in raid]
    decided, outcomes = Counter(fate.cause for fate in fates), Counter(fate.outcome for fate in fates)
    stopped = [[fate.outcome == "intercepted" for fate in raid] for raid in raids.values()]
    assessed = [fate for fate in fates if fate.verdict]
    firm = [fate for fate in assessed if fate.verdict != "undecided"]
    right = sum(fate.verdict == fate.outcome for fate in firm)
    return OutcomeRates(
        scenario=scenario.name,
        ideal=idealised(scenario, ideal).engagement.ideal,
        seeds=tuple(raids),
        intercepted=rate("hostile objects intercepted", outcomes["intercepted"], len(fates)),
        impacted=rate("hostile objects that struck", outcomes["impacted"], len(fates)),
        raids_all_intercepted=rate("raids with all intercepted", sum(map(all, stopped)), len(raids)),
        raids_none_intercepted=rate("raids with none intercepted", sum(not any(s) for s in stopped), len(raids)),
        decided_by=tuple(rate(name, decided[name], len(fates)) for name in DECIDED),
        assessed_right=rate("verdicts that are right", right, len(firm)),
        undecided=rate("assessments undecided", len(assessed) - len(firm), len(assessed)),
    )
