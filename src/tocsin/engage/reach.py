"""Whether a burst of an effector could meet a track: slewing, reaction, flight, range, elevation, sectors, friends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tocsin.frames import dot, enu2level, length, level2enu_up
from tocsin.records.arrays import FloatArray
from tocsin.records.scenario import EffectorSpec, SectorSpec
from tocsin.records.site import Site

__all__ = ["Line", "Target", "burst_probability", "fire_line", "friend_near", "line_fault", "place_of"]

GRAVITY_MPS2 = 9.80665

ELEVATION_MIN_RAD = math.radians(-2.0)
"""No fire below this: under it the line meets the ground within a kilometre or so for any mount of usual height."""

FRIEND_CONE_RAD = math.radians(3.0)
"""No cooperative track within this angle of the line, as seen from the effector: 52 mrad, some 25 times the dispersion
of a burst, because the friend's own position (range × radar azimuth error, one scan old) is the larger uncertainty."""

FRIEND_RADIUS_M = 150.0
"""And none within this distance of the target: debris and a burst that follows the wrong one of a close pair."""

FRIEND_RANGE_FACTOR = 2.5
"""Friends matter out to this multiple of the effector's stated range: what misses flies on."""


@dataclass(frozen=True, slots=True)
class Target:
    """A track as the engagement sees it at `t_s`; `falling` says that gravity alone is taken to act on it."""

    track_id: int
    t_s: float
    position_m: FloatArray  # (3,)
    velocity_mps: FloatArray  # (3,)
    falling: bool

    def at(self, t_s: float) -> FloatArray:
        """Position (3,) at a time a few seconds ahead."""
        dt = t_s - self.t_s
        drop = np.array([0.0, 0.0, 0.5 * GRAVITY_MPS2 * dt * dt]) if self.falling else 0.0
        return np.asarray(self.position_m + self.velocity_mps * dt - drop)


@dataclass(frozen=True, slots=True)
class Line:
    """Where and when a burst ordered now would meet the target: for feasibility, never for output."""

    fire_t_s: float
    effect_t_s: float
    meeting_m: FloatArray  # (3,)
    direction: FloatArray  # (3,) unit vector from the effector
    range_m: float
    closing: bool


def place_of(effector: EffectorSpec, site: Site) -> FloatArray:
    """The effector's position (3,) in the site frame; its height is above level ground."""
    east, north = np.float64(effector.east_m), np.float64(effector.north_m)
    up = level2enu_up(np.asarray(east), np.asarray(north), np.asarray(effector.height_m), site.radius_m)
    return np.array([float(east), float(north), float(up)])


def fire_line(
    effector: EffectorSpec,
    place_m: FloatArray,
    pointing: FloatArray,
    target: Target,
    now_s: float,
    same_track: bool,
    slew_limits: bool,
) -> Line:
    """Fixed point, in three rounds, of: slew to where it will be, react, and fly to where it will be then."""
    fire, effect = now_s, now_s
    reaction = 0.0 if same_track else effector.reaction_s
    meeting, direction, distance = target.position_m, pointing, 0.0
    for _ in range(3):
        meeting = target.at(effect)
        offset = meeting - place_m
        distance = max(float(length(offset)), 1e-3)
        direction = offset / distance
        turn = math.acos(min(1.0, max(-1.0, float(dot(direction, pointing)))))
        slew = turn / math.radians(effector.slew_degps) if slew_limits else 0.0
        fire = now_s + slew + reaction
        effect = fire + distance / effector.projectile_speed_mps
    closing = float(dot(target.at(effect + 0.5) - place_m, direction)) < distance
    return Line(fire, effect, meeting, direction, distance, closing)


def line_fault(
    effector: EffectorSpec, sectors: tuple[SectorSpec, ...], site: Site, line: Line, due_t_s: float, limits: bool
) -> str:
    """The rule that forbids this line, "" for none. `limits` False: range and sectors do not limit (ideal)."""
    if line.effect_t_s > due_t_s or float(enu2level(line.meeting_m, site.radius_m)) < 0.0:
        return "too_late"
    if not limits:
        return ""
    elevation = math.asin(min(1.0, max(-1.0, float(line.direction[2]))))
    within = effector.range_min_m <= line.range_m <= effector.range_max_m
    if not within or not ELEVATION_MIN_RAD <= elevation <= math.radians(effector.elevation_max_deg):
        return "out_of_range"
    azimuth_deg = math.degrees(math.atan2(float(line.direction[0]), float(line.direction[1])))
    for sector in sectors:
        width = sector.azimuth_to_deg - sector.azimuth_from_deg
        whole = abs(width) >= 360.0
        in_azimuth = whole or (azimuth_deg - sector.azimuth_from_deg) % 360.0 <= width % 360.0
        applies = sector.effector_id in ("", effector.id)
        if applies and in_azimuth and math.degrees(elevation) < sector.elevation_below_deg:
            return "safety_sector"
    return ""


def friend_near(effector: EffectorSpec, place_m: FloatArray, line: Line, friends_m: FloatArray) -> bool:
    """Whether any of the friends (F, 3) is near the line of fire or near the target."""
    if not len(friends_m):
        return False
    offset = friends_m - place_m
    distance = np.maximum(length(offset), 1e-3)
    angle = np.arccos(np.clip(dot(offset, line.direction) / distance, -1.0, 1.0))
    on_line = (angle < FRIEND_CONE_RAD) & (distance < FRIEND_RANGE_FACTOR * effector.range_max_m)
    beside = length(friends_m - line.meeting_m) < FRIEND_RADIUS_M
    return bool(np.any(on_line | beside | (distance < FRIEND_RADIUS_M)))


def burst_probability(effector: EffectorSpec, range_m: float) -> float:
    """Planning figure of one burst: n independent rounds, circular Gaussian about the target, small vulnerable area.

    One round hits with 1 - exp(-A / (2π σ²)), σ the dispersion times the range: the mass of a circular Gaussian over
    a disc of area A about its mean. It ranks effectors; what comes of a burst is drawn by the world.
    """
    sigma = max(effector.dispersion_mrad * 1e-3 * range_m, 1e-3)
    one = -math.expm1(-effector.vulnerable_m2 / (2.0 * math.pi * sigma * sigma))
    return -math.expm1(effector.burst_rounds * math.log1p(-min(one, 1.0 - 1e-12)))
