"""Mutants: what is generated, that lists and arguments go stale loudly, and that known ones are killed in a copy."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

import pytest
from tools import mutate
from tools.mutants import (
    Mutant,
    StaleMutant,
    apply,
    find_argued,
    generate,
    is_other_program,
    read_argued,
    read_list,
)

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "tools" / "mutations"

CODE = '''"""Doc."""

__all__ = ["above"]
LIMIT = 10.0  # × a comment of two bytes
TINY = 1e-9


def above(x: float, y: float = 1.0) -> bool:
    """Whether."""
    if x < 0 and not y:
        raise ValueError(f"{x + 1} is not {y - 2}")
    return x + y >= max(LIMIT, 2 * y)
'''

TESTS = """from tocsin.warn.rule import above


def test_above():
    assert above(9.0, 1.0)
    assert not above(8.9, 1.0)


def test_slow():
    for _ in range(3):
        assert above(20.0, 1.0)
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A tree of one module with tests that hold it loosely."""
    files = {
        "src/tocsin/__init__.py": "",
        "src/tocsin/warn/__init__.py": "",
        "src/tocsin/warn/rule.py": CODE,
        "tests/warn/test_rule.py": TESTS,
        "pyproject.toml": "",
    }
    for name, text in files.items():
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).write_text(text)
    return tmp_path / "house"


def mutant(root: Path, old: str, new: str, name: str = "m") -> Mutant:
    source = (root / "src/tocsin/warn/rule.py").read_bytes()
    start = source.index(old.encode())
    stop = start + len(old.encode())
    return Mutant(name, "warn", "src/tocsin/warn/rule.py", 1, start, stop, new, old, new, ("tests/warn",), True)


def test_each_kind_of_change_is_made_once_and_is_another_program() -> None:
    source = CODE.encode()
    changes = {
        (source[m.start : m.stop].decode(), m.text) for m in generate(source, "rule.py", "warn", ("t",))
        if is_other_program(source, m)
    }  # fmt: skip
    assert changes == {
        ("10.0", "100.0"), ("10.0", "1.0"), ("1.0", "10.0"), ("1.0", "0.1"), ("<", "<="), ("<", ">="), ("0", "1"),
        ("and", "or"), ("not y", "(y)"), ("+", "-"), (">=", ">"), (">=", "<"), ("max", "min"), ("2", "3"), ("*", "/"),
        ("x + y >= max(LIMIT, 2 * y)", "not (x + y >= max(LIMIT, 2 * y))"),
    }  # fmt: skip


def test_a_mutant_changes_its_own_bytes_and_says_its_line_before_and_after() -> None:
    source = CODE.encode()
    (found,) = [m for m in generate(source, "rule.py", "warn", ()) if m.text == "min"]
    assert apply(source, found) == CODE.replace("max", "min").encode()
    assert (found.old, found.new) == ("return x + y >= max(LIMIT, 2 * y)", "return x + y >= min(LIMIT, 2 * y)")
    assert found.line == 12
    assert not is_other_program(source, mutant_of(found, "max"))


def mutant_of(found: Mutant, text: str) -> Mutant:
    """The same place with another text."""
    return Mutant(found.id, "warn", found.file, 1, found.start, found.stop, text, "", "", (), False)


def test_a_sample_is_drawn_by_its_seed_and_from_every_place_alike() -> None:
    first, again, other = (mutate.draw(ROOT, "warn", seed, 12) for seed in (1, 1, 2))
    assert first == again
    assert {m.id for m in first} != {m.id for m in other}
    assert len({(m.file, m.start, m.stop) for m in first}) == 12
    for found in first:
        ast.parse(apply((ROOT / found.file).read_bytes(), found))


def entry(**changed: object) -> dict[str, object]:
    made = {"id": "x", "file": "src/tocsin/warn/rule.py", "old": "max", "new": "min", "tests": ["tests/warn"]}
    return {**made, **changed}


@pytest.mark.parametrize(
    "stale",
    [
        {"old": "maximum"},  # gone
        {"old": "x"},  # several times
        {"file": "src/tocsin/warn/gone.py"},
        {"tests": ["tests/warn/test_gone.py"]},
        {"tests": []},
        {"new": "max"},
    ],
)
def test_a_listed_mutant_that_the_code_has_left_behind_is_an_error(house: Path, stale: dict[str, object]) -> None:
    path = house / "warn.json"
    path.write_text(json.dumps([entry()]))
    (good,) = read_list(path, house)
    assert (good.package, good.line, good.listed) == ("warn", 12, True)
    path.write_text(json.dumps([entry(), entry(**stale)]))
    with pytest.raises(StaleMutant, match=r"warn\.json"):
        read_list(path, house)


def test_an_argued_mutant_is_found_by_its_lines_and_goes_stale_with_them(house: Path) -> None:
    path = house / "equivalent.json"
    assert read_argued(path, house) == []
    line = "TINY = 1e-9"
    why = "nothing divides by what this is added to"
    path.write_text(json.dumps([{"file": "src/tocsin/warn/rule.py", "old": line, "new": "TINY = 1e-8", "why": why}]))
    argued = read_argued(path, house)
    made = Mutant("t", "warn", "src/tocsin/warn/rule.py", 5, 0, 1, "", line, "TINY = 1e-8", (), False)
    assert find_argued(made, argued) == argued[0]
    assert find_argued(Mutant("t", "warn", made.file, 5, 0, 1, "", line, "TINY = 1.0", (), False), argued) is None
    (house / made.file).write_text(CODE.replace("TINY", "SMALL"))
    with pytest.raises(StaleMutant, match="TINY"):
        read_argued(path, house)


def test_killed_surviving_and_endless_mutants_are_told_apart_and_the_copy_is_restored(house: Path) -> None:
    mutate._graph.cache_clear()
    mutants = [
        mutant(house, ">=", "<", "killed"),
        mutant(house, "x < 0", "x < 1", "survives"),
        mutant(house, "return", "nonsense is\n    return", "broken"),
        mutant(house, "return x", "while True: pass\n    return x", "endless"),
    ]
    folder = house.parent / "work"
    trees = mutate.Trees.made(house, folder, 1)
    outcomes = {m.id: trees.run(m, m.tests, 15.0, True)[0] for m in mutants}
    assert outcomes == {"killed": "killed", "survives": "survived", "broken": "killed", "endless": "timed_out"}
    assert (folder / "tree-0/src/tocsin/warn/rule.py").read_text() == CODE
    assert (house / "src/tocsin/warn/rule.py").read_text() == CODE


def test_what_is_known_is_not_run_again_until_code_or_tests_change(house: Path) -> None:
    folder, told = house.parent / "work", []  # type: ignore[var-annotated]
    mutants = [mutant(house, ">=", "<", "killed"), mutant(house, "x < 0", "x < 1", "survives")]

    def run(deadline: float) -> tuple[list[str], int]:
        outcomes, unrun = mutate.run_mutants(house, folder, mutants, deadline, told.append)
        return [o.outcome for o in outcomes], unrun

    assert run(time.monotonic() - 1.0) == ([], 2)
    assert run(time.monotonic() + 500.0) == (["killed", "survived"], 0)
    assert len(told) == 2
    store = folder / "outcomes.jsonl"
    store.write_text(store.read_text() + '["cut', encoding="utf-8")
    assert run(time.monotonic() - 1.0) == (["killed", "survived"], 0)
    assert len(told) == 2
    (house / "tests/warn/test_rule.py").write_text(TESTS + "\n")
    assert run(time.monotonic() - 1.0) == ([], 2)


def test_tests_that_fail_without_a_mutant_are_an_error(house: Path) -> None:
    (house / "tests/warn/test_rule.py").write_text("def test_wrong():\n    assert False\n")
    with pytest.raises(RuntimeError, match="without a mutant"):
        mutate.run_mutants(house, house.parent / "work", [mutant(house, "max", "min")], time.monotonic() + 60, print)


def outcome(name: str, what: str, listed: bool = False) -> mutate.Outcome:
    return mutate.Outcome(name, "warn", listed, "f.py", 1, "a", "b", what, 1.0)


def test_figures_have_denominators_and_the_floor_is_held_for_each_package() -> None:
    outcomes = [outcome(str(k), "killed") for k in range(16)] + [
        outcome("t", "timed_out"),
        *[outcome("s", "survived")] * 3,
    ]
    found = mutate.summary(outcomes, ["warn/a", "score/b"])["warn"]
    assert found["all"] == {"killed": 17, "total": 20, "low": 0.64, "high": 0.948, "timed_out": 1}  # Wilson, by hand
    assert found["argued_equivalent"] == 1
    assert mutate.fails(outcomes) == []
    assert mutate.fails([*outcomes, outcome("s", "survived")]) == ["warn: 17 of 21 killed, below 85%"]
    assert mutate.fails([*outcomes, outcome("L", "killed", True), outcome("M", "survived", True)])[0].startswith(
        "warn M"
    )


def test_every_package_has_tests_and_a_kernel_those_that_import_it() -> None:
    for path in (ROOT / "src/tocsin/kernels").glob("*.py"):
        if path.stem not in ("__init__", "jit"):
            assert mutate.tests_of(ROOT, path.relative_to(ROOT).as_posix()), path.stem
    assert mutate.tests_of(ROOT, "src/tocsin/kernels/zones.py")[0] == "tests/kernels/test_zones_mass.py"
    assert mutate.tests_of(ROOT, "src/tocsin/assess/judge.py") == ("tests/assess",)


def test_the_shipped_lists_stand_in_the_code() -> None:
    for path in sorted(LISTS.glob("*.json")):
        if path.stem == "equivalent":
            read_argued(path, ROOT)
        else:
            assert read_list(path, ROOT)


def test_three_known_mutants_are_killed(tmp_path: Path) -> None:
    listed = [m for name in ("assess", "kernels") for m in read_list(LISTS / f"{name}.json", ROOT)]
    chosen = [m for m in listed if m.id in ("A3", "K4", "K6")]
    trees = mutate.Trees.made(ROOT, tmp_path, 1)
    assert [trees.run(m, m.tests, 300.0, m.package == "assess")[0] for m in chosen] == ["killed"] * 3
