"""Switching models, biases of sensors and the ballistic watch against plain NumPy and against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tocsin.kernels import ballistic_watch as watch
from tocsin.kernels import imm, registration
from tocsin.kernels.motion import BALLISTIC, HOVER, MODELS, STRAIGHT, THRUST, TURN, Motion

MOTION = Motion()
STEADY, SETTLING, SLOW, YOUNG = 0, 1, 2, 4
NAN = math.nan


def tables(dt=2.0):
    found = np.full((8, MODELS, MODELS), NAN)
    imm.transitions(MOTION, dt, found)
    return found


def test_switching_is_a_markov_chain_and_each_rate_is_its_own():
    found, dt = tables(), 2.0
    np.testing.assert_allclose(found.sum(axis=2), 1.0, atol=1e-15)
    assert (found >= 0.0).all()
    two_way = {  # two states that change places at a rate: (1 - exp(-2 rate dt)) / 2 have
        (STRAIGHT, TURN): 0.5 * -math.expm1(-2.0 * 0.002 * dt),
        (TURN, STRAIGHT): 0.5 * -math.expm1(-2.0 * 0.01 * dt),
        (STRAIGHT, BALLISTIC): 1e-4 * dt,
        (TURN, BALLISTIC): 1e-4 * dt,
        (BALLISTIC, STRAIGHT): 2e-4 * dt,
        (BALLISTIC, TURN): 2e-4 * dt,
        (HOVER, STRAIGHT): 0.5 * -math.expm1(-0.05 * dt),
        (HOVER, TURN): 0.5 * -math.expm1(-0.05 * dt),
        (THRUST, BALLISTIC): -math.expm1(-0.5 * dt),
    }
    for table in (STEADY, SLOW, YOUNG, SLOW + YOUNG):
        wanted = dict(two_way)
        if table & SLOW:
            wanted[STRAIGHT, HOVER] = wanted[TURN, HOVER] = 0.02 * dt
        if table & YOUNG:
            wanted[BALLISTIC, THRUST] = 0.02 * dt
        for i in range(MODELS):
            for j in range(MODELS):
                if i != j:
                    assert found[table, i, j] == pytest.approx(wanted.get((i, j), 0.0)), (table, i, j)
    settling = found[SETTLING]
    assert settling[STRAIGHT, TURN] == pytest.approx(20.0 * 0.002)
    assert settling[TURN, STRAIGHT] == pytest.approx(1.0 - 20.0 * 0.002)
    assert settling[STRAIGHT, HOVER] == settling[BALLISTIC, THRUST] == 0.0
    hasty = np.full((8, MODELS, MODELS), NAN)
    imm.transitions(MOTION._replace(to_turn_ps=0.02), 2.0, hasty)
    assert hasty[SETTLING, STRAIGHT, TURN] == pytest.approx(0.1)  # at least nine of ten fly straight


@pytest.mark.parametrize(
    ("case", "table"),
    [
        ({"hits": 2}, SETTLING),
        ({}, STEADY),
        ({"speed": 7.9}, SLOW),
        ({"speed": 8.1}, STEADY),
        ({"age": 4.9, "ballistic": 0.2}, YOUNG),
        ({"age": 5.1, "ballistic": 0.2}, STEADY),
        ({"age": 4.9, "ballistic": 0.2, "climb": -1.0}, STEADY),
        ({"age": 4.9}, STEADY),
        ({"age": 4.9, "ballistic": 0.2, "speed": 3.0}, SLOW + YOUNG),
        ({"turning": 0.8, "turn_speed": 3.0}, SLOW),
        ({"turning": 0.1, "turn_speed": 3.0}, STEADY),
        ({"hovering": 0.9, "hover_speed": 3.0}, SLOW),
        ({"hovering": 0.1, "hover_speed": 3.0}, STEADY),
    ],
)
def test_which_models_a_track_may_take_up(case, table):
    mu, x = np.zeros(MODELS), np.zeros((MODELS, 7))
    mu[STRAIGHT], mu[TURN] = 0.5, case.get("turning", 0.2)
    mu[HOVER], mu[BALLISTIC] = case.get("hovering", 0.0), case.get("ballistic", 0.0)
    x[:, 3], x[:, 4] = 0.6 * case.get("speed", 30.0), 0.8 * case.get("speed", 30.0)
    x[TURN, 3:5] = [0.0, case.get("turn_speed", 30.0)]
    x[HOVER, 3:5] = [case.get("hover_speed", 30.0), 0.0]
    x[BALLISTIC, 5] = case.get("climb", 50.0)
    assert imm.table_of(case.get("hits", 3), case.get("age", 60.0), MOTION, mu, x) == table


def mixed(mu, wake=False, table=SLOW):
    t, out, w = tables()[table], np.full(MODELS, NAN), np.full((MODELS, MODELS), NAN)
    imm.mixing_weights(MOTION, t, wake, np.array(mu), out, w)
    return t, out, w


def test_mixing_weights_are_bayes_rule_over_where_a_model_came_from():
    mu = np.array([0.0, 0.0, 0.0, 0.0, 0.0])
    mu[[STRAIGHT, TURN, BALLISTIC]] = 0.6, 0.3, 0.1
    t, out, w = mixed(mu)
    joint = mu[:, None] * t
    wanted = joint.sum(axis=0)
    wanted[wanted < 1e-3] = 0.0
    np.testing.assert_allclose(out, wanted / wanted.sum())
    for k in (STRAIGHT, TURN, BALLISTIC, HOVER):
        kept = np.where(joint[:, k] < 1e-5 * joint[:, k].sum(), 0.0, joint[:, k])
        np.testing.assert_allclose(w[:, k], kept / kept.sum())


def test_the_improbable_sleeps_but_a_turn_beside_straight_flight_and_surprise_wakes_all_that_can_be():
    mu = np.zeros(MODELS)
    mu[STRAIGHT] = 1.0
    _, out, _ = mixed(mu, table=STEADY)
    assert out[TURN] > 0.0
    assert out[[BALLISTIC, HOVER, THRUST]].tolist() == [0.0, 0.0, 0.0]  # 2e-4 is below one in a thousand
    _, awake, _ = mixed(mu, wake=True, table=STEADY)
    assert awake[BALLISTIC] == pytest.approx(awake[TURN])
    assert awake[BALLISTIC] / awake[STRAIGHT] == pytest.approx(0.05 / tables()[STEADY, STRAIGHT, STRAIGHT])
    assert awake[THRUST] == 0.0
    falls = np.zeros(MODELS)
    falls[BALLISTIC] = 1.0
    assert mixed(falls, table=STEADY)[1][TURN] == 0.0  # nothing flies straight beside it


@pytest.mark.parametrize("k", [STRAIGHT, TURN, BALLISTIC, HOVER, THRUST])
def test_a_mixed_state_has_the_moments_of_its_parts_and_its_own_prior_where_they_mean_something_else(k):
    rng = np.random.default_rng(k)
    x, p = rng.normal(size=(MODELS, 7)) * 10.0, np.empty((MODELS, 7, 7))
    for j in range(MODELS):
        root = rng.normal(size=(7, 7))
        p[j] = root @ root.T + np.eye(7)
    w = np.zeros((MODELS, MODELS))
    w[:, k] = [0.4, 0.3, 0.2, 0.1, 0.0]
    priors = {BALLISTIC: (8.4, 0.36), THRUST: (100.0, 3600.0)}
    prior, spread = priors.get(k, (0.0, 0.0036))
    level = {STRAIGHT, TURN, HOVER}
    parts = []
    for j in range(MODELS):
        mean, cov = x[j].copy(), p[j].copy()
        if not (j == k or {j, k} <= level):
            mean[6], cov[6, :], cov[:, 6] = prior, 0.0, 0.0
            cov[6, 6] = spread
        parts.append((mean, cov))
    mean = sum(w[j, k] * parts[j][0] for j in range(MODELS))
    cov = sum(w[j, k] * (parts[j][1] + np.outer(parts[j][0] - mean, parts[j][0] - mean)) for j in range(MODELS))
    if k in (STRAIGHT, HOVER):
        mean[6], cov[6, :], cov[:, 6] = prior, 0.0, 0.0
        cov[6, 6] = spread
    got, found = np.full(7, NAN), np.full((7, 7), NAN)
    imm.mix_model(k, MOTION, w, x, p, got, found)
    np.testing.assert_allclose(got, mean)
    np.testing.assert_allclose(found, cov, atol=1e-12)


def test_moments_of_a_bank_are_those_of_its_mixture():
    rng = np.random.default_rng(4)
    mu, x = np.array([[0.5, 0.3, 0.2, 0.0, 0.0]] * 2), rng.normal(size=(2, MODELS, 7)) * 10.0
    root = rng.normal(size=(2, MODELS, 7, 7))
    p, mean, cov = root @ root.transpose(0, 1, 3, 2), np.full((2, 6), NAN), np.full((2, 6, 6), NAN)
    x[:, 3:], p[:, 3:] = NAN, NAN
    imm.mixture_moments(2, np.array([3, 1]), mu, x, p, mean, cov)
    for i in range(2):
        m = sum(mu[i, k] * x[i, k, :6] for k in range(3))
        c = sum(mu[i, k] * (p[i, k, :6, :6] + np.outer(x[i, k, :6] - m, x[i, k, :6] - m)) for k in range(3))
        np.testing.assert_allclose(mean[i], m)
        np.testing.assert_allclose(cov[i], c if i == 0 else np.diag(np.diag(c)))


TILTED = Rotation.from_euler("zyx", [0.7, -0.4, 0.3]).as_matrix()
PLACES = np.array([[0.0, 0.0, 0.0], [12e3, 500.0, 90.0]])
SCALE = np.array([100.0, 0.0087, 0.006, 0.3])
ARRAY = registration.Array(PLACES, np.stack([np.eye(3), TILTED]), SCALE)
STATE = np.array([5000.0, 9000.0, 1400.0, -30.0, 45.0, 8.0, 1.0, 2.0, 3.0])


def placed(s, x, bias):
    """Where sensor s with a range, azimuth, elevation and clock bias shows a target of state x (9,)."""
    e, n, u = ARRAY.rotation[s].T @ (x[:3] - bias[3] * x[3:6] - PLACES[s])
    r, az, el = math.sqrt(e * e + n * n + u * u) + bias[0], math.atan2(e, n) + bias[1], 0.0
    el = math.atan2(u, math.hypot(e, n)) + bias[2]
    local = r * np.array([math.cos(el) * math.sin(az), math.cos(el) * math.cos(az), math.sin(el)])
    return PLACES[s] + ARRAY.rotation[s] @ local


def test_what_a_bias_is_in_place_is_the_derivative_of_where_it_shows_a_target():
    found = np.full((2, 6, 4), NAN)
    registration.shifts(ARRAY, STATE, found)
    later = STATE.copy()
    later[:3] += 0.5 * STATE[3:6]
    sooner = STATE.copy()
    sooner[:3] -= 0.5 * STATE[3:6]
    for s in range(2):
        for k in range(4):
            step = np.zeros(4)
            step[k] = 1e-3 * SCALE[k]

            def slope(x, s=s, step=step):
                return (placed(s, x, step) - placed(s, x, -step)) / 2e-3

            np.testing.assert_allclose(found[s, :3, k], slope(STATE), rtol=1e-4, atol=1e-3)
            np.testing.assert_allclose(found[s, 3:, k], slope(later) - slope(sooner), rtol=2e-2, atol=2e-3)


def test_a_row_has_the_sensitivity_of_the_state_and_of_its_own_sensor():
    rng = np.random.default_rng(3)
    h, v, shift = rng.normal(size=9), rng.normal(size=(9, 12)), rng.normal(size=(2, 6, 4))
    h[4] = 0.0
    for sensor in (-1, 0, 1):
        t, s = np.full(12, NAN), np.full(8, NAN)
        registration.sensitivity(h, sensor, shift, v, t, s)
        wanted = h @ v
        if sensor >= 0:
            wanted[6 * sensor : 6 * sensor + 3] += h[:3]
        np.testing.assert_allclose(t, wanted)
        np.testing.assert_allclose(s, np.concatenate([wanted[:6] @ shift[0], wanted[6:] @ shift[1]]))


def test_a_target_moves_on_as_a_matrix_says_and_what_grows_with_time_is_nought_now():
    rng = np.random.default_rng(6)
    dt, f = 1.5, np.eye(9) + 1.5 * np.eye(9, k=3)
    f[3:6, 6:] = 0.0
    root = rng.normal(size=(9, 9))
    x, p, v = STATE.copy(), root @ root.T, rng.normal(size=(9, 12))
    noise = np.zeros((9, 9))
    for i, q in enumerate((2.0, 2.0, 0.2)):
        noise[i, i], noise[3 + i, 3 + i], noise[i, 3 + i] = q * dt**3 / 3, q * dt, q * dt**2 / 2
        noise[3 + i, i] = noise[i, 3 + i]
    wanted = f @ v
    for s in range(2):
        wanted[:, 6 * s + 3 : 6 * s + 6] -= dt * wanted[:, 6 * s : 6 * s + 3]
    want_x, want_p = f @ x, f @ p @ f.T + noise
    registration.predict(dt, x, p, v)
    np.testing.assert_allclose(x, want_x)
    np.testing.assert_allclose(p, want_p)
    np.testing.assert_allclose(v, wanted)


def target(t_s=10.0, offset=0.0):
    """One target with a sensitivity to both sensors."""
    rng = np.random.default_rng(12)
    found = registration.no_targets(2, 2)
    for i in range(2):
        root = rng.normal(size=(9, 9)) * 3.0
        found.t_s[i], found.x[i], found.p[i], found.v[i] = (
            t_s,
            STATE,
            root @ root.T + 50.0 * np.eye(9),
            rng.normal(size=(9, 12)),
        )
    found.x[1, 0] += offset
    found.hits[:], found.fed_s[0, 0], found.fed_s[1, 1] = 5, t_s, t_s
    return found


def reached(found, i, dt, rows):
    """State, covariance and sensitivity of a target dt later by matrices."""
    w, shift = np.eye(9)[:rows] + dt * np.eye(9, k=3)[:rows] * (np.arange(rows) < 3)[:, None], np.full((2, 6, 4), NAN)
    registration.shifts(ARRAY, found.x[i], shift)
    noise = np.diag([2.0 * abs(dt) * (dt * dt / 3.0 if k < 3 else 1.0) for k in range(rows)])
    t = w @ found.v[i]
    s = np.concatenate([t[:, :6] @ shift[0], t[:, 6:] @ shift[1]], axis=1)
    return w @ found.x[i], w @ found.p[i] @ w.T + noise, s


@pytest.mark.parametrize("dt", [0.0, 2.0, -1.0])
def test_the_gap_to_a_report_is_normalised_by_target_report_and_biases(dt):
    found, mean = target(), np.linspace(-0.5, 0.5, 8)
    cov, place, variance = (
        np.diag(np.linspace(0.1, 0.8, 8)),
        STATE[:3] + np.array([40.0, -20.0, 5.0]),
        np.array([9.0, 16.0, 4.0]),
    )
    x, p, s = reached(found, 0, dt, 2)
    e = x + s @ mean - place[:2]
    wanted = e @ np.linalg.inv(p + 2.0 * np.diag(variance[:2]) + s @ cov @ s.T) @ e
    assert registration.report_gap(10.0 + dt, place, variance, ARRAY, mean, cov, 0, found) == pytest.approx(wanted)


def paired(offset=8.0, near=2000.0, gate=None, fed=None, now=11.0):
    found, mean, cov = target(offset=offset), np.linspace(-0.2, 0.2, 8), 0.01 * np.eye(8)
    if fed is not None:
        found.fed_s[1, 0] = fed
    (x0, p0, s0), (x1, p1, s1) = (reached(found, i, now - 10.0, 6) for i in range(2))
    d = s1 - s0
    e = x1 - x0 + d @ mean
    distance = e @ np.linalg.inv(p0 + p1 + d @ cov @ d.T) @ e
    partner = np.full(2, -9)
    registration.target_pairs(
        now, near, gate * distance if gate else 1e9, ARRAY, np.arange(2), mean, cov, found, partner
    )
    return partner.tolist()


def test_partners_agree_within_the_gate_are_near_and_were_not_lately_seen_together():
    assert paired(gate=1.0001) == [1, 0]
    assert paired(gate=0.9999) == [-1, -1]
    assert paired(offset=1990.0) == [1, 0]
    assert paired(offset=2010.0) == [-1, -1]
    assert paired(fed=8.1) == [-1, -1]  # one sensor showed both within the last three seconds
    assert paired(fed=7.9) == [1, 0]


def slots():
    """Three slots: track 5 fitted, track 9 since 4 s, one free."""
    found = watch.Watched(
        np.array([5, 9, 0]), np.full((3, 4), 7), np.array([10.0, 4.0, 0.0]), np.zeros((3, 11)), np.zeros((3, 11, 11)),
        np.zeros((3, 6, 10)),
    )  # fmt: skip
    found.marks[2] = 0
    return found


@pytest.mark.parametrize(
    ("listed", "likely", "ended", "held", "slot", "begun"),
    [
        ([5, 9], [0.3, 0.3], [], [5, 9, 0], [0, 1], 0),
        ([5, 9], [0.3, 0.09], [], [5, 0, 0], [0, -1], 0),
        ([5, 9], [0.3, 0.1], [], [5, 9, 0], [0, 1], 0),
        ([5, 9], [0.3, 0.9], [9], [5, 0, 0], [0, -2], 1),
        ([5, 7, 8], [0.3, 0.5, 0.49], [], [5, 9, 0], [0, -2, -1], 1),
        ([7], [0.6], [2, 5, 6], [0, 9, 0], [-2], 1),
        ([], [], [5, 9], [0, 0, 0], [], 0),
    ],
)
def test_slots_are_kept_while_their_tracks_may_fall(listed, likely, ended, held, slot, begun):
    found, out = slots(), np.full(len(listed), -9)
    ids, gone = np.array(listed, dtype=np.int64), np.array(ended, dtype=np.int64)
    assert watch.attend(12.0, 0.5, 0.1, 8.0, ids, np.array(likely), gone, found, out) == begun
    assert found.track_id.tolist() == held
    assert out.tolist() == slot
    assert (found.marks[found.track_id == 0] == 0).all()
    assert (found.marks[found.track_id > 0] == 7).all()


@pytest.mark.parametrize(("now_s", "stays"), [(12.0, True), (12.1, False)])
def test_a_slot_waits_for_an_unlisted_track_as_long_as_it_is_told_to(now_s, stays):
    found, nobody = slots(), np.empty(0, dtype=np.int64)
    watch.attend(now_s, 0.5, 0.1, 8.0, nobody, np.empty(0), nobody, found, nobody)
    assert bool(found.track_id[1] == 9) is stays


def test_ids_are_found_in_an_ascending_table():
    ids = np.array([2, 3, 7, 11, 20])
    assert [watch._find(ids, i) for i in range(22)] == [ids.tolist().index(i) if i in ids else -1 for i in range(22)]
    assert watch._find(np.empty(0, dtype=np.int64), 3) == -1


@pytest.mark.parametrize("held", [3, 6, 7])
def test_of_a_memory_that_cannot_be_believed_the_newer_half_stays(held):
    memory = np.arange(80.0).reshape(8, 10)
    newer = memory[held // 2 : held].copy()
    assert watch._forget_older_half(held, memory) == held - held // 2
    np.testing.assert_array_equal(memory[: len(newer)], newer)


def recovered(off_m, sigma_m=20.0, owner=(0,), velocity_spread=2.0):
    """Row found of detections `off_m` from where a track was 2 s ago in free fall."""
    state = np.array([1000.0, 2000.0, 900.0, 100.0, -50.0, 60.0])
    covariance = np.diag([100.0, 100.0, 100.0, *[velocity_spread**2] * 3])
    covariance[0, 3] = covariance[3, 0] = 5.0
    was = state[:3] - 2.0 * state[3:] - [0.0, 0.0, 0.5 * 9.8 * 4.0]
    position = np.array([was + np.array([d, 0.0, 0.0]) for d in off_m])
    sigma = np.full(len(off_m), sigma_m)
    return watch.recover(8.0, position, sigma, np.array(owner), 4, 10.0, state, covariance, 9.8)


def test_an_earlier_detection_is_the_trackers_own_or_the_nearest_within_four_sigmas():
    """Variance: 300 of place, -2·2·5 of the cross term, 4·3·4 of velocity, 400 of the detection: 4 √728 = 107.9 m."""
    assert recovered([107.8]) == 0
    assert recovered([108.0]) == -1
    assert recovered([50.0, 10.0, 30.0], owner=(0, 0, 0)) == 1
    assert recovered([50.0, 10.0, 30.0], owner=(0, 7, 0)) == 2
    assert recovered([900.0, 10.0], owner=(4, 0)) == 0
    assert recovered([10.0], owner=(9,)) == -1
