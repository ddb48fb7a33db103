"""The error tree is what its drawing says, and messages name place and value."""

from __future__ import annotations

import re

import pytest

from tocsin import errors


def test_drawing_and_classes_agree() -> None:
    assert errors.__doc__ is not None
    drawn = set(re.findall(r"^[│├└─ ]*([A-Z]\w+)", errors.__doc__, re.M)) - {"The"}
    assert drawn == set(errors.__all__)
    assert all(issubclass(getattr(errors, name), errors.TocsinError) for name in errors.__all__)


def test_misuse_and_mishap_are_separate() -> None:
    assert not issubclass(errors.Misuse, errors.Mishap)
    assert issubclass(errors.BadInput, ValueError)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            errors.BadInput("not a number", file="d.csv", row=3, column="range_m", value="abc"),
            "d.csv, row 3, column range_m: not a number (value 'abc')",
        ),
        (errors.BadInput("no rows"), "no rows"),
        (errors.BadScenario("unknown key", file="s.yaml", line=4, place="site"), "s.yaml, line 4, site: unknown key"),
        (errors.ChainBroken("hash differs", file="journal.jsonl", record=7), "journal.jsonl, record 7: hash differs"),
        (errors.ReplayDiffers("t_s differs", file="events.jsonl", record=2), "events.jsonl, record 2: t_s differs"),
    ],
)
def test_messages_name_place_and_value(error: Exception, text: str) -> None:
    assert str(error) == text
