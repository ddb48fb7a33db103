"""Both raids of June 2021 as they are, and with each modelled cause made ideal: what became of what flew."""

from __future__ import annotations

from tocsin.formats.scenarios import load_builtin
from tocsin.records.scenario import CAUSES
from tocsin.study.outcomes import OutcomeRates, outcome_campaign, rates_of
from tools.work import Work

__all__ = ["prove"]


def prove(work: Work) -> list[OutcomeRates]:
    """Every seed of every case."""
    scenarios = [load_builtin(name) for name in ("ain-al-asad-2021", "bdsc-2021")]
    ideals: list[tuple[str, ...]] = [(), *((cause,) for cause in CAUSES)]
    found = work.rows(outcome_campaign(scenarios, ideals, work.seeds))
    return [rates_of(found, scenario, ideal) for scenario in scenarios for ideal in ideals]
