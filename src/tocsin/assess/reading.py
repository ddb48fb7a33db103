"""What the track itself tells of a flight's end: when it was last seen flying, beside which burst, near what."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tocsin.assess.flights import Flight, Forecast
from tocsin.assess.weights import weigh
from tocsin.frames import enu2level, length
from tocsin.records.arrays import FloatArray
from tocsin.records.engagement import Shot
from tocsin.records.outcomes import Observed
from tocsin.records.plan import Plan
from tocsin.records.site import Asset

__all__ = ["Reading", "is_natural", "read_flight"]

LOOKS_COUNTED = 10  # the interval between looks is the mean of so many last ones
INTERVAL_UNKNOWN_S = 2.0  # of a flight that was seen once
FALL_RATE_MPS = 6.0  # sinking faster by this than before: a small drone that is under control seldom does
FALL_SLOWED = 0.8  # and slower over ground than this share of before
FALL_WITHIN_S = 4.0  # of a burst's arrival
NATURAL_LOOKS = 2.0  # so many looks may be missed before an end counts as early
ASSET_SIGMA = 3.0  # standard deviations of place, in which a last place may lie off an asset


@dataclass(frozen=True, slots=True)
class Reading:
    """A flight, and what its track says of its end. Times in seconds of the run."""

    flight: Flight
    interval_s: float  # mean time between its last looks
    flying_t_s: float  # last seen flying, and not falling
    flying: FloatArray  # (6,) its state then
    height_m: float  # above level ground then
    fell: bool  # it began to fall within seconds of a burst
    shot: Shot | None  # the burst at whose arrival it was last seen flying
    shot_share: float  # share of the time, from the first burst on, that bursts make suspicious
    strike: Forecast | None  # the forecast of an undisturbed flight
    asset: Asset | None  # it was last seen low and close to this one
    gap_s: float  # for how long it should still have been seen, had it flown on
    over: bool  # its end lies within the record


def read_flight(plan: Plan, observed: Observed, flight: Flight) -> Reading:
    """Read a flight's end off its track."""
    steps = np.diff(flight.t_s[-LOOKS_COUNTED - 1 :])
    interval = float(np.mean(steps)) if len(steps) else INTERVAL_UNKNOWN_S
    interval = min(max(interval, 0.05), 10.0)
    fall = _fall_row(flight)
    row = len(flight.t_s) - 1 if fall is None else max(fall - 1, 0)
    flying_t, flying = float(flight.t_s[row]), flight.state[row]
    windows = [_window(shot, interval) for shot in flight.shots]
    beside = [s for s, (low, high) in zip(flight.shots, windows, strict=True) if low <= flying_t <= high]
    shot = beside[-1] if beside else None
    strike = _strike(flight, shot)
    height = float(enu2level(flying[:3], plan.site.radius_m))
    gone = strike.impact_t_s - weigh("unseen_last_s") if strike else _arrival(plan, observed, flying_t, flying)
    end = strike.impact_t_s + 3.0 * strike.sigma_s + weigh("forecast_floor_s") if strike else flying_t + 3.0 * interval
    return Reading(
        flight=flight,
        interval_s=interval,
        flying_t_s=flying_t,
        flying=flying,
        height_m=height,
        fell=fall is not None,
        shot=shot,
        shot_share=_share(windows, max(gone, flying_t)),
        strike=strike,
        asset=None if flight.ballistic else _asset_at(plan, flight, row, height, interval),
        gap_s=max(0.0, min(gone, observed.end_t_s) - flying_t),
        over=observed.end_t_s > end,
    )


def _window(shot: Shot, interval_s: float) -> tuple[float, float]:
    """When what this burst ended would last be seen flying."""
    before, after = weigh("window_before_looks") * interval_s + 0.3, weigh("window_after_s") + interval_s
    return shot.t_effect_s - before, shot.t_effect_s + after


def _share(windows: list[tuple[float, float]], gone_t_s: float) -> float:
    """Share of the time from the first window on that lies in one: how easily an end falls into one by chance."""
    if not windows:
        return 0.0
    covered, reach = 0.0, -math.inf
    for low, high in sorted(windows):
        covered += max(0.0, high - max(low, reach))
        reach = max(reach, high)
    span = max(reach, gone_t_s) - min(low for low, _ in windows)
    return min(0.9, covered / max(span, 1e-6))


def _fall_row(flight: Flight) -> int | None:
    """The row in which a flyer began to fall after a burst, None if it did not."""
    if flight.ballistic:
        return None
    speed = length(flight.state[:, 3:5])
    for shot in flight.shots:
        before = np.nonzero(flight.t_s <= shot.t_effect_s)[0]
        after = np.nonzero((flight.t_s > shot.t_effect_s) & (flight.t_s <= shot.t_effect_s + FALL_WITHIN_S))[0]
        if not len(before) or not len(after):
            continue
        last = before[-1]
        sinks = flight.state[after, 5] < flight.state[last, 5] - FALL_RATE_MPS
        fell = after[sinks & (speed[after] < FALL_SLOWED * speed[last])]
        if len(fell):
            return int(fell[0])
    return None


def _strike(flight: Flight, shot: Shot | None) -> Forecast | None:
    """The last forecast that no burst can have bent: before the burst at its end, else the last of all."""
    if not flight.ballistic:
        return None
    clean = [f for f in flight.forecasts if shot is None or f.t_s <= shot.t_effect_s]
    return (clean or list(flight.forecasts))[-1]


def _arrival(plan: Plan, observed: Observed, t_s: float, state: FloatArray) -> float:
    """When a flyer would be at the nearest asset if it kept its speed: by then it would be seen there, or be down."""
    speed = max(float(length(state[3:5])), 1.0)
    away = [float(length(asset.position_m[:2] - state[:2])) for asset in plan.site.assets]
    return min(observed.end_t_s, t_s + min(away) / speed) if away else observed.end_t_s


def _asset_at(plan: Plan, flight: Flight, row: int, height_m: float, interval_s: float) -> Asset | None:
    """The asset that a flyer was last seen at: nearer than its radius, the error of place and two looks of flight."""
    speed = float(length(flight.state[row, 3:]))
    slack = ASSET_SIGMA * float(flight.sigma_m[row]) + 2.0 * interval_s * speed
    if height_m > weigh("low_m") + 2.0 * interval_s * max(0.0, -float(flight.state[row, 5])):
        return None
    near = [
        (float(length(flight.state[row, :2] - asset.position_m[:2])) - asset.radius_m, asset)
        for asset in plan.site.assets
    ]
    near = [pair for pair in near if pair[0] <= slack]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def is_natural(reading: Reading) -> bool:
    """Whether it was seen about as long as a flight that nobody ended would have been."""
    return reading.gap_s <= NATURAL_LOOKS * reading.interval_s if reading.strike else reading.asset is not None
