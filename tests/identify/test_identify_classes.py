"""Classes from kinematics and RCS: how fast, how right, and whether 80 % means 80 %."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from identify_cases import Runner, plan, table_of, tracks_of

from tocsin import identify
from tocsin.identify.classes import hostile_prior, report_factor
from tocsin.identify.densities import make_densities
from tocsin.records.arrays import FloatArray
from tocsin.records.identities import CLASSES
from tocsin.records.plan import Plan

N = 120


@cache
def history(kind: str, dt: float, scans: int, with_rcs: bool = True, n: int = N) -> tuple[FloatArray, FloatArray]:
    """Class probabilities (K, n, C) after each scan from the second on, and which objects still fly (K, n)."""
    run = Runner.new()
    rng = np.random.default_rng([CLASSES.index(kind), 99])
    rows, flying = [], []
    for table, up in tracks_of(rng, kind, n, dt * np.arange(scans), with_rcs=with_rcs):
        rows.append(run.step(table).probability.copy())
        flying.append(up)
    return np.array(rows), np.array(flying)


@pytest.mark.parametrize("with_rcs", [True, False])
@pytest.mark.parametrize("kind", ["rocket", "mortar"])
def test_a_round_is_ballistic_by_its_sixth_detection_at_4_hz(kind: str, with_rcs: bool) -> None:
    probability, flying = history(kind, 0.25, 28, with_rcs)
    ballistic = (probability[:, :, :2].sum(axis=2) >= 0.5) | ~flying
    assert ballistic[4].mean() >= 0.96  # table k follows detection k + 2
    assert ballistic[6:].mean() >= 0.99


@pytest.mark.parametrize("with_rcs", [True, False])
@pytest.mark.parametrize("kind", ["fixed_wing", "multirotor", "bird", "aircraft"])
def test_what_flies_is_not_taken_for_a_round(kind: str, with_rcs: bool) -> None:
    probability, _ = history(kind, 0.5, 30, with_rcs)
    ballistic = probability[:, :, :2].sum(axis=2) >= 0.5
    assert ballistic[0].mean() <= 0.15  # of two detections, with a velocity that is known to 100 m/s
    assert ballistic[1:].mean() <= 0.006
    assert not ballistic[8:].any()


def test_a_fast_level_airliner_at_ten_kilometres_is_an_aircraft() -> None:
    run = Runner.new()
    for k in range(12):
        state = np.array([[230.0 * k * 0.25, 9000.0, 10000.0, 230.0, 0.0, 0.0]])
        table = table_of(0.25 * k, state, covariance=np.diag([900.0, 900, 900, 400, 400, 400])[None])
        result = run.step(table)
        assert result.probability[0, :2].sum() < 0.5
    assert result.probability[0].argmax() == CLASSES.index("aircraft")


def test_a_mortar_bomb_first_seen_near_its_apogee_is_found_out_by_its_fall() -> None:
    run = Runner.new()
    for k in range(20):
        t = 0.25 * k
        state = np.array([[130.0 * t, 4000.0, 1500.0 + 20 * t - 4.9 * t * t, 130.0, 0.0, 20.0 - 9.8 * t]])
        sd = max(4.0, 80.0 / (k + 1))
        model = np.array([[0.7, 0.1, 0.2]]) if k < 5 else np.array([[0.3, 0.1, 0.6]])
        covariance = np.diag([400.0, 400.0, 400.0, sd**2, sd**2, sd**2])[None]
        result = run.step(table_of(t, state, covariance=covariance, model=model))
    assert result.probability[0, :2].sum() >= 0.5


@cache
def pooled() -> tuple[FloatArray, FloatArray]:
    """Probabilities and truth (rows of 0 and 1) of looks at 3, 8 and 20 s, classes mixed as in the prior."""
    prior = np.array(plan().identify.prior)
    rng = np.random.default_rng(3)
    p, y = [], []
    for c, kind in enumerate(CLASSES):
        probability, flying = history(kind, 0.5, 42, n=240)
        take = rng.choice(240, size=round(240 * prior[c] / prior.max()), replace=False)
        for k in (5, 15, 39):
            keep = take[flying[k][take]]
            p.append(probability[k][keep])
            y.append(np.tile(np.eye(len(CLASSES))[c], (keep.size, 1)))
    return np.concatenate(p), np.concatenate(y)


def test_probabilities_are_calibrated(capsys: pytest.CaptureFixture[str]) -> None:
    p, y = pooled()
    brier = float(((p - y) ** 2).sum(axis=1).mean())
    confidence, right = p.max(axis=1), y[np.arange(len(p)), p.argmax(axis=1)]
    bins = np.clip((confidence * 10).astype(int), 0, 9)
    used = [b for b in range(10) if (bins == b).any()]
    gap = [abs(confidence[bins == b].mean() - right[bins == b].mean()) for b in used]
    ece = float(np.average(gap, weights=[(bins == b).sum() for b in used]))
    drones_birds = (y[:, 2:5].sum(axis=1) > 0) & (p[:, 2:5].sum(axis=1) > 0.5)
    is_bird, says_bird = y[drones_birds, 4] > 0, p[drones_birds].argmax(axis=1) == 4
    with capsys.disabled():
        print(
            f"\n  identity, {len(p)} looks: Brier {brier:.3f}, ECE {ece:.3f}, top class right {right.mean():.3f}, "
            f"drone against bird {(is_bird == says_bird).mean():.3f}"
        )
    assert brier <= 0.25
    assert ece <= 0.08
    assert (confidence - right).mean() <= 0.02  # doubt too much rather than too little: the world is wider than a table
    assert (is_bird == says_bird).mean() >= 0.8


def test_more_scans_of_the_same_thing_do_not_make_it_certain() -> None:
    # Given a drone that flies as birds do and no RCS, when it is seen 400 times, then a doubt remains.
    run = Runner.new()
    for k in range(400):
        state = np.array([[12.0 * 0.25 * k, 3000.0, 150.0, 12.0, 0.0, 0.0]])
        result = run.step(table_of(0.25 * k, state))
    assert 0.05 < result.probability[0, 4] < 0.95
    assert result.probability[0, 3] > 0.02


def test_a_coasting_track_keeps_its_identity() -> None:
    run = Runner.new()
    state = np.array([[1000.0, 3000.0, 150.0, 12.0, 0.0, 0.0]])
    for k in range(5):
        seen = run.step(table_of(float(k), state))
    for k in range(5, 30):
        coasted = run.step(table_of(float(k), state, seen=False))
    assert coasted.probability == pytest.approx(seen.probability, abs=1e-12)


def test_columns_follow_the_tracks_when_some_come_and_go() -> None:
    def drone(n: int) -> FloatArray:
        return np.tile([1000.0, 3000.0, 150.0, 35.0, 0.0, 0.0], (n, 1))

    mixed, alone = Runner.new(), Runner.new()
    for k in range(6):
        ids = np.array([2, 5]) if k < 3 else np.array([5, 9, 11])
        result = mixed.step(table_of(float(k), drone(ids.size), ids=ids))
        own = alone.step(table_of(float(k), drone(1), ids=np.array([5])))
    assert result.probability[0] == pytest.approx(own.probability[0], abs=1e-12)
    assert result.probability[1] != pytest.approx(own.probability[0], abs=1e-6)


def test_the_same_inputs_give_the_same_bytes() -> None:
    def one() -> bytes:
        run, rng = Runner.new(), np.random.default_rng(4)
        tables = [t for t, _ in tracks_of(rng, "bird", 20, 0.5 * np.arange(12))]
        return b"".join(run.step(t).probability.tobytes() for t in tables)

    assert one() == one()


def test_rows_sum_to_one_and_an_empty_table_is_no_error() -> None:
    run = Runner.new()
    empty = run.step(table_of(0.0, np.empty((0, 6)), covariance=np.empty((0, 6, 6)), model=np.empty((0, 3))))
    assert empty.probability.shape == (0, 6)
    probability, _ = history("bird", 0.5, 30)
    assert probability.sum(axis=2) == pytest.approx(1.0)
    assert (probability > 0.0).all()


def test_tables_are_densities_and_priors_are_probabilities() -> None:
    assert np.isfinite(make_densities().table).all()
    assert ((hostile_prior() > 0.0) & (hostile_prior() < 1.0)).all()
    for kind in ("adsb", "remote_id"):
        assert report_factor(kind).max() == 1.0


@pytest.mark.parametrize("prior", [(0.5, 0.5), (0.0, 0.2, 0.2, 0.2, 0.2, 0.2)])
def test_priors_that_are_none_are_refused_at_start(prior: tuple[float, ...]) -> None:
    bad: Plan = replace(plan(), identify=replace(plan().identify, prior=prior))
    with pytest.raises(ValueError, match="prior"):
        identify.start(bad)


def test_the_state_of_ended_tracks_is_dropped() -> None:
    run = Runner.new()
    run.step(table_of(0.0, np.tile([1000.0, 0, 100, 20, 0, 0], (500, 1))))
    ids = np.array([501])
    run.step(table_of(1.0, np.tile([1000.0, 0, 100, 20, 0, 0], (1, 1)), ids=ids), ended=range(1, 501))
    assert run.state.memory.track_id.tolist() == [501]
    assert len(run.state.memory.free) == len(run.state.memory.known) - 1


def test_a_track_that_is_not_listed_for_a_while_is_not_identified_anew() -> None:
    run = Runner.new()
    both, one = np.tile([1000.0, 0, 100, 20, 0, 0], (2, 1)), np.tile([1000.0, 0, 100, 20, 0, 0], (1, 1))
    for t in range(10):
        run.step(table_of(float(t), both, ids=np.array([1, 2])))
    run.step(table_of(10.0, one, ids=np.array([1])))
    result = run.step(table_of(11.0, both, ids=np.array([1, 2])))
    memory = run.state.memory
    assert memory.track_id.tolist() == [1, 2]
    assert memory.summary[memory.slot, 1].tolist() == [12, 11]
    assert result.probability[1] == pytest.approx(result.probability[0], abs=0.02)
