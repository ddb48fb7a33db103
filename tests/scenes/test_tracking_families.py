"""The families' own figures against what their names promise."""

from __future__ import annotations

import numpy as np
import pytest

from tocsin.errors import BadInput
from tocsin.scenes.families import Scene, make_scene


def measured(scene: Scene) -> np.ndarray:
    """Range, azimuth, elevation and range rate (4, n) of all detections with an origin, minus the truth."""
    index = {
        (float(t), int(i)): k for k, (t, i) in enumerate(zip(scene.truth.t_s, scene.truth.object_index, strict=True))
    }
    found = []
    for batch, origin in zip(scene.batches, scene.origin, strict=True):
        d, hit = batch.detections, np.flatnonzero(origin >= 0)
        state = scene.truth.state[[index[batch.t_s, int(i)] for i in origin[hit]]]
        r = np.linalg.norm(state[:, :3], axis=1)
        turn = d.azimuth_rad[hit] - np.arctan2(state[:, 0], state[:, 1])
        rate = np.sum(state[:, :3] * state[:, 3:], axis=1) / r
        found.append(
            np.stack(
                [
                    d.range_m[hit] - r,
                    (turn + np.pi) % (2 * np.pi) - np.pi,
                    d.elevation_rad[hit] - np.arcsin(state[:, 2] / r),
                    d.range_rate_mps[hit] - rate,
                ]
            )
        )
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize(
    ("name", "pd"), [("uas-60", 0.9), ("straight-60", 0.9), ("gusty-60", 0.9), ("ballistic-40", 0.95), ("mixed", 0.85)]
)
def test_noise_and_detection_probability_are_as_stated(name: str, pd: float) -> None:
    scene = make_scene(name, 3)
    error = measured(scene)
    sigma = np.array([10.0, np.deg2rad(0.15), np.deg2rad(0.15), 1.0])
    spread = error.std(axis=1) / sigma
    n = error.shape[1]
    assert np.abs(spread - 1.0).max() < 5.0 / np.sqrt(2 * n)
    assert np.abs(error.mean(axis=1) / sigma).max() < 5.0 / np.sqrt(n)
    points = len(scene.truth.t_s)
    assert n / points == pytest.approx(pd, abs=5.0 * np.sqrt(pd * (1 - pd) / points))
    false = scene.detections - n
    assert false == pytest.approx(scene.radar.clutter_per_scan * scene.radar.scans, rel=0.1)
    assert len(scene.batches) == scene.radar.scans


def test_drones_keep_to_their_limits() -> None:
    scene = make_scene("uas-200", 1)
    state = scene.truth.state
    assert ((state[:, 2] >= 50) & (state[:, 2] <= 600)).all()
    speed = np.hypot(state[:, 3], state[:, 4]).reshape(60, 200)
    assert speed.min() >= 20
    assert speed.max() <= 60
    assert np.abs(np.diff(speed, axis=0)).max() <= 3.0 + 1e-6
    heading = np.unwrap(np.arctan2(state[:, 3], state[:, 4]).reshape(60, 200), axis=0)
    turn = np.diff(heading, axis=0)
    assert np.abs(turn).max() <= 0.15 + 1e-9
    assert np.mean(np.abs(turn[40:]) > 0.005) == pytest.approx(0.6, abs=0.1), "all have begun to manoeuvre by then"
    moved = np.diff(state.reshape(60, 200, 6)[:, :, :2], axis=0)
    mean = 0.5 * (state.reshape(60, 200, 6)[1:, :, 3:5] + state.reshape(60, 200, 6)[:-1, :, 3:5])
    assert np.abs(moved - mean).max() < 3.0, "velocity is the rate of the position"


def test_straight_flight_is_straight() -> None:
    state = make_scene("straight-50", 1).truth.state.reshape(60, 50, 6)
    assert np.allclose(state[-1, :, :3], state[0, :, :3] + 59 * state[0, :, 3:])
    assert np.array_equal(state[:, :, 3:], np.broadcast_to(state[0, :, 3:], (60, 50, 3)))


def test_gusts_are_as_strong_and_as_long_as_stated() -> None:
    state = make_scene("gusty-400", 1).truth.state.reshape(60, 400, 6)
    gust = state[20:, :, 3:] - state[0, :, 3:]
    assert gust.std(axis=(0, 1)) == pytest.approx([0.3, 0.3, 0.15], rel=0.07)
    kept = np.mean(gust[:-10, :, :2] * gust[10:, :, :2]) / np.mean(gust[:, :, :2] ** 2)
    assert kept == pytest.approx(np.exp(-1.0), abs=0.06)
    moved = np.diff(state[:, :, :3], axis=0)
    assert np.abs(moved - 0.5 * (state[1:, :, 3:] + state[:-1, :, 3:])).max() < 0.5


def test_shells_fall_as_drag_and_gravity_have_it() -> None:
    scene = make_scene("ballistic-60", 1)
    for i in range(60):
        rows = scene.truth.object_index == i
        t, state = scene.truth.t_s[rows], scene.truth.state[rows]
        assert 14.5 <= t[-1] - t[0] <= 45.0
        assert np.hypot(*state[-1, :2]) < 1500 + 0.25 * 650
        rate = np.diff(state[:, 3:], axis=0) / 0.25
        assert (rate[:, 2] < 0).all()
        assert (rate[:, 2] > -80).all()
        speed2 = np.sum(state[:, 3:] ** 2, axis=1)
        energy = 0.5 * speed2 + 9.80665 * state[:, 2]
        assert (np.diff(energy) < 1e-3 * energy[0]).all(), "drag only takes energy"


def test_clutter_speeds_of_the_fast_family() -> None:
    rates = []
    for name in ("uas-20", "uas-20-clutter60"):
        scene = make_scene(name, 2)
        rates.append(
            np.concatenate(
                [b.detections.range_rate_mps[o < 0] for b, o in zip(scene.batches, scene.origin, strict=True)]
            )
        )
    assert rates[0].std() == pytest.approx(4.0, rel=0.1)
    assert rates[1].std() == pytest.approx(60 / np.sqrt(3), rel=0.1)
    assert np.abs(rates[1]).max() <= 60


def test_density_does_not_depend_on_the_number() -> None:
    for n in (200, 800):
        scene = make_scene(f"density-{n}", 1)
        assert n / scene.radar.clutter_radius_m**2 == pytest.approx(1000 / 30e3**2)
        wide = make_scene(f"scaled-{n}", 1).radar
        assert wide.sigma_angle_rad * wide.clutter_radius_m == pytest.approx(30e3 * np.deg2rad(0.15))


def test_a_seed_makes_one_scene() -> None:
    first, second, other = make_scene("uas-20", 5), make_scene("uas-20", 5), make_scene("uas-20", 6)
    assert first.truth.state.tobytes() == second.truth.state.tobytes()
    assert all(
        a.detections.range_m.tobytes() == b.detections.range_m.tobytes()
        for a, b in zip(first.batches, second.batches, strict=True)
    )
    assert first.truth.state.tobytes() != other.truth.state.tobytes()
    silent = make_scene("uas-20", 5, range_rate=False)
    assert np.isnan(silent.batches[0].detections.range_rate_mps).all()
    assert silent.batches[3].detections.range_m.tobytes() == first.batches[3].detections.range_m.tobytes()


@pytest.mark.parametrize("name", ["uas", "uas-0", "mixed-3", "ballistic-5-clutter60", "birds-3"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match=name):
        make_scene(name, 1)
