"""Shares with their intervals. Wilson's formula is restated here: a stage takes nothing from the judge."""

from __future__ import annotations

import math

from tocsin.records.rates import Rate

__all__ = ["share"]

Z_95 = 1.959963984540054
"""97.5 % point of the standard normal."""


def share(name: str, numerator: int, denominator: int) -> Rate:
    """`numerator` of `denominator` with Wilson's 95 % interval (Wilson 1927, JASA 22:209); 0 to 1 of nothing."""
    if denominator == 0:
        return Rate(name, 0, 0, 0.0, 1.0)
    p, z2 = numerator / denominator, Z_95**2
    centre = (p + z2 / (2 * denominator)) / (1 + z2 / denominator)
    half = math.sqrt(z2 * (p * (1 - p) / denominator + z2 / (4 * denominator**2))) / (1 + z2 / denominator)
    low = 0.0 if numerator == 0 else max(0.0, centre - half)
    high = 1.0 if numerator == denominator else min(1.0, centre + half)
    return Rate(name, numerator, denominator, low, high)
