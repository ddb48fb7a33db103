"""`tocsin score`: tracks against truth."""

from __future__ import annotations

import json
from pathlib import Path

from tocsin.cli.show import number, out, out_json
from tocsin.errors import BadInput
from tocsin.formats.scored import read_estimates, read_scan_times, read_truth, time_base, unread_columns
from tocsin.score import ScoreResult, TimeMatch, to_json_dict
from tocsin.score import score as score_tracks

__all__ = ["score"]

CUTOFF_M = 100.0  # what a defender would call the same object; the neutral benchmark's for drones


def score(
    truth: Path,
    tracks: Path,
    *,
    cutoff_m: float | None,
    t_max_s: float | None,
    tolerance_s: float | None,
    as_json: bool,
) -> int:
    """Run the command."""
    true, base = read_truth(truth)
    if len(true.t_s) == 0:
        base = time_base(tracks)
    estimates = read_estimates(tracks, base)
    beside = truth.parent / "detections.csv"
    times = read_scan_times(beside, base) if beside.is_file() else None
    cutoff = _cutoff(truth) if cutoff_m is None else cutoff_m
    result = score_tracks(true, estimates, cutoff, scan_times_s=times, t_max_s=t_max_s, tolerance_s=tolerance_s)
    notes = _notes(result.times, len(true.t_s), len(estimates.t_s))
    if times is not None and len(times) == 0:
        notes.append(f"{beside} has no time on the clock of the truth: its scans are not counted.")
    for path in (truth, tracks):
        unread = unread_columns(path)
        if unread:
            notes.append(f"Columns of {path} that nothing reads: {', '.join(unread)}.")
    if as_json:
        out_json({**to_json_dict(result), "notes": notes})
    else:
        out(*_lines(result), *notes)
    return 0


def _notes(times: TimeMatch, truth_rows: int, track_rows: int) -> list[str]:
    """What a reader must know before the figures are believed."""
    reach = f"{times.tolerance_s:.4g} s"
    said = [
        (truth_rows == 0, "The truth has no row: whatever is reported is false."),
        (track_rows == 0, "The tracks have no row: everything is missed."),
        (
            times.interpolated > 0,
            f"Of {number(track_rows, 'row')} {times.exact:,} have the time of a scan; {times.interpolated:,} speak for "
            f"one within {reach} and are held against the truth interpolated to their own time.",
        ),
        (times.between > 0, f"{number(times.between, 'row')} not scored: another of the track is nearer to the scan."),
        (times.outside > 0, f"{number(times.outside, 'row')} not scored: farther than {reach} from every scan."),
        (
            track_rows > 0 and times.silent > times.truth_scans / 2,
            f"At {times.silent:,} of {times.truth_scans:,} times of the truth no track has a row within {reach}: they "
            "count as missed. If the tracks are written less often than the truth, say so with --tolerance.",
        ),
        (
            times.second_states > 0,
            f"Rows that give a track another state at a time at which it has one: {times.second_states:,}. "
            "Each is scored as a report.",
        ),
        (times.repeated_truth > 0, f"Rows of the truth that repeat another: {times.repeated_truth:,}, counted once."),
    ]
    return [sentence for holds, sentence in said if holds]


def _cutoff(truth: Path) -> float:
    path = truth.parent / "scenario.json"
    if not path.is_file():
        return CUTOFF_M
    try:
        value = json.loads(path.read_text(encoding="utf-8")).get("gospa_c_m", CUTOFF_M)
        return float(value)
    except (ValueError, AttributeError, TypeError, OSError) as error:
        raise BadInput(f"cannot be read ({error}); give --cutoff", file=str(path)) from error


def _lines(result: ScoreResult) -> list[str]:
    """Every figure of the result, nested ones under their name."""
    lines: list[str] = []
    for name, value in to_json_dict(result).items():
        if name == "rates" or value is None:
            continue
        if isinstance(value, dict):
            lines.append(name)
            lines += [f"  {inner:<24} {_shown(v)}" for inner, v in value.items() if not isinstance(v, dict | list)]
        else:
            lines.append(f"{name:<26} {_shown(value)}")
    for share in result.rates:
        counts = f"{share.numerator} of {share.denominator}"
        lines.append(f"{share.name:<26} {counts} (95 %: {share.low:.3f} to {share.high:.3f})")
    return lines


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
