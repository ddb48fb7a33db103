"""A peer as a process: started with a scene, given one scan at a time, asked for its tracks at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import tocsin
from tocsin.bench.peers import Peer
from tocsin.records.arrays import FloatArray

__all__ = ["PeerProcess"]


@dataclass(slots=True)
class PeerProcess:
    """One peer on one scene. `problem` says in words why it did not run, or stopped before the end; "": it did not."""

    peer: Peer
    python: str
    folder: Path  # holds scene.npz; tracks are written here
    limit_s: float  # of CPU, over all scans
    version: str = ""
    problem: str = ""
    cpu_s: list[float] = field(default_factory=list)  # of each scan that was taken
    wall_s: list[float] = field(default_factory=list)
    _child: subprocess.Popen[str] | None = None

    def start(self) -> bool:
        """Load the peer; False: it is not installed, and `problem` says so."""
        source = str(Path(tocsin.__file__).parents[1])
        search = os.pathsep.join(part for part in (source, os.environ.get("PYTHONPATH", "")) if part)
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        command = [self.python, "-m", "tocsin.bench.peers.child", self.peer.runner, self.peer.package]
        command += [str(self.folder / "scene.npz"), str(self._tracks), repr(self.limit_s)]
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **one, "PYTHONPATH": search},
        )
        word, _, rest = self._read().partition(" ")
        if word == "ready":
            self.version = rest
            return True
        self.problem = f"not installed ({rest})" if word == "missing" else "could not be started"
        self.close()
        return False

    def step(self) -> bool:
        """Let it take its next scan; False: it has stopped, and `problem` says why."""
        if self._child is None or self._child.stdin is None or self.problem:
            return False
        try:
            self._child.stdin.write("\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            self.problem = "died"
            return False
        word, _, rest = self._read().partition(" ")
        if word == "scan":
            cpu, wall = (float(part) for part in rest.split())
            self.cpu_s.append(cpu)
            self.wall_s.append(wall)
            return True
        done = f"after {len(self.cpu_s)} scans"
        self.problem = (
            f"stopped at {self.limit_s:g} s of CPU {done}" if word == "limit" else f"{rest or 'died'}, {done}"
        )
        return False

    def tracks(self) -> FloatArray:
        """Rows (n, 8) of what it reported: time, number of the track, east, north, up and their rates."""
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
            self._child.wait(timeout=600)
        return np.asarray(np.load(self._tracks)) if self._tracks.exists() else np.zeros((0, 8))

    def close(self) -> None:
        """End the process."""
        if self._child is None:
            return
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                stream.close()
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        self._child = None

    @property
    def _tracks(self) -> Path:
        return self.folder / f"{self.peer.name}.npy"

    def _read(self) -> str:
        if self._child is None or self._child.stdout is None:
            return ""
        return self._child.stdout.readline().strip()


HERE = sys.executable
"""The interpreter in which peers are looked for unless another is named."""
