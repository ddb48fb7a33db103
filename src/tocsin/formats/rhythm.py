"""Which times of a fast sensor are scans, at which every track has a row in tracks.csv, and which are single plots.

Ten or more times a second come from two kinds of sensors. One looks at everything ten times a second: each time is a
scan. The other turns, and gives every plot a time of its own: a row of every track at each of them would be many
hundred times what was measured. They are told apart by how many of the tracks that the sensor saw within the last
second it sees at one time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.records.detections import Batch
from tocsin.records.tracks import TrackTable

__all__ = ["Rhythm"]

MEMORY_S = 1.0
"""How long a track counts as seen by a sensor: the pause after which a sensor's rows are due anyway."""

WHOLE_SHARE = 0.25
"""A scan shows at least this share of them, in the mean. It bounds the file too: at most four rows for each detection
that a track took."""

WEIGHT = 0.2
"""Of the newest time in that mean: five times are enough to know a sensor by, and one lost scan does not matter."""


@dataclass(slots=True)
class _Habit:
    """What one sensor shows at a time."""

    seen_t_s: dict[int, float] = field(default_factory=dict)  # of each track, when it was detected last
    share: float = 0.0  # of the tracks seen of late that one time shows, in the mean


class Rhythm:
    """Learns each sensor's habit from what passes; call `is_scan` once for each batch, in order."""

    def __init__(self) -> None:
        self._habits: dict[int, _Habit] = {}

    def is_scan(self, batch: Batch, table: TrackTable) -> bool:
        """Is this batch a look at everything, by its sensor's habit? Never for a late or refused one, or a tick."""
        if batch.sensor_index < 0 or batch.t_s != table.t_s:
            return False
        habit = self._habits.setdefault(batch.sensor_index, _Habit())
        hit = table.track_id[table.row >= 0].tolist()
        habit.seen_t_s |= dict.fromkeys(hit, batch.t_s)
        gone = [track for track, t_s in habit.seen_t_s.items() if t_s <= batch.t_s - MEMORY_S]
        for track in gone:
            del habit.seen_t_s[track]
        if habit.seen_t_s:
            habit.share += WEIGHT * (len(hit) / len(habit.seen_t_s) - habit.share)
        return habit.share >= WHOLE_SHARE
