"""`tocsin run`: a simulated raid in closed loop, and everything that it leaves behind."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np

import tocsin
from tocsin import exercise
from tocsin.assess import Collector, assess
from tocsin.cli.folder import run_folder
from tocsin.cli.report import write_report
from tocsin.cli.show import number, out_json, progress
from tocsin.cli.show import out as tell
from tocsin.cli.timeline import Timeline
from tocsin.cli.timing import Stopwatch
from tocsin.errors import BadInput
from tocsin.exercise.causes import causes_of, holders
from tocsin.exercise.raid import Raid, plan_of
from tocsin.formats import scenarios
from tocsin.formats.outputs import ErrorsWriter, ImpactsWriter, ReportsWriter, TracksWriter, write_truth
from tocsin.formats.registrations import RegistrationsWriter
from tocsin.formats.times import TimeBase
from tocsin.journal import JournalWriter, Origin
from tocsin.journal.codec import canonical
from tocsin.journal.record import Recorder
from tocsin.records.detections import Batch
from tocsin.records.engagement import EngagementOrder, Shot
from tocsin.records.outcomes import Assessment
from tocsin.records.plan import Plan
from tocsin.records.scenario import Scenario
from tocsin.records.truth import TruthTable
from tocsin.score.causes import Cause
from tocsin.warmup import warm_up
from tocsin.world.truth import TruthLog
from tocsin.world.world import World

__all__ = ["run", "scenario_of", "truth_table"]


def run(name: str, *, seed: int, out: Path | None, effector: str | None, imports_s: float, as_json: bool) -> int:
    """Run the command."""
    watch = Stopwatch()
    watch.setup_s["imports"] = imports_s
    since = time.perf_counter()
    if seed < 0:
        raise BadInput("a seed is a whole number that is not negative", column="--seed", value=str(seed))
    choices = {} if effector is None else {"effector": effector}
    scenario = scenarios.apply_variant(scenario_of(name), choices)
    folder = run_folder(out or Path("out") / f"{scenario.name}-{seed}", (Path(name),))
    plan = canonical(plan_of(scenario))
    since = watch.set_up("files", since)
    warm_up(plan)
    watch.set_up("compile", since)
    raid = _Raid(folder, scenario, plan, seed, choices, watch)
    with progress(scenario.name, scenario.duration_s) as bar, ExitStack() as stack:
        chain, assessments = raid.play(stack, lambda t_s: bar(t_s, f"{t_s:.0f} s of {scenario.duration_s:.0f} s"))
    since = time.perf_counter()
    with (folder / "truth.csv").open("wb") as stream:
        write_truth(stream, truth_table(raid.world.truth), TimeBase())
    (folder / "scenario.yaml").write_text(scenarios.dump(scenario), encoding="utf-8")
    write_report(raid.recorder.record(chain, assessments), folder)
    watch.set_up("report", since)
    (folder / "timing.json").write_text(watch.json())
    causes = causes_of(raid.raid(), holders(raid.raid()))
    (_json if as_json else _text)(raid, chain, assessments, causes)
    return 0


def scenario_of(name: str) -> Scenario:
    """A built-in scenario by name, or one from a file. Raises BadScenario."""
    if name.endswith((".yaml", ".yml")) or "/" in name or Path(name).is_file():
        return scenarios.load(name)
    return scenarios.load_builtin(name)


def truth_table(log: TruthLog) -> TruthTable:
    """The sealed log's states in order of time, for truth.csv."""
    states = sorted(log.states, key=lambda s: s.t_s)
    index: dict[str, int] = {}
    kinds: list[str] = []
    rows = []
    for at in states:
        for name, kind in zip(at.id, at.kind, strict=True):
            if name not in index:
                index[name] = len(index)
                kinds.append(kind)
            rows.append(index[name])
    return TruthTable(
        t_s=np.repeat([at.t_s for at in states], [len(at.id) for at in states]),
        object_index=np.array(rows, dtype=np.int64),
        state=np.concatenate([np.zeros((0, 6)), *(at.state for at in states)]),
        object_id=tuple(index),
        kind=tuple(kinds),
    )


class _Raid:
    """One run, as it is written down. To the exercise it is the world: every batch passes through here."""

    def __init__(
        self, folder: Path, scenario: Scenario, plan: Plan, seed: int, choices: dict[str, str], watch: Stopwatch
    ) -> None:
        self.folder, self.scenario, self.plan, self.seed, self.watch = folder, scenario, plan, seed, watch
        self.world = World(scenario, plan.site, plan.sensors, seed)
        self.timeline = Timeline(plan)
        self.steps: list[exercise.Step] = []
        self.origin = Origin(
            exercise=True,
            scenario=scenario.name,
            title=scenario.title,
            sources=scenario.source,
            seed=seed,
            choices=tuple(choices.items()),
            witnesses=exercise.impact_witnesses(scenario, plan.site),
        )
        self.recorder = Recorder(plan, self.origin, tocsin.__version__)
        self._journal: JournalWriter | None = None

    def next_batch(self) -> Batch | None:
        """The world's next batch, as the journal will give it back, and written there before anything sees it."""
        batch = self.world.next_batch()
        if batch is None:
            return None
        batch = canonical(batch)
        if self._journal is not None:
            self._journal.write(batch)
        self.watch.begin()
        return batch

    def engage(self, orders: tuple[EngagementOrder, ...]) -> tuple[Shot, ...]:
        """Pass orders on."""
        return self.world.engage(orders)

    def raid(self) -> Raid:
        """The finished run, for the judge."""
        return Raid(self.plan, tuple(self.steps), self.world.truth)

    def play(self, stack: ExitStack, done: Callable[[float], None]) -> tuple[str, tuple[Assessment, ...]]:
        """Run to the end; gives the chain and the assessments."""

        def opened(name: str) -> BinaryIO:
            return stack.enter_context((self.folder / name).open("wb"))

        base = TimeBase()
        tracks, impacts = TracksWriter(opened("tracks.csv"), base), ImpactsWriter(opened("impacts.csv"), base)
        reports, errors = (
            ReportsWriter(opened("reports.csv"), base, self.plan.site),
            ErrorsWriter(opened("errors.jsonl")),
        )
        registrations = RegistrationsWriter(opened("registration.csv"), base)
        journal = self._journal = stack.enter_context(JournalWriter(self.folder, self.plan, self.origin))
        collector = Collector()
        for step in exercise.run(self.plan, self.scenario, self, self.seed, self._mark):
            batch, events = step.batch, step.events
            self.watch.count(len(batch.detections.row), scan=batch.sensor_index >= 0)
            journal.output(events)
            for writer in (tracks, impacts):
                writer.put(batch, events)
            reports.put(batch.reports)
            errors.put(events.errors)
            registrations.put(events.registrations)
            self._act(step, journal)
            collector.add(events, batch.reports, step.shots)
            self.timeline.put(events, batch.reports, step.acts, step.engaged, step.shots)
            self.steps.append(step)
            done(batch.t_s)
        for closing in (tracks, impacts, reports):
            closing.close()
        found = assess(self.plan, collector.observed(self.origin.witnesses))
        journal.assessment(found)
        return journal.end(), found

    def _mark(self, stage: str) -> None:
        self.watch.mark(stage)
        if stage == "warn":
            self.watch.end()

    def _act(self, step: exercise.Step, journal: JournalWriter) -> None:
        """Write down what was done in the exercise after this batch."""
        self.recorder.add(step.batch, step.events)
        engaged = step.engaged
        some = engaged.orders or engaged.requests or engaged.refusals or engaged.statuses
        for record in (*step.acts, *((engaged,) if some else ()), *step.shots):
            journal.write(record)
            self.recorder.act(record)


def _text(raid: _Raid, chain: str, assessments: tuple[Assessment, ...], causes: tuple[Cause, ...]) -> None:
    timeline = raid.timeline
    tell(timeline.head(raid.plan.site.name, raid.scenario.title), "", *timeline.lines, "")
    tell(f"{number(timeline.raised, 'warning')} raised. Dismissed: {_counts(timeline.dismissed) or 'nothing'}.")
    for found in assessments:
        odds = ", ".join(
            f"{name} {p:.2f}" for name, p in zip(("intercepted", "impacted", "left"), found.probability, strict=True)
        )
        tell(f"Track {found.track_id} ({found.classification}): {found.verdict} ({odds})")
    tell("", "What the simulator knows (no stage saw it):")
    for cause in causes:
        by = "" if cause.cause == cause.outcome else f"; decided by {cause.cause}"
        tell(f"  {cause.object_id}: {cause.outcome}{by}: {cause.why}")
    tell("", f"Chain {chain}", f"Written to {raid.folder}/ (open report.html)")


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} by rule {rule}" for rule, count in counts.most_common())


def _json(raid: _Raid, chain: str, assessments: tuple[Assessment, ...], causes: tuple[Cause, ...]) -> None:
    watch = raid.watch
    out_json(
        {
            "out": str(raid.folder),
            "scenario": raid.scenario.name,
            "seed": raid.seed,
            "chain": chain,
            "scans": watch.scans,
            "detections": watch.detections,
            "warnings_raised": raid.timeline.raised,
            "dismissed": dict(raid.timeline.dismissed),
            "advance_cpu_s": watch.advance_cpu_s,
            "timeline": raid.timeline.lines,
            "assessments": [
                {"track_id": a.track_id, "verdict": a.verdict, "probability": a.probability} for a in assessments
            ],
            "decided": [
                {"object_id": c.object_id, "outcome": c.outcome, "cause": c.cause, "why": c.why} for c in causes
            ],
        }
    )
