"""A raid while it is run and written down: its session, its files, its report, whole or cut off."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType

import tocsin
from tocsin import exercise
from tocsin.cli.report import write_report
from tocsin.cli.timeline import Timeline
from tocsin.cli.timing import Stopwatch
from tocsin.exercise.kinds import KINDS
from tocsin.exercise.raid import Raid, truth_table
from tocsin.formats import scenarios
from tocsin.formats.outputs import write_truth
from tocsin.formats.times import TimeBase
from tocsin.journal import JournalWriter, create_store
from tocsin.records.outcomes import Assessment
from tocsin.records.plan import Plan
from tocsin.records.scenario import Scenario
from tocsin.session import Origin, Session
from tocsin.session.assessing import Assessing
from tocsin.session.files import FILES, Setting, open_files
from tocsin.session.gather import Recorder
from tocsin.session.place import write_over
from tocsin.world.world import World

__all__ = ["Raiding", "scenario_of"]


def scenario_of(name: str) -> Scenario:
    """A built-in scenario by name, or one from a file. Raises BadScenario."""
    if name.endswith((".yaml", ".yml")) or "/" in name or Path(name).is_file():
        return scenarios.load(name)
    return scenarios.load_builtin(name)


class Raiding:
    """Leave its `with` block by an error, and what was seen so far is in its files, with a report that says so."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        plan: Plan,
        seed: int,
        choices: dict[str, str],
        watch: Stopwatch,
        store: str,
    ) -> None:
        self.folder, self.plan, self.watch, self.chain = folder, plan, watch, ""
        self._found: tuple[Assessment, ...] = ()
        origin = Origin(
            exercise=True,
            scenario=scenario.name,
            title=scenario.title,
            sources=scenario.source,
            seed=seed,
            choices=tuple(choices.items()),
            witnesses=exercise.impact_witnesses(scenario, plan.site),
        )
        write_over(folder / "scenario.yaml", scenarios.dump(scenario).encode())
        self.world = World(scenario, plan.site, plan.sensors, seed)
        self.timeline, self._steps = Timeline(plan), list[exercise.Step]()
        self._recorder = Recorder(plan, origin, tocsin.__version__)
        self._assessing = Assessing(plan, origin)
        journal = JournalWriter(create_store(folder, store), KINDS, plan)
        files = open_files(folder, FILES, Setting(plan, TimeBase()))
        sinks = (*files.values(), self._recorder, self._assessing)
        self.session = Session(plan, sinks, journal, origin=origin, clock=watch)

    def mark(self, stage: str) -> None:
        """Stages of the engagement are not timed."""

    def see(self, step: exercise.Step) -> None:
        """Take one step of the exercise."""
        self.watch.count(len(step.batch.detections.row), scan=step.batch.sensor_index >= 0)
        self.timeline.put(step.events, step.batch.reports, step.acts, step.engaged, step.shots)
        self._steps.append(step)

    def raid(self) -> Raid:
        """The run so far, for the judge."""
        return Raid(self.plan, tuple(self._steps), self.world.truth)

    def end(self) -> tuple[Assessment, ...]:
        """Judge the whole raid and write what is written at its end; gives the assessments."""
        assessed = self._assessing.assessed()
        self.session.conclude(assessed)
        self._found = assessed.assessments
        self.chain = self.session.end()
        since = time.perf_counter()
        self._truth()
        write_report(self._recorder.record(self.chain, assessed.assessments), self.folder)
        self.watch.set_up("report", since)
        write_over(self.folder / "timing.json", self.watch.json().encode())
        return assessed.assessments

    def _truth(self) -> None:
        stream = BytesIO()
        write_truth(stream, truth_table(self.world.truth), TimeBase())
        write_over(self.folder / "truth.csv", stream.getvalue())

    def _cut_off(self) -> None:
        """Write what there is when the raid was stopped; a full disk may take no more of it."""
        with suppress(OSError):
            write_report(self._recorder.record(self.chain, self._found, finished=self.chain != ""), self.folder)
        with suppress(OSError):
            self._truth()

    def __enter__(self) -> Raiding:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:
            if isinstance(error, KeyboardInterrupt | OSError):
                stack.callback(self._cut_off)
            stack.callback(self.session.__exit__, kind, error, trace)
