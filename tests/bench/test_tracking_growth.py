"""Cost against the number of targets, memory against the length of a run: samples, and the arithmetic behind."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import pytest

from tocsin.bench.memory import Size, measure, size_of
from tocsin.bench.scaling import fitted, scaling


@pytest.mark.parametrize("exponent", [0.9, 1.0, 1.5])
def test_exponent_of_a_power_law(exponent: float) -> None:
    sizes = [200.0, 1000.0, 5000.0, 20_000.0]
    found = fitted(sizes, [3.0 * n**exponent for n in sizes])
    assert found.value == pytest.approx(exponent)
    assert found.error == pytest.approx(0.0, abs=1e-9)
    assert found.steepest == pytest.approx(exponent)
    bent = fitted(sizes, [3.0 * n**exponent * (1.0 if n < 5000 else 2.0) for n in sizes])
    assert bent.steepest > bent.value > exponent
    assert bent.error > 0


def test_cost_grows_no_faster_than_the_number_of_targets() -> None:
    found = scaling("density", 5, sizes=(100, 400, 1600), passes=2)
    assert [cost.targets for cost in found.costs] == [100, 400, 1600]
    assert all(0 < cost.track_ms <= cost.advance_ms for cost in found.costs)
    assert all(cost.tracks > 0.9 * cost.targets for cost in found.costs)
    assert found.track.value < 1.2, "a quadratic part would show at once"


@dataclass
class Held:
    """Something with a bit of everything."""

    rows: dict[int, list[float]]
    array: np.ndarray
    view: np.ndarray
    queue: deque[int]


def test_size_follows_what_is_held_and_counts_it_once() -> None:
    array = np.zeros(1000)
    held = Held({1: [1.0, 2.0], 2: []}, array, array[10:], deque([1, 2, 3]))
    size = size_of(held)
    assert 8000 < size.bytes < 12_000, "the array once, its view not again"
    assert size.items == 2 + 2 + 0 + 3
    held.rows[3] = [0.0] * 500
    assert size_of(held).items == size.items + 501
    assert size_of(held).bytes > size.bytes + 4000
    assert size_of((array, array)) == Size(size_of((array,)).bytes + 8, 2)


def test_nothing_grows_with_the_length_of_the_run() -> None:
    found = measure(4, hours=0.25, samples=8)
    assert len(found.samples) == 8
    assert found.targets > 500, "they come and go"
    assert found.samples[-1].ended > found.samples[0].ended
    assert all(sample.tracks > 100 for sample in found.samples)
    assert found.state_growth < 1.1
    assert found.items_growth < 1.5
