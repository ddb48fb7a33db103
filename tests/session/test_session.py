"""A session: journal before action, sinks that all get everything once, and the same events with any store or none."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.session.session_cases import PLAN, scans

from tocsin.errors import ReplayDiffers
from tocsin.formats.times import TimeBase
from tocsin.journal import STORES, JournalWriter, create_store, open_store
from tocsin.journal.codec import canonical, encode, from_json, to_json
from tocsin.records.detections import Batch, DetectionTable, ErrorRecord, ReportTable
from tocsin.records.events import Events
from tocsin.session import KINDS, End, Origin, Session, Sink
from tocsin.session.files import FILES, Setting, open_files
from tocsin.session.replay import open_inputs, replay

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
TEXT = st.text(max_size=8)


class Listening(Sink):
    """Writes down what it hears; raises at the calls that are named."""

    def __init__(self, name: str, log: list[str], raises: tuple[str, ...] = ()) -> None:
        self.name, self.log, self.raises = name, log, raises

    def hear(self, what: str) -> None:
        self.log.append(f"{self.name} {what}")
        if what in self.raises:
            raise OSError(f"{self.name} cannot {what}")

    def put(self, _batch: Batch, _events: Events) -> None:
        self.hear("put")

    def note(self, _record: object) -> None:
        self.hear("note")

    def close(self) -> None:
        self.hear("close")


def journalled(folder: Path, store: str = "files") -> JournalWriter:
    return JournalWriter(create_store(folder, store), KINDS, PLAN)


def columns(dtype: type, shape: int | tuple[int, ...]) -> st.SearchStrategy[np.ndarray]:
    """Arrays, and views with strides."""
    made = arrays.arrays(dtype, shape, elements=FLOATS if dtype is float else st.integers(-(2**63), 2**63 - 1))
    return st.tuples(made, st.booleans()).map(lambda pair: np.repeat(pair[0], 2, axis=0)[::2] if pair[1] else pair[0])


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    n, m = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    floats = [draw(columns(float, n)) for _ in fields(DetectionTable)[1:]]
    texts = [tuple(draw(st.lists(TEXT, min_size=m, max_size=m))) for _ in range(4)]
    place = draw(columns(float, (m, 3)))
    told = ReportTable(draw(columns(float, m)), *texts[:3], np.asfortranarray(place), draw(columns(float, m)), texts[3])
    faults = draw(st.lists(st.builds(ErrorRecord, FLOATS, TEXT, st.integers(0, 9), TEXT, TEXT, TEXT), max_size=2))
    table = DetectionTable(draw(columns(int, n)), *floats)
    return Batch(draw(st.integers(0, 10**6)), draw(FLOATS), draw(FLOATS), 0, table, told, tuple(faults))


@settings(max_examples=40, deadline=None)
@given(batch=batches())
def test_the_canonical_batch_is_the_one_that_a_journal_gives_back(batch: Batch) -> None:
    found, back = canonical(batch), from_json(Batch, to_json(batch))
    assert encode(found) == encode(back) == encode(batch)
    for field in fields(DetectionTable):
        column, source = getattr(found.detections, field.name), getattr(batch.detections, field.name)
        assert column.dtype == getattr(back.detections, field.name).dtype
        assert column.flags.c_contiguous
        assert column.flags.writeable
        assert not np.shares_memory(column, source)
    assert found.reports.position_m.flags.c_contiguous
    assert encode(canonical(found)) == encode(found)


def test_what_is_done_to_a_batch_afterwards_reaches_neither_session_nor_journal(tmp_path: Path) -> None:
    source = scans(1)[0]
    mine = replace(source, detections=replace(source.detections, range_m=source.detections.range_m.copy()))
    with Session(PLAN, journal=journalled(tmp_path), origin=Origin(exercise=False)) as session:
        taken, _ = session.take(mine)
        mine.detections.range_m[:] = -1.0
        session.end()
    assert np.array_equal(taken.detections.range_m, source.detections.range_m)
    with closing(open_store(tmp_path)) as store:
        (kept,) = open_inputs(store).batches(lambda _: None)
    assert np.array_equal(kept.detections.range_m, source.detections.range_m)


@pytest.mark.parametrize("call", ["put", "note", "close"])
def test_a_sink_that_raises_takes_nothing_from_another(call: str) -> None:
    log: list[str] = []
    sinks = [Listening("a", log), Listening("b", log, (call,)), Listening("c", log)]

    def go() -> None:
        with Session(PLAN, sinks) as session:
            session.take(scans(1)[0])
            session.note("an act")
            session.end()

    with pytest.raises(OSError, match=f"b cannot {call}"):
        go()
    for what in ("put", "note", "close"):
        heard = [line for line in log if line.endswith(what)]
        assert heard in ([f"a {what}", f"b {what}", f"c {what}"], [] if what == "note" and call == "put" else None)


def test_two_sinks_that_cannot_close_are_both_told_of(tmp_path: Path) -> None:
    log: list[str] = []
    sinks = [Listening("a", log, ("close",)), Listening("b", log, ("close",))]
    with pytest.raises(OSError, match="b cannot") as found, Session(PLAN, sinks, journalled(tmp_path)):
        pass
    assert str(found.value.__context__) == "a cannot close"
    assert log == ["a close", "b close"]


def test_sinks_are_closed_before_the_journal_says_that_it_ended(tmp_path: Path) -> None:
    class Looking(Sink):
        def close(self) -> None:
            found.append(ended(tmp_path))

    found: list[bool] = []
    with Session(PLAN, (Looking(),), journalled(tmp_path), origin=Origin(exercise=False)) as session:
        session.take(scans(1)[0])
        session.end()
        assert ended(tmp_path)
    assert found == [False]


def test_a_journal_has_no_end_where_a_sink_could_not_be_closed(tmp_path: Path) -> None:
    log: list[str] = []
    sink = Listening("a", log, ("close",))
    with Session(PLAN, (sink,), journalled(tmp_path), origin=Origin(exercise=False)) as session:
        session.take(scans(1)[0])
        with pytest.raises(OSError, match="a cannot close"):
            session.end()
    assert log == ["a put", "a close"]
    assert not ended(tmp_path)


def ended(folder: Path) -> bool:
    with closing(open_store(folder)) as store:
        inputs = open_inputs(store)
        list(inputs.batches(lambda _: None))
    return inputs.end is not None and isinstance(inputs.end.record, End)


def test_the_events_are_the_same_with_any_store_and_with_none(tmp_path: Path) -> None:
    with Session(PLAN) as session:
        bare = [encode(events) for _, events in session.play(scans(60))]
    chains, files = set(), set()
    for store in STORES:
        folder = tmp_path / store
        folder.mkdir()
        sinks = open_files(folder, FILES, Setting(PLAN, TimeBase()))
        with Session(PLAN, tuple(sinks.values()), journalled(folder, store), origin=Origin(exercise=False)) as session:
            assert [encode(events) for _, events in session.play(scans(60))] == bare
            chains.add(session.end())
        files.add(tuple((folder / name).read_bytes() for name in FILES))
        assert replay(folder).chain in chains
    assert (len(chains), len(files)) == (1, 1)
    assert files.pop()[0].count(b"\n") > 60


def test_batches_in_groups_give_the_events_of_batches_one_by_one(tmp_path: Path) -> None:
    alone = [encode(events) for _, events in Session(PLAN).play(scans(20))]
    with Session(PLAN, journal=journalled(tmp_path, "sqlite"), origin=Origin(exercise=False)) as session:
        groups = [session.take_group(scans(20)[k : k + 7]) for k in range(0, 20, 7)]
        chain = session.end()
    assert [encode(events) for group in groups for _, events in group] == alone
    assert replay(tmp_path).chain == chain


def test_replay_finds_that_an_event_was_taken_out(tmp_path: Path) -> None:
    with Session(PLAN, journal=journalled(tmp_path), origin=Origin(exercise=False)) as session:
        for _ in session.play(scans(12)):
            pass
        session.end()
    path = tmp_path / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(ReplayDiffers, match="missing"):
        replay(tmp_path)
