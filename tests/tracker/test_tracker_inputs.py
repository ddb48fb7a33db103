"""What may be given: times of every kind, what was not measured, and scans that are refused in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from door_cases import RADAR, bytes_of, scan_at

from tocsin import Detections, Tracker
from tocsin.errors import BadInput

START = datetime(2021, 6, 6, 0, 15, tzinfo=timezone(timedelta(hours=3)))


def test_instants_of_every_kind_are_one_clock() -> None:
    kinds = {
        "datetime": lambda s: START + timedelta(seconds=s),
        "utc": lambda s: (START + timedelta(seconds=s)).astimezone(UTC),
        "datetime64": lambda s: np.datetime64("2021-06-05T21:15:00", "ms") + np.timedelta64(int(1000 * s), "ms"),
    }
    plain = Tracker([RADAR])
    expected = [plain.update(scan_at(0.5 * k, 2)) for k in range(12)]
    for clock in kinds.values():
        tracker = Tracker([RADAR])
        for k in range(12):
            tracks = tracker.update(replace(scan_at(0.5 * k, 2), t_s=clock(0.5 * k)))
            assert bytes_of(replace(tracks, epoch=None)) == bytes_of(expected[k])
        assert tracker.epoch == START
        assert tracks.time == START + timedelta(seconds=5.5)
        assert tracker.coast(clock(6.0)).t_s == 6.0
    assert (plain.epoch, expected[-1].time) == (None, None)


def test_timestamps_of_pandas_are_instants() -> None:
    pandas = pytest.importorskip("pandas")
    tracker = Tracker([RADAR])
    tracker.update(replace(scan_at(0.0, 2), t_s=pandas.Timestamp("2021-06-06T00:15:00+03:00")))
    tracks = tracker.update(replace(scan_at(0.5, 2), t_s=pandas.Timestamp("2021-06-05T21:15:00.5Z")))
    assert (tracks.t_s, tracker.epoch) == (0.5, START)
    for bad in (pandas.Timestamp("2021-06-05T21:15:01"), pandas.NaT):
        with pytest.raises(BadInput, match="column t_s: "):
            tracker.update(replace(scan_at(1.0, 2), t_s=bad))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("2021-06-06T00:15:00Z", "a str is no time; give seconds as a float, an aware datetime"),
        (START.replace(tzinfo=None), "a naive datetime names no instant; give it a tzinfo"),
        (1_622_927_700_000, "a time beyond 1e.11 seconds; milliseconds. divide by 1000"),
        (1_622_927_700_000_000.0, "microseconds. divide by 1e6"),
        (np.int64(1_622_927_700_000_000_000), "nanoseconds. divide by 1e9"),
        (np.datetime64("NaT"), "NaT is no time"),
        (np.timedelta64(5, "s"), "a timedelta64 is no time"),
        (timedelta(seconds=5), "a timedelta is no time"),
        (True, "a bool is no time"),
        (None, "a NoneType is no time"),
        (10**400, "time is not finite"),
        (np.array([1.0]), "a ndarray is no time"),
    ],
)
def test_what_is_no_time_is_refused_in_words(given: object, words: str) -> None:
    tracker = Tracker([RADAR])
    for call in (lambda: tracker.update(replace(scan_at(0.0, 2), t_s=given)), lambda: tracker.coast(given)):  # type: ignore[arg-type]
        with pytest.raises(BadInput, match=f"column t_s: .*{words}"):
            call()
    assert bytes_of(tracker.update(scan_at(0.0, 2))) == bytes_of(Tracker([RADAR]).update(scan_at(0.0, 2)))


def test_one_tracker_keeps_to_one_kind_of_time() -> None:
    tracker = Tracker([RADAR])
    tracker.update(scan_at(0.0, 2))
    with pytest.raises(BadInput, match="an instant, where the first time of the run is in bare seconds"):
        tracker.update(replace(scan_at(1.0, 2), t_s=START))
    tracker = Tracker([RADAR])
    tracker.update(replace(scan_at(0.0, 2), t_s=START))
    with pytest.raises(BadInput, match="bare seconds, where the first time of the run is an instant"):
        tracker.update(scan_at(1.0, 2))


def not_measured() -> dict[str, object]:
    rate = [3.0, -4.0]
    return {
        "nan": np.array([*rate, np.nan]),
        "None": [*rate, None],
        "mask": np.ma.MaskedArray([*rate, 99.0], mask=[False, False, True]),
        "whole-number mask": np.ma.MaskedArray([3, -4, 99], mask=[False, False, True]),
    }


@pytest.mark.parametrize("how", not_measured())
def test_not_measured_is_said_in_any_of_these_ways(how: str) -> None:
    place = {"azimuth_rad": [0.1, 0.2, 0.3], "range_m": [900.0, 950.0, 1000.0], "elevation_rad": 0.1}
    tracker, plain = Tracker([RADAR]), Tracker([RADAR])
    for t in range(6):
        tracks = tracker.update(Detections(float(t), **place, range_rate_mps=not_measured()[how]))
        same = plain.update(Detections(float(t), **place, range_rate_mps=[3.0, -4.0, np.nan]))
        assert bytes_of(tracks) == bytes_of(same)


def test_columns_of_pandas_with_gaps_are_read() -> None:
    pandas = pytest.importorskip("pandas")
    for kind in ("Float64", "Int64", "float64"):
        rates = pandas.Series([3, None], dtype=kind)
        tracks = Tracker([RADAR]).update(Detections(0.0, [0.1, 0.2], [900.0, 950.0], 0.1, range_rate_mps=rates))
        plain = Tracker([RADAR]).update(Detections(0.0, [0.1, 0.2], [900.0, 950.0], 0.1, range_rate_mps=[3.0, np.nan]))
        assert bytes_of(tracks) == bytes_of(plain)


@pytest.mark.parametrize(
    ("azimuth", "words"),
    [
        (np.ma.MaskedArray([0.1, 0.2], mask=[False, True]), "row 2, column azimuth_rad: an azimuth is needed here"),
        ([0.1, None], "row 2, column azimuth_rad: an azimuth is needed here"),
        (["0.1", "0.2"], "column azimuth_rad: not an array of numbers"),
        ([True, False], "column azimuth_rad: not an array of numbers"),
        ([0.1j, 0.2], "column azimuth_rad: not an array of numbers"),
        (np.array(["2021-01-01"] * 2, "datetime64[s]"), "column azimuth_rad: not an array of numbers"),
        ([[0.1], [0.2, 0.3]], "column azimuth_rad: not an array of numbers"),
        ([0.1, "x" * 10**6], "column azimuth_rad: not an array of numbers"),
    ],
)
def test_an_azimuth_must_be_measured(azimuth: object, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        Tracker([RADAR]).update(Detections(0.0, azimuth, [900.0, 950.0]))  # type: ignore[arg-type]
    assert len(str(caught.value)) < 500


def test_a_scan_far_ahead_is_refused_aloud_and_leaves_no_mark() -> None:
    tracker, plain = Tracker([RADAR]), Tracker([RADAR])
    for k in range(10):
        assert bytes_of(tracker.update(scan_at(float(k), 4))) == bytes_of(plain.update(scan_at(float(k), 4)))
    words = "91.000 s ahead of the newest scan; .*; if the time is right, coast to it first"
    with pytest.raises(BadInput, match=words):
        tracker.update(scan_at(100.0, 4))
    for k in range(10, 14):
        assert bytes_of(tracker.update(scan_at(float(k), 4))) == bytes_of(plain.update(scan_at(float(k), 4)))


def test_a_scan_far_ahead_is_believed_when_the_next_one_bears_it_out() -> None:
    tracker = Tracker([RADAR])
    tracker.update(scan_at(0.0, 4))
    with pytest.raises(BadInput, match="ahead of the newest scan"):
        tracker.update(scan_at(100.0, 4))
    assert tracker.update(scan_at(101.0, 4)).t_s == 101.0


@pytest.mark.parametrize("every_s", [61.0, 90.0, 300.0])
def test_no_sparse_scan_is_lost_in_silence(every_s: float) -> None:
    told, tracker, coasting = 0, Tracker([RADAR]), Tracker([RADAR])
    for k in range(20):
        try:
            assert tracker.update(scan_at(every_s * k, 4)).t_s == every_s * k
        except BadInput:
            told += 1
        coasting.coast(every_s * k)
        assert coasting.update(scan_at(every_s * k, 4)).t_s == every_s * k
    assert told == 19
