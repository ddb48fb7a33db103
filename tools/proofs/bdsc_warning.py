"""`bdsc-2021` without effector: was the struck zone warned, and how many others?"""

from __future__ import annotations

from tocsin.formats.scenarios import apply_variant, load_builtin
from tocsin.study.warning import WarningStudy, summarise, warning_campaign
from tools.work import Work

__all__ = ["prove"]


def prove(work: Work) -> WarningStudy:
    """One raid a seed."""
    scenario = apply_variant(load_builtin("bdsc-2021"), {"effector": "none"})
    return summarise(work.rows(warning_campaign(scenario, work.seeds)).of(scenario.name))
