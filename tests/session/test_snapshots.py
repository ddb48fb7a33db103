"""A session that begins with a snapshot goes on to the byte; what is no snapshot is refused, and runs nothing."""

from __future__ import annotations

import hashlib
import sys
from collections import deque
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.session.session_cases import PLAN, scans
from tools.checkpoint import record, record_raid, resumed_elsewhere

from tocsin import pipeline
from tocsin.errors import BadInput
from tocsin.formats.scenarios import builtin_names, load_builtin
from tocsin.journal.codec import encode
from tocsin.session import Session, snapshot
from tocsin.session.snapshot import pack, unpack

COUNT = 80
HEAD = len(snapshot.FORMAT) + 1


@cache
def fresh() -> bytes:
    """The snapshot of a session that has taken nothing."""
    return Session(PLAN).snapshot()


@cache
def uninterrupted() -> tuple[list[bytes], list[bytes]]:
    """The events of each batch, and the snapshot before each and after the last."""
    session = Session(PLAN)
    kept, events = [session.snapshot()], []
    for _, found in session.play(scans(COUNT)):
        events.append(encode(found))
        kept.append(session.snapshot())
    return events, kept


@settings(max_examples=8, deadline=None)
@given(at=st.integers(0, COUNT), far=st.integers(1, 25))
def test_a_session_goes_on_from_any_batch_to_the_byte(at: int, far: int) -> None:
    events, kept = uninterrupted()
    session, until = Session(PLAN, snapshot=kept[at]), min(at + far, COUNT)
    assert [encode(found) for _, found in session.play(scans(COUNT)[at:until])] == events[at:until]
    assert session.batches == until
    assert session.snapshot() == kept[until]


def test_the_case_holds_what_a_state_may_hold() -> None:
    _, kept = uninterrupted()
    state, batches = unpack(PLAN, kept[-1])
    session = Session(PLAN)
    taken = [events for _, events in session.play(scans(COUNT))]
    assert batches == COUNT
    assert any(events.tracks.late is not None for events in taken)
    assert any(one.applied for events in taken for one in events.registrations)
    assert any(len(events.tracks.ended) for events in taken) or len(taken[-1].tracks.table.track_id) > 5
    assert len(state.forecast.looks) > 0
    tags = {node[0] for node in nodes_of(kept[-1])}
    assert tags >= {"array", "view", "record", "named", "dict", "list", "tuple", "deque"}


def test_another_process_goes_on_from_snapshots_of_a_recorded_case(tmp_path: Path) -> None:
    moments = {20, 47, 70}
    assert record(PLAN, scans(COUNT), tmp_path, {*moments, COUNT}) == COUNT
    found = resumed_elsewhere(tmp_path, [(k, COUNT) for k in sorted(moments)])
    assert [(one.batches, one.differs, one.state_same) for one in found] == [(k, 0, True) for k in sorted(moments)]


@pytest.mark.parametrize("name", builtin_names())
def test_another_process_goes_on_from_snapshots_of_a_raid(name: str, tmp_path: Path) -> None:
    assert record_raid(load_builtin(name), 3, tmp_path, {25, 42, 50}, most=50) == 50
    found = resumed_elsewhere(tmp_path, [(25, 50), (42, 50)])
    assert [(one.batches, one.differs, one.state_same) for one in found] == [(25, 0, True), (42, 0, True)]


def test_a_batch_that_is_another_one_is_found(tmp_path: Path) -> None:
    record(PLAN, scans(40), tmp_path, {20, 40})
    other = Session(PLAN)
    for _ in other.play(scans(40, 4)[:20]):
        pass
    (tmp_path / "20.snapshot").write_bytes(other.snapshot())
    (found,) = resumed_elsewhere(tmp_path, [(20, 40)])
    assert found.differs == 21


def test_what_is_one_thing_is_one_thing_again() -> None:
    base = np.arange(12.0).reshape(3, 4)
    parts = [base[1], base[:, 2], base.T, base[::-1, ::2], np.broadcast_to(base[0], (5, 4)), np.asfortranarray(base)]
    more = [np.zeros((0, 3)), np.array(["ab", ""]), np.array(True), np.float64(1.5), 2**70, deque([1, 2], 3), {(1, 2)}]
    shared = [1]
    state = replace(pipeline.start(PLAN), tracks=[base, *parts, *more, shared, shared])  # type: ignore[arg-type]
    back: Any = unpack(PLAN, pack(PLAN, state, 1))[0].tracks
    for mine, found in zip([base, *parts], back[:7], strict=True):
        assert (mine.shape, mine.strides, mine.dtype) == (found.shape, found.strides, found.dtype)
        assert mine.tobytes() == found.tobytes()
    assert [type(one) for one in back[7:]] == [type(one) for one in (*more, shared, shared)]
    assert (back[12], back[12].maxlen) == (deque([1, 2]), 3)
    back[0][1, 2] = 99.0
    assert (back[1][2], back[2][1], back[3][2, 1], back[6][1, 2]) == (99.0, 99.0, 99.0, 6.0)
    assert back[-1] is back[-2]
    assert pack(PLAN, unpack(PLAN, pack(PLAN, state, 1))[0], 1) == pack(PLAN, state, 1)


class Foreign:
    """No data."""


@pytest.mark.parametrize("value", [Foreign(), len, Foreign, object(), np.array([None]), np.zeros(1, "i4,i4"), 1j, b"x"])
def test_a_state_that_is_more_than_data_is_refused_when_it_is_written(value: object) -> None:
    state = replace(pipeline.start(PLAN), tracks=[value])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        pack(PLAN, state, 0)


def test_a_snapshot_of_another_plan_or_code_or_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = fresh()
    with pytest.raises(BadInput, match="another plan"):
        Session(replace(PLAN, refraction=True), snapshot=kept)
    with pytest.raises(BadInput, match="reads tocsin-state/1"):
        Session(PLAN, snapshot=kept.replace(b"state/1", b"state/9", 1))
    code, *rest = msgspec.msgpack.decode(kept[HEAD + 32 :])
    with pytest.raises(BadInput, match="other code"):
        Session(PLAN, snapshot=sealed(["0" * len(code), *rest]))


def nodes_of(kept: bytes) -> list[list[Any]]:
    nodes: list[list[Any]] = msgspec.msgpack.decode(kept[HEAD + 32 :])[3]
    return nodes


def sealed(content: object) -> bytes:
    """A hostile snapshot: its hash is right."""
    data = msgspec.msgpack.encode(content)
    return f"{snapshot.FORMAT}\n".encode() + hashlib.sha256(data).digest() + data


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_other_bytes_are_refused(data: st.DataObject) -> None:
    kept = fresh()
    way = data.draw(st.sampled_from(["any", "cut", "flip", "tail"]))
    at = data.draw(st.integers(0, len(kept) - 1))
    given_bytes = {
        "any": data.draw(st.binary(max_size=300)),
        "cut": kept[:at],
        "flip": kept[:at] + bytes([kept[at] ^ data.draw(st.integers(1, 255))]) + kept[at + 1 :],
        "tail": kept + b"\x00",
    }[way]
    with pytest.raises(BadInput):
        Session(PLAN, snapshot=given_bytes)


LEAF = (
    st.none() | st.booleans() | st.integers(-3, 2**63 - 1) | st.floats() | st.text(max_size=5) | st.binary(max_size=9)
)
TAGS = ["int", "array", "view", "scalar", "dict", "list", "tuple", "deque", "set", "frozenset", "named", "record"]
NAMES = [
    "os:system", "builtins:eval", "tocsin:__doc__", "tocsin.pipeline:State", "tocsin.pipeline:advance",
    "tocsin.cli.entry:main", "tocsin.session.snapshot:sys", "tocsin.nowhere:X", "tocsin.records.events:Events",
    "subprocess:Popen", "tocsin..x:y", "tocsin.errors:BadInput", "tocsin.track.late:Ring", "<f8", "|O", "<U9", "|V8",
]  # fmt: skip
PART = st.recursive(
    LEAF | st.sampled_from([*TAGS, *NAMES]) | st.integers(0, 6).map(lambda k: [k]),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=3), part, max_size=2),
    max_leaves=8,
)
NODE = st.tuples(st.sampled_from([*TAGS, "?"]), st.sampled_from(NAMES) | PART, PART, PART, PART, PART).flatmap(
    lambda node: st.integers(1, 6).map(lambda n: list(node[:n]))
)


@settings(max_examples=300, deadline=None)
@given(nodes=st.lists(NODE | PART, max_size=7) | PART, root=PART, batches=st.just(0) | PART)
def test_a_snapshot_that_is_made_up_is_refused_and_runs_nothing(nodes: object, root: object, batches: object) -> None:
    code, plan, *_ = msgspec.msgpack.decode(fresh()[HEAD + 32 :])
    loaded = set(sys.modules)
    with pytest.raises(BadInput):
        unpack(PLAN, sealed([code, plan, batches, nodes, root]))
    assert {name for name in set(sys.modules) - loaded if name.startswith("tocsin")} == set()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_snapshot_whose_parts_were_exchanged_raises_nothing_else(data: st.DataObject) -> None:
    code, plan, batches, nodes, root = msgspec.msgpack.decode(fresh()[HEAD + 32 :])
    node = nodes[data.draw(st.integers(0, len(nodes) - 1))]
    node[data.draw(st.integers(0, len(node) - 1))] = data.draw(PART)
    try:
        state, _ = unpack(PLAN, sealed([code, plan, batches, nodes, root]))
    except BadInput:
        return
    assert isinstance(state, pipeline.State)


@pytest.mark.parametrize(
    "nodes",
    [
        [["list", [[0]]]],
        [["list", [[k + 1]]] for k in range(50_000)],
        [["array", "<f8", [2**40], "C", b""]],
        [["array", "<f8", [2**63, 2], "C", b""]],
        [["view", "<f8", [2], [8], 2**63, [0]]],
        [["record", "tocsin.pipeline:State", []]],
        [["record", "tocsin.cli.entry:main", []]],
        [["tuple", [[k + 1], [k + 1]]] for k in range(60)] + [["tuple", []]],
        [["set", [[1]]]] + [["tuple", [[k + 2], [k + 2]]] for k in range(60)] + [["tuple", []]],
    ],
)
def test_traps_are_refused_at_once(nodes: list[Any]) -> None:
    code, plan, *_ = msgspec.msgpack.decode(fresh()[HEAD + 32 :])
    with pytest.raises(BadInput):
        unpack(PLAN, sealed([code, plan, 0, nodes, [0]]))
