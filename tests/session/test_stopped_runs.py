"""Whatever stops a run, its folder says so, and every output can be made of it again."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.cli_cases import tocsin
from tests.session.run_cases import begun, files, recording
from tools.proofs.run_folder import trial

from tocsin.journal import STORES
from tocsin.session.folder import status_of
from tocsin.session.manifest import MANIFEST

FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))
"""


def stopped(run: subprocess.Popen[str], journal: Path, number: signal.Signals, lines: int = 20) -> tuple[int, str]:
    """Stop a run once its journal has so many lines; gives exit code and standard error."""
    with run:
        until = time.monotonic() + 200
        while time.monotonic() < until and not (journal.is_file() and journal.read_bytes().count(b"\n") > lines):
            assert run.poll() is None, "it ended before it could be stopped"
            time.sleep(0.02)
        run.send_signal(number)
        _, told = run.communicate(timeout=100)
    assert "Traceback" not in told
    return run.returncode, told


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    assert tocsin("run", "bdsc-2021", "--seed", "4", "--out", out).code == 0
    return out


@pytest.fixture(scope="module")
def terminated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    out = tmp_path_factory.mktemp("terminated") / "run"
    code, told = stopped(begun("run", "lost-track", "--out", out), out / "journal.jsonl", signal.SIGTERM)
    return out, code, told


def test_sigterm_leaves_a_folder_that_says_cut_and_a_report_that_says_cut_off(
    terminated: tuple[Path, int, str],
) -> None:
    out, code, told = terminated
    assert (code, "terminated" in told) == (143, True)
    assert status_of(out) == ("cut", "Terminated: stopped by SIGTERM")
    assert "Cut off" in (out / "report.html").read_text()
    assert (out / "truth.csv").read_bytes().count(b"\n") > 1
    result = tocsin("replay", out)
    assert (result.code, "The run was cut off: Terminated: stopped by SIGTERM." in result.out) == (0, True), result.err


def test_a_terminated_run_is_rebuilt(terminated: tuple[Path, int, str], tmp_path: Path) -> None:
    out = Path(shutil.copytree(terminated[0], tmp_path / "run"))
    before = files(out)
    result = tocsin("replay", out, "--rebuild")
    assert (result.code, "The run was cut off" in result.out) == (0, True), result.err
    assert status_of(out) == ("cut", "Terminated: stopped by SIGTERM")
    after = files(out)
    assert set(after) == set(before), "and nothing of the rebuild is left"
    told_anew = {MANIFEST, "report.html", "report.json"}
    for name in set(after) - told_anew:
        assert after[name].startswith(before[name]), f"{name}: at most the newest batch was not written out yet"
    assert tocsin("replay", out).code == 0


def test_a_run_whose_outputs_are_gone_is_rebuilt_to_the_byte(whole: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(whole, tmp_path / "run"))
    kept = {"journal.jsonl", MANIFEST, "truth.csv", "scenario.yaml", "timing.json"}
    for name in set(files(out)) - kept:
        (out / name).unlink()
    result = tocsin("replay", out, "--rebuild")
    assert (result.code, "The run had come to its end" in result.out) == (0, True), result.err
    assert files(out) == files(whole)
    assert tocsin("replay", out).code == 0


def test_a_rebuild_that_was_killed_is_no_change_by_anybody(whole: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(whole, tmp_path / "run"))
    data = json.loads((out / MANIFEST).read_text())
    files_ = {name: data["files"][name] if name == "truth.csv" else None for name in data["files"]}
    (out / MANIFEST).write_text(json.dumps(data | {"status": "running", "files": files_}))
    (out / ".rebuild").mkdir()
    shutil.copy(out / MANIFEST, out / ".rebuild")
    (out / "tracks.csv").replace(out / ".rebuild" / "tracks.csv")
    assert tocsin("replay", out).code == 0
    (out / "truth.csv").write_text("changed")
    assert tocsin("replay", out, "--rebuild").code == 0
    assert (out / "tracks.csv").read_bytes() == (whole / "tracks.csv").read_bytes()
    assert not (out / ".rebuild").exists()
    assert tocsin("replay", out).code == 3, "the mark of what no journal holds outlives the kill"


def test_a_rebuild_replaces_nothing_that_tocsin_did_not_write(whole: Path, tmp_path: Path) -> None:
    for name in ("journal.jsonl", "events.jsonl"):
        shutil.copy(whole / name, tmp_path)
    assert tocsin("replay", tmp_path).code == 0
    (tmp_path / "tracks.csv").write_text("my own tracks\n")
    before = files(tmp_path)
    result = tocsin("replay", tmp_path, "--rebuild")
    assert (result.code, "nothing here says that Tocsin wrote this file" in result.err) == (2, True)
    assert files(tmp_path) == before


def test_a_run_that_was_stopped_between_its_assessment_and_its_end_is_not_accused(whole: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(whole, tmp_path / "run"))
    lines = (out / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert b'"kind":"end"' in lines[-1]
    (out / "journal.jsonl").write_bytes(b"".join(lines[:-1]))
    data = json.loads((out / MANIFEST).read_text())
    (out / MANIFEST).write_text(json.dumps(data | {"status": "running", "files": dict.fromkeys(data["files"])}))
    result = tocsin("replay", out, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)["finished"] is False
    outputs = out / "events.jsonl"
    for text, changed in ((b"impacted", b"impacteD"), (b'"kind":"assessment"', b'"kind":"events"')):
        last = outputs.read_bytes().splitlines(keepends=True)
        outputs.write_bytes(b"".join(last[:-1]) + last[-1].replace(text, changed, 1))
        assert tocsin("replay", out).code == 3
        outputs.write_bytes(b"".join(last))


def test_a_full_disk_cuts_a_raid_and_its_report_says_so(tmp_path: Path) -> None:
    with begun("run", "bdsc-2021", "--out", tmp_path / "run", before=FULL) as run:
        _, told = run.communicate(timeout=200)
    assert (run.returncode, "File too large" in told, "Traceback" in told) == (2, True, False)
    state, problem = status_of(tmp_path / "run")
    assert (state, "File too large" in problem) == ("cut", True)
    assert "Cut off" in (tmp_path / "run" / "report.html").read_text()
    assert tocsin("replay", tmp_path / "run").code == 0
    assert tocsin("replay", tmp_path / "run", "--rebuild").code == 0


def test_a_full_disk_leaves_the_earlier_run(tmp_path: Path) -> None:
    command = (*recording(tmp_path, scans=60), "--out", tmp_path / "run", "--journal")
    assert tocsin(*command).code == 0
    before = files(tmp_path / "run")
    with begun(*command, before=FULL.replace("120_000", "30_000")) as run:
        _, told = run.communicate(timeout=200)
    assert (run.returncode, "File too large" in told, "Traceback" in told) == (2, True, False)
    inner = tmp_path / "run" / "unfinished"
    assert status_of(inner)[0] == "cut"
    shutil.rmtree(inner)
    assert files(tmp_path / "run") == before


@pytest.mark.parametrize(("command", "seed"), [("run", 1), ("track", 2)])
@pytest.mark.parametrize("store", STORES)
def test_a_killed_run_leaves_every_record_and_every_file(command: str, store: str, seed: int) -> None:
    (found,) = trial(f"kill {command} {store}", seed)
    assert found.exit_code == -signal.SIGKILL
    assert (found.foreign_touched, found.stateless, found.earlier_lost, found.unreadable) == (0, 0, 0, 0)
    assert (found.accused, found.rebuild_failed) == ("", "")
    assert found.rebuilt == (found.complete >= 3)
