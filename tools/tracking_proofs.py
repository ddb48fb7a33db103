"""The large proofs of the tracker alone, as `python -m tocsin.study` runs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tocsin.bench.bound import BoundStudy, scan_errors
from tocsin.bench.memory import MemoryStudy, measure
from tocsin.bench.peers import PEERS
from tocsin.bench.scaling import ScalingStudy, scaling
from tocsin.bench.summary import SceneSummary, summarise
from tocsin.bench.tracking import bench_scene
from tocsin.scenes.families import make_scene
from tocsin.study.clutter import ClutterStudy, Sky, clutter_study
from tocsin.study.consistency import ConsistencyStudy, consistency

__all__ = [
    "BoundProof",
    "ConsistencyProof",
    "PeersProof",
    "ScalingProof",
    "prove_bound",
    "prove_clutter",
    "prove_consistency",
    "prove_memory",
    "prove_peers",
    "prove_scaling",
]

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Straight flight, of which the claim is made, the same in gusts, and manoeuvring; with range rate and without."""

    straight: tuple[ConsistencyStudy, ...]
    gusty: tuple[ConsistencyStudy, ...]
    manoeuvring: tuple[ConsistencyStudy, ...]


def prove_consistency(seeds: Sequence[int], kept: Path, show: Show) -> ConsistencyProof:
    """Average normalised error squared in windows of the life of confirmed tracks, of three families."""

    def studied(scene: str) -> tuple[ConsistencyStudy, ...]:
        show(scene)
        return tuple(consistency(scene, seeds, range_rate=range_rate) for range_rate in (True, False))

    kept.write_bytes(b"")
    return ConsistencyProof(studied("straight-100"), studied("gusty-100"), studied("uas-200"))


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


@dataclass(frozen=True, slots=True)
class BoundProof:
    """Straight flight with and without range rate."""

    studies: tuple[BoundStudy, ...]


def prove_bound(seeds: Sequence[int], kept: Path, show: Show) -> BoundProof:
    """Errors of tracks of `straight-100` over scans, beside the posterior Cramér-Rao bound."""
    kept.write_bytes(b"")
    studies = []
    for range_rate in (True, False):
        show(f"straight-100, {'with' if range_rate else 'without'} range rate")
        studies.append(scan_errors("straight-100", seeds, range_rate=range_rate))
    return BoundProof(tuple(studies))


@dataclass(frozen=True, slots=True)
class PeersProof:
    """Scenes without range rate beside every peer that is installed, and with it beside none."""

    scenes: tuple[SceneSummary, ...]


PEER_SCENES = ("uas-1000", "ballistic-20", "mixed")


def prove_peers(seeds: Sequence[int], kept: Path, show: Show) -> PeersProof:
    """Speed and accuracy beside the peers, and ours again with range rate.

    The variable TOCSIN_PEER_PYTHON holds NAME=INTERPRETER, joined by commas, for peers that are installed elsewhere.
    """
    kept.write_bytes(b"")
    where = dict(pair.partition("=")[::2] for pair in os.environ.get("TOCSIN_PEER_PYTHON", "").split(",") if pair)
    peers = [(peer, where.get(peer.name, sys.executable)) for peer in PEERS]
    found = []
    for name in PEER_SCENES:
        for range_rate in (False, True):
            figures, absent, seconds = [], [], 0.0
            for seed in seeds:
                scene = make_scene(name, seed, range_rate=range_rate)
                new, missing = bench_scene(scene, () if range_rate else peers, told=show)
                figures += new
                absent += missing
                seconds = scene.radar.scans * scene.radar.scan_period_s
            found.append(summarise(figures, absent, seconds=seconds, range_rate=range_rate))
    return PeersProof(tuple(found))
