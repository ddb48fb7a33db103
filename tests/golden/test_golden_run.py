"""A recorded run and its output are in git. Whoever changes the output sees it here, and says why in the commit.

To record it anew: `tocsin run tests/golden/rocket.yaml --effector none --seed 1 --out NEW`, then copy journal.jsonl,
events.jsonl, tracks.csv and impacts.csv of NEW to tests/golden/rocket/.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace as changed
from importlib import import_module
from pathlib import Path

import pytest

from tocsin.exercise.kinds import KINDS
from tocsin.journal import open_store
from tocsin.journal.fingerprint import fingerprint
from tocsin.session.replay import open_inputs
from tocsin.session.replay import replay as recompute

RECORDED = Path(__file__).parent / "rocket"


def replay(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "import sys; from tocsin.cli import main; sys.exit(main())", "replay", str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_recorded_run_is_still_what_comes_out() -> None:
    done = replay(RECORDED)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_comes_out_to_the_byte_where_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit of the code alone moves no digit: on the machine kind and with the libraries of the record, that is."""
    recorded, here = open_inputs(open_store(RECORDED), KINDS).made_by, fingerprint()
    if changed(recorded, code=here.code, release=here.release) != here:
        pytest.skip("recorded on another kind of machine or with other libraries")
    monkeypatch.setattr(import_module("tocsin.session.replay"), "fingerprint", lambda: recorded)
    assert recompute(RECORDED, kinds=KINDS).comparison == "bytes"


def test_a_different_number_in_the_record_is_seen(tmp_path: Path) -> None:
    copy = shutil.copytree(RECORDED, tmp_path / "rocket")
    tracks = copy / "tracks.csv"
    lines = tracks.read_text().splitlines()
    fields = lines[5].split(",")
    fields[2] = str(float(fields[2]) + 1.0)
    lines[5] = ",".join(fields)
    tracks.write_text("\n".join(lines) + "\n")
    done = replay(copy)
    assert done.returncode == 3
    assert "tracks.csv" in done.stdout + done.stderr
