"""Rounds: tracks that are ballistic, each with its last forecast, until its time of flight is over.

A round is remembered whether or not its track still is: a track lost in mid-air has not come to rest. Its forecast and
probability stay as they were at its last detection, and only the end of its flight, seen or computed, closes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tocsin.kernels.linear import squared_distance
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import ReportTable
from tocsin.records.forecasts import ImpactTable
from tocsin.records.identities import BALLISTIC, IdentityTable
from tocsin.records.tracks import TrackStep
from tocsin.records.warnings import WarnSettings
from tocsin.warn.places import Places, mass_over_zones
from tocsin.warn.rule import Dangers

__all__ = ["Round", "round_dangers", "rounds_explain", "step_rounds"]

REPORT_SLACK_S = 10.0  # an impact report belongs to a round that was due within this and three sigmas of it
REPORT_SLACK_M = 300.0
AGREE_CHI2 = 13.8  # 99.9 % of two degrees of freedom
AGREE_SIGMAS = 3.3  # 99.9 % of one


@dataclass(frozen=True, slots=True)
class Round:
    """One ballistic track and where it comes down."""

    track_id: int
    probability: float  # that it exists and is ballistic, at its last detection
    impact_t_s: float
    impact_t_sigma_s: float
    mean_m: FloatArray  # (2,)
    covariance_m2: FloatArray  # (2, 2)
    mass: FloatArray  # (Z,) probability that harm reaches each zone, given that it comes down
    held: bool  # its track is still held
    reported: bool  # an impact was reported where and when it was due
    born_t_s: float  # first and last detection of its track
    seen_t_s: float

    @property
    def due_t_s(self) -> float:
        """When it is certainly down."""
        return self.impact_t_s + 3.0 * self.impact_t_sigma_s


def _forecast(
    settings: WarnSettings, places: Places, rounds: dict[int, Round], impacts: ImpactTable, ids: set[int]
) -> dict[int, Round]:
    if not impacts.track_id.size:
        return rounds
    mean, covariance = impacts.position_m[:, :2], impacts.covariance
    usable = np.isfinite(mean).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2)) & np.isfinite(impacts.impact_t_s)
    mass = np.zeros((len(mean), len(places.zone_id)))
    mass[usable] = mass_over_zones(places, mean[usable], covariance[usable], settings.lethal_radius_m)
    result = dict(rounds)
    for i in np.flatnonzero(usable):
        track_id = int(impacts.track_id[i])
        if track_id in ids:
            sigma = float(np.nan_to_num(impacts.impact_t_sigma_s[i]))
            old = result.get(track_id)
            result[track_id] = Round(
                track_id,
                old.probability if old else 0.0,
                float(impacts.impact_t_s[i]),
                sigma,
                mean[i].copy(),
                covariance[i].copy(),
                mass[i].copy(),
                held=True,
                reported=old.reported if old else False,
                born_t_s=old.born_t_s if old else math.nan,
                seen_t_s=impacts.t_s,
            )
    return result


def _explains(found: Round, reports: ReportTable) -> set[int]:
    """Rows of impact reports that came where and when the round was due."""
    rows: set[int] = set()
    for r, kind in enumerate(reports.kind):
        if kind != "impact" or not np.isfinite(reports.position_m[r, :2]).all():
            continue
        late = abs(float(reports.t_s[r]) - found.impact_t_s)
        off = float(np.hypot(*(reports.position_m[r, :2] - found.mean_m)))
        spread = 3.0 * float(np.sqrt(np.trace(found.covariance_m2) + np.nan_to_num(reports.sigma_m[r]) ** 2))
        if late <= REPORT_SLACK_S + 3.0 * found.impact_t_sigma_s and off <= REPORT_SLACK_M + spread:
            rows.add(r)
    return rows


def rounds_explain(rounds: dict[int, Round], reports: ReportTable) -> set[int]:
    """Rows of impact reports that some round accounts for, so that they close nothing else."""
    return {r for found in rounds.values() for r in _explains(found, reports)}


def _heir(rounds: dict[int, Round], track_id: int) -> int:
    """The track in which a lost round goes on: born after the loss, with a forecast that agrees. 0: none.

    Agreement: the two forecasts differ by no more than their covariances allow in 99.9 of 100 cases, in place
    (chi-square, two degrees of freedom) and in time. Without this, one rocket that is lost and found again would count
    as two, and its first, wide forecast would warn zones that the second has long ruled out.
    """
    lost = rounds[track_id]
    for heir in sorted(rounds):
        new = rounds[heir]
        if not new.held or not new.born_t_s >= lost.seen_t_s:
            continue
        gap, spread = new.mean_m - lost.mean_m, new.covariance_m2 + lost.covariance_m2 + np.eye(2)
        near = squared_distance(spread, gap) <= AGREE_CHI2
        sigma = math.hypot(new.impact_t_sigma_s, lost.impact_t_sigma_s) + 0.1
        if near and abs(new.impact_t_s - lost.impact_t_s) <= AGREE_SIGMAS * sigma:
            return heir
    return 0


def step_rounds(
    settings: WarnSettings,
    places: Places,
    rounds: dict[int, Round],
    now_s: float,
    tracks: TrackStep,
    identities: IdentityTable,
    impacts: ImpactTable,
    reports: ReportTable,
) -> tuple[dict[int, Round], dict[int, str]]:
    """Rounds after this scan, and those that are over: track_id to the evidence."""
    table = tracks.table
    rounds = _forecast(settings, places, rounds, impacts, {int(i) for i in impacts.track_id})
    row_of = {int(i): k for k, i in enumerate(table.track_id)} if rounds else {}
    ended = {end.track_id: end for end in tracks.ended}
    over: dict[int, str] = {}
    result: dict[int, Round] = {}
    for track_id, found in rounds.items():
        row = row_of.get(track_id)
        if row is not None and (table.row[row] >= 0 or found.probability == 0.0):
            ballistic = float(identities.probability[row, list(BALLISTIC)].sum())
            found = replace(found, probability=float(table.existence[row]) * ballistic)
        born_t_s = float(table.born_t_s[row]) if row is not None else found.born_t_s
        reported = found.reported or bool(_explains(found, reports))
        found = replace(found, held=row is not None, reported=reported, born_t_s=born_t_s)
        end = ended.get(track_id)
        if end is not None and end.rule == "merged":
            over[track_id] = f"track_merged_into_{end.merged_into}"
        elif now_s >= found.due_t_s + settings.clear_after_impact_s:
            over[track_id] = "impact_reported" if found.reported else "flight_time_over"
        else:
            result[track_id] = found
    for track_id in [i for i, r in result.items() if not r.held]:
        heir = _heir(result, track_id)
        if heir:
            over[track_id] = f"continued_as_track_{heir}"
            del result[track_id]
    return result, over


def round_dangers(settings: WarnSettings, rounds: dict[int, Round], now_s: float) -> list[Dangers]:
    """The rounds as dangers, in order of track_id."""
    if not rounds:
        return []
    found = [rounds[i] for i in sorted(rounds)]
    probability = np.array([r.probability * r.mass for r in found])
    expected = np.broadcast_to(np.array([r.impact_t_s for r in found])[:, None], probability.shape)
    left = np.array([r.impact_t_s - 2.0 * r.impact_t_sigma_s - now_s for r in found])
    pressing = np.broadcast_to((left <= settings.need_s)[:, None], probability.shape)
    raising = np.array([now_s <= r.due_t_s for r in found])
    ids = np.array([r.track_id for r in found], dtype=np.int64)
    independent = np.ones(len(found), dtype=np.bool_)
    return [Dangers(ids, ("impact",) * len(found), independent, probability, expected, pressing, raising)]
