"""Where each object truly was between the times at which the truth has it."""

from __future__ import annotations

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray, IntArray

__all__ = ["GAP_STEPS", "Courses"]

GAP_STEPS = 3.0
"""An object was there between two of its rows that are at most this many of its usual steps apart: one or two lost
rows are a slip of the recorder, more may be a flight that ended and another that began."""

EXPLAINED = 0.5
"""Velocities that leave more than this share of the way between two rows unexplained are not used to bend it: many
files carry zeros there."""


class Courses:
    """The rows of a truth by object and time, each (object, time) once."""

    def __init__(self, t_s: FloatArray, object_index: IntArray, state: FloatArray, objects: int) -> None:
        order = np.lexsort((t_s, object_index))
        self._t_s, self._owner, self._state = t_s[order], object_index[order], state[order]
        self._start = np.searchsorted(self._owner, np.arange(objects))
        self._end = np.searchsorted(self._owner, np.arange(objects), side="right")
        self._from_s = float(t_s.min()) if len(t_s) else 0.0
        self._span_s = float(t_s.max()) - self._from_s + 1.0 if len(t_s) else 1.0
        self._key = self._keys(self._owner, self._t_s)
        gaps = [np.diff(self._t_s[a:b]) for a, b in zip(self._start, self._end, strict=True)]
        self.step_s = np.array([np.median(gap) if len(gap) else np.nan for gap in gaps])  # (N,) NaN: a single row

    def _keys(self, owner: IntArray, t_s: FloatArray) -> FloatArray:
        """Numbers that sort by object, then time."""
        return owner.astype(np.float64) * self._span_s + np.clip(t_s - self._from_s, 0.0, self._span_s - 1.0)

    def within(self, times_s: FloatArray) -> tuple[IntArray, FloatArray]:
        """All (object, time) of the times (T,), increasing, from the first row of each object to its last."""
        some = np.flatnonzero(self._end > self._start)
        first = np.searchsorted(times_s, self._t_s[self._start[some]])
        last = np.searchsorted(times_s, self._t_s[self._end[some] - 1], side="right")
        owner = np.repeat(some, last - first)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(last - first) - last, last - first)
        return owner, times_s[place]

    def at(self, owner: IntArray, t_s: FloatArray) -> tuple[FloatArray, BoolArray]:
        """States (m, 6) of objects (m,) at times (m,), and whether the truth says that they were there then.

        Between two rows the position is the cubic that has both positions and both velocities (Hermite's), or the
        straight line where the velocities do not explain the way; the velocity is linear. Outside of an object's rows
        it goes on with the velocity of the nearest one.
        """
        left = np.searchsorted(self._key, self._keys(owner, t_s), side="right") - 1
        low, high = self._start[owner], self._end[owner] - 1
        left = np.clip(left, low, np.maximum(high - 1, low))
        right = np.minimum(left + 1, high)
        gap = self._t_s[right] - self._t_s[left]
        inside = (t_s >= self._t_s[left]) & (t_s <= self._t_s[right]) & (gap > 0)
        state = _carried(self._state[left], t_s - self._t_s[left])
        after = t_s > self._t_s[right]
        state[after] = _carried(self._state[right[after]], (t_s - self._t_s[right])[after])
        state[inside] = _between(self._state[left[inside]], self._state[right[inside]], gap[inside],
                                 ((t_s - self._t_s[left])[inside] / gap[inside]))  # fmt: skip
        usual = GAP_STEPS * np.nan_to_num(self.step_s[owner])
        return state, (inside & (gap <= usual + 1e-6)) | (t_s == self._t_s[left]) | (t_s == self._t_s[right])


def _carried(state: FloatArray, seconds: FloatArray) -> FloatArray:
    """States after a time at constant velocity."""
    moved = state.copy()
    moved[:, :3] += seconds[:, None] * state[:, 3:]
    return moved


def _between(a: FloatArray, b: FloatArray, gap_s: FloatArray, share: FloatArray) -> FloatArray:
    """States at a share (0 to 1) of the way between rows a and b."""
    h, s = gap_s[:, None], share[:, None]
    way = b[:, :3] - a[:, :3]
    unexplained = np.linalg.norm(way - h * (a[:, 3:] + b[:, 3:]) / 2, axis=1)
    bend = (a[:, 3:] * h - way) * (1 - s) - (b[:, 3:] * h - way) * s
    bend[unexplained > EXPLAINED * np.linalg.norm(way, axis=1)] = 0.0
    return np.hstack([a[:, :3] + s * way + s * (1 - s) * bend, a[:, 3:] + s * (b[:, 3:] - a[:, 3:])])
