"""GOSPA and OSPA averaged over the scans of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score.matching import gospa, match_points, ospa
from tocsin.score.scans import Scans

__all__ = ["SetDistances", "set_distances"]

ORDER = 2
"""The order p of both distances; the only one that is scored."""


@dataclass(frozen=True, slots=True)
class SetDistances:
    """Means over scans; each scan is matched optimally by itself. Scans where both sets are empty count as 0."""

    order: int
    gospa_m: float
    gospa_norm_m: float  # each scan divided by the square root of its number of truths: comparable between sizes
    gospa_loc: float  # share of the mean of gospa² that comes from localisation
    gospa_missed: float  # from missed objects
    gospa_false: float  # from false points
    ospa_m: float


def set_distances(truth: TruthTable, estimates: EstimateTable, scans: Scans, cutoff_m: float) -> SetDistances:
    """Mean GOSPA (p = 2, alpha = 2) with its three parts and mean OSPA of the positions, metres."""
    totals = np.zeros((len(scans.t_s), 3))
    parts = np.zeros((len(scans.t_s), 3))
    for scan, (a, b) in enumerate(zip(scans.truth_rows, scans.estimate_rows, strict=True)):
        matching = match_points(truth.state[a, :3], estimates.state[b, :3], cutoff_m)
        g = gospa(len(a), len(b), matching, cutoff_m)
        totals[scan] = g.total_m, g.total_m / np.sqrt(max(len(a), 1)), ospa(len(a), len(b), matching, cutoff_m)
        parts[scan] = g.localisation_m2, g.missed_m2, g.false_m2
    mean, part = totals.mean(axis=0), parts.mean(axis=0)
    share = part / part.sum() if part.sum() > 0 else np.zeros(3)
    return SetDistances(
        order=ORDER,
        gospa_m=float(mean[0]),
        gospa_norm_m=float(mean[1]),
        gospa_loc=float(share[0]),
        gospa_missed=float(share[1]),
        gospa_false=float(share[2]),
        ospa_m=float(mean[2]),
    )
