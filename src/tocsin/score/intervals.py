"""Intervals for shares and for means, used by every score."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import betaincinv, ndtri

from tocsin.errors import BadInput
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.rates import Rate

__all__ = ["bootstrap", "clopper_pearson", "clustered_rate", "rate", "wilson"]


def _check(successes: float, trials: float) -> None:
    if not 0 <= successes <= trials:
        raise BadInput("a share needs 0 <= successes <= trials", value=f"{successes} of {trials}")


def wilson(successes: float, trials: float, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a binomial share (Wilson 1927, JASA 22:209, eq. for p'); (0, 1) without trials.

    Its mean coverage is close to the nominal one even for few trials and for shares near 0 or 1, where the textbook
    interval p ± z·√(p(1−p)/n) collapses (Brown, Cai and DasGupta 2001, Statistical Science 16:101).
    """
    _check(successes, trials)
    if trials == 0:
        return 0.0, 1.0
    z2 = float(ndtri(0.5 + confidence / 2)) ** 2
    share = successes / trials
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = math.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    # At 0 and at `trials` the formula gives 0 and 1 exactly; rounding must not leave 1e-17 there.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def clopper_pearson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a binomial share (Clopper and Pearson 1934, Biometrika 26:404); (0, 1) without trials.

    It covers at least with `confidence` for every true share: for claims that must not be too good.
    """
    _check(successes, trials)
    if trials == 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1 - tail))
    return low, high


def rate(name: str, numerator: int, denominator: int) -> Rate:
    """A share with Wilson's 95 % interval."""
    low, high = wilson(numerator, denominator)
    return Rate(name, numerator, denominator, low, high)


def clustered_rate(name: str, hits: IntArray, trials: IntArray) -> Rate:
    """A share pooled over clusters (one entry for each object), whose trials are not independent inside a cluster.

    The scans of one object are tracked or lost together, so Wilson's interval over all scans would be far too narrow.
    It is taken at the effective number of trials n* = p(1−p)/v, with v the linearised variance of the ratio estimator
    (Cochran 1977, Sampling Techniques, chapter 6), as in Dean and Pagano 2015, J. Surv. Stat. Methodol. 3:484. Where v
    is 0 (all or none tracked) each object counts as one trial.
    """
    total, clusters = int(trials.sum()), int(np.count_nonzero(trials))
    numerator = int(hits.sum())
    _check(numerator, total)
    if total == 0:
        return Rate(name, 0, 0, 0.0, 1.0)
    share = numerator / total
    effective = float(clusters)
    if clusters > 1:
        variance = clusters / (clusters - 1) * float(np.sum((hits - share * trials) ** 2)) / total**2
        if variance > 0:
            effective = min(share * (1 - share) / variance, float(total))
    low, high = wilson(share * effective, effective)
    return Rate(name, numerator, total, low, high)


def bootstrap(
    values: FloatArray,
    statistic: Callable[[FloatArray], float],
    generator: np.random.Generator,
    *,
    draws: int = 2000,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of a statistic of independent rows (n, ...) by resampling (Efron 1979, Ann. Stat. 7:1).

    The rows must be independent of one another: resample raids or objects, never scans of one track. (NaN, NaN)
    for fewer than two rows, which say nothing about their spread.
    """
    if len(values) < 2:
        return math.nan, math.nan
    rows = generator.integers(0, len(values), size=(draws, len(values)))
    drawn = np.array([statistic(values[index]) for index in rows])
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)
