"""Where the tracks were: the newest tables of a run, as many as asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.tracks import TrackTable

__all__ = ["History", "Past"]


@dataclass(frozen=True, slots=True)
class History:
    """One track at the n remembered times at which it was listed, the oldest first."""

    track_id: int
    t_s: FloatArray  # (n,)
    position_m: FloatArray  # (n, 3) east, north, up at the site
    velocity_mps: FloatArray  # (n, 3)
    detected: BoolArray  # (n,) a detection was taken for the track's at this time

    def __len__(self) -> int:
        return len(self.t_s)

    def __repr__(self) -> str:
        span = f"{self.t_s[0]:.3f} to {self.t_s[-1]:.3f} s" if len(self) else "not remembered"
        return f"History(track {self.track_id}: {len(self)} times, {span})"


@dataclass(frozen=True, slots=True)
class _Look:
    t_s: float
    track_id: IntArray  # (T,) ascending
    state: FloatArray  # (T, 6)
    detected: BoolArray  # (T,)


class Past:
    """The newest looks; an older one is forgotten when there are more than `most`."""

    __slots__ = ("_looks",)

    def __init__(self, most: int) -> None:
        self._looks: deque[_Look] = deque(maxlen=most)

    def add(self, table: TrackTable) -> None:
        """Remember a table; one of a time that is remembered already (a late scan changed it) takes its place."""
        if not self._looks.maxlen:
            return
        row, at = table.row >= 0, table.t_s
        if self._looks and self._looks[-1].t_s == at:
            before = self._looks.pop()
            row = row | np.isin(table.track_id, before.track_id[before.detected])
        self._looks.append(_Look(at, table.track_id.copy(), table.state.copy(), row))

    def of(self, track_id: int) -> History:
        """One track; nothing remembered of it gives a history of length 0."""
        found = list(self._found(track_id))
        state = np.array([look.state[k] for look, k in found]).reshape(-1, 6)
        return History(
            track_id,
            np.array([look.t_s for look, _ in found]),
            state[:, :3],
            state[:, 3:],
            np.array([look.detected[k] for look, k in found], dtype=np.bool_),
        )

    def _found(self, track_id: int) -> Iterator[tuple[_Look, int]]:
        for look in self._looks:
            k = int(np.searchsorted(look.track_id, track_id))
            if k < len(look.track_id) and look.track_id[k] == track_id:
                yield look, k
