"""What decided, case by case, from a truth that is given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from tocsin.records.engagement import REFUSAL_RULES, EngagementRequest, OperatorAct, Refusal
from tocsin.records.truth import TruthEnd
from tocsin.score.causes import _OF_RULE, DECIDED, Cause, EngagementLog, deciding_causes

STRUCK = TruthEnd("drone-1", "fixed_wing", True, 0.0, 100.0, "impacted", (0.0, 0.0, 0.0))


@dataclass(frozen=True)
class Burst:
    t_s: float
    shot_id: int = 1
    track_id: int = 7
    target_id: str = "drone-1"
    range_m: float = 900.0
    burst_probability: float = 0.2
    success: bool = False
    cause: str = "dispersion"


@dataclass(frozen=True)
class Case:
    """What was journalled about track 7, which held drone-1 from 20 s on, and what the world knows of bursts."""

    rules: tuple[tuple[float, str], ...] = ()
    asked: float | None = None
    answered: float | None = None
    effects: tuple[Burst, ...] = ()
    plots: dict[str, float] = field(default_factory=lambda: {"drone-1": 15.0})
    tracks: dict[str, dict[int, float]] = field(default_factory=lambda: {"drone-1": {7: 20.0}})
    end: TruthEnd = STRUCK

    def decide(self) -> Cause:
        requests = () if self.asked is None else (EngagementRequest(self.asked, 1, 7, "gun", 1.0, 10.0),)
        acts = () if self.answered is None else (OperatorAct(self.answered, 1, "consent", ""),)
        refusals = tuple(Refusal(t_s, 7, "", rule, "") for t_s, rule in self.rules)
        log = EngagementLog(requests, acts, refusals)
        (cause,) = deciding_causes((self.end,), self.effects, log, self.tracks, self.plots)
        return cause


CASES = {
    "never detected": (Case(plots={}, tracks={}), "detection"),
    "never tracked": (Case(tracks={}), "detection"),
    "never a candidate": (Case(), "detection"),
    "not identified": (Case(rules=((20.0, "not_hostile"),)), "detection"),
    "operator absent": (Case(rules=((20.0, "not_hostile"), (30.0, "no_consent")), asked=30.0), "consent"),
    "operator refused": (Case(rules=((30.0, "no_consent"), (40.0, "refused"), (99.0, "no_harm"))), "consent"),
    "consent too late": (Case(rules=((30.0, "no_consent"), (90.0, "too_late")), asked=30.0, answered=90.0), "consent"),
    "seen too late": (Case(rules=((96.0, "no_consent"), (97.0, "too_late")), asked=96.0, answered=97.0), "detection"),
    "out of reach": (Case(rules=((30.0, "no_consent"), (40.0, "out_of_range")), asked=30.0, answered=40.0), "geometry"),
    "sector": (Case(rules=((50.0, "safety_sector"),)), "geometry"),
    "hold": (Case(rules=((20.0, "rules_hold"),)), "rules"),
    "no rounds": (Case(rules=((20.0, "magazine_empty"),)), "capacity"),
    "bursts missed": (Case(rules=((30.0, "no_consent"),), effects=(Burst(80.0), Burst(85.0))), "dispersion"),
    "bursts out of reach": (Case(effects=(Burst(80.0, cause="geometry", burst_probability=0.0),)), "geometry"),
    "track too far off": (Case(effects=(Burst(80.0, target_id="", cause="no_target"),)), "detection"),
    "hit": (
        Case(effects=(Burst(80.0), Burst(85.0, success=True)), end=replace(STRUCK, outcome="intercepted")),
        "intercepted",
    ),
    "flew away": (Case(end=replace(STRUCK, outcome="left")), "left"),
}


@pytest.mark.parametrize("name", CASES)
def test_cause(name: str) -> None:
    case, cause = CASES[name]
    found = case.decide()
    assert found.cause == cause, found.why
    assert found.cause in DECIDED
    assert found.why


def test_the_chance_is_that_of_all_bursts_missing() -> None:
    found = Case(effects=(Burst(80.0), Burst(85.0, burst_probability=0.5))).decide()
    assert found.bursts == 2
    assert found.chance == pytest.approx(0.8 * 0.5)


def test_bursts_at_what_was_already_down_are_not_counted() -> None:
    late = Burst(90.0, cause="already_down", burst_probability=0.0)
    assert Case(effects=(Burst(80.0), late)).decide().bursts == 1


def test_what_is_not_hostile_has_no_cause() -> None:
    assert deciding_causes((replace(STRUCK, hostile=False),), (), EngagementLog((), (), ()), {}, {}) == ()


def test_every_rule_of_refusal_has_a_cause() -> None:
    assert set(_OF_RULE) | {"too_late"} == set(REFUSAL_RULES)
