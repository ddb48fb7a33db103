"""One runner for every study: cases times seeds to rows in Parquet.

A campaign is cut into cells, each a case and a seed, and a cell is measured by one call. Its rows are put into a file
of its own as soon as they are there, so that a campaign which was stopped at any moment goes on where it was. A cell
that raises becomes one row that holds the error, and the others go on. What comes out does not depend on the executor
nor on the order in which cells end: `rows.parquet` holds the cells in the order in which they were asked for.

    FOLDER/campaign.json      what the rows are bound to: the campaign, the version of what measures, the columns
    FOLDER/cells/*.parquet    one file for each cell that is done
    FOLDER/rows.parquet       all of them: case, seed, error, then the row's own columns
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from tocsin.errors import BadInput, CampaignFailed, Misuse
from tocsin.study.rows import Plain, columns_of, plain, read

__all__ = ["Campaign", "Cell", "Executor", "Failure", "Results", "Serial", "cells_of", "executor_of", "run", "run_here"]

R = TypeVar("R")
Cell = tuple[str, int]
"""A case and a seed."""

AHEAD = 256  # cells that are handed to an executor before one of them must end
HEAD = (pa.field("case", pa.string()), pa.field("seed", pa.int64()), pa.field("error", pa.string()))


class Promise(Protocol):
    """What an executor gives for a call: a future of `concurrent.futures`, of dask, of loky."""

    def add_done_callback(self, fn: Callable[[Any], object], /) -> object:
        """Call `fn` with this promise when the call has ended."""

    def result(self) -> Any:
        """What the call gave."""


class Executor(Protocol):
    """Anything that takes calls; where it runs them is its own affair."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Promise:
        """Take a call."""


class Serial:
    """Runs each call here and now."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Promise:
        """Run the call."""
        done: Future[Any] = Future()
        done.set_result(fn(*args))
        return done


@contextmanager
def executor_of(processes: int) -> Iterator[Executor]:
    """Processes of this machine; this one alone where one is asked for."""
    if processes <= 1:
        yield Serial()
        return
    with ProcessPoolExecutor(processes) as pool:
        yield pool


@dataclass(frozen=True, slots=True)
class Campaign(Generic[R]):
    """What is asked for. A field of the row called `case` or `seed` must hold the cell's own.

    `measure` must be a module's function, or a `partial` of one, where the executor runs other processes. `version` is
    of what measures: rows of another version are never taken for this one's.
    """

    name: str
    row: type[R]
    measure: Callable[[str, int], Iterable[R]]
    cells: tuple[Cell, ...]
    version: str = ""


def cells_of(cases: Iterable[str], seeds: Iterable[int]) -> tuple[Cell, ...]:
    """Every case with every seed."""
    return tuple(product(tuple(cases), tuple(seeds)))


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell that raised."""

    case: str
    seed: int
    error: str


@dataclass(frozen=True, slots=True)
class Results(Generic[R]):
    """What a campaign gave, in the order of its cells."""

    name: str
    found: dict[Cell, tuple[R, ...]]  # of the cells that did not fail
    failures: tuple[Failure, ...]

    def checked(self) -> dict[Cell, tuple[R, ...]]:
        """The rows of every cell. Raises CampaignFailed where one failed."""
        if self.failures:
            first, count = self.failures[0], len(self.found) + len(self.failures)
            raise CampaignFailed(
                f"{len(self.failures)} of {count} cells failed; the first: {first.error}",
                campaign=self.name, case=first.case, seed=first.seed,
            )  # fmt: skip
        return self.found

    def of(self, case: str) -> tuple[R, ...]:
        """The rows of a case. Raises CampaignFailed where any cell failed."""
        return tuple(row for (name, _), rows in self.checked().items() if name == case for row in rows)


def run_here(campaign: Campaign[R], processes: int = 1) -> Results[R]:
    """Run a campaign whose rows nobody wants to keep."""
    with TemporaryDirectory() as folder, executor_of(processes) as executor:
        return run(campaign, Path(folder), executor)


def run(
    campaign: Campaign[R],
    folder: Path,
    executor: Executor | None = None,
    *,
    retry: bool = False,
    told: Callable[[int, int], None] = lambda _done, _cells: None,
) -> Results[R]:
    """Measure the cells that are not in the folder yet. `told` hears how many are done, `retry` runs failed ones again.

    Raises BadInput where the folder holds rows of another campaign or version; what the executor itself raises (a dead
    process, an interrupt) ends the run and leaves what was done.
    """
    shelf = _Shelf(folder, _schema(campaign.row))
    shelf.bind(campaign.name, campaign.version)
    done = {cell for cell in campaign.cells if shelf.has(cell, failed=not retry)}
    left = [cell for cell in dict.fromkeys(campaign.cells) if cell not in done]
    total, flying, over = len(done) + len(left), 0, SimpleQueue[Promise]()
    told(len(done), total)

    def land() -> None:
        cell, rows = over.get().result()
        shelf.put(cell, rows)
        done.add(cell)
        told(len(done), total)

    for cell in left:
        (executor or Serial()).submit(_attempt, campaign.row, campaign.measure, cell).add_done_callback(over.put)
        flying += 1
        while flying >= AHEAD or not over.empty():
            land()
            flying -= 1
    for _ in range(flying):
        land()
    return _results(campaign, shelf.gather(campaign.cells))


def _schema(row: type) -> pa.Schema:
    own = columns_of(row)
    if any(field.name == "error" for field in own):
        raise Misuse(f"{row.__name__}.error: the column of that name is the campaign's own")
    return pa.schema([*HEAD, *(field for field in own if field.name not in ("case", "seed"))])


def _attempt(
    row: type[R], measure: Callable[[str, int], Iterable[R]], cell: Cell
) -> tuple[Cell, list[dict[str, Plain]]]:
    """Measure a cell where the executor runs it; rows as Arrow takes them, or the one row of an error."""
    case, seed = cell
    head: dict[str, Plain] = {"case": case, "seed": seed, "error": None}
    try:
        return cell, [_with_head(head, each) for each in measure(case, seed)]
    except Exception as error:
        names = (field.name for field in columns_of(row))
        said = f"{type(error).__name__}: {error}"
        return cell, [{**dict.fromkeys(names), **head, "error": said}]


def _with_head(head: dict[str, Plain], row: object) -> dict[str, Plain]:
    cells = plain(row)
    if not isinstance(cells, dict):
        raise Misuse(f"a row is a dataclass, not {type(row).__name__}")
    for name in ("case", "seed"):
        if cells.get(name, head[name]) != head[name]:
            raise Misuse(f"a row of {name} {head[name]!r} says that it is of {cells[name]!r}")
    return {**cells, **head}


def _results(campaign: Campaign[R], tables: dict[Cell, pa.Table]) -> Results[R]:
    found, failures = {}, []
    for cell, table in tables.items():
        rows = table.to_pylist()
        if rows and rows[0]["error"] is not None:
            failures.append(Failure(*cell, rows[0]["error"]))
        else:
            found[cell] = tuple(read(campaign.row, cells) for cells in rows)
    return Results(campaign.name, found, tuple(failures))


class _Bound(msgspec.Struct, frozen=True):
    campaign: str
    version: str
    columns: str


class _Shelf:
    """The folder of a campaign. A file is written beside its place and then moved there: it is whole or not there."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder, self.schema = folder, schema
        (folder / "cells").mkdir(parents=True, exist_ok=True)

    def bind(self, name: str, version: str) -> None:
        """Say what the folder's rows are of. Raises BadInput where they are of something else."""
        path, own = self.folder / "campaign.json", _Bound(name, version, str(self.schema))
        if path.exists():
            kept = msgspec.json.decode(path.read_bytes(), type=_Bound)
            for field in ("campaign", "version", "columns"):
                there, here = getattr(kept, field), getattr(own, field)
                if there != here:
                    raise BadInput(f"the rows here are of another {field}, not {here!r}", file=str(path), value=there)
            return
        with _in_place(path) as beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(own)))

    def has(self, cell: Cell, *, failed: bool) -> bool:
        """Whether a cell is done; one that failed only counts where it is asked for."""
        path = self._path(cell)
        if not path.exists():
            return False
        return failed or pq.read_table(path, columns=["error"])["error"].null_count == pq.read_metadata(path).num_rows

    def put(self, cell: Cell, rows: list[dict[str, Plain]]) -> None:
        """Keep a cell's rows."""
        with _in_place(self._path(cell)) as beside:
            pq.write_table(pa.Table.from_pylist(rows, schema=self.schema), beside)

    def gather(self, cells: Iterable[Cell]) -> dict[Cell, pa.Table]:
        """The rows of these cells, each by its cell; all of them in one file too."""
        tables = {cell: pq.read_table(self._path(cell), schema=self.schema) for cell in cells}
        with _in_place(self.folder / "rows.parquet") as beside:
            pq.write_table(pa.concat_tables([self.schema.empty_table(), *tables.values()]), beside)
        return tables

    def _path(self, cell: Cell) -> Path:
        case, seed = cell
        return self.folder / "cells" / f"{hashlib.sha256(case.encode()).hexdigest()[:16]}-{seed}.parquet"


@contextmanager
def _in_place(path: Path) -> Iterator[Path]:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
