"""`make mutate`: whether the tests find the faults that are put into warn, assess, score, identify and the kernels.

Two kinds of fault: those of the lists in `tools/mutations/PACKAGE.json`, all of them, and for each package a seeded
sample of places at which one node of the syntax is changed (`tools/mutants.py`). Each is put into a copy of the tree,
never into the tree itself, and the tests of its package are run there until the first that fails. A run that takes too
long counts as killed and is told apart. What was found is kept by code and tests, so that a run that was cut goes on.

    python -m tools.mutate [--seed 11] [--sample 40] [--minutes 100] [--package warn ...] [--only ID ...]

Writes `proofs/mutation.json`, prints the survivors, and ends with 1 when a listed mutant survives or when fewer than
FLOOR of a package's mutants are killed. Mutants of `tools/mutations/equivalent.json` are argued one by one to change no
behaviour, and are left out of both counts.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

import msgspec

from tocsin.score.intervals import wilson
from tools.mutants import (
    Argued,
    Mutant,
    StaleMutant,
    apply,
    find_argued,
    generate,
    is_other_program,
    read_argued,
    read_list,
)

__all__ = ["FLOOR", "Outcome", "Trees", "draw", "main", "run_mutants", "summary", "tests_of"]

ROOT = Path(__file__).parents[1]
FLOOR = 0.85
PACKAGES = {"warn": "tests/warn", "assess": "tests/assess", "score": "tests/score", "identify": "tests/identify"}
KERNELS = "kernels"
KILLED, TIMED_OUT, SURVIVED = "killed", "timed_out", "survived"
KERNEL_TESTS = (
    "tests/kernels",
    "tests/track/test_late_passive.py",
    "tests/track/test_track_coverage.py",
    "tests/track/test_track_parts.py",
    "tests/track/test_track_stage.py",
    "tests/sense/test_sense_jumps.py",
    "tests/identify",
    "tests/forecast",
)
"""The kernels' own tests, and those tests of the stages above them that take less than a minute without compiling."""
COPIED = ("src", "tests", "tools", "docs", "proofs", "bench")
"""Folders of the tree that tests read; `pyproject.toml` and the other files of the root go along."""
TIMEOUT_TIMES, TIMEOUT_LEAST_S = 5.0, 60.0
"""A mutant may take so many times what the tests take without it, and at least so long: the machine may be busy."""
BASELINE_MAX_S = 1200.0
PROCESSES = 2


class Outcome(msgspec.Struct, frozen=True):
    """What became of one mutant."""

    id: str
    package: str
    listed: bool
    file: str
    line: int
    old: str
    new: str
    outcome: str
    seconds: float


def tests_of(root: Path, file: str) -> tuple[str, ...]:
    """The tests that are mapped to a file: its package's folder; for a kernel those of KERNEL_TESTS that import it.

    Directly or not; those that do so themselves come first, so that most mutants are found early.
    """
    package = Path(file).parent.name
    if package != KERNELS:
        return (PACKAGES[package],)
    graph = _graph(root)
    found = []
    for rank, place in enumerate(KERNEL_TESTS):
        base = root / place
        for test in [base] if base.is_file() else sorted(base.glob("test_*.py")):
            steps = _steps(graph, _imports(test), f"tocsin.kernels.{Path(file).stem}")
            if steps is not None:
                found.append((min(rank, 1), steps, rank, test.relative_to(root).as_posix()))
    return tuple(name for *_, name in sorted(found))


@cache
def _graph(root: Path) -> dict[str, set[str]]:
    """What each of our modules imports of ours."""
    paths = sorted((root / "src/tocsin").rglob("*.py"))
    names = [".".join(path.relative_to(root / "src").with_suffix("").parts) for path in paths]
    return {name.removesuffix(".__init__"): _imports(path) for name, path in zip(names, paths, strict=True)}


def _imports(path: Path) -> set[str]:
    """Our modules that a file imports; `from a import b` may mean a or a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {name for name in found if name.startswith("tocsin.")}


def _steps(graph: dict[str, set[str]], start: set[str], wanted: str) -> int | None:
    """How many imports lie between what a test imports and a module; None: it does not reach it."""
    steps, reached, front = 0, set(start), set(start)
    while front:
        if wanted in front:
            return steps
        front = {n for name in front for n in graph.get(name, ())} - reached
        reached |= front
        steps += 1
    return None


def draw(root: Path, package: str, seed: int, sample: int) -> list[Mutant]:
    """A seeded sample of a package's mutants: places drawn evenly, and at each place one of its changes."""
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for path in sorted((root / "src/tocsin" / package).glob("*.py")):
        file = path.relative_to(root).as_posix()
        for mutant in generate(path.read_bytes(), file, package, tests_of(root, file)):
            places.setdefault((file, mutant.start, mutant.stop), []).append(mutant)
    rng = random.Random(f"{seed}:{package}")
    order = sorted(places)
    rng.shuffle(order)
    found: list[Mutant] = []
    for place in order:
        mutant = rng.choice(places[place])
        if len(found) < sample and mutant.tests and is_other_program((root / mutant.file).read_bytes(), mutant):
            found.append(mutant)
    return found


@dataclass(frozen=True, slots=True)
class Trees:
    """Copies of the tree under a folder, one for each process, each lent to one mutant at a time."""

    root: Path
    folder: Path
    free: SimpleQueue[Path]

    @classmethod
    def made(cls, root: Path, folder: Path, count: int) -> Trees:
        """Fresh copies; compiled kernels stay in `folder`/cache."""
        free: SimpleQueue[Path] = SimpleQueue()
        for k in range(count):
            tree = folder / f"tree-{k}"
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir(parents=True)
            for name in COPIED:
                if (root / name).is_dir():
                    shutil.copytree(root / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            for path in root.iterdir():
                if path.is_file():
                    shutil.copy2(path, tree / path.name)
            _check_import(tree, folder)
            free.put(tree)
        return cls(root, folder, free)

    def run(self, mutant: Mutant | None, tests: tuple[str, ...], timeout_s: float, jit: bool) -> tuple[str, float, str]:
        """Run tests in a copy with a mutant in it; outcome, seconds, what pytest said. The copy is restored after."""
        tree = self.free.get()
        try:
            if mutant is None:
                return _pytest(tree, self.folder, tests, timeout_s, jit)
            file = tree / mutant.file
            whole, stamp = file.read_bytes(), file.stat()
            try:
                file.write_bytes(apply(whole, mutant))
                return _pytest(tree, self.folder, tests, timeout_s, jit)
            finally:
                file.write_bytes(whole)
                os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        finally:
            self.free.put(tree)


def _environment(tree: Path, folder: Path, jit: bool) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(tree / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",  # a mutant's bytecode must not outlive it
        "XDG_CACHE_HOME": str(folder / "cache"),
        "NUMBA_DISABLE_JIT": "0" if jit else "1",
        "CI": "1",  # Hypothesis' profile for such machines: no deadline, no database, the same examples each time
    }


def _check_import(tree: Path, folder: Path) -> None:
    """Raise unless tests in the copy import the copy: an installed package would make every mutant survive."""
    show = [sys.executable, "-c", "import tocsin; print(tocsin.__file__)"]
    said = subprocess.run(
        show, cwd=tree, env=_environment(tree, folder, True), capture_output=True, text=True, check=True
    )
    if Path(said.stdout.strip()).parent != tree / "src" / "tocsin":
        raise RuntimeError(f"tests in {tree} would import {said.stdout.strip()}")


def _pytest(tree: Path, folder: Path, tests: tuple[str, ...], timeout_s: float, jit: bool) -> tuple[str, float, str]:
    """Run pytest in a copy until the first failure, in a process group of its own that a timeout ends."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=tree, env=_environment(tree, folder, jit), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True, text=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return TIMED_OUT, time.monotonic() - began, said
    seconds = time.monotonic() - began
    if process.returncode in (0, 1, 2):  # 2: a module that cannot be imported
        return (SURVIVED if process.returncode == 0 else KILLED), seconds, said
    if process.returncode < 0:  # a crash of the interpreter
        return KILLED, seconds, said
    raise RuntimeError(f"pytest ended with {process.returncode} in {tree}:\n{said}")


def _tree_hash(root: Path, *folders: str) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        base = root / folder.partition("::")[0]
        for path in [base] if base.is_file() else sorted(base.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _key(root: Path, code: str, mutant: Mutant) -> str:
    """Names a mutant with all that decides whether it is killed: the code, its tests and the helpers beside them."""
    tests = _tree_hash(root, *sorted({t if t.count("/") == 1 else t.partition("::")[0] for t in mutant.tests}))
    beside = sorted({str(Path(t.partition("::")[0]).parent) for t in mutant.tests if t.count("/") > 1})
    helpers = [p for folder in beside for p in sorted((root / folder).glob("*.py")) if not p.name.startswith("test_")]
    parts = [code, tests, *(_tree_hash(root, p.relative_to(root).as_posix()) for p in helpers)]
    place = [mutant.file, str(mutant.start), str(mutant.stop), mutant.text, *mutant.tests]
    return hashlib.sha256("\0".join(parts + place).encode()).hexdigest()[:24]


def _uses_jit(mutant: Mutant) -> bool:
    """Kernels are run without compiling, which takes longer than their tests; what calls kernels is quicker with it."""
    return mutant.package != KERNELS


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each test path takes without a mutant, compiled or not: measured when it is first asked for."""

    trees: Trees
    takes: dict[tuple[str, bool], float]
    locks: dict[tuple[str, bool], Lock]

    def of(self, mutant: Mutant) -> float:
        """How long a mutant may take; raises RuntimeError if its tests do not pass without it."""
        alone_s = 0.0
        for test in mutant.tests:
            pair = test, _uses_jit(mutant)
            with self.locks.setdefault(pair, Lock()):
                if pair not in self.takes:
                    self.takes[pair] = self._measured(*pair)
            alone_s += self.takes[pair]
        return max(TIMEOUT_TIMES * alone_s, TIMEOUT_LEAST_S)

    def _measured(self, test: str, jit: bool) -> float:
        outcome, seconds, said = self.trees.run(None, (test,), BASELINE_MAX_S, jit)
        if outcome != SURVIVED:
            raise RuntimeError(f"{test} does not pass without a mutant ({outcome}):\n{said}")
        return seconds


def run_mutants(
    root: Path, folder: Path, mutants: list[Mutant], deadline: float, tell: Callable[[str], None]
) -> tuple[list[Outcome], int]:
    """Outcomes of the mutants, in their order, and how many there was no time for; known ones are not run again."""
    folder = folder.resolve()
    code, store = _tree_hash(root, "src"), folder / "outcomes.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    known = dict(_known(store))
    keys = {id(m): _key(root, code, m) for m in mutants}
    waiting = [m for m in mutants if keys[id(m)] not in known]
    trees = Trees.made(root, folder, min(PROCESSES, len(waiting)))

    limits = Limits(trees, {}, {})

    def work(mutant: Mutant) -> None:
        if time.monotonic() >= deadline:
            return
        limit_s, key = limits.of(mutant), keys[id(mutant)]
        outcome, seconds, _ = trees.run(mutant, mutant.tests, limit_s, _uses_jit(mutant))
        known[key] = (outcome, seconds)
        with store.open("a", encoding="utf-8") as file:  # one short line a time: whole whatever stops the run
            file.write(json.dumps([key, outcome, round(seconds, 1)]) + "\n")
        tell(f"{outcome:9} {seconds:6.1f} s  {mutant.package}  {mutant.id}")

    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(work, waiting))
    done = [m for m in mutants if keys[id(m)] in known]
    return [_outcome(m, *known[keys[id(m)]]) for m in done], len(mutants) - len(done)


def _known(store: Path) -> Iterator[tuple[str, tuple[str, float]]]:
    """Outcomes of earlier runs; a line that was cut is not one."""
    for line in store.read_text(encoding="utf-8").splitlines() if store.is_file() else []:
        try:
            key, outcome, seconds = msgspec.json.decode(line, type=tuple[str, str, float])
        except msgspec.DecodeError:
            continue
        yield key, (outcome, seconds)


def _outcome(m: Mutant, outcome: str, seconds: float) -> Outcome:
    return Outcome(m.id, m.package, m.listed, m.file, m.line, m.old, m.new, outcome, round(seconds, 1))


def summary(outcomes: list[Outcome], argued: list[str]) -> dict[str, dict[str, object]]:
    """Per package and kind: killed of total with Wilson's interval, and how many of the killed ran out of time."""
    result: dict[str, dict[str, object]] = {}
    for package in sorted({o.package for o in outcomes}):
        mine = [o for o in outcomes if o.package == package]
        kinds = {"all": mine, "listed": [o for o in mine if o.listed], "generated": [o for o in mine if not o.listed]}
        result[package] = {kind: _share(found) for kind, found in kinds.items()}
        result[package]["argued_equivalent"] = sum(name.startswith(f"{package}/") for name in argued)
    return result


def _share(outcomes: list[Outcome]) -> dict[str, float]:
    killed = sum(o.outcome != SURVIVED for o in outcomes)
    low, high = wilson(killed, len(outcomes))
    late = sum(o.outcome == TIMED_OUT for o in outcomes)
    return {"killed": killed, "total": len(outcomes), "low": round(low, 3), "high": round(high, 3), "timed_out": late}


def fails(outcomes: list[Outcome]) -> list[str]:
    """Why the run fails, in words: a listed survivor, or a package below the floor. Empty: it does not."""
    found = [f"{o.package} {o.id}: a listed mutant survives" for o in outcomes if o.listed and o.outcome == SURVIVED]
    for package in sorted({o.package for o in outcomes}):
        share = _share([o for o in outcomes if o.package == package])
        if share["killed"] < FLOOR * share["total"]:
            found.append(f"{package}: {share['killed']} of {share['total']} killed, below {FLOOR:.0%}")
    return found


def _chosen(
    root: Path, packages: list[str], seed: int, sample: int, argued: list[Argued]
) -> tuple[list[Mutant], list[str]]:
    """All listed mutants of the packages and their samples, without the argued ones, whose names are given beside."""
    lists = root / "tools/mutations"
    found: list[Mutant] = []
    for package in packages:
        if (lists / f"{package}.json").is_file():
            found += read_list(lists / f"{package}.json", root)
        if (root / "src/tocsin" / package).is_dir() and package in (*PACKAGES, KERNELS):
            found += draw(root, package, seed, sample)
    left_out = [f"{m.package}/{m.id}" for m in found if find_argued(m, argued)]
    return [m for m in found if not find_argued(m, argued)], left_out


def _parsed(arguments: list[str] | None, lists: Path) -> argparse.Namespace:
    packages = sorted({*PACKAGES, KERNELS, *(p.stem for p in lists.glob("*.json") if p.stem != "equivalent")})
    parser = argparse.ArgumentParser(prog="tools.mutate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--sample", type=int, default=40, help="generated mutants of each package")
    parser.add_argument("--minutes", type=float, default=100.0, help="no mutant is begun later")
    parser.add_argument("--package", action="append", choices=packages, help="this one alone; may be repeated")
    parser.add_argument("--only", action="append", help="mutants of this id alone, without a proof; may be repeated")
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "mutate", help="where copies and outcomes are kept")
    options = parser.parse_args(arguments)
    options.package, options.work = options.package or packages, options.work.resolve()
    return options


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run, print, write the proof; the exit status."""
    options = _parsed(arguments, root / "tools/mutations")
    deadline = time.monotonic() + 60.0 * options.minutes
    try:
        argued = read_argued(root / "tools/mutations/equivalent.json", root)
        mutants, left_out = _chosen(root, options.package, options.seed, options.sample, argued)
    except StaleMutant as stale:
        print(f"stale: {stale}", file=sys.stderr)
        return 2
    if options.only:
        mutants = [m for m in mutants if m.id in options.only]
    outcomes, unrun = run_mutants(root, options.work, mutants, deadline, lambda text: print(text, flush=True))
    shares = summary(outcomes, left_out)
    proof = {
        "code": _tree_hash(root, "src", "tests", "tools"),
        "python": platform.python_version(),
        "seed": options.seed,
        "sample": options.sample,
        "floor": FLOOR,
        "no_time_for": unrun,
        "packages": shares,
        "argued_equivalent": left_out,
        "survivors": [msgspec.to_builtins(o) for o in outcomes if o.outcome == SURVIVED],
    }
    if not options.only:
        target = root / "proofs/mutation.json"
        target.write_text(json.dumps(proof, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for package, share in shares.items():
        print(f"{package}: {share}")
    for o in outcomes:
        if o.outcome == SURVIVED:
            print(f"survived: {o.package} {o.id}\n  {o.file}:{o.line}\n  - {o.old}\n  + {o.new}")
    reasons = fails(outcomes) + ([f"no time for {unrun} mutants"] if unrun else [])
    for reason in reasons:
        print(f"fails: {reason}")
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
