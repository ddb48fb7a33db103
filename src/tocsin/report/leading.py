"""Which tracks a figure has room for: the ones that mattered most."""

from __future__ import annotations

from tocsin.report.model import Report, Track

__all__ = ["leading"]


def _weight(track: Track, engaged: set[int], lost: set[int], decided: set[int]) -> tuple[int, float, int]:
    marks = 2 * (track.track_id in engaged) + 2 * (track.track_id in lost) + 2 * (track.track_id in decided)
    return marks + (track.last_forecast is not None), round(track.hostile or 0.0, 1), track.rows


def leading(report: Report, most: int) -> tuple[Track, ...]:
    """Up to `most` notable tracks in order of number: engaged, lost or decided ones first, then the most hostile.

    Debris and fragments that were held for two scans are notable, too, and are the first to be left out.
    """
    notable = [track for track in report.tracks if track.notable]
    engaged, lost = {line.track_id for line in report.shots}, {line.track_id for line in report.hazards}
    decided = {line.track_id for line in report.outcomes if line.verdict in ("intercepted", "impacted")}
    notable.sort(key=lambda track: _weight(track, engaged, lost, decided), reverse=True)
    return tuple(sorted(notable[:most], key=lambda track: track.track_id))
