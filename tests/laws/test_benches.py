"""Scenes, benches, studies and tools rest on each other in this order, and nothing but the bench commands on them."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import tocsin

PACKAGE = Path(tocsin.__file__).parent
BENCHES = {"tocsin.study", "tocsin.bench", "tocsin.scenes", "tools"}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {".".join(name.split(".")[: 2 if name.startswith("tocsin") else 1]) for name in found}


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in ("study", "bench")],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_only_the_bench_commands_and_the_benches_import_them(path: Path) -> None:
    name = path.relative_to(PACKAGE).as_posix()
    own = {"tocsin.scenes"} if name.startswith("scenes/") else set()
    allowed = {"tocsin.bench", "tocsin.scenes"} if name.startswith("cli/bench_") else own
    assert imported(path) & BENCHES <= allowed


def test_the_check_sees_an_import_in_every_form(tmp_path: Path) -> None:
    for line in ("import tocsin.study.raid", "from tocsin.study import campaign", "from tocsin import study"):
        (tmp_path / "bad.py").write_text(f"def f():\n    {line}\n")
        assert "tocsin.study" in imported(tmp_path / "bad.py")


@pytest.mark.parametrize("path", sorted((PACKAGE / "scenes").rglob("*.py")), ids=lambda path: path.stem)
def test_scenes_know_no_stage_and_nothing_that_measures(path: Path) -> None:
    stages = {f"tocsin.{name}" for name in ("sense", "track", "identify", "forecast", "warn", "pipeline", "score")}
    assert not imported(path) & {*stages, "tocsin.bench", "tocsin.study", "tocsin.cli", "tools"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "bench").rglob("*.py")), ids=lambda path: path.stem)
def test_measuring_knows_neither_campaigns_nor_commands(path: Path) -> None:
    assert not imported(path) & {"tocsin.study", "tocsin.cli", "tools"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "study").rglob("*.py")), ids=lambda path: path.stem)
def test_studies_know_neither_commands_nor_tools(path: Path) -> None:
    assert not imported(path) & {"tocsin.cli", "tools"}


def test_tools_are_typed_and_not_shipped() -> None:
    settings = tomllib.loads((PACKAGE.parents[1] / "pyproject.toml").read_text())
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/tocsin"]
    assert {"tocsin", "tools"} <= set(settings["tool"]["mypy"]["packages"])
    assert not list((PACKAGE.parents[1] / "bench").rglob("*.py"))
