"""Closed streams, readers that go, terminals without the characters: the commands do their work and say so."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.cli_cases import GOOD, detections, sensors

ENTRY = "import sys; from tocsin.cli import main; sys.exit(main())"
SOURCE = Path(__file__).parents[2] / "src"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A line of the shell in which `tocsin` is the command; its pipe status is that of the first part."""
    command = f'tocsin() {{ {shlex.quote(sys.executable)} -c {shlex.quote(ENTRY)} "$@"; }}; '
    given = {**os.environ, "PYTHONPATH": str(SOURCE), **environment}
    given.pop("TOCSIN_TRACEBACK", None)
    done = subprocess.run(
        ["bash", "-c", f"{command}{line}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        env=given,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"a fault of the program (" not in done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording of which one row is bad, so that the summary holds a times sign."""
    sensors(tmp_path)
    detections(tmp_path, GOOD, GOOD.replace("0,", "x,", 1))
    return tmp_path


TRACK = "tocsin track detections.csv --sensors sensors.csv --out out"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_run_with_closed_streams_leaves_its_files(folder: Path, closed: str) -> None:
    assert shell(f"{TRACK} {closed}", folder).returncode == 0
    assert (folder / "out" / "tracks.csv").read_bytes().startswith(b"t,")
    assert len((folder / "out" / "errors.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize("command", ["scenarios", "--help"])
@pytest.mark.parametrize("end", [">&-", "2>&-", ">&- 2>&-", "| head -1", "| true", "2>&1 | true"])
def test_what_only_prints_ends_well_without_a_reader(tmp_path: Path, command: str, end: str) -> None:
    done = shell(f"tocsin {command} {end}", tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("end", ["2>&-", ">&- 2>&-", "2>&1 | true"])
def test_misuse_keeps_its_code_when_nobody_can_be_told(folder: Path, end: str) -> None:
    assert shell(f"tocsin track missing.csv --sensors sensors.csv --out out {end}", folder).returncode == 2


def test_a_full_device_is_told(tmp_path: Path) -> None:
    done = shell("tocsin scenarios >/dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (2, b"tocsin: No space left on device\n")


@pytest.mark.parametrize("environment", [ASCII, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1:strict"}])
def test_a_terminal_without_the_characters_gets_escapes(folder: Path, environment: dict[str, str]) -> None:
    name = "\u0645\u2212\u00fc"  # Arabic, a minus sign, an umlaut
    line = TRACK.replace("--out out", f"--out {name}")
    done = shell(line, folder, **environment)
    assert done.returncode == 0, done.stderr
    assert (folder / name / "tracks.csv").exists()
    assert (b"1 \xd7 t: " if "latin-1" in str(environment) else b"1 \\u00d7 t: ") in done.stdout
    missing = shell(line.replace("detections", name), folder, **environment)
    assert missing.returncode == 2
    assert b"no such file" in missing.stderr
    told = json.loads(shell(f"{line} --json", folder, **environment).stdout.decode("latin-1"))
    assert told["errors"]["total"] == 1


@pytest.mark.parametrize("journal", ["", "--journal"])
def test_a_file_whose_name_the_locale_cannot_read_is_named_in_its_error_records(folder: Path, journal: str) -> None:
    name = "\u0645.csv"
    (folder / "detections.csv").rename(folder / name)
    line = TRACK.replace("detections.csv", name)
    done = shell(f"{line} {journal}", folder, **ASCII)
    assert done.returncode == 0, done.stderr
    (record,) = [json.loads(row) for row in (folder / "out" / "errors.jsonl").read_text().splitlines()]
    assert record["row"] == 2
    assert record["source"].endswith(".csv")
