"""Law 11: nothing that reaches an event goes through a BLAS, and the fingerprint covers all code that reaches one."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin import _sources

PACKAGE = _sources.PACKAGE
ROOTS = (
    "tocsin.pipeline",
    "tocsin.assess",
    "tocsin.exercise",
    "tocsin.world.world",
    "tocsin.journal",
    "tocsin.formats.outputs",
    "tocsin.formats.scenarios",
    "tocsin.formats.reports",
    "tocsin.tracker",
)
"""Where the making, the recording and the judging of events begin."""

PRODUCTS = {
    "convolve", "correlate", "corrcoef", "cov", "dot", "einsum", "einsum_path", "inner", "linalg", "lstsq", "matmul",
    "matrix_power", "matvec", "multi_dot", "multivariate_normal", "poly1d", "polyfit", "polynomial", "roots",
    "tensordot", "vdot", "vecdot", "vecmat",
}  # fmt: skip
"""Names in NumPy that end in a BLAS or LAPACK, for floats at least."""
METHODS = {"__matmul__", "dot", "linalg", "matmul", "multivariate_normal", "tensordot"}
"""Those that are one under any owner: an array, a generator, a module by another name."""

SCIPY = {"scipy.ndimage", "scipy.optimize", "scipy.special"}
SCIPY_NAMES = {"brentq", "chndtr", "distance_transform_edt", "linear_sum_assignment", "ndtr"}
"""What of SciPy was read and found to call neither."""


def products(tree: ast.AST) -> list[str]:
    """Every place in a module that may reach a BLAS or LAPACK, as `line: what`."""
    return [f"{line}: {what}" for line, what in _products(tree)]


def _products(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield node.lineno, "@"
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if owner != "frames" and node.attr in (PRODUCTS | METHODS if owner in {"np", "numpy"} else METHODS):
                yield node.lineno, f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, name) for name in _from(node.module, {name.name for name in node.names}))
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
            yield from (
                (node.lineno, name) for name in names if name.startswith(("scipy", "numpy.")) and name != "numpy.typing"
            )


def _from(module: str, names: set[str]) -> Iterator[str]:
    if module.split(".")[0] == "numpy" and module != "numpy.typing":
        yield from sorted(f"{module}.{name}" for name in names if {*module.split("."), name} & PRODUCTS)
    elif module.split(".")[0] == "scipy":
        yield from sorted(f"{module}.{name}" for name in names if module not in SCIPY or name not in SCIPY_NAMES)


def label(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


LAWFUL = [*_sources.event_sources(), *sorted((PACKAGE / "report").rglob("*.py"))]
"""The report shows events and must not differ where they do not."""


@pytest.mark.parametrize("path", LAWFUL, ids=label)
def test_no_event_goes_through_a_blas(path: Path) -> None:
    assert products(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "c = a @ b",
        "a @= b",
        "c = np.dot(a, b)",
        "c = a.dot(b)",
        "c = numpy.matmul(a, b)",
        "c = np.einsum('ij,j', a, b)",
        "c = np.linalg.norm(a)",
        "f = np.linalg",
        "f = reduce(np.dot, [a, b])",
        "c = np.inner(a, b) + np.tensordot(a, b)",
        "x = rng.multivariate_normal(m, s)",
        "from numpy import dot",
        "from numpy.linalg import solve",
        "from numpy import linalg as la",
        "import numpy.linalg",
        "import scipy.linalg",
        "from scipy import linalg",
        "from scipy.linalg import cho_factor",
        "from scipy.optimize import least_squares",
    ],
)
def test_a_planted_product_is_found(line: str) -> None:
    source = (PACKAGE / "pipeline.py").read_text(encoding="utf-8")
    assert products(ast.parse(source)) == []
    assert len(products(ast.parse(f"{source}\n\ndef planted():\n    {line}\n"))) >= 1


def test_sums_that_are_written_out_are_not_taken_for_products() -> None:
    text = (
        "from tocsin.frames import dot\nfrom scipy.special import ndtr\nc = dot(a, b) + frames.dot(a, b) + belief.cov"
    )
    assert products(ast.parse(text)) == []


def imported_files(path: Path) -> Iterator[Path]:
    """Files of the package that a file's import statements name, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            names = [name.name for name in node.names]
        for name in names:
            yield from files_of(name)


def files_of(module: str) -> Iterator[Path]:
    first, *names = module.split(".")
    if first == PACKAGE.name:
        for k in range(len(names) + 1):
            place = PACKAGE.joinpath(*names[:k])
            yield from (path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file())


def closure() -> set[Path]:
    found: set[Path] = set()
    left = [path for root in ROOTS for path in files_of(root)]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += imported_files(path)
    return found


def test_the_fingerprint_covers_all_that_the_makers_of_events_import() -> None:
    found = closure()
    assert {PACKAGE / "pipeline.py", PACKAGE / "kernels" / "imm.py", PACKAGE / "world" / "world.py"} <= found
    assert sorted(label(path) for path in found - set(_sources.event_sources())) == []


def test_the_fingerprint_covers_all_that_is_loaded() -> None:
    code = (
        f"import {', '.join(ROOTS)}, sys\n"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'tocsin'), sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300, encoding="utf-8"
    )
    loaded = {Path(line) for line in done.stdout.splitlines()}
    assert PACKAGE / "track" / "step.py" in loaded
    assert loaded - set(_sources.event_sources()) == set()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(PACKAGE, tmp_path / "tocsin", ignore=shutil.ignore_patterns("__pycache__"))


def hash_of(copy: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(_sources, "PACKAGE", copy)
    return _sources.code_hash.__wrapped__()


def test_an_edit_of_any_one_module_on_which_an_event_rests_changes_the_fingerprint(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {hash_of(copy, monkeypatch)}
    modules = sorted(label(path) for path in closure())
    for name in modules:
        path = copy / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n# edited\n")
        seen.add(hash_of(copy, monkeypatch))
        path.write_bytes(before)
    assert len(seen) == 1 + len(modules)


def test_an_edit_of_what_only_shows_leaves_the_fingerprint(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hash_of(copy, monkeypatch)
    for package in _sources.APART:
        path = copy / package / "__init__.py"
        path.write_bytes(path.read_bytes() + b"\n# edited\n")
    assert hash_of(copy, monkeypatch) == before
