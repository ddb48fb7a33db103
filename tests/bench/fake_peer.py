"""A stand-in for a peer: it reports every detection as a track of its own, and misbehaves when it is told to."""

from __future__ import annotations

import contextlib
import os
import sys

from tocsin.bench.peers.scenes import PeerScene, Row, cartesian


class Fake:
    def __init__(self, scene: PeerScene, way: str) -> None:
        self.scene, self.way, self.k = scene, way, -1
        self.place, _ = cartesian(scene.polar, scene.sigma)

    def prepare(self, k: int) -> None:
        self.k = k

    def step(self) -> None:
        print("what a peer prints does not reach the other side")
        if self.way == "dies" and self.k == 3:
            raise RuntimeError("no\nmore")
        if self.way == "exits" and self.k == 3:
            sys.stdout.flush()
            os._exit(5)
        while self.way == "slow" and self.k == 3:
            with contextlib.suppress(Exception):  # a peer may swallow what it likes
                sum(range(1000))

    def rows(self) -> list[Row]:
        first, last = self.scene.start[self.k], self.scene.start[self.k + 1]
        return [(j + 1, *self.place[j].tolist(), 0.0, 0.0, 0.0) for j in range(first, last)]


def build(scene: PeerScene) -> Fake:
    return Fake(scene, os.environ.get("FAKE_PEER", ""))
