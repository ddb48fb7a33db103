"""One caller at a time: a second one is told at once."""

from __future__ import annotations

import threading
from types import TracebackType

from tocsin.errors import ConcurrentUse

__all__ = ["Turn"]


class Turn:
    """A lock that nobody waits for; entering it while another thread, or a signal's handler, is inside is an error."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            problem = "another call is under way; give each thread a tracker of its own, or its scans one order"
            raise ConcurrentUse(problem)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lock.release()
