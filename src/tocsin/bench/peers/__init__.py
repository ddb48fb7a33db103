"""Other trackers, run beside ours on the same detections, each in the set-up that suits it best.

A peer runs in a process of its own, with the interpreter that it is installed in, and is given one scan at a time. Of
this package that process loads `child`, `scenes` and the peer's runner only, which need NumPy, SciPy and the peer.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PEERS", "Peer"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A tracker that can be run beside ours."""

    name: str
    package: str  # as installed
    runner: str  # module with `build(scene) -> Runner`
    setup: str  # how it is set up, in words


PEERS = (
    Peer(
        "stonesoup",
        "stonesoup",
        "tocsin.bench.peers.stonesoup_runner",
        "extended Kalman filters, global nearest neighbour; gated by a KD-tree in metres and assigned cluster by "
        "cluster, both ours: its stock parts are slower",
    ),
    Peer(
        "pyrecest",
        "pyrecest",
        "tocsin.bench.peers.pyrecest_runner",
        "TrackManager with its global nearest neighbour; Kalman filters on converted measurements, gated by a KD-tree",
    ),
    Peer(
        "norfair",
        "norfair",
        "tocsin.bench.peers.norfair_runner",
        "Euclidean distance in metres, its optimised constant-velocity filter; it wants NumPy 1, and so an environment "
        "of its own",
    ),
)
