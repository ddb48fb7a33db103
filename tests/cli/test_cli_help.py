"""Help, exit codes and how soon help comes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from cli_cases import tocsin

from tocsin.cli.app import app

COMMANDS = ["run", "track", "replay", "report", "score", "scenarios", "bench"]


def test_these_are_the_commands() -> None:
    assert sorted(name for name in app if not name.startswith("-")) == sorted(COMMANDS)


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS), ["scenarios", "show"], ["bench", "impact"], ["bench", "tracking"]]
)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    result = tocsin(*command, "--help")
    assert result.code == 0
    assert result.out.startswith("Usage: tocsin")
    if command:
        assert "Example: tocsin " + " ".join(command) in result.out.replace("`", "")
    else:
        assert "Exit codes" in result.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["track"],
        ["track", "--nothing"],
        ["score", "a"],
        ["run", "--seed", "x", "bdsc-2021"],
        ["track", "a", "b"],
    ],
)
def test_misuse_is_exit_code_2(arguments: list[str]) -> None:
    assert tocsin(*arguments).code == 2


def test_help_imports_nothing_that_is_heavy() -> None:
    probe = (
        "import sys; from tocsin.cli import main; code = main(['track', '--help']);"
        "heavy = {'numba', 'numpy', 'scipy', 'pyarrow', 'rasterio', 'matplotlib'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    result = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr


def test_scenarios_are_listed_and_shown(tmp_path: object) -> None:
    listed = tocsin("scenarios")
    assert listed.code == 0
    assert "bdsc-2021" in listed.out
    assert "--effector" in listed.out
    shown = tocsin("scenarios", "show", "bdsc-2021")
    assert shown.out.startswith("#")
    assert "name: bdsc-2021" in shown.out
    unknown = tocsin("scenarios", "show", "bdsc-2022")
    assert (unknown.code, "did you mean 'bdsc-2021'?" in unknown.err) == (2, True)
