"""Which Python values are numbers: one rule for every number that a caller of the library gives."""

from __future__ import annotations

import numpy as np

__all__ = ["real"]


def real(value: object) -> float | None:
    """The value as a float where it is a real number of Python or NumPy, None for all else: a truth value, a text."""
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
