"""The large proofs: `python -m tocsin.study NAME` runs one and writes proofs/NAME.json.

With `--quick` a few seeds are run and the result is printed, nothing is written: what to do while changing something.

Each seed's result is kept in out/proofs/NAME.jsonl as soon as it is there, so that a proof that was stopped goes on
where it was. The file is bound to the commit: another commit starts anew.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from tocsin.formats.scenarios import apply_variant, load_builtin
from tocsin.records.scenario import CAUSES
from tocsin.scenes.population import FAMILIES
from tocsin.study.calibration import FamilyResult, RaidLooks, judge, raids_looks
from tocsin.study.outcomes import OutcomeRates, outcome_rates
from tocsin.study.warning import WarnedRaid, summarise, warned_raids
from tools.diagram import reliability_diagram
from tools.figures import write_figures
from tools.impact_proof import prove_impact
from tools.tracking_proofs import (
    prove_bound,
    prove_clutter,
    prove_consistency,
    prove_memory,
    prove_peers,
    prove_scaling,
)

Summary = object


def commit() -> str:
    """The commit that is checked out, with a mark when the tree differs from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def prove_bdsc_warning(seeds: Sequence[int], kept: Path, show: Callable[[str], None]) -> Summary:
    """`bdsc-2021` without effector: was the struck zone warned, and how many others?"""
    scenario = apply_variant(load_builtin("bdsc-2021"), {"effector": "none"})
    lines = kept.read_bytes().splitlines() if kept.exists() else []
    raids = {raid.seed: raid for raid in (msgspec.json.decode(line, type=WarnedRaid) for line in lines)}
    left = [seed for seed in seeds if seed not in raids]
    with kept.open("ab") as stream:
        for raid in warned_raids(scenario, left, processes=os.cpu_count() or 1):
            raids[raid.seed] = raid
            stream.write(msgspec.json.encode(raid) + b"\n")
            stream.flush()
            show(f"{len(raids)} of {len(seeds)} raids")
    return summarise(raids[seed] for seed in seeds)


def prove_outcomes(seeds: Sequence[int], kept: Path, show: Callable[[str], None]) -> Summary:
    """Both raids of June 2021 as they are, and with each modelled cause made ideal: what became of what flew."""
    lines = kept.read_bytes().splitlines() if kept.exists() else []
    found = {(r.scenario, r.ideal, len(r.seeds)): r for r in (msgspec.json.decode(x, type=OutcomeRates) for x in lines)}
    with kept.open("ab") as stream:
        for name in ("ain-al-asad-2021", "bdsc-2021"):
            for ideal in ((), *((cause,) for cause in CAUSES)):
                key = (name, ideal, len(seeds))
                if key in found:
                    continue
                show(f"{name}, ideal: {', '.join(ideal) or 'nothing'}")
                found[key] = outcome_rates(load_builtin(name), seeds, ideal, processes=os.cpu_count() or 1)
                stream.write(msgspec.json.encode(found[key]) + b"\n")
                stream.flush()
    return [rates for key, rates in found.items() if key[2] == len(seeds)]


def prove_identity(seeds: Sequence[int], kept: Path, show: Callable[[str], None]) -> list[FamilyResult]:
    """Every family of flights: claimed probabilities against truth."""
    lines = kept.read_bytes().splitlines() if kept.exists() else []
    found = {(r.family, r.seed): r for r in (msgspec.json.decode(line, type=RaidLooks) for line in lines)}
    with kept.open("ab") as stream:
        for family in FAMILIES:
            left = [seed for seed in seeds if (family, seed) not in found]
            for raid in raids_looks(family, left, processes=os.cpu_count() or 1):
                found[family, raid.seed] = raid
                stream.write(msgspec.json.encode(raid) + b"\n")
                stream.flush()
                show(f"{family}: seed {raid.seed}")
    return [judge(found[family, seed] for seed in seeds) for family in FAMILIES]


def draw_identity(result: Summary) -> None:
    """The reliability diagram that the docs show, of tracks ten seconds old."""
    families = msgspec.convert(result, list[FamilyResult])
    Path("docs", "why", "identity-reliability.svg").write_text(reliability_diagram(families, "10 s"), encoding="utf-8")


DRAWINGS: dict[str, Callable[[Summary], None]] = {"identity": draw_identity}
"""What a whole proof draws for the docs from its result as written."""

PROOFS: dict[str, tuple[Callable[[Sequence[int], Path, Callable[[str], None]], Summary], int, int]] = {
    "bdsc-warning": (prove_bdsc_warning, 200, 4),
    "identity": (prove_identity, 90, 12),
    "impact": (prove_impact, 320, 2),
    "outcomes": (prove_outcomes, 40, 1),
    "tracking-bound": (prove_bound, 5, 2),
    "tracking-clutter": (prove_clutter, 50, 2),
    "tracking-consistency": (prove_consistency, 5, 2),
    "tracking-memory": (prove_memory, 2, 1),
    "tracking-peers": (prove_peers, 5, 1),
    "tracking-scaling": (prove_scaling, 3, 1),
}
"""Each proof with its number of seeds, whole and quick."""

FIRST_SEED = 20_000
"""Far from every seed that a test uses or that a rule was chosen on."""


def main(arguments: Iterable[str] | None = None) -> int:
    """Run one proof and write its file."""
    parser = argparse.ArgumentParser(prog="python -m tocsin.study", description="Run a large proof.")
    parser.add_argument("name", choices=[*sorted(PROOFS), "figures"], help="figures: draw those of the proofs anew")
    parser.add_argument("--seeds", type=int, help="how many seeds")
    parser.add_argument("--out", type=Path, default=Path("proofs"))
    parser.add_argument("--figures", type=Path, default=Path("docs", "accuracy"), help="where figures are drawn")
    parser.add_argument("--quick", action="store_true", help="a few seeds; print the result and write nothing")
    options = parser.parse_args(None if arguments is None else list(arguments))
    if options.name == "figures":
        written = write_figures(options.out, options.figures)
        print(*(f"wrote {path}" for path in written), sep="\n", file=sys.stderr)
        return 0
    prove, count, few = PROOFS[options.name]

    def show(line: str) -> None:
        print(f"{line:60}", end="\r", file=sys.stderr, flush=True)

    seeds = range(FIRST_SEED, FIRST_SEED + (options.seeds or (few if options.quick else count)))
    if options.quick:
        with tempfile.TemporaryDirectory() as folder:
            found = prove(seeds, Path(folder, "kept"), show)
        print("\n" + msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return 0
    version = commit()
    kept = Path("out", "proofs", f"{options.name}-{version}.jsonl")
    kept.parent.mkdir(parents=True, exist_ok=True)
    result = {"proof": options.name, "commit": version, "result": prove(seeds, kept, show)}
    options.out.mkdir(parents=True, exist_ok=True)
    target = options.out / f"{options.name}.json"
    target.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    if options.name in DRAWINGS:
        DRAWINGS[options.name](msgspec.to_builtins(result["result"]))
    write_figures(options.out, options.figures, (options.name,))
    print(f"\nwrote {target}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
