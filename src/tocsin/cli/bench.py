"""`tocsin bench`: the commands that measure, their options and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

__all__ = ["bench"]

bench = App(
    name="bench",
    help="Measure against theoretical bounds and against peers.",
    help_epilogue="Example: `tocsin bench impact --family rough --cases 60 --seed 7`",
)


@bench.command(help_epilogue="Example: `tocsin bench impact --family rough --cases 60 --seed 7`")
def impact(
    *,
    family: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    cases: int = 40,
    seed: int = 1,
    folder: Path | None = None,
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
    json
        Print one JSON list instead of tables.
    """
    from tocsin.cli import bench_impact as command

    return command.impact(family, cases=cases, seed=seed, folder=folder, as_json=json)
