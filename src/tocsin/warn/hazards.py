"""Lost tracks: an area that grows until named evidence closes it.

A drone was tracked, lost, taken for fallen, and no siren sounded until it struck (2024). So the loss of a possibly
hostile track opens a hazard. What closes one: an impact report inside its area that no round explains, a person's
report that it is over, or a track that took its place and is then itself accounted for. Time closes nothing: beyond
`lost_hazard_max_s` the area stops growing and the hazard is called stale, which asks for a decision. Nor does identity:
a successor that turns out to be a bird or a friend sets the hazard free again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.frames import length
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import ReportTable
from tocsin.records.identities import BALLISTIC, IdentityTable
from tocsin.records.tracks import TrackEnd, TrackStep
from tocsin.records.warnings import Hazard, WarnSettings
from tocsin.warn.flyers import closing_claim, over_zones
from tocsin.warn.places import Places, mass_over_zones, zone_distance
from tocsin.warn.rule import Dangers

__all__ = ["LastSeen", "Lost", "hazard_dangers", "hazard_record", "remember", "step_hazards"]

SPEED_MARGIN = 1.25  # it may hurry once it is not watched
SPEED_LEAST_MPS = 15.0  # a hovering drone can fly off at any moment
AIM_LEAST = 0.25  # a hostile drone that vanished near a site was coming for something: each asset within its reach
MIN_DETECTIONS = 8  # fewer make a track that clutter could have made
HANDOVER_S = 60.0  # a successor's own forecast needs some legs of its flight before it can speak for the zone
GROWTH_SHOWN = 1.25  # an open hazard is reported again when its radius has grown by this factor


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What was known of a track when it was last in the table."""

    hostile: float
    ballistic: float
    detections: int
    reach: FloatArray  # (3, A) probability, earliest, expected
    cooperative: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """An open hazard."""

    track_id: int
    since_t_s: float
    centre_m: FloatArray  # (2,)
    spread_m: float  # three sigmas of the position when last seen
    speed_mps: float
    hostile: float
    reach: FloatArray  # (3, A)
    state: str
    evidence: str
    successor: int
    changed_t_s: float  # when `state` last changed
    shown_radius_m: float  # radius when it was last reported


def remember(
    tracks: TrackStep, identities: IdentityTable, reach: dict[int, FloatArray], before: dict[int, LastSeen], assets: int
) -> dict[int, LastSeen]:
    """What is known of each track now; a coasting one keeps the reach that it had when it was last detected.

    A track that has left the table, for it is probably gone, is remembered until it ends: its loss may leave a hazard.
    """
    table, over = tracks.table, {end.track_id for end in tracks.ended}
    ballistic = identities.probability[:, list(BALLISTIC)].sum(axis=1)
    unknown = np.vstack([np.zeros(assets), np.full((2, assets), np.nan)])
    result = {track: seen for track, seen in before.items() if track not in over}
    for row, track in enumerate(table.track_id.tolist()):
        old = before.get(track)
        coasting = table.row[row] < 0 and old is not None
        if coasting and old is not None:
            result[track] = old
        else:
            result[track] = LastSeen(
                float(identities.hostile[row]),
                float(ballistic[row]),
                int(table.detections[row]),
                reach.get(track, unknown),
                bool(identities.cooperative_id[row]) and not bool(identities.lookalike[row]),
            )
    return result


def _opened(end: TrackEnd, seen: LastSeen) -> Lost:
    speed = max(SPEED_MARGIN * float(length(end.state[3:])), SPEED_LEAST_MPS)
    # The state given with the end was coasted there; the area starts where the track was last detected.
    centre = end.state[:2] - max(end.t_s - end.updated_t_s, 0.0) * end.state[3:5]
    spread = 3.0 * float(np.sqrt(max(end.covariance[0, 0] + end.covariance[1, 1], 0.0)))
    return Lost(
        track_id=end.track_id,
        since_t_s=end.updated_t_s,
        centre_m=centre,
        spread_m=min(spread, 500.0),
        speed_mps=speed,
        hostile=seen.hostile,
        reach=seen.reach,
        state="open",
        evidence="",
        successor=0,
        changed_t_s=end.t_s,
        shown_radius_m=0.0,
    )


def radius_at(settings: WarnSettings, lost: Lost, now_s: float) -> float:
    """How far the lost thing may have come."""
    age = min(max(now_s - lost.since_t_s, 0.0), settings.lost_hazard_max_s)
    return lost.spread_m + lost.speed_mps * age


def hazard_record(settings: WarnSettings, lost: Lost, now_s: float) -> Hazard:
    """The hazard as it is reported."""
    where, radius = lost.centre_m.copy(), radius_at(settings, lost, now_s)
    return Hazard(
        now_s, lost.track_id, lost.since_t_s, where, radius, lost.hostile, lost.state, lost.evidence, lost.successor
    )


def _successor(
    settings: WarnSettings, lost: Lost, tracks: TrackStep, identities: IdentityTable, taken: set[int], now_s: float
) -> int:
    """A track that may be the lost one again: new, inside the area, able to have flown there, dangerous. 0: none."""
    table = tracks.table
    if not (table.born_t_s >= lost.since_t_s).any():
        return 0
    gap = np.hypot(table.state[:, 0] - lost.centre_m[0], table.state[:, 1] - lost.centre_m[1])
    speed = length(table.state[:, 3:])
    fits = (table.born_t_s >= lost.since_t_s) & (gap <= radius_at(settings, lost, now_s))
    fits &= (speed <= 1.3 * lost.speed_mps + 10.0) & (identities.hostile >= settings.hazard_hostile)
    fits &= identities.probability[:, list(BALLISTIC)].sum(axis=1) < 0.5
    fits &= np.array([not name for name in identities.cooperative_id], dtype=np.bool_)
    fits &= ~np.isin(table.track_id, list(taken)) & (table.detections >= MIN_DETECTIONS)
    candidates = np.flatnonzero(fits)
    if not candidates.size:
        return 0
    order = np.lexsort((gap[candidates], -identities.hostile[candidates]))
    return int(table.track_id[candidates[order[0]]])


def _followed(settings: WarnSettings, lost: Lost, tracks: TrackStep, identities: IdentityTable, now_s: float) -> Lost:
    """A reacquired hazard one step on: free again when its successor proves harmless, closed when that is settled."""
    rows = np.flatnonzero(tracks.table.track_id == lost.successor)
    if rows.size:
        if float(identities.hostile[rows[0]]) < settings.hazard_hostile:
            return replace(lost, state="open", successor=0, changed_t_s=now_s)
        return lost
    end = next((e for e in tracks.ended if e.track_id == lost.successor), None)
    if end is not None and end.rule == "merged":
        return replace(lost, successor=end.merged_into, changed_t_s=now_s)
    # The successor's own hazard was opened at its end, with fresher knowledge, and stands for both.
    return replace(lost, state="closed", evidence=f"continued_as_track_{lost.successor}", changed_t_s=now_s)


def _closing_report(settings: WarnSettings, lost: Lost, reports: ReportTable, explained: set[int], now_s: float) -> str:
    """Evidence in this batch that closes the hazard, "" for none; `explained`: rows that rounds account for."""
    radius = radius_at(settings, lost, now_s)
    for r, kind in enumerate(reports.kind):
        place = reports.position_m[r, :2]
        inside = bool(np.isfinite(place).all()) and float(np.hypot(*(place - lost.centre_m))) <= radius + 2.0 * float(
            np.nan_to_num(reports.sigma_m[r])
        )
        if kind == "sighting" and closing_claim(reports.claim[r]):
            if inside or reports.id[r] == f"track {lost.track_id}":
                return f"{reports.claim[r]} ({reports.source[r]})"
        elif kind == "impact" and inside and r not in explained and reports.t_s[r] >= lost.since_t_s:
            explained.add(r)
            return f"impact_reported ({reports.source[r]})"
    return ""


def _sighted(settings: WarnSettings, lost: Lost, reports: ReportTable, now_s: float) -> float:
    """Probability of hostility after sightings inside the area: each leaves half of the doubt."""
    doubt = 1.0 - lost.hostile
    for r, kind in enumerate(reports.kind):
        place = reports.position_m[r, :2]
        if kind == "sighting" and np.isfinite(place).all() and not closing_claim(reports.claim[r]):
            near = radius_at(settings, lost, now_s) + settings.sighting_radius_m
            if float(np.hypot(*(place - lost.centre_m))) <= near:
                doubt *= 1.0 - settings.sighting_true
    return 1.0 - doubt


def step_hazards(
    settings: WarnSettings,
    hazards: dict[int, Lost],
    now_s: float,
    tracks: TrackStep,
    identities: IdentityTable,
    last: dict[int, LastSeen],
    reports: ReportTable,
    warned: set[int],
    explained: set[int],
) -> dict[int, Lost]:
    """Hazards after this scan, closed ones included until they have been reported.

    `last` is what was known of each track before this scan; `warned` names the tracks that live warnings rest on, whose
    loss opens a hazard however harmless they looked.
    """
    result: dict[int, Lost] = {}
    taken = {h.successor for h in hazards.values() if h.successor}
    for track_id in sorted(hazards):
        lost = hazards[track_id]
        if lost.state == "closed":
            result[track_id] = lost
            continue
        lost = replace(lost, hostile=_sighted(settings, lost, reports, now_s))
        evidence = _closing_report(settings, lost, reports, explained, now_s)
        if evidence:
            lost = replace(lost, state="closed", evidence=evidence, changed_t_s=now_s)
        elif lost.state == "reacquired":
            lost = _followed(settings, lost, tracks, identities, now_s)
        else:
            successor = _successor(settings, lost, tracks, identities, taken, now_s)
            if successor:
                taken.add(successor)
                lost = replace(lost, state="reacquired", successor=successor, changed_t_s=now_s)
            elif lost.state == "open" and now_s - lost.since_t_s > settings.lost_hazard_max_s:
                lost = replace(lost, state="stale", changed_t_s=now_s)
        result[track_id] = lost
    for end in tracks.ended:
        seen = last.get(end.track_id)
        if seen is None or seen.ballistic >= 0.5 or end.rule == "merged":
            continue
        dangerous = seen.hostile >= settings.hazard_hostile and seen.detections >= MIN_DETECTIONS
        if (dangerous and not seen.cooperative) or end.track_id in warned:
            result[end.track_id] = _opened(end, seen)
    return result


def hazard_dangers(settings: WarnSettings, places: Places, hazards: dict[int, Lost], now_s: float) -> list[Dangers]:
    """Open hazards as dangers: what the lost thing was heading for, and where it may be by now.

    A zone's probability is the hostility times the larger of two: the chance that it strikes an asset there (as last
    forecast, at least AIM_LEAST), and the share of the area that lies in the zone (for zones without assets, and
    close to the place of the loss). Time presses when the area's edge can be there within `reach_need_s`.
    """
    live = [
        hazards[i] for i in sorted(hazards) if hazards[i].state != "closed" or _settling(settings, hazards[i], now_s)
    ]
    if not live or not places.zone_id:
        return []
    probability, expected, pressing, raising = [], [], [], []
    for lost in live:
        radius = radius_at(settings, lost, now_s)
        distance = zone_distance(places, lost.centre_m)
        arrival = lost.since_t_s + np.maximum(distance - lost.spread_m, 0.0) / lost.speed_mps
        aimed = np.maximum(lost.reach[0], AIM_LEAST) if places.assets else np.empty(0)
        reach = np.vstack([aimed, lost.reach[1:]])
        chance, _, usual = over_zones(places, reach) if places.assets else (np.zeros(len(distance)),) * 3
        # A uniform disk of this radius has the variance radius² / 4 on each axis.
        here = mass_over_zones(
            places, lost.centre_m[None], (radius**2 / 4.0 * np.eye(2))[None], settings.lethal_radius_m
        )
        share = np.where(distance <= radius, here[0], 0.0)
        # Within its endurance's reach only: what cannot be there before the area stops growing is not in danger.
        chance = np.where(arrival - lost.since_t_s <= settings.lost_hazard_max_s, chance, 0.0)
        probability.append(lost.hostile * np.maximum(chance, share))
        expected.append(np.maximum(np.fmax(arrival, np.where(chance > 0.0, usual, np.nan)), now_s))
        pressing.append(arrival - now_s <= settings.reach_need_s)
        raising.append(lost.state in ("open", "stale"))
    size = len(live)
    ids = np.array([lost.track_id for lost in live], dtype=np.int64)
    none = np.zeros(size, dtype=np.bool_)
    held = np.array(probability) * np.array([_still_counts(lost, now_s) for lost in live])[:, None]
    cause = ("lost_track",) * size
    return [Dangers(ids, cause, none, held, np.array(expected), np.array(pressing), np.array(raising))]


def _settling(settings: WarnSettings, lost: Lost, now_s: float) -> bool:
    """A closed hazard holds its warnings while people wait for what may follow."""
    return now_s - lost.changed_t_s < settings.clear_after_impact_s


def _still_counts(lost: Lost, now_s: float) -> float:
    """1 while the hazard itself endangers; 0 once a successor has had time to speak for it."""
    return 0.0 if lost.state == "reacquired" and now_s - lost.changed_t_s > HANDOVER_S else 1.0
