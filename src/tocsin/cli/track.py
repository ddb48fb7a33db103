"""`tocsin track`: the pipeline over recorded detections."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tocsin.cli.show import progress
from tocsin.cli.stopping import stoppable
from tocsin.cli.timing import Stopwatch
from tocsin.cli.track_told import Outcome, tell
from tocsin.formats.detections import open_detections
from tocsin.formats.reports import merge, read_reports
from tocsin.journal import STORES, JournalWriter, create_store
from tocsin.session import KINDS, Origin, Session
from tocsin.session.asked import Asked, plan_of
from tocsin.session.files import Setting, open_files
from tocsin.session.folder import RunFolder
from tocsin.session.place import write_over
from tocsin.session.sinks import check_sinks, open_sinks
from tocsin.warmup import warm_up

__all__ = ["Given", "track"]

OUTPUTS = ("tracks.csv", "impacts.csv", "errors.jsonl", "registration.csv")


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for on the command line."""

    detections: Path
    sensors: Path
    out: Path
    site: str | None = None
    reports: Path | None = None
    terrain: Path | None = None
    wind: str = "0,0,5"
    drag: str = "unknown"
    refraction: bool = False
    journal: bool = False
    store: str = "files"
    to: tuple[str, ...] = ()


def track(given: Given, *, imports_s: float, as_json: bool) -> int:
    """Run the command."""
    watch = Stopwatch()
    watch.setup_s["imports"] = imports_s
    since = time.perf_counter()
    source = open_detections(given.detections)
    asked = Asked(given.sensors, given.site, given.terrain, given.wind, given.drag, given.refraction)
    plan = plan_of(asked, source)
    reports = None if given.reports is None else read_reports(given.reports, plan.site, source.base)
    inputs = (given.detections, given.sensors, given.reports, given.terrain)
    check_sinks(given.to)
    names = (*OUTPUTS, "timing.json", *(STORES[given.store].files if given.journal else ()))
    batches = source.batches(plan.sensors.sensor_id)
    with RunFolder(given.out, "track", names, inputs) as folder, ExitStack() as stack:
        since = watch.set_up("files", since)
        warm_up(plan)
        watch.set_up("compile", since)
        stack.enter_context(stoppable())
        journal, origin = None, Origin(exercise=False, instants=source.base.epoch is not None)
        if given.journal:
            journal = JournalWriter(create_store(folder.work, given.store), KINDS, plan)
        setting = Setting(plan, source.base)
        sinks = open_files(folder.work, OUTPUTS, setting)
        more = open_sinks(given.to, setting)
        outcome = Outcome(given, source, reports, sinks, watch)
        every = (*sinks.values(), *more, outcome)
        session = stack.enter_context(Session(plan, every, journal, origin=origin, clock=watch))
        with progress("tracking", None) as bar:
            for _ in session.play(batches if reports is None else merge(batches, reports, source.base)):
                bar(watch.scans, f"{watch.detections:,} detections")
        chain = session.end()
        write_over(folder.work / "timing.json", watch.json().encode())
        folder.end(chain)
    tell(outcome, chain, as_json=as_json)
    return 0
