"""The reliability diagram of identification, of looks that are made up."""

from __future__ import annotations

from xml.etree import ElementTree

from tools.diagram import reliability_diagram

from tocsin.records.identities import CLASSES
from tocsin.study.calibration import Look, RaidLooks, judge


def made_up(claimed: float, true_share: float, looks: int = 2000) -> RaidLooks:
    """Looks that claim a bird with one probability, of which a share are birds and the rest multirotors."""
    probability = tuple(claimed if c == 4 else 1.0 - claimed if c == 3 else 0.0 for c in range(len(CLASSES)))
    kinds = [4 if k < true_share * looks else 3 for k in range(looks)]
    return RaidLooks("common", 0, tuple(Look(10.0, kind, probability) for kind in kinds), looks, 0, 0)


def test_the_diagram_is_the_same_each_time_and_shows_every_bin() -> None:
    families = [judge([made_up(0.8, 0.7)]), judge([made_up(0.6, 0.6)])]
    text = reliability_diagram(families, "10 s")
    assert text == reliability_diagram(families, "10 s")
    root = ElementTree.fromstring(text)
    dots = [e for e in root.iter("{http://www.w3.org/2000/svg}circle") if e.get("r") == "3"]
    assert len(dots) == 4  # one bin of each family in each panel
