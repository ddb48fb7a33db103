"""Live warnings: raise, update, all-clear, each with its id, its reason and its prepared cancellation."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tocsin.records.warnings import WarningEvent, WarnSettings
from tocsin.warn.places import Places
from tocsin.warn.rule import Dangers, Verdict

__all__ = ["ELSEWHERE", "Live", "forget_settled", "step_warnings"]

ELSEWHERE = "goes_elsewhere"  # how the fate of a track ends that is still held and no longer endangers the zone
MOVED_S, MOVED_SHARE = 2.0, 0.1  # a change of the time left that people would act on: the larger of the two
UPDATE_EVERY_S = {"impact": 1.0}  # no zone is told more often, unless the cause changes; a round leaves no time to wait
UPDATE_EVERY_ELSE_S = 10.0  # what flies or was lost: a message every few seconds is one that nobody reads
SETTLED_KEPT = 32  # a warning may stand for days; what it rested on long ago is in the journal
BANDS = (0.0, 0.05, 0.2, 0.5, 0.9)  # classes of probability that are worth an update

_WORDS = {
    "impact": "a round comes down here or near",
    "reach": "something that flies and may be hostile can reach this zone",
    "lost_track": "something possibly hostile was lost and may come here",
    "sighting": "a person reported something hostile here or near",
}
_WAITS_FOR = {
    "impact": "the round is down, or is shown to come down elsewhere",
    "reach": "it is identified as harmless, leaves, or is down",
    "lost_track": "it is found again, an impact is reported, or its wreck is",
    "sighting": "the report is withdrawn or answered",
}


@dataclass(frozen=True, slots=True)
class Live:
    """One warning that stands."""

    warning_id: int
    zone: int
    cause: str
    probability: float  # as last sent
    expected_t_s: float  # as last sent
    sent_t_s: float
    tracks: tuple[int, ...]  # on which it has rested, ascending; of those that are gone the newest SETTLED_KEPT
    below_since_s: float  # NaN: harm is not improbable


def _band(probability: float) -> int:
    return int(np.searchsorted(BANDS, probability, side="right"))


def _event(places: Places, live: Live, now_s: float, action: str, cause: str, why: str) -> WarningEvent:
    left = max(live.expected_t_s - now_s, 0.0) if math.isfinite(live.expected_t_s) else math.nan
    name = places.zone_name[live.zone]
    waits = _WAITS_FOR.get(live.cause, "evidence closes it")
    cancellation = "" if action == "all_clear" else f"All clear for zone {name}. To be sent when {waits}."
    return WarningEvent(
        t_s=now_s,
        warning_id=live.warning_id,
        zone_id=places.zone_id[live.zone],
        action=action,
        probability=live.probability,
        expected_t_s=live.expected_t_s,
        seconds_left=left,
        track_ids=live.tracks,
        cause=cause,
        why=why,
        cancellation=cancellation,
    )


def _why(places: Places, live: Live, now_s: float) -> str:
    when = f", in about {max(live.expected_t_s - now_s, 0.0):.0f} s" if math.isfinite(live.expected_t_s) else ""
    name = places.zone_name[live.zone]
    return f"Zone {name}: {_WORDS[live.cause]}{when}; probability of harm {live.probability:.2f}."


def _contributors(settings: WarnSettings, dangers: Dangers, zone: int) -> tuple[int, ...]:
    named = dangers.probability[:, zone] >= settings.clear_probability
    return tuple(sorted({int(i) for i in dangers.track_id[named] if i > 0}))


def _now(settings: WarnSettings, dangers: Dangers, verdict: Verdict, live: Live) -> Live:
    """The warning with the present figures."""
    zone, leading = live.zone, int(verdict.leading[live.zone])
    tracks = tuple(sorted({*live.tracks, *_contributors(settings, dangers, zone)}))
    return replace(
        live,
        cause=dangers.cause[leading] if leading >= 0 else live.cause,
        probability=float(verdict.probability[zone]),
        expected_t_s=float(verdict.expected_t_s[zone]) if leading >= 0 else live.expected_t_s,
        tracks=tracks,
        below_since_s=math.nan,
    )


def _worth_telling(old: Live, new: Live, now_s: float) -> bool:
    if new.cause != old.cause:
        return True
    if now_s - old.sent_t_s < UPDATE_EVERY_S.get(new.cause, UPDATE_EVERY_ELSE_S):
        return False
    known, knew = math.isfinite(new.expected_t_s), math.isfinite(old.expected_t_s)
    left, before = max(new.expected_t_s - now_s, 0.0), max(old.expected_t_s - now_s, 0.0)
    moved = known != knew or (known and knew and abs(left - before) > max(MOVED_S, MOVED_SHARE * before))
    return moved or _band(new.probability) != _band(old.probability)


def forget_settled(live: dict[int, Live], pending: set[int]) -> dict[int, Live]:
    """The warnings without the older tracks that are not `pending`: neither held, nor in flight, nor a hazard."""
    result = {}
    for zone, warning in live.items():
        settled = [i for i in warning.tracks if i not in pending]
        old = set(settled[:-SETTLED_KEPT])
        result[zone] = replace(warning, tracks=tuple(i for i in warning.tracks if i not in old)) if old else warning
    return result


def _released(
    settings: WarnSettings, live: Live, rounds_due: dict[int, float], fates: dict[int, str], now_s: float
) -> bool:
    """Whether a warning whose harm is improbable may be cleared: not just before one of its rounds is down."""
    turned = any(fates.get(i, "").endswith(ELSEWHERE) and i not in rounds_due for i in live.tracks)
    if now_s - live.below_since_s < (settings.clear_after_reach_s if turned else settings.clear_after_s):
        return False
    due = [rounds_due[i] for i in live.tracks if i in rounds_due]
    return not any(now_s > t - settings.need_s for t in due)


def step_warnings(
    settings: WarnSettings,
    places: Places,
    live: dict[int, Live],
    next_id: int,
    dangers: Dangers,
    verdict: Verdict,
    rounds_due: dict[int, float],
    fates: dict[int, str],
    closing: str,
    now_s: float,
) -> tuple[dict[int, Live], int, tuple[WarningEvent, ...]]:
    """Warnings by zone after this scan, the next free id, and what is to be told.

    `rounds_due`: when each round in flight is due; `fates`: what became of each track on which a warning has rested;
    `closing`: evidence of this batch that closed a sighting.
    """
    result, events = dict(live), []
    for zone in sorted(set(live) | {int(z) for z in np.flatnonzero(verdict.warn)}):
        old = live.get(zone)
        if old is None:
            fresh = Live(next_id, zone, "", 0.0, math.nan, now_s, (), math.nan)
            new = _now(settings, dangers, verdict, fresh)
            next_id += 1
            result[zone] = new
            events.append(_event(places, new, now_s, "raise", new.cause, _why(places, new, now_s)))
        elif verdict.hold[zone]:
            new = _now(settings, dangers, verdict, old)
            if _worth_telling(old, new, now_s):
                result[zone] = replace(new, sent_t_s=now_s)
                events.append(_event(places, new, now_s, "update", new.cause, _why(places, new, now_s)))
            else:
                result[zone] = replace(old, tracks=new.tracks, below_since_s=math.nan)
        else:
            since = now_s if math.isnan(old.below_since_s) else old.below_since_s
            waiting = replace(old, below_since_s=since, probability=float(verdict.probability[zone]))
            result[zone] = replace(old, below_since_s=since)
            if _released(settings, waiting, rounds_due, fates, now_s):
                del result[zone]
                cause = _evidence(waiting, fates, closing)
                why = f"Zone {places.zone_name[zone]}: all clear; {cause.replace('_', ' ')}."
                events.append(_event(places, waiting, now_s, "all_clear", cause, why))
    return result, next_id, tuple(events)


def _evidence(live: Live, fates: dict[int, str], closing: str) -> str:
    """What closed a warning: the fate of the tracks on which it rested, or the answer to a sighting."""
    found = sorted({fates[i] for i in live.tracks if i in fates})
    if live.cause == "sighting" and closing:
        found.append(closing)
    return "; ".join(found) if found else "harm_improbable"
