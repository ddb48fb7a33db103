"""The reference pages name every command, option, file and column that there is."""

from __future__ import annotations

import re
from functools import reduce
from pathlib import Path

import pytest

from tocsin.cli.app import app
from tocsin.exercise.kinds import KINDS as RECORDS
from tocsin.formats import detections, outputs, reports
from tocsin.formats.tables import KINDS
from tocsin.records.sensors import SENSOR_KINDS
from tocsin.session.manifest import MANIFEST, RUN_FILES

PAGES = Path(__file__).parents[2] / "docs" / "reference"


def commands() -> list[tuple[str, ...]]:
    """Every command that does something by itself; those of a group with the group's name first."""
    names = [name for name in app if not name.startswith("-")]
    groups = [name for name in names if app[name].default_command is None]
    inside = [(group, name) for group in groups for name in app[group] if not name.startswith("-")]
    return [*((name,) for name in names if name not in groups), *inside]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_option_is_on_the_page(command: tuple[str, ...]) -> None:
    page = (PAGES / "cli.md").read_text()
    section = re.search(rf"^## `tocsin {' '.join(command)}.*?(?=^## |\Z)", page, re.M | re.S)
    assert section, f"no section on {command}"
    arguments = reduce(lambda group, name: group[name], command, app).assemble_argument_collection(
        parse_docstring=False
    )
    options = {name for argument in arguments for name in argument.names if re.match("--(?!no-)", name)}
    assert {name for name in options if name not in section.group()} == set()


def test_every_column_file_and_kind_is_on_the_page() -> None:
    page = (PAGES / "formats.md").read_text()
    columns = {*detections.REQUIRED, *(column.name for column in detections.NUMBERS), "t_arrival"}
    names = {f"`{name}`" for name in (*columns, *KINDS, *RECORDS, *RUN_FILES, MANIFEST, *SENSOR_KINDS)}
    names |= {",".join(c) for c in (outputs.TRACK_COLUMNS, outputs.IMPACT_COLUMNS, outputs.TRUTH_COLUMNS)}
    names.add(",".join(reports.REQUIRED))
    assert {name for name in names if name not in page} == set()
