"""Seeded ballistic cases: what one radar sees of one body, where it comes down, and how well anybody could know.

The bound is the Bayesian Cramér-Rao (van Trees) bound of the impact: the information matrix over launch place, launch
velocity and drag parameter, and where the family has them wind and drag curve with their priors, of all detections so
far (van Trees 1968, section 2.4; Tichavský, Muravchik, Nehorai, IEEE Trans. Signal Proc. 46(5), 1998). Derivatives are
central differences over variants that are flown as one system.

A case is a folder: detections.csv and sensors.csv as `tocsin track` reads them, impact.csv (t, x, y) and bound.csv
(t, impact_rms_m, impact_time_s) with a row for each detection.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin.errors import BadInput
from tocsin.frames import enu2aer
from tocsin.records.arrays import FloatArray
from tocsin.scenes.ballistic_flight import LOOSE, Air, Flown, Place, fly, place_of

__all__ = ["FAMILIES", "Case", "Family", "bound_of", "family_of", "make_case", "write_case"]

PLACE = (33.7856, 42.4412, 188.0)
SIGMA = np.array([10.0, np.deg2rad(0.15), np.deg2rad(0.15)])
"""Of range, azimuth, elevation: a C-RAM radar's, at four looks a second."""
SCAN_S, DETECTED, LOWEST_RAD = 0.25, 0.95, float(np.deg2rad(1.0))
PRIOR_SIGMA = np.array([1e5, 1e5, 50.0, 1e4, 1e4, 1e4, 0.0025, 5.0, 5.0, 0.5, 0.2])
"""What is known before the first detection: the launch is near the ground; drag within the generic range; the wind is
unknown by 5 m/s on each axis, the drag curve's rise by 0.5 and its fall by 0.2."""
STEP = np.array([1.0, 1.0, 1.0, 0.05, 0.05, 0.05, 1e-5, 0.1, 0.1, 0.02, 0.02])
RISE, FALL = 1.1, 0.35
TRIES = 10_000


@dataclass(frozen=True, slots=True)
class Family:
    """What the flights of a family have beyond a launch: `(low, high)` are limits of uniform draws."""

    name: str
    told: str
    drag: tuple[float, float] = (0.0008, 0.006)  # m²/kg
    wind_sigma_mps: float = 0.0
    growth_per_km: tuple[float, float] = (0.0, 0.0)
    turn_degpkm: tuple[float, float] = (0.0, 0.0)
    rise: tuple[float, float] | None = (0.0, 0.0)  # None: from the prior
    fall: tuple[float, float] | None = (0.0, 0.0)
    width: tuple[float, float] = (0.05, 0.05)

    @property
    def unknowns(self) -> int:
        """How many of the eleven parameters the bound's estimator has to find."""
        return 7 if self.wind_sigma_mps == 0.0 and self.rise == (0.0, 0.0) else 11


FAMILIES = {
    family.name: family
    for family in (
        Family("clean", "constant drag, no wind"),
        Family("rough", "wind and drag curve as the defaults expect them", wind_sigma_mps=5.0, rise=None, fall=None),
        Family(
            "wind",
            "wind twice as strong as expected, growing and turning with height",
            wind_sigma_mps=10.0, growth_per_km=(0.0, 0.5), turn_degpkm=(-30.0, 30.0), rise=None, fall=None,
        ),
        Family(
            "drag",
            "flatter and steeper drag curves, blunter and slenderer bodies than expected",
            drag=(0.0003, 0.012), wind_sigma_mps=5.0, rise=(0.1, 2.6), fall=(0.0, 1.0), width=(0.02, 0.15),
        ),
    )
}  # fmt: skip
"""The first two are what the forecaster's settings describe; the others lie outside."""


@dataclass(frozen=True, slots=True)
class Case:
    """One flight as seen and as it was."""

    name: str
    t_s: FloatArray  # (n,) of the detections
    measured: FloatArray  # (n, 3) range (m), azimuth, elevation (rad)
    impact: FloatArray  # (3,) east, north (m), time (s)
    bound: FloatArray  # (n, 2) least RMS error of the impact's place (m) and time (s)


def make_case(family: Family, seed: int) -> Case:
    """The case of a family and seed."""
    rng = np.random.default_rng([seed, list(FAMILIES).index(family.name)])
    place = place_of(*PLACE)
    theta, air = _launch(family, place, rng)
    variants = np.concatenate([theta[:, None], _displaced(theta, family.unknowns)], axis=1)
    flown = fly(place, air, variants)
    if flown is None:
        raise RuntimeError(f"case {family.name}-{seed}: a variant does not come down")
    times = np.arange(SCAN_S, flown.impact[0, 2] - 0.01, SCAN_S)
    seen = _look(flown.state_at(times))
    kept = (seen[:, 2, 0] > LOWEST_RAD) & (rng.random(len(times)) < DETECTED)
    noise = rng.normal(0.0, 1.0, (len(times), 3)) * SIGMA
    bound = bound_of(seen[kept], flown, family.unknowns)
    return Case(f"{family.name}-{seed}", times[kept], (seen[:, :, 0] + noise)[kept], flown.impact[0], bound)


def _launch(family: Family, place: Place, rng: np.random.Generator) -> tuple[FloatArray, Air]:
    """Launched on a ring about the radar and toward it, so that it comes down within 3 km after 12 s or more."""
    for _ in range(TRIES):
        far, azimuth, elevation = rng.uniform(2500.0, 12000.0), rng.uniform(0.0, 2.0 * np.pi), rng.uniform(35.0, 70.0)
        heading, speed = azimuth + np.pi + rng.normal(0.0, 0.05), rng.uniform(150.0, 520.0)
        flat, up = speed * np.cos(np.deg2rad(elevation)), speed * np.sin(np.deg2rad(elevation))
        wind = rng.normal(0.0, 1.0, 2) * family.wind_sigma_mps
        rise = max(rng.normal(RISE, 0.5), 0.0) if family.rise is None else rng.uniform(*family.rise)
        fall = max(rng.normal(FALL, 0.2), 0.0) if family.fall is None else rng.uniform(*family.fall)
        theta = np.array([
            far * np.sin(azimuth), far * np.cos(azimuth), 0.0, flat * np.sin(heading), flat * np.cos(heading), up,
            rng.uniform(*family.drag), *wind, rise, fall,
        ])  # fmt: skip
        turn = float(np.deg2rad(rng.uniform(*family.turn_degpkm)))
        air = Air(rng.uniform(*family.growth_per_km), turn, rng.uniform(*family.width))
        flown = fly(place, air, theta[:, None], rtol=LOOSE)
        if flown is None:
            continue
        east, north, time = flown.impact[0]
        if time > 12.0 and np.hypot(east, north) < 3000.0 and np.hypot(east - theta[0], north - theta[1]) > 1500.0:
            return theta, air
    raise RuntimeError(f"no flight of the family {family.name} comes down where it should")


def _displaced(theta: FloatArray, unknowns: int) -> FloatArray:
    """Variants (11, 2 k): each of the first k parameters a step up, and then each a step down."""
    step = np.diag(STEP)[:, :unknowns]
    return np.concatenate([theta[:, None] + step, theta[:, None] - step], axis=1)


def _look(states: FloatArray) -> FloatArray:
    """Range, azimuth, elevation (n, 3, m) of states (n, 6, m) from the origin."""
    aer = enu2aer(np.moveaxis(states[:, :3], 1, 2).reshape(-1, 3)).reshape(len(states), -1, 3)
    return np.asarray(np.moveaxis(aer[:, :, [2, 0, 1]], 1, 2))


def bound_of(seen: FloatArray, flown: Flown, unknowns: int) -> FloatArray:
    """Least RMS errors (n, 2) of the impact's place and time after each of n detections.

    `seen` (n, 3, 1 + 2 k) is what would be measured of each variant at the detections: the flight itself, then those of
    `_displaced`.
    """
    k = unknowns
    wide = 2.0 * STEP[:k]
    difference = seen[:, :, 1 : 1 + k] - seen[:, :, 1 + k :]
    difference[:, 1] = (difference[:, 1] + np.pi) % (2.0 * np.pi) - np.pi
    rows = difference / wide / SIGMA[:, None]
    reached = ((flown.impact[1 : 1 + k] - flown.impact[1 + k :]) / wide[:, None]).T
    information = np.diag(PRIOR_SIGMA[:k] ** -2.0) + np.cumsum(np.einsum("nij,nil->njl", rows, rows), axis=0)
    # parameters differ by nine orders of magnitude: in units of their priors the matrix is invertible to full accuracy
    unit = PRIOR_SIGMA[:k]
    spread = np.linalg.inv(information * unit[:, None] * unit) * unit[:, None] * unit
    covariance = reached @ spread @ reached.T
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    return np.asarray(np.sqrt(np.stack([variance[:, 0] + variance[:, 1], variance[:, 2]], axis=1)))


def write_case(case: Case, parent: Path) -> Path:
    """The folder of a case under `parent`."""
    folder = parent / case.name
    folder.mkdir(parents=True, exist_ok=True)
    measured = case.measured.copy()
    measured[:, 1:] = np.rad2deg(measured[:, 1:])
    measured[:, 1] %= 360.0
    sigma = ("10", "0.15", "0.15")
    detections = [
        (f"{t:.3f}", "radar", f"{r:.3f}", f"{a:.5f}", f"{e:.5f}", *sigma)
        for t, (r, a, e) in zip(case.t_s, measured, strict=True)
    ]
    head = "t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg"
    _write(folder / "detections.csv", head.split(","), detections)
    _write(folder / "sensors.csv", ("sensor_id", "lat", "lon", "alt_m"), [("radar", *map(str, PLACE))])
    east, north, time = case.impact
    _write(folder / "impact.csv", ("t", "x", "y"), [(f"{time:.4f}", f"{east:.3f}", f"{north:.3f}")])
    bounds = [(f"{t:.3f}", f"{m:.3f}", f"{s:.4f}") for t, (m, s) in zip(case.t_s, case.bound, strict=True)]
    _write(folder / "bound.csv", ("t", "impact_rms_m", "impact_time_s"), bounds)
    return folder


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(head)
        writer.writerows(rows)


def family_of(name: str) -> Family:
    """A family by its name. Raises BadInput."""
    if name not in FAMILIES:
        raise BadInput(f"no such family; there are {', '.join(FAMILIES)}", column="--family", value=name)
    return FAMILIES[name]
