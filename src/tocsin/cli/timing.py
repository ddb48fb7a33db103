"""CPU and wall time of the pipeline's own calls, apart from everything around them."""

from __future__ import annotations

import time

from tocsin.formats.outputs import timing_json
from tocsin.session import Clock

__all__ = ["Stopwatch"]


class Stopwatch(Clock):
    """Times calls of `pipeline.advance` between `begin` and `end`; `mark` is what the pipeline calls after a stage."""

    def __init__(self) -> None:
        self.advance_cpu_s = self.advance_wall_s = self.track_cpu_s = 0.0
        self.detections = self.scans = 0
        self.setup_s: dict[str, float] = {}
        self._cpu = self._wall = 0.0

    def begin(self) -> None:
        """Just before `advance`."""
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def mark(self, stage: str) -> None:
        """After a stage; "identify" is the last of those that count as tracking."""
        if stage == "identify":
            self.track_cpu_s += time.process_time() - self._cpu

    def end(self) -> None:
        """Just after `advance`."""
        self.advance_cpu_s += time.process_time() - self._cpu
        self.advance_wall_s += time.perf_counter() - self._wall

    def count(self, detections: int, *, scan: bool) -> None:
        """What a batch held."""
        self.detections += detections
        self.scans += scan

    def set_up(self, name: str, since: float) -> float:
        """Note the wall time of a part of the set-up; gives the time now."""
        now = time.perf_counter()
        self.setup_s[name] = self.setup_s.get(name, 0.0) + now - since
        return now

    def json(self) -> str:
        """timing.json."""
        return timing_json(
            advance_cpu_s=self.advance_cpu_s,
            advance_wall_s=self.advance_wall_s,
            track_cpu_s=self.track_cpu_s,
            detections=self.detections,
            scans=self.scans,
            setup_s=self.setup_s,
        )
