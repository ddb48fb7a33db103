"""One flight, computed ahead on a fixed grid, and the setting in which it is flown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.frames import length
from tocsin.kernels.jit import kernel
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.scenario import BallisticSpec, BirdSpec, FlyerSpec
from tocsin.records.site import Site, Terrain
from tocsin.world.atmosphere import Weather, gusts
from tocsin.world.ballistic import fall, fill, hermite
from tocsin.world.earth import environment

__all__ = ["FALL_STEP_S", "Flight", "Setting", "Spec", "fall_freely", "make_setting", "sample"]

Spec = BallisticSpec | FlyerSpec | BirdSpec

FALL_STEP_S = 0.05
"""Grid of free flight: Runge–Kutta errs by under a millimetre over 10 km with it (a test halves it), and so does the
interpolation."""

_FALL_MAX_S = 900.0
"""A body at a ballistic coefficient of 10 kg/m² falls from 10 km in about 13 minutes; nothing here falls for longer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and in what air things fly."""

    environment: FloatArray  # (9,) see `earth`
    terrain: Terrain
    turbulence_mps: float


@dataclass(frozen=True, slots=True)
class Flight:
    """A thing's path from `start_s` until `end_s`, a row each `step_s`; `down` says that it ends on the ground."""

    id: str
    kind: str
    spec: Spec | None
    hostile: bool
    rcs_dbsm: float
    start_s: float
    end_s: float
    step_s: float
    states: FloatArray  # (k, 6) site frame
    down: bool
    wreck: bool  # a piece, or the body of what was disabled
    drag_m2pkg: float  # with which its body falls
    rng: np.random.Generator  # for what happens to it later


def make_setting(site: Site, weather: Weather) -> Setting:
    """The setting of a site in a weather."""
    return Setting(environment(site, weather), site.terrain, weather.turbulence_mps)


def fall_freely(
    setting: Setting, start: FloatArray, drag_m2pkg: float, rng: np.random.Generator | None
) -> tuple[FloatArray, float]:
    """Free flight from `start` (6,) to the ground: (states (k, 6) at `FALL_STEP_S`, time of impact, NaN: none).

    Without a generator the air has no gusts.
    """
    rows = int(_FALL_MAX_S / FALL_STEP_S)
    speed = float(length(start[3:]))
    turbulence = 0.0 if rng is None else setting.turbulence_mps
    still = np.zeros((rows, 3))
    gust = still if rng is None or turbulence == 0.0 else gusts(rng, rows, FALL_STEP_S, turbulence, speed)
    states = np.full((rows, 6), np.nan)
    ground = setting.terrain
    used, end_s = fall(
        setting.environment,
        drag_m2pkg,
        ground.east0_m,
        ground.north0_m,
        ground.step_m,
        ground.level_m,
        FALL_STEP_S,
        start,
        gust,
        states,
    )
    return states[:used].copy(), end_s


@kernel
def sample(
    t_s: float,
    start_s: FloatArray,
    end_s: FloatArray,
    step_s: FloatArray,
    first: IntArray,
    states: FloatArray,
    in_air_out: BoolArray,
    state_out: FloatArray,
) -> None:
    """Where each of n flights is at `t_s`: (n,) whether in the air, (n, 6) its state, NaN when not.

    `states` holds the rows of all flights one after another, flight i from row `first[i]` up to `first[i + 1]`.
    """
    for i in range(start_s.size):
        in_air_out[i] = start_s[i] <= t_s < end_s[i]
        fill(np.nan, state_out[i])
        if in_air_out[i]:
            steps = (t_s - start_s[i]) / step_s[i]
            row = min(int(steps), first[i + 1] - first[i] - 2)
            here = first[i] + row
            hermite(states[here], states[here + 1], step_s[i], steps - row, state_out[i])
