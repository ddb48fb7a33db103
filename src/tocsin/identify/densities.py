"""From the figures of each class to tables of log densities over what a radar measures, made once at the start.

Each feature has a density of the true value for each class, and a likelihood of what is measured given the truth and
the error that the tracker states. The integral of their product over the truth is the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.frames import dot, rotate
from tocsin.identify.classes import ROWS, WEIGHTS, ClassRow
from tocsin.kernels.identity import SCALES, SWERLING_SD_DB
from tocsin.records.arrays import FloatArray
from tocsin.records.identities import CLASSES

__all__ = ["Densities", "make_densities"]

VALUES, ERRORS = 56, 8
FLOOR = 0.01  # share of an even density over the feature's range: no feature may rule a class out by more than 100:1
SWERLING_BIAS_DB = -2.51  # mean of an exponential variate in dB (Swerling 1954, cases 1 and 2)
BALLISTIC_MODEL_PRIOR = 0.2  # share of the ballistic motion model in the tracker before it has seen anything
WANDER_SD = 1.3  # of the ln of a scatter from one or two independent looks of two degrees of freedom each
GROUND_MPS = 0.5  # speed of what hovers: gusts, and the sway of a bird that holds its place in the wind

RANGES = (
    ((0.0, 1.0), (0.0, 1.0)),
    ((0.0, 1.0), (0.0, 1.0)),
    ((0.07, 1.0), (0.0, 1.4)),
    ((-24.0, 12.0), (0.0, 1.0)),  # m/s²
    ((0.0, 1.0), (0.0, 1.0)),
    ((-60.0, 50.0), (0.0, SWERLING_SD_DB)),  # dBsm, dB
    ((0.0, 1.0), (0.0, 1.0)),
    ((0.0, 1.0), (0.0, 1.0)),
)
"""Of each feature: first and last node of the value, and of the error, on the kernel's scales."""


@dataclass(frozen=True, slots=True)
class Densities:
    """What the kernel reads: `grid` (FEATURES, 4), `table` (FEATURES, VALUES, ERRORS, C) of log densities."""

    grid: FloatArray
    table: FloatArray


def _nodes(feature: int) -> tuple[FloatArray, FloatArray]:
    """Values (A, 1, 1) and errors (1, B, 1) of a feature's table."""
    (low, high), (least, most) = RANGES[feature]
    return np.linspace(low, high, VALUES)[:, None, None], np.linspace(least, most, ERRORS)[None, :, None]


def _unwarped(scaled: FloatArray, middle: float) -> FloatArray:
    """The inverse of the kernel's scale; its end stands for two hundred times the middle."""
    held = np.clip(scaled, 1e-6, 0.995)
    return np.asarray(middle * held / (1.0 - held))


def _normal(gap: FloatArray, sd: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * (gap / sd) ** 2) / (np.sqrt(2.0 * np.pi) * sd))


def _rice(speed: FloatArray, truth: FloatArray, sd: FloatArray) -> FloatArray:
    """Density of the length of a velocity of a given length with equal errors on both axes (Rice 1945)."""
    x = speed * truth / sd**2
    near, far = np.minimum(x, 20.0), np.maximum(x, 20.0)
    # I0(x) exp(-x): beyond 20 the first two terms of Abramowitz and Stegun 9.7.1 are good to 2e-4.
    bessel = np.where(x < 20.0, np.i0(near) * np.exp(-near), (1.0 + 0.125 / far) / np.sqrt(2.0 * np.pi * far))
    return np.asarray(speed / sd**2 * np.exp(-0.5 * ((speed - truth) / sd) ** 2) * bessel)


def _log_normal(log_truth: FloatArray, median: float, factor: float) -> FloatArray:
    """Mass on evenly spaced logarithms."""
    mass = np.exp(-0.5 * ((log_truth - np.log(median)) / np.log(factor)) ** 2)
    return np.asarray(mass / mass.sum())


def _speed(rows: list[ClassRow]) -> FloatArray:
    """Speed over ground; the wind moves what it carries by a further error."""
    value, error = _nodes(0)
    log_truth = np.linspace(np.log(0.25), np.log(1000.0), 90)
    speed, truth = np.maximum(_unwarped(value, SCALES[0]), 0.1), np.exp(log_truth)
    sd = np.maximum(_unwarped(error, SCALES[1]), 0.1)
    density = np.empty((VALUES, ERRORS, len(rows)))
    for c, row in enumerate(rows):
        median, factor, hovering, wind = row.speed
        mass = (1.0 - hovering) * _log_normal(log_truth, median, factor)
        density[..., c] = dot(_rice(speed, truth, np.hypot(sd, wind)), mass)
        # What hovers has the small speed of its gusts on either axis, beside the errors.
        density[..., c] += hovering * _rice(speed, np.array([1e-3]), np.hypot(sd, GROUND_MPS))[..., 0]
    return _floored(density)


def _floored(density: FloatArray) -> FloatArray:
    """Logarithm of densities (A, B, C), each with a share of one that is even over the feature's values."""
    even = density.mean(axis=(0, 2), keepdims=True)
    return np.asarray(np.log((1.0 - FLOOR) * density + FLOOR * even))


def _height(rows: list[ClassRow]) -> FloatArray:
    value, error = _nodes(2)
    truth = np.linspace(np.log(5.0), np.log(20000.0), 160)
    measured = np.log(_unwarped(value, SCALES[4]))
    likelihood = _normal(measured - np.log(np.exp(truth) + 100.0), np.hypot(error, 0.04))
    return _floored(rotate(likelihood, np.array([_log_normal(truth, *row.height) for row in rows]).T))


def _climb(rows: list[ClassRow]) -> FloatArray:
    value, error = _nodes(1)
    v, sd = _unwarped(value, SCALES[2]), _unwarped(error, SCALES[3])
    level, moving, share = (np.array([row.climb[k] for row in rows]) for k in range(3))
    density = (1.0 - share) * _normal(v, np.hypot(sd, level)) + share * _normal(v, np.hypot(sd, moving))
    return np.asarray(np.log((1.0 - FLOOR) * density + FLOOR / 600.0))


def _fall(rows: list[ClassRow]) -> FloatArray:
    value, error = _nodes(3)
    mean, sd = (np.array([row.fall[k] for row in rows]) for k in range(2))
    density = _normal(value - mean, np.hypot(_unwarped(error, SCALES[5]), sd))
    return np.asarray(np.log((1.0 - FLOOR) * density + FLOOR / 100.0))


def _model() -> FloatArray:
    """The tracker's own odds of its ballistic model against what they were before it saw anything."""
    value, _ = _nodes(4)
    mu = np.broadcast_to(value, (VALUES, ERRORS, 1))
    falls = np.array([name in ("rocket", "mortar") for name in CLASSES])
    odds = np.where(falls, mu / BALLISTIC_MODEL_PRIOR, (1.0 - mu) / (1.0 - BALLISTIC_MODEL_PRIOR))
    return np.asarray(np.log(0.95 * odds + 0.05))


def _rcs(rows: list[ClassRow]) -> FloatArray:
    value, error = _nodes(5)
    mean, sd = (np.array([row.rcs[k] for row in rows]) for k in range(2))
    density = _normal(value - mean - SWERLING_BIAS_DB, np.hypot(error, sd))
    return np.asarray(np.log((1.0 - FLOOR) * density + FLOOR / 80.0))


def _wander(rows: list[ClassRow]) -> FloatArray:
    """Logarithm of a scatter: that of the truth and that of errors add, and it is known to about its own size."""
    value, error = _nodes(6)
    truth = np.linspace(-6.0, 10.0, 80)
    scatter, noise = np.maximum(_unwarped(value, SCALES[6]), 0.05) ** 2, _unwarped(error, SCALES[6]) ** 2
    likelihood = _normal(np.log(scatter) - np.log(np.exp(truth) + noise), np.array(WANDER_SD))
    masses = np.array([_log_normal(truth, r.wander[0] ** 2, r.wander[1] ** 2) for r in rows])
    return _floored(rotate(likelihood, masses.T))


def _energy(rows: list[ClassRow]) -> FloatArray:
    """Only between rocket and mortar: it says nothing on whether a track is either."""
    value, error = _nodes(7)
    median, spread = (np.array([np.log(row.energy[k]) for row in rows[:2]]) for k in range(2))
    gap = np.log(_unwarped(value, SCALES[7])) - median
    density = (1.0 - FLOOR) * _normal(gap, np.hypot(_unwarped(error, SCALES[8]), spread)) + FLOOR / 7.0
    table = np.zeros((VALUES, ERRORS, len(CLASSES)))
    table[..., :2] = np.log(density / density.mean(axis=-1, keepdims=True))
    return table


def make_densities() -> Densities:
    """All tables, each already raised to its feature's weight in the pool."""
    rows = [ROWS[name] for name in CLASSES]
    raw = [
        _speed(rows), _climb(rows), _height(rows), _fall(rows), _model(), _rcs(rows), _wander(rows), _energy(rows),
    ]  # fmt: skip
    grid = np.array(
        [
            (low, (VALUES - 1) / (high - low), least, (ERRORS - 1) / (most - least))
            for (low, high), (least, most) in RANGES
        ]
    )
    return Densities(grid, np.stack(raw) * np.array(WEIGHTS)[:, None, None, None])
