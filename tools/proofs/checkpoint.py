"""Every shipped scenario taken up again from snapshots at random batches: the same bytes as uninterrupted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tocsin.exercise.raid import play
from tocsin.formats.scenarios import builtin_names, load_builtin
from tocsin.study.campaign import Campaign, cells_of
from tools.checkpoint import Resumed, record_raid, resumed_elsewhere, tasks_of
from tools.work import Work

__all__ = ["Checkpointed", "prove"]

MOMENTS = 50
EVERY = 10  # of the moments, one in so many is followed to the end


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """What came of one scenario's snapshots."""

    scenario: str
    seed: int
    batches: int  # of the whole raid
    resumed: int  # sessions begun from a snapshot, in a process of its own
    to_end: int  # of them, followed to the raid's last batch
    compared: int  # batches whose events were compared, to the byte and with their chain
    same_bytes: int  # sessions in which no batch gave other bytes
    same_state: int  # sessions whose last state had the uninterrupted one's bytes


def prove(work: Work) -> list[Checkpointed]:
    """Every scenario, with each seed."""
    cells = cells_of(builtin_names(), work.seeds)
    found = work.rows(Campaign("checkpoint", Checkpointed, partial(checkpointed, MOMENTS), cells))
    return [row for rows in found.checked().values() for row in rows]


def checkpointed(moments: int, scenario: str, seed: int) -> Iterable[Checkpointed]:
    """Record one raid and take it up again at random batches."""
    loaded = load_builtin(scenario)
    total = len(play(loaded, seed).steps)
    draw = np.random.default_rng(seed)
    spans = tasks_of(draw.choice(np.arange(1, total), min(moments, total - 1), replace=False).tolist(), total, EVERY)
    with TemporaryDirectory() as name:
        folder = Path(name)
        assert record_raid(loaded, seed, folder, {k for span in spans for k in span}) == total
        found = resumed_elsewhere(folder, spans)
    yield _row(scenario, seed, total, found)


def _row(scenario: str, seed: int, total: int, found: list[Resumed]) -> Checkpointed:
    return Checkpointed(
        scenario=scenario,
        seed=seed,
        batches=total,
        resumed=len(found),
        to_end=sum(one.until == total for one in found),
        compared=sum((one.differs or one.until) - one.batches for one in found),
        same_bytes=sum(not one.differs for one in found),
        same_state=sum(one.state_same for one in found),
    )
