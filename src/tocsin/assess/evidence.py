"""From a reading to pieces of evidence: what track and shot log say, each as log likelihoods of the three outcomes."""

from __future__ import annotations

import math

import numpy as np

from tocsin.assess.flights import Flight
from tocsin.assess.reading import Reading, is_natural
from tocsin.assess.weights import weigh
from tocsin.frames import dot, length
from tocsin.records.outcomes import Evidence, Observed
from tocsin.records.plan import Plan

__all__ = ["track_evidence"]


def track_evidence(plan: Plan, observed: Observed, reading: Reading, flights: tuple[Flight, ...]) -> list[Evidence]:
    """All that track and shot log say of this flight's end."""
    found: list[Evidence | None] = [_class(reading), _shots(observed, reading)]
    if not reading.over and not reading.fell:
        return [*(e for e in found if e), _still_flying(observed, reading)]
    found += [
        _end(plan, observed, reading),
        _asset(reading),
        _fell(reading),
        _debris(reading, flights),
        _edge(plan, reading),
    ]
    return [e for e in found if e]


def _evidence(reading: Reading, kind: str, why: str, intercepted: float, impacted: float, left: float) -> Evidence:
    """Evidence of the track's own origin, from three likelihoods."""
    logs = (math.log(intercepted), math.log(impacted), math.log(left))
    return Evidence(reading.flying_t_s, kind, f"track:{kind}", why, logs)


def _class(reading: Reading) -> Evidence | None:
    if not reading.flight.ballistic:
        return None
    return _evidence(reading, "class", "what flies ballistically comes down here", 1.0, 1.0, weigh("left_ballistic"))


def _shots(observed: Observed, reading: Reading) -> Evidence:
    """Whether the end of flying coincides with the arrival of a burst."""
    if observed.shots is None:
        why = "no log of effectors was kept"
        return _evidence(reading, "no_shot_log", why, weigh("intercepted_without_log"), 1.0, 1.0)
    if not reading.flight.shots:
        why = "the log holds no shot at it"
        return _evidence(reading, "no_shot", why, weigh("intercepted_without_shot"), 1.0, 1.0)
    share = max(reading.shot_share, 0.02)
    if reading.shot is None:
        why = f"it was seen flying after each of {len(reading.flight.shots)} bursts had arrived"
        return _evidence(reading, "flew_on_after_shot", why, _flies_on(reading), 1.0 - share, 1.0 - share)
    why = f"it was last seen flying {reading.flying_t_s - reading.shot.t_effect_s:+.1f} s from the arrival of a burst"
    chance = 1.0 if is_natural(reading) else share
    return _evidence(reading, "ended_with_shot", why, weigh("ends_with_shot"), chance, share)


def _flies_on(reading: Reading) -> float:
    """Probability that what a burst ended is still tracked as if whole, so long after the last one before it."""
    before = [s.t_effect_s for s in reading.flight.shots if s.t_effect_s <= reading.flying_t_s]
    if not before:
        return weigh("flies_on_after_shot")
    faded = math.exp(-(reading.flying_t_s - max(before)) / weigh("flies_on_fades_s"))
    return weigh("flies_on_after_shot") * max(0.1, faded)


def _still_flying(observed: Observed, reading: Reading) -> Evidence:
    left_s = observed.end_t_s - reading.flying_t_s
    why = f"the record ends {left_s:.0f} s after it was last seen: its end is not in it"
    return _evidence(reading, "still_flying", why, weigh("flies_on_after_shot"), 1.0, 1.0)


def _lost(reading: Reading) -> float:
    """Probability that it is unseen for the gap although it flies on: missed looks, at least the tracker's floor."""
    if reading.strike:
        floor = weigh("lost_floor_ballistic")
    else:
        floor = weigh("lost_floor_low" if reading.height_m < weigh("low_m") else "lost_floor_flyer")
    return max(math.exp(-reading.gap_s / reading.interval_s), floor)


def _end(plan: Plan, observed: Observed, reading: Reading) -> Evidence:
    """How easily the track would have ended here under each outcome."""
    if is_natural(reading):
        seen = "down to the ground" if reading.strike else "down to an asset"
        why = f"it was seen {seen} as far as a flight that nobody ends is seen"
        left = weigh("at_ground_left") if reading.strike else 1.0  # at an asset is weighed by itself
        return _evidence(reading, "track_ended_at_ground", why, 1.0, 1.0, left)
    lost = _lost(reading)
    why = f"the track ended {reading.height_m:.0f} m above ground, {reading.gap_s:.0f} s before it need have"
    edge = 1.0 if _outbound_at_edge(plan, reading) else lost
    ended = 1.0 if reading.shot or observed.shots is None else lost
    return _evidence(reading, "track_ended_in_flight", why, ended, lost, edge)


def _asset(reading: Reading) -> Evidence | None:
    """For a flyer: whether the end is at something worth striking. That it was lost elsewhere says nothing more."""
    if reading.asset is None:
        return None
    why = f"it was last seen {reading.height_m:.0f} m above ground at {reading.asset.name or reading.asset.asset_id}"
    at = (weigh("at_asset_intercepted"), weigh("at_asset_impacted"), weigh("at_asset_left"))
    return _evidence(reading, "ended_at_asset", why, *at)


def _fell(reading: Reading) -> Evidence | None:
    if not reading.fell:
        return None
    why = "it slowed and sank within seconds of the arrival of a burst"
    return _evidence(
        reading, "fell_after_shot", why, weigh("fell_intercepted"), weigh("fell_impacted"), weigh("fell_left")
    )


def _debris(reading: Reading, flights: tuple[Flight, ...]) -> Evidence | None:
    """New short tracks where and when a burst arrived."""
    shot = reading.shot
    if shot is None:
        return None
    place = reading.flying[:3] + reading.flying[3:] * (shot.t_effect_s - reading.flying_t_s)
    count = 0
    for other in flights:
        born, life = float(other.t_s[0]), float(other.t_s[-1] - other.t_s[0])
        lag = born - shot.t_effect_s
        near = float(length(other.state[0, :3] - place)) <= weigh("debris_radius_m") * max(1.0, lag / 3.0)
        short = life <= weigh("debris_life_s")
        count += other is not reading.flight and 0.0 <= lag <= weigh("debris_life_s") and near and short
    if not count:
        return None
    why = f"{count} short tracks began where the burst arrived"
    otherwise = weigh("debris_otherwise")
    return _evidence(reading, "debris", why, weigh("debris_intercepted"), otherwise, otherwise)


def _outbound_at_edge(plan: Plan, reading: Reading) -> bool:
    """Whether it was last seen near the stated range of every sensor that states one, and going away."""
    if reading.flight.ballistic:
        return False
    known = np.isfinite(plan.sensors.max_range_m)
    if not np.any(known):
        return reading.flight.end_rule == "out_of_coverage"
    offset = reading.flying[:3] - plan.sensors.position_m[known]
    distance = length(offset)
    outbound = dot(offset, reading.flying[3:]) > 0.0
    beyond = distance >= weigh("edge_fraction") * plan.sensors.max_range_m[known]
    return bool(np.all(beyond & outbound)) or reading.flight.end_rule == "out_of_coverage"


def _edge(plan: Plan, reading: Reading) -> Evidence | None:
    if not _outbound_at_edge(plan, reading):
        return None
    why = "it was last seen outbound at the edge of what the sensors cover"
    otherwise = weigh("edge_otherwise")
    return _evidence(reading, "track_left", why, otherwise, otherwise, weigh("edge_left"))
