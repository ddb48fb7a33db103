"""Which times have rows in tracks.csv: each scan of a fast sensor; once a second where plots have their own times."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tocsin import pipeline
from tocsin.formats.outputs import ImpactsWriter, TracksWriter
from tocsin.formats.rhythm import Rhythm
from tocsin.formats.scored import read_estimates
from tocsin.formats.times import TimeBase
from tocsin.records.detections import Batch, DetectionTable
from tocsin.records.forecasts import ImpactTable
from tocsin.records.tracks import TrackTable
from tocsin.records.truth import TruthTable
from tocsin.scenes import families, motions
from tocsin.score import score

TARGETS = 12


def scene(rate_hz: float, seconds: float) -> tuple[list[Batch], TruthTable]:
    """Straight drones within 8 km, seen with a probability of 0.9 at each scan."""
    rng = np.random.default_rng(11)
    radar = replace(
        families.UAS_VOLUME, scan_period_s=1 / rate_hz, scans=round(seconds * rate_hz), clutter_per_scan=2.0
    )
    t_s = families.scan_times(radar, radar.scans)
    state, there = motions.straight_drones(rng, TARGETS, t_s, 8e3)
    batches = [batch for batch, _ in families.radar_batches(rng, radar, t_s, state, there)]
    scan, who = np.nonzero(there)
    names = tuple(str(k) for k in range(TARGETS))
    return batches, TruthTable(t_s[scan], who, state[scan, who], names, ("multirotor",) * TARGETS)


def single_plots(batches: list[Batch]) -> list[Batch]:
    """The same rows as a turning antenna gives them: one by one, each at the time at which the beam was there."""
    found: list[Batch] = []
    for batch in batches:
        d = batch.detections
        for k in np.argsort(d.azimuth_rad):
            t_s = batch.t_s + float(d.azimuth_rad[k]) / (2 * np.pi)
            one = DetectionTable(*(getattr(d, name)[k : k + 1] for name in DetectionTable.__slots__))
            found.append(replace(batch, index=len(found), t_s=t_s, t_arrival_s=t_s, detections=one))
    return found


def tracked(batches: list[Batch]) -> bytes:
    plan, stream = families.one_radar(), io.BytesIO()
    state, writer = pipeline.start(plan), TracksWriter(stream, TimeBase())
    for batch in batches:
        state, events = pipeline.advance(plan, state, batch)
        writer.put(batch, events)
    writer.close()
    return stream.getvalue()


def times_of(text: bytes) -> Counter[float]:
    return Counter(float(row["t"]) for row in csv.DictReader(io.StringIO(text.decode())))


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 20.0])
def test_each_scan_of_a_fast_sensor_has_a_row_of_each_track(rate_hz: float, tmp_path) -> None:
    batches, truth = scene(rate_hz, 6.0)
    text = tracked(batches)
    assert len(times_of(text)) >= len(batches) - 2  # no track is confirmed by one look
    (tmp_path / "tracks.csv").write_bytes(text)
    result = score(truth, read_estimates(tmp_path / "tracks.csv", TimeBase()), 100.0)
    assert result.upkeep.completeness > 0.95
    assert result.times.interpolated == 0


def test_a_sensor_that_gives_single_plots_has_rows_once_a_second() -> None:
    batches = single_plots(scene(1.0, 10.0)[0])
    times = times_of(tracked(batches))
    assert len(batches) > 110
    late = [t for t in times if t > 3.0]
    assert len(late) <= 9
    assert min(times[t] for t in late) >= TARGETS // 2  # of every track that is confirmed, not of the one that was seen


def table_at(t_s: float, row: list[int]) -> TrackTable:
    n, nothing = len(row), np.zeros(len(row))
    return TrackTable(
        t_s, np.arange(1, n + 1), np.zeros((n, 6)), np.zeros((n, 6, 6)), np.zeros((n, 5)), nothing, nothing, nothing,
        np.zeros(n, np.int64), np.array(row, dtype=np.int64), nothing, nothing,
    )  # fmt: skip


def test_the_habit_of_each_sensor_is_learned_and_lost_and_ticks_and_late_scans_tell_nothing() -> None:
    rhythm, nothing = Rhythm(), scene(1.0, 1.0)[0][0]

    def told(t_s: float, row: list[int], sensor: int = 0, at_s: float | None = None) -> bool:
        return rhythm.is_scan(
            replace(nothing, t_s=t_s, sensor_index=sensor), table_at(t_s if at_s is None else at_s, row)
        )

    assert [told(0.1 * k, [0, -1, 1]) for k in range(3)] == [False, True, True]  # 0.2, then 0.36 of a share of 1
    assert not told(0.3, [0, 1, 2], sensor=1)
    assert not told(0.3, [-1, -1, -1], sensor=-1)
    assert not told(0.15, [-1, -1, -1], at_s=0.3)
    assert told(0.4, [-1, -1, -1])  # one lost scan is no change of habit: 0.39 of it
    assert not all(told(0.4 + 0.1 * k, [-1, -1, -1]) for k in range(1, 5))


def test_the_covariance_of_an_impact_is_written_with_its_own_axes() -> None:
    stream, events = io.BytesIO(), pipeline.advance(families.one_radar(), pipeline.start(families.one_radar()),
                                                    scene(1.0, 1.0)[0][0])[1]  # fmt: skip
    impacts = ImpactTable(
        1.0, np.array([7]), np.array([31.5]), np.zeros(1), np.zeros((1, 3)), np.array([33.1]), np.array([44.2]),
        np.array([[[100.0, -30.0], [-30.0, 400.0]]]),
    )  # fmt: skip
    writer = ImpactsWriter(stream, TimeBase())
    writer.put(scene(1.0, 1.0)[0][0], replace(events, impacts=impacts))
    writer.close()
    row = next(csv.DictReader(io.StringIO(stream.getvalue().decode())))
    assert {name: float(row[name]) for name in ("cov_ee", "cov_en", "cov_nn", "impact_t", "lat", "lon")} == {
        "cov_ee": 100.0, "cov_en": -30.0, "cov_nn": 400.0, "impact_t": 31.5, "lat": 33.1, "lon": 44.2,
    }  # fmt: skip


def test_a_late_scan_of_a_fast_sensor_gives_no_second_rows_to_the_newest_time() -> None:
    batches, _ = scene(20.0, 3.0)
    late = replace(batches[40], t_s=batches[38].t_s + 0.01, t_arrival_s=batches[40].t_s)
    order = [*batches[:41], replace(late, index=41), *(replace(b, index=b.index + 1) for b in batches[41:])]
    rows = list(csv.DictReader(io.StringIO(tracked(order).decode())))
    pairs = Counter((row["t"], row["track_id"]) for row in rows)
    assert max(pairs.values()) == 1
    assert len({row["t"] for row in rows}) >= len(batches) - 2
