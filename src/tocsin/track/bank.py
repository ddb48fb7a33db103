"""The tracks as arrays, and what the tracker has learned of its sensors; both can be copied and put back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.kernels import clutter, lifecycle
from tocsin.kernels.motion import MODELS
from tocsin.records.arrays import FloatArray, IntArray

__all__ = ["Bank", "Lore", "empty_bank", "empty_lore"]


@dataclass(slots=True)
class Bank:
    """n tracks in arrays with room for cap. Rows of `real` and `whole`: see kernels.lifecycle.

    Those that had an id when the bank was predicted stand first, and then the others in the order of their birth.
    """

    n: int
    t_s: float  # time of the states, -inf before the first scan
    mu: FloatArray  # (cap, MODELS) model probabilities, 0: asleep, and then x and p hold anything
    x: FloatArray  # (cap, MODELS, 7)
    p: FloatArray  # (cap, MODELS, 7, 7)
    real: FloatArray  # (REALS, cap)
    whole: IntArray  # (WHOLES + sensors, cap)

    def begin(self, before: Bank) -> IntArray:
        """Become a bank with the tracks of another, their states not yet written; returns where they stood there."""
        n, self.n = before.n, 0
        self.make_room(n)
        self.n = n
        tentative = before.whole[lifecycle.ID, :n] == 0
        place = np.concatenate([np.flatnonzero(~tentative), np.flatnonzero(tentative)])
        np.take(before.real, place, axis=1, out=self.real[:, :n])
        np.take(before.whole, place, axis=1, out=self.whole[:, :n])
        return place

    def room(self) -> tuple[int, int]:
        """Tracks that it has room for, and sensors."""
        return self.mu.shape[0], self.whole.shape[0] - lifecycle.WHOLES

    def make_room(self, extra: int) -> None:
        """Grow so that `extra` more tracks fit."""
        need = self.n + extra
        if need <= self.mu.shape[0]:
            return
        cap, n = max(need, 2 * self.mu.shape[0], 64), self.n
        grown = empty_bank(cap, self.room()[1])
        if n:
            grown.mu[:n], grown.x[:n], grown.p[:n] = self.mu[:n], self.x[:n], self.p[:n]
            grown.real[:, :n], grown.whole[:, :n] = self.real[:, :n], self.whole[:, :n]
        self.mu, self.x, self.p, self.real, self.whole = grown.mu, grown.x, grown.p, grown.real, grown.whole


def empty_bank(cap: int, sensors: int) -> Bank:
    """A bank without tracks of so many sensors, with room for cap."""
    return Bank(
        n=0,
        t_s=-np.inf,
        mu=np.zeros((cap, MODELS)),
        x=np.zeros((cap, MODELS, 7)),
        p=np.zeros((cap, MODELS, 7, 7)),
        real=np.zeros((lifecycle.REALS, cap)),
        whole=np.zeros((lifecycle.WHOLES + sensors, cap), np.int64),
    )


@dataclass(slots=True)
class Lore:
    """What is learned on line, per sensor and of the sky."""

    counts: FloatArray  # (S, cells) clutter map
    rates: FloatArray  # (S, rate cells) clutter range rates
    scans: FloatArray  # (S, 2): scans that the map remembers, scans seen
    guess: FloatArray  # (S,) clutter per scan to start from, NaN before the first scan
    loose: FloatArray  # (S,) unexplained detections without a place, per scan
    seen: FloatArray  # (S, 2): detected and expected, of sure tracks, faded
    kinds: FloatArray  # (2,) slow and fast ones among level targets, at their second detection
    turns: FloatArray  # (2,) turns begun, and seconds of straight flight watched for them, both faded
    calm: FloatArray  # (3,) noise of straight flight over the usual one; leaning of corrections, and its square
    looked_s: float  # time of the last scan, NaN before it
    first: FloatArray  # (3,) the first scan: its time, tracks it began, share of them that is taken for targets
    sky: FloatArray  # (5,): undetected arrivals; arrivals and seconds watched, both faded; standing: undetected, all

    def copy(self) -> Lore:
        """A copy that shares nothing."""
        return Lore(
            self.counts.copy(),
            self.rates.copy(),
            self.scans.copy(),
            self.guess.copy(),
            self.loose.copy(),
            self.seen.copy(),
            self.kinds.copy(),
            self.turns.copy(),
            self.calm.copy(),
            self.looked_s,
            self.first.copy(),
            self.sky.copy(),
        )


def empty_lore(sensors: int) -> Lore:
    """Nothing learned yet of S sensors."""
    return Lore(
        counts=np.zeros((sensors, clutter.RINGS * clutter.HEIGHTS)),
        rates=np.zeros((sensors, clutter.RATES)),
        scans=np.zeros((sensors, 2)),
        guess=np.full(sensors, np.nan),
        loose=np.full(sensors, 2.0),
        seen=np.zeros((sensors, 2)),
        kinds=np.zeros(2),
        turns=np.zeros(2),
        calm=np.array([1.0, 0.0, 0.0]),
        looked_s=np.nan,
        first=np.array([np.nan, 0.0, 0.0]),
        sky=np.zeros(5),
    )
