"""The other side of `process`: `python -m tocsin.bench.peers.child RUNNER PACKAGE SCENE TRACKS LIMIT_S`.

It says `ready VERSION`, then for each line on standard input takes the next scan and says `scan CPU_S WALL_S`. At the
end of input it writes TRACKS. When a scan takes the tracker beyond LIMIT_S of CPU it says `limit`, and when the tracker
dies `failed WHY`; both end the run, with what was tracked so far.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import TextIO

import numpy as np

from tocsin.bench.peers.scenes import Row, Runner, load_scene


class OutOfTime(BaseException):
    """The limit of CPU time was reached; no handler of Exception inside a peer may swallow it."""


def _stop(*_: object) -> None:
    raise OutOfTime


def main(arguments: list[str]) -> int:
    """Run one peer over one scene."""
    runner, package, scene_path, tracks_path, limit = arguments
    tell = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a peer prints must not reach the other side
    warnings.filterwarnings("ignore")
    scene = load_scene(Path(scene_path))
    try:
        built: Runner = importlib.import_module(runner).build(scene)
    except ImportError as error:
        tell.write(f"missing {error}\n")
        return 0
    tell.write(f"ready {importlib.metadata.version(package) if package else ''}\n")
    signal.signal(signal.SIGPROF, _stop)
    gc.collect()
    rows = _loop(built, len(scene.t_s), scene.t_s.tolist(), float(limit), tell)
    np.save(tracks_path, np.array(rows, dtype=np.float64).reshape(-1, 8))
    tell.write("written\n")
    return 0


def _loop(runner: Runner, scans: int, t_s: list[float], limit_s: float, tell: TextIO) -> list[tuple[float, ...]]:
    rows: list[tuple[float, ...]] = []
    spent = 0.0
    for k, _ in zip(range(scans), sys.stdin, strict=False):
        runner.prepare(k)
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            signal.setitimer(signal.ITIMER_PROF, max(limit_s - spent, 1e-3))
            runner.step()
            signal.setitimer(signal.ITIMER_PROF, 0.0)
        except OutOfTime:
            tell.write("limit\n")
            break
        except Exception as error:
            signal.setitimer(signal.ITIMER_PROF, 0.0)
            tell.write(f"failed {type(error).__name__}: {' '.join(str(error).split())[:200]}\n")
            break
        used = time.process_time() - cpu
        spent += used
        reported: list[Row] = list(runner.rows())
        rows.extend((t_s[k], *row) for row in reported)
        tell.write(f"scan {used:.9f} {time.perf_counter() - wall:.9f}\n")
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
