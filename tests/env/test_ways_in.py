"""What the pages and scripts say about setting up is true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tocsin

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
DIRECT = {
    re.split(r"[><=;\[]", line)[0]
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
}


def sh(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.skipif(not Path(sys.prefix, "bin", "activate").exists(), reason="these tests run outside an environment")
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/01-first-raid.md"])
def test_the_page_says_how_to_call_the_command(page: str, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    line = re.search(r"(\. \.venv/bin/activate)", (ROOT / page).read_text())
    assert line is not None
    done = sh(f"{line[1]} && command -v tocsin", tmp_path, PATH="/usr/bin:/bin")
    assert done.stdout == f"{sys.prefix}/bin/tocsin\n"


def fake_python(folder: Path, body: str) -> str:
    """A Python that says it is 3.12 and cannot make an environment."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_no_system_package_is_installed_unasked(tmp_path: Path) -> None:
    python = fake_python(tmp_path, 'case "$*" in *sys.exit*) exit 0;; *print*) echo 3.12;; *) exit 1;; esac')
    for tool in ("sudo", "apt-get"):
        (tmp_path / tool).write_text(f"#!/bin/sh\necho {tool} ran >> {tmp_path}/ran\n")
        (tmp_path / tool).chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    done = sh(f"sh {ROOT}/scripts/venv.sh", tmp_path, PYTHON=python, VENV=str(tmp_path / "v"), PATH=path)
    assert done.returncode == 1
    assert "sudo apt-get install python3.12-venv" in done.stderr
    assert not (tmp_path / "ran").exists()


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    python = fake_python(tmp_path, "exit 1")
    done = sh(f"sh {ROOT}/scripts/venv.sh", tmp_path, PYTHON=python, VENV=str(tmp_path / "v"), PATH="/usr/bin:/bin")
    assert done.returncode == 1
    assert f"{python} is no Python of 3.11 or later" in done.stderr


@pytest.mark.parametrize(("pip", "code"), [("exit 0", 0), ("exit 1", 1)], ids=["pip works", "pip fails too"])
def test_what_uv_said_is_shown_only_when_pip_fails_too(pip: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "src" / "tocsin").mkdir(parents=True)
    python = f'case "$*" in *-r*) {pip};; *purelib*) printf "{tmp_path}/link.pth\\n../src\\n";; esac'
    for name, body in {"uv": "echo alarming >&2; exit 2", "python": python}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    done = sh(f"sh {ROOT}/scripts/install.sh a.txt", tmp_path, BIN=str(tmp_path), PATH=os.environ["PATH"])
    assert done.returncode == code
    assert "pip does it" in done.stderr
    assert ("alarming" in done.stderr) == (code != 0)
    if code == 0:
        assert (tmp_path / "link.pth").read_text() == "../src\n"


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_holds_versions_and_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    for entry in text.replace("\\\n", " ").splitlines():
        assert re.match(r"[a-z0-9_.-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


@pytest.mark.parametrize("lock", [path for path in LOCKS if path.name != "installer.txt"], ids=lambda path: path.name)
def test_a_lock_holds_every_direct_dependency(lock: Path) -> None:
    locked = {re.split(r"[\[=]", line)[0] for line in lock.read_text().splitlines() if line[:1].isalpha()}
    assert locked >= DIRECT


def test_the_lowest_lock_holds_the_bounds_that_the_project_states() -> None:
    locked = (ROOT / "requirements" / "lowest.txt").read_text()
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        name, bound = re.split(">=|;", line)[:2]
        assert re.search(rf"^{re.escape(name)}=={re.escape(bound)}(\.0)*[ ;]", locked, re.M), line


def test_the_citation_names_this_version() -> None:
    assert f"version: {tocsin.__version__}\n" in (ROOT / "CITATION.cff").read_text()
