"""The statistical effector against sampling, and what decides a burst."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sensing_cases import make_site, things

from tocsin.errors import Misuse
from tocsin.formats import scenarios
from tocsin.records.engagement import EngagementOrder
from tocsin.records.scenario import EffectorSpec, EngagementSpec, Scenario
from tocsin.world.effects import Bursts, bind, burst_probability, round_probability
from tocsin.world.streams import Streams

GUN = EffectorSpec(
    id="gun", range_max_m=2000.0, dispersion_mrad=2.0, vulnerable_m2=0.5, tracking_mrad=0.0, height_m=3.0
)
SITE = make_site()
BASE = scenarios.load_builtin("bdsc-2021")
HERE = np.array([[0.0, 1000.0, 300.0]])


def scenario(gun: EffectorSpec = GUN, ideal: tuple[str, ...] = ()) -> Scenario:
    return msgspec.structs.replace(BASE, engagement=EngagementSpec(effectors=(gun,), ideal=ideal))


def order(position=(0.0, 1000.0, 300.0), t_s: float = 0.0, fire_t_s: float = math.nan) -> EngagementOrder:
    return EngagementOrder(t_s, 1, "gun", 7, tuple(position), 75, fire_t_s)


def outcome(gun: EffectorSpec = GUN, ideal: tuple[str, ...] = (), where=HERE, velocity=(0.0, 0.0, 0.0), seed: int = 0):
    bursts = Bursts(scenario(gun, ideal), SITE, Streams(seed, "effects"))
    truth = things(where, velocity, kind="fixed_wing")
    pending = bursts.take(order(where[0]), truth)
    bursts.fire(pending, truth)
    later = things(where + np.array(velocity) * pending.shot.t_effect_s, velocity, t_s=pending.shot.t_effect_s)
    return bursts.effect(pending, later)


@pytest.mark.parametrize(("range_m", "miss_m"), [(500.0, 0.0), (1000.0, 0.0), (1000.0, 3.0), (1500.0, 5.0)])
def test_one_rounds_probability_is_that_of_sampled_rounds(range_m: float, miss_m: float) -> None:
    n = 400_000
    rounds = np.random.default_rng(1).normal((miss_m, 0.0), 2e-3 * range_m, (n, 2))
    hits = int(np.sum(np.hypot(*rounds.T) ** 2 <= 0.5 / math.pi))
    assert stats.binomtest(hits, n, round_probability(GUN, range_m, miss_m)).pvalue > 1e-4


def test_without_offset_it_is_the_carleton_free_closed_form() -> None:
    sigma = 2.0
    assert round_probability(GUN, 1000.0, 0.0) == pytest.approx(-math.expm1(-0.5 / (2 * math.pi * sigma**2)), rel=1e-12)
    assert round_probability(GUN, 1000.0, math.inf) == 0.0


@given(st.floats(0.0, 1.0), st.integers(1, 500))
def test_a_burst_is_at_least_one_of_independent_rounds(single: float, rounds: int) -> None:
    assert burst_probability(single, rounds) == pytest.approx(1.0 - (1.0 - single) ** rounds, abs=1e-12)


def test_the_outcome_is_drawn_with_the_logged_probability() -> None:
    effects = [outcome(seed=seed) for seed in range(400)]
    probability = effects[0].burst_probability
    assert 0.2 < probability < 0.95
    assert {e.burst_probability for e in effects} == {probability}
    assert stats.binomtest(sum(e.success for e in effects), len(effects), probability).pvalue > 1e-4
    assert {e.cause for e in effects} == {"hit", "dispersion"}
    assert effects[0].miss_m == pytest.approx(0.0, abs=1e-9)
    assert effects[0].range_m == pytest.approx(math.dist(HERE[0], (0.0, 0.0, 3.0)))


def test_out_of_reach_is_geometry_unless_that_is_ideal() -> None:
    far = np.array([[0.0, 2500.0, 300.0]])
    assert (outcome(where=far).cause, outcome(where=far).burst_probability) == ("geometry", 0.0)
    assert outcome(where=far, ideal=("geometry",)).cause in ("hit", "dispersion")
    steep = np.array([[0.0, 1.0, 1500.0]])
    assert outcome(where=steep).cause == "geometry"
    behind = np.array([[0.0, 1000.0, -5.0]])
    assert outcome(where=behind).cause == "geometry"


def test_ideal_dispersion_always_hits_and_changes_no_draw() -> None:
    effects = [(outcome(seed=s), outcome(ideal=("dispersion",), seed=s)) for s in range(30)]
    assert all(ideal.success and ideal.cause == "hit" for _, ideal in effects)
    assert all(real.drawn == ideal.drawn for real, ideal in effects)


def test_an_order_for_nothing_near_hits_nothing() -> None:
    bursts = Bursts(scenario(), SITE, Streams(0, "effects"))
    truth = things(HERE)
    pending = bursts.take(order((0.0, 1200.0, 300.0)), truth)
    bursts.fire(pending, truth)
    assert bursts.effect(pending, truth).cause == "no_target"


def test_the_nearest_true_thing_at_the_orders_time_is_bound() -> None:
    truth = things(np.array([[0.0, 1000.0, 300.0], [0.0, 1060.0, 300.0]]), (0.0, 100.0, 0.0), t_s=10.0)
    assert bind(order((0.0, 1055.0, 300.0), t_s=10.0), truth, 150.0) == "thing-1"
    assert bind(order((0.0, 995.0, 300.0), t_s=9.5), truth, 150.0) == "thing-1"  # half a second ago it was 50 m back
    assert bind(order((0.0, 1500.0, 300.0), t_s=10.0), truth, 150.0) == ""
    assert bind(order(), things(np.zeros((0, 3))), 150.0) == ""


@pytest.mark.parametrize(("kind", "miss_m"), [("fixed_wing", 12.0), ("rocket", 0.0)])
def test_a_turn_during_the_projectiles_flight_moves_a_craft_out_of_the_burst(kind: str, miss_m: float) -> None:
    velocity = np.array([40.0, 0.0, 0.0])
    bursts, truth = Bursts(scenario(), SITE, Streams(0, "effects")), things(HERE, velocity, kind=kind)
    pending = bursts.take(order(), truth)
    assert pending.fired_t_s == 0.5 * GUN.burst_s
    bursts.fire(pending, things(HERE + velocity * pending.fired_t_s, velocity, kind=kind))
    t = pending.shot.t_effect_s
    straight = Bursts(scenario(), SITE, Streams(0, "effects")).effect(
        pending, things(HERE + velocity * t, kind=kind, t_s=t)
    )
    turned = bursts.effect(pending, things(HERE + velocity * t - [12.0, 0.0, 0.0], kind=kind, t_s=t))
    assert straight.miss_m == pytest.approx(0.0, abs=1e-6)
    assert turned.miss_m == pytest.approx(miss_m, abs=0.1)
    assert (turned.burst_probability < 1e-3) == (miss_m > 0.0)


def test_tracking_errors_spread_the_burst_as_stated() -> None:
    gun = msgspec.structs.replace(GUN, tracking_mrad=1.5)
    misses = np.array([outcome(gun, seed=seed).miss_m for seed in range(400)])
    scale = 1.5e-3 * outcome(gun).range_m
    assert stats.kstest(misses / scale, "rayleigh").pvalue > 1e-4


def test_the_shot_tells_when_and_nothing_of_the_outcome() -> None:
    bursts = Bursts(scenario(), SITE, Streams(0, "effects"))
    shot = bursts.take(order(fire_t_s=4.0), things(HERE)).shot
    distance = math.dist(HERE[0], (0.0, 0.0, 3.0))
    assert (shot.t_s, shot.t_effect_s) == (4.0, pytest.approx(4.0 + 0.5 + distance / 1000.0))
    assert set(shot.__slots__) == {"t_s", "shot_id", "order_id", "effector_id", "track_id", "t_effect_s", "rounds"}
    with pytest.raises(Misuse, match="names no effector"):
        bursts.take(EngagementOrder(0.0, 1, "gnu", 7, (0.0, 0.0, 0.0), 75), things(HERE))


def test_what_was_hit_is_not_hit_again() -> None:
    bursts = Bursts(scenario(ideal=("dispersion",)), SITE, Streams(0, "effects"))
    truth = things(HERE, kind="fixed_wing")
    first, second = bursts.take(order(), truth), bursts.take(order(), truth)
    for pending in (first, second):
        bursts.fire(pending, truth)
    assert [bursts.effect(p, truth).cause for p in (first, second)] == ["hit", "already_down"]
