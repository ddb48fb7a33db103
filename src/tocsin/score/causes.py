"""What decided: for each hostile object, which of the modelled causes let it through or ended it, in plain words.

The chain of an engagement is walked in its order: it must be seen, tracked and identified (detection), the rules and
the operator must agree (consent), an effector must reach it in time (geometry), and a burst must hit (dispersion). The
first link that broke is the cause; where bursts were fired at it, the last link is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tocsin.records.engagement import REFUSAL_RULES, EngagementRequest, OperatorAct, Refusal
from tocsin.records.truth import TruthEnd

__all__ = ["DECIDED", "BurstEffect", "Cause", "EngagementLog", "deciding_causes"]

DECIDED = ("detection", "rules", "consent", "geometry", "capacity", "dispersion", "intercepted", "left")
"""What can decide: the modelled causes, the rules and the supply beside them, and the two ends that need no excuse."""

CONSENT_SHARE = 0.5
"""When time ran out, consent decided if the operator took more than this share of the time since asking, else the late
detection did."""

_OF_RULE = {
    "rules_hold": ("rules", "the rules of engagement were hold"),
    "no_harm": ("rules", "no harm was expected of it"),
    "cooperative": ("rules", "it was taken for cooperative"),
    "lookalike": ("detection", "it could not be told from a cooperative track"),
    "probable_aircraft": ("detection", "it was taken for a crewed aircraft"),
    "not_hostile": ("detection", "it was not identified as hostile in time"),
    "no_consent": ("consent", "no consent came in time"),
    "refused": ("consent", "the operator refused"),
    "no_effector": ("capacity", "the site had no effector"),
    "magazine_empty": ("capacity", "the magazines were empty"),
    "magazine_kept": ("capacity", "the last rounds were kept for a shorter range that never came"),
    "effectors_busy": ("capacity", "every effector was engaged elsewhere"),
    "out_of_range": ("geometry", "it never came within reach of an effector that was free to fire"),
    "safety_sector": ("geometry", "a safety sector lay in the line of fire"),
    "friendly_near_line": ("geometry", "a friend was near the line of fire"),
}


_LINK = {rule: place for place, rule in enumerate(REFUSAL_RULES)}
"""How far along the chain a rule stands: the furthest that an object's tracks came to is where it broke."""


class BurstEffect(Protocol):
    """What the judge reads of the world's record of a burst."""

    @property
    def t_s(self) -> float: ...
    @property
    def shot_id(self) -> int: ...
    @property
    def track_id(self) -> int: ...
    @property
    def target_id(self) -> str: ...
    @property
    def range_m(self) -> float: ...
    @property
    def burst_probability(self) -> float: ...
    @property
    def success(self) -> bool: ...
    @property
    def cause(self) -> str: ...


@dataclass(frozen=True, slots=True)
class EngagementLog:
    """What was journalled of the engagement, in order of time."""

    requests: tuple[EngagementRequest, ...]
    acts: tuple[OperatorAct, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """How one hostile object ended and what decided it."""

    object_id: str
    outcome: str  # of records.truth.TRUE_OUTCOMES
    cause: str  # of DECIDED
    why: str  # one sentence with the facts used
    bursts: int  # that were fired at it and arrived while it flew
    chance: float  # that none of these bursts would have hit, 1 without any


@dataclass(frozen=True, slots=True)
class _Story:
    end: TruthEnd
    first_plot_s: float  # NaN: no sensor ever gave a plot of it
    first_track_s: float  # NaN: no confirmed track ever held it
    effects: tuple[BurstEffect, ...]
    refusals: tuple[Refusal, ...]  # of its tracks, while it flew
    asked_s: float  # NaN: never
    answered_s: float  # NaN: never


def deciding_causes(
    ends: Sequence[TruthEnd],
    effects: Sequence[BurstEffect],
    log: EngagementLog,
    tracks_of: Mapping[str, Mapping[int, float]],
    first_plot_s: Mapping[str, float],
) -> tuple[Cause, ...]:
    """A Cause for each hostile object, in order of `ends`.

    `tracks_of`: for each object its tracks and when each first held it; `first_plot_s`: when a sensor first gave a plot
    of it. Both are truth joined to the record, so that only a judge has them.
    """
    return tuple(
        _decide(_story(end, effects, log, tracks_of.get(end.object_id, {}), first_plot_s))
        for end in ends
        if end.hostile
    )


def _story(
    end: TruthEnd,
    effects: Sequence[BurstEffect],
    log: EngagementLog,
    tracks: Mapping[int, float],
    first_plot_s: Mapping[str, float],
) -> _Story:
    own = tuple(e for e in effects if e.target_id == end.object_id or (not e.target_id and e.track_id in tracks))
    asked = {r.request_id: r.t_s for r in log.requests if r.track_id in tracks and r.t_s <= end.end_t_s}
    answered = [act.t_s for act in log.acts if act.request_id in asked]
    return _Story(
        end=end,
        first_plot_s=first_plot_s.get(end.object_id, math.nan),
        first_track_s=min(tracks.values(), default=math.nan),
        effects=tuple(e for e in own if e.cause != "already_down"),
        refusals=tuple(r for r in log.refusals if r.track_id in tracks and r.t_s <= end.end_t_s),
        asked_s=min(asked.values(), default=math.nan),
        answered_s=min(answered, default=math.nan),
    )


def _decide(story: _Story) -> Cause:
    end = story.end
    chance = math.prod(1.0 - effect.burst_probability for effect in story.effects)
    if end.outcome == "intercepted":
        hit = next((effect for effect in story.effects if effect.success), None)
        cause = "intercepted"
        where = "" if hit is None else f" at {hit.range_m:.0f} m, with a chance of {hit.burst_probability:.2f}"
        why = f"burst {len(story.effects)} of those fired at it hit{where}"
    elif end.outcome == "left":
        cause, why = "left", f"it was still flying at the end, {len(story.effects)} bursts had missed it"
    else:
        cause, why = _let_through(story, chance)
    return Cause(end.object_id, end.outcome, cause, why, len(story.effects), chance)


def _let_through(story: _Story, chance: float) -> tuple[str, str]:
    """Which link of the chain broke for an object that struck."""
    effects = story.effects
    missed = [effect for effect in effects if effect.cause == "dispersion"]
    if missed:
        return "dispersion", f"{len(missed)} bursts missed; that all of them would miss had a chance of {chance:.2f}"
    if any(effect.cause == "geometry" for effect in effects):
        return "geometry", f"it was out of reach when {len(effects)} bursts arrived"
    if effects:
        return "detection", f"its track was too far off for the effector to find it ({len(effects)} bursts)"
    if math.isnan(story.first_plot_s):
        return "detection", "no sensor ever detected it"
    left_s = story.end.end_t_s - story.first_track_s
    if math.isnan(left_s):
        seen_s = story.end.end_t_s - story.first_plot_s
        return "detection", f"it was first detected {seen_s:.0f} s before its end and never tracked"
    if not story.refusals:
        return "detection", f"it was tracked {left_s:.0f} s before its end, too late to be a candidate"
    rule = max(story.refusals, key=lambda refusal: (_LINK[refusal.rule], refusal.t_s)).rule
    if rule == "too_late":
        return _ran_out(story, left_s)
    cause, words = _OF_RULE[rule]
    return cause, f"{words} (tracked {left_s:.0f} s before its end, {_asked(story)})"


def _ran_out(story: _Story, left_s: float) -> tuple[str, str]:
    waited = min(story.answered_s, story.end.end_t_s) - story.asked_s
    if waited > CONSENT_SHARE * (story.end.end_t_s - story.asked_s):
        return "consent", f"consent took {waited:.0f} s, after which no burst could arrive in time"
    return "detection", f"it was tracked only {left_s:.0f} s before its end: no burst could arrive in time"


def _asked(story: _Story) -> str:
    if math.isnan(story.asked_s):
        return "no consent was asked"
    asked = f"consent asked {story.end.end_t_s - story.asked_s:.0f} s before"
    answered_s = story.answered_s - story.asked_s
    return f"{asked}, never answered" if math.isnan(answered_s) else f"{asked}, answered after {answered_s:.0f} s"
