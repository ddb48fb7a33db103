"""Records to JSON and back: equal, to the bit, and written the same again."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any, TypeVar

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import TypeAliasType

from tocsin.exercise.kinds import KINDS
from tocsin.journal.codec import canonical, decode, encode
from tocsin.records.detections import Batch, DetectionTable, ErrorRecord, ReportTable
from tocsin.records.tracks import TrackEnd

any_float = st.floats(allow_nan=True, allow_infinity=True, width=64)
text = st.text(max_size=12)


def column(n: int) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, n, elements=any_float)


def same(a: Any, b: Any) -> bool:
    """Equal in type and, for floats, in every bit but those of a NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind != "f":
            return bool(np.array_equal(a, b))
        either = np.isnan(a) & np.isnan(b)
        return bool(np.all(either | (a.view(np.int64) == b.view(np.int64))))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return bool(a == b)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    n, m = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    rows = draw(hnp.arrays(np.int64, n))
    texts = [tuple(draw(st.lists(text, min_size=m, max_size=m))) for _ in range(4)]
    return Batch(
        index=draw(st.integers(0, 2**53)),
        t_s=draw(any_float),
        t_arrival_s=draw(any_float),
        sensor_index=draw(st.integers(-1, 5)),
        detections=DetectionTable(rows, *(draw(column(n)) for _ in range(10))),
        reports=ReportTable(
            draw(column(m)),
            texts[0],
            texts[1],
            texts[2],
            draw(hnp.arrays(np.float64, (m, 3), elements=any_float)),
            draw(column(m)),
            texts[3],
        ),
        errors=tuple(
            draw(st.lists(st.builds(ErrorRecord, any_float, text, st.integers(0, 9), text, text, text), max_size=2))
        ),
        t_text=draw(text),
    )


@settings(max_examples=40, deadline=None)
@given(batch=batches())
def test_a_batch_comes_back(batch: Batch) -> None:
    written = encode(batch)
    back = decode(Batch, written)
    assert same(batch, back)
    assert encode(back) == written
    json.loads(written, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_record_has_a_codec(kind: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        decode(KINDS[kind], b'{"no such field": 1}')


def test_not_a_number_is_null_and_infinity_has_a_name() -> None:
    record = ErrorRecord(math.nan, "s", 1, "c", "v", "p")
    assert b'"t_s":null' in encode(record)
    assert b'"t_s":"-inf"' in encode(dataclasses.replace(record, t_s=-math.inf))


def test_arrays_come_back_as_their_own_in_c_order() -> None:
    wide = np.asfortranarray(np.arange(36.0).reshape(6, 6))
    end = TrackEnd(1.0, 2, "missed", 0, np.arange(12.0)[::2], wide, np.float64(1.5))
    back = canonical(end)
    np.testing.assert_array_equal(back.covariance, wide)
    assert back.covariance.flags.c_contiguous
    assert back.covariance.flags.writeable
    assert back.state.flags.c_contiguous
    assert type(back.updated_t_s) is float


def test_another_type_than_the_declared_is_refused() -> None:
    with pytest.raises(TypeError, match="float64 is declared"):
        encode(TrackEnd(1.0, 2, "missed", 0, np.arange(6), np.zeros((6, 6)), 1.5))
    good = encode(TrackEnd(1.0, 2, "missed", 0, np.zeros(6), np.zeros((6, 6)), 1.5))
    with pytest.raises(ValueError, match="not a TrackEnd"):
        decode(TrackEnd, good.replace(b'"track_id":2', b'"track_id":2.5'))
    with pytest.raises(ValueError, match="cannot reshape"):
        decode(TrackEnd, good.replace(b"[6,6]", b"[6,7]"))


def test_an_alias_of_an_array_type_is_the_array_type() -> None:
    scalar = TypeVar("scalar", bound=np.generic)
    alias = TypeAliasType("Array", np.ndarray[Any, np.dtype[scalar]], type_params=(scalar,))
    text = TypeAliasType("Text", str)

    @dataclasses.dataclass(frozen=True)
    class Held:
        numbers: alias[np.float64]  # type: ignore[valid-type]
        name: text  # type: ignore[valid-type]

    Held.__annotations__ = {"numbers": alias[np.float64], "name": text}
    held = Held(np.array([1.5, math.nan]), "radar-1")
    assert encode(held) == b'{"numbers":[1.5,null],"name":"radar-1"}'
    assert encode(decode(Held, encode(held))) == encode(held)
