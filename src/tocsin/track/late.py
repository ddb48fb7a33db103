"""The ring of scans that were taken, with snapshots between them, and how a late scan finds its place in it.

A late scan, or a late piece of a scan, is put where it belongs, and what followed is taken once more from the nearest
snapshot before it. Snapshots stand at least `SPACING_S` apart, so that a sensor that sends a thousand rows a second,
each with a time of its own, keeps no thousand banks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np

from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import DetectionTable
from tocsin.records.scans import Scan
from tocsin.track.bank import Bank, Lore

__all__ = ["SPACING_S", "Ring", "Snapshot", "Taken", "agreeing", "joined"]

SPACING_S = 0.25  # at most ten banks in two seconds; what is taken again beyond need is a quarter of a second
WORK_PER_S = 20_000.0  # tracks times scans that may be taken again for each second of scan time, a tenth of a core
WORK_PER_ROW = 20.0  # and for each late row beyond that, a tenth of a millisecond
AGES = 17  # steps of age up to the latest; a row is counted at the first step that is no younger
AGE_MEMORY = 0.95  # per scan: about twenty scans
ARRIVED_MIN = 0.05
WORK_OF_SCAN = 200.0  # what a scan costs whatever is in it, in tracks
SAME_NIS = 6.0  # sum over six axes of squared difference over summed variances: the two are one within their spread


@dataclass(slots=True)
class Snapshot:
    """How things stood before a scan; nothing writes to it again."""

    bank: Bank
    lore: Lore


@dataclass(slots=True)
class Taken:
    """A scan or tick that was taken."""

    scan: Scan
    serial: int
    before: Snapshot | None  # None: another stands shortly before


@dataclass(slots=True)
class Ring:
    """Scans of the last seconds in order of time, and how much of them has to be taken again."""

    taken: list[Taken] = field(default_factory=list)
    stale_from: int = -1  # place of the first scan that waits to be taken again, -1: none
    allowance: float = WORK_PER_S  # tracks times scans that may be taken again at once
    newest_s: float = -np.inf
    ages: dict[int, FloatArray] = field(default_factory=dict)  # by sensor that sends pieces: rows by age on arrival

    def prune(self, oldest_s: float) -> list[Bank]:
        """Forget what no scan from oldest_s on can need; returns the banks that are free."""
        last = 0
        for place, each in enumerate(self.taken):
            if each.before is not None and each.scan.t_s <= oldest_s:
                last = place
            if each.scan.t_s > oldest_s:
                break
        free = [each.before.bank for each in self.taken[:last] if each.before is not None]
        del self.taken[:last]
        return free

    def wants_snapshot(self, t_s: float) -> bool:
        """True if the next scan, of time t_s, needs a snapshot of its own."""
        for each in reversed(self.taken):
            if each.before is not None:
                return t_s - each.scan.t_s >= SPACING_S
        return True

    def piece_of(self, scan: Scan) -> int:
        """Place of the scan that this one is a piece of: same sensor, same time; -1: none."""
        for place in range(len(self.taken) - 1, -1, -1):
            other = self.taken[place].scan
            if other.t_s == scan.t_s and other.sensor_index == scan.sensor_index:
                return place
            if other.t_s < scan.t_s:
                break
        return -1

    def insert(self, scan: Scan, serial: int) -> int:
        """Put a late scan behind all that are not younger; returns its place."""
        place = len(self.taken)
        while place > 0 and self.taken[place - 1].scan.t_s > scan.t_s:
            place -= 1
        before = None
        if place < len(self.taken):
            before, self.taken[place].before = self.taken[place].before, None
        self.taken.insert(place, Taken(scan, serial, before))
        return place

    def join(self, place: int, scan: Scan) -> None:
        """Add a piece to its scan."""
        self.taken[place].scan = joined(self.taken[place].scan, scan)

    def learn_age(self, scan: Scan, max_late_s: float, piece: bool) -> None:
        """Count the rows of a scan or piece by how far the newest time was ahead of them."""
        s = scan.sensor_index
        if s not in self.ages:
            if not piece:
                return
            self.ages[s] = np.zeros(AGES)
        if not piece:
            self.ages[s] *= AGE_MEMORY
        step = max(self.newest_s - scan.t_s, 0.0) / max_late_s * (AGES - 1)
        self.ages[s][min(int(np.ceil(step)), AGES - 1)] += len(scan.detections.row)

    def arrived(self, scan: Scan, max_late_s: float) -> float:
        """The share of a scan's rows that is expected to be here, at its present age."""
        rows = self.ages.get(scan.sensor_index)
        if rows is None or not rows.any():
            return 1.0
        step = max(self.newest_s - scan.t_s, 0.0) / max_late_s * (AGES - 1)
        return max(float(rows[: int(step) + 1].sum() / rows.sum()), ARRIVED_MIN)

    def mark(self, place: int) -> None:
        """From here on scans have to be taken again."""
        self.stale_from = place if self.stale_from < 0 else min(place, self.stale_from)

    def earn(self, t_s: float, rows: int) -> None:
        """Let the allowance for work grow with the newest time and with late rows, up to a second's worth."""
        passed = max(t_s - self.newest_s, 0.0) if np.isfinite(self.newest_s) else 0.0
        self.newest_s = max(self.newest_s, t_s)
        self.allowance = min(self.allowance + passed * WORK_PER_S + rows * WORK_PER_ROW, WORK_PER_S)

    def afford(self, tracks: int) -> bool:
        """True if what is stale may be taken again now; the work is taken off the allowance."""
        cost = (tracks + WORK_OF_SCAN) * (len(self.taken) - self.nearest(self.stale_from)[0])
        if min(cost, WORK_PER_S) > self.allowance:
            return False
        self.allowance = max(self.allowance - cost, 0.0)
        return True

    def nearest(self, place: int) -> tuple[int, Snapshot]:
        """The last snapshot before the scan at a place, and the place of the scan that it stands before."""
        for back in range(place, -1, -1):
            before = self.taken[back].before
            if before is not None:
                return back, before
        raise AssertionError("the oldest scan of the ring has no snapshot")

    def cut(self) -> tuple[Snapshot, list[Taken], list[Bank]]:
        """Take off what has to be taken again: the snapshot before it, the scans, and the banks that are free."""
        place, before = self.nearest(self.stale_from)
        follow = self.taken[place:]
        del self.taken[place:]
        self.stale_from = -1
        return before, follow, [each.before.bank for each in follow[1:] if each.before is not None]


def joined(scan: Scan, piece: Scan) -> Scan:
    """One scan of two pieces, rows in order of arrival."""
    a, b = scan.detections, piece.detections
    both = DetectionTable(*(np.concatenate([getattr(a, f.name), getattr(b, f.name)]) for f in fields(DetectionTable)))
    place = np.concatenate([scan.position_m, piece.position_m])
    return replace(scan, complete=scan.complete or piece.complete, detections=both, position_m=place)


def agreeing(mean: FloatArray, cov: FloatArray, means: FloatArray, covs: FloatArray, rows: IntArray) -> int:
    """Which of some rows of means (n, 6), covs (n, 6, 6) is most like a state (6,), (6, 6); -1: none within spread."""
    if not len(rows):
        return -1
    spread = np.diagonal(covs[rows], axis1=1, axis2=2) + np.diagonal(cov)
    distance = ((means[rows] - mean) ** 2 / spread).sum(axis=1)
    best = int(distance.argmin())
    return int(rows[best]) if distance[best] < SAME_NIS else -1
