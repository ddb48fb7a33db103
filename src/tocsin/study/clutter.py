"""What the tracker makes of an empty sky full of false detections, and how soon it then believes in a real drone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.special import chdtri

from tocsin.bench.drive import track_steps
from tocsin.records.arrays import IntArray
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackSettings
from tocsin.scenes import motions
from tocsin.scenes.families import UAS_VOLUME, clutter_batches, one_radar, radar_batches, scan_times
from tocsin.study.campaign import Campaign, Results, cells_of

__all__ = ["ClutterPlan", "ClutterStudy", "Sky", "Threshold", "confirming_scans", "empty_sky", "poisson_upper"]

SCANS = 2000  # of one seed's empty sky
THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Values of `TrackSettings.confirm_existence` along which false tracks are traded for a later confirmation."""
LATE = 99  # the scan that stands for "was not confirmed while it was there"


@dataclass(frozen=True, slots=True)
class Sky:
    """One seed at one threshold: tracks confirmed in an empty sky, and the scan that confirmed each of 80 drones."""

    seed: int
    confirm_existence: float
    scans: int
    false_tracks: int
    false_at_s: tuple[float, ...]  # when each was confirmed
    confirming_scan: tuple[int, ...]  # 1: the first scan in which the drone was there, detected or not
    from_first_hit: tuple[int, ...]  # 1: the scan of its first detection


@dataclass(frozen=True, slots=True)
class Threshold:
    """All seeds at one threshold."""

    confirm_existence: float
    scans: int
    false_tracks: int
    per_10000_s: float
    upper_per_10000_s: float  # one-sided 95 % limit of a Poisson mean
    drones: int
    median_scan: float  # over drones that arrive one by one at Pd 0.9, counted from the first scan they are there
    by_third_scan: float  # share of them
    median_from_first_hit: float
    mean_scan: float  # over those that were confirmed
    never: int


@dataclass(frozen=True, slots=True)
class ClutterStudy:
    """The shipped threshold first, then the trade-off curve, made of the first seeds."""

    seeds: tuple[int, ...]
    clutter_per_scan: float
    shipped: Threshold
    curve_seeds: tuple[int, ...]
    curve: tuple[Threshold, ...]


def poisson_upper(count: int, confidence: float = 0.95) -> float:
    """Upper limit of a Poisson mean of which `count` was seen (Garwood 1936, Biometrika 28:437)."""
    return float(chdtri(2 * (count + 1), 1.0 - confidence)) / 2.0


def _plan(confirm_existence: float | None) -> Plan:
    plan, settings = one_radar(), TrackSettings()
    return (
        plan
        if confirm_existence is None
        else replace(plan, track=replace(settings, confirm_existence=confirm_existence))
    )


def empty_sky(seed: int, scans: int, confirm_existence: float | None = None) -> tuple[float, ...]:
    """When a track was confirmed: `scans` 1 s scans of 100 false detections in the volume of `uas-N`, no range rate."""
    batches = clutter_batches(np.random.default_rng([seed, 1]), UAS_VOLUME, scans)
    return tuple(step.table.t_s for step in track_steps(_plan(confirm_existence), batches) for _ in step.confirmed)


DRONES, LIFE, RUN = 80, 20, 200  # drones that arrive between scans 20 and 180, and leave after 20 scans


def confirming_scans(seed: int, confirm_existence: float | None = None) -> tuple[IntArray, IntArray]:
    """The scan that confirmed each drone, counted from its first scan and from its first detection (DRONES,).

    They arrive one by one in the sky of `empty_sky`, seen with probability 0.9, no range rate; LATE: none did.
    """
    rng = np.random.default_rng([seed, 2])
    t_s = scan_times(UAS_VOLUME, RUN)
    state, _ = motions.drones(rng, DRONES, t_s, UAS_VOLUME.clutter_radius_m)
    arrival = rng.integers(20, RUN - LIFE, DRONES)
    age = np.arange(RUN)[:, None] - arrival
    seen = radar_batches(rng, UAS_VOLUME, t_s, state, (age >= 0) & (age < LIFE), range_rate=False)
    batches, origins = zip(*seen, strict=True)
    found, first_hit = np.full(DRONES, -1), np.full(DRONES, -1)
    for k, (step, origin) in enumerate(zip(track_steps(_plan(confirm_existence), batches), origins, strict=True)):
        new = origin[(origin >= 0)]
        first_hit[new[first_hit[new] < 0]] = k
        fresh = np.isin(step.table.track_id, step.confirmed) & (step.table.row >= 0)
        who = origin[step.table.row[fresh]]
        who = who[who >= 0]
        found[who[found[who] < 0]] = k
    late = found < 0
    return np.where(late, LATE, found - arrival + 1), np.where(late, LATE, found - first_hit + 1)


def one_sky(seed: int, scans: int, confirm_existence: float) -> Sky:
    """Both halves for one seed and threshold."""
    at, (first, hit) = empty_sky(seed, scans, confirm_existence), confirming_scans(seed, confirm_existence)
    return Sky(seed, confirm_existence, scans, len(at), at, tuple(first.tolist()), tuple(hit.tolist()))


def threshold(skies: Sequence[Sky]) -> Threshold:
    """Put the seeds of one threshold together."""
    scans, false = sum(sky.scans for sky in skies), sum(sky.false_tracks for sky in skies)
    first = np.array([scan for sky in skies for scan in sky.confirming_scan])
    hit = np.array([scan for sky in skies for scan in sky.from_first_hit])
    per = 10_000.0 / (scans * UAS_VOLUME.scan_period_s)
    there = first < LATE
    return Threshold(
        confirm_existence=skies[0].confirm_existence,
        scans=scans,
        false_tracks=false,
        per_10000_s=false * per,
        upper_per_10000_s=poisson_upper(false) * per,
        drones=len(first),
        median_scan=float(np.median(first)),
        by_third_scan=float(np.mean(first <= 3)),
        median_from_first_hit=float(np.median(hit)),
        mean_scan=float(np.mean(first[there])) if there.any() else float(LATE),
        never=int(np.count_nonzero(~there)),
    )


@dataclass(frozen=True, slots=True)
class ClutterPlan:
    """The shipped threshold over all seeds, and the trade-off curve over some of them."""

    seeds: tuple[int, ...]
    curve_seeds: tuple[int, ...]
    scans: int = SCANS
    thresholds: tuple[float, ...] = THRESHOLDS

    def campaign(self) -> Campaign[Sky]:
        """A cell for each sky; the curve's at the shipped threshold are those of the first part."""
        shipped = cells_of((_case(TrackSettings().confirm_existence),), self.seeds)
        curve = cells_of(map(_case, self.thresholds), self.curve_seeds)
        cells = tuple(dict.fromkeys((*shipped, *curve)))
        return Campaign("clutter", Sky, partial(_rows, self.scans), cells)

    def study(self, results: Results[Sky]) -> ClutterStudy:
        """Put the skies together."""
        found = results.checked()

        def at(value: float, seeds: tuple[int, ...]) -> Threshold:
            return threshold([sky for seed in seeds for sky in found[_case(value), seed]])

        shipped = at(TrackSettings().confirm_existence, self.seeds)
        curve = tuple(at(value, self.curve_seeds) for value in self.thresholds)
        return ClutterStudy(self.seeds, UAS_VOLUME.clutter_per_scan, shipped, self.curve_seeds, curve)


def _case(confirm_existence: float) -> str:
    return repr(confirm_existence)


def _rows(scans: int, case: str, seed: int) -> tuple[Sky]:
    return (one_sky(seed, scans, float(case)),)
