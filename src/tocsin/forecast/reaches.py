"""Which flying tracks could reach which asset, when, and how probably."""

from __future__ import annotations

import numpy as np

from tocsin.kernels.reach import reach_assets
from tocsin.records.arrays import FloatArray
from tocsin.records.forecasts import ReachTable
from tocsin.records.identities import BALLISTIC, CLASSES, IdentityTable
from tocsin.records.site import Asset
from tocsin.records.tracks import TrackTable

__all__ = ["reach_table"]

TOP_MPS = np.array([0.0, 0.0, 75.0, 25.0, 25.0, 260.0])
"""Highest speed by class: one-way drones fly at 50 m/s and a few faster ones at 70; multirotors and birds hardly pass
25; airliners cruise at 250."""
TURN_MPS2 = np.array([0.0, 0.0, 10.0, 6.0, 8.0, 6.0])
"""Hardest sustained turn by class: 45 degrees of bank for a fixed wing, 30 for a multirotor and an aircraft."""
CLASS_FLOOR = 0.1
"""A class counts toward a track's limits from this probability: an aircraft's speed is not granted to every drone."""
BOUND = 0.3
"""Prior probability that what flies here is bound for one of the assets, shared among them equally."""
WORTH_NAMING = 0.01
"""Pairs below this have no row: a fifth of the default at which a zone is warned."""
_AIRCRAFT = CLASSES.index("aircraft")


def reach_table(
    assets: tuple[Asset, ...], horizon_s: float, table: TrackTable, identities: IdentityTable
) -> ReachTable:
    """Pairs of a track that is rather not ballistic and an asset, whose probability is worth naming; cost T x A."""
    flying = np.flatnonzero(identities.probability[:, list(BALLISTIC)].sum(axis=1) < 0.5)
    if not assets or flying.size == 0:
        nothing = np.empty(0)
        none = np.empty(0, dtype=np.int64)
        return ReachTable(table.t_s, none, none, nothing, nothing, nothing)
    place = np.array([asset.position_m for asset in assets], dtype=np.float64)
    radius = np.array([asset.radius_m for asset in assets], dtype=np.float64)
    chance = identities.probability[flying]
    shape = (flying.size, len(assets))
    earliest, expected, probability = np.empty(shape), np.empty(shape), np.empty(shape)
    reach_assets(
        horizon_s, BOUND / len(assets), place, radius, table.state[flying], table.covariance[flying],
        _limit(chance, TOP_MPS), _limit(chance, TURN_MPS2), chance[:, _AIRCRAFT].copy(),
        earliest, expected, probability,
    )  # fmt: skip
    i, j = np.nonzero((probability >= WORTH_NAMING) & (earliest <= horizon_s))
    return ReachTable(
        t_s=table.t_s,
        track_id=table.track_id[flying[i]],
        asset_index=j.astype(np.int64),
        earliest_t_s=table.t_s + earliest[i, j],
        expected_t_s=table.t_s + expected[i, j],
        probability=probability[i, j],
    )


def _limit(chance: FloatArray, by_class: FloatArray) -> FloatArray:
    """The highest limit among the classes that a track may well be; of its likeliest flying class if none reaches
    that.
    """
    likeliest = chance[:, 2:].max(axis=1, keepdims=True)
    may_be = chance >= np.minimum(CLASS_FLOOR, likeliest)
    return np.asarray(np.where(may_be, by_class, 0.0).max(axis=1))
