"""Everything that moves, as truth: where it is at a time, where it came down, and how a flight ends early."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tocsin.errors import BadScenario, Misuse
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.scenario import BallisticSpec, BirdSpec, FlyerSpec, Scenario
from tocsin.records.site import Site
from tocsin.world.atmosphere import draw_weather, stated_weather
from tocsin.world.ballistic import hermite
from tocsin.world.debris import break_up, disable
from tocsin.world.flight import Flight, make_setting, sample
from tocsin.world.threats import ballistic_flights, bird_flights, flyer_flights, traffic_flights

__all__ = ["MOVER_KINDS", "Impact", "Kinematics", "Movers"]

MOVER_KINDS = ("rocket", "mortar", "fixed_wing", "multirotor", "aircraft", "bird", "debris")

_BEYOND_S = 60.0
"""Paths are computed this far past the scenario's duration, for sensors that report late."""


@dataclass(frozen=True, slots=True)
class Kinematics:
    """Truth at one time: n things in the air, in the order in which they were made.

    Ballistic first, then flyers, birds, traffic, and what engagements left, as it came about.
    """

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
    """All moving things of one run. Flights are computed ahead on fixed grids, so no query changes them.

    The same scenario, site and generator state give the same flights. Each thing draws from its own child generator, so
    that what is added behind it, seen of it or done to another leaves its motion as it was.
    """

    def __init__(self, scenario: Scenario, site: Site, rng: np.random.Generator) -> None:
        """`BadScenario` for a spec that cannot be flown or an id that stands twice."""
        weather_rng, ballistic_rng, flyer_rng, bird_rng, traffic_rng = rng.spawn(5)
        self.weather = draw_weather(scenario.weather, weather_rng)
        self._setting = make_setting(site, self.weather)
        stated = make_setting(site, stated_weather(scenario.weather))
        horizon_s = scenario.duration_s + _BEYOND_S
        self._flights = [
            *ballistic_flights(self._setting, stated, scenario.ballistic, ballistic_rng),
            *flyer_flights(self._setting, scenario.flyers, horizon_s, flyer_rng),
            *bird_flights(self._setting, scenario.birds, horizon_s, bird_rng),
            *traffic_flights(self._setting, scenario.traffic, horizon_s, traffic_rng),
        ]
        for id, count in Counter(flight.id for flight in self._flights).items():
            if count > 1:
                raise BadScenario("this id stands more than once", place=id)
        self._t_s = -np.inf
        self._told: set[int] = set()
        self._pack()

    def _pack(self) -> None:
        flights = self._flights
        self._start_s = np.array([flight.start_s for flight in flights])
        self._end_s = np.array([flight.end_s for flight in flights])
        self._step_s = np.array([flight.step_s for flight in flights])
        self._first = np.cumsum([0, *(len(flight.states) for flight in flights)])
        self._states = np.concatenate([np.zeros((0, 6)), *(flight.states for flight in flights)])
        self._rcs_dbsm = np.array([flight.rcs_dbsm for flight in flights])
        self._hostile = np.array([flight.hostile for flight in flights], dtype=np.bool_)
        self._latest = {flight.id: number for number, flight in enumerate(flights)}

    def _sample(self, t_s: float) -> tuple[BoolArray, FloatArray]:
        in_air = np.zeros(len(self._flights), dtype=np.bool_)
        state = np.full((len(self._flights), 6), np.nan)
        sample(t_s, self._start_s, self._end_s, self._step_s, self._first, self._states, in_air, state)
        return in_air, state

    def advance(self, t_s: float) -> Kinematics:
        """What is in the air at `t_s`; times must not decrease (`Misuse`)."""
        if t_s < self._t_s:
            raise Misuse(f"time goes back from {self._t_s} s to {t_s} s")
        self._t_s = t_s
        in_air, state = self._sample(t_s)
        present = np.flatnonzero(in_air)
        return Kinematics(
            t_s,
            tuple(self._flights[i].id for i in present),
            tuple(self._flights[i].kind for i in present),
            state[present],
            self._rcs_dbsm[present],
            self._hostile[present],
        )

    def impacts(self) -> tuple[Impact, ...]:
        """What came down since the last call, up to the time of the last `advance`, in order of time."""
        fresh = [
            number
            for number, flight in enumerate(self._flights)
            if flight.down and flight.end_s <= self._t_s and number not in self._told
        ]
        self._told.update(fresh)
        return tuple(
            sorted((self._impact(self._flights[i]) for i in fresh), key=lambda impact: (impact.t_s, impact.id))
        )

    def _impact(self, flight: Flight) -> Impact:
        part = (flight.end_s - flight.start_s) / flight.step_s - (len(flight.states) - 2)
        state = np.full(6, np.nan)
        hermite(flight.states[-2], flight.states[-1], flight.step_s, part, state)
        return Impact(flight.end_s, flight.id, flight.kind, state[:3], flight.hostile, flight.wreck)

    def end(self, id: str, t_s: float, how: Literal["break_up", "disabled"]) -> bool:
        """End a flight at `t_s`. False, and nothing changes, when it is not in the air then or has been ended.

        `break_up`: the thing is gone and pieces `{id}/debris-1` … fall. `disabled`: it falls as one body under its id.
        """
        number = self._latest.get(id)
        if number is None or number in self._told or self._flights[number].wreck:
            return False
        in_air, state = self._sample(t_s)
        if not in_air[number]:
            return False
        flight = self._flights[number]
        left = break_up if how == "break_up" else disable
        remains = left(self._setting, flight, t_s, state[number])
        self._flights[number] = replace(flight, end_s=t_s, down=False)
        self._flights.extend(remains)
        self._pack()
        return True

    def exists(self, id: str) -> bool:
        """Whether it is in the air at the time of the last `advance`."""
        return any(flight.id == id and flight.start_s <= self._t_s < flight.end_s for flight in self._flights)

    def spec(self, id: str) -> BallisticSpec | FlyerSpec | BirdSpec | None:
        """What it was made from: for traffic a FlyerSpec (with `adsb`), for a bird its flock's, None for debris."""
        number = self._latest.get(id)
        return None if number is None else self._flights[number].spec

    def finished(self, t_s: float) -> bool:
        """Whether every hostile thing has started and is down or gone at `t_s`, its debris included.

        False where nothing hostile ever was: such a run lasts its stated duration.
        """
        hostile = [flight.end_s for flight in self._flights if flight.hostile]
        return bool(hostile) and max(hostile) <= t_s
