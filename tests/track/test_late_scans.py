"""Late scans and late pieces of scans: the tracks end where those of the ordered run do, and nobody loses an id."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_track_stage import DRONE, Run, Sky, ballistic, plan_of, straight

from tocsin.records.detections import DetectionTable
from tocsin.track.late import SPACING_S, Ring, Snapshot, Taken, agreeing, joined

TARGETS = [DRONE, straight([-2000, 5000, 200], [10, 30, 0]), straight([1500, -4000, 400], [0, 25, 1])]


def pieces(batch, rng, count):
    """The rows of a batch in some pieces, in random order."""
    d = batch.detections
    order = rng.permutation(len(d.row))
    for part in np.array_split(order, count):
        if len(part):
            rows = DetectionTable(*(getattr(d, f.name)[part] for f in fields(DetectionTable)))
            yield replace(batch, detections=rows)


def delayed(batches, rng, latest_s):
    """Batches in order of arrival, each late by uniform 0 to latest_s."""
    arrival = np.array([b.t_s for b in batches]) + rng.uniform(0.0, latest_s, len(batches))
    return [batches[i] for i in np.argsort(arrival, kind="stable")]


def tick(sky, t):
    return replace(sky.batch(t, blind=True), sensor_index=-1)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), sensors=st.integers(1, 3))
def test_after_all_has_arrived_the_tracks_are_those_of_the_ordered_run(seed, sensors):
    plan = plan_of(*((0, 0, 0), (3000, 0, 0), (0, 3000, 0))[:sensors])
    sky = Sky(plan, TARGETS, seed=seed, clutter=4.0, pd=0.9)
    batches = [sky.batch(0.5 * k, sensor=k % sensors) for k in range(30)]
    shuffled = delayed(batches, np.random.default_rng(seed), 1.99)
    ordered, late = Run(plan).take(*batches), Run(plan).take(*shuffled)
    kept, same = late.tracking.bank, ordered.tracking.bank
    assert kept.n == same.n
    awake = same.mu[: kept.n] > 0.0
    assert kept.mu[: kept.n].tobytes() == same.mu[: kept.n].tobytes()
    assert kept.x[: kept.n][awake].tobytes() == same.x[: kept.n][awake].tobytes()
    assert kept.p[: kept.n][awake].tobytes() == same.p[: kept.n][awake].tobytes()
    assert kept.real[:, : kept.n].tobytes() == same.real[:, : kept.n].tobytes()
    assert late.tracking.lore.sky.tolist() == ordered.tracking.lore.sky.tolist()
    assert set(late.confirmed) >= set(late.table.track_id.tolist())
    assert len(set(late.confirmed)) == len(late.confirmed)


def test_every_scan_tells_the_tracks_of_its_own_time_once():
    plan = plan_of((0, 0, 0), (3000, 0, 0))
    sky = Sky(plan, TARGETS)
    batches = delayed([sky.batch(0.5 * k, sensor=k % 2) for k in range(40)], np.random.default_rng(4), 1.99)
    run, newest = Run(plan), -np.inf
    told = []
    for batch in batches:
        step = run.take(batch).steps[-1]
        if batch.t_s < newest:
            assert step.late is not None
            assert step.late.t_s == batch.t_s
            assert step.table.t_s == newest
            assert step.table.row.tolist() == [-1] * len(step.table.track_id)
            if batch.t_s > 4.0:
                assert sorted(step.late.row[step.late.row >= 0].tolist()) == [0, 1, 2]
                truth = np.stack([f(batch.t_s)[:3] for f in TARGETS])
                off = np.linalg.norm(step.late.state[:, None, :3] - truth, axis=2).min(axis=1)
                assert off.max() < 60.0
        else:
            assert step.late is None
            newest = batch.t_s
        told.append(batch.t_s)
    assert sorted(told) == sorted(b.t_s for b in batches)


@pytest.mark.parametrize("count", [2, 5, 20])
def test_a_scan_in_pieces_is_one_scan(count):
    """Pieces that come in order: after each scan's last piece the tracks are those of the whole scan."""
    plan, rng = plan_of(), np.random.default_rng(2)
    sky = Sky(plan, TARGETS, clutter=5.0, pd=0.9, seed=5)
    batches = [sky.batch(t) for t in range(15)]
    whole = Run(plan).take(*batches)
    parts = Run(plan).take(*(p for b in batches for p in pieces(b, rng, count)))
    parts.take(tick(sky, 14))
    assert len(parts.table.track_id) == len(whole.table.track_id) == 3
    off = np.linalg.norm(parts.table.state[:, None, :3] - whole.table.state[:, :3], axis=2)
    assert off.min(axis=1).max() < 1.0
    assert sorted(off.argmin(axis=1).tolist()) == [0, 1, 2]
    assert parts.table.detections.max() <= 15


def test_rows_late_one_by_one_lose_no_track():
    plan, rng = plan_of(), np.random.default_rng(6)
    sky = Sky(plan, TARGETS, clutter=5.0, pd=0.9, seed=7)
    batches = [sky.batch(0.5 * k) for k in range(60)]
    rows = [p for b in batches for p in pieces(b, rng, 50)]
    ordered, late = Run(plan).take(*batches), Run(plan).take(*delayed(rows, rng, 1.99))
    late.take(tick(sky, 29.5))
    assert late.confirmed == [1, 2, 3]
    assert not late.ends
    off = np.linalg.norm(late.table.state[:, None, :3] - ordered.table.state[:, :3], axis=2).min(axis=1)
    assert off.max() < 1.0


def test_a_track_that_turns_out_to_be_older_keeps_its_id():
    """The scan that was the first to see a target comes last: the track now begins with another detection."""
    plan = plan_of()
    sky = Sky(plan, [DRONE])
    first, second, third, fourth = (sky.batch(t) for t in (0.0, 0.6, 1.2, 1.8))
    run = Run(plan).take(second, third, fourth)
    assert run.table.track_id.tolist() == [1]
    born = run.table.born_t_s[0]
    run.take(first)
    assert run.table.born_t_s[0] < born
    assert run.table.track_id.tolist() == [1]
    assert run.confirmed == [1]
    assert not run.ends
    run.take(*(sky.batch(t) for t in (2.4, 3.0)))
    assert run.table.track_id.tolist() == [1]
    assert run.confirmed == [1]


def test_what_has_ended_does_not_end_again():
    plan = plan_of((0, 0, 0), (500, 0, 0))
    sky = Sky(plan, [ballistic])
    times = [t for t in np.arange(0.0, 40.0, 0.5) if ballistic(t) is not None]
    run = Run(plan).take(*(sky.batch(t) for t in times))
    run.take(*(sky.batch(times[-1] + 0.5 * k, blind=True) for k in (1, 2)))
    assert [e.rule for e in run.ends] == ["ground"]
    run.take(sky.batch(times[-1] - 0.25, sensor=1))
    assert [e.rule for e in run.ends] == ["ground"]
    assert run.confirmed == [1]
    assert len(run.table.track_id) == 0


def test_a_track_that_late_misses_undo_is_ended_in_words():
    """Two chance detections confirm a false track; that a whole scan between them saw nothing there comes late."""
    plan = plan_of()
    sky = Sky(plan, [straight([3000, 3000, 300], [0, 0, 0])])
    run = Run(plan)
    run.take(*(sky.batch(t, blind=True) for t in np.arange(0.0, 3.0, 0.5)))
    run.take(sky.batch(3.0), sky.batch(4.0))
    shown = run.table.track_id.tolist()
    assert shown == [1]
    run.take(*(sky.batch(t, blind=True) for t in (3.2, 3.4, 3.6, 3.8, 3.9)))
    run.take(*(sky.batch(t, blind=True) for t in (4.2, 4.4, 4.6)))
    assert len(run.table.track_id) == 0
    assert [(e.track_id, e.rule) for e in run.ends] == [(number, "missed") for number in shown]
    assert all(np.isfinite(e.state).all() for e in run.ends)


def test_rows_with_times_of_their_own_keep_few_snapshots():
    plan = plan_of()
    sky = Sky(plan, [DRONE])
    run = Run(plan).take(*(sky.batch(0.002 * k) for k in range(2500)))
    ring = run.tracking.ring
    assert 900 <= len(ring.taken) <= 1200
    assert sum(each.before is not None for each in ring.taken) <= 2.0 / SPACING_S + 2


def test_pieces_beyond_the_allowance_wait_and_are_told_before_the_next_scan():
    plan, rng = plan_of(), np.random.default_rng(3)
    sky = Sky(plan, TARGETS, clutter=300.0)
    run = Run(plan).take(sky.batch(0), sky.batch(1), sky.batch(2))
    waited = 0
    parts = list(pieces(sky.batch(3), rng, 60))
    for part in parts:
        before = run.tracking.bank
        run.take(part)
        waited += run.tracking.bank is before and run.tracking.ring.stale_from >= 0
        if waited > 5 and run.tracking.ring.stale_from >= 0:
            break
    assert waited > 5
    step = run.take(sky.batch(4)).steps[-1]
    assert run.tracking.ring.stale_from < 0
    assert step.late is not None
    assert step.late.t_s == 3.0
    assert step.table.t_s == 4.0


def ring_at(*times, snapshots=()):
    sky = Sky(plan_of(), [])
    run = Run(sky.plan).take(sky.batch(0))
    scan, bank, lore = run.tracking.ring.taken[0].scan, run.tracking.bank, run.tracking.lore
    ring = Ring()
    for k, t in enumerate(times):
        before = Snapshot(bank, lore) if t in snapshots else None
        ring.taken.append(Taken(replace(scan, t_s=t), k, before))
    return ring, scan


def test_ring_puts_a_scan_behind_its_equals_and_hands_it_the_snapshot():
    ring, scan = ring_at(0.0, 1.0, 1.0, 2.0, snapshots=(0.0, 2.0))
    assert ring.insert(replace(scan, t_s=1.0), 9) == 3
    assert [(each.scan.t_s, each.serial) for each in ring.taken] == [(0, 0), (1, 1), (1, 2), (1, 9), (2, 3)]
    assert [each.before is not None for each in ring.taken] == [True, False, False, True, False]
    ring.mark(3)
    ring.mark(4)
    _, follow, free = ring.cut()
    assert [each.serial for each in follow] == [9, 3]
    assert not free
    assert ring.stale_from == -1


def test_ring_forgets_only_what_no_late_scan_can_need():
    ring, _ = ring_at(0.0, 0.5, 1.0, 1.5, snapshots=(0.0, 1.0))
    assert len(ring.prune(0.9)) == 0
    assert [each.scan.t_s for each in ring.taken] == [0.0, 0.5, 1.0, 1.5]
    assert len(ring.prune(1.2)) == 1
    assert [each.scan.t_s for each in ring.taken] == [1.0, 1.5]


def test_ring_learns_how_scans_arrive():
    ring, scan = ring_at()
    rows = Sky(plan_of(), TARGETS)
    scan = replace(scan, detections=rows.batch(0).detections)
    assert ring.arrived(scan, 2.0) == 1.0
    for k in range(50):
        ring.newest_s = float(k)
        ring.learn_age(replace(scan, t_s=float(k)), 2.0, False)
        if k:
            ring.learn_age(replace(scan, t_s=float(k - 1)), 2.0, True)
    assert ring.arrived(replace(scan, t_s=49.0), 2.0) == pytest.approx(0.5, abs=0.05)
    assert ring.arrived(replace(scan, t_s=48.0), 2.0) == 1.0


def test_joined_scan_has_the_rows_of_both():
    sky = Sky(plan_of(), TARGETS)
    run = Run(sky.plan).take(sky.batch(0), sky.batch(1))
    a, b = (each.scan for each in run.tracking.ring.taken)
    both = joined(replace(a, complete=False), b)
    assert both.complete
    assert len(both.position_m) == len(both.detections.row) == 6
    assert both.detections.range_m[3:].tolist() == b.detections.range_m.tolist()


def test_heir_is_the_nearest_within_the_spread():
    mean, cov = np.zeros(6), np.eye(6)
    means = np.array([[9.0, 0, 0, 0, 0, 0], [1.0, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0]])
    covs = np.tile(np.eye(6), (3, 1, 1))
    assert agreeing(mean, cov, means, covs, np.array([0, 1, 2])) == 2
    assert agreeing(mean, cov, means, covs, np.array([0, 1])) == 1
    assert agreeing(mean, cov, means, covs, np.array([0])) == -1
    assert agreeing(mean, cov, means, covs, np.array([], dtype=np.int64)) == -1
