"""Scenes that make an associator choose, feeds that come late, two radars: each is what its description says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from tocsin.errors import BadInput
from tocsin.records.arrays import FloatArray
from tocsin.scenes.close import close_scene
from tocsin.scenes.families import Scene
from tocsin.scenes.late import CATCH_UP_S, WAYS, feed_of
from tocsin.scenes.two_radars import BIAS, CASES, batches, fliers, plan_of


def states(scene: Scene) -> FloatArray:
    return scene.truth.state.reshape(scene.radar.scans, -1, 6)


def test_pairs_cross_within_thirty_metres_at_small_angles() -> None:
    state = states(close_scene("crossing", 3))
    assert state.shape == (60, 120, 6)
    gap = np.linalg.norm(state[:, :60, :3] - state[:, 60:, :3], axis=2)
    assert gap[[29, 30]].max() < 30.0 * np.sqrt(2) + 26.0, "half way, within half a scan of it"
    a, b = state[0, :60, 3:5], state[0, 60:, 3:5]
    angle = np.rad2deg(np.arccos(np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)))
    assert 3.0 <= angle.min() < angle.max() <= 25.0


def test_groups_of_four_keep_their_distance() -> None:
    state = states(close_scene("formation", 3)).reshape(60, 4, 30, 6)
    gap = np.linalg.norm(np.diff(state[..., :3], axis=1), axis=3)
    assert 40.0 <= gap.min() < gap.max() <= 80.0
    assert np.allclose(gap, gap[0])


def test_close_scenes_follow_from_their_seed_and_know_the_other_families() -> None:
    one, again, other = (close_scene("crossing", seed).batches[5].detections.range_m for seed in (3, 3, 4))
    assert one.tobytes() == again.tobytes() != other.tobytes()
    assert close_scene("uas-5", 1, range_rate=False).name == "uas-5"
    with pytest.raises(BadInput):
        close_scene("swarm", 1)


def rows() -> pa.Table:
    """Sixty scans of ten rows of one radar."""
    t = np.repeat(np.arange(60.0), 10)
    return pa.table({"t": t, "sensor_id": ["radar-1"] * len(t), "range_m": np.arange(len(t), dtype=float)})


@pytest.mark.parametrize("way", WAYS)
def test_a_late_feed_has_every_row_and_catches_up(way: str) -> None:
    feed = feed_of(rows(), way, 1)
    t = feed.table["t"].to_numpy()
    assert sorted(feed.table["range_m"].to_pylist()) == list(range(600))
    assert 0.1 < feed.late.mean() < 0.6
    assert feed.late.tolist() == [bool(x < t[:k].max(initial=-1.0)) for k, x in enumerate(t)]
    epoch = np.floor(t / CATCH_UP_S)
    assert (np.diff(epoch) >= 0).all(), "nothing of ten seconds comes after the next ten have begun"
    if way == "sensors":
        assert set(feed.table["sensor_id"].to_pylist()) == {"radar-1", "radar-2"}


def test_a_feed_in_order_has_nothing_late() -> None:
    assert not feed_of(rows(), "", 1).late.any()


def test_a_bias_moves_the_plots_and_nothing_else() -> None:
    case = replace(CASES["base"], duration_s=3.0, clutter=0.0)
    clean = replace(case, bias=(0.0, 0.0, 0.0, 0.0))
    plan, sky = plan_of(case, True), fliers(case, np.random.default_rng([1, 1]))
    pairs = list(zip(batches(case, plan, sky, 1), batches(clean, plan, sky, 1), strict=True))
    assert [a.t_s for a, _ in pairs] == [b.t_s for _, b in pairs]
    for a, b in pairs:
        same = a.detections.range_m.tobytes() == b.detections.range_m.tobytes()
        assert same == (a.sensor_index != case.biased)
        assert a.reports.position_m.tobytes() == b.reports.position_m.tobytes()
    a, b = pairs[1]
    off = np.sort(a.detections.range_m) - np.sort(b.detections.range_m)
    assert np.median(off) == pytest.approx(BIAS[0], abs=30.0), "and the clock's share of it"
    assert (plan.sensors.position_m[1] - plan.sensors.position_m[0]).tolist() == [case.apart_m, 0.0, 0.0]
    assert plan.registration.enabled
    assert not plan_of(case, False).registration.enabled
