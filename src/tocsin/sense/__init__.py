"""Sense: turn what a sensor reported into a scan in the site frame.

takes:   a Batch: one sensor's rows of one time, or a bare clock tick
gives:   a Scan (valid rows, corrected, placed), sensor health, and an error record for every row that cannot be used
assumes: batches come in order of arrival
fails:   never on a batch's content: a bad row, an unknown sensor or a scan that is too late becomes error records
"""

from __future__ import annotations

from tocsin.sense.advance import Sensed, State, advance, belief, refusal, start

__all__ = ["Sensed", "State", "advance", "belief", "refusal", "start"]
