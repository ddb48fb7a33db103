"""Sessions that are recorded with snapshots, and taken up again from each of them in another process."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin import exercise
from tocsin.exercise.kinds import KINDS
from tocsin.exercise.raid import plan_of
from tocsin.journal import JournalWriter, Store, create_store, open_store
from tocsin.journal.chain import Chain, parsed
from tocsin.journal.codec import canonical, encode
from tocsin.records.detections import Batch
from tocsin.records.plan import Plan
from tocsin.records.scenario import Scenario
from tocsin.session import Origin, Session
from tocsin.session.replay import open_inputs
from tocsin.world.world import World

__all__ = ["Resumed", "Task", "record", "record_raid", "resume_all", "resumed_elsewhere", "tasks_of"]

ROOT = Path(__file__).parents[1]
TASKS = "tasks.json"
AHEAD = 40
"""Batches after which a resumed session that does not go to the end must have the state of the uninterrupted one."""


@dataclass(frozen=True, slots=True)
class Task:
    """A snapshot, and how far to go from it: to a batch at which the state must be the recorded one."""

    batches: int
    until: int
    state: str  # SHA-256 of the snapshot there


@dataclass(frozen=True, slots=True)
class Resumed:
    """What came of a session that was taken up again. `differs` is the first batch with other bytes, 0: none."""

    batches: int
    until: int
    state_same: bool
    differs: int


def tasks_of(moments: Iterable[int], total: int, every: int) -> list[tuple[int, int]]:
    """From where to where: each `every`-th of the moments to the end, the others `AHEAD` batches."""
    return [(k, total if i % every == 0 else min(k + AHEAD, total)) for i, k in enumerate(sorted(moments))]


def record(plan: Plan, batches: Iterable[Batch], folder: Path, keep: Collection[int]) -> int:
    """Record a session over batches, with a snapshot after each batch that is named; gives the number of batches."""
    plan = canonical(plan)
    with Session(plan, (), JournalWriter(create_store(folder), KINDS, plan), origin=Origin(exercise=False)) as session:
        for _ in session.play(batches):
            _keep(session, folder, keep)
        session.end()
    return session.batches


def record_raid(scenario: Scenario, seed: int, folder: Path, keep: Collection[int], most: int | None = None) -> int:
    """Record a raid, or its first batches."""
    plan = canonical(plan_of(scenario))
    world = World(scenario, plan.site, plan.sensors, seed)
    with Session(plan, (), JournalWriter(create_store(folder), KINDS, plan), origin=Origin(exercise=True)) as session:
        for _ in exercise.run(plan, scenario, world, seed, session=session):
            _keep(session, folder, keep)
            if session.batches == most:
                break
        session.end()
    return session.batches


def _keep(session: Session, folder: Path, keep: Collection[int]) -> None:
    if session.batches in keep:
        (folder / f"{session.batches}.snapshot").write_bytes(session.snapshot())


def resumed_elsewhere(folder: Path, spans: Iterable[tuple[int, int]]) -> list[Resumed]:
    """Take each span up again in one process that has run nothing before. Raises CalledProcessError."""
    tasks = [Task(k, until, _digest(folder, until)) for k, until in spans]
    (folder / TASKS).write_bytes(msgspec.json.encode(tasks))
    command = [sys.executable, "-m", "tools.checkpoint", str(folder.resolve())]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
    return msgspec.json.decode(done.stdout, type=list[Resumed])


def _digest(folder: Path, batches: int) -> str:
    return hashlib.sha256((folder / f"{batches}.snapshot").read_bytes()).hexdigest()


def resume_all(folder: Path) -> list[Resumed]:
    """Take up every task of a folder."""
    tasks = msgspec.json.decode((folder / TASKS).read_bytes(), type=list[Task])
    with closing(open_store(folder)) as store:
        inputs = open_inputs(store, KINDS)
        batches = list(inputs.batches(lambda _: None))
        outputs = _outputs(store)
    return [_resume(folder, inputs.plan, batches, outputs, task) for task in tasks]


def _outputs(store: Store) -> list[bytes]:
    """The lines of the events; a raid's journal may hold an assessment besides."""
    return [line for line in store.lines("outputs") if b'"kind":"events"' in line[:80]]


def _resume(folder: Path, plan: Plan, batches: list[Batch], outputs: list[bytes], task: Task) -> Resumed:
    before, first = parsed(outputs[task.batches - 1]), task.batches
    assert before is not None
    chain, differs = Chain(before.hash), 0
    chain.number = first
    session = Session(plan, snapshot=(folder / f"{first}.snapshot").read_bytes())
    for number, batch in enumerate(batches[first : task.until], first):
        recorded = parsed(outputs[number])
        assert recorded is not None
        _, events = session.take(batch)
        if chain.line("events", encode(events), recorded.follows) != outputs[number]:
            differs = number + 1
            break
    same = hashlib.sha256(session.snapshot()).hexdigest() == task.state
    return Resumed(first, task.until, same, differs)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(resume_all(Path(sys.argv[1]))))
