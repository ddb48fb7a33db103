"""The posteriors of all tracks that may be ballistic, and the impacts that follow from them."""

from __future__ import annotations

import numpy as np

from tocsin import frames
from tocsin.forecast.recent import Look, rows
from tocsin.kernels.atmosphere import normal_gravity_mps2
from tocsin.kernels.ballistic_watch import HELD, Known, Watched, forecast_impacts, recover
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.forecasts import ForecastSettings, ImpactTable
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackTable

__all__ = ["LIMIT_S", "impact_table", "known_from", "no_slots", "recall", "reserve"]

LIMIT_S = 200.0
"""A body still aloft after this is not one that this stage can speak of."""
CAPACITY = 32
"""First detections that are kept and refitted: 32 lose nothing against 64 or all, 8 lose 5 to 10 % of accuracy."""
REFIT_AT = (*range(3, 9), 10, 12, 16, 20, 24, 32)
"""Numbers of detections at which all are fitted anew: each while they are few and cheap, then by about a fourth
more."""
DRAG, DRAG_SIGMA = 0.0034, 0.0025
"""Prior of Cd A / m, m²/kg: the generic range of mortar rounds and rockets, linear so that very slender ones fit
too."""
RISE, RISE_SIGMA, FALL, FALL_SIGMA = 1.1, 0.5, 0.35, 0.2
"""Prior of the transonic rise and the supersonic decline of the drag coefficient: generic slender bodies (McCoy
1999)."""
FIXED = 1e-6
"""Standard deviation, in its own unit, of what is known exactly."""


def known_from(plan: Plan) -> Known:
    """The constants of the estimator, from the site and from what is known of wind and drag."""
    site, rules = plan.site, plan.forecast
    latitude = np.deg2rad(site.lat_deg)
    gravity = normal_gravity_mps2(float(latitude), site.alt_m)
    turn = frames.EARTH_RATE_RADPS * np.array([np.cos(latitude), np.sin(latitude)])
    refit = np.zeros(CAPACITY + 1, dtype=np.bool_)
    refit[list(REFIT_AT)] = True
    poses = np.concatenate([plan.sensors.position_m[:, None, :], plan.sensors.rotation], axis=1)
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    axes = frames.enu2ecef(np.concatenate([np.zeros((1, 3)), np.eye(3)]), origin)
    axes[1:] -= axes[0]
    return Known(np.array([site.radius_m, site.alt_m, gravity, *turn]), _prior(rules), poses, axes, refit)


def _prior(rules: ForecastSettings) -> FloatArray:
    """Mean and spread: place and speed are left open (100 km, 1 km/s), the rest is what the settings say."""
    wind = max(rules.wind_sigma_mps, FIXED)
    curve = (0.0, FIXED, 0.0, FIXED) if rules.drag_constant else (RISE, RISE_SIGMA, FALL, FALL_SIGMA)
    mean = [0.0] * 6 + [DRAG, rules.wind_east_mps, rules.wind_north_mps, curve[0], curve[2]]
    sigma = [1e5] * 3 + [1e3] * 3 + [DRAG_SIGMA, wind, wind, curve[1], curve[3]]
    return np.array([mean, sigma, [0.0] * 11])


def no_slots(n: int) -> Watched:
    """Slots for n tracks, all free."""
    return Watched(
        track_id=np.zeros(n, dtype=np.int64),
        marks=np.zeros((n, 4), dtype=np.int64),
        t_s=np.zeros(n),
        x=np.zeros((n, 11)),
        p=np.zeros((n, 11, 11)),
        memory=np.zeros((n, CAPACITY, 10)),
    )


def reserve(watched: Watched, wanted: int) -> tuple[Watched, IntArray]:
    """At least `wanted` free slots, the table doubled if it must, and their numbers (wanted,)."""
    empty = np.flatnonzero(watched.track_id == 0)
    if empty.size < wanted:
        more = no_slots(max(wanted, watched.track_id.size, 16))
        watched = Watched(*(np.concatenate(pair) for pair in zip(watched, more, strict=True)))
        empty = np.flatnonzero(watched.track_id == 0)
    return watched, empty[:wanted]


def recall(
    looks: tuple[Look, ...], table: TrackTable, row: int, gravity_mps2: float, slot: int, watched: Watched
) -> None:
    """Begin a slot anew, in place, with what recent looks hold of the track in `row` of the table."""
    born, held = table.born_t_s[row] - 1e-6, 0
    for look in [k for k in looks if k.placed and born <= k.scan.t_s < table.t_s][-CAPACITY // 2 :]:
        found = recover(
            look.scan.t_s, look.scan.position_m, look.error_m, look.owner, int(table.track_id[row]), table.t_s,
            table.state[row], table.covariance[row], gravity_mps2,
        )  # fmt: skip
        if found >= 0:
            watched.memory[slot, held] = rows(look.scan, np.array([found]))[0]
            held += 1
    watched.track_id[slot], watched.t_s[slot] = table.track_id[row], table.t_s
    watched.marks[slot] = 0
    watched.marks[slot, HELD] = held


def impact_table(
    known: Known, watched: Watched, slots: IntArray, t_s: float, terrain: tuple[FloatArray, FloatArray]
) -> ImpactTable:
    """The impacts of the tracks in some slots; those without one to come have no row."""
    impact, spread = np.empty((slots.size, 6)), np.empty((slots.size, 3, 3))
    if slots.size:
        forecast_impacts(known, *terrain, LIMIT_S, slots, watched, impact, spread, np.empty((8, 11, 11)))
        coming = impact[:, 0] >= t_s
        slots, impact, spread = slots[coming], impact[coming], spread[coming]
    return ImpactTable(
        t_s=t_s,
        track_id=watched.track_id[slots],
        impact_t_s=impact[:, 0],
        impact_t_sigma_s=np.sqrt(spread[:, 2, 2]),
        position_m=impact[:, 1:4],
        lat_deg=impact[:, 4],
        lon_deg=impact[:, 5],
        covariance=spread[:, :2, :2],
    )
