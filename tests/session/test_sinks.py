"""Sinks by name: rows go to a second place, and what cannot be opened is told before anything is left open."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.session.session_cases import PLAN, scans

from tocsin.errors import BadInput
from tocsin.formats.times import TimeBase
from tocsin.session import Session
from tocsin.session.files import FILES, Setting, open_files
from tocsin.session.sinks import SINKS, check_sinks, open_sinks

SETTING = Setting(PLAN, TimeBase())


def test_every_row_writes_what_the_file_of_that_name_holds(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    files = open_files(tmp_path / "run", FILES, SETTING)
    more = open_sinks([f"{name}:{tmp_path / name}" for name in SINKS], SETTING)
    with Session(PLAN, (*files.values(), *more)) as session:
        for _ in session.play(scans(40)):
            pass
    for file in FILES:
        assert (tmp_path / file.partition(".")[0]).read_bytes() == (tmp_path / "run" / file).read_bytes()
    assert (tmp_path / "tracks").read_bytes().count(b"\n") > 10


@pytest.mark.parametrize("asked", ["nothing:x", "tracks", "tracks:", ":x", ""])
def test_a_name_without_a_row_or_a_target_is_refused(asked: str) -> None:
    with pytest.raises(BadInput, match="--to"):
        check_sinks([asked])


def test_an_existing_file_is_refused_and_nothing_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(BadInput, match="a file lies here"):
        open_sinks([f"tracks:{tmp_path / 'a'}", f"errors:{tmp_path / 'b'}"], SETTING)
    assert (tmp_path / "b").read_text() == "mine"
