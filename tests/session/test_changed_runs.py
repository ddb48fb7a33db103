"""A changed byte in any file of a run is found by `replay`, and a run is held against a head that is known."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from tests.cli.cli_cases import tocsin
from tests.session.run_cases import recording

FILES = ("report.html", "report.json", "truth.csv", "reports.csv", "scenario.yaml", "registration.csv", "timing.json")


@pytest.fixture(scope="module")
def raid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("raid") / "run"
    assert tocsin("run", "bdsc-2021", "--seed", "4", "--out", out).code == 0
    return out


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of one scan with rows that cannot be read, so that errors.jsonl holds something."""
    home = tmp_path_factory.mktemp("tracked")
    command = recording(home, scans=2)
    with (home / "detections.csv").open("a") as stream:
        stream.write("1,radar-1,far away,90,3,10,0.15,0.15\n")
    assert tocsin(*command, "--out", home / "run", "--journal").code == 0
    return home / "run"


def changed_bytes() -> list[tuple[str, int]]:
    """40 places, five in each file."""
    draw = random.Random(9)
    return [(name, draw.randrange(1 << 30)) for name in (*FILES, "errors.jsonl") for _ in range(5)]


def test_each_of_forty_changed_bytes_is_found(raid: Path, tracked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest is held against the files after the events are; the events are recomputed for one of each file."""
    seen = set()
    for name, place in changed_bytes():
        run = tracked if name == "errors.jsonl" else raid
        whole = (run / name).read_bytes()
        assert whole, f"{name} holds something to change"
        at = place % len(whole)
        (run / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        if name in seen:
            from tocsin.errors import ReplayDiffers
            from tocsin.session.replay import held_to_manifest

            with pytest.raises(ReplayDiffers, match=f"{name}: changed since the run wrote it"):
                held_to_manifest(run, [])
        else:
            result = tocsin("replay", run)
            assert (result.code, f"{name}: changed since" in result.err) == (3, True), result.err
        seen.add(name)
        (run / name).write_bytes(whole)
    assert tocsin("replay", tracked).code == 0


def test_a_rebuild_does_not_make_a_changed_file_good(raid: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(raid, tmp_path / "run"))
    (run / "truth.csv").write_bytes((run / "truth.csv").read_bytes().replace(b"rocket", b"rockeT", 1))
    (run / "report.html").write_text("changed")
    result = tocsin("replay", run, "--rebuild")
    assert result.code == 0, result.err
    assert (run / "report.html").read_bytes() == (raid / "report.html").read_bytes()
    assert tocsin("replay", run).code == 3, "no journal holds the truth"


def test_a_known_head_and_another(tracked: Path) -> None:
    head = json.loads((tracked / "events.jsonl").read_text().splitlines()[-1])["hash"]
    result = tocsin("replay", tracked, "--chain", head.upper())
    assert (result.code, "the head that was given" in result.out) == (0, True)
    result = tocsin("replay", tracked, "--chain", "0" * 64)
    assert (result.code, "another run" in result.err, head in result.err) == (3, True, True)
    assert tocsin("replay", tracked, "--chain", head, "--rebuild").code == 2
