"""Do the claimed variances tell the truth? Normalised estimation error squared of the position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.rates import Rate
from tocsin.score.intervals import clustered_rate

__all__ = ["Consistency", "consistency"]

DEGREES = 3


@dataclass(frozen=True, slots=True)
class Consistency:
    """Position NEES of matched pairs from the diagonal of the claimed covariance: all that tracks.csv carries.

    With a full covariance NEES of a consistent filter is chi-square with 3 degrees of freedom (Bar-Shalom, Li and
    Kirubarajan 2001, section 5.4.2). Its mean is 3 from the diagonal too; its spread is then wider, the more the axes
    are correlated, so the share inside 95 % is a little low for elongated errors even if the claim is true.
    """

    pairs: int  # with three positive variances
    mean: float  # ideal 3; above: the tracker claims too much, below: too little
    low: float  # 95 % interval of the mean if pairs were independent, for a consistent filter
    high: float
    inside_95: Rate  # pairs with NEES below the 95 % point of chi-square with 3 degrees, interval over objects


def consistency(
    error_m: FloatArray, variance_m2: FloatArray, object_index: IntArray, objects: int
) -> Consistency | None:
    """NEES of position errors (k, 3) with claimed variances (k, 3); None if no pair has three positive variances."""
    usable = (np.isfinite(variance_m2) & (variance_m2 > 0)).all(axis=1)
    pairs = int(np.count_nonzero(usable))
    if pairs == 0:
        return None
    nees = np.sum(error_m[usable] ** 2 / variance_m2[usable], axis=1)
    inside = nees <= chdtri(DEGREES, 0.05)
    owner = object_index[usable]
    hits = np.bincount(owner[inside], minlength=objects)
    trials = np.bincount(owner, minlength=objects)
    low, high = (float(chdtri(DEGREES * pairs, above)) / pairs for above in (0.975, 0.025))
    return Consistency(pairs, float(np.mean(nees)), low, high, clustered_rate("position inside 95 %", hits, trials))
