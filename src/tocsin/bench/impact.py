"""Impact forecasts of the whole pipeline against the truth and against the bound of `ballistic_cases`.

A case folder goes through what `tocsin track` does to it; the rows that would stand in its impacts.csv are judged. At a
fraction of the flight, counted from the first detection to the impact, the newest forecast counts if it is at most
`STALE_S` old; of several tracks' the one that claims least error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.cells import number, shown
from tocsin.formats.detections import open_detections
from tocsin.formats.tables import rows_of
from tocsin.records.arrays import FloatArray
from tocsin.records.rates import Rate
from tocsin.scenes.ballistic_cases import family_of, make_case, write_case
from tocsin.score.intervals import bootstrap, rate
from tocsin.session import Session
from tocsin.session.asked import Asked, plan_of

__all__ = ["FRACTIONS", "RUNS", "FractionScore", "ImpactStudy", "Judged", "Run", "folders_in", "judge_folder",
           "judge_seed", "runs_of", "summarise"]  # fmt: skip

FRACTIONS = (0.25, 0.4, 0.6, 0.75, 0.9)
STALE_S = 1.0
ANSWER_S = 2.5
"""From this long after the first detection on every detection must find a forecast that stands."""
ELLIPSE_95 = 5.991464547107979
"""95 % point of chi-square with two degrees of freedom."""
ROUNDED_S = 1e-6


@dataclass(frozen=True, slots=True)
class Run:
    """A family and what the forecaster is told of it."""

    name: str
    family: str
    wind: str = "0,0,5"
    drag: str = "unknown"


RUNS = (
    Run("clean, told so", "clean", "0,0,0", "constant"),
    Run("clean", "clean"),
    Run("rough", "rough"),
    Run("wind", "wind"),
    Run("drag", "drag"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The forecast that stood at a fraction of the flight, and the bound there."""

    miss_m: float
    least_m: float
    late_s: float
    least_s: float
    squared: float  # Mahalanobis distance of the truth


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one case."""

    name: str
    first_s: float | None  # first forecast after first detection; None: there was none
    unanswered: int  # detections from ANSWER_S on without a forecast that stands
    due: int  # detections from ANSWER_S on
    standing: tuple[Standing | None, ...]  # one for each of FRACTIONS


@dataclass(frozen=True, slots=True)
class FractionScore:
    """All cases at one fraction of the flight; figures are NaN where no case was answered."""

    fraction: float
    answered: Rate
    rms_m: float
    bound_m: float  # root mean square over the cases
    ratio: float  # of the two
    ratio_low: float  # its 95 % bootstrap interval over cases
    ratio_high: float
    time_ratio: float
    inside_95: Rate


@dataclass(frozen=True, slots=True)
class ImpactStudy:
    """A run over many cases."""

    run: str
    family: str
    wind: str
    drag: str
    cases: int
    in_time: Rate  # cases answered from ANSWER_S on, at every detection
    slowest_first_s: float  # the longest wait for a first forecast; NaN: a case never had one
    fractions: tuple[FractionScore, ...]


def judge_folder(folder: Path, wind: str, drag: str) -> Judged:
    """Run and judge one case folder. Raises BadInput."""
    source = open_detections(folder / "detections.csv")
    plan = plan_of(Asked(folder / "sensors.csv", wind=wind, drag=drag), source)
    seen, told = [], []
    for batch, events in Session(plan).play(source.batches(plan.sensors.sensor_id)):
        if batch.sensor_index >= 0:
            seen.append(batch.t_s)
        impacts = events.impacts
        for i in range(len(impacts.track_id)):
            place = (impacts.lat_deg[i], impacts.lon_deg[i], *impacts.covariance[i].ravel())
            told.append((events.t_s, impacts.impact_t_s[i], *place))
    forecasts = np.array(told).reshape(-1, 8)
    origin = np.array([plan.site.lat_deg, plan.site.lon_deg, plan.site.alt_m])
    geodetic = np.column_stack([forecasts[:, 2:4], np.full(len(forecasts), plan.site.alt_m)])
    forecasts[:, 2:4] = frames.geodetic2enu(geodetic, origin)[:, :2]
    truth = _numbers(folder / "impact.csv", ("x", "y", "t"))[0]
    bound = _numbers(folder / "bound.csv", ("t", "impact_rms_m", "impact_time_s"))
    return _judged(folder.name, np.array(seen), forecasts, truth, bound)


def _numbers(path: Path, columns: tuple[str, ...]) -> FloatArray:
    """Columns of a small table (n, k), n at least 1. Raises BadInput."""
    found = []
    for row in rows_of(path, columns):
        try:
            found.append([number(row.cells.get(name)) for name in columns])
        except ValueError as error:
            raise BadInput(str(error), file=str(path), row=row.number, value=shown(row.text)) from error
    if not found:
        raise BadInput("there is a header and no row", file=str(path))
    return np.array(found)


def _judged(name: str, seen_s: FloatArray, forecasts: FloatArray, truth: FloatArray, bound: FloatArray) -> Judged:
    """`forecasts` (n, 8): time, time of impact, east, north, covariance; `truth` east, north, time."""
    first, told_s = float(bound[0, 0]), forecasts[:, 0]
    due = seen_s[seen_s >= first + ANSWER_S - ROUNDED_S]
    before = np.searchsorted(told_s, due + ROUNDED_S) - 1
    stands = (before >= 0) & (due - told_s[before] < STALE_S) if len(told_s) else np.zeros(len(due), np.bool_)
    standing = tuple(_standing(first + share * (truth[2] - first), forecasts, truth, bound) for share in FRACTIONS)
    waited = float(told_s[0]) - first if len(told_s) else None
    return Judged(name, waited, int(np.count_nonzero(~stands)), len(due), standing)


def _standing(at_s: float, forecasts: FloatArray, truth: FloatArray, bound: FloatArray) -> Standing | None:
    told_s = forecasts[:, 0]
    known = np.flatnonzero((told_s <= at_s + ROUNDED_S) & (told_s > at_s - STALE_S))
    if len(known) == 0:
        return None
    newest = known[told_s[known] == told_s[known].max()]
    row = forecasts[newest[np.argmin(forecasts[newest, 4] + forecasts[newest, 7])]]
    miss = row[2:4] - truth[:2]
    squared = float(miss @ np.linalg.solve(row[4:].reshape(2, 2), miss))
    least = bound[max(int(np.searchsorted(bound[:, 0], at_s, side="right")) - 1, 0)]
    return Standing(
        float(np.hypot(*miss)), float(least[1]), abs(float(row[1] - truth[2])), float(least[2]), squared
    )  # fmt: skip


def judge_seed(runs: Sequence[Run], seed: int) -> tuple[Judged, ...]:
    """One case of each run's family; runs of one family share it."""
    judged = []
    with TemporaryDirectory() as kept:
        folders: dict[str, Path] = {}
        for run in runs:
            if run.family not in folders:
                folders[run.family] = write_case(make_case(family_of(run.family), seed), Path(kept))
            judged.append(judge_folder(folders[run.family], run.wind, run.drag))
    return tuple(judged)


def folders_in(parent: Path) -> dict[str, list[Path]]:
    """The case folders under `parent`, by family: the part of a folder's name before its last dash. Raises BadInput."""
    found: dict[str, list[Path]] = {}
    for bound in sorted(parent.glob("*/bound.csv")):
        found.setdefault(bound.parent.name.rpartition("-")[0], []).append(bound.parent)
    if not found:
        raise BadInput("no case folder with a bound.csv in it", file=str(parent))
    return found


def runs_of(family: str) -> tuple[Run, ...]:
    """The runs of a family; of one that is not ours the defaults."""
    return tuple(run for run in RUNS if run.family == family) or (Run(family, family),)


def summarise(run: Run, judged: Sequence[Judged], *, seed: int = 0) -> ImpactStudy:
    """Put the cases together; `seed` draws the bootstrap's samples."""
    prompt = sum(case.unanswered == 0 and case.first_s is not None for case in judged)
    waits = [np.nan if case.first_s is None else case.first_s for case in judged]
    return ImpactStudy(
        run=run.name,
        family=run.family,
        wind=run.wind,
        drag=run.drag,
        cases=len(judged),
        in_time=rate(f"cases answered from {ANSWER_S:g} s on", prompt, len(judged)),
        slowest_first_s=float(np.max(waits)) if waits else np.nan,
        fractions=tuple(
            _fraction(share, [case.standing[k] for case in judged], np.random.default_rng([seed, k]))
            for k, share in enumerate(FRACTIONS)
        ),
    )


def _fraction(share: float, standing: Sequence[Standing | None], generator: np.random.Generator) -> FractionScore:
    there = [s for s in standing if s is not None]
    squares = np.array([(s.miss_m, s.least_m, s.late_s, s.least_s) for s in there]).reshape(-1, 4) ** 2
    mean = squares.mean(axis=0) if there else np.full(4, np.nan)
    low, high = bootstrap(squares[:, :2], _ratio, generator)
    return FractionScore(
        fraction=share,
        answered=rate(f"answered at {share:.0%}", len(there), len(standing)),
        rms_m=float(np.sqrt(mean[0])),
        bound_m=float(np.sqrt(mean[1])),
        ratio=float(np.sqrt(mean[0] / mean[1])),
        ratio_low=low,
        ratio_high=high,
        time_ratio=float(np.sqrt(mean[2] / mean[3])),
        inside_95=rate(
            f"inside the 95 % ellipse at {share:.0%}", sum(s.squared <= ELLIPSE_95 for s in there), len(there)
        ),
    )


def _ratio(squares: FloatArray) -> float:
    """RMS error over RMS bound of rows of their squares (n, 2)."""
    return float(np.sqrt(squares[:, 0].sum() / squares[:, 1].sum()))
