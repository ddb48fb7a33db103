"""The one way in which a kernel is compiled: cached, no fastmath, IEEE division.

Grammar of a kernel's signature, kept by a check in the test run: constant setup first, then inputs, then outputs. A
parameter whose name ends in `_out` is written and not read before it is written; one that ends in `_io` is read and
written; no other parameter is written. No defaults, no varargs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

from tocsin._cache import cache_folder

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` on its first call and keep the machine code on disk."""
    setattr(numba.config, "CACHE_DIR", cache_folder(function.__module__))  # noqa: B010 - numba types no settings
    compiled = numba.njit(cache=True, fastmath=False, error_model="numpy", nogil=True)(function)
    return cast("Callable[P, R]", compiled)
