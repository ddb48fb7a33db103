"""Laws of the texts: nothing of the machine they were written on, no history in comments, no test that drops out."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TypeGuard

from law_tree import Finding, Tree, walk

MACHINE = re.compile(
    r"(?<![\w.:~/<{$-])/(?:work|workspace|root|mnt|Users|home/\w+|tmp/\w+)(?:/|\b)|/site-packages/|C:\\Users"
)
SIGNED = re.compile(r"\b(?:co-authored-by|generated (?:by|with)|written by an?)\b", re.I)
HISTORY = re.compile(
    r"\b(?:TODO|FIXME|XXX|HACK|formerly|previously|deprecated|legacy|obsolete|refactor\w*|renamed|superseded|"
    r"(?:was|were|been) (?:moved|replaced|removed|changed|added)|used to (?:be|do|have)|for now|in the past|"
    r"backwards? compat\w*|(?:old|new|earlier|previous) (?:way|code|name|version|implementation))\b",
    re.I,
)


def speaks_of_itself(tree: Tree) -> list[Finding]:
    """Paths of one machine, addresses of a package registry in a lock, and signatures of who made a text."""
    found = []
    for path, text in tree.texts.items():
        if path == "LICENSE" or path.startswith("tests/laws/law_text.py"):
            continue
        locked = path.startswith("requirements/")
        for number, line in enumerate(text.splitlines(), 1):
            if "/" in line and (place := MACHINE.search(line)):
                found.append(Finding(path, number, f"names the place {place[0]}"))
            if locked and "://" in line:
                found.append(Finding(path, number, "holds an address"))
            if ("-by" in line or "en by" in line or "ed " in line) and (signed := SIGNED.search(line)):
                found.append(Finding(path, number, f"says {signed[0]}"))
    return found


def comments_tell_no_history(tree: Tree) -> list[Finding]:
    """Comments that tell what the code was, or what is left to do."""
    found = []
    for path, text in tree.texts.items():
        if path.endswith(".py") and any("#" in line and HISTORY.search(line) for line in text.splitlines()):
            for token in tokenize.generate_tokens(io.StringIO(text).readline):
                if token.type == tokenize.COMMENT and (told := HISTORY.search(token.string)):
                    found.append(Finding(path, token.start[0], f"a comment says {told[0]}"))
    return found


def tests_collected(tree: Tree) -> list[Finding]:
    """Tests that no run collects: in a file of another name, behind a namesake, inside another, in a skipped file."""
    found: list[Finding] = []
    names: dict[str, str] = {}
    for path in sorted(p for p in tree.texts if p.startswith("tests/") and p.endswith(".py")):
        name, syntax = path.rpartition("/")[2], tree.parse(path)
        if name in names and "golden" not in path and name != "conftest.py":
            found.append(Finding(path, 1, f"has the name of {names[name]}"))
        names[name] = path
        top = [n for n in syntax.body if is_test(n)]
        if top and not name.startswith("test_"):
            found.append(Finding(path, top[0].lineno, "tests in a file that is not collected"))
        if name.startswith("test_") and not top and not any(isinstance(n, ast.ClassDef) for n in syntax.body):
            found.append(Finding(path, 1, "holds no test"))
        for node in walk(syntax):
            inner = [n for n in getattr(node, "body", ()) if is_test(n)] if isinstance(node, ast.FunctionDef) else []
            found += [Finding(path, n.lineno, f"{n.name} is inside a function") for n in inner]
        seen: set[str] = set()
        for test in top:
            if test.name in seen:
                found.append(Finding(path, test.lineno, f"{test.name} hides its namesake"))
            seen.add(test.name)
        found += [
            Finding(path, statement.lineno, "skips a whole file") for statement in syntax.body if skips(statement)
        ]
    return found


def skips(statement: ast.stmt) -> bool:
    """Whether a statement at the top of a test file leaves out all of it."""
    if isinstance(statement, ast.Assign):
        marked = "skip" in ast.unparse(statement.value) and ast.unparse(statement.targets[0]) == "pytestmark"
        return marked or ast.unparse(statement.targets[0]).startswith("collect_ignore")
    inside = walk(statement) if not isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Assign) else ()
    return any(isinstance(n, ast.Attribute) and n.attr in {"importorskip", "skip"} for n in inside)


def is_test(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def count_tests(tree: Tree) -> int:
    """Test functions, each counted once however many cases it runs over."""
    files = [p for p in tree.texts if re.match(r"tests/(?:.*/)?test_\w+\.py$", p)]
    return sum(is_test(node) for p in files for node in walk(tree.parse(p)))
