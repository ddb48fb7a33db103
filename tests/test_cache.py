"""An edited kernel is compiled anew, and so is every kernel that calls it; the others keep their machine code."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "tocsin"
FOLDERS = "from tocsin._cache import cache_folder as f; print(f('tocsin.kernels.{0}'), f('tocsin.kernels.{1}'))"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "tocsin", ignore=shutil.ignore_patterns("__pycache__"))
    kernels = tmp_path / "tocsin" / "kernels"
    head = "from tocsin.kernels.jit import kernel\n"
    (kernels / "inner_k.py").write_text(f"{head}@kernel\ndef inner(x):\n    return x + 1.0\n")
    (kernels / "outer_k.py").write_text(
        f"{head}from tocsin.kernels.inner_k import inner\n@kernel\ndef outer(x):\n    return 2.0 * inner(x)\n"
    )
    return tmp_path


def python(copy: Path, code: str) -> str:
    environment = {"PYTHONPATH": str(copy), "XDG_CACHE_HOME": str(copy / "cache"), "PATH": ""}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # byte code is stale by the second, and an edit here comes sooner
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def test_a_caller_in_another_module_sees_the_edit(copy: Path) -> None:
    call = "from tocsin.kernels.outer_k import outer; print(outer(3.0))"
    assert python(copy, call) == "8.0\n"
    inner = copy / "tocsin" / "kernels" / "inner_k.py"
    inner.write_text(inner.read_text().replace("1.0", "5.0"))
    assert python(copy, call) == "16.0\n"


def test_an_edit_moves_the_folders_that_it_reaches_only(copy: Path) -> None:
    before = python(copy, FOLDERS.format("outer_k", "atmosphere")).split()
    inner = copy / "tocsin" / "kernels" / "inner_k.py"
    inner.write_text(inner.read_text() + "\n# edited\n")
    after = python(copy, FOLDERS.format("outer_k", "atmosphere")).split()
    assert after[0] != before[0]
    assert after[1] == before[1]
