"""What a track's memory is made of and how it becomes probabilities, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tocsin.identify.densities import make_densities
from tocsin.kernels import identity
from tocsin.kernels.identity import FEATURES, SUMMARIES, features, stand

RADIUS_M = 6.37e6
COVARIANCE = np.diag([9.0, 16.0, 25.0, 4.0, 5.0, 6.0])
DENSITIES = make_densities()
PRIOR = np.array([0.1, 0.1, 0.2, 0.3, 0.2, 0.1])


def warp(value, middle):
    return value / (value + middle)


def run(states, times, ballistic=0.3, rcs=None, doubt=0.02):
    """Memory and probabilities after looks at one track."""
    memory, known, found = np.zeros((1, SUMMARIES)), np.zeros((1, 6)), np.full((1, 6), np.nan)
    for k, (state, t) in enumerate(zip(states, times, strict=True)):
        echo = math.nan if rcs is None else rcs[k]
        identity.classify(
            RADIUS_M, DENSITIES.grid, DENSITIES.table, PRIOR, np.log(PRIOR), doubt, t, np.array([0]), np.array([0]),
            np.array([state]), COVARIANCE[None], np.array([ballistic]), np.array([echo]), memory, known, found,
        )  # fmt: skip
    return memory[0], found[0]


def described(memory, state=(0.0, 0.0, 300.0, 12.0, -16.0, 2.0)):
    pairs = np.full((1, FEATURES, 2), np.nan)
    features(RADIUS_M, np.array([state]), COVARIANCE[None], memory[None], pairs)
    return pairs[0]


def test_features_are_values_and_errors_on_their_scales():
    m = np.zeros(SUMMARIES)
    m[1], m[2], m[6], m[7] = 3.0, 4.0, 2.0, -18.0
    m[8], m[11], m[12] = 5.0, 45.0, 8.0
    m[13], m[14], m[15], m[16], m[17], m[18] = 150.0, 25.0, 4.0, -12.0, 2.0, 0.06
    wanted = [
        (warp(20.0, 20.0), warp(math.sqrt(4.5), 3.0)),
        (warp(2.0, 5.0), warp(math.sqrt(6.0), 3.0)),
        (warp(400.0, 600.0), 5.0 / 400.0),
        (-9.0, warp(math.sqrt(4.0 / 2.0), 2.0)),
        (0.06, 0.0),
        (-12.0, 5.57 / 2.0),
        (warp(3.0, 3.0), warp(2.0, 3.0)),
        (warp(150.0, 300.0), warp(0.2, 0.1)),
    ]
    scales = identity.SCALES
    assert scales == (20.0, 3.0, 5.0, 3.0, 600.0, 2.0, 3.0, 300.0, 0.1)
    np.testing.assert_allclose(described(m), wanted, rtol=1e-9)


@pytest.mark.parametrize(
    ("column", "value", "feature"),
    [(1, 2.0, 3), (6, 0.0, 3), (17, 0.0, 4), (15, 0.0, 5), (2, 3.9, 6), (14, 0.0, 7), (18, 0.05, 7)],
)
def test_a_feature_waits_until_its_memory_can_tell(column, value, feature):
    m = np.zeros(SUMMARIES)
    m[1], m[2], m[6], m[8], m[14], m[15], m[17], m[18] = 3.0, 4.0, 2.0, 5.0, 25.0, 4.0, 2.0, 0.06
    assert np.isfinite(described(m)).all()
    m[column] = value
    silent = np.isnan(described(m)[:, 0])
    assert silent[feature]
    assert silent.sum() == 1


def test_low_places_are_held_and_the_sphere_falls_away():
    assert described(np.zeros(SUMMARIES), (0, 0, -80.0, 1, 0, 0))[2, 0] == pytest.approx(warp(50.0, 600.0))
    far = described(np.zeros(SUMMARIES), (30000.0, 40000.0, 100.0, 30.0, 40.0, 0.0))
    above = math.hypot(50000.0, RADIUS_M + 100.0) - RADIUS_M + 100.0
    assert far[2, 0] == pytest.approx(warp(above, 600.0), rel=1e-6)
    assert far[1, 0] == pytest.approx(warp(50.0 * 50000.0 / RADIUS_M, 5.0), rel=1e-3)


@pytest.mark.parametrize(
    ("column", "window_s"), [("wander", 5.0), ("echo", 120.0), ("model", 6.0), ("fall", 8.0), ("mood", 60.0)]
)
def test_each_memory_fades_over_its_own_time(column, window_s):
    """Two looks ten seconds apart: of the weight of the first is left exp(-10 / window)."""
    memory, _ = run([[0.0, 0.0, 300.0, 12.0, -16.0, 2.0]] * 2, [5.0, 15.0], rcs=[-12.0, -12.0])
    left = math.exp(-10.0 / window_s)
    found = {
        "wander": memory[8], "echo": memory[15], "model": memory[17], "fall": memory[3] * 6.0, "mood": memory[19] - 9.0
    }[column]  # fmt: skip
    assert found == pytest.approx(1.0 + (left if column != "mood" else 0.0))
    assert memory[:3].tolist() == [15.0, 2.0, 10.0]


def test_energy_counts_in_the_first_seconds_and_by_how_well_the_speed_is_known():
    states = [[0.0, 0.0, h, 120.0, 90.0, v] for h, v in ((500.0, 80.0), (600.0, 70.0), (900.0, 60.0))]
    memory, _ = run(states, [0.0, 3.0, 3.1])
    weights, energies = [], []
    for state in states[:2]:  # the third look comes later than three seconds
        v2 = 120.0**2 + 90.0**2 + state[5] ** 2
        weights.append(v2 / (4.0 + 5.0 + 6.0 + 1.0))
        energies.append(math.sqrt(v2 + 2.0 * 9.80665 * state[2]))
    assert memory[14] == pytest.approx(sum(weights))
    assert memory[13] == pytest.approx(np.average(energies, weights=weights))


def test_the_first_look_is_the_product_of_the_tables_and_the_prior_with_a_share_of_doubt():
    state = [0.0, 0.0, 300.0, 12.0, -16.0, 2.0]
    memory, found = run([state], [0.0], ballistic=0.04, rcs=[-14.0])
    pairs = described(memory, state)
    total = np.log(PRIOR)
    for f in range(FEATURES):
        if not math.isnan(pairs[f, 0]):
            total = total + interpolated(f, *pairs[f])
    share = np.exp(total - total.max())
    np.testing.assert_allclose(found, 0.98 * share / share.sum() + 0.02 * PRIOR, rtol=1e-6)
    assert found.sum() == pytest.approx(1.0)


def interpolated(feature, value, error):
    """Bilinear in the table of a feature."""
    first, per_value, least, per_error = DENSITIES.grid[feature]
    table = DENSITIES.table[feature]
    x = min(max((value - first) * per_value, 0.0), len(table) - 1 - 1e-9)
    y = min(max((error - least) * per_error, 0.0), table.shape[1] - 1 - 1e-9)
    a, b = int(x), int(y)
    x, y = x - a, y - b
    rows = [(1 - y) * table[a + k, b] + y * table[a + k, b + 1] for k in range(2)]
    return (1 - x) * rows[0] + x * rows[1]


def test_speed_and_climb_count_by_their_mean_over_the_flight_and_their_past_grows_with_age():
    """Five seconds old: past and present weigh alike. The mean is over seconds: the first look spans none."""
    slow, fast = [0.0, 0.0, 300.0, 6.0, -8.0, 0.5], [0.0, 0.0, 300.0, 30.0, -40.0, 0.5]
    memory, found = run([slow, slow, fast], [0.0, 2.0, 5.0], ballistic=0.04)
    pairs = described(memory, fast)
    looks = []
    for state in (slow, fast):
        pair = described(memory, state)
        looks.append(interpolated(0, *pair[0]) + interpolated(1, *pair[1]))
    kept = 2.0 * math.exp(-3.0 / 60.0)
    mean = (kept * looks[0] + 3.0 * looks[1]) / (kept + 3.0)
    total = np.log(PRIOR) + looks[1] + 0.5 * (mean - looks[1])
    for f in range(2, FEATURES):
        if not math.isnan(pairs[f, 0]):
            total = total + interpolated(f, *pairs[f])
    share = np.exp(total - total.max())
    np.testing.assert_allclose(found, 0.98 * share / share.sum() + 0.02 * PRIOR, rtol=1e-6)


def standing(hostile, *, t_s, seen=0.0, quiet=0.0, scans=9.0, ignored=False, barred=False, reopened=0):
    memory = np.zeros((1, SUMMARIES))
    memory[0, 0], memory[0, 1] = t_s, scans
    columns = np.array([seen]), np.array([quiet]), np.array([reopened]), np.array([ignored])
    changed = np.array([True])
    count = stand(
        0.05, 2.0, 10.0, 5.0, np.array([0]), np.array([hostile]), np.array([barred]), memory, *columns, changed
    )
    assert count == int(changed[0])
    return bool(columns[3][0]), float(columns[1][0]), int(columns[2][0]), float(columns[0][0])


def test_a_track_is_ignored_after_its_quiet_and_taken_up_at_twice_the_threshold():
    assert standing(0.04, t_s=3.0, quiet=7.0) == (True, 10.0, 0, 3.0)
    assert standing(0.04, t_s=2.9, quiet=7.0) == (False, 9.9, 0, 2.9)
    assert standing(0.05, t_s=3.0, quiet=7.0)[:2] == (False, 0.0)
    assert standing(0.04, t_s=3.0, quiet=7.0, scans=5.0)[0]
    assert not standing(0.04, t_s=3.0, quiet=7.0, scans=4.0)[0]
    assert not standing(0.04, t_s=3.0, quiet=7.0, barred=True)[0]
    assert standing(0.04, t_s=3.0, quiet=17.0, reopened=1)[0]
    assert not standing(0.04, t_s=3.0, quiet=16.9, reopened=1)[0]
    assert standing(0.04, t_s=3.0, seen=-math.inf, quiet=9.9)[:2] == (False, 9.9)
    assert standing(0.04, t_s=3.0, scans=0.0)[3] == -math.inf
    assert standing(0.099, t_s=3.0, ignored=True)[0::2] == (True, 0)
    assert standing(0.1, t_s=3.0, ignored=True)[0::2] == (False, 1)
    assert standing(0.01, t_s=3.0, ignored=True, barred=True)[0::2] == (False, 1)
