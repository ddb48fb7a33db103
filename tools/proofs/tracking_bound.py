"""Errors of tracks of `straight-100` over scans, beside the posterior Cramér-Rao bound."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.bench.bound import BoundStudy, scan_errors
from tools.work import Work

__all__ = ["BoundProof", "prove"]


@dataclass(frozen=True, slots=True)
class BoundProof:
    """Straight flight with and without range rate."""

    studies: tuple[BoundStudy, ...]


def prove(work: Work) -> BoundProof:
    """Both over the seeds."""
    return BoundProof(tuple(scan_errors("straight-100", work.seeds, range_rate=rate) for rate in (True, False)))
