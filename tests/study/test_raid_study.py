"""Seeded samples of the large proofs: warnings on `bdsc-2021`, outcomes of both raids of June 2021."""

from __future__ import annotations

import pytest

from tocsin.exercise.raid import plan_of, play
from tocsin.formats.scenarios import apply_variant, builtin_names, load_builtin
from tocsin.study.campaign import run_here
from tocsin.study.warning import WarnedRaid, summarise, warning_campaign

SAMPLE = range(500, 512)


@pytest.fixture(scope="module")
def raids() -> list[WarnedRaid]:
    scenario = apply_variant(load_builtin("bdsc-2021"), {"effector": "none"})
    site = plan_of(scenario).site
    corners = [corner for zone in site.zones for corner in zone.polygon_m]
    assert len(site.zones) >= 50
    assert all(max(c[axis] for c in corners) - min(c[axis] for c in corners) >= 10e3 for axis in (0, 1))
    return list(run_here(warning_campaign(scenario, SAMPLE)).of(scenario.name))


def test_struck_zone_is_warned_and_few_others(raids: list[WarnedRaid]) -> None:
    study = summarise(raids)
    assert study.due >= 10
    assert study.warned.numerator == study.warned.denominator
    assert study.median_zones_warned <= 3
    assert min(study.warning_s) > 5


def test_baselines_stand_beside_it(raids: list[WarnedRaid]) -> None:
    study = summarise(raids)
    assert study.everything_warned.numerator == study.due
    assert study.nothing_warned.numerator == 0
    assert study.everything_median_s is not None
    assert study.everything_median_s >= study.warning_s[len(study.warning_s) // 2]


def test_same_seed_same_raid() -> None:
    scenario = load_builtin("bdsc-2021")
    first, second = play(scenario, 3), play(scenario, 3)
    assert len(first.steps) == len(second.steps)
    for a, b in zip(first.steps, second.steps, strict=True):
        assert a.events.tracks.table.state.tobytes() == b.events.tracks.table.state.tobytes()
        assert a.events.warnings == b.events.warnings


@pytest.mark.parametrize("name", builtin_names())
def test_every_scenario_tells_its_source(name: str) -> None:
    scenario = load_builtin(name)
    assert scenario.source
    assert scenario.title
