"""Cooperative claims: which track sends them, and does the radar support what they say.

For each broadcasting identity there are, for each track near it, two accounts: "this track sends it, truthfully" and
"this track sends it and is elsewhere" (a false position flies the same velocity at an offset). Both are weighed against
"something else sends it" by log likelihood ratios that add up over time, discounted for the time over which the errors
of a track and of a receiver are alike. The shares of all accounts of one claim sum to one, so that competing tracks
share its credit and a follower gets none of what the leader is given. Tracks are never merged here, and no track is
bound to two claims.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tocsin.kernels.claims import claim_candidates
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.detections import ReportTable
from tocsin.records.tracks import TrackTable

__all__ = ["Bindings", "Claim", "bind", "take_reports"]

COOPERATIVE = ("adsb", "remote_id")

GATE_M = 5000.0  # a false position further off than this cannot be told from a stranger by its velocity alone
LOOKALIKE_M = 1000.0  # closer than this and at the same velocity, two tracks can be taken for one another
CANDIDATES = 8
ERROR_TIME_S = 3.0  # errors of a filtered track are alike over about this long
MEMORY_S = 60.0
LOOK_LIMIT = 6.0  # one look moves no account by more than 400:1, whatever the receiver did
TOTAL_LIMIT = 12.0
LOG_PRIOR_TRUE = 0.0
LOG_PRIOR_FALSE = -5.0  # liars are rarer than honest senders by about 150:1
FRESH_S = 5.0  # several missed broadcasts (ADS-B: two a second; Remote ID: one); older claims lose credit
FADE_S = 10.0
FORGET_S = 60.0
ANCHOR_S = 4.0  # base line over which two positions give a velocity
TOP_SPEED_MPS = {"adsb": 350.0, "remote_id": 90.0}  # faster broadcasts are kinematically absurd for the kind
BIND_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Claim:
    """One broadcasting identity: what it said last, and what each track near it makes of that."""

    kind: str
    id: str
    t_s: float
    position_m: tuple[float, float, float]
    sigma_m: float
    velocity_mps: tuple[float, float]  # NaN until two positions lie ANCHOR_S apart
    velocity_sigma_mps: float
    anchor: tuple[float, float, float]  # t, east, north: the older end of the base line
    next_anchor: tuple[float, float, float]
    absurd: bool  # its own positions imply an impossible speed
    accounts: tuple[tuple[int, float, float, bool], ...]  # track_id, log ratio true, log ratio false, lookalike


@dataclass(frozen=True, slots=True)
class Bindings:
    """Per track (T rows): the claim bound to it and what it is worth."""

    claim: dict[int, Claim]  # by row
    bound: BoolArray  # (T,)
    true_share: FloatArray  # (T,) probability that the track sends the claim and the radar supports it
    false_share: FloatArray  # (T,) probability that it sends a false one
    lookalike: BoolArray  # (T,)
    heard: bool  # some claim may bear on some track; without it all rows are empty


def _moved(claim: Claim, t_s: float, position: FloatArray, sigma_m: float) -> Claim:
    """The claim after one more position: velocity over a base line of at least ANCHOR_S."""
    east_m, north_m, up_m = (float(v) for v in position)
    anchor, following = claim.anchor, claim.next_anchor
    if t_s - following[0] >= ANCHOR_S:
        anchor, following = following, (t_s, east_m, north_m)
    base = t_s - anchor[0]
    velocity, sigma = (math.nan, math.nan), math.nan
    absurd = claim.absurd
    if base >= ANCHOR_S:
        velocity = ((east_m - anchor[1]) / base, (north_m - anchor[2]) / base)
        # A turn of up to 3 m/s² within half the base line is not an error of the claim.
        sigma = math.hypot(math.sqrt(2.0) * sigma_m / base, 0.5)
        absurd = math.hypot(*velocity) - 3.0 * sigma > TOP_SPEED_MPS[claim.kind]
    return replace(
        claim,
        t_s=t_s,
        position_m=(east_m, north_m, up_m),
        sigma_m=sigma_m,
        velocity_mps=velocity,
        velocity_sigma_mps=sigma,
        anchor=anchor,
        next_anchor=following,
        absurd=absurd,
    )


def _new_claim(kind: str, name: str, t_s: float, position: FloatArray, sigma_m: float) -> Claim:
    point = (t_s, float(position[0]), float(position[1]))
    where = (float(position[0]), float(position[1]), float(position[2]))
    nowhere = (math.nan, math.nan)
    return Claim(kind, name, t_s, where, sigma_m, nowhere, math.nan, point, point, False, ())


def _usable(reports: ReportTable, r: int) -> bool:
    finite = np.isfinite(reports.t_s[r]) and np.isfinite(reports.position_m[r, :2]).all()
    return reports.kind[r] in COOPERATIVE and bool(finite)


def take_reports(
    claims: tuple[Claim, ...], reports: ReportTable, table: TrackTable, alive: IntArray
) -> tuple[Claim, ...]:
    """Claims after one batch of reports, in order of (kind, id); those silent for FORGET_S are dropped.

    `alive`: ids, ascending, of all tracks that have not ended. One that is not listed for the moment keeps its account,
    so that no follower is given its credit meanwhile.
    """
    if not claims and not reports.kind:
        return claims
    known = {(c.kind, c.id): c for c in claims if table.t_s - c.t_s <= FORGET_S}
    fresh: dict[tuple[str, str], tuple[Claim, float]] = {}
    for r in range(len(reports.kind)):
        if not _usable(reports, r):
            continue
        key = (reports.kind[r], reports.id[r] or f"anonymous at {reports.source[r]}")
        t_s, position = float(reports.t_s[r]), reports.position_m[r]
        sigma_m = float(reports.sigma_m[r]) if reports.sigma_m[r] > 0.0 else 50.0  # not given: a civil receiver's worst
        old = known.get(key)
        if old is not None and t_s <= old.t_s:
            continue
        silent_s = math.inf if old is None else t_s - old.t_s
        new = _new_claim(*key, t_s, position, sigma_m) if old is None else _moved(old, t_s, position, sigma_m)
        known[key] = new
        fresh[key] = (new, silent_s + (fresh[key][1] if key in fresh else 0.0))
    if fresh and table.track_id.size:
        known.update(_weighed(fresh, table, alive))
    return tuple(known[key] for key in sorted(known))


def _weighed(
    fresh: dict[tuple[str, str], tuple[Claim, float]], table: TrackTable, alive: IntArray
) -> dict[tuple[str, str], Claim]:
    """The claims that just spoke, their accounts moved by one look at the tracks."""
    claims = [claim for claim, _ in fresh.values()]
    index = np.empty((len(claims), CANDIDATES), dtype=np.int64)
    true, false = np.empty(index.shape), np.empty(index.shape)
    near = np.empty(index.shape, dtype=np.bool_)
    claim_candidates(
        GATE_M,
        LOOKALIKE_M,
        table.t_s,
        table.state,
        table.covariance,
        np.array([c.t_s for c in claims]),
        np.array([c.position_m for c in claims]),
        np.array([c.sigma_m for c in claims]),
        np.array([c.velocity_mps for c in claims]),
        np.array([c.velocity_sigma_mps for c in claims]),
        index,
        true,
        false,
        near,
    )
    return {
        key: replace(
            claim,
            accounts=_accounts(claim, silent_s, table.track_id, index[r], true[r], false[r], near[r])
            + _unlisted(claim, silent_s, table.track_id, alive),
        )
        for r, (key, (claim, silent_s)) in enumerate(fresh.items())
    }


def _has(ids: IntArray, track_id: int) -> bool:
    """Whether an ascending list of ids holds one."""
    at = int(np.searchsorted(ids, track_id))
    return at < ids.size and int(ids[at]) == track_id


def _unlisted(
    claim: Claim, silent_s: float, listed: IntArray, alive: IntArray
) -> tuple[tuple[int, float, float, bool], ...]:
    """Accounts of tracks that live on but are not listed now: they fade as all do, and no look moves them."""
    keep = math.exp(-min(silent_s, 1e3) / MEMORY_S)
    return tuple(
        (track_id, keep * true, keep * false, near)
        for track_id, true, false, near in claim.accounts
        if not _has(listed, track_id) and _has(alive, track_id)
    )


def _accounts(
    claim: Claim, silent_s: float, ids: IntArray, index: IntArray, true: FloatArray, false: FloatArray, near: BoolArray
) -> tuple[tuple[int, float, float, bool], ...]:
    """Accounts after one look. A look counts tanh(dt/2τ) of a whole one: the information of AR(1) errors."""
    before = {account[0]: account for account in claim.accounts}
    keep = math.exp(-min(silent_s, 1e3) / MEMORY_S)
    weight = math.tanh(min(silent_s, 1e3) / (2.0 * ERROR_TIME_S))
    kept: list[tuple[int, float, float, bool]] = []
    for k in range(index.size):
        if index[k] < 0:
            break
        track_id = int(ids[index[k]])
        look_true, look_false = _within(float(true[k]), LOOK_LIMIT), _within(float(false[k]), LOOK_LIMIT)
        if claim.absurd:
            look_true = -LOOK_LIMIT
        old = before.get(track_id)
        if old is not None:
            look_true = keep * old[1] + weight * look_true
            look_false = keep * old[2] + weight * look_false
        kept.append((track_id, _within(look_true, TOTAL_LIMIT), _within(look_false, TOTAL_LIMIT), bool(near[k])))
    return tuple(kept)


def _within(value: float, limit: float) -> float:
    return min(max(value, -limit), limit)


def _shares(claim: Claim, t_s: float) -> dict[int, tuple[float, float, bool]]:
    """Share of each account of one claim: true, false, lookalike. Old claims fade; "something else" has weight 1."""
    weights = [
        (i, math.exp(LOG_PRIOR_TRUE + true), math.exp(LOG_PRIOR_FALSE + false), near)
        for i, true, false, near in claim.accounts
    ]
    total = 1.0 + sum(true + false for _, true, false, _ in weights)
    fade = math.exp(-max(0.0, t_s - claim.t_s - FRESH_S) / FADE_S)
    return {i: (fade * true / total, false / total, near) for i, true, false, near in weights}


def bind(claims: tuple[Claim, ...], table: TrackTable) -> Bindings:
    """One claim for a track and one track for a claim, best shares first; the rest stay unbound."""
    size = table.track_id.size
    if not claims:
        nobody, nothing = np.zeros(size, np.bool_), np.zeros(size)
        return Bindings({}, nobody, nothing, nothing, nobody, False)
    claim_of: dict[int, Claim] = {}
    true, false, lookalike = np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.bool_)
    named = sorted({account[0] for claim in claims for account in claim.accounts})
    at = np.searchsorted(table.track_id, named)
    row_of = {i: k for i, k in zip(named, at.tolist(), strict=True) if k < size and table.track_id[k] == i}
    offers: list[tuple[float, int, int, float, float]] = []
    for c, claim in enumerate(claims):
        shares = _shares(claim, table.t_s)
        for track_id, (share_true, share_false, _) in shares.items():
            if track_id in row_of and share_true + share_false >= 0.02:
                offers.append((-(share_true + share_false), c, row_of[track_id], share_true, share_false))
        # A track that is not listed for the moment can still be taken for one that is.
        alike = [i for i, (share_true, _, near) in shares.items() if near or share_true >= 0.02]
        if len(alike) > 1:
            lookalike[[row_of[i] for i in alike if i in row_of]] = True
    spoken_for: set[int] = set()
    for share, c, row, share_true, share_false in sorted(offers):
        if c not in spoken_for and row not in claim_of and -share >= BIND_SHARE:
            spoken_for.add(c)
            claim_of[row], true[row], false[row] = claims[c], share_true, share_false
    bound = np.zeros(size, dtype=np.bool_)
    bound[list(claim_of)] = True
    return Bindings(claim_of, bound, true, false, lookalike, True)
