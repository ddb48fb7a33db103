"""The associators in one table: what each is, what it can do, and the kernel that does it.

All take the gated pairs with their weights and give marginals, as `kernels.association.belief_marginals` says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tocsin.kernels.assignment import best_assignment, distinct_marginals
from tocsin.kernels.association import EXACT_DETECTIONS, belief_marginals, cluster_marginals
from tocsin.records.arrays import FloatArray, IntArray

__all__ = ["ASSOCIATORS", "Associator"]

Marginals = Callable[[IntArray, IntArray, FloatArray, FloatArray, FloatArray, FloatArray], int]


@dataclass(frozen=True, slots=True)
class Associator:
    """An implementation and its declared abilities."""

    marginals: Marginals
    soft: bool  # probabilities; otherwise one assignment, as 0 and 1
    apart: bool  # a detection that the best assignment gives to one track is no other's
    exact_detections: int  # largest cluster, in detections, whose marginals are exact; 1: without loops only; 0: never
    error_max: float  # largest error of a marginal that its tests have to bear, in clusters of up to four by four
    what: str


ASSOCIATORS = {
    "belief": Associator(
        belief_marginals, True, False, 1, 0.3, "belief propagation (Williams & Lau 2014), linear in pairs"
    ),
    "distinct": Associator(
        distinct_marginals, True, True, 0, 1.0, "belief propagation without pairs that contest the best assignment"
    ),
    "exact": Associator(
        cluster_marginals,
        True,
        False,
        EXACT_DETECTIONS,
        1e-9,
        "sums over subsets in small clusters, else belief propagation",
    ),
    "nearest": Associator(
        best_assignment, False, True, 0, 1.0, "global nearest neighbour: the assignment of greatest weight"
    ),
}
