"""The accuracy page shows what the proofs in git say, and they say what is claimed of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tools.figures import FIGURES, drawn

ROOT = Path(__file__).parents[2]


def result(name: str) -> Any:
    return json.loads((ROOT / "proofs" / f"{name}.json").read_text())["result"]


@pytest.mark.parametrize("name", FIGURES)
def test_the_page_shows_what_the_proofs_say(name: str) -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text()
    assert f"accuracy/{name}.svg" in page
    assert re.search(rf"make prove TARGET={name}\b", page), "each figure tells what makes it"
    figure = ROOT / "docs" / "accuracy" / f"{name}.svg"
    assert figure.read_text(encoding="utf-8") == drawn(name, ROOT / "proofs")
    assert figure.stat().st_size < 40_000


def test_cost_grows_with_the_number_of_targets_and_no_faster() -> None:
    studies = {study["family"]: study for study in result("tracking-scaling")["studies"]}
    assert set(studies) == {"density", "scaled"}
    for study in studies.values():
        assert [cost["targets"] for cost in study["costs"]][:: len(study["costs"]) - 1] == [200, 20_000]
        assert study["track"]["value"] <= 1.1


def test_peers_were_run_and_are_slower_and_no_better() -> None:
    scenes = [scene for scene in result("tracking-peers")["scenes"] if not scene["range_rate"]]
    assert {scene["scene"] for scene in scenes} == {"uas-1000", "ballistic-20", "mixed"}
    for scene in scenes:
        found = {tracker["tracker"]: tracker for tracker in scene["trackers"]}
        assert set(found) == {"tocsin", "stonesoup", "norfair", "oracle"}
        assert [absent["tracker"] for absent in scene["absent"]] == ["pyrecest"], "a thousand drones take it minutes"
        for name in ("stonesoup", "norfair"):
            assert found[name]["gospa_ratio"]["median"] < 1.0
