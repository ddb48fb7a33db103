"""Which tracks a figure has room for: the ones that mattered most."""

from __future__ import annotations

from tocsin.report.model import Report, Track

__all__ = ["leading"]


FRAGMENT_ROWS = 10
"""Debris and fragments of a track are held for a few scans; what was held for longer was an object of its own."""


def _weight(track: Track, acted_on: set[int], decided: set[int]) -> tuple[bool, bool, int, float, int]:
    marks = (track.track_id in decided) + (track.last_forecast is not None)
    lasting = track.rows >= FRAGMENT_ROWS
    return track.track_id in acted_on, lasting, marks, round(track.hostile or 0.0, 1), track.rows


def leading(report: Report, most: int) -> tuple[Track, ...]:
    """Up to `most` notable tracks in order of number: engaged or lost ones first, then those held for longer than a
    fragment, of them the decided and forecast ones, then the most hostile.
    """
    notable = [track for track in report.tracks if track.notable]
    acted_on = {line.track_id for line in report.shots} | {line.track_id for line in report.hazards}
    decided = {line.track_id for line in report.outcomes if line.verdict in ("intercepted", "impacted")}
    notable.sort(key=lambda track: _weight(track, acted_on, decided), reverse=True)
    return tuple(sorted(notable[:most], key=lambda track: track.track_id))
