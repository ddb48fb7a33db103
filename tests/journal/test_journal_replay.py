"""Replay: the same events from the inputs alone, and a named record for whatever is not the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace as changed
from pathlib import Path

import pytest
from journal_cases import recorded

import tocsin
from tocsin.errors import BadInput, ChainBroken, ReplayDiffers
from tocsin.journal import JournalWriter, create_store, open_store
from tocsin.journal.chain import Chain, Tail, entries, parsed
from tocsin.journal.codec import decode
from tocsin.journal.files import FILES
from tocsin.records.detections import Batch
from tocsin.session import KINDS, Origin, Session
from tocsin.session.gather import read_run
from tocsin.session.manifest import MANIFEST, read
from tocsin.session.replay import Inputs, Replayed, open_inputs, replay

JOURNAL_FILE, EVENTS_FILE = FILES["inputs"], FILES["outputs"]
PACKAGE = Path(tocsin.__file__).parent
COMMAND = "import sys; from tocsin.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("raid"))


@pytest.fixture(scope="module")
def chain(original: Path) -> str:
    return replay(original).chain


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def inputs_of(run: Path) -> Inputs:
    return open_inputs(open_store(run))


def command(run: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`tocsin replay` in a fresh process."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "replay", str(run), "--json"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_same_to_the_byte(original: Path) -> None:
    found = replay(original)
    assert found.comparison == "bytes"
    assert set(found.compared) == {EVENTS_FILE, "tracks.csv", "impacts.csv", "chain", MANIFEST}
    assert (found.batches, found.events, found.finished, found.notes) == (12, 12, True, ())
    assert found.chain == json.loads(lines(original / EVENTS_FILE)[-1])["hash"]


def test_without_the_recorded_outputs_the_chain_is_the_same(run: Path, chain: str) -> None:
    for name in (EVENTS_FILE, "tracks.csv", "impacts.csv"):
        (run / name).unlink()
    found = replay(run)
    assert found.chain == chain
    assert found.compared == ("chain", MANIFEST)


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_fresh_process_with_one_thread_and_with_two(run: Path, chain: str, threads: str) -> None:
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    result = command(run, **dict.fromkeys(names, threads))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["chain"] == chain
    assert json.loads(result.stdout)["comparison"] == "bytes"


@pytest.mark.parametrize("record", [1, 2, 5, 15])
def test_a_flipped_input_byte(run: Path, record: int) -> None:
    path = run / JOURNAL_FILE
    found = lines(path)
    flipped = bytearray(found[record - 1])
    flipped[len(flipped) // 2] ^= 1
    path.write_bytes(b"".join([*found[: record - 1], bytes(flipped), *found[record:]]))
    with pytest.raises(ChainBroken, match=f"record {record}:"):
        replay(run)


@pytest.mark.parametrize("name", [JOURNAL_FILE, EVENTS_FILE])
@pytest.mark.parametrize("record", [4, 9])
def test_a_removed_record(run: Path, name: str, record: int) -> None:
    found = lines(run / name)
    (run / name).write_bytes(b"".join(found[: record - 1] + found[record:]))
    with pytest.raises((ChainBroken, ReplayDiffers), match=f"{name}, record {record}: the record is missing") as caught:
        replay(run)
    assert caught.value.record == record


def edited(body: dict[str, object]) -> bytes:
    tracks = body["tracks"]
    assert isinstance(tracks, dict)
    tracks["tentative"] += 1
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("forged", [False, True])
def test_an_edited_event_with_and_without_a_chain_made_anew(run: Path, forged: bool) -> None:
    path = run / EVENTS_FILE
    found = lines(path)
    entries_ = [parsed(line) for line in found]
    bodies = [entry.body for entry in entries_ if entry is not None]
    new = edited(json.loads(bodies[6]))
    if forged:
        assert entries_[0] is not None
        made, bodies[6] = Chain(entries_[0].prev), new
        found = [made.line("events", body, e.follows) for body, e in zip(bodies, entries_, strict=True) if e]
    else:
        found[6] = found[6].replace(bodies[6], new)
    path.write_bytes(b"".join(found))
    with pytest.raises(ReplayDiffers, match=r"record 7: tracks\.tentative: recorded \d+, recomputed \d+") as caught:
        replay(run)
    assert caught.value.record == 7


def test_an_input_that_a_forger_changed_with_its_whole_chain(run: Path) -> None:
    path = run / JOURNAL_FILE
    made, forged = Chain(), []
    for line in lines(path):
        entry = parsed(line)
        assert entry is not None
        body = entry.body.replace(b'"range_m":[', b'"range_m":[1', 1) if entry.number == 8 else entry.body
        forged.append(made.line(entry.kind, body))
    path.write_bytes(b"".join(forged))
    with pytest.raises((ReplayDiffers, ChainBroken)) as caught:
        replay(run)
    assert caught.value.record == 5, "the fifth batch is record 8 of the journal"
    (run / EVENTS_FILE).unlink()
    (run / "tracks.csv").unlink()
    (run / "impacts.csv").unlink()
    with pytest.raises(ReplayDiffers, match="chain: recorded"):
        replay(run)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace(b"\n", b"\n1", 1), "recorded"),
        (lambda text: b"\n".join(text.split(b"\n")[:-2]) + b"\n", "the row is missing"),
        (lambda text: text + b"12.0,1,0,0,0,0,0,0,1,1,1,0,0,0,0,0,1\n", "not recomputed"),
    ],
)
def test_a_changed_tracks_file(run: Path, change: Callable[[bytes], bytes], problem: str) -> None:
    path = run / "tracks.csv"
    assert len(lines(path)) > 4, "the raid has tracks"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ReplayDiffers, match=problem):
        replay(run)


def test_a_changed_kernel_constant(run: Path, tmp_path: Path) -> None:
    """The kernels run as plain Python here, for their compilation would take a minute; that alone stays within 1e-6."""
    shutil.copytree(PACKAGE, tmp_path / "tocsin", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PYTHONPATH": str(tmp_path), "NUMBA_DISABLE_JIT": "1"}
    same = command(run, **environment)
    assert same.returncode == 0, same.stderr
    assert json.loads(same.stdout)["comparison"] == "numbers"
    path = tmp_path / "tocsin" / "kernels" / "clutter.py"
    text = path.read_text()
    assert text.count("\nRATE_PRIOR = 5.0") == 1
    path.write_text(text.replace("\nRATE_PRIOR = 5.0", "\nRATE_PRIOR = 5.5"))
    result = command(run, **environment)
    assert result.returncode == 3, result.stdout + result.stderr
    assert re.search(r"events\.jsonl, record \d+: .*: recorded .*, recomputed ", result.stderr)


def test_a_killed_run_is_replayed_as_far_as_it_came(run: Path) -> None:
    for name, kept in ((JOURNAL_FILE, 9), (EVENTS_FILE, 5)):
        found = lines(run / name)
        (run / name).write_bytes(b"".join(found[:kept]) + found[kept][:30])
    (run / "tracks.csv").write_bytes((run / "tracks.csv").read_bytes()[:300])
    manifest = read(run)
    assert manifest is not None
    changed(manifest, status="running", files=dict.fromkeys(manifest.files)).write(run)
    found = replay(run)
    assert (found.batches, found.finished, found.comparison) == (6, False, "bytes")
    assert any("cut off after batch 6" in note for note in found.notes)
    assert any("journal.jsonl ends in 30 bytes" in note for note in found.notes)
    assert any("events.jsonl ends in 30 bytes" in note for note in found.notes)


def test_no_journal_and_another_version(run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no journal\.jsonl and no journal\.sqlite here"):
        replay(tmp_path)
    first = parsed(lines(run / JOURNAL_FILE)[0])
    assert first is not None
    made = Chain().line("header", first.body.replace(b"tocsin-journal/1", b"tocsin-journal/9"))
    (run / JOURNAL_FILE).write_bytes(made)
    with pytest.raises(BadInput, match="another version"):
        replay(run)


def test_the_journal_holds_the_batches_that_were_read(original: Path) -> None:
    batches = list(inputs_of(original).batches(print))
    assert all(isinstance(batch, Batch) for batch in batches)
    assert [batch.t_text for batch in batches] == [f"{k}.0" for k in range(12)]
    errors = [error for batch in batches for error in batch.errors]
    assert [(error.column, error.value) for error in errors] == [("azimuth_deg", "400")]


def test_outputs_hang_on_their_inputs(original: Path) -> None:
    inputs = {json.loads(line)["hash"]: json.loads(line) for line in lines(original / JOURNAL_FILE)}
    for line in lines(original / EVENTS_FILE):
        output = json.loads(line)
        followed = inputs[output["follows"]]
        assert (followed["kind"], followed["body"]["index"]) == ("batch", output["body"]["batch_index"])


def test_a_run_is_read_back_for_its_report(original: Path) -> None:
    record = read_run(original)
    assert (record.batches, record.scans, len(record.errors)) == (12, 12, 1)
    assert record.chain == json.loads(lines(original / EVENTS_FILE)[-1])["hash"]
    assert len(record.tracks.t_s) == len(lines(original / "tracks.csv")) - 1
    assert len(record.lives) >= 1


def test_an_unfinished_journal_of_no_batch(original: Path, tmp_path: Path) -> None:
    plan = inputs_of(original).plan
    with Session(plan, journal=JournalWriter(create_store(tmp_path), KINDS, plan), origin=Origin(exercise=False)):
        pass
    found = replay(tmp_path)
    assert isinstance(found, Replayed)
    assert (found.batches, found.finished) == (0, False)
    written = list(entries(iter(lines(tmp_path / JOURNAL_FILE)), JOURNAL_FILE, Tail()))
    assert [entry.kind for entry in written] == ["header", "plan", "origin"]
    assert decode(type(plan), written[1].body)
