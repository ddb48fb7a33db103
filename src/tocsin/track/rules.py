"""What does not change while the tracker runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from tocsin.kernels import coverage
from tocsin.kernels.births import Birth
from tocsin.kernels.motion import Motion
from tocsin.records.arrays import FloatArray
from tocsin.records.tracks import TrackSettings

__all__ = ["Rules"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the tracker runs. Each default is argued in docs/why/tracking.md."""

    motion: Motion
    birth: Birth
    settings: TrackSettings
    terrain_head: FloatArray  # (3,)
    terrain_level: FloatArray
    gate: float = 25.0  # squared, on up to four rows: a detection of the target falls outside once in 20,000
    lifetime_s: float = 400.0  # mean time after which a target is gone for reasons of its own
    tentative_loss: float = 0.04  # two misses at detection probability 0.8
    first_sky: float = 0.3  # share of the first scan's detections that are taken for targets
    arrivals_before: float = 0.3  # arrivals in arrivals_time_s that are taken for known before any was seen
    arrivals_time_s: float = 6.0
    confirm_hits: int = 2
    clutter_rounds: int = 6  # of expectation and maximisation while nothing is known of a sensor's clutter
    confirm_own: tuple[float, float] = (0.85, 0.7)  # purity, of a ballistic one: see lifecycle.find_sure
    associator: str = "belief"  # of track.associators.ASSOCIATORS
    masks: dict[int, coverage.Mask] = field(default_factory=dict)  # by sensor, made when it is first heard
