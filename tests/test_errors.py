"""The error tree is what its drawing says, and messages name place and value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import errors


def test_drawing_and_classes_agree() -> None:
    assert errors.__doc__ is not None
    drawn = set(re.findall(r"^[│├└─ ]*([A-Z]\w+)", errors.__doc__, re.M)) - {"The"}
    assert drawn == set(errors.__all__) - {"visible"}
    assert all(issubclass(getattr(errors, name), errors.TocsinError) for name in drawn)


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


@given(st.text(st.characters(exclude_categories=())))
def test_what_a_stranger_wrote_is_shown_without_effect(text: str) -> None:
    for shown in (
        errors.visible(text),
        str(errors.BadInput(text, file=text, column=text, value=text)),
        str(errors.BadScenario(text, file=text, place=text)),
    ):
        assert shown.isprintable()
        shown.encode("utf-8")
    assert errors.visible(errors.visible(text)) == errors.visible(text)


def test_plain_words_in_any_script_are_shown_as_they_are() -> None:
    assert errors.visible("صافرة, Zürich, 東京 🛰 \\x1b") == "صافرة, Zürich, 東京 🛰 \\x1b"
    assert errors.visible("a\x1b[2J\u202eb\ud800") == "a\\x1b[2J\\u202eb\\ud800"


def test_a_long_value_is_cut_short() -> None:
    error = errors.BadInput("no", column="c" * 10**6, value="v" * 10**6)
    assert len(str(error)) < 500
    assert len(error.value) == 10**6
