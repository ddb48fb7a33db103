"""Sensors without range or elevation, and sensors that look at different times at different parts of the sky."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_track_stage import DRONE, SIGMA, Run, Sky, plan_of, straight


def flat(batch):
    """A scan of a two-dimensional radar: no elevation, no range rate."""
    nothing = np.full(len(batch.detections.row), np.nan)
    return replace(batch, detections=replace(batch.detections, elevation_rad=nothing, range_rate_mps=nothing))


def followed(plan, scans=12):
    """A drone followed by the radar of sensor 0, then coasted to one time."""
    sky = Sky(plan, [DRONE], range_rate=False)
    run = Run(plan).take(*(sky.batch(t) for t in range(scans)))
    return run, sky, float(scans)


def axes(position, sensor):
    """Unit vectors along the line of sight, across it on the level, and upwards across it."""
    los = (position - sensor) / np.linalg.norm(position - sensor)
    across = np.array([los[1], -los[0], 0.0]) / np.hypot(los[0], los[1])
    return los, across, np.cross(across, los)


@pytest.mark.parametrize("where", [(500.0, -500.0, 0.0), (0.0, 0.0, 0.0), (9000.0, 4000.0, 0.0)])
def test_a_bearing_shrinks_the_covariance_across_the_line_of_sight_only(where):
    plan = plan_of((0, 0, 0), where, kinds=("radar_3d", "eo_ir"))
    (with_it, sky, t), (without, _, _) = followed(plan), followed(plan)
    look = sky.batch(t, sensor=1, bearing_only=True)
    sharp = replace(look.detections, sigma_azimuth_rad=np.array([1e-4]), sigma_elevation_rad=np.array([1e-4]))
    with_it.take(replace(look, detections=sharp))
    without.take(replace(look, sensor_index=-1))
    after, before = with_it.table.covariance[0, :3, :3], without.table.covariance[0, :3, :3]
    los, across, up = axes(DRONE(t)[:3], np.array(where))
    for axis in (across, up):
        assert axis @ after @ axis < 0.2 * (axis @ before @ axis)
    # what is known along the line of sight, given the two other axes, has not become more
    turned = np.stack([los, across, up])
    alone_before = 1.0 / np.linalg.inv(turned @ before @ turned.T)[0, 0]
    alone_after = 1.0 / np.linalg.inv(turned @ after @ turned.T)[0, 0]
    assert alone_after > 0.85 * alone_before
    assert los @ after @ los > 0.8 * alone_before


@pytest.mark.parametrize("kind", ["bearing", "flat"])
def test_reports_without_a_place_begin_nothing(kind):
    """No range, or no height: neither a bearing nor a two-dimensional plot alone may stand as a place in space."""
    plan = plan_of((0, 0, 0), kinds=("eo_ir" if kind == "bearing" else "radar_2d",))
    sky = Sky(plan, [DRONE, straight([-3000, 4000, 200], [20, 0, 0])])
    run = Run(plan)
    for t in range(20):
        run.take(sky.batch(t, bearing_only=True) if kind == "bearing" else flat(sky.batch(t)))
        assert run.steps[-1].tentative == 0
        assert run.table.track_id.tolist() == []
    assert run.tracking.bank.n == 0


def test_a_flat_plot_moves_a_track_on_the_ground_and_not_in_height():
    plan = plan_of((0, 0, 0), (0, 0, 0), kinds=("radar_3d", "radar_2d"))
    (with_it, sky, t), (without, _, _) = followed(plan), followed(plan)
    look = flat(sky.batch(t, sensor=1))
    with_it.take(look)
    without.take(replace(look, sensor_index=-1))
    los, across, up = axes(DRONE(t)[:3], np.zeros(3))
    after, before = with_it.table.covariance[0, :3, :3], without.table.covariance[0, :3, :3]
    assert los @ after @ los == pytest.approx(1.0 / (1.0 / (los @ before @ los) + 1.0 / SIGMA[0] ** 2), rel=0.1)
    assert across @ after @ across < 0.9 * (across @ before @ across)
    assert up @ after @ up == pytest.approx(up @ before @ up, rel=0.1)
    assert with_it.table.detections[0] == without.table.detections[0] + 1


def test_two_radars_out_of_step_with_their_own_parts_of_the_sky_hold_one_track():
    """West sees the first half of the way, east the second; they turn at 1 s and 1.7 s, and overlap in the middle."""
    plan = plan_of((-8000.0, 0, 0), (8000.0, 0, 0))
    plan = replace(plan, sensors=replace(plan.sensors, max_range_m=np.array([9000.0, 9000.0])))
    flight = straight([-14000, 2000, 400], [250, 0, 0])
    sky, run = Sky(plan, [flight], pd=0.95, seed=5), Run(plan)
    looks = sorted([(float(t), 0) for t in range(110)] + [(0.3 + 1.7 * k, 1) for k in range(65)])
    held = 0
    for t, s in looks:
        there = np.linalg.norm(flight(t)[:3] - plan.sensors.position_m[s]) < 9000.0
        run.take(sky.batch(t, sensor=s, blind=not there))
        if 4.0 < t < 108.0:
            ids = run.table.track_id.tolist()
            assert ids in ([1], [])
            held += ids == [1]
            if ids:
                off = run.table.state[0, :3] - flight(t)[:3]
                spread = np.sqrt(np.trace(run.table.covariance[0, :3, :3]))
                assert np.linalg.norm(off) < 5.0 * max(spread, np.sqrt(3) * SIGMA[0])
    assert run.confirmed == [1]
    assert held > 0.98 * sum(4.0 < t < 108.0 for t, _ in looks)


def test_a_sensor_that_looks_elsewhere_does_not_deny_a_track():
    """Twenty empty scans of a radar that cannot see that far lower the existence by no more than time does."""
    plan = plan_of((0, 0, 0), (30_000.0, 0, 0))
    plan = replace(plan, sensors=replace(plan.sensors, max_range_m=np.array([20_000.0, 5_000.0])))
    run, sky, t = followed(plan)
    before = run.table.existence[0]
    run.take(*(sky.batch(t + 0.05 * k, sensor=1, blind=True) for k in range(20)))
    assert run.table.existence[0] > 0.98 * before
