"""`tocsin run`: a simulated raid in closed loop, and everything that it leaves behind."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tocsin import exercise
from tocsin.cli.raid import Raiding, scenario_of
from tocsin.cli.report import FILES as REPORT_FILES
from tocsin.cli.run_told import Told, tell
from tocsin.cli.show import progress
from tocsin.cli.stopping import stoppable
from tocsin.cli.timing import Stopwatch
from tocsin.errors import BadInput
from tocsin.exercise.causes import causes_of, holders
from tocsin.exercise.raid import plan_of
from tocsin.formats import scenarios
from tocsin.journal import STORES
from tocsin.journal.codec import canonical
from tocsin.session.files import FILES
from tocsin.session.folder import RunFolder
from tocsin.warmup import warm_up

__all__ = ["Asked", "run"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    scenario: str
    seed: int = 1
    out: Path | None = None
    effector: str | None = None
    store: str = "files"


def run(asked: Asked, *, imports_s: float, as_json: bool) -> int:
    """Run the command."""
    watch = Stopwatch()
    watch.setup_s["imports"] = imports_s
    since = time.perf_counter()
    if asked.seed < 0:
        raise BadInput("a seed is a whole number that is not negative", column="--seed", value=str(asked.seed))
    choices = {} if asked.effector is None else {"effector": asked.effector}
    scenario = scenarios.apply_variant(scenario_of(asked.scenario), choices)
    plan = canonical(plan_of(scenario))
    names = (*FILES, "scenario.yaml", "truth.csv", *REPORT_FILES, "timing.json", *STORES[asked.store].files)
    out = asked.out or Path("out") / f"{_file_name(scenario.name)}-{asked.seed}"
    with RunFolder(out, "run", names, (Path(asked.scenario),)) as folder, ExitStack() as stack:
        since = watch.set_up("files", since)
        warm_up(plan)
        watch.set_up("compile", since)
        stack.enter_context(stoppable())
        raid = Raiding(folder.work, scenario, plan, asked.seed, choices, watch, asked.store)
        stack.enter_context(raid)
        with progress(scenario.name, scenario.duration_s) as bar:
            for step in exercise.run(plan, scenario, raid.world, asked.seed, raid.mark, raid.session):
                raid.see(step)
                bar(step.batch.t_s, f"{step.batch.t_s:.0f} s of {scenario.duration_s:.0f} s")
        found = raid.end()
        folder.end(raid.chain)
    whole = raid.raid()
    causes = causes_of(whole, holders(whole))
    told = Told(out, plan, scenario, asked.seed, raid.chain, raid.timeline, watch, found, causes)
    tell(told, as_json=as_json)
    return 0


def _file_name(name: str) -> str:
    """A scenario's name as one plain name of a folder, whatever a stranger's file calls it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-") or "scenario"
