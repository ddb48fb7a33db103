"""The large proofs: `python -m tools.prove NAME` runs one and writes proofs/NAME.json.

With `--quick` a few seeds are run and the result is printed, nothing is written: what to do while changing something.
`stale` lists the proofs that are behind the present code, and how long each took.

Rows are kept in out/proofs/NAME-CODE/ as soon as they are there, so that a proof that was stopped goes on where it was.
CODE is the hash of the code that they come from: other code starts anew, and a proof made by it is behind.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import msgspec

from tocsin.study.campaign import executor_of
from tools.code_hash import code_hash
from tools.work import Work

__all__ = ["PROOFS", "Proof", "Standing", "main", "standing"]


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof: its name, and its number of seeds, whole and quick."""

    name: str
    seeds: int
    few: int

    @property
    def module(self) -> str:
        """The module whose `prove` makes it."""
        return f"tools.proofs.{self.name.replace('-', '_')}"


PROOFS = {
    proof.name: proof
    for proof in (
        Proof("bdsc-warning", 200, 4),
        Proof("checkpoint", 1, 1),
        Proof("identity", 90, 12),
        Proof("impact", 320, 2),
        Proof("outcomes", 40, 1),
        Proof("run-folder", 52, 1),
        Proof("tracking-bound", 5, 2),
        Proof("tracking-clutter", 50, 2),
        Proof("tracking-consistency", 5, 2),
        Proof("tracking-memory", 2, 1),
        Proof("tracking-peers", 5, 1),
        Proof("tracking-scaling", 3, 1),
    )
}
FIRST_SEED = 20_000
"""Far from every seed that a test uses or that a rule was chosen on."""


class Written(msgspec.Struct):
    """The file of a proof. Those that were made before it had a hash have none."""

    proof: str
    commit: str
    result: msgspec.Raw
    code: str = ""  # hash of the code that made it
    seconds: float | None = None  # that it took, over all its sessions


@dataclass(frozen=True, slots=True)
class Standing:
    """How a proof stands to the present code; `behind` says why it is, "": it is not."""

    name: str
    behind: str
    seconds: float | None


def standing(proof: Proof, out: Path) -> Standing:
    """Compare a proof's file with the present code."""
    path = out / f"{proof.name}.json"
    if not path.is_file():
        return Standing(proof.name, "not made yet", None)
    kept = msgspec.json.decode(path.read_bytes(), type=Written)
    if not kept.code:
        return Standing(proof.name, "made before proofs held the hash of their code", kept.seconds)
    same = kept.code == code_hash(proof.module)
    return Standing(proof.name, "" if same else f"made by other code, at {kept.commit}", kept.seconds)


def commit() -> str:
    """The commit that is checked out, with a mark when the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def show(line: str) -> None:
    """Tell how far a proof is."""
    print(f"{line:60}", end="\r", file=sys.stderr, flush=True)


@contextmanager
def timed(path: Path) -> Iterator[Callable[[], float]]:
    """Seconds that have been worked, those of earlier sessions in this file included."""
    before = float(path.read_text()) if path.is_file() else 0.0
    since = time.monotonic()
    try:
        yield lambda: before + time.monotonic() - since
    finally:
        path.write_text(f"{before + time.monotonic() - since:.0f}\n")


def prove(proof: Proof, seeds: range, folder: Path) -> object:
    """Run a proof with rows in a folder."""
    with executor_of(len(os.sched_getaffinity(0))) as executor:
        work = Work(tuple(seeds), folder, code_hash(proof.module), executor, show)
        return import_module(proof.module).prove(work)


def write(proof: Proof, seeds: range, out: Path) -> Path:
    """Run a proof, or what is left of it, and write its file."""
    code = code_hash(proof.module)
    folder = Path("out", "proofs", f"{proof.name}-{code}")
    folder.mkdir(parents=True, exist_ok=True)
    with timed(folder / "seconds") as seconds:
        result = msgspec.Raw(msgspec.json.encode(prove(proof, seeds, folder)))
        written = Written(proof.name, commit(), result, code, round(seconds(), 1))
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{proof.name}.json"
    target.write_bytes(msgspec.json.format(msgspec.json.encode(written), indent=1) + b"\n")
    return target


def draw(name: str, out: Path, figures: Path) -> list[Path]:
    """What the docs show of a proof."""
    from tools import figures as tracking
    from tools.diagram import draw_identity

    if name == "identity":
        return [draw_identity(out / "identity.json", Path("docs", "why", "identity-reliability.svg"))]
    return tracking.write_figures(out, figures, None if name == "figures" else (name,))


def tell_stale(out: Path) -> None:
    """A line for each proof that is behind."""
    every = [standing(proof, out) for proof in PROOFS.values()]
    late = [found for found in every if found.behind]
    for found in late:
        took = "time unknown" if found.seconds is None else f"{found.seconds / 60:.0f} min"
        print(f"{found.name:22}{took:>14}  {found.behind}")
    print(f"{len(late)} of {len(every)} proofs are behind the present code", file=sys.stderr)


def main(arguments: Iterable[str] | None = None) -> int:
    """Run one proof and write its file."""
    parser = argparse.ArgumentParser(prog="python -m tools.prove", description="Run a large proof.")
    told = "figures: draw those of the proofs anew; stale: list the proofs that are behind the code"
    parser.add_argument("name", choices=[*PROOFS, "figures", "stale"], help=told)
    parser.add_argument("--seeds", type=int, help="how many seeds")
    parser.add_argument("--out", type=Path, default=Path("proofs"))
    parser.add_argument("--figures", type=Path, default=Path("docs", "accuracy"), help="where figures are drawn")
    parser.add_argument("--quick", action="store_true", help="a few seeds; print the result and write nothing")
    options = parser.parse_args(None if arguments is None else list(arguments))
    if options.name == "stale":
        tell_stale(options.out)
        return 0
    written = []
    if options.name != "figures":
        proof = PROOFS[options.name]
        count = options.seeds or (proof.few if options.quick else proof.seeds)
        seeds = range(FIRST_SEED, FIRST_SEED + count)
        if options.quick:
            with tempfile.TemporaryDirectory() as folder:
                found = prove(proof, seeds, Path(folder))
            print("\n" + msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
            return 0
        written.append(write(proof, seeds, options.out))
    written += draw(options.name, options.out, options.figures)
    print("", *(f"wrote {path}" for path in written), sep="\n", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
