"""A share with its denominator: the only form in which Tocsin prints one."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """`numerator` of `denominator`, with a 95 % interval (Wilson's unless the holder names another)."""

    name: str
    numerator: int
    denominator: int
    low: float  # 0 to 1; 0 when the denominator is 0
    high: float  # 0 to 1; 1 when the denominator is 0
