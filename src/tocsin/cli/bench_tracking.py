"""`tocsin bench tracking`: the tracker beside the peers that are installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tocsin.bench.peers import PEERS, Peer
from tocsin.bench.summary import SceneSummary, Spread, TrackerSummary, bench_scenes
from tocsin.cli.show import out, out_json, progress
from tocsin.errors import BadInput
from tocsin.scenes.families import Scene, make_scene
from tocsin.scenes.folders import folders_in, read_scene

__all__ = ["table", "tracking"]

_SIZES = {
    "uas": 200,
    "uas-clutter60": 200,
    "straight": 100,
    "gusty": 100,
    "ballistic": 20,
    "density": 1000,
    "scaled": 1000,
}


def tracking(
    families: Sequence[str],
    *,
    targets: int | None,
    seeds: int,
    seed: int,
    range_rate: bool,
    folder: Path | None,
    peers: Sequence[str],
    python: Sequence[str],
    limit_s: float,
    as_json: bool,
) -> int:
    """Run the command."""
    if seeds < 1 or seed < 0 or (targets is not None and targets < 1):
        raise BadInput("at least one seed and one target are needed, and a seed is not negative", column="--seeds")
    found = interpreters(peers, python)
    names = [scene_name(family, targets) for family in families or ("uas", "ballistic", "mixed")]
    with progress("tracking", None) as tell:
        if folder is None:
            groups: Iterator[Iterator[Scene]] = (
                (make_scene(name, k, range_rate=range_rate) for k in range(seed, seed + seeds)) for name in names
            )
        else:
            groups = (iter([read_scene(path, range_rate=range_rate)]) for path in folders_in(folder))
        summaries = []
        for scenes in groups:
            summaries.append(
                bench_scenes(scenes, found, range_rate=range_rate, limit_s=limit_s, told=lambda what: tell(0.0, what))
            )
            if not as_json:
                out(*table(summaries[-1]), "")
    if as_json:
        out_json([asdict(summary) for summary in summaries])
    return 0


def scene_name(family: str, targets: int | None) -> str:
    """The scene of a family and a number of targets, its usual number where none is given. Raises BadInput."""
    if family == "mixed" and targets is None:
        return family
    if family not in _SIZES:
        known = ", ".join((*_SIZES, "mixed"))
        raise BadInput(f"no such family, or its size is fixed; there are {known}", column="--family", value=family)
    base, _, rest = family.partition("-")
    return f"{base}-{targets or _SIZES[family]}{'-' + rest if rest else ''}"


def interpreters(peers: Sequence[str], python: Sequence[str]) -> list[tuple[Peer, str]]:
    """The peers that are asked for, each with the interpreter to look for it in. Raises BadInput."""
    table = {peer.name: peer for peer in PEERS}
    where = {}
    for pair in python:
        name, _, path = pair.partition("=")
        if name not in table or not os.access(path, os.X_OK):
            raise BadInput("NAME=INTERPRETER is needed, of a peer", column="--peer-python", value=pair)
        where[name] = path
    wanted = [name for text in peers for name in text.split(",") if name] or list(table)
    if wanted == ["none"]:
        return []
    for name in wanted:
        if name not in table:
            raise BadInput(f"no such peer; there are {', '.join(table)}, or none", column="--peers", value=name)
    return [(table[name], where.get(name, sys.executable)) for name in wanted]


_HEAD = (
    f"  {'tracker':<16} {'det/CPU s':>26} {'we are':>22} {'G, m':>18} {'ours is':>20} {'compl.':>7} {'false':>10}"
    f" {'sw/truth':>9} {'pos m':>6} {'vel m/s':>8}"
)


def table(summary: SceneSummary) -> list[str]:
    """Lines for people: a row for each tracker, medians with the least and the most over the seeds."""
    told = "with range rate for ours" if summary.range_rate else "without range rate"
    ours = summary.trackers[0]
    count = len(summary.seeds)
    lines = [
        f"{summary.scene}, {count} {'seed' if count == 1 else 'seeds'}, {told}: {summary.detections:,.0f} detections, "
        f"{summary.scans} scans, {summary.seconds:g} s",
        f"  all stages take {_range(ours.advance_ratio, '{:.2f}')} times the CPU of tracking and run "
        f"{_range(ours.real_time, '{:,.0f}')} times faster than real time",
        _HEAD,
    ]
    for tracker in summary.trackers:
        lines.append(_row(tracker))
        lines += [f"    {tracker.tracker} {problem}" for problem in tracker.problems]
    lines += [f"  {item.tracker} was not run: {item.problem}" for item in summary.absent]
    return lines


def _row(t: TrackerSummary) -> str:
    mine = t.tracker == "tocsin"
    speed = "" if mine or t.speed_ratio is None else f"{_range(t.speed_ratio, '{:,.3g}')} ×"
    gospa = "" if mine else _range(t.gospa_ratio, "{:.3f}")
    return (
        f"  {t.tracker + ' ' + t.version:<16} {_range(t.detections_per_cpu_s, '{:,.0f}'):>26} {speed:>22}"
        f" {_range(t.gospa_norm_m, '{:.1f}'):>18} {gospa:>20} {t.completeness.median:>7.3f}"
        f" {_range(t.false_tracks, '{:.0f}'):>10} {t.switches_per_truth.median:>9.3f}"
        f" {_range(t.pos_rmse_m, '{:.1f}', brief=True):>6} {_range(t.vel_rmse_mps, '{:.1f}', brief=True):>8}"
    )


def _range(spread: Spread | None, form: str, *, brief: bool = False) -> str:
    """Median (least–most)."""
    if spread is None:
        return "–"
    middle, low, high = (form.format(value) for value in (spread.median, spread.low, spread.high))
    return middle if brief or low == high else f"{middle} ({low}–{high})"
