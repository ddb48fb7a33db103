"""Who owns a tracker: one thread at a time, copies that share nothing, results that are the caller's own."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable

import numpy as np
import pytest
from door_cases import RADAR, SECOND, bytes_of, scan_at, scans
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tocsin import Detections, Pipeline, Tracker
from tocsin.errors import ConcurrentUse, CutOff
from tocsin.facade import pipeline as door

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)  # a failure is a seed already, and shrinking takes minutes
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=UNSHRUNK)
TWINS: dict[str, Callable[[Tracker], Tracker]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda tracker: pickle.loads(pickle.dumps(tracker)),
}


def fed(tracker: Tracker, given_scans: list[Detections]) -> list[tuple[object, ...]]:
    return [bytes_of(tracker.update(scan)) for scan in given_scans]


@FEW
@given(
    seed=st.integers(0, 10**6),
    other=st.integers(0, 10**6),
    cut=st.integers(0, 40),
    how=st.sampled_from(sorted(TWINS)),
    first=st.booleans(),
)
def test_a_copy_goes_its_own_way(seed: int, other: int, cut: int, how: str, first: bool) -> None:
    before, mine, theirs = list(scans(seed, 0, cut)), list(scans(seed, cut, 55)), list(scans(other, cut, 55))
    fresh, fresh_other = Tracker([RADAR, SECOND]), Tracker([RADAR, SECOND])
    tracker = Tracker([RADAR, SECOND])
    fed(tracker, before)
    twin = TWINS[how](tracker)
    if first:
        got_theirs, got_mine = fed(twin, theirs), fed(tracker, mine)
    else:
        got_mine, got_theirs = [], []
        for a, b in zip(mine, theirs, strict=True):
            got_mine += fed(tracker, [a])
            got_theirs += fed(twin, [b])
    assert got_mine == fed(fresh, before + mine)[len(before) :]
    assert got_theirs == fed(fresh_other, before + theirs)[len(before) :]
    for twins in ((tracker, fresh), (twin, fresh_other)):
        past = [t.history(1).position_m.tobytes() for t in twins]
        assert past[0] == past[1]


def test_a_copy_of_a_copy_of_a_pipeline_forecasts_alike() -> None:
    pipeline = Pipeline([RADAR, SECOND])
    for scan in scans(3, 0, 16):
        pipeline.update(scan)
    twins = [pipeline, copy.copy(copy.deepcopy(pipeline)), pickle.loads(pickle.dumps(pipeline))]
    for scan in scans(3, 16, 30):
        told = [twin.update(scan) for twin in twins]
        assert len({one.impacts.position_m.tobytes() for one in told}) == 1
    assert len(told[0].impacts.track_id) == 1


def test_a_second_thread_is_told_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go = threading.Event(), threading.Event()
    real = door.pipeline.advance

    def held(*arguments: object) -> object:
        inside.set()
        assert go.wait(60)
        return real(*arguments)  # type: ignore[arg-type]

    tracker, alone, got = Tracker([RADAR]), Tracker([RADAR]), []
    monkeypatch.setattr(door.pipeline, "advance", held)
    worker = threading.Thread(target=lambda: got.append(bytes_of(tracker.update(scan_at(0.0, 1)))))
    worker.start()
    assert inside.wait(60)
    for call in (
        lambda: tracker.update(scan_at(1.0, 1)),
        lambda: tracker.coast(1.0),
        lambda: tracker.history(1),
        lambda: copy.copy(tracker),
        lambda: pickle.dumps(tracker),
    ):
        with pytest.raises(ConcurrentUse, match="another call is under way"):
            call()
    go.set()
    worker.join(60)
    monkeypatch.undo()
    assert got == [bytes_of(alone.update(scan_at(0.0, 1)))]
    assert fed(tracker, [scan_at(1.0, 1)]) == fed(alone, [scan_at(1.0, 1)])


STRESS = """
import sys, threading
sys.path.insert(0, {folder!r})
from door_cases import RADAR, scan_at
from tocsin import Tracker
from tocsin.errors import BadInput, ConcurrentUse
tracker, told = Tracker([RADAR]), []
def work():
    for k in range(150):
        try: tracker.update(scan_at(float(k), 1))
        except (BadInput, ConcurrentUse) as error: told.append(type(error).__name__)
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]; [t.join() for t in threads]
print("survived", len(told) > 0)
"""


def test_two_threads_on_one_tracker_survive() -> None:
    code = STRESS.format(folder=str(door.Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["survived"]), done.stderr[-2000:]


def test_a_call_that_was_cut_off_is_not_built_upon(monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = Tracker([RADAR])
    tracker.update(scan_at(0.0, 1))
    spare = copy.copy(tracker)

    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(door.pipeline, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tracker.update(scan_at(1.0, 1))
    with pytest.raises(CutOff, match="ended midway"):
        tracker.update(scan_at(2.0, 1))
    assert len(spare.update(scan_at(1.0, 1)).track_id) >= 0


def test_what_a_caller_does_to_a_result_stays_with_the_caller() -> None:
    mine, alone = Tracker([RADAR, SECOND]), Tracker([RADAR, SECOND])
    for scan in scans(5, 0, 60):
        tracks = mine.update(scan)
        assert bytes_of(tracks) == bytes_of(alone.update(scan))
        held = mine._pipeline._whole().tracks
        assert held is not None
        for own, theirs in (("position_m", "state"), ("velocity_mps", "state"), ("covariance", "covariance")):
            assert not np.shares_memory(getattr(tracks, own), getattr(held, theirs))
        for name in ("position_m", "velocity_mps", "covariance", "existence", "class_probability", "updated_t_s"):
            getattr(tracks, name)[...] = np.nan
    assert len(tracks.track_id) >= 3
    assert np.all(np.isfinite(mine.history(1).position_m))
