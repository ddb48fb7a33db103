"""The proof of the impact forecasts in git holds what is claimed of it; `make prove TARGET=impact` makes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PROOF = Path(__file__).parents[2] / "proofs" / "impact.json"


def studies() -> dict[str, Any]:
    return {study["run"]: study for study in json.loads(PROOF.read_text())["result"]["studies"]}


def share(rate: dict[str, Any]) -> float:
    return float(rate["numerator"] / rate["denominator"])


@pytest.mark.parametrize("run", ["clean, told so", "clean", "rough", "wind", "drag"])
def test_every_case_is_answered_in_time(run: str) -> None:
    study = studies()[run]
    assert study["cases"] == study["in_time"]["denominator"] >= 300
    assert study["in_time"]["numerator"] == study["cases"]
    assert study["slowest_first_s"] <= 2.5
    assert all(f["answered"]["numerator"] == study["cases"] for f in study["fractions"])


@pytest.mark.parametrize(("run", "limit"), [("clean, told so", 1.15), ("rough", 1.2)])
def test_errors_are_close_to_the_bound(run: str, limit: float) -> None:
    for f in studies()[run]["fractions"]:
        if f["fraction"] >= 0.4:
            assert f["ratio_low"] < f["ratio"] <= limit
            assert f["ratio"] > 0.85, "nobody beats the bound by more than chance"


@pytest.mark.parametrize(("run", "most"), [("clean, told so", 0.98), ("rough", 0.98), ("clean", 1.0)])
def test_ellipses_hold_what_they_claim(run: str, most: float) -> None:
    for f in studies()[run]["fractions"]:
        assert 0.91 <= share(f["inside_95"]) <= most
