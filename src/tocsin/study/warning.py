"""Was the zone that was struck warned, how early, and how many others were? One raid a seed, against two baselines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tocsin.exercise.raid import first_seen_s, play, truth_ends
from tocsin.records.rates import Rate
from tocsin.records.scenario import Scenario
from tocsin.score.intervals import rate
from tocsin.score.warnings import WarningScore, score_warnings
from tocsin.study.campaign import Campaign, cells_of

__all__ = ["WarnedRaid", "WarningStudy", "summarise", "warned_raid", "warning_campaign"]


@dataclass(frozen=True, slots=True)
class WarnedRaid:
    """What one seed gave. Times are seconds before the first strike; None: there was none."""

    seed: int
    seen_s: float | None  # from the first plot of anything hostile to the strike
    struck_zone: str  # "" : it came down outside every zone
    warned_s: float | None  # from the raise of the struck zone's warning to the strike; None: it was not warned
    zones_warned: int
    zones: int


@dataclass(frozen=True, slots=True)
class WarningStudy:
    """Counts over seeds. `due`: raids that struck a zone and were seen early enough to warn."""

    seeds: tuple[int, ...]
    early_s: float  # a raid seen at least this long before its strike is due a warning
    due: int
    warned: Rate  # struck zone warned / due
    median_zones_warned: float  # over raids that struck a zone
    zones: int
    warning_s: tuple[float, ...]  # sorted seconds of warning of the raids that were warned and due
    outside: int  # raids that came down in no zone
    everything_warned: Rate  # the baseline "warn every zone at the first plot"
    everything_median_s: float | None
    nothing_warned: Rate  # the baseline "never warn"


def warned_raid(scenario: Scenario, seed: int) -> WarnedRaid:
    """Run one raid and judge its warnings by its first strike."""
    raid = play(scenario, seed)
    ends = truth_ends(raid.truth)
    seen_s = first_seen_s(raid.truth, frozenset(end.object_id for end in ends if end.hostile))
    warnings = tuple(w for step in raid.steps for w in step.events.warnings)
    result: WarningScore = score_warnings(warnings, raid.plan.site.zones, ends, first_detection_s=seen_s)
    strike = min(result.strikes, key=lambda s: s.t_s, default=None)
    if strike is None:
        return WarnedRaid(seed, None, "", None, result.zones_warned, result.zones)
    early = None if seen_s is None else strike.t_s - seen_s
    return WarnedRaid(seed, early, strike.zone_id, strike.warned_s, result.zones_warned, result.zones)


def warning_campaign(scenario: Scenario, seeds: Iterable[int]) -> Campaign[WarnedRaid]:
    """One raid of the scenario for each seed."""
    cells = cells_of((scenario.name,), seeds)
    return Campaign("warning", WarnedRaid, partial(_rows, scenario), cells)


def _rows(scenario: Scenario, _: str, seed: int) -> tuple[WarnedRaid]:
    return (warned_raid(scenario, seed),)


def summarise(raids: Iterable[WarnedRaid], *, early_s: float = 8.0) -> WarningStudy:
    """Put the seeds together."""
    all_raids = tuple(raids)
    struck = [raid for raid in all_raids if raid.struck_zone]
    due = [raid for raid in struck if raid.seen_s is not None and raid.seen_s >= early_s]
    warned = [raid.warned_s for raid in due if raid.warned_s is not None]
    seen = sorted(raid.seen_s for raid in due if raid.seen_s is not None)
    return WarningStudy(
        seeds=tuple(raid.seed for raid in all_raids),
        early_s=early_s,
        due=len(due),
        warned=rate("struck zone warned", len(warned), len(due)),
        median_zones_warned=float(np.median([raid.zones_warned for raid in struck])) if struck else 0.0,
        zones=max((raid.zones for raid in all_raids), default=0),
        warning_s=tuple(sorted(warned)),
        outside=len(all_raids) - len(struck),
        everything_warned=rate("struck zone warned", len(seen), len(due)),
        everything_median_s=float(np.median(seen)) if seen else None,
        nothing_warned=rate("struck zone warned", 0, len(due)),
    )
