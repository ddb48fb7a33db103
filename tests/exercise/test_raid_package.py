"""The exercise wing stands on no study, and a raid's truth is told as the judge reads it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tocsin
from tocsin import exercise
from tocsin.exercise.causes import causes_of, holders
from tocsin.exercise.raid import first_seen_s, plan_of, play, truth_ends
from tocsin.formats.scenarios import load_builtin

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


@pytest.mark.parametrize("path", sorted((PACKAGE / "bench").rglob("*.py")), ids=lambda path: path.stem)
def test_measuring_knows_neither_campaigns_nor_commands(path: Path) -> None:
    assert not imported(path) & {"tocsin.study", "tocsin.cli", "tools"}


def test_a_raid_ends_as_its_truth_says() -> None:
    scenario = load_builtin("bdsc-2021")
    raid = play(scenario, 3)
    (end,) = [end for end in truth_ends(raid.truth) if end.hostile]
    (cause,) = causes_of(raid, holders(raid))
    assert (cause.object_id, cause.outcome) == (end.object_id, end.outcome)
    assert end.outcome in ("intercepted", "impacted")
    seen = first_seen_s(raid.truth, frozenset({end.object_id}))
    assert seen is not None
    assert end.start_t_s <= seen <= end.end_t_s
    assert first_seen_s(raid.truth, frozenset({"nobody"})) is None
    assert isinstance(raid.steps[0], exercise.Step)
    assert plan_of(scenario).site.zones
