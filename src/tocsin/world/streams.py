"""Random numbers that belong to one cause each, so that turning one cause off leaves every other draw as it was.

A stream is named by a path of words and numbers (which sensor, which thing); the same seed and path always give the
same numbers, whatever else is drawn, was shot down or was never built (common random numbers; Law, Simulation Modeling
and Analysis, 5th ed., section 11.2). Numbers are PCG64's, seeded by NumPy's SeedSequence.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

from tocsin.errors import Misuse
from tocsin.records.arrays import FloatArray

__all__ = ["Streams", "generator"]


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """The generator of one named cause. Raises Misuse for a negative seed."""
    if seed < 0:
        raise Misuse(f"a seed is at least 0, not {seed}")
    key = tuple(crc32(part.encode()) if isinstance(part, str) else part for part in path)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


class Streams:
    """One stream for each thing that a sensor may see, and `common` for what belongs to no thing."""

    def __init__(self, seed: int, *path: str | int) -> None:
        self._seed, self._path = seed, path
        self._of_thing: dict[str, np.random.Generator] = {}
        self.common = generator(seed, *path)

    def of(self, thing_id: str) -> np.random.Generator:
        """The stream of one thing."""
        if thing_id not in self._of_thing:
            self._of_thing[thing_id] = generator(self._seed, *self._path, thing_id)
        return self._of_thing[thing_id]

    def normals(self, ids: tuple[str, ...], count: int) -> FloatArray:
        """Standard normal numbers (n, count), a row from the stream of each thing."""
        result = np.empty((len(ids), count))
        for row, thing_id in enumerate(ids):
            self.of(thing_id).standard_normal(out=result[row])
        return result
