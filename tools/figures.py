"""The figures of the accuracy page, each drawn from the proof that holds its numbers; nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from tocsin.bench.bound import BoundStudy
from tocsin.bench.scaling import ScalingStudy
from tocsin.bench.summary import SceneSummary, Spread
from tocsin.study.clutter import ClutterStudy
from tocsin.study.consistency import ConsistencyStudy, Window
from tools.charts import COLOURS, Chart, Series, draw
from tools.proofs.tracking_bound import BoundProof
from tools.proofs.tracking_consistency import ConsistencyProof
from tools.proofs.tracking_peers import PeersProof
from tools.proofs.tracking_scaling import ScalingProof

__all__ = ["FIGURES", "drawn", "write_figures"]

T = TypeVar("T")


def drawn(name: str, proofs: Path) -> str | None:
    """The figure of a proof as SVG; None where that proof has none or has not been made."""
    path = proofs / f"{name}.json"
    if name not in FIGURES or not path.is_file():
        return None
    return FIGURES[name](path.read_bytes())


def write_figures(proofs: Path, out: Path, names: Iterable[str] | None = None) -> list[Path]:
    """Draw the figures of these proofs, or of all, as far as the proofs are there."""
    written = []
    for name in FIGURES if names is None else names:
        text = drawn(name, proofs)
        if text is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{name}.svg").write_text(text, encoding="utf-8")
            written.append(out / f"{name}.svg")
    return written


def _result(data: bytes, kind: type[T]) -> T:
    return msgspec.convert(msgspec.json.decode(data)["result"], kind)


def _told(range_rate: bool) -> str:
    return "with range rate" if range_rate else "without range rate"


def bound_figure(data: bytes) -> str:
    """Errors over scans beside the bound."""
    proof = _result(data, BoundProof)

    def panel(title: str, unit: str, error: Callable[[BoundStudy, int], float | None], log: bool) -> Chart:
        series = []
        for k, study in enumerate(proof.studies):
            points = [(s.t_s, error(study, s.scan)) for s in study.scans]
            known = tuple((t, e) for t, e in points if e is not None)
            series.append(Series(f"tracks, {_told(study.range_rate)}", known, COLOURS[k]))
        for k, study in enumerate(proof.studies):
            low = tuple((s.t_s, s.position_bound_m if unit == "m" else s.velocity_bound_mps) for s in study.scans)
            series.append(Series(f"bound, {_told(study.range_rate)}", low, COLOURS[k], dashed=True))
        return Chart(title, "seconds since the first scan", unit, tuple(series), log_y=log, floor=None if log else 0.0)

    return draw(
        "tracking-bound",
        "Errors of tracks in straight flight beside the posterior Cramér-Rao bound",
        "Root mean square errors of position and velocity over 60 scans, and the bound, with and without range rate.",
        (
            panel("Position, root mean square error", "m", lambda s, k: s.scans[k].position_rmse_m, False),
            panel("Velocity, root mean square error", "m/s", lambda s, k: s.scans[k].velocity_rmse_mps, True),
        ),
    )


def consistency_figure(data: bytes) -> str:
    """Average normalised error squared in windows."""
    proof = _result(data, ConsistencyProof)

    def panel(title: str, studies: tuple[ConsistencyStudy, ...]) -> Chart:
        series = []
        for k, study in enumerate(studies):
            told = _told(study.range_rate)
            series.append(_windows(f"position, {told}", study.windows, COLOURS[k], whole=False))
            series.append(_windows(f"position and velocity, {told}", study.windows, COLOURS[k], whole=True))
        band = (0.85, 1.15)
        return Chart(title, "scans since confirmation", "error² / covariance", tuple(series), band=band, floor=0.4)

    scenes = (proof.straight[0].scene, proof.gusty[0].scene, proof.manoeuvring[0].scene)
    return draw(
        "tracking-consistency",
        "Normalised errors of confirmed tracks",
        "Average normalised error squared per degree of freedom in windows of ten scans; 1 is honest.",
        (
            panel(f"Straight flight ({scenes[0]}), 95 % intervals", proof.straight),
            panel(f"The same in gusts ({scenes[1]})", proof.gusty),
            panel(f"Manoeuvring ({scenes[2]})", proof.manoeuvring),
        ),
    )


def _windows(name: str, windows: tuple[Window, ...], colour: str, *, whole: bool) -> Series:
    points = tuple((0.5 * (w.first + w.last), w.whole if whole else w.position) for w in windows)
    low = tuple(w.whole_low if whole else w.position_low for w in windows)
    high = tuple(w.whole_high if whole else w.position_high for w in windows)
    return Series(name, points, colour, dashed=whole, low=low, high=high)


def clutter_figure(data: bytes) -> str:
    """False tracks against how soon a drone is confirmed."""
    study = _result(data, ClutterStudy)
    curve = sorted(study.curve, key=lambda t: t.mean_scan)
    line = Series(
        "threshold on existence, whiskers to the 95 % upper limit",
        tuple((t.mean_scan, t.per_10000_s) for t in curve),
        COLOURS[0],
        dots=True,
        low=tuple(t.per_10000_s for t in curve),
        high=tuple(t.upper_per_10000_s for t in curve),
        labels=tuple(f"{t.confirm_existence:g}" for t in curve),
    )
    s = study.shipped
    shipped = Series(
        f"shipped: {s.confirm_existence:g}, {s.scans:,} scans",
        ((s.mean_scan, s.per_10000_s),),
        COLOURS[1],
        dots=True,
        loose=True,
        low=(s.per_10000_s,),
        high=(s.upper_per_10000_s,),
    )
    chart = Chart(
        "False tracks of an empty sky against the scan that confirms a drone",
        "mean scan of confirmation, Pd 0.9, from the first scan in which the drone is there",
        "false tracks in 10,000 s",
        (line, shipped),
        floor=0.0,
    )
    return draw(
        "tracking-clutter",
        "False tracks against delay",
        "Rate of false tracks and mean scan of confirmation for several thresholds on the probability of existence.",
        (chart,),
    )


def scaling_figure(data: bytes) -> str:
    """Cost of a scan against targets."""
    proof = _result(data, ScalingProof)

    def line(study: ScalingStudy, colour: str, *, whole: bool) -> Series:
        points = tuple((float(c.targets), c.advance_ms if whole else c.track_ms) for c in study.costs)
        fit = study.advance if whole else study.track
        part = "all stages" if whole else "tracking"
        return Series(f"{study.family}, {part}: exponent {fit.value:.2f}", points, colour, dashed=whole, dots=True)

    series = [line(s, COLOURS[k], whole=whole) for k, s in enumerate(proof.studies) for whole in (False, True)]
    chart = Chart("CPU time of one scan", "targets", "ms", tuple(series), log_x=True, log_y=True)
    return draw(
        "tracking-scaling",
        "Cost of a scan against the number of targets at constant density",
        "Milliseconds of CPU for one scan, 200 to 20,000 targets, both axes logarithmic.",
        (chart,),
    )


def _of(summary: SceneSummary, tracker: str, field: str) -> Spread | None:
    found = next((t for t in summary.trackers if t.tracker == tracker), None)
    return None if found is None else getattr(found, field)


def _dots(name: str, colour: str, values: list[tuple[float, Spread | None]]) -> Series:
    known = [(x, v) for x, v in values if v is not None]
    return Series(
        name,
        tuple((x, v.median) for x, v in known),
        colour,
        dots=True,
        loose=True,
        low=tuple(v.low for _, v in known),
        high=tuple(v.high for _, v in known),
    )


def peers_figure(data: bytes) -> str:
    """GOSPA and speed of each tracker on each scene."""
    proof = _result(data, PeersProof)
    scenes = [s for s in proof.scenes if not s.range_rate]
    richer = {s.scene: s for s in proof.scenes if s.range_rate}
    names = list(dict.fromkeys(t.tracker for s in scenes for t in s.trackers))

    def panel(title: str, unit: str, field: str, log: bool) -> Chart:
        series = []
        for k, name in enumerate(names):
            colour = COLOURS[-1] if name == "oracle" else COLOURS[k]
            shift = 0.09 * (k - len(names) / 2)
            line = _dots(name, colour, [(x + shift, _of(s, name, field)) for x, s in enumerate(scenes)])
            series += [line] if line.points else []
        if richer:
            places = [(x, s) for x, s in enumerate(scenes) if s.scene in richer]
            left = 0.09 * (len(names) / 2 + 1)
            with_rate = [(x - left, _of(richer[s.scene], "tocsin", field)) for x, s in places]
            series.append(_dots("tocsin with range rate", COLOURS[5], with_rate))
        axis_names = tuple(s.scene for s in scenes)
        return Chart(title, "", unit, tuple(series), log_y=log, floor=None if log else 0.0, names=axis_names)

    return draw(
        "tracking-peers",
        "Accuracy and speed beside other trackers",
        "GOSPA over the root of the number of targets, and detections for each CPU second; median, least and most.",
        (
            panel("GOSPA / √targets (lower is better)", "m", "gospa_norm_m", False),
            panel("Detections per CPU second (higher is better)", "1/s", "detections_per_cpu_s", True),
        ),
    )


FIGURES: dict[str, Callable[[bytes], str]] = {
    "tracking-bound": bound_figure,
    "tracking-peers": peers_figure,
    "tracking-consistency": consistency_figure,
    "tracking-clutter": clutter_figure,
    "tracking-scaling": scaling_figure,
}
"""Each by the name of its proof, in the order of the page."""
