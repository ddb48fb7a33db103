"""One contract for every row of the table of stores: what is appended comes back, whatever happens to its writer."""

from __future__ import annotations

import ast
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.session.session_cases import PLAN, scans

from tocsin import journal, pipeline
from tocsin.errors import BadInput, ChainBroken
from tocsin.journal import STORES, JournalWriter, Reader, Store, create_store, open_store
from tocsin.journal.store import StoreKind
from tocsin.session import KINDS, Origin, Session
from tocsin.session.replay import open_inputs

LINE = st.binary(max_size=200).map(lambda body: body.replace(b"\n", b" ") + b"\n")
STREAMS = ("inputs", "outputs")


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> StoreKind:
    return STORES[request.param]


@pytest.fixture(params=STORES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def lines_of(store: Store) -> dict[str, list[bytes]]:
    return {stream: list(store.lines(stream)) for stream in STREAMS}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_lines=st.lists(st.tuples(st.sampled_from(STREAMS), LINE, st.booleans()), max_size=12))
def test_what_is_appended_comes_back_in_order_each_stream_for_itself(
    kind: StoreKind, tmp_path_factory: pytest.TempPathFactory, given_lines: list[tuple[str, bytes, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    with closing(kind.create(folder)) as store:
        for stream, line, commit in given_lines:
            store.append(stream, line)
            if commit:
                store.commit()
    expected = {stream: [line for its, line, _ in given_lines if its == stream] for stream in STREAMS}
    with closing(kind.open(folder)) as reopened:
        assert lines_of(reopened) == expected
        assert lines_of(reopened) == expected
    assert names_in(folder) <= set(kind.files)


def test_a_commit_is_seen_by_a_second_reader_while_the_first_writes_on(kind: StoreKind, tmp_path: Path) -> None:
    with closing(kind.create(tmp_path)) as store:
        store.append("inputs", b"one\n")
        store.append("outputs", b"two\n")
        store.commit()
        store.append("inputs", b"three\n")
        with closing(open_store(tmp_path)) as second:
            assert lines_of(second)["inputs"][:1] == [b"one\n"]
            assert lines_of(second)["outputs"] == [b"two\n"]
        store.commit()
        with closing(open_store(tmp_path)) as third:
            assert lines_of(third)["inputs"] == [b"one\n", b"three\n"]


def test_a_stream_is_named_by_its_file_and_a_store_by_its_first(kind: StoreKind, tmp_path: Path) -> None:
    with closing(kind.create(tmp_path)) as store:
        assert all(str(tmp_path) in store.name(stream) for stream in STREAMS)
        assert store.name("inputs") != store.name("outputs")
    assert (tmp_path / kind.files[0]).is_file()


def test_a_journal_is_never_made_over_a_file(kind: StoreKind, tmp_path: Path) -> None:
    for file in kind.files:
        folder = tmp_path / file
        folder.mkdir()
        (folder / file).write_bytes(b"mine")
        if kind.files == STORES["files"].files and file == "journal.snapshot":
            continue  # it is replaced whole, and only by `keep`
        with pytest.raises(FileExistsError):
            kind.create(folder)
        assert names_in(folder) == {file}
        assert (folder / file).read_bytes() == b"mine"


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x00" * 5000, b"SQLite format 3\x00" + b"\xff" * 4096, b"{}\n"])
def test_garbage_is_refused_in_words(kind: StoreKind, tmp_path: Path, content: bytes) -> None:
    (tmp_path / kind.files[0]).write_bytes(content)
    with pytest.raises((BadInput, ChainBroken)) as found, closing(open_store(tmp_path)) as store:
        open_inputs(store)
    assert kind.files[0] in str(found.value)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_torn_or_changed_journal_is_read_up_to_there_or_refused(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    for file, whole in written_files(name).items():
        (folder / file).write_bytes(whole)
    path = folder / STORES[name].files[0]
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    told = str(path)
    try:
        with closing(open_store(folder)) as store:
            inputs = open_inputs(store)
            batches = list(inputs.batches(lambda _: None))
            assert len(batches) <= 3
            store.kept()
    except (BadInput, ChainBroken) as error:
        told = str(error)
    assert str(path) in told


def test_a_line_that_is_no_bytes_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "sqlite", 1)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as base:
        base.execute("UPDATE lines SET line = 100000000000")
        base.execute("INSERT INTO snapshots VALUES (1, 'text')")
        base.commit()
    with closing(open_store(tmp_path)) as store:
        with pytest.raises(BadInput, match="no bytes"):
            list(store.lines("inputs"))
        with pytest.raises(BadInput, match="kept"):
            store.kept()


def written(folder: Path, store: str, batches: int) -> None:
    writer = JournalWriter(create_store(folder, store), KINDS, PLAN)
    with Session(PLAN, journal=writer, origin=Origin(exercise=False)) as session:
        for batch in scans(batches):
            session.take(batch)
        session.end()


@cache
def written_files(store: str) -> dict[str, bytes]:
    """The files of a journal of three batches."""
    with TemporaryDirectory() as folder:
        written(Path(folder), store, 3)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


KILLED = """
import os, signal, sys
from pathlib import Path
from tocsin.journal import STORES
store = STORES[sys.argv[1]].create(Path(sys.argv[2]))
for k in range(40):
    store.append("inputs", b"committed %d\\n" % k)
    store.append("outputs", b"out %d\\n" % k)
store.keep(39, b"state of 39")
store.commit()
for k in range(40, int(sys.argv[3])):
    store.append("inputs", b"waiting %d %s\\n" % (k, b"x" * 3000))
if sys.argv[4] == "exit":
    os._exit(1)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["exit", "kill"])
@pytest.mark.parametrize("upto", [40, 45])
def test_a_killed_writer_leaves_all_that_it_committed(name: str, tmp_path: Path, how: str, upto: int) -> None:
    command = [sys.executable, "-c", KILLED, name, str(tmp_path), str(upto), how]
    done = subprocess.run(command, check=False)
    assert done.returncode == (1 if how == "exit" else -signal.SIGKILL)
    with closing(open_store(tmp_path)) as store:
        found = lines_of(store)
        assert store.kept() == (39, b"state of 39")
    assert found["outputs"] == [b"out %d\n" % k for k in range(40)]
    assert found["inputs"][:40] == [b"committed %d\n" % k for k in range(40)]
    whole = [b"waiting %d %s\n" % (k, b"x" * 3000) for k in range(40, upto)]
    for line, meant in zip(found["inputs"][40:], whole, strict=False):
        assert line == meant or (meant.startswith(line) and line == found["inputs"][-1])
    if STORES[name].durable:
        assert len(found["inputs"]) == 40
    assert names_in(tmp_path) <= set(STORES[name].files)


def test_the_newest_kept_state_comes_back_whole(kind: StoreKind, tmp_path: Path) -> None:
    with closing(kind.create(tmp_path)) as store:
        assert store.kept() is None
        for batches in (3, 8, 300):
            store.append("inputs", b"line\n")
            store.keep(batches, b"state of %d" % batches)
            assert store.kept() == (batches, b"state of %d" % batches)
    with closing(kind.open(tmp_path)) as store:
        assert store.kept() == (300, b"state of 300")
        assert len(list(store.lines("inputs"))) == 3


def test_a_writer_that_is_killed_while_it_keeps_a_state_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(STORES["files"].create(tmp_path)) as store:
        store.keep(1, b"first")
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("no power")))
        with pytest.raises(OSError, match="no power"):
            store.keep(2, b"second")
        assert store.kept() == (1, b"first")
    (tmp_path / "journal.snapshot").write_bytes(b"\x00\x01")
    with closing(open_store(tmp_path)) as store, pytest.raises(BadInput, match="too short"):
        store.kept()


class Spy:
    """A store that remembers in which order it was called."""

    def __init__(self, store: Store, log: list[str]) -> None:
        self._store, self._log = store, log

    def append(self, stream: str, line: bytes) -> None:
        self._log.append(f"append {stream} {line.split(b',', 2)[1].decode()[8:-1]}")
        self._store.append(stream, line)

    def commit(self) -> None:
        self._log.append("commit")
        self._store.commit()

    def lines(self, stream: str) -> Iterator[bytes]:
        return self._store.lines(stream)

    def holds(self, stream: str) -> bool:
        return self._store.holds(stream)

    def name(self, stream: str) -> str:
        return self._store.name(stream)

    def keep(self, batches: int, snapshot: bytes) -> None:
        self._log.append(f"keep {batches}")
        self._store.keep(batches, snapshot)

    def kept(self) -> tuple[int, bytes] | None:
        return self._store.kept()

    def close(self) -> None:
        self._log.append("close")
        self._store.close()


def spied(folder: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, list[str]]:
    """A session whose store and whose `advance` write into one log."""
    log: list[str] = []
    advance: Callable[..., object] = pipeline.advance

    def told(*given: object) -> object:
        log.append("advance")
        return advance(*given)

    monkeypatch.setattr(pipeline, "advance", told)
    writer = JournalWriter(Spy(create_store(folder, store), log), KINDS, PLAN)
    return Session(PLAN, journal=writer, origin=Origin(exercise=False)), log


def test_one_commit_makes_a_whole_group_durable_before_any_is_acted_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, log = spied(tmp_path, name, monkeypatch)
    with session:
        log.clear()
        session.take_group(scans(3))
        assert log[:5] == ["append inputs batch"] * 3 + ["commit", "advance"]
        assert log.count("advance") == 3
        log.clear()
        session.keep()
        assert log == ["commit", "keep 3"]
    assert log[-1] == "close"


def test_each_batch_is_durable_before_it_is_acted_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, log = spied(tmp_path, name, monkeypatch)
    with session:
        log.clear()
        for _ in session.play(scans(2)):
            pass
        session.end()
    batch = ["append inputs batch", "commit", "advance", "append outputs events", "commit"]
    assert log == [*batch, *batch, "append inputs end", "commit", "close"]


def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    with closing(STORES["sqlite"].create(tmp_path)) as store:
        base = store._base  # type: ignore[attr-defined]
        assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert base.execute("PRAGMA synchronous").fetchone() == (2,)
        store.append("inputs", b"one\n")
        store.commit()
        assert (tmp_path / "journal.sqlite-wal").stat().st_size > 0
    assert names_in(tmp_path) == {"journal.sqlite"}
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as base:
        assert base.execute("PRAGMA journal_mode").fetchone() == ("delete",)


READ = """
import os, sys
from pathlib import Path
from tocsin.journal import open_store
from tocsin.session.replay import open_inputs
if os.getuid() == 0:
    os.setuid(65534)
assert not os.access(sys.argv[1], os.W_OK)
print(len(list(open_inputs(open_store(Path(sys.argv[1]))).batches(lambda _: None))))
"""


def test_a_finished_journal_is_read_where_nothing_may_be_written(name: str) -> None:
    with TemporaryDirectory() as outer:
        Path(outer).chmod(0o755)
        folder = Path(outer) / "run"
        folder.mkdir()
        written(folder, name, 2)
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        command = [sys.executable, "-c", READ, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        folder.chmod(0o755)
    assert (done.stdout, done.returncode) == ("2\n", 0), done.stderr


def test_a_group_costs_sqlite_one_commit_and_not_one_for_each_line(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rates = {}
    for group in (1, 100):
        folder = tmp_path / str(group)
        folder.mkdir()
        with closing(STORES["sqlite"].create(folder)) as store:
            since = time.perf_counter()
            for k in range(300):
                store.append("inputs", b"x" * 800 + b"\n")
                if k % group == group - 1:
                    store.commit()
            rates[group] = 300 / (time.perf_counter() - since)
    record_property("lines_per_s", rates)
    print(f"lines a second: {rates[1]:,.0f} one by one, {rates[100]:,.0f} in groups of 100")
    assert rates[100] > rates[1]


def test_the_journal_knows_nothing_of_what_it_keeps() -> None:
    for path in Path(str(journal.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for its in names:
                if its.startswith("tocsin."):
                    assert its.split(".")[1] in ("journal", "errors", "_sources"), (path.name, its)


def test_a_reader_takes_only_kinds_that_were_registered(name: str, tmp_path: Path) -> None:
    written(tmp_path, name, 1)
    with closing(open_store(tmp_path)) as store, pytest.raises(ChainBroken, match="unknown kind"):
        list(Reader(store, {}, "inputs"))


def test_arrays_of_a_batch_come_back_to_the_bit(name: str, tmp_path: Path) -> None:
    written(tmp_path, name, 2)
    with closing(open_store(tmp_path)) as store:
        found = list(open_inputs(store).batches(lambda _: None))
    for batch, meant in zip(found, scans(2), strict=True):
        assert np.array_equal(batch.detections.range_m, meant.detections.range_m)
