"""Families of tracking scenes: what truly flew past one radar, and what the radar said, drawn from a seed.

| name | targets | scans | Pd | false detections a scan | GOSPA cut-off |
| --- | --- | --- | --- | --- | --- |
| `uas-N` | N manoeuvring drones within 30 km | 60 at 1 s | 0.9 | 20 + N/5 | 100 m |
| `uas-N-clutter60` | the same | | | their range rates uniform over ±60 m/s | |
| `straight-N` | N drones, straight and level | 60 at 1 s | 0.9 | 20 + N/5 | 100 m |
| `gusty-N` | the same in gusts of 0.3 m/s | 60 at 1 s | 0.9 | 20 + N/5 | 100 m |
| `ballistic-N` | N shells fired within 20 s | 260 at 0.25 s | 0.95 | 5 | 200 m |
| `mixed` | 30 drones, 20 shells, 10 airliners, 50 birds | 120 at 0.5 s | 0.85 | 100 | 100 m |
| `density-N` | N drones, 1,000 to a disk of 30 km whatever N is | 20 at 1 s | 0.9 | N/5 | 100 m |
| `scaled-N` | the same, and angles scaled too: the same ambiguity whatever N is | | | | |

The radar stands at the origin: 10 m, 0.15° and 1 m/s of noise, false detections uniform over the disk and the height,
with range rates of 4 m/s. A scene's truth is for the judge; a tracker gets `plan` and `batches`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tocsin.errors import BadInput
from tocsin.formats.detections import empty_reports
from tocsin.formats.sensors import level_site
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.detections import Batch, DetectionTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SensorTable
from tocsin.records.truth import TruthTable
from tocsin.scenes import motions

__all__ = [
    "FAMILIES",
    "UAS_VOLUME",
    "Radar",
    "Scene",
    "clutter_batches",
    "made_scene",
    "make_scene",
    "one_radar",
    "radar_batches",
    "scan_times",
]

FAMILIES = ("uas", "straight", "ballistic", "mixed", "density", "scaled", "gusty")


@dataclass(frozen=True, slots=True)
class Radar:
    """What its operator knows of the radar."""

    scan_period_s: float
    scans: int
    detection_probability: float
    clutter_per_scan: float
    clutter_radius_m: float
    clutter_height_m: float
    sigma_range_m: float = 10.0
    sigma_angle_rad: float = float(np.deg2rad(0.15))
    sigma_rate_mps: float = 1.0
    clutter_rate_mps: float = 4.0  # σ of the range rates of false detections
    clutter_rates_uniform: bool = False  # uniform over ±60 m/s instead


UAS_VOLUME = Radar(1.0, 60, 0.9, 100.0, 30e3, 800.0)
"""The volume of `uas-N`, with the false detections of the pure-clutter study."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a tracker is given, and what its judge knows."""

    name: str
    seed: int
    radar: Radar
    plan: Plan
    batches: tuple[Batch, ...]
    cutoff_m: float  # of GOSPA
    truth: TruthTable
    origin: tuple[IntArray, ...]  # for each batch the object of each detection, -1: false

    @property
    def detections(self) -> int:
        """Detections of all scans."""
        return sum(len(batch.detections.row) for batch in self.batches)


def one_radar() -> Plan:
    """A site with one radar at its origin, of which nothing more is known than where it stands."""
    unknown = np.full(1, np.nan)
    sensors = SensorTable(
        ("radar-1",), ("radar_3d",), np.zeros((1, 3)), np.eye(3)[None], unknown, unknown, unknown, unknown
    )
    return Plan("", level_site(33.7856, 42.4412, 188.0), sensors)


def make_scene(name: str, seed: int, *, range_rate: bool = True) -> Scene:
    """The scene of a name as in the table above. Raises BadInput for a name that is no family's."""
    family, n, fast = _parsed(name)
    rng = np.random.default_rng([seed, FAMILIES.index(family), n, fast])
    radar, cutoff_m = _radar(family, n)
    radar = replace(radar, clutter_rates_uniform=fast)
    (state, there), kinds = _moves(rng, family, n, scan_times(radar, radar.scans), radar)
    return made_scene(rng, (name, seed), radar, (state, there, kinds), cutoff_m, range_rate=range_rate)


def made_scene(
    rng: np.random.Generator,
    called: tuple[str, int],
    radar: Radar,
    moves: tuple[FloatArray, BoolArray, tuple[str, ...]],
    cutoff_m: float,
    *,
    range_rate: bool = True,
) -> Scene:
    """The scene (name, seed) of targets that move so: states (K, n, 6) at the radar's scans, who is there, kinds."""
    (name, seed), (state, there, kinds) = called, moves
    t_s = scan_times(radar, radar.scans)
    batches, origin = zip(*radar_batches(rng, radar, t_s, state, there, range_rate=range_rate), strict=True)
    scan, who = np.nonzero(there)
    truth = TruthTable(t_s[scan], who, state[scan, who], tuple(str(i) for i in range(len(kinds))), kinds)
    return Scene(name, seed, radar, one_radar(), batches, cutoff_m, truth, origin)


def scan_times(radar: Radar, scans: int) -> FloatArray:
    """Times (scans,) from 0."""
    return np.asarray(np.arange(scans) * radar.scan_period_s, dtype=np.float64)


def _parsed(name: str) -> tuple[str, int, bool]:
    match = re.fullmatch(r"(uas|straight|gusty|ballistic|density|scaled)-([1-9]\d{0,5})(-clutter60)?|mixed()()", name)
    if match is None or (match[3] and match[1] != "uas"):
        known = ", ".join(family if family == "mixed" else f"{family}-N" for family in FAMILIES)
        raise BadInput(f"no such scene; there are {known} and uas-N-clutter60", value=name)
    return match[1] or "mixed", int(match[2] or 0), bool(match[3])


def _radar(family: str, n: int) -> tuple[Radar, float]:
    if family == "ballistic":
        return Radar(0.25, 260, 0.95, 5.0, 16e3, 4000.0), 200.0
    if family == "mixed":
        return Radar(0.5, 120, 0.85, 100.0, 30e3, 2000.0), 100.0
    if family in ("density", "scaled"):
        wide = np.sqrt(n / 1000.0)
        radar = Radar(1.0, 20, 0.9, 0.2 * n, 30e3 * wide, 800.0)
        return (replace(radar, sigma_angle_rad=radar.sigma_angle_rad / wide) if family == "scaled" else radar), 100.0
    return replace(UAS_VOLUME, clutter_per_scan=0.2 * n + 20.0), 100.0


def _moves(
    rng: np.random.Generator, family: str, n: int, t_s: FloatArray, radar: Radar
) -> tuple[tuple[FloatArray, BoolArray], tuple[str, ...]]:
    if family == "ballistic":
        return motions.shells(rng, n, t_s, 20.0)
    if family == "straight":
        return motions.straight_drones(rng, n, t_s, radar.clutter_radius_m), ("multirotor",) * n
    if family == "gusty":
        return motions.gusty_drones(rng, n, t_s, radar.clutter_radius_m), ("multirotor",) * n
    if family != "mixed":
        return motions.drones(rng, n, t_s, radar.clutter_radius_m), ("multirotor",) * n
    fired, kinds = motions.shells(rng, 20, t_s, 20.0)
    parts = (
        motions.drones(rng, 30, t_s, 20e3),
        fired,
        motions.airliners(rng, 10, t_s),
        motions.birds(rng, 50, t_s, 15e3),
    )
    state, there = (np.concatenate([part[i] for part in parts], axis=1) for i in (0, 1))
    return (state, there.astype(np.bool_)), ("multirotor",) * 30 + kinds + ("aircraft",) * 10 + ("bird",) * 50


def radar_batches(
    rng: np.random.Generator,
    radar: Radar,
    t_s: FloatArray,
    state: FloatArray,
    there: BoolArray,
    *,
    range_rate: bool = True,
    first: int = 0,
) -> Iterator[tuple[Batch, IntArray]]:
    """One batch for each time (K,), from states (K, n, 6) of targets that are `there` (K, n), with its origins.

    Rows of a scan are shuffled, so that their order tells nothing. `first` is the index of the first batch.
    """
    row = 1
    for k, t in enumerate(t_s.tolist()):
        who = np.flatnonzero(there[k] & (rng.random(there.shape[1]) < radar.detection_probability))
        place, false = state[k, who, :3], int(rng.poisson(radar.clutter_per_scan))
        r = np.sqrt(np.sum(place**2, axis=1))
        rate = np.sum(place * state[k, who, 3:], axis=1) / np.maximum(r, 1e-9)
        true = np.stack([r, np.arctan2(place[:, 0], place[:, 1]), np.arcsin(place[:, 2] / np.maximum(r, 1e-9)), rate])
        sigma = [radar.sigma_range_m, radar.sigma_angle_rad, radar.sigma_angle_rad, radar.sigma_rate_mps]
        noisy = true + rng.normal(0.0, 1.0, true.shape) * np.array(sigma)[:, None]
        columns = np.concatenate([noisy, _clutter(rng, radar, false)], axis=1)
        order = rng.permutation(columns.shape[1])
        table = _table(radar, columns[:, order], row, range_rate=range_rate)
        row += columns.shape[1]
        origin = np.concatenate([who, np.full(false, -1)])[order].astype(np.int64)
        yield Batch(first + k, t, t, 0, table, empty_reports(), ()), origin


def clutter_batches(rng: np.random.Generator, radar: Radar, scans: int, *, range_rate: bool = False) -> Iterator[Batch]:
    """Scans of an empty sky, one after another: false detections alone."""
    t_s = scan_times(radar, scans)
    nothing, nowhere = np.zeros((scans, 0, 6)), np.zeros((scans, 0), np.bool_)
    for batch, _ in radar_batches(rng, radar, t_s, nothing, nowhere, range_rate=range_rate):
        yield batch


def _clutter(rng: np.random.Generator, radar: Radar, n: int) -> FloatArray:
    """False detections (4, n): range, azimuth, elevation, range rate; uniform over the disk and the height."""
    ground = radar.clutter_radius_m * np.sqrt(rng.uniform(0.0005, 1.0, n))
    height = rng.uniform(0.0, radar.clutter_height_m, n)
    spread = rng.uniform(-60.0, 60.0, n) if radar.clutter_rates_uniform else rng.normal(0.0, radar.clutter_rate_mps, n)
    r = np.hypot(ground, height)
    return np.stack([r, rng.uniform(0.0, 2 * np.pi, n), np.arcsin(height / r), spread])


def _table(radar: Radar, columns: FloatArray, row: int, *, range_rate: bool) -> DetectionTable:
    n = columns.shape[1]
    nothing = np.full(n, np.nan)
    return DetectionTable(
        row=np.arange(row, row + n),
        range_m=columns[0],
        azimuth_rad=columns[1] % (2 * np.pi),
        elevation_rad=columns[2],
        sigma_range_m=np.full(n, radar.sigma_range_m),
        sigma_azimuth_rad=np.full(n, radar.sigma_angle_rad),
        sigma_elevation_rad=np.full(n, radar.sigma_angle_rad),
        range_rate_mps=columns[3] if range_rate else nothing,
        sigma_range_rate_mps=np.full(n, radar.sigma_rate_mps) if range_rate else nothing,
        snr_db=nothing,
        rcs_dbsm=nothing,
    )
