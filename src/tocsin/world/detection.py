"""Whether one look sees a target, and how strongly: received power against a threshold set by the false-alarm rate.

One look is one complex sample after the matched filter. In units of the noise power its power is exponential without a
target, so the threshold of a false-alarm probability p is -ln p. With a target of mean signal-to-noise ratio S the
amplitude is that of the target plus unit noise, and the target's own power fluctuates from look to look by Swerling's
cases 0 (steady), 1 (exponential) or 3 (chi-square with four degrees of freedom). Sources: Swerling, "Probability of
detection for fluctuating targets", IRE Trans. IT-6 (1960); Richards, Fundamentals of Radar Signal Processing, 2nd ed.,
section 6.3 (closed forms for one pulse).

The world draws the power itself, so that the strength which a detection reports, the size estimated from it and whether
it was detected at all agree with each other; the closed forms below set the power that a stated range needs.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import chndtr

from tocsin.records.arrays import FloatArray

__all__ = ["REFERENCE_PD", "detection_probability", "draw_power", "required_snr", "threshold"]

REFERENCE_PD = 0.9
"""`reference_range_m` of a sensor is where one look at a 0 dBsm target of its Swerling case has this probability."""


def threshold(false_alarm_probability: float) -> float:
    """Power, in units of the mean noise power, that noise alone exceeds with the given probability."""
    return -float(np.log(false_alarm_probability))


def detection_probability(snr: FloatArray, false_alarm_probability: float, swerling: int) -> FloatArray:
    """Single-look detection probability (n,) at mean signal-to-noise ratios (n,), a power ratio.

    Case 0: Marcum's Q(√(2S), √(2T)), the survival function of a non-central chi-square. Case 1: p^(1/(1+S)).
    Case 3: exp(-T/(1+a)) (1 + T a/(1+a)²), a = S/2.
    """
    snr = np.asarray(snr, dtype=np.float64)
    level = threshold(false_alarm_probability)
    if swerling == 0:
        return np.asarray(1.0 - chndtr(2.0 * level, 2, 2.0 * snr))
    if swerling == 1:
        return np.asarray(np.exp(-level / (1.0 + snr)))
    a = 0.5 * snr
    return np.asarray(np.exp(-level / (1.0 + a)) * (1.0 + level * a / (1.0 + a) ** 2))


@lru_cache(maxsize=256)
def required_snr(probability: float, false_alarm_probability: float, swerling: int) -> float:
    """Mean signal-to-noise ratio, a power ratio, at which a look detects with `probability`."""

    def miss(log_snr: float) -> float:
        return float(detection_probability(np.exp(log_snr), false_alarm_probability, swerling)) - probability

    return float(np.exp(brentq(miss, -10.0, 20.0, xtol=1e-12)))


def draw_power(snr: FloatArray, swerling: int, normals: FloatArray) -> FloatArray:
    """Received power (n,) of one look, in units of the mean noise power; compare it with `threshold`.

    `normals` (n, 6) are standard normal: two of the noise, four of the target's fluctuation (so that a thing's draws
    do not depend on the case). Half the sum of the squares of two is exponential, of four a gamma of shape 2.
    """
    if swerling == 0:
        signal = np.asarray(snr, dtype=np.float64)
    elif swerling == 1:
        signal = snr * 0.5 * np.sum(normals[:, 2:4] ** 2, axis=1)
    else:
        signal = snr * 0.25 * np.sum(normals[:, 2:6] ** 2, axis=1)
    in_phase = np.sqrt(signal) + normals[:, 0] * np.sqrt(0.5)
    return np.asarray(in_phase**2 + 0.5 * normals[:, 1] ** 2)
