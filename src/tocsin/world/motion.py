"""Everything that moves, as truth: where it is at a time, where it came down, and how a flight ends early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.scenario import BallisticSpec, BirdSpec, FlyerSpec, Scenario
from tocsin.records.site import Site

__all__ = ["MOVER_KINDS", "Impact", "Kinematics", "Movers"]

MOVER_KINDS = ("rocket", "mortar", "fixed_wing", "multirotor", "aircraft", "bird", "debris")


@dataclass(frozen=True, slots=True)
class Kinematics:
    """Truth at one time: n things in the air, ordered by when they were made (ballistic, flyers, birds, traffic, debris)."""

    t_s: float
    id: tuple[str, ...]  # (n,)
    kind: tuple[str, ...]  # (n,) of MOVER_KINDS
    state: FloatArray  # (n, 6) position m and velocity m/s, site frame
    rcs_dbsm: FloatArray  # (n,) mean, no fluctuation
    hostile: BoolArray  # (n,)


@dataclass(frozen=True, slots=True)
class Impact:
    """Something came down."""

    t_s: float
    id: str
    kind: str  # of MOVER_KINDS
    position_m: FloatArray  # (3,) site frame
    hostile: bool
    debris: bool  # a piece of what broke up, or the body of what was disabled: not the weapon's own strike


class Movers:
    """All moving things of one run. Flights are computed ahead on fixed grids, so no query changes them."""

    def __init__(self, scenario: Scenario, site: Site, rng: np.random.Generator) -> None:
        raise NotImplementedError

    def advance(self, t_s: float) -> Kinematics:
        """What is in the air at `t_s`; times must not decrease (`Misuse`)."""
        raise NotImplementedError

    def impacts(self) -> tuple[Impact, ...]:
        """What came down since the last call, up to the time of the last `advance`, in order of time."""
        raise NotImplementedError

    def end(self, id: str, t_s: float, how: Literal["break_up", "disabled"]) -> bool:
        """End a flight at `t_s`. False, and nothing changes, when it is not in the air then or has been ended.

        `break_up`: the thing is gone and pieces `{id}/debris-1` … fall. `disabled`: it falls as one body under its id.
        """
        raise NotImplementedError

    def exists(self, id: str) -> bool:
        """Whether it is in the air at the time of the last `advance`."""
        raise NotImplementedError

    def spec(self, id: str) -> BallisticSpec | FlyerSpec | BirdSpec | None:
        """What it was made from: a synthetic FlyerSpec (with `adsb`) for traffic, the flock's for a bird, None for debris."""
        raise NotImplementedError

    def finished(self, t_s: float) -> bool:
        """Whether every hostile thing has started and is down or gone at `t_s`, its debris included."""
        raise NotImplementedError
