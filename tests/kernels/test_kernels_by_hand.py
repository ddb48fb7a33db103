"""Kernels against plain NumPy in tilted axes: polar rows, projection, birth, clutter, claims, the update of a bank."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import multivariate_normal, norm

from tocsin.kernels import births, clutter, coverage, polar, posterior, registration
from tocsin.kernels.births import Birth
from tocsin.kernels.claims import claim_candidates
from tocsin.kernels.measurement import FACTORS, factor_innovation, project_track, residual
from tocsin.kernels.motion import BALLISTIC, HOVER, MODELS, STRAIGHT, THRUST, TURN, Motion

TILTED = Rotation.from_euler("zyx", [0.7, -0.4, 0.3]).as_matrix()
SENSOR = np.array([100.0, -50.0, 20.0])
NAN = math.nan


def seen_from(place, sensor=SENSOR, rotation=TILTED):
    """Range, azimuth, elevation by the definition."""
    e, n, u = rotation.T @ (np.asarray(place) - sensor)
    return np.array([math.sqrt(e * e + n * n + u * u), math.atan2(e, n), math.atan2(u, math.hypot(e, n))])


def spread(seed, scale=(60.0, 50, 40, 20, 15, 10, 0.1)):
    root = np.random.default_rng(seed).normal(size=(7, 7)) * np.array(scale)[:, None]
    return root @ root.T


def test_projection_and_its_rows_hold_in_tilted_axes():
    x, p = np.array([8000.0, -6000.0, 900.0, 40.0, -120.0, 15.0, 0.3]), spread(4)

    def project(state):
        z, g, a = np.full(5, NAN), np.full((7, 4), NAN), np.full((4, 4), NAN)
        project_track(4, SENSOR, TILTED, state, p, z, g, a)
        return z, g, np.tril(a) + np.tril(a, -1).T

    z, g, a = project(x)
    np.testing.assert_allclose(z[:3], seen_from(x[:3]), rtol=1e-12)
    line = (x[:3] - SENSOR) / z[0]
    np.testing.assert_allclose(z[3:], [line @ x[3:6], math.cos(z[2])], rtol=1e-12)
    scale, step = np.array([1.0, z[0] * z[4], z[0], 1.0]), np.array([0.5, 0.5, 0.5, 0.05, 0.05, 0.05, 0.05])
    h = np.stack([scale * (project(x + d)[0][:4] - project(x - d)[0][:4]) / (2 * s)
                  for s, d in zip(step, np.diag(step), strict=True)], axis=1)  # fmt: skip
    np.testing.assert_allclose(g, p @ h.T, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(a, h @ p @ h.T, rtol=1e-5, atol=1e-3)


def test_a_ray_has_orthogonal_axes_along_growing_range_azimuth_and_elevation():
    place = np.array([3000.0, 2000.0, 900.0, 1, 2, 3, 0, 0, 0])
    axes, found = np.full((3, 3), NAN), np.full(4, NAN)
    registration.ray(SENSOR, TILTED, place, axes, found)
    polar_row = seen_from(place[:3])
    np.testing.assert_allclose(found[:3], polar_row, rtol=1e-12)
    np.testing.assert_allclose(found[3], polar_row[0] * math.cos(polar_row[2]), rtol=1e-12)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    for k in range(3):
        moved = seen_from(place[:3] + 1e-2 * axes[k]) - polar_row
        assert moved[k] > 0.0
        np.testing.assert_allclose(np.delete(moved * [1.0, found[3], found[0]], k), 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("column", "value", "bad"),
    [
        (0, 0.0, 1), (0, -5.0, 1), (0, math.inf, 1), (0, NAN, 0), (0, 1e-3, 0),
        (1, NAN, 1), (1, 6.3, 1), (1, 6.28, 0), (1, -6.28, 0), (1, -6.3, 1),
        (2, 1.58, 1), (2, -1.58, 1), (2, 1.57, 0), (2, NAN, 0),
        (3, math.inf, 1), (3, -math.inf, 1), (3, NAN, 0), (3, -900.0, 0),
        *((c, v, b) for c in (4, 5, 6, 7) for v, b in ((0.0, 1), (-1.0, 1), (math.inf, 1), (NAN, 0), (1e-9, 0))),
    ],
)  # fmt: skip
def test_a_row_with_one_value_that_cannot_be_is_counted(column, value, bad):
    rows = np.tile([[1000.0], [0.5], [0.1], [-20.0], [10.0], [0.01], [0.01], [1.0]], (1, 3))
    assert polar.count_unusable(*rows) == 0
    rows[column, 1] = value
    assert polar.count_unusable(*rows) == bad


def test_rows_are_placed_by_the_definition_and_take_the_default_noise_where_none_is_given():
    place = np.array([[2000.0, 500.0, 300.0], [-800.0, 1200.0, -90.0]])
    rows = np.stack([seen_from(p) for p in place], axis=1)
    given = np.array([[7.0, NAN], [NAN, 0.2], [0.3, NAN], [NAN, 0.4]])
    sigma, found = np.full((4, 2), NAN), np.full((2, 3), NAN)
    polar.fill_and_place(np.array([1.0, 2.0, 3.0, 4.0]), SENSOR, TILTED, *rows, *given, sigma, found)
    np.testing.assert_allclose(found, place, atol=1e-9)
    np.testing.assert_array_equal(sigma, [[7.0, 1.0], [2.0, 0.2], [0.3, 3.0], [4.0, 0.4]])


def test_joined_rows_keep_their_columns_and_say_what_they_lack():
    rng = np.random.default_rng(1)
    rows, noise = rng.random((4, 4)), rng.random((4, 4))
    rows[0, [1, 3]], rows[2, [2, 3]] = NAN, NAN
    z, sigma, kind = np.full((4, 4), NAN), np.full((4, 4), NAN), np.full(4, -9)
    polar.join_rows(*rows, *noise, z, sigma, kind)
    np.testing.assert_array_equal(z, rows.T)
    np.testing.assert_array_equal(sigma, noise.T)
    assert kind.tolist() == [0, 1, 2, 3]


BIRTH, MOTION = Birth(), Motion()
KINDS = {TURN: (0.6, 28.0, 2.3), STRAIGHT: (0.1, 140.0, 6.0), BALLISTIC: (0.3, 220.0, 220.0)}


def born(rate, free=0.7, share=0.4):
    place = np.array([[4000.0, 3000.0, 1500.0]])
    z, sigma = np.array([[*seen_from(place[0]), rate]]), np.array([[12.0, 0.004, 0.006, 1.5]])
    mu, x = np.full((3, MODELS), NAN), np.full((3, MODELS, 7), NAN)
    p, r, source = np.full((3, MODELS, 7, 7), NAN), np.full(3, NAN), np.full(1, -9)
    count = births.bear_tracks(
        MOTION, BIRTH, 1, SENSOR, TILTED, place, z, sigma, np.array([free]), np.array([share]), mu, x, p, r, source
    )
    return count, mu[1], x[1], p[1], r[1], source[0], place[0], z[0]


@pytest.mark.parametrize("rate", [NAN, 60.0])
def test_a_track_is_born_as_each_kind_conditioned_on_its_range_rate(rate):
    count, mu, x, p, r, source, place, z = born(rate)
    assert (count, source, r) == (2, 0, pytest.approx(0.28))
    u = (place - SENSOR) / z[0]
    weights = {}
    for k, (share, flat, up) in KINDS.items():
        velocity = np.diag([flat**2, flat**2, up**2])
        s = u @ velocity @ u + 1.5**2
        known = not math.isnan(rate)
        weights[k] = share * (norm.pdf(rate, 0.0, math.sqrt(s)) if known else 1.0)
        gain = velocity @ u / s if known else np.zeros(3)
        np.testing.assert_allclose(x[k, :3], place)
        np.testing.assert_allclose(x[k, 3:6], gain * (rate if known else 0.0), atol=1e-9)
        np.testing.assert_allclose(p[k, 3:6, 3:6], velocity - np.outer(gain, u @ velocity), atol=1e-6)
        np.testing.assert_allclose(p[k, :3, 3:], 0.0)
        axes = np.full((3, 3), NAN)
        registration.ray(SENSOR, TILTED, np.r_[place, np.zeros(6)], axes, np.full(4, NAN))
        noise = np.diag([12.0**2, (z[0] * math.cos(z[2]) * 0.004) ** 2, (z[0] * 0.006) ** 2])
        np.testing.assert_allclose(p[k, :3, :3], axes.T @ noise @ axes, rtol=1e-9, atol=1e-9)
        own = (MOTION.drag_mean, MOTION.drag_sigma) if k == BALLISTIC else (0.0, MOTION.turn_sigma)
        assert (x[k, 6], p[k, 6, 6]) == pytest.approx((own[0], own[1] ** 2))
    total = sum(weights.values())
    for k, weight in weights.items():
        assert mu[k] == pytest.approx(weight / total)
    assert mu[[HOVER, THRUST]].tolist() == [0.0, 0.0]


def test_what_is_explained_begins_no_track_and_a_kind_that_is_a_thousand_times_worse_sleeps():
    assert born(NAN, free=0.1)[0] == 2
    assert born(NAN, free=0.099)[0] == 1
    _, mu, *_ = born(500.0)
    assert mu[TURN] == 0.0
    assert mu[BALLISTIC] > 0.9


def test_the_density_of_a_new_targets_range_rate_is_the_mixture_of_kinds():
    place, u = np.array([[4000.0, 3000.0, 1500.0]] * 3), None
    z, sigma = np.array([[1.0, 0, 0, 60.0], [1.0, 0, 0, NAN], [1.0, 0, 0, -5.0]]), np.full((3, 4), 1.5)
    found = np.full(3, NAN)
    births.birth_rate_density(BIRTH, SENSOR, place, z, sigma, found)
    u = (place[0] - SENSOR) / np.linalg.norm(place[0] - SENSOR)
    wanted = [
        sum(
            share * norm.pdf(rate, 0.0, math.sqrt(flat**2 * (1 - u[2] ** 2) + up**2 * u[2] ** 2 + 1.5**2))
            for share, flat, up in KINDS.values()
        )
        for rate in (60.0, -5.0)
    ]
    np.testing.assert_allclose(found, [wanted[0], 1.0, wanted[1]])


def test_intensities_of_what_lacks_range_or_elevation_are_spread_over_what_they_span():
    kind, density = np.arange(4), np.full(4, 1e-9)
    intensity, share = np.full(4, NAN), np.full(4, NAN)
    births.join_sources(0.2, 3.0, 5000.0, kind, density, np.full(4, 0.01), np.full(4, 0.02), intensity, share)
    loose = [3.0 / (4 * math.pi), 3.0 / (math.pi * 5000.0**2), 3.0 / (2 * math.pi)]
    np.testing.assert_allclose(intensity, [1e-9 * (0.01 + 0.004), *(0.01 * v for v in loose)])
    np.testing.assert_allclose(share, [0.004 / 0.014, 0.0, 0.0, 0.0])


def test_kinds_are_learned_from_second_detections_of_what_is_surely_there():
    mu = np.zeros((4, MODELS))
    mu[:, TURN], mu[:, STRAIGHT], mu[:, BALLISTIC] = 0.5, 0.3, 0.2
    kinds = np.array([1.0, 2.0])
    births.learn_kinds(
        4, np.array([0, -1, 3, 4]), np.array([2, 2, 3, 2]), mu, np.array([0.9, 0.9, 0.9, 0.5]), 0.5, kinds
    )
    np.testing.assert_allclose(kinds, [1.0 + 0.45, 2.0 + 0.27])


def test_the_standing_are_those_that_began_with_the_first_scan():
    total = births.count_standing(
        2.0, np.array([0, 2, 3]), np.array([0.3, 0.2, 0.9]), np.array([0.5, 0.1]), np.array([0.8, 0.8]),
        np.array([2.0, 3.0]), np.array([0.6, 0.7]),
    )  # fmt: skip
    assert total == pytest.approx(0.3 + 0.2 + 0.5 * 0.6 * 0.2 / (1 - 0.6 * 0.8))


@pytest.mark.parametrize(
    ("ground_m", "up_m", "ring", "height"),
    [(0.0, -900.0, 0, 0), (1999.0, 249.0, 0, 0), (2001.0, 251.0, 1, 1), (23000.0, 1700.0, 9, 5), (9e5, 9e5, 18, 11),
     (55000.0, 15999.0, 14, 10)],
)  # fmt: skip
def test_a_place_is_found_in_its_ring_and_layer_in_the_sensors_axes(ground_m, up_m, ring, height):
    for bearing in (0.3, 2.0, 4.0):
        offset = TILTED @ np.array([ground_m * math.sin(bearing), ground_m * math.cos(bearing), up_m])
        assert clutter.locate(SENSOR + offset, SENSOR, TILTED) == ring * 12 + height
    assert clutter.locate(np.array([1.0, NAN, 1.0]), SENSOR, TILTED) == -1


def test_clutter_is_counts_over_volume_and_scans_with_a_share_of_what_is_there_now():
    place = np.array([SENSOR + TILTED @ v for v in ([1000.0, 0, 100.0], [0, 1000.0, 200.0], [2500.0, 0, 600.0])])
    place = np.vstack([place, [NAN] * 3])
    z = np.full((4, 4), NAN)
    z[:2, 3] = [7.0, 9.5]  # cells 403 and 404 of 2 m/s over -800 m/s
    counts, rates = np.zeros(19 * 12), np.zeros(800)
    counts[0], counts[14], rates[403] = 6.0, 3.0, 10.0
    out = [np.full(4, NAN), np.full(4, NAN), np.full(4, -9), np.full(4, -9)]
    mean = clutter.clutter_intensity(SENSOR, TILTED, counts, rates, 9.0, 2.0, place, z, *out)
    density, rate_density, cell, rate_cell = out
    assert cell.tolist() == [0, 0, 14, -1]
    assert rate_cell.tolist() == [403, 404, -1, -1]
    first, second = math.pi * 2000.0**2 * 250.0, math.pi * (4000.0**2 - 2000.0**2) * 250.0
    np.testing.assert_allclose(density, [(6 + 0.5 * 2) / 10 / first] * 2 + [(3 + 0.5) / 10 / second, NAN])
    now, total = {403: 10.5, 404: 0.5}, 5.0 + 11.0
    at = [0.5 * now[403] + 0.25 * now[404], 0.5 * now[404] + 0.25 * now[403]]
    np.testing.assert_allclose(rate_density, [*((v + 5.0 / 800.0) / (total * 2.0) for v in at), 1.0, 1.0])
    assert mean == pytest.approx((9.0 + 4.0) / 11.0)
    scans = np.array([9.0])
    clutter.fade_clutter(0.5, counts, rates, scans)
    assert (counts[0], counts[14], rates[403], scans[0]) == (3.0, 1.5, 5.0, 5.5)


def candidate(said, velocity=(NAN, NAN), up=NAN, ahead_s=1.0):
    """Ratios of one claim against one track at (1000, 2000, 300) m with 40, -10, 1 m/s."""
    state, p = np.array([[1000.0, 2000.0, 300.0, 40.0, -10.0, 1.0]]), spread(9)[:6, :6][None]
    out = np.full((1, 2), -9), np.full((1, 2), NAN), np.full((1, 2), NAN), np.ones((1, 2), np.bool_)
    place = np.array([[*(state[0, :2] + ahead_s * state[0, 3:5] + said), up]])
    claim_candidates(
        5000.0, 1000.0, 7.0, state, p, np.array([7.0 + ahead_s]), place, np.array([30.0]), np.array([velocity]),
        np.array([2.0]), *out,
    )  # fmt: skip
    return out[0][0, 0], out[1][0, 0], out[2][0, 0], bool(out[3][0, 0]), p[0]


def logs(gap, covariance):
    return float(multivariate_normal.logpdf(gap, np.zeros(2), covariance))


def test_a_claim_is_weighed_by_place_velocity_and_height_against_some_other_sender():
    gap, even = np.array([80.0, -50.0]), -math.log(4.0 * 5000.0**2)
    _, true, false, near, p = candidate(gap)
    assert true == pytest.approx(logs(gap, p[:2, :2] + 900.0 * np.eye(2)) - even)
    assert false == pytest.approx(logs(gap, 1500.0**2 * np.eye(2)) - even)
    assert near
    drift = np.array([6.0, 3.0])
    _, with_speed, false_speed, _, _ = candidate(gap, velocity=tuple(np.array([40.0, -10.0]) + drift))
    moving = logs(drift, p[3:5, 3:5] + (2.0**2 + 4.0) * np.eye(2))
    moving -= logs(drift, 2.0 * (46.0**2 + 7.0**2 + 100.0) * np.eye(2))
    assert with_speed - true == pytest.approx(moving)
    assert false_speed - false == pytest.approx(moving)
    _, high, false_high, _, _ = candidate(gap, up=401.0)
    sd = math.sqrt(p[2, 2] + 1e4)
    bell = [0.99 * norm.pdf(100.0, 0.0, s) + 0.01 / 10000.0 for s in (sd, 500.0)]
    assert high - true == pytest.approx(math.log(3000.0 * bell[0]))
    assert false_high - false == pytest.approx(math.log(3000.0 * bell[1]))


@pytest.mark.parametrize(("east_m", "index"), [(4999.0, 0), (5001.0, -1), (-4999.0, 0), (-5001.0, -1)])
def test_a_claim_beyond_the_gate_is_no_tracks(east_m, index):
    assert candidate(np.array([east_m, 0.0]))[0] == index
    assert candidate(np.array([0.0, east_m]))[0] == index
    assert candidate(np.array([east_m / 5.0 - math.copysign(1.0, east_m), 0.0]))[3]
    assert not candidate(np.array([1001.0, 0.0]))[3]
    assert not candidate(np.zeros(2), velocity=(640.0, -10.0))[3]


def test_the_best_candidates_are_kept_best_first():
    n, rng = 12, np.random.default_rng(5)
    state, p = np.zeros((n, 6)), np.tile(np.diag([400.0] * 3 + [4.0] * 3), (n, 1, 1))
    state[:, 0] = rng.permutation(n) * 90.0
    out = np.full((1, 4), -9), np.full((1, 4), NAN), np.full((1, 4), NAN), np.zeros((1, 4), np.bool_)
    claim_candidates(5000.0, 1000.0, 0.0, state, p, np.zeros(1), np.array([[0.0, 0, NAN]]), np.array([30.0]),
                     np.array([[NAN, NAN]]), np.ones(1), *out)  # fmt: skip
    assert out[0][0].tolist() == np.argsort(state[:, 0])[:4].tolist()
    best = np.maximum(out[1][0], out[2][0])
    assert (np.diff(best) <= 0.0).all()


def bank_update(miss, marginal, pm=0.6, r=0.7):
    """One track of two models and two detections, updated by the kernel and by the textbook."""
    rng, z_rows = np.random.default_rng(11), 3
    mu, x, p = np.zeros((1, MODELS)), np.zeros((1, MODELS, 7)), np.zeros((1, MODELS, 7, 7))
    mu[0, [STRAIGHT, TURN]] = 0.6, 0.4
    for k in (STRAIGHT, TURN):
        x[0, k] = [4000.0, 3000.0, 900.0, 30.0, -20.0, 2.0, 0.0] + rng.normal(size=7) * [5, 5, 5, 1, 1, 1, 0.01]
        p[0, k] = spread(20 + k, (20.0, 20, 20, 5, 5, 5, 0.1))
    predicted, g, a = np.full((MODELS, 5), NAN), np.full((1, MODELS, 7, 4), NAN), np.full((MODELS, 4, 4), NAN)
    factor, ll, nis = np.full((2, MODELS, FACTORS), NAN), np.full((2, MODELS), -math.inf), np.array([0.5, 3.0])
    steps = {}
    for k in (STRAIGHT, TURN):
        project_track(z_rows, SENSOR, TILTED, x[0, k], p[0, k], predicted[k], g[0, k], a[k])
    for q, off in enumerate(([8.0, 0.001, -0.002, NAN], [-20.0, 0.003, 0.001, NAN])):
        z, sigma = predicted[STRAIGHT][:4] + off, np.array([10.0, 0.003, 0.003, 1.0])
        for k in (STRAIGHT, TURN):
            v, noise = np.full(4, NAN), np.full(4, NAN)
            residual(z, sigma, predicted[k], v, noise)
            ll[q, k], _ = factor_innovation(z_rows, math.inf, a[k], v, noise, factor[q, k])
            s = (np.tril(a[k]) + np.tril(a[k], -1).T)[:3, :3] + np.diag(noise[:3])
            gain = g[0, k][:, :3] @ np.linalg.inv(s)
            steps[q, k] = gain @ v[:3], gain @ s @ gain.T
    before = mu[0].copy(), x[0].copy(), p[0].copy()
    books = np.array([r]), np.array([4]), np.array([1.0]), np.array([2.0])
    row, sure, moved = np.full(1, -9), np.full(1, NAN), np.full((1, 4), NAN)
    posterior.update_tracks(
        9.0, z_rows, np.array([0, 2]), np.array([7, 5]), ll, nis, np.array(marginal), np.array([miss]), np.array([pm]),
        factor, g, mu, x, p, *books, row, sure, moved,
    )  # fmt: skip
    return before, (mu[0], x[0], p[0]), steps, ll, books, (row[0], sure[0], moved[0])


@pytest.mark.parametrize(("miss", "marginal"), [(0.3, (0.5, 0.1)), (0.02, (0.2, 0.75)), (0.9, (0.06, 0.04))])
def test_the_update_of_a_bank_is_the_moments_over_misses_and_detections(miss, marginal):
    (mu, x, p), after, steps, ll, (r, hits, updated, surprise), (row, sure, moved) = bank_update(miss, marginal)
    missed = miss * 0.7 * 0.4 / (1.0 - 0.7 * 0.6)
    exists = missed + sum(marginal)
    assert r[0] == pytest.approx(exists)
    weight = {}
    for k in (STRAIGHT, TURN):
        weight[-1, k] = missed * mu[k]
        for q in range(2):
            likely = {j: mu[j] * math.exp(ll[q, j]) for j in (STRAIGHT, TURN)}
            weight[q, k] = marginal[q] * likely[k] / sum(likely.values())
    for k in (STRAIGHT, TURN):
        total = sum(weight[q, k] for q in (-1, 0, 1))
        assert after[0][k] == pytest.approx(total / exists)
        w = [weight[q, k] / total for q in (0, 1)]
        mean = w[0] * steps[0, k][0] + w[1] * steps[1, k][0]
        np.testing.assert_allclose(after[1][k], x[k] + mean, rtol=1e-9, atol=1e-9)
        wanted = p[k] - np.outer(mean, mean)
        for q in (0, 1):
            wanted += w[q] * (np.outer(steps[q, k][0], steps[q, k][0]) - steps[q, k][1])
        np.testing.assert_allclose(after[2][k], wanted, rtol=1e-6, atol=1e-6)
    seen = sum(marginal) > 0.5 * exists
    best = int(np.argmax(marginal))
    if seen:
        assert (hits[0], updated[0], row) == (5, 9.0, (7, 5)[best])
        assert sure == pytest.approx(marginal[best] / exists)
        assert surprise[0] == pytest.approx(0.7 * 2.0 + 0.3 * (0.5, 3.0)[best])
        trace = [np.trace(c[3:6, 3:6]) for c in (p[STRAIGHT], after[2][STRAIGHT])]
        shift = (after[1][STRAIGHT] - x[STRAIGHT])[3:6]
        wanted = [*(shift / math.sqrt(trace[0] - trace[1])), trace[1]] if trace[1] < trace[0] else [0.0] * 4
        np.testing.assert_allclose(moved, wanted, rtol=1e-6)
    else:
        assert (hits[0], updated[0], row, sure, surprise[0]) == (4, 1.0, -1, 0.0, 2.0)
        np.testing.assert_array_equal(moved, 0.0)


def test_a_pairs_density_is_in_the_units_of_what_its_detection_measures():
    mu, predicted = np.zeros((1, MODELS)), np.zeros((1, MODELS, 5))
    mu[0, [STRAIGHT, HOVER]] = 0.25, 0.75
    predicted[0, :, 0], predicted[0, :, 4] = 2000.0, 0.8
    ll = np.full((4, MODELS), -math.inf)
    ll[:, STRAIGHT], ll[:, HOVER], ll[2, HOVER] = -3.0, -4.0, -math.inf
    found = np.full(4, NAN)
    posterior.pair_weights(np.array([0, 4]), np.arange(4), ll, mu, np.array([1.5]), predicted, np.arange(4), found)
    both = 0.25 * math.exp(-3.0) + 0.75 * math.exp(-4.0)
    np.testing.assert_allclose(found, [
        1.5 * both, 1.5 * both * 2000.0**2 * 0.8, 1.5 * 0.25 * math.exp(-3.0), 1.5 * both * 2000.0 * 0.8
    ])  # fmt: skip


def field_of(sector, place, sigma_m=0.0, rotation=TILTED):
    """Share that a field of view leaves of an even beam at a place in the sensor's tilted axes."""
    level = np.zeros((0, 0))
    mask = coverage.mask_of(SENSOR, rotation, NAN, np.array(sector), 6.37e6, np.zeros(3), level)
    return coverage.field_share(mask, 0.9, *place, sigma_m)


@pytest.mark.parametrize("off_rad", [-0.02, -0.004, 0.0, 0.004, 0.02])
@pytest.mark.parametrize("sigma_m", [0.0, 60.0])
def test_a_tilted_field_of_view_ends_softly_at_its_edges(off_rad, sigma_m):
    """An edge is as soft as the sensor's own, and as the place is uncertain seen from 5 km."""

    def at(azimuth, elevation):
        local = [math.cos(elevation) * math.sin(azimuth), math.cos(elevation) * math.cos(azimuth), math.sin(elevation)]
        return SENSOR + TILTED @ (5000.0 * np.array(local))

    edge = norm.cdf(off_rad, 0.0, math.hypot(coverage.EDGE_RAD, sigma_m / 5000.0))
    assert field_of([0.5, 1.5, NAN, NAN], at(0.5 + off_rad, 0.3), sigma_m) == pytest.approx(edge, rel=1e-6)
    assert field_of([0.5, 1.5, NAN, NAN], at(1.5 - off_rad, 0.3), sigma_m) == pytest.approx(edge, rel=1e-6)
    assert field_of([NAN, NAN, 0.1, NAN], at(2.5, 0.1 + off_rad), sigma_m) == pytest.approx(edge, rel=1e-6)
    assert field_of([NAN, NAN, NAN, 0.6], at(2.5, 0.6 - off_rad), sigma_m) == pytest.approx(edge, rel=1e-6)
    both = field_of([0.5, 1.5, NAN, 0.6], at(0.5 + off_rad, 0.6 - off_rad), sigma_m)
    assert both == pytest.approx(edge * edge, rel=1e-6)
    assert field_of([1.0, 1.0, NAN, NAN], at(2.5, 0.3)) == 1.0  # from one azimuth to itself: all of them
    assert field_of([6.0, 0.5, NAN, NAN], at(0.0, 0.3)) == pytest.approx(1.0)
    assert field_of([6.0, 0.5, NAN, NAN], at(3.0, 0.3)) == pytest.approx(0.0, abs=1e-9)
