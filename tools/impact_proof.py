"""The large proof of the impact forecasts; kept case by case, so that it goes on where it was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin.bench.impact import RUNS, ImpactStudy, Judged, judge_cases, summarise

__all__ = ["ImpactProof", "prove_impact"]


@dataclass(frozen=True, slots=True)
class ImpactProof:
    """Each run over a case of each seed."""

    first_seed: int
    seeds: int
    studies: tuple[ImpactStudy, ...]


def prove_impact(seeds: Sequence[int], kept: Path, show: Callable[[str], None]) -> ImpactProof:
    """Ballistic cases of every family through the whole pipeline: impact forecasts beside their bound."""
    lines = kept.read_bytes().splitlines() if kept.exists() else []
    done = dict(msgspec.json.decode(line, type=tuple[int, tuple[Judged, ...]]) for line in lines)
    left = [seed for seed in seeds if seed not in done]
    with kept.open("ab") as stream:
        cases = judge_cases(RUNS, left, processes=len(os.sched_getaffinity(0)))
        for seed, judged in zip(left, cases, strict=True):
            done[seed] = judged
            stream.write(msgspec.json.encode((seed, judged)) + b"\n")
            stream.flush()
            show(f"{len(done)} of {len(seeds)} seeds")
    studies = tuple(summarise(run, [done[seed][k] for seed in seeds]) for k, run in enumerate(RUNS))
    return ImpactProof(seeds[0], len(seeds), studies)
