"""Raids played once for all tests that look at them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest

from tocsin.exercise.raid import Raid, play
from tocsin.formats.scenarios import load_builtin


@pytest.fixture(scope="session")
def played() -> Callable[[str, int], Raid]:
    """A finished raid by the name of its scenario and its seed."""

    @lru_cache
    def get(name: str, seed: int) -> Raid:
        return play(load_builtin(name), seed)

    return get
