"""Registration kernels against the dense least-squares problem that they solve a plot at a time."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.kernels import registration as kernel

SCALE = np.array([100.0, 0.0087, 0.0087, 0.3])
SENSORS = np.array([[0.0, 0.0, 0.0], [12e3, 0.0, 0.0]])
SIGMA = np.array([10.0, 0.0026, 0.0026])
ARRAY = kernel.Array(SENSORS, np.tile(np.eye(3), (2, 1, 1)), SCALE)


def polar(place, x):
    d = x - place
    ground = np.hypot(d[0], d[1])
    return np.array([np.linalg.norm(d), np.arctan2(d[0], d[1]), np.arctan2(d[2], ground)])


def measured(place, state, bias):
    """What a sensor with range, azimuth, elevation and clock bias measures of a state (6,), without noise."""
    return polar(place, state[:3] - bias[3] * state[3:]) + bias[:3]


def fed(times, sensors, start, bias, seed):
    """Targets after the plots of one straight flyer, and the information gathered."""
    rng = np.random.default_rng(seed)
    targets = kernel.no_targets(1, 2)
    info, eta, tally = np.zeros((8, 8)), np.zeros(8), np.zeros(3)
    plots = []
    for t, s in zip(times, sensors, strict=True):
        state = np.concatenate([start[:3] + t * start[3:], start[3:]])
        z = measured(SENSORS[s], state, bias[s]) + rng.normal(size=3) * SIGMA * 0.05
        plots.append(z)
        d = np.array([np.cos(z[2]) * np.sin(z[1]), np.cos(z[2]) * np.cos(z[1]), np.sin(z[2])])
        kernel.take_plots(
            t, s, ARRAY, z[None], SIGMA[None], (SENSORS[s] + z[0] * d)[None], np.array([0]),
            start[None, 3:], np.full((1, 3), 1e4), np.zeros(8), np.eye(8), targets, info, eta, tally,
        )  # fmt: skip
    return targets, info, eta, np.array(plots), tally


def dense(times, sensors, start, plots):
    """Information on the eight biases of the same plots: every state an unknown, then marginalised by Schur."""
    n = len(times)
    states = np.array([np.concatenate([start[:3] + t * start[3:], start[3:]]) for t in times])
    rows, right, weight = [], [], []
    for k, s in enumerate(sensors):
        for i in range(3):
            row = np.zeros(6 * n + 8)
            for j in range(3):
                step = np.zeros(3)
                step[j] = 1.0
                slope = (polar(SENSORS[s], states[k, :3] + step) - polar(SENSORS[s], states[k, :3] - step))[i] / 2.0
                row[6 * k + j] = slope
                row[6 * n + 4 * s + 3] -= slope * states[k, 3 + j] * SCALE[3]
            row[6 * n + 4 * s + i] = SCALE[i]
            rows.append(row)
            right.append(plots[k, i] - polar(SENSORS[s], states[k, :3])[i])
            weight.append(SIGMA[i] ** -2)
    a, w, y = np.array(rows), np.diag(weight), np.array(right)
    whole, side = a.T @ w @ a, a.T @ w @ y
    for k in range(n - 1):
        dt = times[k + 1] - times[k]
        f = np.eye(6) + dt * np.eye(6, k=3)
        q = np.zeros((6, 6))
        for i, noise in enumerate((kernel.NOISE_LEVEL, kernel.NOISE_LEVEL, kernel.NOISE_UP)):
            q[i, i], q[3 + i, 3 + i], q[i, 3 + i] = noise * dt**3 / 3, noise * dt, noise * dt**2 / 2
            q[3 + i, i] = q[i, 3 + i]
        link = np.zeros((6, 6 * n + 8))
        link[:, 6 * k : 6 * k + 6], link[:, 6 * k + 6 : 6 * k + 12] = -f, np.eye(6)
        whole += link.T @ np.linalg.inv(q) @ link
        side -= link.T @ np.linalg.inv(q) @ (states[k + 1] - f @ states[k])
    whole[3:6, 3:6] += np.eye(3) / (2e4 + kernel.VELOCITY_SIGMA_MPS**2)  # the prior of the first velocity
    keep, lose = slice(6 * n, None), slice(0, 6 * n)
    inverse = np.linalg.inv(whole[lose, lose])
    return (
        whole[keep, keep] - whole[keep, lose] @ inverse @ whole[lose, keep],
        side[keep] - whole[keep, lose] @ inverse @ side[lose],
    )


def test_the_information_is_that_of_the_dense_problem_with_the_states_marginalised():
    times, sensors = np.arange(24) * 0.5, np.arange(24) % 2
    start = np.array([5000.0, 9000.0, 400.0, -30.0, 45.0, 1.0])
    small = np.array([[3.0, 1e-4, -2e-4, 0.05], [-4.0, 3e-4, 1e-4, -0.05]])
    _, info, eta, plots, tally = fed(times, sensors, start, small, 1)
    want, side = dense(times, sensors, start, plots)
    scale, clocks = np.sqrt(np.diag(want)), np.array([3, 7])
    others = np.setdiff1d(np.arange(8), clocks)
    apart = np.abs((info - want) / np.outer(scale, scale))
    assert apart[np.ix_(others, others)].max() < 0.001
    assert apart[clocks].max() < 0.03, "a clock's sensitivity is the velocity, which is an estimate"
    assert np.abs((eta - side) / scale).max() < 0.02 * np.abs(side / scale).max() + 0.02
    assert tally[2] == 0.0


def test_nothing_is_learned_from_one_sensor_alone_nor_of_what_all_share():
    start = np.array([5000.0, 9000.0, 400.0, -30.0, 45.0, 1.0])
    for sensors in (np.zeros(40, int), np.arange(40) % 2):
        _, info, _, _, _ = fed(np.arange(40) * 0.5, sensors, start, np.zeros((2, 4)), 2)
        clocks = np.zeros(8)
        clocks[[3, 7]] = 1.0
        assert clocks @ info @ clocks < 1e-6
        assert (info[7, 7] > 1e-3) == (len(set(sensors.tolist())) == 2)


def test_an_absurd_plot_is_counted_and_changes_nothing():
    start = np.array([5000.0, 9000.0, 400.0, -30.0, 45.0, 1.0])
    targets, info, eta, _, tally = fed(np.arange(20) * 0.5, np.arange(20) % 2, start, np.zeros((2, 4)), 3)
    before = info.copy(), eta.copy(), targets.p.copy()
    z = measured(SENSORS[0], np.concatenate([start[:3] + 10.0 * start[3:], start[3:]]), np.zeros(4))
    z[0] += 9e3
    kernel.take_plots(
        9.5, 0, ARRAY, z[None], SIGMA[None], np.zeros((1, 3)), np.array([0]), np.zeros((1, 3)),
        np.ones((1, 3)), np.zeros(8), 1e-4 * np.eye(8), targets, info, eta, tally,
    )  # fmt: skip
    assert tally[2] == 1.0
    assert targets.strikes[0] == 1
    for was, now in zip(before, (info, eta, targets.p), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_report_ties_the_clocks_to_its_own():
    start = np.array([5000.0, 9000.0, 400.0, -30.0, 45.0, 1.0])
    targets, info, eta, _, tally = fed(np.arange(20) * 0.5, np.arange(20) % 2, start, np.zeros((2, 4)), 4)
    for k in range(3):
        targets.p[0, 6 + k, 6 + k] = 4.0
    clocks = np.zeros(8)
    clocks[[3, 7]] = 1.0
    before = clocks @ info @ clocks
    for t in np.arange(10.0, 20.0):
        where = start[:3] + t * start[3:]
        kernel.take_report(t, where, np.full(3, 5.0), ARRAY, np.zeros(8), np.eye(8), 0, targets, info, eta, tally)
    assert clocks @ info @ clocks > before + 1.0


def test_shifted_tracks_are_updated_as_if_the_measurement_had_been_made_earlier():
    rng = np.random.default_rng(5)
    root = rng.normal(size=(7, 7))
    p, x, lag = root @ root.T + np.eye(7), rng.normal(size=7) * 100.0, 0.3
    h = np.zeros(7)
    h[:3] = [0.6, 0.0, 0.8]
    early = np.concatenate([h[:3], -lag * h[:3], [0.0]])  # row of h(x - lag v)
    gain = p @ early / (early @ p @ early + 4.0)
    want_x, want_p = x + gain * 2.5, p - np.outer(gain, early @ p)
    xs, ps, mu = np.zeros((1, 2, 7)), np.zeros((1, 2, 7, 7)), np.array([[0.0, 1.0]])
    xs[0, 1], ps[0, 1] = x, p
    kernel.shift_tracks(1, -lag, mu, xs, ps)
    gain = ps[0, 1] @ h / (h @ ps[0, 1] @ h + 4.0)
    xs[0, 1], ps[0, 1] = xs[0, 1] + gain * 2.5, ps[0, 1] - np.outer(gain, h @ ps[0, 1])
    kernel.shift_tracks(1, lag, mu, xs, ps)
    np.testing.assert_allclose(xs[0, 1], want_x, rtol=1e-12)
    np.testing.assert_allclose(ps[0, 1], want_p, rtol=1e-9, atol=1e-9)
    assert not xs[0, 0].any()


def test_partners_are_found_and_two_that_fit_are_none():
    start = np.array([5000.0, 9000.0, 400.0, -30.0, 45.0, 1.0])
    targets = kernel.no_targets(3, 2)
    for slot, (sensor, offset) in enumerate(((0, 0.0), (1, 60.0), (1, 70.0))):
        targets.t_s[slot], targets.x[slot, :6] = 10.0, start + np.array([offset, 0, 0, 0, 0, 0])
        targets.p[slot] = np.diag([900.0] * 3 + [25.0] * 3 + [1.0] * 3)
        targets.hits[slot, sensor], targets.fed_s[slot, sensor] = 5, 10.0
    both, partner = np.array([0, 1]), np.full(2, 99)
    kernel.target_pairs(10.0, 2e3, 22.5, ARRAY, both, np.zeros(8), np.eye(8), targets, partner)
    assert partner.tolist() == [1, 0]
    partner = np.full(3, 99)
    kernel.target_pairs(10.0, 2e3, 22.5, ARRAY, np.arange(3), np.zeros(8), np.eye(8), targets, partner)
    assert partner.tolist() == [-2, 0, 0]
    targets.fed_s[1, 0] = 9.0
    kernel.target_pairs(10.0, 2e3, 22.5, ARRAY, both, np.zeros(8), np.eye(8), targets, partner[:2])
    assert partner[:2].tolist() == [-1, -1], "one sensor saw both"


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_value_leaves_its_row_out(missing):
    start = np.array([5000.0, 9000.0, 400.0, -30.0, 45.0, 1.0])
    targets, info, eta, _, tally = fed(np.arange(8) * 0.5, np.arange(8) % 2, start, np.zeros((2, 4)), 6)
    before = info[missing, missing]
    z = measured(SENSORS[0], np.concatenate([start[:3] + 4.0 * start[3:], start[3:]]), np.zeros(4))
    z[missing] = np.nan
    rows = tally[1]
    kernel.take_plots(
        4.0, 0, ARRAY, z[None], SIGMA[None], np.full((1, 3), np.nan), np.array([0]),
        np.zeros((1, 3)), np.ones((1, 3)), np.zeros(8), np.eye(8), targets, info, eta, tally,
    )  # fmt: skip
    assert tally[1] == rows + 2.0
    assert np.isfinite(info).all()
    assert info[missing, missing] < before + 0.3 * (before / 7.0), "a whole plot would have told a seventh more"
