"""Two radars 12 km apart, one of them biased, over targets some of which broadcast where they are.

Thirty targets (four of them aircraft that broadcast ADS-B) fly about the radars for 120 s; detection probability 0.9,
one scan a second and radar, the scans of the two out of step by an amount that is drawn. The draws do not depend on the
bias, so that a scene with and without it has the same noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin import frames
from tocsin.formats.detections import empty_reports
from tocsin.formats.sensors import level_site
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.records.registration import RegistrationSettings
from tocsin.records.sensors import SensorTable

__all__ = ["BIAS", "CASES", "Case", "Fliers", "batches", "bias_at", "fliers", "plan_of"]

SIGMA = np.array([10.0, np.deg2rad(0.15), np.deg2rad(0.15)])
BIAS = (60.0, float(np.deg2rad(0.3)), float(np.deg2rad(0.2)), 0.2)
ORIGIN = (33.8, 42.4, 188.0)


@dataclass(frozen=True, slots=True)
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
    place = np.array([[0.0, 0.0, 10.0], [case.apart_m, 0.0, 10.0]])
    unknown = np.full(2, np.nan)
    table = SensorTable(
        ("west", "east"), ("radar_3d",) * 2, place, np.tile(np.eye(3), (2, 1, 1)), unknown, unknown, unknown, unknown
    )
    return Plan("", level_site(*ORIGIN), table, registration=RegistrationSettings(enabled=on))


@dataclass(frozen=True, slots=True)
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
        return np.asarray(self.start + np.stack([*flown, self.climb * np.broadcast_to(t, self.speed.shape)], axis=1))


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
    n, nothing = len(z), np.full(len(z), np.nan)
    return DetectionTable(
        row=np.arange(1, n + 1),
        range_m=z[:, 0].copy(),
        azimuth_rad=z[:, 1].copy(),
        elevation_rad=z[:, 2].copy(),
        sigma_range_m=np.full(n, SIGMA[0]),
        sigma_azimuth_rad=np.full(n, SIGMA[1]),
        sigma_elevation_rad=np.full(n, SIGMA[2]),
        range_rate_mps=nothing,
        sigma_range_rate_mps=nothing,
        snr_db=nothing,
        rcs_dbsm=nothing,
    )


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
    out: list[Batch] = []
    for k in range(int(case.duration_s)):
        for sensor, t_s in ((0, k + 1.0), (1, k + 1.0 + apart)):
            spoken = case.broadcasting > 0 and sensor == (case.biased if case.alone else 0)
            said = reports(case, sky, t_s, offset, rng) if spoken else empty_reports()
            plots = scan(case, plan, sky, sensor, t_s, rng)
            if case.alone and sensor != case.biased:
                continue
            out.append(Batch(len(out), t_s, t_s, sensor, plots, said, ()))
    return out
