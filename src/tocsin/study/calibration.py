"""Does 80 % mean 80 %? Many flights of known kind through the whole pipeline, and what identification claimed of them.

A look is what was claimed of one track at one age. Looks at one age are of different tracks, so Wilson's intervals hold
for them; pooled over ages a track counts up to three times, and only the counts are given.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tocsin.exercise.raid import plan_of
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.identities import CLASSES
from tocsin.records.rates import Rate
from tocsin.scenes.population import FAMILIES, OBJECTS, draw_raid, kind_of
from tocsin.score.intervals import rate
from tocsin.session import Session
from tocsin.study.campaign import Campaign, cells_of
from tocsin.world.motion import Kinematics
from tocsin.world.world import World

__all__ = ["AGES_S", "Bin", "Calibration", "FamilyResult", "Look", "RaidLooks", "judge", "looks_campaign", "looks_of"]

AGES_S = (3.0, 10.0, 30.0)
LATE_S = 2.5  # a look may be this much older: the slowest radar looks every two seconds
HOLDS_WITHIN_M = 300.0  # a track holds the thing that is nearest to it, if nearer than this
BINS = 10
DRONES = (CLASSES.index("fixed_wing"), CLASSES.index("multirotor"))
BIRD = CLASSES.index("bird")


@dataclass(frozen=True, slots=True)
class Look:
    """What was claimed of one track at one age, and what it truly was."""

    age_s: float
    kind: int  # in CLASSES; -1: clutter, or not mostly one thing
    probability: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RaidLooks:
    """The looks of one raid. `dismissals`: records of tracks ignored; `reopenings`: of those taken up again."""

    family: str
    seed: int
    looks: tuple[Look, ...]
    tracks: int
    dismissals: int
    reopenings: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Claims between two tenths: their mean, and how many were true."""

    claimed: float
    true: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Claimed against true over a set of looks. The base is a claim of the shares of the classes in the set itself."""

    looks: int
    bins: tuple[Bin, ...]
    expected_error: float  # mean |claimed - true| over the bins, weighted by their looks
    log_loss: float
    base_log_loss: float
    brier: float  # summed over classes
    base_brier: float
    right: Rate  # the likeliest class is the true one


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """One family. `classes`: of the likeliest class; `drones`: p(drone) / (p(drone) + p(bird)) where it was either."""

    family: str
    title: str
    tuned_on: bool
    seeds: tuple[int, ...]
    tracks: int
    unjudged: int  # looks at tracks that held no one thing
    classes: Calibration
    drones: Calibration
    classes_by_age: dict[str, Calibration]
    drones_by_age: dict[str, Calibration]
    confusion: tuple[tuple[int, ...], ...]  # true by likeliest, both in the order of CLASSES
    dismissals: int
    reopenings: int


def _without_size(batch: Batch) -> Batch:
    """The batch as a radar that reports no RCS would have sent it."""
    nothing = np.full(batch.detections.row.shape, np.nan)
    return replace(batch, detections=replace(batch.detections, rcs_dbsm=nothing, snr_db=nothing))


def _held(truth: Kinematics, position_m: FloatArray) -> list[str]:
    """What each track (T, 3) is on: the kind of the nearest thing, "" where none is near."""
    if not truth.id:
        return [""] * len(position_m)
    gap = np.linalg.norm(position_m[:, None] - truth.state[None, :, :3], axis=2)
    nearest = gap.argmin(axis=1)
    near = gap[np.arange(len(gap)), nearest] < HOLDS_WITHIN_M
    return [truth.id[j] if ok else "" for j, ok in zip(nearest.tolist(), near.tolist(), strict=True)]


class _Watch:
    """Collects the looks of one raid as it goes on."""

    def __init__(self) -> None:
        self.held: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.looks: dict[tuple[int, float], Look] = {}

    def take(self, events: Events, truth: Kinematics) -> None:
        """One batch: whom each track is on, and what is claimed where a look is due."""
        table = events.tracks.table
        for i, name in enumerate(_held(truth, table.state[:, :3])):
            track = int(table.track_id[i])
            self.held[track][name] += 1
            if table.row[i] < 0:
                continue
            for age in AGES_S:
                if age <= table.t_s - table.born_t_s[i] <= age + LATE_S and (track, age) not in self.looks:
                    claimed = tuple(float(p) for p in events.identities.probability[i])
                    self.looks[track, age] = Look(age, self._kind(track), claimed)

    def _kind(self, track: int) -> int:
        """What the track has mostly been on so far."""
        name, count = self.held[track].most_common(1)[0]
        mostly = count >= 0.7 * self.held[track].total()
        return CLASSES.index(kind_of(name)) if mostly and kind_of(name) else -1


def looks_of(family: str, seed: int, objects: int = OBJECTS) -> RaidLooks:
    """Fly one raid of a family through the pipeline and take the looks."""
    scenario, with_rcs = draw_raid(FAMILIES[family], seed, objects)
    plan = plan_of(scenario)
    world = World(scenario, plan.site, plan.sensors, seed)
    session, watch, rules = Session(plan), _Watch(), Counter[str]()
    while (batch := world.next_batch()) is not None:
        _, events = session.take(batch if with_rcs else _without_size(batch))
        rules.update("reopened" if d.rule == "reopened" else "dismissed" for d in events.dismissals)
        truth = world.truth.states[-1]
        if truth.t_s == events.tracks.table.t_s:
            watch.take(events, truth)
    looks = tuple(watch.looks[key] for key in sorted(watch.looks))
    return RaidLooks(family, seed, looks, len(watch.held), rules["dismissed"], rules["reopened"])


def looks_campaign(families: Iterable[str], seeds: Iterable[int]) -> Campaign[RaidLooks]:
    """One raid of each family for each seed."""
    return Campaign("identity", RaidLooks, _rows, cells_of(families, seeds))


def _rows(family: str, seed: int) -> tuple[RaidLooks]:
    return (looks_of(family, seed),)


def _calibration(probability: FloatArray, truth: IntArray, claimed: FloatArray, was_true: BoolArray) -> Calibration:
    """Of n looks: probabilities (n, K), true columns (n,), the claims that are binned and whether they were true."""
    count = len(truth)
    place = np.minimum((claimed * BINS).astype(int), BINS - 1)
    used = [place == b for b in range(BINS) if (place == b).any()]
    bins = tuple(
        Bin(float(claimed[b].mean()), rate("claims that were true", int(was_true[b].sum()), int(b.sum()))) for b in used
    )
    error = sum(abs(b.claimed * b.true.denominator - b.true.numerator) for b in bins) / max(count, 1)
    actual = np.eye(probability.shape[1])[truth]
    base = actual.mean(axis=0)
    present = base[base > 0.0]
    return Calibration(
        looks=count,
        bins=bins,
        expected_error=float(error),
        log_loss=float(-np.log(probability[np.arange(count), truth]).mean()),
        base_log_loss=float(-(present * np.log(present)).sum()),
        brier=float(((probability - actual) ** 2).sum(axis=1).mean()),
        base_brier=float(((base - actual) ** 2).sum(axis=1).mean()),
        right=rate("likeliest class is true", int((probability.argmax(axis=1) == truth).sum()), count),
    )


def _classes(looks: list[Look]) -> Calibration:
    p, y = np.array([look.probability for look in looks]), np.array([look.kind for look in looks])
    return _calibration(p, y, p.max(axis=1), p.argmax(axis=1) == y)


def _drones(looks: list[Look]) -> Calibration:
    """Drone against bird, of looks at either."""
    looks = [look for look in looks if look.kind in (*DRONES, BIRD)]
    p, y = np.array([look.probability for look in looks]), np.array([look.kind for look in looks])
    drone = p[:, DRONES].sum(axis=1)
    share, is_bird = drone / (drone + p[:, BIRD]), (y == BIRD).astype(int)
    return _calibration(np.column_stack([share, 1.0 - share]), is_bird, share, is_bird == 0)


def judge(raids: Iterable[RaidLooks]) -> FamilyResult:
    """Put the raids of one family together."""
    raids = tuple(raids)
    name = raids[0].family
    every = [look for raid in raids for look in raid.looks]
    looks = [look for look in every if look.kind >= 0]
    ages = [age for age in AGES_S if any(look.age_s == age for look in looks)]
    by_age = {f"{age:g} s": [look for look in looks if look.age_s == age] for age in ages}
    confusion = np.zeros((len(CLASSES), len(CLASSES)), dtype=int)
    for look in looks:
        confusion[look.kind, int(np.argmax(look.probability))] += 1
    return FamilyResult(
        family=name,
        title=FAMILIES[name].title,
        tuned_on=name == next(iter(FAMILIES)),
        seeds=tuple(raid.seed for raid in raids),
        tracks=sum(raid.tracks for raid in raids),
        unjudged=len(every) - len(looks),
        classes=_classes(looks),
        drones=_drones(looks),
        classes_by_age={age: _classes(some) for age, some in by_age.items()},
        drones_by_age={age: _drones(some) for age, some in by_age.items()},
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        dismissals=sum(raid.dismissals for raid in raids),
        reopenings=sum(raid.reopenings for raid in raids),
    )
