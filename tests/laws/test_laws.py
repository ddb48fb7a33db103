"""The laws of the house: each check finds what is known, no more and no less, and each finds a planted breach."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from law_checks import BREAKS, CHECKS, ISSUE, KNOWN, WHOLE, Break
from law_text import count_tests
from law_tree import Finding, Tree, read_tree

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "why" / "architecture.md"
TESTS_AT_LEAST = 1150
UNCHECKED: set[int] = set()  # laws that no check keeps, exactly


@pytest.fixture(scope="module")
def tree() -> Tree:
    return read_tree(ROOT)


def verdict(found: list[Finding], known: Counter[str]) -> list[str]:
    """What is found and not known, with its place, and what is known and not found."""
    keys = Counter(finding.key for finding in found)
    fresh = [f"{f.file}:{f.line}: {f.said}" for f in sorted(found) if f.key in keys - known]
    return fresh + [f"mended, take it out of KNOWN: {key}" for key in known - keys]


@pytest.mark.parametrize("name", CHECKS)
def test_the_law_holds(tree: Tree, name: str) -> None:
    faults = verdict(CHECKS[name](tree), KNOWN.get(name, Counter()))
    assert not faults, "\n".join(faults)


def test_the_list_of_known_breaches_is_exact() -> None:
    one, two = Finding("a.py", 3, "imports b"), Finding("a.py", 9, "imports b")
    assert verdict([one], Counter([one.key])) == []
    assert verdict([], Counter([one.key])) == ["mended, take it out of KNOWN: a.py: imports b"]
    assert verdict([one, two], Counter([one.key])) == ["a.py:3: imports b", "a.py:9: imports b"]


@cache
def keys_before(check: str, tree: Tree) -> Counter[str]:
    return Counter(finding.key for finding in CHECKS[check](tree))


def seen(tree: Tree, broken: Break) -> list[str]:
    """What a check finds, with the breach planted, that it does not find without; as `file:line: what`."""
    for path, text in broken.beside.items():
        tree = tree if path in tree.texts else tree.planted(path, text)
    after = tree.planted(broken.path, broken.text(tree))
    if broken.check not in WHOLE:
        tree, after = tree.alone(broken.path), after.alone(broken.path)
    found = CHECKS[broken.check](after)
    fresh = Counter(f.key for f in found) - keys_before(broken.check, tree)
    return [f"{f.file}:{f.line}: {f.said}" for f in found if f.key in fresh]


@pytest.mark.parametrize("what", ISSUE)
def test_each_of_the_eight_breaks_that_once_passed_is_found_at_its_line(tree: Tree, what: str) -> None:
    broken = ISSUE[what]
    found = seen(tree, broken)
    place = f"{broken.path}:{broken.line(tree)}: "
    assert any(row.startswith(place) and broken.said in row for row in found), found


@pytest.mark.parametrize("broken", BREAKS, ids=lambda b: f"{b.check}: {b.said}")
def test_a_planted_breach_is_found_at_its_line(tree: Tree, broken: Break) -> None:
    found = seen(tree, broken)
    place = f"{broken.path}:{broken.line(tree)}: "
    assert any(row.startswith(place) and broken.said in row for row in found), found


def test_every_check_has_a_breach_that_it_was_seen_to_find() -> None:
    assert {broken.check for broken in BREAKS} == set(CHECKS)
    assert set(KNOWN) <= set(CHECKS)
    assert set(CHECKS) >= WHOLE


def test_the_number_of_tests_never_falls(tree: Tree) -> None:
    count = count_tests(tree)
    assert count >= TESTS_AT_LEAST, f"{count} tests where {TESTS_AT_LEAST} stood: tests were lost"
    assert 0.85 * count <= TESTS_AT_LEAST, f"{count} tests: raise the floor of {TESTS_AT_LEAST}"
    fewer = Tree({p: t for p, t in tree.texts.items() if not p.startswith(("tests/formats/", "tests/kernels/"))})
    assert count_tests(fewer) < TESTS_AT_LEAST


def test_kernels_are_covered_with_the_jit_off(tree: Tree) -> None:
    without_jit = re.findall(r"^NUMBA_DISABLE_JIT=1 .*", tree.texts["scripts/test.sh"], re.M)
    assert [line for line in without_jit if "--cov" in line and "tests/kernels" in line]


def laws() -> dict[int, list[str]]:
    """Number of each law on the page and what keeps it."""
    rows = re.findall(r"^\| (\d+) \| .* \| ([^|]*) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    return {int(number): re.findall(r"`([^`]+)`", kept) for number, kept in rows}


def test_every_law_on_the_page_names_what_keeps_it() -> None:
    assert sorted(laws()) == list(range(1, 16))
    assert {number for number, kept in laws().items() if not kept} == UNCHECKED
    assert [name for name in CHECKS if f"`{name}`" not in PAGE.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("number", range(1, 16))
def test_what_keeps_a_law_exists(tree: Tree, number: int) -> None:
    for name in laws()[number]:
        path, _, test = name.partition("::")
        if not test:
            assert name in CHECKS
        else:
            assert re.search(rf"^def {test}\(", tree.texts[f"tests/{path}"], re.M), name
