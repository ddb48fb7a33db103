"""Law 1 as `lint-imports` shows it: the contracts hold, each fails when broken, and no part is left out."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from law_house import CORE, PRIVATE
from law_tree import PACKAGE, read_tree

ROOT = Path(__file__).parents[2]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter", encoding="utf-8")

BREAKS = {
    "siblings": ("src/tocsin/track/__init__.py", "import tocsin.sense"),
    "stages": ("src/tocsin/assess/__init__.py", "import tocsin.tracker"),
    "records": ("src/tocsin/records/site.py", "import tocsin.frames"),
    "kernels": ("src/tocsin/kernels/jit.py", "import tocsin.errors"),
    "live-side": ("src/tocsin/pipeline.py", "import tocsin.engage"),
    "world": ("src/tocsin/world/__init__.py", "import tocsin.kernels.ballistics"),
    "judge": ("src/tocsin/score/__init__.py", "import tocsin.track"),
    "truth": ("src/tocsin/warn/__init__.py", "import tocsin.records.truth"),
    "exercise": ("src/tocsin/engage/__init__.py", "import tocsin.cli"),
}
ALLOWED = {"stages": CORE | PRIVATE, "records": {"records"} | PRIVATE, "kernels": {"kernels"} | PRIVATE}


def section(contract: str) -> configparser.SectionProxy:
    return CONTRACTS[f"importlinter:contract:{contract}"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        LINT,
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )


def copied(folder: Path) -> Path:
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc"))
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_contracts_hold(tmp_path: Path) -> None:
    result = lint(copied(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_contract_fails_when_it_is_broken(tmp_path: Path) -> None:
    assert {f"importlinter:contract:{name}" for name in BREAKS} == {
        s for s in CONTRACTS.sections() if ":contract:" in s
    }
    folder = copied(tmp_path)
    for path, line in BREAKS.values():
        with (folder / path).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    result = lint(folder)
    assert result.returncode != 0
    kept = [name for name in BREAKS if f"{section(name)['name']} BROKEN" not in result.stdout]
    assert kept == [], result.stdout + result.stderr


@pytest.mark.parametrize("contract", ALLOWED)
def test_a_contract_names_every_part_that_is_not_allowed(contract: str) -> None:
    named = set(section(contract)["forbidden_modules"].split()) | set(section(contract)["source_modules"].split())
    parts = set(read_tree(ROOT).parts) - ALLOWED[contract]
    assert {f"{PACKAGE}.{part}" for part in parts} - named == set()
