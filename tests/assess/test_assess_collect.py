"""What an assessor may see, gathered batch by batch."""

from __future__ import annotations

import numpy as np
from assess_cases import (
    WITNESS,
    end,
    reports,
    shot,
)

from tocsin.assess import Collector
from tocsin.records.events import Events
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import IdentityTable
from tocsin.records.tracks import TrackStep, TrackTable


def table_at(t_s: float, updated: tuple[float, ...], ids: tuple[int, ...]) -> TrackTable:
    n = len(ids)
    covariance = np.tile(np.diag([4.0, 100.0, 9.0, 1.0, 4.0, 25.0]), (n, 1, 1))
    zero = np.zeros(n)
    return TrackTable(
        t_s, np.array(ids), np.arange(6.0 * n).reshape(n, 6) + t_s, covariance, np.zeros((n, 5)), zero, zero,
        np.array(updated), zero.astype(np.int64), zero.astype(np.int64), zero, zero,
    )  # fmt: skip


def batch(t_s: float, updated: tuple[float, ...], ids: tuple[int, ...], impacts: int = 0) -> Events:
    """What one batch says: tracks, each with an identity, and impact forecasts of the first ones."""
    n, m = len(ids), impacts
    identity = IdentityTable(
        np.array(ids), np.tile(np.linspace(0.0, 0.3, 6), (n, 1)), np.full(n, t_s), ("",) * n, np.zeros(n),
        np.zeros(n, np.bool_),
    )  # fmt: skip
    ones = np.ones(m)
    forecast = ImpactTable(
        t_s, np.array(ids[:m], dtype=np.int64), 30.0 * ones, 2.0 * ones, np.full((m, 3), 5.0), ones, ones,
        np.tile(np.eye(2) * 7.0, (m, 1, 1)),
    )  # fmt: skip
    none = np.empty(0)
    reach = ReachTable(t_s, np.empty(0, np.int64), np.empty(0, np.int64), none, none, none)
    ends = (end(ids[0], t_s),) if t_s > 2.0 else ()
    step = TrackStep(table_at(t_s, updated, ids), np.empty(0, dtype=np.int64), ends, 0)
    return Events(0, t_s, True, step, identity, forecast, reach, (), (), (), (), ())


def test_what_is_collected_is_what_was_seen_in_order_of_time_and_track() -> None:
    collector = Collector()
    told = reports((2.0, "post", "sighting", (1.0, 2.0), "a light"))
    collector.add(batch(3.0, (3.0, 1.0), (7, 4), impacts=1), told, (shot(2.5),))
    collector.add(batch(2.0, (2.0, 2.0), (9, 4)), reports())
    found = collector.observed((WITNESS,))
    assert found.end_t_s == 3.0
    assert found.tracks.t_s.tolist() == [2.0, 2.0, 3.0]
    assert found.tracks.track_id.tolist() == [4, 9, 7]  # the coasted row of track 4 says nothing new
    np.testing.assert_array_equal(found.tracks.state[2], np.arange(6.0) + 3.0)
    assert found.tracks.position_sigma_m.tolist() == [10.0] * 3
    assert found.tracks.speed_sigma_mps.tolist() == [5.0] * 3
    assert found.tracks.hostile.tolist() == [2.0, 2.0, 3.0]
    assert found.tracks.probability.shape == (3, 6)
    assert (found.forecasts.t_s.tolist(), found.forecasts.track_id.tolist()) == ([3.0], [7])
    assert (found.forecasts.impact_t_s[0], found.forecasts.impact_t_sigma_s[0]) == (30.0, 2.0)
    np.testing.assert_array_equal(found.forecasts.covariance, np.eye(2)[None] * 7.0)
    assert (found.reports.source, found.reports.claim, found.reports.kind) == (("post",), ("a light",), ("sighting",))
    np.testing.assert_array_equal(found.reports.position_m[0, :2], [1.0, 2.0])
    assert [e.track_id for e in found.ends] == [7]
    assert found.shots == (shot(2.5),)
    assert found.witnesses == (WITNESS,)
