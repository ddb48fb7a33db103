"""The tracks cut into parts, one for each core.

Nothing is summed over parts, so that the bytes are the same with one thread and with many.
"""

from __future__ import annotations

from itertools import pairwise

from tocsin._threads import cores

__all__ = ["parts_of"]

LEAST = 1000  # tracks of a part: below it handing over to a thread costs more than it saves


def parts_of(n: int, threads: int | None = None) -> list[slice]:
    """Cut n tracks into one part for each thread (None: for each core), none of fewer than LEAST."""
    count = max(min(cores() if threads is None else threads, n // LEAST), 1)
    return [slice(a, b) for a, b in pairwise([n * k // count for k in range(count + 1)])]
