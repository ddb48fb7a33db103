"""`tocsin score` on other people's files: what is said beside the figures, and what is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tocsin.cli.score import score
from tocsin.errors import BadInput

HEAD = "t,id,x,y,z,vx,vy,vz,kind"
TRUTH = "\n".join([HEAD, *(f"{k},a,{100 * k},0,0,100,0,0,drone" for k in range(10))]) + "\n"
TRACK_HEAD = "t,track_id,x,y,z,vx,vy,vz"


def tracks(late_s: float, head: str = TRACK_HEAD, tail: str = "") -> str:
    return "\n".join([head, *(f"{k + late_s:.12g},1,{100 * k},0,0,100,0,0{tail}" for k in range(10))]) + "\n"


def told(folder: Path, truth: str, said: str, capsys: pytest.CaptureFixture[str], **how: object) -> dict:
    (folder / "truth.csv").write_text(truth)
    (folder / "tracks.csv").write_text(said)
    options = {"cutoff_m": None, "t_max_s": None, "tolerance_s": None, "as_json": True} | how
    assert score(folder / "truth.csv", folder / "tracks.csv", **options) == 0
    return json.loads(capsys.readouterr().out)


def test_two_milliseconds_are_said_and_change_nothing_but_what_they_are(tmp_path, capsys) -> None:
    found = told(tmp_path, TRUTH, tracks(0.002), capsys)
    assert found["completeness"] == 1.0
    assert found["pos_rmse_m"] == pytest.approx(0.2)  # 2 ms at 100 m/s, which the file leaves out
    assert found["times"]["interpolated"] == 10
    assert found["notes"] == [
        "Of 10 rows 0 have the time of a scan; 10 speak for one within 0.55 s and are held against the truth "
        "interpolated to their own time."
    ]


def test_nothing_is_said_where_nothing_needs_to_be(tmp_path, capsys) -> None:
    assert told(tmp_path, TRUTH, tracks(0.0), capsys)["notes"] == []


def test_a_tolerance_is_taken_and_a_truth_without_rows_near_it_is_told(tmp_path, capsys) -> None:
    found = told(tmp_path, TRUTH, tracks(0.3), capsys, tolerance_s=0.35)
    assert (found["completeness"], found["times"]["tolerance_s"]) == (1.0, 0.35)
    seldom = "\n".join(tracks(0.0).splitlines()[:3]) + "\n"
    notes = told(tmp_path, TRUTH, seldom, capsys)["notes"]
    assert notes[0].startswith("At 8 of 10 times of the truth no track has a row within 0.55 s: they count as missed.")


def test_columns_in_any_order_are_read_and_those_that_nothing_reads_are_told(tmp_path, capsys) -> None:
    truth = "\n".join(
        ["quality,kind,vz,vy,vx,z,y,x,id,t", *(f"7,drone,0,0,100,0,0,{100 * k},a,{k}" for k in range(10))]
    )
    found = told(tmp_path, truth + "\n", tracks(0.0, f"{TRACK_HEAD},callsign", ",K1"), capsys)
    assert (found["completeness"], found["pos_rmse_m"]) == (1.0, 0.0)
    assert [note.split(" of ")[0] for note in found["notes"]] == ["Columns", "Columns"]
    assert found["notes"][0].endswith("truth.csv that nothing reads: quality.")
    assert found["notes"][1].endswith("tracks.csv that nothing reads: callsign.")


def test_a_second_state_and_a_repeated_truth_are_told(tmp_path, capsys) -> None:
    twice = tracks(0.0) + "4,1,0,0,0,0,0,0\n"
    notes = told(tmp_path, TRUTH + "3,a,300,0,0,100,0,0,drone\n", twice, capsys)["notes"]
    assert notes == [
        "Rows that give a track another state at a time at which it has one: 1. Each is scored as a report.",
        "Rows of the truth that repeat another: 1, counted once.",
    ]


def test_a_day_without_truth_and_a_day_without_tracks_have_a_clear_result(tmp_path, capsys) -> None:
    instant = f"{TRACK_HEAD}\n2026-05-01T10:00:00Z,1,0,0,0,0,0,0\n"
    nothing_flew = told(tmp_path, HEAD + "\n", instant, capsys)
    assert (nothing_flew["false_points_per_scan"], nothing_flew["truths"]) == (1.0, 0)
    assert nothing_flew["notes"] == ["The truth has no row: whatever is reported is false."]
    nothing_said = told(tmp_path, TRUTH, TRACK_HEAD + "\n", capsys)
    assert (nothing_said["completeness"], nothing_said["never_tracked"]) == (0.0, 1)
    assert nothing_said["notes"] == ["The tracks have no row: everything is missed."]
    with pytest.raises(BadInput, match="there is no scan to score"):
        told(tmp_path, HEAD + "\n", TRACK_HEAD + "\n", capsys)


def test_another_clock_is_refused_in_words(tmp_path, capsys) -> None:
    instants = "\n".join([TRACK_HEAD, *(f"2026-05-01T10:00:0{k}Z,1,0,0,0,0,0,0" for k in range(10))]) + "\n"
    with pytest.raises(BadInput, match=r"tracks.csv.*times in instants .* where those before are bare seconds"):
        told(tmp_path, TRUTH, instants, capsys)
    with pytest.raises(BadInput, match="count from 1970"):
        told(tmp_path, TRUTH, tracks(1.7e9), capsys)
    with pytest.raises(BadInput, match=r"row 11.*row 4"):
        told(tmp_path, TRUTH + "3,a,5,5,5,100,0,0,drone\n", tracks(0.0), capsys)


def test_detections_on_another_clock_beside_the_truth_are_told(tmp_path, capsys) -> None:
    (tmp_path / "detections.csv").write_text("t,sensor_id\n2026-05-01T10:00:00Z,r\n")
    assert told(tmp_path, TRUTH, tracks(0.0), capsys)["notes"][0].endswith("its scans are not counted.")


def test_the_same_is_said_to_people(tmp_path, capsys) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH)
    (tmp_path / "tracks.csv").write_text(tracks(0.5))
    score(tmp_path / "truth.csv", tmp_path / "tracks.csv", cutoff_m=None, t_max_s=None, tolerance_s=None, as_json=False)
    text = capsys.readouterr().out
    assert "  interpolated             9\n" in text
    assert "1 row not scored: another of the track is nearer to the scan." in text
