"""`tocsin run`: a raid from the first plot to the report, and everything that it leaves."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_cases import Result, tocsin

from tocsin.session.manifest import MANIFEST, RUN_FILES

SCENARIO = "bdsc-2021"
WRITTEN = [name for name in RUN_FILES if not name.startswith(("journal.sqlite", "journal.snapshot"))]


@pytest.fixture(scope="module")
def raid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("raid") / "run"
    return tocsin("run", SCENARIO, "--seed", "4", "--out", out, "--effector", "present"), out


def test_a_raid_leaves_its_files(raid: tuple[Result, Path]) -> None:
    result, out = raid
    assert result.code == 0, result.err
    assert {path.name for path in out.iterdir()} == set(WRITTEN) | {MANIFEST}
    with (out / "truth.csv").open(newline="") as stream:
        truth = list(csv.DictReader(stream))
    with (out / "tracks.csv").open(newline="") as stream:
        tracks = list(csv.DictReader(stream))
    assert list(truth[0]) == ["t", "id", "x", "y", "z", "vx", "vy", "vz", "kind"]
    assert {row["t"] for row in tracks} <= {row["t"] for row in truth}, "a track's time is one of the truth's"
    assert json.loads((out / "report.json").read_text())
    page = (out / "report.html").read_text()
    assert not re.search(r"""(src|href)=["']https?:""", page), "the report is self-contained"


def test_the_timeline_is_in_local_time(raid: tuple[Result, Path]) -> None:
    lines = raid[0].out.splitlines()
    assert "Sunday 06 June 2021, local time (UTC+03:00)" in lines[1]
    timed = [line for line in lines if re.match(r"\d\d:\d\d:\d\d\.\d ", line)]
    assert len(timed) >= 3
    assert all(re.match(r"00:1[5-7]:\d\d\.\d \+03:00  \S", line) for line in timed)
    assert timed == sorted(timed)
    assert any("WARNING to" in line and "s left" in line for line in timed)
    assert any(re.search(r"\d{3}° [\d.]+ k?m", line) for line in timed)
    assert any(re.match("  rocket-1: (impacted; decided by|intercepted:)", line) for line in lines)


def test_a_raid_replays(raid: tuple[Result, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(raid[1], tmp_path / "copy"))
    first = tocsin("replay", copy, "--json")
    assert first.code == 0, first.err
    found = json.loads(first.out)
    assert (found["comparison"], found["finished"]) == ("bytes", True)
    assert f"Chain {found['chain']}" in raid[0].out
    assert json.loads((copy / "events.jsonl").read_text().splitlines()[-1])["kind"] == "assessment"
    for name in ("events.jsonl", "tracks.csv", "impacts.csv"):
        (copy / name).unlink()
    assert json.loads(tocsin("replay", copy, "--json").out)["chain"] == found["chain"]


def test_a_changed_shot_log_changes_the_assessment(raid: tuple[Result, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(raid[1], tmp_path / "copy"))
    text = (copy / "journal.jsonl").read_bytes()
    assert b'"kind":"engaged"' in text
    (copy / "journal.jsonl").write_bytes(text.replace(b'"kind":"engaged"', b'"kind":"engager"', 1))
    result = tocsin("replay", copy)
    assert result.code == 3
    assert re.search(r"journal\.jsonl, record \d+: its content does not fit its hash", result.err)


def test_the_report_can_be_written_again(raid: tuple[Result, Path], tmp_path: Path) -> None:
    result = tocsin("report", raid[1], "--out", tmp_path)
    assert result.code == 0, result.err
    for name in ("report.json", "report.html"):
        assert (tmp_path / name).read_bytes() == (raid[1] / name).read_bytes()


def test_a_raid_is_scored(raid: tuple[Result, Path]) -> None:
    result = tocsin("score", raid[1] / "truth.csv", raid[1] / "tracks.csv", "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert {"gospa_m", "gospa_loc", "gospa_missed", "gospa_false", "ospa_m", "siap", "completeness", "switches"} <= set(
        found
    )
    assert found["completeness"] > 0.3
    words = tocsin("score", raid[1] / "truth.csv", raid[1] / "tracks.csv")
    assert words.code == 0
    assert f"{'gospa_m':<26} {found['gospa_m']:.6g}" in words.out


def test_the_same_seed_is_the_same_raid(raid: tuple[Result, Path], tmp_path: Path) -> None:
    again = tocsin("run", SCENARIO, "--seed", "4", "--out", tmp_path / "again", "--effector", "present")
    assert again.out.replace(str(tmp_path / "again"), "") == raid[0].out.replace(str(raid[1]), "")
    for name in set(WRITTEN) - {"timing.json"}:
        assert (tmp_path / "again" / name).read_bytes() == (raid[1] / name).read_bytes(), name
    other = tocsin("run", SCENARIO, "--seed", "5", "--out", tmp_path / "other", "--effector", "none", "--json")
    assert json.loads(other.out)["chain"] not in raid[0].out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_run_that_is_stopped_leaves_a_readable_journal(tmp_path: Path, number: signal.Signals, code: int) -> None:
    # A shell without job control starts its background jobs with SIGINT ignored, and a child inherits that.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heed}; import sys; from tocsin.cli import main; sys.exit(main())"]
    out = tmp_path / "run"
    with subprocess.Popen(
        [*command, "run", "mixed-raid", "--out", str(out)], stderr=subprocess.PIPE, text=True
    ) as raid:
        journal = out / "journal.jsonl"
        until = time.monotonic() + 240
        while time.monotonic() < until and not (journal.is_file() and journal.read_bytes().count(b"\n") > 40):
            assert raid.poll() is None, "it ended before it could be stopped"
            time.sleep(0.05)
        raid.send_signal(number)
        _, told = raid.communicate(timeout=60)
    assert raid.returncode == code
    assert "Traceback" not in told
    found = json.loads(tocsin("replay", out, "--json").out)
    assert (found["comparison"], found["finished"]) == ("bytes", False)
    assert found["batches"] > 10


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("none-such",), "no built-in scenario"),
        (("none-such.yaml",), "cannot be read"),
        ((SCENARIO, "--effector", "many"), "no option 'many'"),
        (("ain-al-asad-2021", "--effector", "none"), "has no variant 'effector'"),
        ((SCENARIO, "--seed", "-1"), "not negative"),
    ],
)
def test_what_cannot_be_run_is_refused(tmp_path: Path, arguments: tuple[str, ...], problem: str) -> None:
    result = tocsin("run", *arguments, "--out", tmp_path / "out")
    assert (result.code, problem in result.err) == (2, True), result.err


def test_a_misspelt_key_is_named_with_its_line(tmp_path: Path) -> None:
    text = tocsin("scenarios", "show", SCENARIO).out
    line = next(k for k, row in enumerate(text.splitlines(), 1) if row.startswith("duration_s"))
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace("duration_s", "duraton_s", 1))
    result = tocsin("run", path, "--out", tmp_path / "out")
    assert result.code == 2
    assert f"mine.yaml, line {line}" in result.err
    assert "did you mean 'duration_s'?" in result.err
