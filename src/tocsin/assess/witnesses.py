"""What impact sensors and people add: reports at the forecast place and time, silence where one was due, sightings."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tocsin.assess.reading import Reading
from tocsin.assess.weights import weigh
from tocsin.frames import length
from tocsin.kernels.linear import squared_distance
from tocsin.records.arrays import FloatArray
from tocsin.records.outcomes import Evidence, ImpactWitness, Observed
from tocsin.records.plan import Plan

__all__ = ["origin_of", "witness_evidence"]

GRAVITY_MPS2 = 9.80665
FLYER_SETTLE_S = 60.0  # a flyer's strike or fall is over so long after it was last seen flying
CLEARLY = 3.0  # a report is called displaced when it fits falling remains better than the strike by this factor
UNNAMED_PROBABILITY = 0.5  # of an impact sensor that nobody described: its reports count, its silence does not

SAYS_INTERCEPTED = re.compile(r"shot down|intercept|mid-?air|in the air|broke up|destroyed in flight", re.IGNORECASE)
SAYS_IMPACTED = re.compile(r"\bimpact|struck|explosion (?:on|near) the ground|hit the|detonat", re.IGNORECASE)
SAYS_VIA = re.compile(r"\bvia ([\w.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fall:
    """Where and when something would come down: Gaussian in place (mean, covariance) and time."""

    position_m: FloatArray  # (2,)
    covariance: FloatArray  # (2, 2)
    t_s: float
    sigma_s: float

    def density(self, place_m: FloatArray, sigma_m: float, t_s: float) -> float:
        """Density per m² and second of a report with standard deviation `sigma_m`."""
        covariance = self.covariance + np.eye(2) * sigma_m**2
        offset = place_m - self.position_m
        determinant = float(covariance[0, 0] * covariance[1, 1] - covariance[0, 1] * covariance[1, 0])
        in_place = math.exp(-0.5 * squared_distance(covariance, offset)) / (2.0 * math.pi * math.sqrt(determinant))
        in_time = math.exp(-0.5 * ((t_s - self.t_s) / self.sigma_s) ** 2) / (math.sqrt(2.0 * math.pi) * self.sigma_s)
        return in_place * in_time


def origin_of(source: str, claim: str) -> str:
    """Who is the witness: the source, or whom it says it has this from ("via NAME")."""
    told = SAYS_VIA.search(claim)
    return told.group(1).lower() if told else source.lower()


def witness_evidence(plan: Plan, observed: Observed, readings: list[Reading]) -> list[list[Evidence]]:
    """For each reading, the evidence of reports and of silence."""
    found: list[list[Evidence]] = [[] for _ in readings]
    described = {witness.source: witness for witness in observed.witnesses}
    heard = [i for i, kind in enumerate(observed.reports.kind) if kind == "impact"]
    sources = sorted(set(described) | {observed.reports.source[i] for i in heard})
    for source in sources:
        rows = [i for i in heard if observed.reports.source[i] == source]
        _impacts_of(plan, observed, readings, described.get(source), source, rows, found)
    for number, reading in enumerate(readings):
        found[number] += _sightings(observed, reading)
    return found


def _strikes(plan: Plan, reading: Reading) -> list[tuple[float, Fall]]:
    """Where it would strike if nobody ends it, with weights that sum to one."""
    if reading.strike:
        floor = np.eye(2) * weigh("forecast_floor_m") ** 2
        sigma = math.hypot(reading.strike.sigma_s, weigh("forecast_floor_s"))
        forecast = reading.strike
        return [(1.0, Fall(forecast.position_m[:2], forecast.covariance + floor, forecast.impact_t_s, sigma))]
    assets = [reading.asset] if reading.asset else list(plan.site.assets)
    speed = max(float(length(reading.flying[3:5])), 5.0)
    sigma_m = float(reading.flight.sigma_m[-1])
    strikes = []
    for asset in assets:
        away_s = float(length(asset.position_m[:2] - reading.flying[:2])) / speed
        spread = np.eye(2) * ((0.5 * asset.radius_m) ** 2 + sigma_m**2)
        strikes.append(Fall(asset.position_m[:2], spread, reading.flying_t_s + away_s, 5.0 + 0.3 * away_s))
    soon = weigh("strikes_where_low" if reading.height_m < weigh("low_m") else "strikes_where_high")
    soon = soon if strikes else 1.0
    return [((1.0 - soon) / len(strikes), strike) for strike in strikes] + [(soon, _strike_ahead(reading, speed))]


def _strike_ahead(reading: Reading, speed_mps: float) -> Fall:
    """Where a flyer that dives now, or is lost a few seconds before it strikes, comes down."""
    sink = max(-float(reading.flying[5]), 5.0)
    away_s = min(max(reading.height_m, 5.0) / sink, 15.0)
    spread = np.eye(2) * ((0.5 * speed_mps * away_s + 30.0) ** 2 + float(reading.flight.sigma_m[-1]) ** 2)
    return Fall(
        reading.flying[:2] + 0.5 * away_s * reading.flying[3:5],
        spread,
        reading.flying_t_s + 0.7 * away_s,
        2.0 + 0.5 * away_s,
    )


def _debris_fall(reading: Reading) -> Fall:
    """Where the remains would come down: between below the place where flying ended and where it was going."""
    height = max(reading.height_m, 5.0)
    if reading.strike:
        below, ahead = reading.flying[:2], reading.strike.position_m[:2]
        half = 0.5 * float(length(ahead - below)) + 50.0
        left_s = max(reading.strike.impact_t_s - reading.flying_t_s, 1.0)
        return Fall(0.5 * (below + ahead), np.eye(2) * half**2, reading.flying_t_s + 1.5 * left_s, 0.5 * left_s + 2.0)
    fall_s = math.sqrt(2.0 * height / GRAVITY_MPS2)
    carry = reading.flying[3:5] * fall_s
    spread = np.eye(2) * (0.5 * float(length(carry)) + 30.0 + float(reading.flight.sigma_m[-1])) ** 2
    return Fall(reading.flying[:2] + 0.5 * carry, spread, reading.flying_t_s + 1.3 * fall_s, 3.0 + 0.3 * fall_s)


def _foreign_density() -> float:
    area = math.pi * weigh("foreign_report_radius_m") ** 2
    return weigh("foreign_report_per_hour") / 3600.0 / area


def _heard(plan: Plan, reading: Reading, witness: ImpactWitness | None) -> tuple[float, float]:
    """Probability that this sensor reports a strike of the flight, and that it reports the fall of its remains."""
    debris = weigh("debris_heard_ballistic" if reading.strike else "debris_heard_flyer")
    if witness and math.isfinite(witness.debris_probability):
        debris = witness.debris_probability / max(witness.probability, 1e-6)
    if witness is None:
        return UNNAMED_PROBABILITY, UNNAMED_PROBABILITY * debris
    place = np.array(witness.position_m[:2])
    covered = sum(
        weight * float(length(fall.position_m - place) <= witness.max_range_m)
        for weight, fall in _strikes(plan, reading)
    )
    known = 1.0 if reading.strike or reading.asset else weigh("flyer_strike_covered")
    strike = witness.probability * covered * known
    below = float(length(_debris_fall(reading).position_m - place) <= witness.max_range_m)
    return strike, witness.probability * below * debris


def _likelihoods(
    plan: Plan, reading: Reading, heard: tuple[float, float], report: tuple[FloatArray, float, float]
) -> tuple[float, float, float]:
    """Of one report, under each outcome, per m² and second."""
    foreign = _foreign_density()
    strike = sum(weight * fall.density(*report) for weight, fall in _strikes(plan, reading))
    remains = _debris_fall(reading).density(*report)
    return (
        heard[1] * remains + (1.0 - heard[1]) * foreign,
        heard[0] * strike + (1.0 - heard[0]) * foreign,
        foreign,
    )


def _impacts_of(
    plan: Plan,
    observed: Observed,
    readings: list[Reading],
    witness: ImpactWitness | None,
    source: str,
    rows: list[int],
    found: list[list[Evidence]],
) -> None:
    """One sensor's reports, each given to one flight at most, and its silence about the other flights."""
    heard = [_heard(plan, reading, witness) for reading in readings]
    reports = [
        (observed.reports.position_m[i, :2], float(observed.reports.sigma_m[i]), float(observed.reports.t_s[i]))
        for i in rows
    ]
    likelihoods = [
        [_likelihoods(plan, r, h, report) for report in reports] for r, h in zip(readings, heard, strict=True)
    ]
    gain = np.array([[math.log(max(row[:2]) / row[2]) for row in line] for line in likelihoods])
    gain = np.maximum(gain.reshape(len(readings), len(reports)), 0.0)
    given = dict(zip(*(index.tolist() for index in linear_sum_assignment(-gain)), strict=True))
    for number, reading in enumerate(readings):
        column = given.get(number)
        if column is not None and gain[number, column] > 0.0:
            found[number].append(_report(reading, source, observed, rows[column], likelihoods[number][column]))
        elif witness is not None and max(heard[number]) > 0.0 and _due(observed, reading):
            strike, remains = heard[number]
            logs = (math.log1p(-min(remains, 0.999)), math.log1p(-min(strike, 0.999)), 0.0)
            why = f"{source} would have reported a strike with probability {strike:.2f} and reported none"
            found[number].append(Evidence(observed.end_t_s, "impact_silence", source.lower(), why, logs))


def _report(
    reading: Reading, source: str, observed: Observed, row: int, likelihood: tuple[float, float, float]
) -> Evidence:
    place, t_s = observed.reports.position_m[row, :2], float(observed.reports.t_s[row])
    if reading.strike:
        expected, t_expected, name = reading.strike.position_m[:2], reading.strike.impact_t_s, "the forecast"
    else:
        expected, t_expected, name = reading.flying[:2], reading.flying_t_s, "where it was last seen flying"
    off, late = float(length(place - expected)), t_s - t_expected
    why = f"{source} reports an impact {off:.0f} m and {late:+.1f} s from {name}"
    logs = (math.log(likelihood[0] / likelihood[2]), math.log(likelihood[1] / likelihood[2]), 0.0)
    kind = "impact_report_displaced" if likelihood[0] > CLEARLY * likelihood[1] else "impact_report"
    return Evidence(t_s, kind, origin_of(source, observed.reports.claim[row]), why, logs)


def _due(observed: Observed, reading: Reading) -> bool:
    """Whether a report of its strike would be in the record by now."""
    return reading.over if reading.strike else observed.end_t_s >= reading.flying_t_s + FLYER_SETTLE_S


def _sightings(observed: Observed, reading: Reading) -> list[Evidence]:
    """What people say they saw, in the place and at the time of the end."""
    reports, found = observed.reports, []
    place = reading.strike.position_m[:2] if reading.strike else reading.flying[:2]
    t_end = reading.strike.impact_t_s if reading.strike else reading.flying_t_s
    log_factor = math.log(weigh("sighting_factor"))
    for i, kind in enumerate(reports.kind):
        near = float(length(reports.position_m[i, :2] - place)) <= weigh("sighting_radius_m")
        timely = reading.flying_t_s - 10.0 <= reports.t_s[i] <= t_end + weigh("sighting_window_s")
        if kind != "sighting" or not near or not timely:
            continue
        claim = reports.claim[i]
        up, down = bool(SAYS_INTERCEPTED.search(claim)), bool(SAYS_IMPACTED.search(claim))
        if up != down:
            logs = (log_factor, 0.0, 0.0) if up else (0.0, log_factor, 0.0)
            origin = origin_of(reports.source[i], claim)
            found.append(Evidence(float(reports.t_s[i]), "sighting", origin, f"{reports.source[i]}: {claim}", logs))
    return found
