"""The commands, their options and their help. Each imports what it does only when it is called."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

import tocsin
from tocsin.cli.bench import bench

__all__ = ["app"]

_EXITS = (
    "Exit codes: 0 done, 1 fault of the program, 2 misuse or unusable input, 3 replay differs, 130 and 143 stopped."
)
_Input = Annotated[Path, Parameter(allow_leading_hyphen=True)]  # "-": standard input
_Signed = Annotated[str | None, Parameter(allow_leading_hyphen=True)]

app = App(
    name="tocsin",
    help="Sense, track, identify, forecast and warn of rockets, mortars, drones, birds and aircraft.",
    help_format="markdown",
    default_parameter=Parameter(negative=()),
    help_epilogue=_EXITS,
    version=tocsin.__version__,
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,
)
scenarios = App(
    name="scenarios",
    help="List the built-in scenarios, or show one.",
    help_epilogue="Example: `tocsin scenarios show lost-track > mine.yaml`",
)
app.command(scenarios)
app.command(bench)


@app.command(help_epilogue="Example: `tocsin run ain-al-asad-2021 --seed 7 --out out/asad`")
def run(
    scenario: str,
    /,
    *,
    seed: int = 1,
    out: Path | None = None,
    effector: str | None = None,
    store: Literal["files", "sqlite"] = "files",
    json: bool = False,
) -> int:
    """Simulate a raid in closed loop, print its timeline, and write the run folder with its report.

    Parameters
    ----------
    scenario
        Name of a built-in scenario, or the path of a YAML file.
    seed
        Everything that is drawn follows from it.
    out
        Folder to write; default: `out/SCENARIO-SEED`.
    effector
        Option of the scenario's variant `effector`: whether the site had one, `none` or `present`.
    store
        How the journal is kept: `files` of JSON lines, or one `sqlite` file, durable at each batch.
    json
        Print one JSON object instead of the timeline.
    """
    since = time.perf_counter()
    from tocsin.cli import run as command

    imports_s = time.perf_counter() - since
    asked = command.Asked(scenario, seed, out, effector, store)
    return command.run(asked, imports_s=imports_s, as_json=json)


@app.command(help_epilogue="Example: `tocsin track detections.csv --sensors sensors.csv --out out/mine`")
def track(
    detections: _Input,
    /,
    *,
    sensors: _Input,
    out: Path,
    site: _Signed = None,
    reports: _Input | None = None,
    terrain: Path | None = None,
    wind: Annotated[str, Parameter(allow_leading_hyphen=True)] = "0,0,5",
    drag: Literal["constant", "unknown"] = "unknown",
    refraction: bool = False,
    journal: bool = False,
    store: Literal["files", "sqlite"] = "files",
    to: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    json: bool = False,
) -> int:
    """Run the pipeline over recorded detections; write tracks.csv, impacts.csv, errors.jsonl and timing.json.

    Parameters
    ----------
    detections
        Detections: CSV, JSON or Parquet; `-`: standard input.
    sensors
        Where the sensors stand: `sensor_id,lat,lon,alt_m` and what else is known of them.
    out
        Folder to write.
    site
        Origin of the frame as `LAT,LON,ALT`; default: the first sensor.
    reports
        What is not a plot: ADS-B, Remote ID, sightings, impacts.
    terrain
        Elevation grid: GeoTIFF or npz, metres above the ellipsoid.
    wind
        What is known of the wind as `EAST,NORTH,SIGMA` in m/s.
    drag
        Whether drag may vary with Mach number (`unknown`) or not (`constant`).
    refraction
        Correct elevations for the bending of rays in the standard atmosphere.
    journal
        Write the journal too, so that `tocsin replay` can recompute the run.
    store
        How the journal is kept: `files` of JSON lines, or one `sqlite` file, durable at each batch.
    to
        Send rows elsewhere too, as `NAME:TARGET`; may be given more than once.
    json
        Print one JSON object instead of the summary.
    """
    since = time.perf_counter()
    from tocsin.cli import track as command

    imports_s = time.perf_counter() - since
    given = command.Given(detections, sensors, out, site, reports, terrain, wind, drag, refraction, journal, store, to)
    return command.track(given, imports_s=imports_s, as_json=json)


@app.command(help_epilogue="Example: `tocsin replay out/asad`")
def replay(run: Path, /, *, chain: str | None = None, rebuild: bool = False, json: bool = False) -> int:
    """Recompute the events of a run from its journalled inputs alone, and compare.

    Parameters
    ----------
    run
        A run folder with a journal.
    chain
        Head of the chain as it is known from elsewhere; another run is refused.
    rebuild
        Make every output again from the journal, as after a kill.
    json
        Print one JSON object.
    """
    from tocsin.cli import replay as command

    return command.replay(run, chain=chain, rebuilt=rebuild, as_json=json)


@app.command(help_epilogue="Example: `tocsin report out/asad`")
def report(run: Path, /, *, out: Path | None = None, json: bool = False) -> int:
    """Write the incident report of a run: report.html, self-contained, and report.json beside it.

    Parameters
    ----------
    run
        A run folder with a journal.
    out
        Folder for the report; default: the run folder.
    json
        Print report.json instead of where it lies.
    """
    from tocsin.cli import report as command

    return command.report(run, out=out, as_json=json)


@app.command(help_epilogue="Example: `tocsin score out/asad/truth.csv out/asad/tracks.csv --json`")
def score(
    truth: Path,
    tracks: Path,
    /,
    *,
    cutoff: float | None = None,
    t_max: float | None = None,
    tolerance: float | None = None,
    json: bool = False,
) -> int:
    """Score tracks against the truth: GOSPA with its parts, OSPA, SIAP, completeness, switches, NEES.

    Parameters
    ----------
    truth
        The file `t,id,x,y,z,vx,vy,vz,kind`. Times of a detections.csv beside it count as scans.
    tracks
        The file that `tocsin track` or `tocsin run` wrote, or another tracker: `t,track_id,x,y,z,vx,vy,vz`.
    cutoff
        Cut-off of GOSPA and OSPA in metres; default: `gospa_c_m` of a scenario.json beside the truth, otherwise 100.
    t_max
        Score up to this time only, in seconds.
    tolerance
        How far, in seconds, a row may lie from the time of the truth that it speaks for; default: about half a step of
        the truth. The truth is interpolated to the row's time. 0: equal times only.
    json
        Print one JSON object instead of the table.
    """
    from tocsin.cli import score as command

    return command.score(truth, tracks, cutoff_m=cutoff, t_max_s=t_max, tolerance_s=tolerance, as_json=json)


@scenarios.default
def scenarios_list(*, json: bool = False) -> int:
    """List the built-in scenarios.

    Parameters
    ----------
    json
        Print one JSON object.
    """
    from tocsin.cli import scenarios as command

    return command.listing(as_json=json)


@scenarios.command(name="show", help_epilogue="Example: `tocsin scenarios show lost-track > mine.yaml`")
def scenarios_show(name: str, /) -> int:
    """Print one built-in scenario as YAML, to copy and change.

    Parameters
    ----------
    name
        Name of the scenario.
    """
    from tocsin.cli import scenarios as command

    return command.show(name)
