"""Tracks in parts on several threads: the cut, the order, and the same bytes as in one."""

from __future__ import annotations

import threading

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_track_stage import Run, Sky, plan_of, straight

from tocsin import _threads
from tocsin.track import parts


@given(st.integers(0, 50_000), st.integers(1, 8))
def test_parts_cover_all_tracks_once_and_none_is_small(n, threads):
    cut = parts.parts_of(n, threads)
    assert [i for part in cut for i in range(part.start, part.stop)] == list(range(n))
    assert len(cut) <= threads
    assert len(cut) == 1 or min(part.stop - part.start for part in cut) >= parts.LEAST


def test_work_on_parts_keeps_their_order_and_uses_another_thread():
    names = _threads.on_all(lambda k: (k, threading.current_thread().name), [3, 1, 2])
    assert [k for k, _ in names] == [3, 1, 2]
    assert names[0][1] == threading.current_thread().name
    assert all(name.startswith("tocsin_") for _, name in names[1:])


def test_an_error_in_another_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        _threads.on_all(lambda k: 1 // k, [1, 0])


def raid():
    rng = np.random.default_rng(5)
    places = np.column_stack([rng.uniform(-2e4, 2e4, (60, 2)), rng.uniform(100, 600, 60)])
    targets = [straight(p, (*rng.uniform(-40, 40, 2), 0.0)) for p in places]
    plan = plan_of()
    sky = Sky(plan, targets, clutter=30.0, pd=0.9)
    return plan, [sky.batch(float(t)) for t in range(12)] + [sky.batch(12.0, bearing_only=True), sky.batch(13.0)]


def written(run):
    return [msgspec.msgpack.encode(step.table, enc_hook=np.ndarray.tobytes) for step in run.steps]


@pytest.mark.parametrize("cores", [2, 3])
def test_output_has_the_same_bytes_on_any_number_of_threads(monkeypatch, cores):
    plan, batches = raid()
    alone = written(Run(plan).take(*batches))
    asked = []
    whole = parts.parts_of
    monkeypatch.setattr(parts, "LEAST", 5)
    monkeypatch.setattr("tocsin.track.step.parts_of", lambda n: asked.append(whole(n, cores)) or asked[-1])
    assert written(Run(plan).take(*batches)) == alone
    assert max(len(cut) for cut in asked) == cores
