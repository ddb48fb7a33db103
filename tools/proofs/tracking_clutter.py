"""False tracks in an empty sky, and how soon drones are confirmed at the same settings; the trade-off curve."""

from __future__ import annotations

from tocsin.study.clutter import ClutterPlan, ClutterStudy
from tools.work import Work

__all__ = ["prove"]


def prove(work: Work) -> ClutterStudy:
    """The curve is made of a fifth of the seeds."""
    plan = ClutterPlan(work.seeds, work.seeds[: max(1, len(work.seeds) // 5)])
    return plan.study(work.rows(plan.campaign()))
