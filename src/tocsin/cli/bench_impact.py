"""`tocsin bench impact`: impact forecasts beside their bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tocsin.bench.impact import ImpactStudy, Run, folders_in, judge_folder, judge_seed, runs_of, summarise
from tocsin.cli.show import Tell, out, out_json, progress
from tocsin.errors import BadInput
from tocsin.records.rates import Rate
from tocsin.scenes.ballistic_cases import FAMILIES, family_of

__all__ = ["Told", "impact", "table"]

HEAD = "flight  answered      RMS     bound  ratio (95 %)           time ratio  truths in the 95 % ellipse"


@dataclass(frozen=True, slots=True)
class Told:
    """What the forecaster is told, where that was asked for."""

    wind: str | None = None
    drag: str | None = None

    def runs(self, family: str) -> tuple[Run, ...]:
        """The runs of a family: its own, or the one that was asked for."""
        if self.wind is None and self.drag is None:
            return runs_of(family)
        plain = Run(family, family)
        return (Run(family, family, self.wind or plain.wind, self.drag or plain.drag),)


def impact(families: Sequence[str], *, cases: int, seed: int, folder: Path | None, told: Told, as_json: bool) -> int:
    """Run the command."""
    if cases < 1:
        raise BadInput("at least one case is needed", column="--cases", value=str(cases))
    if seed < 0:
        raise BadInput("a seed is not negative", column="--seed", value=str(seed))
    with progress("impacts", None) as tell:
        if folder is None:
            names = [family_of(name).name for name in families] or list(FAMILIES)
            studies = list(_made(names, range(seed, seed + cases), told, tell))
        else:
            studies = list(_found(folder, families, told, tell))
    if as_json:
        out_json([asdict(study) for study in studies])
    else:
        for study in studies:
            out(*table(study), "")
    return 0


def _made(families: Sequence[str], seeds: range, told: Told, tell: Tell) -> Iterator[ImpactStudy]:
    runs = [run for family in families for run in told.runs(family)]
    judged = []
    for done, case in enumerate((judge_seed(runs, each) for each in seeds), 1):
        tell(done, f"{done} of {len(seeds)} seeds")
        judged.append(case)
    for k, run in enumerate(runs):
        yield summarise(run, [case[k] for case in judged])


def _found(parent: Path, families: Sequence[str], told: Told, tell: Tell) -> Iterator[ImpactStudy]:
    there = folders_in(parent)
    for family in families:
        if family not in there:
            raise BadInput(f"no such family here; there are {', '.join(there)}", column="--family", value=family)
    for family in families or there:
        for run in told.runs(family):
            judged = []
            for path in there[family]:
                judged.append(judge_folder(path, run.wind, run.drag))
                tell(len(judged), f"{run.name}, {len(judged)} of {len(there[family])}")
            yield summarise(run, judged)


def table(study: ImpactStudy) -> list[str]:
    """Lines for people: a row for each fraction of the flight."""
    told = f"--wind {study.wind} --drag {study.drag}"
    wait = "some never" if study.slowest_first_s != study.slowest_first_s else f"within {study.slowest_first_s:.2f} s"
    return [
        f"{study.run} ({study.cases} cases, {told})",
        f"  answered from 2.5 s on: {_counts(study.in_time)}; first forecast {wait} of the first detection",
        f"  {HEAD}",
        *(
            f"  {f.fraction:>5.0%}  {f.answered.numerator:>4}/{f.answered.denominator:<4} {f.rms_m:>7.2f} m"
            f" {f.bound_m:>7.2f} m  {f.ratio:.3f} ({f.ratio_low:.3f} to {f.ratio_high:.3f})  {f.time_ratio:>9.2f}"
            f"  {_counts(f.inside_95)}"
            for f in study.fractions
        ),
    ]


def _counts(share: Rate) -> str:
    part = share.numerator / share.denominator if share.denominator else float("nan")
    percent = f"{100 * part:.1f} %, {100 * share.low:.1f} to {100 * share.high:.1f}"
    return f"{share.numerator} of {share.denominator} ({percent})"
