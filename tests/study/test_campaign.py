"""Cases times seeds to rows: whatever is killed, whatever fails and whoever runs the cells, the same rows come out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tocsin.errors import BadInput, CampaignFailed, Misuse
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.study.campaign import Campaign, Serial, cells_of, run, run_here


@dataclass(frozen=True)
class Part:
    name: str
    value: float | None


@dataclass(frozen=True)
class Draw:
    """A row with a column of every kind."""

    seed: int
    value: float
    hit: bool
    told: str | None
    times: tuple[float, ...]
    parts: tuple[Part | None, ...]


CELLS = cells_of(("a", "b/ü", ""), range(4))


def draw(case: str, seed: int) -> list[Draw]:
    """Two rows, or none where the seed is 2."""
    rng = np.random.default_rng([seed, len(case)])
    parts = (Part("x", None), None, Part("y", float("nan")))
    count = 0 if seed == 2 else 2
    return [
        Draw(seed, float(rng.normal()), seed > 1, None if k else case, (0.5, float(k)), parts) for k in range(count)
    ]


def counted(log: Path, case: str, seed: int) -> list[Draw]:
    with log.open("a") as stream:
        stream.write(f"{case}|{seed}\n")
    return draw(case, seed)


def fails_at(bad: int, case: str, seed: int) -> list[Draw]:
    if seed == bad:
        raise ZeroDivisionError(f"no luck with {case}")
    return draw(case, seed)


def dies(case: str, seed: int) -> list[Draw]:
    if seed == 3:
        os._exit(9)
    return draw(case, seed)


DRAWS = Campaign("draws", Draw, draw, CELLS)


class Backwards:
    """Runs nothing until eight calls are there, and then the last one first."""

    def __init__(self) -> None:
        self.held: list[tuple[Future[Any], Any, Any]] = []

    def submit(self, fn: Any, /, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.held.append((future, fn, args))
        if len(self.held) == len(CELLS):
            for done, call, given in reversed(self.held):
                done.set_result(call(*given))
        return future


EXECUTORS = {"serial": Serial, "backwards": Backwards, "threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}


@pytest.mark.parametrize("name", EXECUTORS)
def test_the_bytes_do_not_depend_on_the_executor(name: str, tmp_path: Path) -> None:
    expected = run(DRAWS, tmp_path / "one")
    with ExitStack() as stack:
        executor = EXECUTORS[name]()
        if isinstance(executor, AbstractContextManager):
            stack.enter_context(executor)
        assert repr(run(DRAWS, tmp_path / "other", executor)) == repr(expected)
    one, other = ((tmp_path / each / "rows.parquet").read_bytes() for each in ("one", "other"))
    assert one == other


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    results = run(DRAWS, tmp_path)
    assert list(results.found) == list(CELLS)
    assert results.found["a", 2] == (), "a cell without rows is done all the same"
    assert all(repr(rows) == repr(tuple(draw(*cell))) for cell, rows in results.found.items())
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.column_names == ["case", "seed", "error", "value", "hit", "told", "times", "parts"]
    assert (table.num_rows, set(table["case"].to_pylist())) == (18, {"a", "b/ü", ""})


def test_done_cells_are_not_measured_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    some = replace(DRAWS, measure=partial(counted, log), cells=CELLS[:5])
    run(some, tmp_path / "out")
    told: list[tuple[int, int]] = []
    results = run(replace(some, cells=CELLS), tmp_path / "out", told=lambda *done: told.append(done))
    assert log.read_text().splitlines() == [f"{case}|{seed}" for case, seed in CELLS]
    assert told == [(k, len(CELLS)) for k in range(5, len(CELLS) + 1)]
    assert repr(results) == repr(run_here(DRAWS))


KILLED = """
import os, signal, sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {here!r})
from test_campaign import CELLS, DRAWS, counted
from dataclasses import replace
from tocsin.study.campaign import run
def die(done, cells):
    if done == {last}:
        os.kill(os.getpid(), signal.SIGKILL)
run(replace(DRAWS, measure=partial(counted, Path({log!r}))), Path({out!r}), told=die)
"""


@pytest.mark.parametrize("last", [0, 1, 7])
def test_a_killed_campaign_goes_on_where_it_was(tmp_path: Path, last: int) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    log.touch()
    program = KILLED.format(here=str(Path(__file__).parent), log=str(log), out=str(out), last=last)
    died = subprocess.run([sys.executable, "-c", program], env={**os.environ}, check=False)
    assert died.returncode == -signal.SIGKILL
    assert not (out / "rows.parquet").exists()
    (out / "cells" / ".half.parquet.1").write_bytes(b"PAR1 cut off")
    results = run(replace(DRAWS, measure=partial(counted, log)), out)
    assert log.read_text().splitlines() == [f"{case}|{seed}" for case, seed in CELLS], "each cell once"
    assert repr(results) == repr(run_here(DRAWS))


def test_a_cell_that_fails_is_a_row_and_the_others_go_on(tmp_path: Path) -> None:
    bad = replace(DRAWS, measure=partial(fails_at, 1))
    results = run(bad, tmp_path)
    assert [(f.case, f.seed, f.error) for f in results.failures] == [
        (case, 1, f"ZeroDivisionError: no luck with {case}") for case in ("a", "b/ü", "")
    ]
    assert len(results.found) == 9
    rows = [row for row in pq.read_table(tmp_path / "rows.parquet").to_pylist() if row["error"]]
    assert [(row["case"], row["seed"], row["value"]) for row in rows] == [(c, 1, None) for c in ("a", "b/ü", "")]
    with pytest.raises(CampaignFailed, match=r"draws, case a, seed 1: 3 of 12 cells failed.*no luck with a") as caught:
        results.of("a")
    assert (caught.value.case, caught.value.seed) == ("a", 1)
    assert repr(run(DRAWS, tmp_path)) == repr(results), "what failed is done, unless it is asked for again"
    assert repr(run(DRAWS, tmp_path, retry=True)) == repr(run_here(DRAWS))


def test_a_dead_process_ends_the_run_and_loses_nothing_that_was_done(tmp_path: Path) -> None:
    with pytest.raises(BrokenProcessPool), ProcessPoolExecutor(1) as pool:
        run(replace(DRAWS, measure=dies), tmp_path, pool)
    assert len(list((tmp_path / "cells").glob("[!.]*"))) <= 3
    assert repr(run(DRAWS, tmp_path)) == repr(run_here(DRAWS))


@dataclass(frozen=True)
class Other:
    value: int


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (replace(DRAWS, name="throws"), "campaign"),
        (replace(DRAWS, version="2"), "version"),
        (Campaign("draws", Other, draw, CELLS), "columns"),  # type: ignore[arg-type]
    ],
)
def test_rows_of_something_else_are_refused(tmp_path: Path, other: Campaign[Any], field: str) -> None:
    run(DRAWS, tmp_path)
    with pytest.raises(BadInput, match=rf"campaign\.json: the rows here are of another {field}"):
        run(other, tmp_path)


def test_a_row_must_be_of_its_own_cell(tmp_path: Path) -> None:
    lying = replace(DRAWS, measure=lambda case, seed: draw(case, seed + 1), cells=(("a", 3),))
    (failure,) = run(lying, tmp_path).failures
    assert failure.error == "Misuse: a row of seed 3 says that it is of 4"


@dataclass(frozen=True)
class Arrays:
    x: FloatArray
    n: IntArray
    ok: BoolArray


def test_arrays_are_columns_too() -> None:
    def measure(_: str, seed: int) -> list[Arrays]:
        return [Arrays(np.array([0.1, np.nan]), np.arange(seed), np.zeros(0, np.bool_))]

    (found,) = run_here(Campaign("arrays", Arrays, measure, (("", 3),))).of("")
    assert found.x.dtype == np.float64
    assert np.array_equal(found.x, [0.1, np.nan], equal_nan=True)
    assert (found.n.dtype, found.n.tolist(), found.ok.dtype, len(found.ok)) == (np.int64, [0, 1, 2], np.bool_, 0)


@dataclass(frozen=True)
class Wrong:
    any_of: dict[str, int]


@dataclass(frozen=True)
class Reserved:
    error: str


@pytest.mark.parametrize(
    ("row", "said"), [(Wrong, r"Wrong\.any_of: a column cannot hold"), (Reserved, "the campaign's")]
)
def test_a_row_that_cannot_be_columns_is_refused_before_anything_runs(row: type, said: str, tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=said):
        run(Campaign("wrong", row, draw, CELLS), tmp_path)
    assert not list(tmp_path.iterdir())
