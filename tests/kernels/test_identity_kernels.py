"""Kernels of identification: outputs are written whole, summaries are NumPy's, a track without memory says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.identify.densities import make_densities
from tocsin.kernels import identity
from tocsin.kernels.identity import CLASSES, FEATURES, SUMMARIES, classify, features, match_slots, open_slots, stand
from tocsin.records.arrays import FloatArray

DENSITIES = make_densities()
PRIOR = np.array([0.05, 0.05, 0.2, 0.2, 0.35, 0.15])
RADIUS_M = 6.37e6


def look(
    state: FloatArray,
    covariance: FloatArray,
    memory: FloatArray,
    t_s: float = 0.0,
    rcs: float = np.nan,
    mu: float = 0.2,
    seen: bool = True,
    known: FloatArray | None = None,
) -> FloatArray:
    """Class probabilities (T, C) of tracks whose slots are their rows."""
    n = len(state)
    out, row = np.full((n, CLASSES), np.nan), np.arange(n) if seen else np.full(n, -1)
    known = np.tile(PRIOR, (n, 1)) if known is None else known
    fixed = (RADIUS_M, DENSITIES.grid, DENSITIES.table, PRIOR, np.log(PRIOR), 0.02)
    classify(
        *fixed, t_s, row, np.arange(n), state, covariance, np.full(n, mu), np.full(n, rcs), memory, known, out
    )  # fmt: skip
    return out


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(-3000.0, 3000.0), min_size=3, max_size=3),
    st.floats(-200.0, 60000.0),
    st.floats(0.0, 1e6),
    st.floats(0.0, 1.0),
    st.floats(-120.0, 90.0),
)
def test_whatever_the_track_probabilities_are_probabilities(
    velocity: list[float], up: float, var: float, mu: float, rcs: float
) -> None:
    state = np.array([[3000.0, 0.0, up, *velocity]])
    memory = np.zeros((1, SUMMARIES))
    for k in range(8):
        out = look(state, var * np.eye(6)[None], memory, 1.0 * k, rcs, mu)
        assert out.sum() == pytest.approx(1.0, abs=1e-12)
        assert (out >= 0.02 * PRIOR * (1 - 1e-12)).all()
    assert np.isfinite(memory).all()


def test_a_velocity_that_is_not_known_favours_no_class_by_its_speed() -> None:
    def moved_by_speed(sd: float) -> float:
        covariance = np.diag([25.0, 25.0, 25.0, sd**2, sd**2, 1.0])[None]
        slow, fast = (np.array([[3000.0, 0.0, 150.0, v, 0.0, 0.0]]) for v in (10.0, 60.0))
        gap = look(slow, covariance, np.zeros((1, SUMMARIES))) - look(fast, covariance, np.zeros((1, SUMMARIES)))
        return float(np.abs(gap).sum())

    assert moved_by_speed(1.0) > 1.0
    assert moved_by_speed(400.0) < 0.05


def test_a_feature_that_is_not_known_says_nothing() -> None:
    pairs = np.zeros((1, FEATURES, 2))
    state, covariance = np.array([[0.0, 0.0, 100.0, 20.0, 0.0, 0.0]]), np.eye(6)[None]
    features(RADIUS_M, state, covariance, np.zeros((1, SUMMARIES)), pairs)
    assert np.isnan(pairs[0, :, 0]).tolist() == [False, False, False, True, True, True, True, True]
    without = look(state, covariance, np.zeros((1, SUMMARIES)))
    with_rcs = look(state, covariance, np.zeros((1, SUMMARIES)), rcs=-30.0)
    assert with_rcs[0, 4] > without[0, 4]


def test_the_regression_of_the_vertical_speed_finds_the_fall() -> None:
    memory = np.zeros((1, SUMMARIES))
    covariance = np.diag([100.0] * 3 + [4.0] * 3)[None]
    times = 0.25 * np.arange(24)
    for t in times:
        look(np.array([[0.0, 0.0, 1000.0, 200.0, 0.0, 100.0 - 9.8 * t]]), covariance, memory, t)
    assert memory[0, 7] / memory[0, 6] == pytest.approx(-9.8, rel=1e-9)
    weight = np.exp(-(times[-1] - times) / 8.0)
    want = np.average((times - np.average(times, weights=weight)) ** 2, weights=weight) * weight.sum() / 4.0
    assert memory[0, 6] == pytest.approx(want, rel=1e-9)
    assert memory[0, 1] == 24.0


def test_the_scatter_of_the_velocity_is_the_fading_variance() -> None:
    rng = np.random.default_rng(5)
    velocity, memory = rng.normal(0.0, 3.0, (40, 2)), np.zeros((1, SUMMARIES))
    for k, (east, north) in enumerate(velocity):
        look(np.array([[0.0, 0.0, 100.0, east, north, 0.0]]), np.eye(6)[None], memory, 0.5 * k)
    weight = np.exp(-0.5 * np.arange(39, -1, -1) / 5.0)
    mean = np.average(velocity, axis=0, weights=weight)
    want = np.average(((velocity - mean) ** 2).sum(axis=1), weights=weight)
    assert memory[0, 11] / memory[0, 8] == pytest.approx(want, rel=1e-9)


def test_coasting_changes_nothing_and_a_late_scan_does_not_turn_time_back() -> None:
    memory, known = np.zeros((1, SUMMARIES)), np.tile(PRIOR, (1, 1))
    state, covariance = np.array([[0.0, 0.0, 100.0, 20.0, 0.0, 1.0]]), np.eye(6)[None]
    seen = look(state, covariance, memory, 5.0, -20.0, known=known)
    before = memory.copy()
    coasted = look(state + 50.0, covariance, memory, 6.0, seen=False, known=known)
    assert (memory == before).all()
    assert (coasted == seen).all()
    look(state, covariance, memory, 4.5, known=known)
    assert memory[0, 0] == 5.0
    assert memory[0, 16] == -20.0


def test_swerling_looks_average_to_the_class_mean() -> None:
    rng = np.random.default_rng(8)
    memory = np.zeros((1, SUMMARIES))
    state, covariance = np.array([[0.0, 0.0, 100.0, 20.0, 0.0, 0.0]]), np.eye(6)[None]
    for k in range(400):
        look(state, covariance, memory, 0.1 * k, -15.0 + 10.0 * np.log10(rng.exponential()))
    assert memory[0, 16] == pytest.approx(-15.0 - 2.51, abs=4 * 5.57 / np.sqrt(400))


def test_looks_that_repeat_each_other_add_no_certainty() -> None:
    memory = np.zeros((1, SUMMARIES))
    state, covariance = np.array([[0.0, 4000.0, 150.0, 12.0, 0.0, 0.0]]), np.diag([25.0] * 3 + [1.0] * 3)[None]
    early, late = (look(state, covariance, memory, 1.0 * k)[0] for k in (0, 1))
    for k in range(2, 60):
        middle, late = late, look(state, covariance, memory, 1.0 * k)[0]
    assert late == pytest.approx(middle, abs=1e-3)
    assert 0.1 < late[4] < 0.95
    assert early[4] > 0.1


@given(st.floats(-40.0, 0.0))
def test_the_short_exponential_is_the_exponential(x: float) -> None:
    assert identity._exp(x) == pytest.approx(np.exp(x), rel=2e-9)


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_slots_are_found_by_id(held: set[int], listed: set[int]) -> None:
    ids, wanted = (np.array(sorted(x), dtype=np.int64) for x in (held, listed))
    slot = np.full(len(wanted), -99, dtype=np.int64)
    assert match_slots(ids, ids * 10, wanted, slot) == len(listed - held)
    assert slot.tolist() == [i * 10 if i in held else -1 for i in sorted(listed)]


class Watch:
    """One track whose risk is given second by second."""

    def __init__(self) -> None:
        self.memory = np.zeros((1, SUMMARIES))
        self.seen, self.quiet = np.full(1, -np.inf), np.zeros(1)
        self.reopened, self.dismissed = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.bool_)

    def step(self, t_s: float, hostile: float, barred: bool = False) -> bool:
        """Whether it is ignored after this second."""
        self.memory[0, 0], self.memory[0, 1] = t_s, self.memory[0, 1] + 1.0
        changed, before = np.ones(1, dtype=np.bool_), bool(self.dismissed[0])
        columns = (self.memory, self.seen, self.quiet, self.reopened, self.dismissed)
        one = (np.zeros(1, dtype=np.int64), np.array([hostile]), np.array([barred]))
        count = stand(0.05, 2.0, 10.0, 5.0, *one, *columns, changed)
        assert count == int(changed[0]) == int(before != self.dismissed[0])
        return bool(self.dismissed[0])


def test_a_track_is_ignored_after_ten_quiet_seconds_and_taken_up_at_once() -> None:
    watch = Watch()
    ignored = [watch.step(float(t), 0.01) for t in range(15)]
    assert ignored.index(True) == 10
    assert watch.step(15.0, 0.09)  # above the threshold, not yet twice
    assert not watch.step(16.0, 0.11)
    assert [watch.step(17.0 + t, 0.01) for t in range(25)].index(True) == 19  # twice as long: 16 to 36 s


def test_a_barred_track_is_never_ignored() -> None:
    watch = Watch()
    assert not any(watch.step(float(t), 0.01, barred=True) for t in range(40))
    other = Watch()
    assert [other.step(float(t), 0.01) for t in range(12)][-1]
    assert not other.step(12.0, 0.01, barred=True)


def test_a_track_at_the_border_does_not_flap() -> None:
    rng = np.random.default_rng(2)
    watch, changes, before = Watch(), 0, False
    for t in range(3600):
        now = watch.step(float(t), float(rng.choice([0.04, 0.12], p=[0.97, 0.03])))
        changes, before = changes + (now != before), now
    assert changes <= 2 * np.log2(3600 / 10)


def test_a_slot_that_is_taken_up_says_nothing_and_the_others_keep_what_they_say() -> None:
    rows = 4
    wide = [np.full((rows, SUMMARIES), 7.0), np.full((rows, CLASSES), 7.0)]
    columns = [np.full(rows, 7.0) for _ in range(4)]
    reopened, dismissed = np.full(rows, 7, dtype=np.int64), np.ones(rows, dtype=np.bool_)
    open_slots(PRIOR, np.array([3, 1], dtype=np.int64), *wide, *columns, reopened, dismissed)
    for i in (1, 3):
        assert (wide[0][i] == 0.0).all()
        assert (wide[1][i] == PRIOR).all()
        assert [column[i] for column in columns] == [0.0, 0.0, 0.0, -np.inf]
        assert (reopened[i], dismissed[i]) == (0, False)
    for i in (0, 2):
        assert (wide[0][i] == 7.0).all()
        assert (wide[1][i] == 7.0).all()
        assert [column[i] for column in columns] == [7.0] * 4
        assert (reopened[i], dismissed[i]) == (7, True)
