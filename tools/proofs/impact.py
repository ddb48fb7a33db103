"""Ballistic cases of every family through the whole pipeline: impact forecasts beside their bound."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.bench.impact import RUNS, ImpactStudy, Judged, judge_seed, summarise
from tocsin.study.campaign import Campaign, cells_of
from tools.work import Work

__all__ = ["ImpactProof", "prove"]


@dataclass(frozen=True, slots=True)
class ImpactProof:
    """Each run over a case of each seed."""

    first_seed: int
    seeds: int
    studies: tuple[ImpactStudy, ...]


def _rows(run: str, seed: int) -> tuple[Judged, ...]:
    return judge_seed([each for each in RUNS if each.name == run], seed)


def prove(work: Work) -> ImpactProof:
    """One case of each run for each seed."""
    cells = cells_of((run.name for run in RUNS), work.seeds)
    found = work.rows(Campaign("impact", Judged, _rows, cells))
    return ImpactProof(work.seeds[0], len(work.seeds), tuple(summarise(run, found.of(run.name)) for run in RUNS))
