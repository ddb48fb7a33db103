"""Every example in README and docs is run, and what it prints is compared with what the page says.

A fenced `console` block holds commands after `$ ` and, below each, its output, where `...` stands for anything. A
fenced `python` block runs in turn, in the same folder. The blocks of a page share one folder.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def examples(page: Path) -> list[tuple[str, str, str]]:
    """(language, code, expected output) of each example on a page, in order."""
    found = []
    for language, body in BLOCK.findall(page.read_text()):
        if language == "python":
            found.append((language, body, ""))
            continue
        for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            while command.endswith("\\"):
                more, _, expected = expected.partition("\n")
                command = command[:-1] + more.strip()
            found.append((language, command, expected))
    return found


def run(language: str, code: str, folder: Path) -> str:
    search = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-c", code] if language == "python" else ["sh", "-c", code]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": search, "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0 or f"exit {done.returncode}" in code, f"{code}\n{done.stdout}{done.stderr}"
    return done.stdout


def squeeze(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines() if line.strip()) + "\n"


@pytest.mark.parametrize("page", [p for p in PAGES if examples(p)], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_examples_do_what_the_page_says(page: Path, tmp_path: Path) -> None:
    check = doctest.OutputChecker().check_output
    for language, code, expected in examples(page):
        printed = run(language, code, tmp_path)
        if expected.strip():
            assert check(squeeze(expected), squeeze(printed), doctest.ELLIPSIS), (
                f"{code}\n--- the page says\n{expected}\n--- it printed\n{printed}"
            )


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    dead = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert dead == []
