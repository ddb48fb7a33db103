"""What flies: tracks that can reach an asset, and what people say they saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.detections import ReportTable
from tocsin.records.forecasts import ReachTable
from tocsin.records.identities import BALLISTIC, IdentityTable
from tocsin.records.tracks import TrackTable
from tocsin.records.warnings import CLOSING_CLAIMS, WarnSettings
from tocsin.warn.places import Places, mass_over_zones
from tocsin.warn.rule import Dangers

__all__ = ["Sighting", "closing_claim", "flyer_dangers", "hear", "reach_of", "sighting_dangers"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a person reported, until named evidence closes it."""

    t_s: float
    source: str
    id: str
    position_m: FloatArray  # (2,)
    sigma_m: float
    mass: FloatArray  # (Z,)


def closing_claim(claim: str) -> bool:
    """Whether a sighting's claim says that the danger is over."""
    return claim.strip().lower().replace("_", " ").startswith(CLOSING_CLAIMS)


def reach_of(places: Places, reaches: ReachTable) -> dict[int, FloatArray]:
    """Per track_id: (3, A) probability, earliest and expected time of reaching each asset; NaN times where unknown."""
    result: dict[int, FloatArray] = {}
    for i, track in enumerate(reaches.track_id):
        rows = result.setdefault(int(track), np.vstack([np.zeros(places.assets), np.full((2, places.assets), np.nan)]))
        rows[:, reaches.asset_index[i]] = reaches.probability[i], reaches.earliest_t_s[i], reaches.expected_t_s[i]
    return result


def over_zones(places: Places, reach: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probability, earliest and expected time (Z,) from those per asset (3, A): the worst asset in each zone."""
    per_zone = np.where(places.harmed, reach[0][:, None], 0.0)
    worst = np.argmax(per_zone, axis=0)
    zones = np.arange(per_zone.shape[1])
    probability = per_zone[worst, zones]
    earliest = np.where(probability > 0.0, reach[1][worst], np.nan)
    expected = np.where(probability > 0.0, reach[2][worst], np.nan)
    return probability, earliest, expected


def flyer_dangers(
    settings: WarnSettings,
    places: Places,
    reach: dict[int, FloatArray],
    table: TrackTable,
    identities: IdentityTable,
    now_s: float,
) -> list[Dangers]:
    """Tracks that may reach an asset, as dangers to the zones that a strike on it harms."""
    if not reach or not places.assets or not places.zone_id:
        return []
    row_of = {int(i): k for k, i in enumerate(table.track_id)}
    ids = [i for i in sorted(reach) if i in row_of]
    rows = np.array([row_of[i] for i in ids], dtype=np.int64)
    flies = 1.0 - identities.probability[rows][:, list(BALLISTIC)].sum(axis=1)
    weight = identities.hostile[rows] * flies * table.existence[rows]
    parts = [over_zones(places, reach[i]) for i in ids]
    keep = [k for k in range(len(ids)) if (weight[k] * parts[k][0]).max() >= settings.clear_probability]
    if not keep:
        return []
    probability = np.array([weight[k] * parts[k][0] for k in keep])
    earliest, expected = np.array([parts[k][1] for k in keep]), np.array([parts[k][2] for k in keep])
    pressing = earliest - now_s <= settings.reach_need_s
    none, all_of = np.zeros(len(keep), dtype=np.bool_), np.ones(len(keep), dtype=np.bool_)
    track_id = np.array([ids[k] for k in keep], dtype=np.int64)
    return [Dangers(track_id, ("reach",) * len(keep), none, probability, expected, pressing, all_of)]


def hear(
    settings: WarnSettings, places: Places, sightings: tuple[Sighting, ...], reports: ReportTable
) -> tuple[tuple[Sighting, ...], tuple[str, ...]]:
    """Sightings after a batch of reports, and the evidence by which any were closed."""
    kept, evidence = list(sightings), []
    for r, kind in enumerate(reports.kind):
        if kind != "sighting":
            continue
        place = reports.position_m[r, :2]
        sigma = float(reports.sigma_m[r]) if reports.sigma_m[r] > 0.0 else 500.0  # a person's guess of a place
        if closing_claim(reports.claim[r]):
            before = len(kept)
            kept = [s for s in kept if not _answers(settings, s, reports, r)]
            evidence += [f"{reports.claim[r]} ({reports.source[r]})"] * (len(kept) < before)
        elif np.isfinite(place).all():
            spread = (sigma**2 * np.eye(2))[None]
            mass = mass_over_zones(places, place[None], spread, settings.sighting_radius_m)[0]
            new = Sighting(float(reports.t_s[r]), reports.source[r], reports.id[r], place.copy(), sigma, mass)
            kept = [s for s in kept if not (s.id and s.id == new.id and s.source == new.source)] + [new]
    return tuple(kept), tuple(evidence)


def _answers(settings: WarnSettings, sighting: Sighting, reports: ReportTable, r: int) -> bool:
    """Whether a closing report is about this sighting: the same thing of the same source, or the same place."""
    if sighting.id and reports.id[r] == sighting.id:
        return True
    place = reports.position_m[r, :2]
    near = settings.sighting_radius_m + 2.0 * sighting.sigma_m
    return bool(np.isfinite(place).all()) and float(np.hypot(*(place - sighting.position_m))) <= near


def sighting_dangers(settings: WarnSettings, sightings: tuple[Sighting, ...]) -> list[Dangers]:
    """What people saw, as dangers without a time."""
    if not sightings:
        return []
    probability = np.array([settings.sighting_true * s.mass for s in sightings])
    size = len(sightings)
    flags, yes = np.zeros(size, dtype=np.bool_), np.ones(size, dtype=np.bool_)
    unknown = np.full(probability.shape, np.nan)
    pressing = np.ones(probability.shape, dtype=np.bool_)
    ids = np.zeros(size, dtype=np.int64)
    return [Dangers(ids, ("sighting",) * size, flags, probability, unknown, pressing, yes)]
