"""In the rocket's scenario both published outcomes occur, and each modelled cause, made ideal, stops deciding.

A small seeded sample; `tocsin.study.outcomes.outcome_rates` counts over as many seeds as are asked for.
"""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from tocsin.errors import BadScenario
from tocsin.formats.scenarios import load_builtin
from tocsin.records.scenario import CAUSES, Scenario
from tocsin.score.causes import Cause
from tocsin.study.outcomes import idealised, outcome_rates, raid_outcome

SEEDS = (1, 2, 3, 4, 5, 10, 11, 12)


def dim(scenario: Scenario) -> Scenario:
    """The same with radars that see a twenty-fifth as far."""
    sensors = tuple(msgspec.structs.replace(s, reference_range_m=s.reference_range_m / 25) for s in scenario.sensors)
    return msgspec.structs.replace(scenario, sensors=sensors)


@cache
def rocket(seed: int, ideal: str = "", dimmed: bool = False) -> Cause:
    scenario = load_builtin("bdsc-2021")
    scenario = dim(scenario) if dimmed else scenario
    (cause,) = raid_outcome(idealised(scenario, (ideal,) if ideal else ()), seed).causes
    return cause


def decided_by(name: str) -> list[int]:
    return [seed for seed in SEEDS if rocket(seed).cause == name]


def test_both_published_outcomes_occur() -> None:
    outcomes = [rocket(seed).outcome for seed in SEEDS]
    assert {"intercepted", "impacted"} <= set(outcomes)
    assert all(cause.why for cause in map(rocket, SEEDS))


@pytest.mark.parametrize("name", ["consent", "geometry", "dispersion"])
def test_a_cause_that_decided_decides_no_more_when_it_is_ideal(name: str) -> None:
    """Of raids that it let through it lets none through, and bursts are fired or hit that were not before."""
    seeds = decided_by(name)
    assert seeds, "no seed of the sample was decided by this cause: choose others"
    changed = [rocket(seed, name) for seed in seeds]
    assert name not in {cause.cause for cause in changed}
    assert all(cause.bursts > 0 for cause in changed)


def test_a_burst_without_dispersion_intercepts_what_it_missed() -> None:
    assert {rocket(seed, "dispersion").outcome for seed in decided_by("dispersion")} == {"intercepted"}


def test_ideal_detection_undoes_dim_radars() -> None:
    seeds = (5, 8)
    dimmed = [rocket(seed, dimmed=True) for seed in seeds]
    clear = [rocket(seed, "detection", dimmed=True) for seed in seeds]
    assert "detection" in {cause.cause for cause in dimmed}
    assert "detection" not in {cause.cause for cause in clear}
    assert sum(cause.bursts for cause in clear) > sum(cause.bursts for cause in dimmed)


@pytest.mark.parametrize("name", CAUSES)
def test_each_ideal_cause_lets_no_drone_through(name: str) -> None:
    """Ain al-Asad: what an ideal cause decided before, something else decides, or the drone is intercepted.

    A cause made ideal is never what lets a drone through, but for detection, which can still come too late when a
    drone is first in sight behind a rise.
    """
    rates = outcome_rates(load_builtin("ain-al-asad-2021"), range(300, 304), (name,))
    decided = {share.name: share.numerator for share in rates.decided_by}
    assert decided[name] <= (1 if name == "detection" else 0)
    assert sum(decided.values()) == 8


def test_rates_have_denominators_and_intervals() -> None:
    rates = outcome_rates(load_builtin("bdsc-2021"), (3, 5))
    assert rates.seeds == (3, 5)
    assert rates.intercepted.denominator == rates.impacted.denominator == 2
    assert sum(share.numerator for share in rates.decided_by) == 2
    assert 0.0 <= rates.intercepted.low <= 0.5 <= rates.impacted.high <= 1.0


def test_an_unknown_cause_is_refused() -> None:
    with pytest.raises(BadScenario, match="luck"):
        idealised(load_builtin("bdsc-2021"), ("luck",))
    assert idealised(load_builtin("bdsc-2021"), CAUSES).engagement.ideal == CAUSES
