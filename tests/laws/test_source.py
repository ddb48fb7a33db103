"""Laws 2 and 7 and the house's measures, read off the source: no clock or file below the shell, kernel signatures."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "tocsin"
BELOW_THE_SHELL = (
    "assess",
    "engage",
    "forecast",
    "identify",
    "kernels",
    "records",
    "report",
    "score",
    "sense",
    "track",
    "warn",
    "world",
)
SIDE_EFFECTS = {
    "io",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
ALLOWED_IN_KERNELS = {"__future__", "collections.abc", "math", "numba", "numpy", "numpy.typing", "typing"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PACKAGE / folder).rglob("*.py"))


def label(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def side_effects(tree: ast.AST) -> list[str]:
    found = [name for name in imported(tree) if name.split(".")[0] in SIDE_EFFECTS]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            found.append("open()")
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            found.append(f".{node.attr}")
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node.value) in {"np.random", "numpy.random"}
            and node.attr not in {"Generator", "SeedSequence", "PCG64", "default_rng"}
        ):
            found.append(f"np.random.{node.attr}")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng") and not node.args:
            found.append("an unseeded default_rng()")
    return found


@pytest.mark.parametrize("path", sources(*BELOW_THE_SHELL), ids=label)
def test_no_clock_file_or_global_random_below_the_shell(path: Path) -> None:
    assert side_effects(ast.parse(path.read_text())) == []


def test_side_effects_are_seen() -> None:
    tree = ast.parse("import time\nopen('x')\nnp.random.normal()\ndatetime.now()\nnp.random.default_rng()")
    assert len(side_effects(tree)) == 5


@pytest.mark.parametrize("path", sources("kernels"), ids=label)
def test_kernels_import_arithmetic_only(path: Path) -> None:
    names = set(imported(ast.parse(path.read_text())))
    if path.name == "jit.py":
        names -= {"tocsin._cache"}  # where machine code is kept, not what it computes
    assert {n for n in names if n not in ALLOWED_IN_KERNELS and not n.startswith("tocsin.kernels")} == set()


def is_kernel(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "kernel" for d in node.decorator_list)


def root_name(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def signature_faults(function: ast.FunctionDef) -> list[str]:
    """Breaches of the grammar: defaults or varargs, inputs after outputs, a write to what is not an output."""
    arguments = function.args
    names = [a.arg for a in arguments.posonlyargs + arguments.args]
    faults = []
    if arguments.defaults or arguments.kwonlyargs or arguments.vararg or arguments.kwarg:
        faults.append("defaults or varargs")
    written = [name.endswith(("_out", "_io")) for name in names]
    if written != sorted(written):
        faults.append("an input after an output")
    inputs = {name for name, out in zip(names, written, strict=True) if not out}
    rebound: set[str] = set()
    for node in ast.walk(function):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        for target in targets:
            for leaf in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(leaf, ast.Name):
                    rebound.add(leaf.id)
                elif isinstance(leaf, ast.Subscript) and root_name(leaf) in inputs - rebound:
                    faults.append(f"writes its input {root_name(leaf)}")
    return faults


@pytest.mark.parametrize("path", sources("kernels", "world"), ids=label)
def test_kernel_signatures(path: Path) -> None:
    faults = {
        node.name: signature_faults(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and is_kernel(node)
    }
    assert {name: found for name, found in faults.items() if found} == {}


def test_signature_faults_are_seen() -> None:
    bad = "@kernel\ndef f(a_out, b, c=1):\n    b[0] = 1.0\n"
    function = ast.parse(bad).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert signature_faults(function) == ["defaults or varargs", "an input after an output", "writes its input b"]


@pytest.mark.parametrize("path", sources("."), ids=label)
def test_no_file_over_600_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 600


@pytest.mark.parametrize("path", sources("world"), ids=label)
def test_world_takes_no_physics_from_the_kernels(path: Path) -> None:
    names = {n for n in imported(ast.parse(path.read_text())) if n.startswith("tocsin.kernels")}
    assert names <= {"tocsin.kernels.jit", "tocsin.kernels.sampling"}
