"""Speed and accuracy beside the peers, and ours again with range rate.

The variable TOCSIN_PEER_PYTHON holds NAME=INTERPRETER, joined by commas, for peers that are installed elsewhere.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from tocsin.bench.peers import PEERS
from tocsin.bench.summary import SceneSummary, bench_scenes
from tocsin.scenes.families import make_scene
from tools.work import Work

__all__ = ["PeersProof", "prove"]

SCENES = ("uas-1000", "ballistic-20", "mixed")


@dataclass(frozen=True, slots=True)
class PeersProof:
    """Scenes without range rate beside every peer that is installed, and with it beside none."""

    scenes: tuple[SceneSummary, ...]


def prove(work: Work) -> PeersProof:
    """Trackers take turns on one scene after another, whatever the executor."""
    where = dict(pair.partition("=")[::2] for pair in os.environ.get("TOCSIN_PEER_PYTHON", "").split(",") if pair)
    peers = [(peer, where.get(peer.name, sys.executable)) for peer in PEERS]
    found = []
    for name in SCENES:
        for range_rate in (False, True):
            scenes = (make_scene(name, seed, range_rate=range_rate) for seed in work.seeds)
            found.append(bench_scenes(scenes, () if range_rate else peers, range_rate=range_rate, told=work.show))
    return PeersProof(tuple(found))
