"""Law 1: the import contracts hold, and each of them fails when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]

BREAKS = {
    "siblings": ("src/tocsin/track/__init__.py", "import tocsin.sense"),
    "stages": ("src/tocsin/assess/__init__.py", "import tocsin.world"),
    "records": ("src/tocsin/records/site.py", "import tocsin.frames"),
    "kernels": ("src/tocsin/kernels/jit.py", "import tocsin.errors"),
    "live-side": ("src/tocsin/pipeline.py", "import tocsin.engage"),
    "world": ("src/tocsin/world/__init__.py", "import tocsin.kernels.ballistics"),
    "judge": ("src/tocsin/score/__init__.py", "import tocsin.track"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        LINT,
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_contracts_hold(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("contract", BREAKS)
def test_contract_fails_when_broken(copy: Path, contract: str) -> None:
    path, line = BREAKS[contract]
    target = copy / path
    text = target.read_text()
    target.write_text(text + f"\n{line}\n")
    try:
        result = lint(copy)
    finally:
        target.write_text(text)
    name = next(
        row.split("=", 1)[1].strip()
        for row in (ROOT / ".importlinter").read_text().split(f"contract:{contract}]")[1].splitlines()
        if row.startswith("name")
    )
    assert result.returncode != 0
    assert f"{name} BROKEN" in result.stdout
