"""A run folder is Tocsin's own by its manifest, and no file of anybody else's is ever touched."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.cli.cli_cases import Result, tocsin
from tests.session.run_cases import files, recording

from tocsin.journal import STORES
from tocsin.session import manifest
from tocsin.session.folder import UNFINISHED, Lock, settle, status_of
from tocsin.session.manifest import MANIFEST, RUN_FILES

MINE = {"truth.csv": "mine\n", "reports.csv": "mine too\n", "report.html": "<p>mine", "thesis.doc": "years of work"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording, and beside it `run`, which came of it."""
    home = tmp_path_factory.mktemp("home")
    assert tocsin(*recording(home), "--out", home / "run", "--journal").code == 0
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "home"))


def track(home: Path, *options: str | Path, out: Path | None = None) -> Result:
    command = ("track", home / "detections.csv", "--sensors", home / "sensors.csv", "--out", out or home / "run")
    return tocsin(*command, *options)


def named(folder: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / MANIFEST).read_text())
    return found


def test_a_folder_of_the_users_own_files_is_refused_untouched(home: Path) -> None:
    shutil.rmtree(home / "run")
    for name, text in MINE.items():
        (home / name).write_text(text)
    before = files(home)
    result = track(home, out=home)
    assert (result.code, "files that Tocsin did not write lie here" in result.err) == (2, True)
    assert files(home) == before


def test_the_folder_where_one_stands_is_refused_like_any_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    before = files(home)
    assert tocsin("track", "detections.csv", "--sensors", "sensors.csv", "--out", ".").code == 2
    assert tocsin("run", "bdsc-2021", "--out", ".").code == 2
    assert files(home) == before


def test_a_manifest_of_something_else_is_a_file_of_the_users_own(tmp_path: Path) -> None:
    command = recording(tmp_path)
    for name, text in (("web", '{"name": "my page", "icons": []}'), ("text", "not json"), ("empty", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text(text)
        before = files(tmp_path / name)
        assert tocsin(*command, "--out", tmp_path / name).code == 2
        assert files(tmp_path / name) == before
    (tmp_path / "folder" / MANIFEST).mkdir(parents=True)
    assert tocsin(*command, "--out", tmp_path / "folder").code == 2
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / MANIFEST).symlink_to(tmp_path / "nowhere")
    assert tocsin(*command, "--out", tmp_path / "link").code == 2
    assert [path.name for path in (tmp_path / "link").iterdir()] == [MANIFEST]


@pytest.mark.parametrize("name", ["../detections.csv", "thesis.doc", "/etc/passwd", "unfinished/tracks.csv", ""])
def test_a_manifest_that_names_other_files_is_none(home: Path, name: str) -> None:
    (home / "run" / "thesis.doc").write_text("years of work")
    data = named(home / "run")
    data["files"] = {name: None}
    (home / "run" / MANIFEST).write_text(json.dumps(data))
    before = files(home)
    result = track(home)
    assert (result.code, "no run writes a file of this name" in result.err) == (2, True)
    assert files(home) == before


def test_a_foreign_file_inside_survives_and_the_run_is_replaced_whole(home: Path) -> None:
    run = home / "run"
    (run / "thesis.doc").write_text("years of work")
    (run / "notes").mkdir()
    (run / "notes" / "day.txt").write_text("day 1")
    assert (run / "journal.jsonl").is_file()
    result = track(home)
    assert result.code == 0, result.err
    written = {"tracks.csv", "impacts.csv", "errors.jsonl", "registration.csv", "timing.json"}
    assert set(files(run)) == written | {MANIFEST, "thesis.doc", "notes/day.txt"}, "the earlier journal has gone"
    assert (run / "thesis.doc").read_text() == "years of work"
    assert status_of(run) == ("ended", "")


@pytest.mark.parametrize("name", ["truth.csv", "report.html", "scenario.yaml"])
def test_a_name_that_the_manifest_does_not_name_is_refused(home: Path, name: str) -> None:
    (home / "run" / name).write_text("mine")
    before = files(home)
    result = tocsin("run", "bdsc-2021", "--out", home / "run")
    assert (result.code, name in result.err, "did not write this file" in result.err) == (2, True, True)
    assert files(home) == before


@pytest.mark.parametrize("status", ["ended", "cut", "refused"])
def test_an_output_that_was_changed_after_its_run_is_kept(home: Path, status: str) -> None:
    data = named(home / "run")
    (home / "run" / MANIFEST).write_text(json.dumps(data | {"status": status}))
    (home / "run" / "tracks.csv").write_text("my own corrections\n")
    before = files(home)
    result = track(home)
    assert (result.code, "tracks.csv: changed since" in result.err) == (2, True)
    assert files(home) == before


def test_a_second_run_that_is_refused_leaves_the_first(home: Path) -> None:
    before = files(home / "run")
    (home / "bad.csv").write_text("no,header,that,fits\n1,2,3,4\n")
    assert tocsin("track", home / "bad.csv", "--sensors", home / "sensors.csv", "--out", home / "run").code == 2
    (home / "back.csv").write_text((home / "detections.csv").read_text() + "not,a,row\n" * 3)
    assert {k: v for k, v in files(home / "run").items() if not k.startswith(UNFINISHED)} == before


def test_a_second_run_that_is_broken_off_leaves_the_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(home / "run")

    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.cli.track.warm_up", broken)
        assert track(home).code == 130
    assert {k: v for k, v in files(home / "run").items() if not k.startswith(UNFINISHED)} == before
    assert status_of(home / "run" / UNFINISHED)[0] == "cut"
    assert status_of(home / "run")[0] == "ended"
    assert track(home).code == 0, "the next one clears it away"
    assert not (home / "run" / UNFINISHED).exists()


def test_two_writers_the_second_is_refused(home: Path) -> None:
    lock = Lock(home / "run")
    before = files(home)
    for result in (track(home), tocsin("report", home / "run"), tocsin("replay", home / "run", "--rebuild")):
        assert (result.code, "another run is writing here" in result.err) == (2, True)
    assert files(home) == before
    lock.release()
    assert track(home).code == 0


def test_a_run_that_is_being_written_inside_another_is_locked_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def meanwhile(*_: object) -> None:
        inner = home / "run" / UNFINISHED
        seen.append(status_of(inner)[0])
        with pytest.raises(Exception, match="another run is writing here"):
            Lock(inner)

    monkeypatch.setattr("tocsin.cli.track.warm_up", meanwhile)
    assert track(home).code == 0
    assert seen == ["running"]


@pytest.mark.parametrize("moved", [0, 1, 3, 99])
def test_a_run_that_was_stopped_while_it_took_its_place_is_finished(home: Path, moved: int) -> None:
    run, inner = home / "run", home / "run" / UNFINISHED
    (run / "thesis.doc").write_text("years of work")
    whole = files(Path(shutil.copytree(run, home / "whole")))
    shutil.copytree(run, inner)
    (inner / "thesis.doc").unlink()
    known = named(inner)["files"]
    assert isinstance(known, dict)
    (run / MANIFEST).write_text(json.dumps(named(inner) | {"status": "running", "files": dict.fromkeys(known)}))
    for name in list(known):
        (run / name).write_text("of the earlier run")
    for name in list(known)[:moved]:
        (inner / name).replace(run / name)
    settle(run)
    assert files(run) == whole
    assert status_of(run) == ("ended", "")


def test_what_a_killed_writer_had_begun_is_cleared_by_the_next(tmp_path: Path) -> None:
    command, out = recording(tmp_path), tmp_path / "run"
    out.mkdir()
    (out / f".{MANIFEST}.tocsin").write_text("{")
    (out / ".report.html.tocsin").write_text("<")
    assert status_of(out)[0] == "cut", "it says that a run had begun here"
    assert tocsin(*command, "--out", out, "--journal", "--store", "sqlite").code == 0
    assert not list(out.glob(".*"))
    (out / UNFINISHED).mkdir()
    (out / UNFINISHED / f".{MANIFEST}.tocsin").write_text("{")
    names = ("tracks.csv", "impacts.csv", "errors.jsonl", "registration.csv", "timing.json")
    manifest.begun("track", (*names, *STORES["sqlite"].files)).write(out)
    (out / "journal.sqlite-wal").write_bytes(b"of a killed writer")
    (out / "journal.sqlite-shm").write_bytes(b"of a killed writer")
    assert tocsin(*command, "--out", out, "--journal", "--store", "sqlite").code == 0
    assert not list(out.glob("journal.sqlite-*")), "a log of another journal would be taken into this one"
    assert tocsin("replay", out).code == 0


def test_a_file_of_the_users_in_the_unfinished_folder_is_refused(home: Path) -> None:
    (home / "run" / UNFINISHED).mkdir()
    (home / "run" / UNFINISHED / "thesis.doc").write_text("years of work")
    before = files(home)
    result = track(home)
    assert (result.code, "move them away" in result.err) == (2, True)
    assert files(home) == before


def test_no_command_writes_through_a_link(home: Path, tmp_path: Path) -> None:
    run, victim = home / "run", tmp_path / "victim"
    victim.write_text("not yours")
    for name in ("report.html", "report.json", "truth.csv"):
        (run / name).symlink_to(victim)
    for result in (tocsin("report", run), tocsin("run", "bdsc-2021", "--out", run)):
        assert result.code == 2, "the manifest does not name them"
    known = named(run)["files"]
    assert isinstance(known, dict)
    links = {"report.html": None, "report.json": None, "truth.csv": None}
    (run / MANIFEST).write_text(json.dumps(named(run) | {"files": known | links}))
    assert tocsin("run", "bdsc-2021", "--out", run).code == 2, "a link is nothing that a run writes"
    assert tocsin("report", run).code == 0
    assert victim.read_text() == "not yours"
    assert not (run / "report.html").is_symlink()
    (run / "report.html").unlink()
    (run / "report.html").symlink_to(victim)
    assert tocsin("replay", run, "--rebuild").code == 0
    assert victim.read_text() == "not yours"


def test_a_link_for_the_unfinished_folder_or_the_rebuild_is_refused(home: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "tracks.csv").write_text("not yours")
    (home / "run" / UNFINISHED).symlink_to(victim)
    (home / "run" / ".rebuild").symlink_to(victim)
    assert track(home).code == 2
    assert tocsin("replay", home / "run", "--rebuild").code == 2
    assert files(victim) == {"tracks.csv": b"not yours"}


def test_a_report_replaces_only_a_report_that_was_not_changed(original: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(original / "run", tmp_path / "run"))
    for name in ("report.html", "report.json"):
        (run / name).write_text("a note of mine")
    before = files(run)
    assert tocsin("report", run).code == 2
    marks = manifest.marks(run, RUN_FILES)
    manifest.Manifest(manifest.FORMAT, "0", "track", "ended", files=marks).write(run)
    (run / "report.html").write_text("changed")
    result = tocsin("report", run)
    assert (result.code, "report.html: changed since" in result.err) == (2, True)
    assert {k: v for k, v in files(run).items() if k not in (MANIFEST, "report.html")} == {
        k: v for k, v in before.items() if k not in (MANIFEST, "report.html")
    }


def test_a_scenario_is_run_inside_out_whatever_it_calls_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "a" / "b"
    home.mkdir(parents=True)
    text = tocsin("scenarios", "show", "bdsc-2021").out
    (home / "mine.yaml").write_text(text.replace("name: bdsc-2021", 'name: "../../x"', 1).replace(": 75.0", ": 4.0", 1))
    monkeypatch.chdir(home)
    tocsin("run", "mine.yaml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["b"]
    assert {path.name for path in home.iterdir()} <= {"mine.yaml", "out"}
    assert all(path.name == "x-1" for path in (home / "out").iterdir())
