"""`tocsin score`: tracks against truth."""

from __future__ import annotations

import json
from pathlib import Path

from tocsin.cli.show import out, out_json
from tocsin.errors import BadInput
from tocsin.formats.scored import read_estimates, read_scan_times, read_truth
from tocsin.score import ScoreResult, to_json_dict
from tocsin.score import score as score_tracks

__all__ = ["score"]

CUTOFF_M = 100.0  # what a defender would call the same object; the neutral benchmark's for drones


def score(truth: Path, tracks: Path, *, cutoff_m: float | None, t_max_s: float | None, as_json: bool) -> int:
    """Run the command."""
    true, base = read_truth(truth)
    estimates = read_estimates(tracks, base)
    beside = truth.parent / "detections.csv"
    times = read_scan_times(beside, base) if beside.is_file() else None
    cutoff = _cutoff(truth) if cutoff_m is None else cutoff_m
    result = score_tracks(true, estimates, cutoff, scan_times_s=times, t_max_s=t_max_s)
    if as_json:
        out_json(to_json_dict(result))
    else:
        out(*_lines(result))
    return 0


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
