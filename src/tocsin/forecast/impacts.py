"""The posteriors of all tracks that may be ballistic, and the impacts that follow from them."""

from __future__ import annotations

import numpy as np

from tocsin import frames
from tocsin.forecast.recent import Look
from tocsin.kernels.atmosphere import normal_gravity_mps2
from tocsin.kernels.ballistic_watch import Known, Watched, forecast_impacts, recover, remember
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.forecasts import ForecastSettings, ImpactTable
from tocsin.records.plan import Plan
from tocsin.records.tracks import TrackTable

__all__ = ["LIMIT_S", "forget_posterior", "free", "impact_table", "known_from", "no_slots", "recall", "reserve"]

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
    prior, sigma = _prior(rules)
    refit = np.zeros(CAPACITY + 1, dtype=np.bool_)
    refit[list(REFIT_AT)] = True
    return Known(
        earth=np.array([site.radius_m, site.alt_m, gravity, *turn]),
        prior=prior,
        prior_sigma=sigma,
        drift=np.zeros(11),
        refit=refit,
        places=np.array(plan.sensors.position_m, dtype=np.float64),
        rotations=np.array(plan.sensors.rotation, dtype=np.float64),
    )


def _prior(rules: ForecastSettings) -> tuple[FloatArray, FloatArray]:
    """Mean and spread: place and speed are left open (100 km, 1 km/s), the rest is what the settings say."""
    wind = max(rules.wind_sigma_mps, FIXED)
    curve = (0.0, FIXED, 0.0, FIXED) if rules.drag_constant else (RISE, RISE_SIGMA, FALL, FALL_SIGMA)
    mean = [0.0] * 6 + [DRAG, rules.wind_east_mps, rules.wind_north_mps, curve[0], curve[2]]
    sigma = [1e5] * 3 + [1e3] * 3 + [DRAG_SIGMA, wind, wind, curve[1], curve[3]]
    return np.array(mean), np.array(sigma)


def no_slots(n: int) -> Watched:
    """Slots for n tracks, all free."""
    return Watched(
        track_id=np.zeros(n, dtype=np.int64),
        fitted=np.zeros(n, dtype=np.bool_),
        t_s=np.zeros(n),
        x=np.zeros((n, 11)),
        p=np.zeros((n, 11, 11)),
        taken=np.zeros(n, dtype=np.int64),
        strikes=np.zeros(n, dtype=np.int64),
        held=np.zeros(n, dtype=np.int64),
        memory_t_s=np.zeros((n, CAPACITY)),
        memory_z=np.zeros((n, CAPACITY, 4)),
        memory_sigma=np.zeros((n, CAPACITY, 4)),
        memory_sensor=np.zeros((n, CAPACITY), dtype=np.int64),
    )


def reserve(watched: Watched, wanted: int) -> tuple[Watched, IntArray]:
    """At least `wanted` free slots, the table doubled if it must, and their numbers (wanted,)."""
    empty = np.flatnonzero(watched.track_id == 0)
    if empty.size < wanted:
        more = no_slots(max(wanted, watched.track_id.size, 16))
        watched = Watched(*(np.concatenate(pair) for pair in zip(watched, more, strict=True)))
        empty = np.flatnonzero(watched.track_id == 0)
    return watched, empty[:wanted]


def free(watched: Watched, slots: BoolArray) -> None:
    """Empty some slots, in place."""
    watched.track_id[slots] = 0
    forget_posterior(watched, np.flatnonzero(slots))


def forget_posterior(watched: Watched, slots: IntArray) -> None:
    """Let some slots begin anew, in place."""
    for column in (watched.fitted, watched.taken, watched.strikes, watched.held):
        column[slots] = 0


def recall(
    looks: tuple[Look, ...], table: TrackTable, row: int, gravity_mps2: float, slot: int, watched: Watched
) -> None:
    """Fill the memory of a slot, in place, with what recent looks hold of the track in `row` of the table."""
    born, now = table.born_t_s[row] - 1e-6, table.t_s
    range_m = float(np.linalg.norm(table.state[row, :3]))
    for look in [look for look in looks if born <= look.t_s < now][-CAPACITY // 2 :]:
        error = float(np.nanmedian(look.sigma[:, 0]) + range_m * np.nanmedian(look.sigma[:, 1]))
        found = recover(
            look.t_s, look.position_m, look.owner, int(table.track_id[row]), now,
            table.state[row], table.covariance[row],
            gravity_mps2, error,
        )  # fmt: skip
        if found >= 0:
            remember(slot, look.t_s, look.sensor_index, look.z[found], look.sigma[found], watched)


def impact_table(
    plan: Plan, known: Known, watched: Watched, slots: IntArray, t_s: float, terrain: tuple[FloatArray, FloatArray]
) -> ImpactTable:
    """The impacts of the tracks in some slots; those without one have no row."""
    n = slots.size
    when, where, spread = np.empty(n), np.empty((n, 3)), np.empty((n, 3, 3))
    if n:
        levels, grid = terrain
        work = np.empty((8, 11, 11))
        forecast_impacts(known, levels, grid, LIMIT_S, slots, watched, when, where, spread, work)
    good = np.isfinite(when) & (when >= t_s)
    origin = np.array([plan.site.lat_deg, plan.site.lon_deg, plan.site.alt_m])
    geodetic = frames.enu2geodetic(where[good], origin) if good.any() else np.empty((0, 3))
    return ImpactTable(
        t_s=t_s,
        track_id=watched.track_id[slots[good]],
        impact_t_s=when[good],
        impact_t_sigma_s=np.sqrt(spread[good, 2, 2]),
        position_m=where[good],
        lat_deg=geodetic[:, 0],
        lon_deg=geodetic[:, 1],
        covariance=spread[good, :2, :2],
    )
