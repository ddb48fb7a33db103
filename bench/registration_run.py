"""Two radars, one of them biased: what is found of the bias, when, and what the fused tracks are worth.

    python bench/registration_run.py [--seeds 7] [--cases base,co-located,unbiased,...] [--json FILE]

Thirty targets (four of them aircraft that broadcast ADS-B) fly about two radars 12 km apart for 120 s; detection
probability 0.9, one scan a second and radar, the scans of the two out of step by an amount that is drawn. The second
radar has biases of 60 m, 0.3°, 0.2° and 0.2 s. Every case is run with and without the bias on the same noise: a clock
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

from tocsin import frames, sense, track
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.registration import Registration, RegistrationSettings
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain
from tocsin.records.tracks import TrackTable
from tocsin.score.matching import gospa, match_points

SIGMA = np.array([10.0, np.deg2rad(0.15), np.deg2rad(0.15)])
BIAS = (60.0, float(np.deg2rad(0.3)), float(np.deg2rad(0.2)), 0.2)
CUTOFF_M = 100.0
ORIGIN = (33.8, 42.4, 188.0)


@dataclass(frozen=True)
class Case:
    """One scene. `bias` is that of radar `biased`, in the order range (m), azimuth, elevation (rad), clock (s)."""

    name: str = "base"
    apart_m: float = 12e3
    bias: tuple[float, float, float, float] = BIAS
    biased: int = 1
    targets: int = 30
    broadcasting: int = 4
    duration_s: float = 120.0
    turn_share: float = 0.5  # of the drones turn, at up to 0.1 rad/s
    clutter: float = 10.0
    report_sigma_m: float = 10.0
    report_offset_m: float = 0.0  # besides, an aircraft's reports are off by one draw of this spread for all time
    alone: bool = False  # only the biased radar is there
    drift: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # of the bias, in a minute


CASES = {
    case.name: case
    for case in (
        Case(),
        Case("first radar biased", biased=0),
        Case("opposite signs", bias=(-60.0, -BIAS[1], -BIAS[2], -0.2)),
        Case("unbiased", bias=(0.0, 0.0, 0.0, 0.0)),
        Case("all drones turn", turn_share=1.0),
        Case("ADS-B off by a constant", report_offset_m=5.0),
        Case("ADS-B of 30 m", report_sigma_m=30.0),
        Case("no ADS-B", broadcasting=0),
        Case("co-located, no ADS-B", apart_m=0.0, broadcasting=0),
        Case("one radar alone with ADS-B", alone=True),
        Case("drifting", drift=(3.0, float(np.deg2rad(0.02)), float(np.deg2rad(0.02)), 0.01), duration_s=300.0),
    )
}


def plan_of(case: Case, on: bool) -> Plan:
    """Two radars on a line to the east of the site."""
    terrain = Terrain(0.0, 0.0, 1.0, np.zeros((0, 0)))
    site = Site("two radars", *ORIGIN, frames.gaussian_radius_m(ORIGIN[0]) + ORIGIN[2], "UTC", (), (), terrain)
    place = np.array([[0.0, 0.0, 10.0], [case.apart_m, 0.0, 10.0]])
    unknown = np.full(2, np.nan)
    table = SensorTable(
        ("west", "east"), ("radar_3d",) * 2, place, np.tile(np.eye(3), (2, 1, 1)), unknown, unknown, unknown, unknown
    )
    return Plan("", site, table, registration=RegistrationSettings(enabled=on))


@dataclass(frozen=True)
class Fliers:
    """Motion of n targets: constant speed and climb, and a turn at a constant rate from `turn_from` to `turn_to`."""

    start: FloatArray  # (n, 3)
    speed: FloatArray
    heading: FloatArray  # clockwise from north
    climb: FloatArray
    turn: FloatArray  # rad/s
    turn_from: FloatArray
    turn_to: FloatArray

    def at(self, t: float | FloatArray) -> FloatArray:
        """Positions (n, 3) at a time, or at one time for each."""
        steps = np.linspace(0.0, 1.0, 200)
        when = np.broadcast_to(t, self.speed.shape)[:, None] * steps
        turned = np.clip(when - self.turn_from[:, None], 0.0, (self.turn_to - self.turn_from)[:, None])
        angle = self.heading[:, None] + self.turn[:, None] * turned
        width = when[:, 1:] - when[:, :-1]
        mid = 0.5 * (angle[:, 1:] + angle[:, :-1])
        flown = [self.speed * np.sum(width * f(mid), axis=1) for f in (np.sin, np.cos)]
        return self.start + np.stack([*flown, self.climb * np.broadcast_to(t, self.speed.shape)], axis=1)


def fliers(case: Case, rng: np.random.Generator) -> Fliers:
    """Aircraft first, then drones, uniform over a disc of 14 km about the middle of the two radars."""
    n, fast = case.targets, max(case.broadcasting, 4)
    is_fast = np.arange(n) < fast
    r, around = 14e3 * np.sqrt(rng.uniform(0.01, 1.0, n)), rng.uniform(0, 2 * np.pi, n)
    height = np.where(is_fast, rng.uniform(600, 2500, n), rng.uniform(80, 600, n))
    start = np.stack([0.5 * case.apart_m + r * np.sin(around), r * np.cos(around), height], axis=1)
    speed = np.where(is_fast, rng.uniform(60, 130, n), rng.uniform(20, 60, n))
    turns = (rng.random(n) < case.turn_share) & ~is_fast
    begin = rng.uniform(0, 60, n)
    return Fliers(
        start,
        speed,
        rng.uniform(0, 2 * np.pi, n),
        np.where(is_fast, rng.uniform(-3, 3, n), rng.uniform(-0.5, 0.5, n)),
        np.where(turns, rng.uniform(-0.1, 0.1, n), 0.0),
        begin,
        begin + rng.uniform(10, 60, n),
    )


def bias_at(case: Case, t_s: float) -> FloatArray:
    """The true bias (4,) of the biased radar."""
    return np.array(case.bias) + np.array(case.drift) * t_s / 60.0


def scan(case: Case, plan: Plan, sky: Fliers, sensor: int, t_s: float, rng: np.random.Generator) -> DetectionTable:
    """What one radar reports with the time stamp `t_s`."""
    bias = bias_at(case, t_s) if sensor == case.biased else np.zeros(4)
    n = case.targets
    here = sky.at(t_s - bias[3]) - plan.sensors.position_m[sensor]
    aer = frames.enu2aer(here)
    z = np.stack([aer[:, 2], aer[:, 0], aer[:, 1]], axis=1) + rng.normal(size=(n, 3)) * SIGMA + bias[:3]
    z = z[rng.random(n) < 0.9]
    m = rng.poisson(case.clutter)
    ground, around, up = 2e4 * np.sqrt(rng.uniform(0.01, 1, m)), rng.uniform(0, 2 * np.pi, m), rng.uniform(0, 800, m)
    false = np.stack([np.hypot(ground, up), around, np.arctan2(up, ground)], axis=1)
    z = np.concatenate([z, false])
    z[:, 1] %= 2 * np.pi
    z = z[np.argsort(z[:, 1])]
    k, nothing = len(z), np.full(len(z), np.nan)
    sigma = np.tile(SIGMA, (k, 1))
    return DetectionTable(np.arange(1, k + 1), *z.T.copy(), *sigma.T.copy(), nothing, nothing, nothing, nothing)


def reports(case: Case, sky: Fliers, t_s: float, offset: FloatArray, rng: np.random.Generator) -> ReportTable:
    """ADS-B of the first targets: once a second each, in a second's arbitrary part of its own."""
    n = case.broadcasting
    error = rng.normal(size=(n, 3)) * case.report_sigma_m * np.array([1.0, 1.0, 1.5])
    when = t_s - 1.0 + np.linspace(0.1, 0.9, n)
    place = sky.at(np.concatenate([when, np.full(case.targets - n, t_s)]))[:n] + offset + error
    sigma = np.full(n, case.report_sigma_m)
    return ReportTable(when, ("rx",) * n, ("adsb",) * n, tuple(f"AC{i}" for i in range(n)), place, sigma, ("",) * n)


def batches(case: Case, plan: Plan, sky: Fliers, seed: int) -> list[Batch]:
    """All batches of a run in order of time; the draws do not depend on the bias."""
    rng = np.random.default_rng([seed, 2])
    apart = rng.uniform(0.1, 0.9)
    offset = rng.normal(size=(case.broadcasting, 3)) * case.report_offset_m * np.array([1.0, 1.0, 1.5])
    none = ReportTable(np.zeros(0), (), (), (), np.zeros((0, 3)), np.zeros(0), ())
    out: list[Batch] = []
    for k in range(int(case.duration_s)):
        for sensor, t_s in ((0, k + 1.0), (1, k + 1.0 + apart)):
            spoken = case.broadcasting > 0 and sensor == (case.biased if case.alone else 0)
            said = reports(case, sky, t_s, offset, rng) if spoken else none
            plots = scan(case, plan, sky, sensor, t_s, rng)
            if case.alone and sensor != case.biased:
                continue
            out.append(Batch(len(out), t_s, t_s, sensor, plots, said, ()))
    return out


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
