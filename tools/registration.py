"""Two radars, one of them biased: what is found of the bias, when, and what the fused tracks are worth.

    python tools/registration.py [--seeds 7] [--cases base,co-located,unbiased,...] [--json FILE]

Scenes are those of `tocsin.scenes.two_radars`. Every case is run with and without the bias on the same noise: a clock
bias moves the instant at which a target is seen, and nothing else.

Columns: median over the seeds, then the spread, of each estimate after 60 s over its true value; seconds until all four
are within 20 % for good; ratio of GOSPA (cut-off 100 m, over the root of the number of targets) to the unbiased run
from 60 s on and over the whole run; the same without registration.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tocsin import sense, track
from tocsin.records.arrays import FloatArray
from tocsin.records.registration import Registration
from tocsin.records.tracks import TrackTable
from tocsin.scenes.two_radars import BIAS, CASES, Case, batches, bias_at, fliers, plan_of
from tocsin.score.matching import gospa, match_points

CUTOFF_M = 100.0


@dataclass
class Played:
    """What came of one run."""

    t_s: list[float] = field(default_factory=list)
    gospa_m: list[float] = field(default_factory=list)
    bias: list[FloatArray] = field(default_factory=list)  # (2, 4) after each batch
    sigma: list[FloatArray] = field(default_factory=list)
    applied: list[bool] = field(default_factory=list)
    said: list[Registration] = field(default_factory=list)

    def mean_gospa(self, since_s: float) -> float:
        """Mean from a time on."""
        return float(np.mean(np.array(self.gospa_m)[np.array(self.t_s) >= since_s]))


def play(case: Case, seed: int, *, on: bool = True) -> Played:
    """Drive sense and track, the tracks fed back as the pipeline feeds them."""
    plan = plan_of(case, on)
    sky = fliers(case, np.random.default_rng([seed, 1]))
    sensing, tracking = sense.start(plan), track.start(plan)
    table: TrackTable | None = None
    played = Played()
    for batch in batches(case, plan, sky, seed):
        sensing, looked, sensed = sense.advance(plan, sensing, batch, table)
        tracking, step = track.advance(plan, tracking, looked)
        table = step.table
        truth = sky.at(batch.t_s)
        found = match_points(truth, table.state[:, :3], CUTOFF_M)
        played.t_s.append(batch.t_s)
        played.gospa_m.append(gospa(len(truth), len(table.state), found, CUTOFF_M).total_m / np.sqrt(len(truth)))
        mean, sigma, applied = sense.belief(sensing)
        played.bias.append(mean)
        played.sigma.append(sigma)
        played.applied.append(applied)
        played.said += sensed.registrations
    return played


@dataclass(frozen=True)
class Outcome:
    """Figures of one case and seed."""

    ratio: FloatArray  # (4,) estimate over truth after 60 s; the estimate itself over BIAS where the truth is nought
    other: FloatArray  # (4,) estimate for the other radar over BIAS
    found_s: float  # all four within 20 % from here on; NaN: never, or nothing to find
    gospa_ratio: float  # from 60 s on
    gospa_ratio_all: float
    without_ratio: float  # from 60 s on, registration off
    sigmas: FloatArray  # (2, 4) error in standard deviations after 60 s
    texts: tuple[str, ...]


def outcome(case: Case, seed: int) -> Outcome:
    """Run a case with and without its bias, and without registration."""
    clean = play(replace(case, bias=(0.0,) * 4, drift=(0.0,) * 4), seed, on=False)
    played, without = play(case, seed), play(case, seed, on=False)
    t = np.array(played.t_s)
    k = int(np.flatnonzero(t <= 61.0)[-1])
    scale = np.array(BIAS)
    truth = np.zeros((len(t), 2, 4))
    truth[:, case.biased] = [bias_at(case, float(s)) for s in t]
    error = np.array(played.bias) - truth
    within = np.all(np.abs(error[:, case.biased]) <= 0.2 * np.abs(truth[:, case.biased]), axis=1)
    wrong = np.flatnonzero(~within)
    settled = float(t[wrong[-1] + 1]) - 1.0 if len(wrong) and wrong[-1] + 1 < len(t) and any(case.bias) else np.nan
    own = np.where(truth[k, case.biased] != 0.0, truth[k, case.biased], scale)
    return Outcome(
        played.bias[k][case.biased] / own,
        played.bias[k][1 - case.biased] / scale,
        settled,
        played.mean_gospa(61.0) / clean.mean_gospa(61.0),
        played.mean_gospa(0.0) / clean.mean_gospa(0.0),
        without.mean_gospa(61.0) / clean.mean_gospa(61.0),
        error[k] / played.sigma[k],
        tuple(dict.fromkeys(text for said in played.said for text in said.unobservable)),
    )


def row(name: str, found: list[Outcome]) -> str:
    """One line of the table."""
    ratios = np.array([f.ratio for f in found])
    texts = [f"{np.median(r):5.2f} ({r.min():5.2f} to {r.max():5.2f})" for r in ratios.T]
    pick = [np.array([getattr(f, key) for f in found]) for key in ("found_s", "gospa_ratio", "gospa_ratio_all")]
    without = np.array([f.without_ratio for f in found])
    zs = np.array([f.sigmas for f in found])
    when = "–" if np.isnan(pick[0]).all() else f"{np.nanmedian(pick[0]):.0f} s"
    fused = f"{np.median(pick[1]):.3f} ({pick[1].min():.3f} to {pick[1].max():.3f})"
    return (
        f"| {name} | {' | '.join(texts)} | {when} | {fused}"
        f" | {np.median(pick[2]):.3f} | {np.median(without):.3f} | {np.sqrt(np.mean(zs**2)):.2f} |"
    )


HEAD = (
    "| case | range | azimuth | elevation | clock | found | GOSPA ratio from 60 s | whole run | without registration"
    " | rms error/σ |\n|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Run the family and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=7)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    print(HEAD)
    kept: dict[str, list[dict[str, object]]] = {}
    said: list[str] = []
    names = [name for name in CASES if any(name.startswith(part.strip()) for part in given.cases.split(","))]
    for name in names:
        found = [outcome(CASES[name], seed) for seed in range(1, given.seeds + 1)]
        print(row(name, found), flush=True)
        said += [f"{name}, seed {seed}: {text}" for seed, f in enumerate(found, 1) for text in f.texts]
        kept[name] = [
            {"ratio": f.ratio.tolist(), "found_s": f.found_s, "gospa": f.gospa_ratio, "all": f.gospa_ratio_all}
            for f in found
        ]
    print(*said, sep="\n")
    if given.json:
        given.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
