"""`tocsin bench`: the commands that measure, their options and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

__all__ = ["bench"]

bench = App(
    name="bench",
    help="Measure against theoretical bounds and against peers.",
    help_epilogue="Example: `tocsin bench tracking --family uas --targets 200 --seeds 5`",
)


@bench.command(help_epilogue="Example: `tocsin bench tracking --family uas --targets 200 --seeds 5 --peers stonesoup`")
def tracking(
    *,
    family: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    targets: int | None = None,
    seeds: int = 5,
    seed: int = 1,
    no_range_rate: bool = False,
    folder: Path | None = None,
    peers: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    peer_python: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    limit_s: Annotated[float, Parameter(name="--peer-limit")] = 900.0,
    json: bool = False,
) -> int:
    """Track scenes of our own making, beside each peer that is installed; print speed and accuracy with their ratios.

    Parameters
    ----------
    family
        Family of scenes: uas, uas-clutter60, straight, ballistic, mixed, density or scaled; may be given more than
        once. Default: uas, ballistic and mixed.
    targets
        Targets of each scene; default: 200 drones, 20 shells, 100 in straight flight.
    seeds
        Scenes of each family.
    seed
        Seed of the first scene; each further one takes the next.
    no_range_rate
        Keep the range rates of the detections from our tracker; peers use none in any case.
    folder
        Track this scene folder, or those in this folder, instead of making any.
    peers
        Peers to run, of stonesoup, pyrecest and norfair, joined by commas; `none` for ours alone. Default: all.
    peer_python
        NAME=INTERPRETER: where a peer is installed, if not here; may be given more than once.
    limit_s
        Seconds of CPU after which a peer is stopped on a scene; it is judged by the scans that it took.
    json
        Print one JSON list instead of tables.
    """
    from tocsin.cli import bench_tracking as command

    return command.tracking(
        family,
        targets=targets,
        seeds=seeds,
        seed=seed,
        range_rate=not no_range_rate,
        folder=folder,
        peers=peers,
        python=peer_python,
        limit_s=limit_s,
        as_json=json,
    )


@bench.command(help_epilogue="Example: `tocsin bench impact --family rough --cases 60 --seed 7`")
def impact(
    *,
    family: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    cases: int = 40,
    seed: int = 1,
    folder: Path | None = None,
    wind: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    drag: Literal["constant", "unknown"] | None = None,
    json: bool = False,
) -> int:
    """Forecast impacts of ballistic cases by the whole pipeline; print the errors beside the Cramér-Rao bound.

    Parameters
    ----------
    family
        Family of cases, of clean, rough, wind and drag; may be given more than once. Default: all.
    cases
        Cases of each family.
    seed
        Seed of the first case; each further one takes the next.
    folder
        Judge the case folders in here instead of making any.
    wind
        What the forecaster is told of the wind, as for `tocsin track`. Default: what the family's runs say.
    drag
        What it is told of drag, as for `tocsin track`. Default: what the family's runs say.
    json
        Print one JSON list instead of tables.
    """
    from tocsin.cli import bench_impact as command

    told = command.Told(wind, drag)
    return command.impact(family, cases=cases, seed=seed, folder=folder, told=told, as_json=json)
