"""Every family of flights: claimed probabilities of identity against truth."""

from __future__ import annotations

from tocsin.scenes.population import FAMILIES
from tocsin.study.calibration import FamilyResult, judge, looks_campaign
from tools.work import Work

__all__ = ["prove"]


def prove(work: Work) -> list[FamilyResult]:
    """One raid of each family for each seed."""
    found = work.rows(looks_campaign(FAMILIES, work.seeds))
    return [judge(found.of(family)) for family in FAMILIES]
