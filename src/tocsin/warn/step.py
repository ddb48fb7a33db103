"""The order inside warning: rounds, flyers, sightings, hazards; judge each zone; tell what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tocsin.records.detections import ReportTable
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackStep
from tocsin.records.warnings import Hazard, WarningEvent, WarnSettings
from tocsin.warn.flyers import Sighting, flyer_dangers, hear, reach_of, sighting_dangers
from tocsin.warn.hazards import (
    GROWTH_SHOWN,
    LastSeen,
    Lost,
    hazard_dangers,
    hazard_record,
    radius_at,
    remember,
    step_hazards,
)
from tocsin.warn.live import ELSEWHERE, Live, forget_settled, step_warnings
from tocsin.warn.places import Places, places_of
from tocsin.warn.rounds import Round, round_dangers, rounds_explain, step_rounds
from tocsin.warn.rule import judge, stack

__all__ = ["State", "Warned", "advance", "start"]


@dataclass(frozen=True, slots=True)
class Warned:
    """What is told after one scan: warnings to zones, and hazards that changed state or grew noticeably."""

    warnings: tuple[WarningEvent, ...]
    hazards: tuple[Hazard, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What warning remembers."""

    places: Places
    now_s: float  # newest time seen; a late scan does not turn the clock back
    rounds: dict[int, Round]  # by track_id
    hazards: dict[int, Lost]  # by track_id
    sightings: tuple[Sighting, ...]
    last: dict[int, LastSeen]  # by track_id, tracks that have not ended
    live: dict[int, Live]  # by zone
    fates: dict[int, str]  # by track_id: what became of the tracks on which live warnings rest
    closing: str  # the last evidence that closed a sighting
    next_id: int


def start(plan: Plan) -> State:
    """No warning. Raises ValueError for a zone that is no polygon or for thresholds out of order."""
    s = plan.warn
    if not 0.0 < s.clear_probability < s.raise_probability <= s.early_probability <= 1.0:
        raise ValueError(
            "warn: 0 < clear_probability < raise_probability <= early_probability <= 1 must hold, not "
            f"{s.clear_probability}, {s.raise_probability}, {s.early_probability}"
        )
    return State(places_of(plan.site), -np.inf, {}, {}, (), {}, {}, {}, "", 1)


def _fates(
    state: State,
    over: dict[int, str],
    hazards: dict[int, Lost],
    tracks: TrackStep,
    identities: IdentityTable,
    harmless: float,
) -> dict[int, str]:
    """What became of each track on which a live warning rests, as the evidence of an all-clear."""
    wanted = {i for live in state.live.values() for i in live.tracks}
    fates = {i: f for i, f in state.fates.items() if i in wanted}
    fates.update({i: f for i, f in over.items() if i in wanted})
    fates.update({i: h.evidence for i, h in hazards.items() if i in wanted and h.state == "closed"})
    for row, track in enumerate(tracks.table.track_id.tolist() if wanted else ()):
        if track in wanted:
            risk = float(identities.hostile[row])
            fates[track] = f"track_{track}_identified_harmless" if risk < harmless else f"track_{track}_{ELSEWHERE}"
    for end in tracks.ended:
        if end.track_id in wanted and end.rule == "merged":
            fates[end.track_id] = f"track_merged_into_{end.merged_into}"
    return fates


def _report_hazards(
    settings: WarnSettings, before: dict[int, Lost], after: dict[int, Lost], now_s: float
) -> tuple[dict[int, Lost], tuple[Hazard, ...]]:
    """Hazards to tell of (new, changed, or grown), and those to remember."""
    kept: dict[int, Lost] = {}
    told: list[Hazard] = []
    for track_id, lost in after.items():
        old = before.get(track_id)
        radius = radius_at(settings, lost, now_s)
        changed = old is None or old.state != lost.state
        grown = lost.state in ("open", "stale") and radius >= GROWTH_SHOWN * lost.shown_radius_m
        if changed or grown:
            told.append(hazard_record(settings, lost, now_s))
            lost = replace(lost, shown_radius_m=radius)
        if lost.state != "closed" or now_s - lost.changed_t_s < settings.clear_after_impact_s:
            kept[track_id] = lost
    return kept, tuple(told)


def advance(
    plan: Plan,
    state: State,
    tracks: TrackStep,
    identities: IdentityTable,
    impacts: ImpactTable,
    reaches: ReachTable,
    reports: ReportTable,
) -> tuple[State, Warned]:
    """Warnings and hazards after one scan or tick, at the time of `tracks.table`."""
    settings, places = plan.warn, state.places
    if not places.zone_id and not places.assets:  # nothing here to protect
        return state, Warned((), ())
    now_s = max(state.now_s, tracks.table.t_s)
    rounds, over = step_rounds(settings, places, state.rounds, now_s, tracks, identities, impacts, reports)
    reach = reach_of(places, reaches)
    sightings, answered = hear(settings, places, state.sightings, reports)
    warned = {i for live in state.live.values() for i in live.tracks}
    explained = rounds_explain(rounds, reports)
    hazards = step_hazards(
        settings, state.hazards, now_s, tracks, identities, state.last, reports, warned - rounds.keys(), explained
    )
    dangers = stack(
        len(places.zone_id),
        round_dangers(settings, rounds, now_s)
        + flyer_dangers(settings, places, reach, tracks.table, identities, now_s)
        + hazard_dangers(settings, places, hazards, now_s)
        + sighting_dangers(settings, sightings),
    )
    verdict = judge(settings, dangers)
    fates = _fates(state, over, hazards, tracks, identities, plan.identify.dismiss_below_hostile)
    closing = "; ".join(answered) or state.closing
    due = {i: r.due_t_s for i, r in rounds.items() if now_s <= r.due_t_s}
    live, next_id, events = step_warnings(
        settings, places, state.live, state.next_id, dangers, verdict, due, fates, closing, now_s
    )
    hazards, told = _report_hazards(settings, state.hazards, hazards, now_s)
    last = remember(tracks, identities, reach, state.last, places.assets)
    live = forget_settled(live, {*last, *rounds, *(i for i, h in hazards.items() if h.state != "closed")})
    after = State(places, now_s, rounds, hazards, sightings, last, live, fates, closing, next_id)
    return after, Warned(events, told)
