"""The large proofs of the tracker alone, as `python -m tocsin.study` runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin.study.clutter import ClutterStudy, Sky, clutter_study
from tocsin.study.consistency import ConsistencyStudy, consistency
from tocsin.study.memory import MemoryStudy, measure
from tocsin.study.scaling import ScalingStudy, scaling

__all__ = ["prove_clutter", "prove_consistency", "prove_memory", "prove_scaling"]

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Straight flight, of which the claim is made, and manoeuvring; each with range rate and without."""

    straight: tuple[ConsistencyStudy, ...]
    manoeuvring: tuple[ConsistencyStudy, ...]


def prove_consistency(seeds: Sequence[int], kept: Path, show: Show) -> ConsistencyProof:
    """Average normalised error squared of `straight-100` and `uas-200`, in windows of the life of confirmed tracks."""
    studies = {}
    for scene in ("straight-100", "uas-200"):
        for range_rate in (True, False):
            show(f"{scene}, {'with' if range_rate else 'without'} range rate")
            studies[scene, range_rate] = consistency(scene, seeds, range_rate=range_rate)
    kept.write_bytes(b"")
    return ConsistencyProof(
        tuple(studies["straight-100", r] for r in (True, False)), tuple(studies["uas-200", r] for r in (True, False))
    )


def prove_clutter(seeds: Sequence[int], kept: Path, show: Show) -> ClutterStudy:
    """False tracks in an empty sky, and how soon drones are confirmed at the same settings; the trade-off curve."""
    lines = kept.read_bytes().splitlines() if kept.exists() else []
    with kept.open("ab") as stream:
        count = 0

        def done(sky: Sky) -> None:
            nonlocal count
            count += 1
            stream.write(msgspec.json.encode(sky) + b"\n")
            stream.flush()
            show(f"{count} skies; seed {sky.seed} at {sky.confirm_existence}: {sky.false_tracks} false")

        known = [msgspec.json.decode(line, type=Sky) for line in lines]
        curve = seeds[: max(1, len(seeds) // 5)]
        return clutter_study(seeds, curve, known=known, done=done)


@dataclass(frozen=True, slots=True)
class ScalingProof:
    """Constant density with one radar, whose ambiguity grows with range; and with angles scaled so that it does not."""

    studies: tuple[ScalingStudy, ...]


def prove_scaling(seeds: Sequence[int], kept: Path, show: Show) -> ScalingProof:
    """Cost of a scan at constant density, 200 to 20,000 targets, each size run once for each seed's pass."""
    kept.write_bytes(b"")
    return ScalingProof(
        tuple(scaling(family, seeds[0], passes=len(seeds), told=show) for family in ("scaled", "density"))
    )


def prove_memory(seeds: Sequence[int], kept: Path, show: Show) -> MemoryStudy:
    """A day of 200 targets that come and go: what the state of every stage holds, hour by hour."""
    kept.write_bytes(b"")
    return measure(seeds[0], hours=24.0 if len(seeds) > 1 else 1.0, told=show)
