"""What identification remembers of each track that has not ended: rows of arrays, found by the track's id."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.kernels.identity import SUMMARIES, match_slots, open_slots
from tocsin.records.arrays import BoolArray, FloatArray, IntArray
from tocsin.records.identities import CLASSES
from tocsin.records.tracks import TrackEnd

__all__ = ["Memory", "empty_memory", "slots_for"]

FIRST_ROOM = 64
COLUMNS = ("summary", "known", "sightings", "sighted_s", "quiet_s", "quiet_to_s", "dismissed", "reopened")


@dataclass(slots=True)
class Memory:
    """n living tracks, listed or not, in N slots. A track keeps its slot until it ends; the arrays are used again."""

    track_id: IntArray  # (n,) ascending
    slot: IntArray  # (n,)
    free: list[int]  # slots that nobody holds
    summary: FloatArray  # (N, SUMMARIES)
    known: FloatArray  # (N, C) class probabilities from kinematics and RCS
    sightings: FloatArray  # (N,) reports by people that bear on the track, as they weighed at `sighted_s`
    sighted_s: FloatArray  # (N,)
    quiet_s: FloatArray  # (N,) for how long the risk has been below the threshold without a break
    quiet_to_s: FloatArray  # (N,) the time to which that is counted, -inf: not seen yet
    dismissed: BoolArray  # (N,)
    reopened: IntArray  # (N,) how often it has been taken up again
    sighted: bool = False  # a sighting has come up in the run: before that no column of weights need be read


def empty_memory() -> Memory:
    """Of nobody."""
    nobody, none = np.empty(0, dtype=np.int64), np.zeros(0)
    known, nothing = np.zeros((0, len(CLASSES))), np.zeros(0, dtype=np.bool_)
    return Memory(nobody, nobody, [], np.zeros((0, SUMMARIES)), known, none, none, none, none, nothing, nobody)


def _make_room(memory: Memory, need: int) -> None:
    """Grow until `need` slots are free, and by half at least, so that growing costs little in all."""
    old = memory.known.shape[0]
    extra = max(need, old // 2, FIRST_ROOM)
    for name in COLUMNS:
        column = getattr(memory, name)
        setattr(memory, name, np.concatenate([column, np.zeros((extra, *column.shape[1:]), dtype=column.dtype)]))
    memory.free[:0] = range(old + extra - 1, old - 1, -1)


def _forget(memory: Memory, ended: tuple[TrackEnd, ...]) -> None:
    stays = np.ones(memory.track_id.size, dtype=np.bool_)
    for end in ended:
        stays[memory.track_id == end.track_id] = False
    memory.free.extend(memory.slot[~stays].tolist())
    memory.track_id, memory.slot = memory.track_id[stays], memory.slot[stays]


def _take_in(memory: Memory, fresh: IntArray, prior: FloatArray) -> IntArray:
    """Slots (k,) for tracks that were not known, ids ascending; nothing is known of them but the prior."""
    if len(memory.free) < fresh.size:
        _make_room(memory, fresh.size)
    taken = np.array([memory.free.pop() for _ in range(fresh.size)], dtype=np.int64)
    open_slots(
        prior,
        taken,
        memory.summary,
        memory.known,
        memory.sightings,
        memory.sighted_s,
        memory.quiet_s,
        memory.quiet_to_s,
        memory.reopened,
        memory.dismissed,
    )
    ids, slots = np.concatenate((memory.track_id, fresh)), np.concatenate((memory.slot, taken))
    order = np.argsort(ids)
    memory.track_id, memory.slot = ids[order], slots[order]
    return taken


def slots_for(memory: Memory, track_id: IntArray, ended: tuple[TrackEnd, ...], prior: FloatArray) -> IntArray:
    """The slots (T,) of the listed tracks, ids ascending; those that are new get one, those that ended lose theirs."""
    if ended:
        _forget(memory, ended)
    slot = np.empty(track_id.size, dtype=np.int64)
    if match_slots(memory.track_id, memory.slot, track_id, slot):
        new = slot < 0
        slot[new] = _take_in(memory, track_id[new], prior)
    return slot
