"""Lines that hold together: any change of any byte shows, at its record."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import ChainBroken
from tocsin.journal.chain import Chain, Tail, entries

BODIES = [b'{"a":1}', b"[]", b'{"text":"x","hash":"y"}', b"null"]


def lines() -> list[bytes]:
    chain = Chain()
    return [chain.line("batch", body, follows="a" * 64 if k == 2 else "") for k, body in enumerate(BODIES)]


def written(content: bytes) -> Iterator[bytes]:
    """The lines as a store gives them."""
    return iter(io.BytesIO(content))


def test_whole_lines_come_back() -> None:
    tail = Tail()
    found = list(entries(written(b"".join(lines())), "journal.jsonl", tail))
    assert [entry.body for entry in found] == BODIES
    assert [entry.follows for entry in found] == ["", "", "a" * 64, ""]
    assert [entry.number for entry in found] == [1, 2, 3, 4]
    assert tail.cut == b""


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_found_at_its_record(data: st.DataObject) -> None:
    content = b"".join(lines())
    at = data.draw(st.integers(0, len(content) - 2))
    changed = bytearray(content)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    record = content[:at].count(b"\n") + 1
    with pytest.raises(ChainBroken) as caught:
        list(entries(written(bytes(changed)), "journal.jsonl", Tail()))
    # a line feed that is taken away or put in moves the fault to the line that it makes, which is the same or the next
    assert caught.value.record in (record, record + (content[at] == 10))


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_record_that_was_taken_out(gone: int) -> None:
    kept = [line for k, line in enumerate(lines()) if k != gone]
    with pytest.raises(ChainBroken, match=f"record {gone + 2} stands in its place") as caught:
        list(entries(written(b"".join(kept)), "journal.jsonl", Tail()))
    assert caught.value.record == gone + 1


def test_records_that_changed_places() -> None:
    a, b, c, d = lines()
    with pytest.raises(ChainBroken) as caught:
        list(entries(written(a + c + b + d), "journal.jsonl", Tail()))
    assert caught.value.record == 2


def test_a_foreign_record_with_a_hash_of_its_own() -> None:
    a, _, c, d = lines()
    foreign = Chain("b" * 64)
    foreign.number = 1
    with pytest.raises(ChainBroken, match="does not follow") as caught:
        list(entries(written(a + foreign.line("batch", b"7") + c + d), "journal.jsonl", Tail()))
    assert caught.value.record == 2


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_killed_writer_leaves_what_it_had_written(data: st.DataObject) -> None:
    content = b"".join(lines())
    end = data.draw(st.integers(0, len(content)))
    tail = Tail()
    found = list(entries(written(content[:end]), "journal.jsonl", tail))
    assert len(found) == content[:end].count(b"\n")
    assert tail.cut == content[:end].rpartition(b"\n")[2]
