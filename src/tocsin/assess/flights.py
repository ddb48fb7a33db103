"""Which tracks are one flight: a track that was lost and found again under another id is assessed once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.frames import length
from tocsin.records.arrays import FloatArray
from tocsin.records.engagement import Shot
from tocsin.records.identities import BALLISTIC, CLASSES
from tocsin.records.outcomes import Observed

__all__ = ["Flight", "Forecast", "flights_of"]

GAP_MAX_S = 20.0
"""A new track may continue one that was last seen so long ago: a dozen revisits of a slow radar. Longer gaps (a drone
behind a ridge) are left open: two flights, each undecided, are more honest than a guess."""

SPEED_CHANGE_MAX = 0.3
"""And its velocity differs by no more than this share, plus the noise of both tracks: a fragment is far slower."""

SPEED_NOISE_MPS = 10.0  # a turn or gust between the two
SPEED_NOISE_MAX_SHARE = 1.0  # a track that does not know its own speed fits anything, and so counts for no more than so
BURST_BEFORE_S = 3.0
DRIFT_SHARE = 0.3  # of the way flown in the gap: a turn or a change of speed
PLACE_NOISE_SIGMA = 3.0
LAST_ROWS = 10  # the class of a flight is the mean of so many last rows


@dataclass(frozen=True, slots=True)
class Forecast:
    """One impact forecast."""

    t_s: float
    impact_t_s: float
    sigma_s: float
    position_m: FloatArray  # (3,)
    covariance: FloatArray  # (2, 2)


@dataclass(frozen=True, slots=True)
class Flight:
    """All that was seen of one flight, in order of time."""

    track_ids: tuple[int, ...]
    t_s: FloatArray  # (n,)
    state: FloatArray  # (n, 6)
    sigma_m: FloatArray  # (n,)
    hostile: float  # largest over its life
    classification: str
    ballistic: bool
    forecasts: tuple[Forecast, ...]
    shots: tuple[Shot, ...]
    end_rule: str  # of the last track's end, "" while it lives


def flights_of(observed: Observed) -> tuple[Flight, ...]:
    """Chains of tracks, in order of their first track's id."""
    tracks = observed.tracks
    rows = {int(i): np.nonzero(tracks.track_id == i)[0] for i in np.unique(tracks.track_id)}
    chain = {track_id: track_id for track_id in rows}
    for later in sorted(rows, key=lambda i: (float(tracks.t_s[rows[i][0]]), i)):
        earlier = _continued(observed, rows, later)
        if earlier:
            chain[later] = chain[earlier]
    for end in observed.ends:
        if end.merged_into in chain and end.track_id in chain:
            old, new = chain[end.track_id], chain[end.merged_into]
            chain = {track_id: new if root == old else root for track_id, root in chain.items()}
    members: dict[int, list[int]] = {}
    for track_id in sorted(chain):
        members.setdefault(chain[track_id], []).append(track_id)
    flights = [_flight(observed, tuple(ids), np.concatenate([rows[i] for i in ids])) for ids in members.values()]
    return tuple(sorted(flights, key=lambda flight: flight.track_ids))


def _continued(observed: Observed, rows: dict[int, np.ndarray[tuple[int], np.dtype[np.int64]]], later: int) -> int:
    """The track that `later` continues, 0 for none: the nearest that fits in place and velocity."""
    tracks = observed.tracks
    first = rows[later][0]
    best, nearest = 0, np.inf
    for earlier, its in rows.items():
        last = its[-1]
        gap = float(tracks.t_s[first] - tracks.t_s[last])
        if earlier == later or not 0.0 < gap <= GAP_MAX_S:
            continue
        before, after = tracks.state[last], tracks.state[first]
        speed = float(length(before[3:]))
        expected = before[:3] + 0.5 * (before[3:] + after[3:]) * gap
        distance = float(length(after[:3] - expected))
        noise = float(tracks.position_sigma_m[last] + tracks.position_sigma_m[first])
        unsure = float(np.hypot(tracks.speed_sigma_mps[last], tracks.speed_sigma_mps[first]))
        if _burst_between(observed, earlier, float(tracks.t_s[last]), float(tracks.t_s[first])):
            unsure = 0.0
        allowed = SPEED_NOISE_MPS + min(PLACE_NOISE_SIGMA * unsure, SPEED_NOISE_MAX_SHARE * speed)
        change = float(length(after[3:] - before[3:] + [0.0, 0.0, _fall(observed, earlier, gap)]))
        fits = change <= SPEED_CHANGE_MAX * speed + allowed
        if fits and distance <= PLACE_NOISE_SIGMA * noise + DRIFT_SHARE * speed * gap and distance < nearest:
            best, nearest = earlier, distance
    return best


def _burst_between(observed: Observed, track_id: int, last_t_s: float, first_t_s: float) -> bool:
    """Whether a burst at the earlier track arrived about then: what is new may be a fragment and must fit by itself."""
    shots = (shot for shot in observed.shots or () if shot.track_id == track_id)
    return any(last_t_s - BURST_BEFORE_S <= shot.t_effect_s <= first_t_s for shot in shots)


def _fall(observed: Observed, track_id: int, gap_s: float) -> float:
    """Vertical speed that gravity adds in a gap, if the track is forecast to strike."""
    return 9.80665 * gap_s if np.any(observed.forecasts.track_id == track_id) else 0.0


def _flight(observed: Observed, track_ids: tuple[int, ...], rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Flight:
    tracks, table = observed.tracks, observed.forecasts
    rows = rows[np.argsort(tracks.t_s[rows], kind="stable")]
    probability = np.mean(tracks.probability[rows[-LAST_ROWS:]], axis=0)
    forecasts = tuple(
        Forecast(
            float(table.t_s[i]),
            float(table.impact_t_s[i]),
            float(table.impact_t_sigma_s[i]),
            table.position_m[i],
            table.covariance[i],
        )
        for i in np.nonzero(np.isin(table.track_id, track_ids))[0]
    )
    rules = {end.track_id: end.rule for end in observed.ends}
    shots = sorted(
        (s for s in observed.shots or () if s.track_id in track_ids), key=lambda s: (s.t_effect_s, s.shot_id)
    )
    return Flight(
        track_ids=track_ids,
        t_s=tracks.t_s[rows],
        state=tracks.state[rows],
        sigma_m=tracks.position_sigma_m[rows],
        hostile=float(np.max(tracks.hostile[rows])),
        classification=CLASSES[int(np.argmax(probability))],
        ballistic=bool(forecasts) and float(np.sum(probability[list(BALLISTIC)])) >= 0.5,
        forecasts=forecasts,
        shots=tuple(shots),
        end_rule=rules.get(int(tracks.track_id[rows[-1]]), ""),
    )
