"""What a fresh machine installs from: locks that pip takes, bounds that are tested, scripts that a shell can read."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
SCRIPTS = sorted((ROOT / "scripts").glob("*.sh"))
PIN = re.compile(r"^([a-z0-9-]+)(\[[a-z,]+\])?==([^ ;]+)( ; [^\\]+)? \\$")


def pins(lock: Path) -> dict[str, str]:
    return {m[1]: m[3] for line in lock.read_text().splitlines() if (m := PIN.match(line))}


def release(version: str) -> list[int]:
    parts = [int(part) for part in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_every_line_of_a_lock_is_a_pin_or_a_hash_and_names_no_address(lock: Path) -> None:
    for line in lock.read_text().splitlines():
        assert PIN.match(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), f"{lock.name}: {line}"


def test_the_test_lock_names_the_extra_that_pytest_cov_asks_for() -> None:
    assert re.search(r"^coverage\[toml\]==", (ROOT / "requirements/test.txt").read_text(), re.MULTILINE)


def test_the_lowest_lock_holds_exactly_the_lower_bounds_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    bounds = dict(wish.split(">=") for wish in project["dependencies"])
    lowest = pins(ROOT / "requirements/lowest.txt")
    assert {n: release(lowest[n]) for n in bounds} == {n: release(bound) for n, bound in bounds.items()}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_a_shell_can_read_every_script(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0


def test_no_script_asks_for_more_rights() -> None:
    for script in SCRIPTS:
        for line in script.read_text().splitlines():
            assert "sudo" not in line or line.lstrip().startswith("echo "), f"{script.name}: {line}"
