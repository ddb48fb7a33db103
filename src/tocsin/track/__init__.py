"""Track everything that flies: one Poisson multi-Bernoulli tracker with interacting models.

takes:   Scans of any sensor, or clock ticks, late ones within `TrackSettings.max_late_s` included
gives:   the confirmed tracks of the newest time with their uncertainty, and which began and ended by which rule
assumes: rows are valid (sense has seen to it); targets move independently and give at most one detection per scan
fails:   never on a scan's content; a scan too late to be used changes nothing (sense gives its error records)
"""

from __future__ import annotations

from tocsin.track.advance import State, advance, start

__all__ = ["State", "advance", "start"]
