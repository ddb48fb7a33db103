"""Runs stopped at random moments by kill -9 and by SIGTERM: what is in the folder, and what can be made of it again.

Each trial is a command in a process of its own, in a folder of the user's own files; every other one goes over an
earlier run. It is stopped at a moment that is drawn between its first step and its usual end; one that has ended by
then is begun anew.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, fields
from functools import cache
from io import StringIO
from pathlib import Path

import numpy as np

from tocsin.cli import main
from tocsin.cli.report import FILES as REPORTS
from tocsin.cli.report import write_report
from tocsin.errors import BadInput, TocsinError
from tocsin.exercise.kinds import KINDS
from tocsin.journal import STORES, open_store
from tocsin.journal.chain import Tail, entries, parsed
from tocsin.journal.files import FILES as STREAMS
from tocsin.journal.sqlite import SQLITE_FILE
from tocsin.records.run import RunRecord
from tocsin.session.folder import UNFINISHED, settle, status_of
from tocsin.session.manifest import MANIFEST, STATUSES
from tocsin.session.rebuild import rebuild
from tocsin.session.replay import replay
from tocsin.study.campaign import Campaign
from tools.work import Work

__all__ = ["CASES", "Counts", "Trial", "campaign", "counted", "prove", "trial"]

CASES = tuple(f"{command} {store}" for command in ("run", "track") for store in STORES)
SIGNALS = {"term": signal.SIGTERM, "kill": signal.SIGKILL}
TERMINATED = 143
FOREIGN = {"thesis.doc": b"years of work", "truth-mine.csv": b"t,x\n0,1\n", ".hidden": b"", "notes/day.txt": b"day 1\n"}
SCANS = 120
LIMIT_S = 120.0
TRIES = 50
SLOWER = 1.08
"""What a stop adds to the usual time, so that stops reach to the end of a run however busy the machine is."""
LEAST_S = 0.05


@dataclass(frozen=True, slots=True)
class Trial:
    """One run that was stopped, and what was found."""

    case: str
    seed: int
    over_earlier: bool
    begun: int  # how often it was begun, until it was stopped before its end
    exit_code: int
    state: str  # what the folder of the stopped run says; "": nothing had begun there
    foreign_touched: int
    stateless: int  # folders with files and no state
    earlier_lost: int  # earlier runs that are no longer whole, nor replaced by a whole one
    complete: int  # records written whole
    unreadable: int  # of these, records that cannot be read
    rebuilt: int  # 1: every output was made again, and replays
    rebuild_failed: str  # why not
    cut_told: int  # 1: the state is `cut`, and the report, where there is one, says so
    accused: str  # what `replay` said against the run as it was left; "": nothing


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over the trials of a case."""

    case: str
    trials: int
    begun: int
    over_earlier: int
    states: dict[str, int]
    exit_codes: dict[str, int]
    foreign_touched: int
    stateless: int
    earlier_lost: int
    complete: int
    unreadable: int
    with_batches: int  # stopped after their journal had begun
    rebuilt: int
    accused: int
    cut_told: int


def prove(work: Work) -> dict[str, list[Counts]]:
    """A kill of each case for each seed, and a SIGTERM for every fourth."""
    found = {}
    for name in SIGNALS:
        seeds = work.seeds if name == "kill" else work.seeds[: -(-len(work.seeds) // 4)]
        rows = work.rows(campaign(name, seeds))
        found[name] = [counted(case, rows.of(f"{name} {case}")) for case in CASES]
    return found


def campaign(name: str, seeds: Iterable[int]) -> Campaign[Trial]:
    """Every case for every seed, stopped by one signal."""
    cells = tuple((f"{name} {case}", seed) for seed in seeds for case in CASES)
    return Campaign(name, Trial, trial, cells)


def counted(case: str, rows: tuple[Trial, ...]) -> Counts:
    """Sums of a case."""
    sums = {f.name: sum(int(getattr(row, f.name)) for row in rows) for f in fields(Trial) if f.name in _SUMMED}
    return Counts(
        case=case,
        trials=len(rows),
        states=_tally(row.state or "nothing begun" for row in rows),
        exit_codes=_tally(str(row.exit_code) for row in rows),
        with_batches=sum(row.rebuilt == 1 or row.rebuild_failed != "" for row in rows),
        accused=sum(row.accused != "" for row in rows),
        **sums,
    )


_SUMMED = {f.name for f in fields(Counts)} & {f.name for f in fields(Trial)} - {"case", "accused"}


def _tally(values: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items()))


def trial(case: str, seed: int) -> list[Trial]:
    """Stop one run and look at what it left."""
    name, command, store = case.split()
    draw = np.random.default_rng([seed, *case.encode()])
    template = _template(command, store)
    over = seed % 2 == 0
    for begun in range(1, TRIES + 1):
        with tempfile.TemporaryDirectory() as here:
            home = Path(here)
            shutil.copytree(template.home, home, dirs_exist_ok=True)
            if not over:
                shutil.rmtree(home / "run")
            before = _foreign(home)
            after_s = template.usual_s * draw.random()
            code, stopped = _stopped(_arguments(home, command, store, seed), after_s, SIGNALS[name])
            if stopped:
                template.usual_s *= SLOWER
                return [_judged(case, seed, home, code, begun, over=over, before=before)]
            template.usual_s = min(template.usual_s, max(after_s, LEAST_S))
    raise BadInput("a run could not be stopped before its end", value=case)


def _judged(case: str, seed: int, home: Path, code: int, begun: int, *, over: bool, before: dict[str, bytes]) -> Trial:
    out = home / "run"
    earlier_lost, stateless, attempt = 0, 0, out
    touched = _touched(home, before)
    if over:
        settle(out)
        earlier_lost = int(status_of(out)[0] != "ended" or _said(out) != "")
        attempt = out / UNFINISHED if (out / UNFINISHED / MANIFEST).is_file() else out
    elif not out.exists():
        attempt = home
    state = status_of(attempt)[0] if attempt != home else ""
    stateless = int(attempt != home and _files(attempt) and state not in STATUSES)
    complete, unreadable = _records(attempt) if _store_of(attempt) else (0, 0)
    accused, failed, told = "", "", int(state == "cut")
    if complete >= 3:
        told = _told(attempt, state, case)
        accused = _said(attempt)
        failed = _rebuilt(attempt)
    return Trial(
        case=case, seed=seed, over_earlier=over, begun=begun, exit_code=code, state=state,
        foreign_touched=touched + _touched(home, before), stateless=stateless, earlier_lost=earlier_lost,
        complete=complete, unreadable=unreadable, rebuilt=int(complete >= 3 and not failed), rebuild_failed=failed,
        cut_told=told, accused=accused,
    )  # fmt: skip


def _stopped(arguments: list[str], after_s: float, number: int) -> tuple[int, bool]:
    """Run a command in a process of its own, stop it after so long, and give its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nowhere, descriptor)
            code = main(arguments)
        finally:
            os._exit(code)
    time.sleep(after_s)
    ended, status = os.waitpid(child, os.WNOHANG)
    stopped = ended == 0
    if stopped:
        os.kill(child, number)
        until = time.monotonic() + LIMIT_S
        while ended == 0 and time.monotonic() < until:
            time.sleep(0.01)
            ended, status = os.waitpid(child, os.WNOHANG)
        if ended == 0:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), stopped


@dataclass(slots=True)
class _Template:
    """A user's folder to copy."""

    home: Path
    usual_s: float


@cache
def _template(command: str, store: str) -> _Template:
    """A folder of the user's with an earlier run in it, and how long such a run takes in this process's children."""
    home = Path(tempfile.mkdtemp(prefix="tocsin-proof-"))
    (home / "sensors.csv").write_text("sensor_id,lat,lon,alt_m\nradar-1,33.7856,42.4412,188.0\n")
    (home / "detections.csv").write_text(_detections())
    for where in (home, home / "run"):
        for name, content in FOREIGN.items():
            path = where / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    shutil.move(home / "run", home / "mine")
    arguments = _arguments(home, command, store, 1)
    with redirect_stdout(StringIO()):
        main(arguments)  # here, so that its children find all of it loaded
    shutil.rmtree(home / "run")
    since = time.monotonic()
    code, _ = _stopped(arguments, 0.0, 0)
    usual_s = time.monotonic() - since
    if code != 0:
        raise BadInput("the run that is to be stopped cannot be made", value=f"exit code {code}")
    shutil.copytree(home / "mine", home / "run", dirs_exist_ok=True)
    return _Template(home, usual_s)


def _arguments(home: Path, command: str, store: str, seed: int) -> list[str]:
    tail = ["--out", str(home / "run"), "--store", store]
    if command == "run":
        return ["run", "bdsc-2021", "--seed", str(seed), *tail]
    return ["track", str(home / "detections.csv"), "--sensors", str(home / "sensors.csv"), "--journal", *tail]


def _detections() -> str:
    draw = np.random.default_rng(7)
    rows = ["t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"]
    for k in range(SCANS):
        east, north = 4000.0 - 40.0 * k, 3000.0
        distance, azimuth = np.hypot(east, north), np.degrees(np.arctan2(east, north)) % 360.0
        rows.append(f"{k},radar-1,{distance:.1f},{azimuth:.3f},3.0,10,0.15,0.15")
        clutter = draw.uniform((500.0, 0.0, 0.0), (9000.0, 360.0, 9.0))
        rows.append(f"{k},radar-1,{clutter[0]:.1f},{clutter[1]:.3f},{clutter[2]:.3f},10,0.15,0.15")
    return "\n".join(rows) + "\n"


def _foreign(home: Path) -> dict[str, bytes]:
    """Every file of the user's own, by its place."""
    own = {*FOREIGN, "sensors.csv", "detections.csv"}
    found: dict[str, bytes] = {}
    for where in (home, home / "mine", home / "run"):
        found |= {str((where / name).relative_to(home)): (where / name).read_bytes()
                  for name in own if (where / name).is_file()}  # fmt: skip
    return found


def _touched(home: Path, before: dict[str, bytes]) -> int:
    return sum(not (home / name).is_file() or (home / name).read_bytes() != data for name, data in before.items())


def _files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.iterdir())


def _store_of(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (STREAMS["inputs"], SQLITE_FILE))


def _records(folder: Path) -> tuple[int, int]:
    """Records that lie whole in a journal, counted without it, and those of them that it cannot read."""
    complete = readable = 0
    for stream in STREAMS:
        whole = _whole_lines(folder, stream)
        complete += len(whole)
        if not whole:
            continue
        with closing(open_store(folder)) as store:
            first = parsed(whole[0])
            prev = first.prev if first else ""
            try:
                for _ in entries(store.lines(stream), store.name(stream), Tail(), prev):
                    readable += 1
            except TocsinError:
                continue
    return complete, complete - readable


def _whole_lines(folder: Path, stream: str) -> list[bytes]:
    path = folder / STREAMS[stream]
    if path.is_file():
        return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
    if not (folder / SQLITE_FILE).is_file():
        return []
    with closing(sqlite3.connect(folder / SQLITE_FILE)) as base:
        try:
            return [row[0] for row in base.execute("SELECT line FROM lines WHERE stream = ? ORDER BY n", (stream,))]
        except sqlite3.OperationalError:
            return []  # killed before its tables were made


def _said(folder: Path) -> str:
    """What a replay says against a run, "" where nothing."""
    try:
        replay(folder, kinds=KINDS)
    except TocsinError as error:
        return str(error)
    return ""


def _told(folder: Path, state: str, case: str) -> int:
    """Whether the folder says that the run was cut off, and its report too where SIGTERM left time for one.

    A run that was stopped between its journal's end and its own has a whole report.
    """
    if state != "cut" or not case.startswith("term run"):
        return int(state == "cut")
    page = folder / "report.html"
    ended = any(b'"kind":"end"' in line for line in _whole_lines(folder, "inputs")[-1:])
    return int(page.is_file() and ("Cut off" in page.read_text(encoding="utf-8")) != ended)


def _rebuilt(folder: Path) -> str:
    """Make every output again; gives why that failed, "" where the run replays after it."""

    def report(record: RunRecord, into: Path) -> Iterable[str]:
        write_report(record, into)
        return REPORTS

    try:
        rebuild(folder, report, KINDS)
    except TocsinError as error:
        return str(error)
    return _said(folder)
