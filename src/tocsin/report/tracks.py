"""What each track was, when it became known, and where it was forecast to come down."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tocsin.frames import enu2level, length
from tocsin.kernels.linear import symmetric_axes
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.identities import CLASSES
from tocsin.records.run import RunRecord, TrackLife
from tocsin.records.tracks import TrackEnd
from tocsin.report.instants import Clock, known
from tocsin.report.model import Forecast, PathPoint, Reach, Track

__all__ = ["forecast_lines", "notable_ids", "reach_lines", "track_lines"]

IDENTIFIED_AT = 0.9
"""A track is called identified from the first row in which the class that it ended with has nine to one odds against
all others together: a reader of "identified" takes it for settled, and at even odds it is not."""

PROBABLY_HOSTILE = 0.5

PATH_POINTS = 240
"""Points of a drawn path: two to a pixel of a phone, and a report of hundreds of tracks stays below a few megabytes."""

ELLIPSE_95 = 5.991464547107979  # 95 % point of chi-square with two degrees of freedom


def notable_ids(run: RunRecord) -> frozenset[int]:
    """Tracks that the report tells one by one; all others are counted.

    A track that added to a warning and ended as probably harmless is not among them: one raid over a marsh warns of
    forty birds a little, and telling each of them would bury the raid. They are counted beside the warnings.
    """
    harmless = {life.track_id for life in run.lives if life.hostile < PROBABLY_HOSTILE}
    ids = {track for warning in run.warnings for track in warning.track_ids} - harmless
    ids.update(shot.track_id for shot in run.shots)
    ids.update(request.track_id for request in run.requests)
    ids.update(hazard.track_id for hazard in run.hazards)
    ids.update(int(track) for track in np.unique(run.impacts.track_id))
    ids.update(life.track_id for life in run.lives if life.hostile >= PROBABLY_HOSTILE)
    ids.update(a.track_id for a in run.assessments if a.verdict in ("intercepted", "impacted"))
    return frozenset(ids)


def forecast_line(run: RunRecord, clock: Clock, row: int) -> Forecast:
    """One row of impacts as a forecast with its 95 % ellipse."""
    impacts = run.impacts
    values, axes = np.empty(2), np.empty((2, 2))
    symmetric_axes(impacts.covariance[row], values, axes)
    semi = np.sqrt(ELLIPSE_95 * np.maximum(values, 0.0))
    bearing = math.degrees(math.atan2(axes[0, 1], axes[1, 1])) % 180.0
    return Forecast(
        made=clock.at(float(impacts.t_s[row])),
        impact=clock.at(float(impacts.impact_t_s[row])),
        lead_s=float(impacts.impact_t_s[row] - impacts.t_s[row]),
        sigma_s=known(impacts.impact_t_sigma_s[row]),
        east_m=float(impacts.position_m[row, 0]),
        north_m=float(impacts.position_m[row, 1]),
        lat_deg=float(impacts.lat_deg[row]),
        lon_deg=float(impacts.lon_deg[row]),
        semi_major_m=float(semi[1]),
        semi_minor_m=float(semi[0]),
        bearing_deg=bearing,
    )


def forecast_lines(run: RunRecord, clock: Clock) -> tuple[tuple[Forecast, ...], tuple[int, ...]]:
    """All impact forecasts whose numbers are finite, and the track of each."""
    impacts = run.impacts
    good = np.isfinite(impacts.covariance).all(axis=(1, 2)) & np.isfinite(impacts.position_m).all(axis=1)
    rows = np.flatnonzero(good & np.isfinite(impacts.impact_t_s))
    lines = tuple(forecast_line(run, clock, int(row)) for row in rows)
    return lines, tuple(int(track) for track in impacts.track_id[rows])


def reach_lines(run: RunRecord, clock: Clock) -> tuple[Reach, ...]:
    """For each (track, asset) pair the row with the highest probability, most probable first."""
    best: dict[tuple[int, int], int] = {}
    reaches = run.reaches
    for row, pair in enumerate(zip(reaches.track_id.tolist(), reaches.asset_index.tolist(), strict=True)):
        if pair not in best or reaches.probability[row] > reaches.probability[best[pair]]:
            best[pair] = row
    lines = [
        Reach(
            track_id=track,
            asset=run.site.assets[asset].name or run.site.assets[asset].asset_id,
            probability=float(reaches.probability[row]),
            made=clock.at(float(reaches.t_s[row])),
            expected=clock.maybe(float(reaches.expected_t_s[row])),
            earliest=clock.maybe(float(reaches.earliest_t_s[row])),
        )
        for (track, asset), row in best.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.probability, line.track_id)))


def _path(t_s: FloatArray, position_m: FloatArray, height_m: FloatArray) -> tuple[PathPoint, ...]:
    step = max(1, math.ceil(len(t_s) / PATH_POINTS))
    keep = np.unique(np.r_[np.arange(0, len(t_s), step), len(t_s) - 1])
    table = np.round(np.column_stack([position_m[keep, :2], height_m[keep]]), 1).tolist()
    times = np.round(t_s[keep], 3).tolist()
    return tuple(PathPoint(t, *row) for t, row in zip(times, table, strict=True))


def _track_line(
    run: RunRecord, clock: Clock, track_id: int, rows: IntArray, life: TrackLife | None, end: TrackEnd | None
) -> Track:
    t_s, position = run.tracks.t_s[rows], run.tracks.position_m[rows]
    height = enu2level(position, run.site.radius_m)
    probability = run.tracks.probability[rows]
    best = int(np.argmax(probability[-1]))
    sure = np.flatnonzero(probability[:, best] >= IDENTIFIED_AT)
    forecast = np.flatnonzero(run.impacts.track_id == track_id)
    return Track(
        track_id=track_id,
        notable=False,
        classification=CLASSES[best],
        probability=float(probability[-1, best]),
        hostile=known(life.hostile) if life else None,
        cooperative_id=life.cooperative_id if life else "",
        claim_consistent=known(life.claim_consistent) if life else None,
        lookalike=bool(life and life.lookalike),
        detected=clock.maybe(life.born_t_s) if life else None,
        confirmed=clock.at(life.confirmed_t_s if life else float(t_s[0])),
        identified=clock.at(float(t_s[sure[0]])) if len(sure) else None,
        first_forecast=forecast_line(run, clock, int(forecast[0])) if len(forecast) else None,
        last_forecast=forecast_line(run, clock, int(forecast[-1])) if len(forecast) else None,
        ended=clock.at(end.t_s) if end else None,
        end_rule=end.rule if end else "",
        merged_into=end.merged_into if end else 0,
        last_detected=clock.maybe(end.updated_t_s) if end else None,
        height_max_m=float(height.max()),
        speed_max_mps=float(length(run.tracks.velocity_mps[rows]).max()),
        rows=len(rows),
        path=_path(t_s, position, height),
    )


def track_lines(run: RunRecord, clock: Clock) -> tuple[Track, ...]:
    """All tracks that have rows, in order of their number."""
    notable = notable_ids(run)
    order = np.lexsort((run.tracks.t_s, run.tracks.track_id))
    ids, starts = np.unique(run.tracks.track_id[order], return_index=True)
    groups = np.split(order, starts[1:]) if len(ids) else []
    lives = {life.track_id: life for life in run.lives}
    ends = {end.track_id: end for end in run.ends}
    return tuple(
        replace(_track_line(run, clock, track, rows, lives.get(track), ends.get(track)), notable=track in notable)
        for track, rows in zip(ids.tolist(), groups, strict=True)
    )
