"""The proofs that are in git hold what is claimed of them. `make prove TARGET=NAME` makes one anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tocsin.formats.scenarios import builtin_names
from tocsin.records.scenario import CAUSES

PROOFS = Path(__file__).parents[2] / "proofs"


def result(name: str) -> Any:
    return json.loads((PROOFS / f"{name}.json").read_text())["result"]


def test_struck_zone_was_warned() -> None:
    study = result("bdsc-warning")
    assert len(study["seeds"]) >= 200
    assert study["zones"] >= 50
    assert study["warned"]["numerator"] >= 0.99 * study["warned"]["denominator"]
    assert study["median_zones_warned"] <= 3


@pytest.mark.parametrize("scenario", ["ain-al-asad-2021", "bdsc-2021"])
def test_each_cause_moves_the_outcomes(scenario: str) -> None:
    rates = {tuple(r["ideal"]): r for r in result("outcomes") if r["scenario"] == scenario}
    assert set(rates) == {(), *((cause,) for cause in CAUSES)}
    real = rates[()]
    assert real["raids_all_intercepted"]["numerator"] > 0
    assert real["raids_none_intercepted"]["numerator"] > 0
    decided = {r["name"]: r["numerator"] for r in real["decided_by"]}
    for cause in CAUSES:
        ideal = {r["name"]: r["numerator"] for r in rates[(cause,)]["decided_by"]}
        assert ideal[cause] == 0 or ideal[cause] < decided[cause] / 4
        if decided[cause]:
            assert rates[(cause,)]["intercepted"]["numerator"] > real["intercepted"]["numerator"]


def test_every_shipped_scenario_goes_on_from_any_batch_to_the_byte() -> None:
    rows = result("checkpoint")
    assert {row["scenario"] for row in rows} == set(builtin_names())
    for row in rows:
        assert row["resumed"] >= 50
        assert row["to_end"] >= 5
        assert row["compared"] > 1000
        assert row["same_bytes"] == row["same_state"] == row["resumed"]
