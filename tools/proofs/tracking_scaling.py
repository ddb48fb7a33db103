"""Cost of a scan at constant density, 200 to 20,000 targets, each size run once for each seed's pass."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.bench.scaling import ScalingStudy, scaling
from tools.work import Work

__all__ = ["ScalingProof", "prove"]


@dataclass(frozen=True, slots=True)
class ScalingProof:
    """Constant density with one radar, whose ambiguity grows with range; and with angles scaled so that it does not."""

    studies: tuple[ScalingStudy, ...]


def prove(work: Work) -> ScalingProof:
    """Times are taken one after another, whatever the executor."""
    passes, seed = len(work.seeds), work.seeds[0]
    return ScalingProof(tuple(scaling(family, seed, passes=passes, told=work.show) for family in ("scaled", "density")))
