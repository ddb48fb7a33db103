"""The shares that the report prints, each with numerator, denominator and interval."""

from __future__ import annotations

from tocsin.records.identities import BALLISTIC, CLASSES
from tocsin.records.rates import Rate
from tocsin.records.run import RunRecord
from tocsin.report.model import Outcome, Track, WarningLine
from tocsin.report.shares import share

__all__ = ["rates"]

USEFUL_S = 8.0
"""Seconds within which a person in the open who hears a warning can lie down behind something solid; published alert
times of fixed C-RAM sites are of this order. The report counts warnings with at least this much time left."""


def _of_engagement(run: RunRecord, outcomes: tuple[Outcome, ...]) -> tuple[Rate, ...]:
    asked = {request.request_id for request in run.requests}
    consented = {act.request_id for act in run.acts if act.act == "consent"} & asked
    engaged = {shot.track_id for shot in run.shots}
    told = [one for one in outcomes if one.track_id in engaged]
    intercepted = sum(one.verdict == "intercepted" for one in told)
    return (
        share("Engagement requests with consent", len(consented), len(asked)),
        share("Engaged tracks assessed as intercepted", intercepted, len(told)),
        share("Engaged tracks whose outcome is undecided", sum(one.verdict == "undecided" for one in told), len(told)),
    )


def rates(
    run: RunRecord, tracks: tuple[Track, ...], warnings: tuple[WarningLine, ...], outcomes: tuple[Outcome, ...]
) -> tuple[Rate, ...]:
    """One run is one draw: intervals say how little a single incident proves."""
    ballistic = [track for track in tracks if CLASSES.index(track.classification) in BALLISTIC]
    forecast = sum(track.first_forecast is not None for track in ballistic)
    timed = [line.seconds_left for line in warnings if line.seconds_left is not None]
    dismissed = {one.id for one in run.dismissals if one.subject == "track"}
    confirmed = {track.track_id for track in tracks}
    zones = {zone.zone_id for zone in run.site.zones}
    struck = {one.track_id for one in outcomes if one.verdict == "impacted"}
    warned = {track for line in warnings for track in line.track_ids}
    return (
        share("Zones warned", len({line.zone_id for line in warnings} & zones), len(zones)),
        share(f"Warnings raised with at least {USEFUL_S:g} s left", sum(s >= USEFUL_S for s in timed), len(warnings)),
        share("Tracks assessed as impacted that had caused a warning", len(struck & warned), len(struck)),
        share("Ballistic tracks with an impact forecast", forecast, len(ballistic)),
        share("Confirmed tracks dismissed by a rule", len(dismissed & confirmed), len(confirmed)),
        share("Assessed tracks with a decided outcome", sum(o.verdict != "undecided" for o in outcomes), len(outcomes)),
        *(_of_engagement(run, outcomes) if run.exercise else ()),
    )
