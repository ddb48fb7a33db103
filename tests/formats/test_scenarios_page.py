"""The reference page of the scenario format says what the types say, key by key."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from tocsin.errors import BadScenario
from tocsin.formats import scenarios
from tocsin.records import scenario as specs

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "scenario-format.md").read_text()
TABLES = dict(re.findall(r"<!-- (\w+) -->\n((?:\|.*\n)+)", PAGE))


def bare(kind: inspect.Type) -> inspect.Type:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def range_of(kind: inspect.Type) -> str:
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        (inner,) = (t for t in kind.types if not isinstance(bare(t), inspect.NoneType))
        return f"{range_of(inner)} or null"
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, inspect.FloatType | inspect.IntType):
        low = f"> {kind.gt:g}" if kind.gt is not None else f"≥ {kind.ge:g}" if kind.ge is not None else ""
        high = f"< {kind.lt:g}" if kind.lt is not None else f"≤ {kind.le:g}" if kind.le is not None else ""
        whole = "whole" if isinstance(kind, inspect.IntType) else ""
        return ", ".join(part for part in (whole, low, high) if part)
    if isinstance(kind, inspect.BoolType):
        return "true, false"
    if isinstance(kind, inspect.StrType):
        return "text"
    return "list" if isinstance(kind, inspect.VarTupleType | inspect.TupleType) else "mapping"


def default_of(field: inspect.Field) -> str:
    value = field.default
    if field.required:
        return "required"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float | int):
        return f"{value:g}"
    if isinstance(value, str):
        return value or "empty"
    if isinstance(value, tuple):
        return ", ".join(f"{v:g}" for v in value) or "none"
    return "{}" if value is msgspec.NODEFAULT else "its defaults"


@pytest.mark.parametrize("name", sorted(n for n in specs.__all__ if n.endswith("Spec") or n == "Scenario"))
def test_every_key_stands_on_the_page_with_its_default_and_range(name: str) -> None:
    kind = inspect.type_info(getattr(specs, name))
    assert isinstance(kind, inspect.StructType)
    written = [tuple(cell.strip() for cell in row.strip("|").split("|"))[:3] for row in TABLES[name].splitlines()[2:]]
    assert written == [(f"`{f.encode_name}`", default_of(f), range_of(f.type)) for f in kind.fields]


def test_the_pages_example_is_a_scenario() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert scenarios.parse(example).flyers[0].hostile


def test_the_pages_error_is_the_real_one() -> None:
    text = scenarios.builtin_text("lost-track").replace("    kind: fixed_wing", "    kinds: fixed_wing")
    with pytest.raises(BadScenario, match=r"flyers\[0\]\.kinds: unknown key 'kinds'; did you mean 'kind'\?"):
        scenarios.parse(text, file="raid.yaml")
    assert "flyers[0].kinds: unknown key 'kinds'; did you mean 'kind'?" in PAGE
