"""Work on several cores. Compiled kernels run without the interpreter's lock, so threads are enough."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


@cache
def cores() -> int:
    """Cores that this process may use; `taskset --cpu-list 0` makes it one."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def pool() -> ThreadPoolExecutor:
    """The threads beside the caller's."""
    return ThreadPoolExecutor(max(cores() - 1, 1), "tocsin")


os.register_at_fork(after_in_child=pool.cache_clear)


def on_all(work: Callable[[S], T], items: list[S]) -> list[T]:
    """What `work` gives for each item, in their order; the first is done in the caller's thread."""
    if len(items) == 1:
        return [work(items[0])]
    others = [pool().submit(work, item) for item in items[1:]]
    first = work(items[0])
    return [first, *(other.result() for other in others)]
