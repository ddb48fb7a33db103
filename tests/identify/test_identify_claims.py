"""Cooperative claims, lookalikes, contradictions, sightings and dismissals, given/when/then."""

from __future__ import annotations

import numpy as np
import pytest
from identify_cases import Runner, reports, table_of

from tocsin.kernels.claims import claim_candidates
from tocsin.records.arrays import FloatArray
from tocsin.records.identities import IdentityTable

AIRLINER = np.array([-8000.0, 3000.0, 6000.0, 210.0, 0.0, 0.0])
DRONE = np.array([-3000.0, 500.0, 150.0, 27.0, 0.0, 0.0])


def moved(state: FloatArray, t: float) -> FloatArray:
    result = state.copy()
    result[:3] += t * state[3:]
    return result


def fly(
    run: Runner,
    states: list[FloatArray],
    kind: str,
    *,
    seconds: int = 30,
    start: int = 0,
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    sender: int = 0,
    silent_after: int = 10**9,
) -> IdentityTable:
    """Tracks on straight lines, of which `sender` broadcasts once a second, `offset` beside where it is."""
    for t in range(start, start + seconds):
        now = np.array([moved(s, t) for s in states])
        row = (t - 0.3, kind, "FRIEND", tuple(moved(states[sender], t - 0.3)[:3] + np.array(offset)), 25.0)
        result = run.step(table_of(float(t), now), reports(row) if t < silent_after else None)
    return result


def test_a_claim_that_the_radar_supports_is_bound_and_dismissed_by_its_rule_with_a_risk_left() -> None:
    run = Runner.new()
    result = fly(run, [AIRLINER], "adsb")
    assert result.cooperative_id == ("FRIEND",)
    assert result.claim_consistent[0] > 0.95
    assert 0.001 <= result.hostile[0] < 0.05
    (record,) = run.dismissed
    assert (record.rule, record.id, record.subject) == ("friendly_adsb", 1, "track")
    assert record.residual_risk == pytest.approx(0.01, abs=0.03)
    assert "FRIEND" in record.why


def test_without_a_claim_the_same_track_is_not_dismissed() -> None:
    run = Runner.new()
    result = fly(run, [AIRLINER], "adsb", silent_after=0)
    assert result.cooperative_id == ("",)
    assert np.isnan(result.claim_consistent[0])
    assert run.dismissed == []
    assert result.hostile[0] > 0.05


def test_a_claim_that_stops_ages_out_and_the_track_is_taken_up_again() -> None:
    run = Runner.new()
    fly(run, [DRONE], "remote_id")
    result = fly(run, [DRONE], "remote_id", start=30, seconds=40, silent_after=0)
    assert result.cooperative_id == ("",)
    assert result.hostile[0] > 0.2
    assert [d.rule for d in run.dismissed] == ["friendly_remote_id", "reopened"]
    assert fly(run, [DRONE], "remote_id", start=70, seconds=40, silent_after=0).hostile[0] > 0.2
    assert run.state.claims == ()


def test_a_position_that_is_persistently_elsewhere_raises_the_risk_above_silence() -> None:
    honest, silent, liar = Runner.new(), Runner.new(), Runner.new()
    told = fly(honest, [DRONE], "remote_id")
    nothing = fly(silent, [DRONE], "remote_id", silent_after=0)
    false = fly(liar, [DRONE], "remote_id", offset=(900.0, -600.0, 0.0))
    assert told.hostile[0] < nothing.hostile[0] < false.hostile[0]
    assert false.hostile[0] > 0.7
    assert false.claim_consistent[0] < 0.1
    assert liar.dismissed == []


def test_an_honest_claim_that_turns_false_loses_its_credit() -> None:
    run = Runner.new()
    fly(run, [DRONE], "remote_id", seconds=20)
    result = fly(run, [DRONE], "remote_id", start=20, seconds=40, offset=(1200.0, 800.0, 0.0))
    assert result.hostile[0] > 0.3
    assert [d.rule for d in run.dismissed] == ["friendly_remote_id", "reopened"]


def test_an_impossible_speed_in_the_claim_is_no_support() -> None:
    run = Runner.new()
    for t in range(30):
        here = moved(DRONE, t)
        jump = np.array([0.0, 2500.0 * (t % 9 > 4), 0.0])
        row = (float(t), "remote_id", "JUMPER", tuple(here[:3] + jump), 20.0)
        result = run.step(table_of(float(t), here[None]), reports(row))
    assert result.hostile[0] > 0.2
    assert run.dismissed[-1].rule == "reopened"  # its first seconds were honest


def test_tower_22_a_follower_gets_nothing_of_the_leaders_credit_and_neither_is_dismissed() -> None:
    run = Runner.new()
    follower = DRONE + np.array([-400.0, 60.0, -80.0, 1.0, 0.0, 0.0])
    for t in range(60):
        states = np.array([moved(DRONE, t), moved(follower, t)])
        row = (float(t), "remote_id", "RETURNING", tuple(states[0, :3]), 25.0)
        result = run.step(table_of(float(t), states), reports(row))
        assert result.cooperative_id[1] == ""
    assert result.cooperative_id[0] == "RETURNING"
    assert result.lookalike.tolist() == [True, True]
    assert result.hostile[1] > 0.4
    assert 0.05 <= result.hostile[0] < 0.2
    assert [d for d in run.dismissed if d.id == 2] == []
    assert run.state.memory.dismissed[run.state.memory.slot].tolist() == [False, False]


def test_two_tracks_in_one_place_share_the_doubt() -> None:
    run = Runner.new()
    twin = DRONE + np.array([15.0, 15.0, 0.0, 0.0, 0.0, 0.0])
    result = fly(run, [DRONE, twin], "remote_id")
    assert result.lookalike.all()
    assert sum(bool(name) for name in result.cooperative_id) <= 1
    assert (result.hostile >= 0.1).all()


def test_two_friends_side_by_side_keep_their_own_names() -> None:
    run = Runner.new()
    other = DRONE + np.array([0.0, 3000.0, 0.0, 0.0, 0.0, 0.0])
    for t in range(30):
        states = np.array([moved(DRONE, t), moved(other, t)])
        rows = [(float(t), "remote_id", name, tuple(s[:3]), 25.0) for name, s in zip("AB", states, strict=True)]
        result = run.step(table_of(float(t), states), reports(*rows))
    assert result.cooperative_id == ("A", "B")
    assert not result.lookalike.any()


def test_a_round_beside_a_broadcast_stays_hostile() -> None:
    run = Runner.new()
    rocket = np.array([-6000.0, 500.0, 800.0, 350.0, 0.0, 180.0])
    for k in range(20):
        t = 0.25 * k
        state = rocket.copy()
        state[:3] += t * rocket[3:] - np.array([0.0, 0.0, 4.9 * t * t])
        state[5] -= 9.8 * t
        row = (t, "adsb", "FRIEND", tuple(state[:3]), 25.0)
        model = np.array([[0.1, 0.1, 0.8]])
        result = run.step(table_of(t, state[None], model=model), reports(row))
    assert result.hostile[0] > 0.8


def test_a_sighting_raises_the_risk_and_reopens_what_was_dismissed() -> None:
    run = Runner.new()
    quiet = fly(run, [AIRLINER], "adsb")
    here = moved(AIRLINER, 30.0)
    seen = run.step(table_of(30.0, here[None]), reports((30.0, "sighting", "s", tuple(here[:3]), 300.0)))
    assert seen.hostile[0] > 2.0 * quiet.hostile[0]
    assert run.dismissed[-1].rule == "reopened"
    fly(run, [AIRLINER], "adsb", start=31, seconds=20)
    assert run.dismissed[-1].rule == "reopened"  # the broadcast alone does not close it


def test_a_sighting_that_says_it_is_over_raises_nothing() -> None:
    run = Runner.new()
    fly(run, [DRONE], "remote_id", silent_after=0)
    here = moved(DRONE, 30.0)
    before = run.step(table_of(30.0, here[None]))
    after = run.step(
        table_of(31.0, moved(DRONE, 31.0)[None]),
        reports((31.0, "sighting", "s", tuple(here[:3]), 300.0), claim="All clear, a kite"),
    )
    assert after.hostile[0] == pytest.approx(before.hostile[0], abs=0.02)


def test_reports_without_a_place_are_harmless() -> None:
    run = Runner.new()
    row = (0.0, "adsb", "X", (np.nan, np.nan, np.nan), 10.0)
    assert run.step(table_of(0.0, AIRLINER[None]), reports(row)).cooperative_id == ("",)


def test_candidates_are_the_best_ones_best_first_and_outputs_are_written_whole() -> None:
    size, slots = 40, 8
    state = np.zeros((size, 6))
    state[:, 0] = 20.0 * np.arange(size)[::-1]
    covariance = np.repeat(np.diag([100.0] * 6)[None], size, axis=0)
    index = np.full((1, slots), 10**9, dtype=np.int64)
    true, false = np.full((1, slots), np.nan), np.full((1, slots), np.nan)
    near = np.zeros((1, slots), dtype=np.bool_)
    claim_candidates(
        5000.0, 1000.0, 0.0, state, covariance, np.zeros(1), np.zeros((1, 3)), np.full(1, 20.0),
        np.full((1, 2), np.nan), np.full(1, np.nan), index, true, false, near,
    )  # fmt: skip
    assert index[0].tolist() == list(range(size - 1, size - 1 - slots, -1))
    best = np.maximum(true, false)[0]
    assert np.isfinite(best).all()
    assert (np.diff(best) <= 0.0).all()


def test_an_account_outlives_scans_in_which_its_track_is_not_listed() -> None:
    # Given a leader that is not listed for three seconds, when only its follower is, then the follower gets nothing.
    run = Runner.new()
    follower = DRONE + np.array([-300.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    fly(run, [DRONE, follower], "remote_id")
    before = {track: (true, false) for track, true, false, _ in run.state.claims[0].accounts}
    for t in (30, 31, 32):
        row = (t - 0.3, "remote_id", "FRIEND", tuple(moved(DRONE, t - 0.3)[:3]), 25.0)
        table = table_of(float(t), moved(follower, t)[None], ids=np.array([2]))
        result = run.step(table, reports(row))
        assert result.cooperative_id == ("",)
        assert result.lookalike.tolist() == [True]
        assert result.hostile[0] > 0.3
    after = {track: (true, false) for track, true, false, _ in run.state.claims[0].accounts}
    assert after[1] == pytest.approx(np.array(before[1]) * np.exp(-3.0 / 60.0))
    both = fly(run, [DRONE, follower], "remote_id", start=33, seconds=1)
    assert both.cooperative_id == ("FRIEND", "")
    fly(run, [DRONE, follower], "remote_id", start=34, seconds=1)
    run.step(
        table_of(35.0, moved(follower, 35)[None], ids=np.array([2])),
        reports((34.7, "remote_id", "FRIEND", tuple(moved(DRONE, 34.7)[:3]), 25.0)),
        ended=[1],
    )
    assert 1 not in {account[0] for account in run.state.claims[0].accounts}
