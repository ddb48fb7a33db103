"""The figures of identification by hand: class densities by quadrature, claims, shares, risk and sightings."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from identify_cases import Runner, plan, reports, table_of
from scipy.integrate import quad
from scipy.stats import lognorm, norm, rice

from tocsin import identify
from tocsin.identify.claims import Bindings, Claim, bind, take_reports
from tocsin.identify.classes import DOUBT, RESIDUAL_RISK, ROWS, WEIGHTS, hostile_prior, report_factor
from tocsin.identify.densities import ERRORS, VALUES, make_densities
from tocsin.identify.memory import empty_memory, slots_for
from tocsin.identify.risk import hostile_probability
from tocsin.records.arrays import FloatArray
from tocsin.records.identities import CLASSES
from tocsin.records.tracks import TrackEnd

DENSITIES = make_densities()

# What the sources named in the classes' docstring leave open, for a median or a spread: (least, most).
SOURCED = {
    "rocket": {"speed": (120, 350), "height": (500, 3000), "rcs": (-20, -5), "energy": (250, 600)},
    "mortar": {"speed": (60, 150), "height": (400, 2500), "rcs": (-23, -10), "energy": (150, 300)},
    "fixed_wing": {"speed": (18, 50), "height": (100, 600), "rcs": (-20, -8), "energy": (100, 900)},
    "multirotor": {"speed": (4, 15), "height": (40, 120), "rcs": (-19, -8), "energy": (100, 900)},
    "bird": {"speed": (8, 16), "height": (60, 300), "rcs": (-32, -20), "energy": (100, 900)},
    "aircraft": {"speed": (60, 200), "height": (1000, 6000), "rcs": (3, 20), "energy": (100, 900)},
}
BALLISTIC = ("rocket", "mortar")


@pytest.mark.parametrize("name", CLASSES)
def test_the_figures_of_a_class_lie_within_its_sources(name: str) -> None:
    row, sourced = ROWS[name], SOURCED[name]
    median, factor, hovering, wind = row.speed
    for value, kind in ((median, "speed"), (row.height[0], "height"), (row.rcs[0], "rcs"), (row.energy[0], "energy")):
        low, high = sourced[kind]
        assert low <= value <= high, kind
    assert 1.2 <= factor <= 2.0
    assert 1.5 <= row.height[1] <= 3.5
    assert 4.0 <= row.rcs[1] <= 9.0
    assert 0.5 <= row.wander[0] <= 5.0
    assert 1.5 <= row.wander[1] <= 5.0
    assert 1.05 <= row.energy[1] <= 2.5
    assert hovering == {"multirotor": 0.3, "aircraft": 0.03}.get(name, 0.0)
    assert wind == (6.0 if name in ("fixed_wing", "bird", "aircraft") else 0.0)
    level, moving, share = row.climb
    assert (40.0 <= level <= 120.0) if name in BALLISTIC else (0.3 <= level <= 2.0)
    assert (100.0 <= moving <= 300.0) if name in BALLISTIC else (1.0 <= moving <= 15.0)
    assert 0.2 <= share <= 0.8
    mean, sd = row.fall
    assert (-13.0 <= mean <= -9.8) if name in BALLISTIC else mean == 0.0
    assert (2.0 <= sd <= 8.0) if name in BALLISTIC else (0.3 <= sd <= 1.5)


def test_exponents_doubt_and_priors_are_of_their_order() -> None:
    assert len(WEIGHTS) == 8
    assert all(0.25 <= w <= 1.5 for w in WEIGHTS)
    assert DOUBT == 0.02
    hostile = dict(zip(CLASSES, hostile_prior(), strict=True))
    assert hostile["rocket"] == hostile["mortar"] == 0.99
    assert 0.3 <= hostile["multirotor"] <= hostile["fixed_wing"] <= 0.6
    assert hostile["bird"] == 0.005  # one in two hundred
    assert 0.05 <= hostile["aircraft"] <= 0.2
    assert RESIDUAL_RISK == {"adsb": 0.01, "remote_id": 0.03}
    adsb, remote = (dict(zip(CLASSES, report_factor(k), strict=True)) for k in ("adsb", "remote_id"))
    assert adsb["aircraft"] == remote["fixed_wing"] == remote["multirotor"] == 1.0
    assert all(factor[name] == 1e-3 for factor in (adsb, remote) for name in ("rocket", "mortar", "bird"))
    assert (adsb["fixed_wing"], adsb["multirotor"], remote["aircraft"]) == (0.2, 0.02, 0.02)


def plain(feature: int) -> FloatArray:
    """A feature's densities (VALUES, ERRORS, C) before the pool's exponent."""
    return np.asarray(np.exp(DENSITIES.table[feature] / WEIGHTS[feature]))


def unfloored(feature: int) -> FloatArray:
    """The same without the hundredth that is spread evenly over the values."""
    whole = plain(feature)
    return np.asarray((whole - 0.01 * whole.mean(axis=(0, 2), keepdims=True)) / 0.99)


def node(feature: int, a: int, b: int, scales: tuple[float, float]) -> tuple[float, float]:
    """Value and error at a node of the table, by the inverse of x / (x + scale)."""
    low, per_value, least, per_error = DENSITIES.grid[feature]
    shares = low + a / per_value, least + b / per_error
    held = [min(max(share, 1e-6), 0.995) for share in shares]
    value, error = (
        scale * h / (1.0 - h) if scale else share for scale, h, share in zip(scales, held, shares, strict=True)
    )
    return value, error


def test_speed_is_a_log_normal_seen_through_errors_and_wind() -> None:
    found = unfloored(0)
    for a, b in ((1, 4), (12, 3), (20, 4), (30, 4), (40, 6), (46, 6)):
        value, error = node(0, a, b, (20.0, 3.0))
        for c, name in enumerate(CLASSES):
            median, factor, hovering, wind = ROWS[name].speed
            sd = math.hypot(error, wind)
            truth = lognorm(math.log(factor), scale=median)

            def part(u: float, truth: object = truth, sd: float = sd, value: float = value) -> float:
                x = math.exp(u)
                return float(truth.pdf(x) * x * rice.pdf(value, x / sd, scale=sd))  # type: ignore[attr-defined]

            ends = math.log(max(value - 8.0 * sd, 0.25)), math.log(value + 8.0 * sd)
            moving = quad(part, *ends, limit=300)[0]
            still = rice.pdf(value, 0.0, scale=math.hypot(error, 0.5))
            wanted = (1.0 - hovering) * moving + hovering * still
            assert found[a, b, c] == pytest.approx(wanted, rel=0.02, abs=1e-6), (name, value, error)


def test_height_is_a_log_normal_over_a_hundred_metres_seen_through_its_relative_error() -> None:
    found = unfloored(2)
    for a, b in ((8, 1), (15, 2), (25, 3), (40, 1)):
        value, error = node(2, a, b, (5.0, 0.0))
        value = math.log(600.0 * _share(2, a) / (1.0 - _share(2, a)))
        spread = math.hypot(error, 0.04)
        for c, name in enumerate(CLASSES):
            median, factor = ROWS[name].height
            truth = np.linspace(math.log(5.0), math.log(20000.0), 4001)
            mass = norm.pdf(truth, math.log(median), math.log(factor))
            wanted = np.sum(mass * norm.pdf(value, np.log(np.exp(truth) + 100.0), spread)) / np.sum(mass)
            assert found[a, b, c] == pytest.approx(wanted, rel=0.03, abs=1e-5), name


def _share(feature: int, a: int) -> float:
    low, per_value = DENSITIES.grid[feature][:2]
    return float(min(max(low + a / per_value, 1e-6), 0.995))


def test_climb_fall_and_reflection_are_normal_with_errors_added() -> None:
    climb, fall, rcs = plain(1), plain(3), plain(5)
    for a, b in ((3, 1), (15, 2), (28, 3), (40, 4), (55, 5)):
        v, e = node(1, a, b, (3.0, 5.0))
        v, e = _unscaled(1, a, b, 5.0, 3.0)
        g, ge = node(3, a, b, (0.0, 2.0))
        z, ze = node(5, a, b, (0.0, 0.0))
        for c, name in enumerate(CLASSES):
            row = ROWS[name]
            level, moving, share = row.climb
            two = (1.0 - share) * norm.pdf(v, 0, math.hypot(e, level)) + share * norm.pdf(v, 0, math.hypot(e, moving))
            assert climb[a, b, c] == pytest.approx(0.99 * two + 0.01 / 600.0, rel=1e-9)
            one = norm.pdf(g, row.fall[0], math.hypot(ge, row.fall[1]))
            assert fall[a, b, c] == pytest.approx(0.99 * one + 0.01 / 100.0, rel=1e-9)
            echo = norm.pdf(z, row.rcs[0] - 2.51, math.hypot(ze, row.rcs[1]))
            assert rcs[a, b, c] == pytest.approx(0.99 * echo + 0.01 / 80.0, rel=1e-9)


def _unscaled(feature: int, a: int, b: int, value_scale: float, error_scale: float) -> tuple[float, float]:
    return node(feature, a, b, (value_scale, error_scale))


def test_the_trackers_odds_of_falling_are_against_its_own_prior_of_a_fifth() -> None:
    found = plain(4)
    for a in (0, 11, 30, 55):
        mu = a / (VALUES - 1)
        for c, name in enumerate(CLASSES):
            odds = mu / 0.2 if name in BALLISTIC else (1.0 - mu) / 0.8
            np.testing.assert_allclose(found[a, :, c], 0.95 * odds + 0.05)


def test_energy_tells_rocket_from_mortar_alone_and_by_how_far_each_is_off() -> None:
    found = plain(7)
    np.testing.assert_allclose(found[:, :, 2:], 1.0)
    np.testing.assert_allclose(found[:, :, :2].mean(axis=2), 1.0)
    assert DENSITIES.grid.shape == (8, 4)
    assert DENSITIES.table.shape == (8, VALUES, ERRORS, 6)
    at_314, at_224 = (round(v / (v + 300.0) * (VALUES - 1)) for v in (314.0, 224.0))
    assert found[at_314, 1, 0] > 1.5
    assert found[at_224, 1, 1] > 1.5


def claim(kind: str = "adsb", name: str = "A", t_s: float = 0.0, **other: object) -> Claim:
    point = (t_s, 0.0, 0.0)
    made = Claim(kind, name, t_s, (0.0, 0.0, 100.0), 20.0, (math.nan, math.nan), math.nan, point, point, False, ())
    return replace(made, **other)  # type: ignore[arg-type]


def said(t_s: float, east_m: float, sigma_m: float = 20.0, kind: str = "adsb", name: str = "A"):  # type: ignore[no-untyped-def]
    return reports((t_s, kind, name, (east_m, 0.0, 100.0), sigma_m))


NOBODY = table_of(
    10.0, np.empty((0, 6)), covariance=np.empty((0, 6, 6)), model=np.empty((0, 3)), ids=np.empty(0, dtype=np.int64)
)


def heard(*rows: tuple[float, float], kind: str = "adsb", sigma_m: float = 20.0, table_t_s: float = 10.0) -> Claim:
    claims: tuple[Claim, ...] = ()
    for t_s, east_m in rows:
        table = replace(NOBODY, t_s=max(t_s, table_t_s))
        claims = take_reports(claims, said(t_s, east_m, sigma_m, kind), table, np.empty(0, dtype=np.int64))
    return claims[0]


def test_the_velocity_of_a_claim_is_over_at_least_four_seconds() -> None:
    assert math.isnan(heard((0.0, 0.0), (3.9, 390.0)).velocity_mps[0])
    four = heard((0.0, 0.0), (4.0, 400.0))
    assert four.velocity_mps == (100.0, 0.0)
    assert four.velocity_sigma_mps == pytest.approx(math.hypot(math.sqrt(2.0) * 20.0 / 4.0, 0.5))
    north = reports((8.0, "adsb", "A", (800.0, -600.0, 100.0), 20.0))
    (aside,) = take_reports((four,), north, replace(NOBODY, t_s=8.0), np.empty(0, dtype=np.int64))
    assert aside.velocity_mps == (100.0, -150.0)
    # The base line moves on: from 4 s, when the position of 4 s is four seconds old.
    later = heard((0.0, 0.0), (4.0, 400.0), (7.9, 400.0), (8.0, 800.0))
    assert later.velocity_mps == (100.0, 0.0)
    assert later.anchor == (4.0, 400.0, 0.0)
    assert later.next_anchor == (8.0, 800.0, 0.0)
    assert heard((0.0, 0.0), (4.0, 400.0), (7.9, 400.0)).velocity_mps[0] == pytest.approx(400.0 / 7.9)


@pytest.mark.parametrize(
    ("kind", "speed", "absurd"),
    [("adsb", 371.0, False), ("adsb", 373.0, True), ("remote_id", 111.0, False), ("remote_id", 113.0, True)],
)
def test_a_speed_is_absurd_beyond_the_kinds_highest_and_three_sigmas(kind: str, speed: float, absurd: bool) -> None:
    """3 √((√2·20/4)² + 0.5²) = 21.3 m/s over 350 and over 90 m/s."""
    assert heard((0.0, 0.0), (4.0, 4.0 * speed), kind=kind).absurd is (
        speed > {"adsb": 371.3, "remote_id": 111.3}[kind]
    )
    assert heard((0.0, 0.0), (4.0, 4.0 * speed), kind=kind).absurd is absurd
    assert heard((0.0, 0.0), (4.0, 4.0 * 400.0), (8.0, 4.0 * 400.0), kind=kind).absurd is False


def test_old_and_unusable_reports_change_nothing_and_the_silent_are_forgotten_after_a_minute() -> None:
    first = (claim(t_s=9.0),)
    none = np.empty(0, dtype=np.int64)
    assert take_reports(first, said(9.0, 5.0), NOBODY, none) == first
    assert take_reports(first, said(10.0, math.nan), NOBODY, none) == first
    assert take_reports(first, said(10.0, 5.0, kind="impact"), NOBODY, none) == first
    assert take_reports(first, reports(), replace(NOBODY, t_s=69.0), none) == first
    assert take_reports(first, reports(), replace(NOBODY, t_s=69.1), none) == ()
    (nameless,) = take_reports((), said(1.0, 5.0, sigma_m=math.nan, name=""), NOBODY, none)
    assert (nameless.id, nameless.sigma_m) == ("anonymous at receiver", 50.0)
    two = take_reports(
        (), reports((1.0, "remote_id", "b", (0, 0, 0), 1.0), (1.0, "adsb", "c", (0, 0, 0), 1.0)), NOBODY, none
    )
    assert [c.kind for c in two] == ["adsb", "remote_id"]


def tracks(size: int, t_s: float = 0.0):  # type: ignore[no-untyped-def]
    return table_of(t_s, np.tile([1000.0, 0.0, 100.0, 20.0, 0.0, 0.0], (size, 1)))


def test_the_share_of_each_account_is_its_weight_over_all_and_one_for_somebody_else() -> None:
    one = claim(accounts=((1, 3.0, 1.0, False), (2, 1.0, 2.0, False)))
    found = bind((one,), tracks(2, 4.9))
    weights = [math.exp(3.0), math.exp(1.0 - 5.0), math.exp(1.0), math.exp(2.0 - 5.0)]
    total = 1.0 + sum(weights)
    assert found.bound.tolist() == [True, False]
    assert (found.true_share[1], found.false_share[1]) == (0.0, 0.0)
    assert found.true_share[0] == pytest.approx(weights[0] / total)
    assert found.false_share[0] == pytest.approx(weights[1] / total)
    assert found.lookalike.tolist() == [True, True]  # e of 24.1 is more than a fiftieth
    assert found.heard
    late = bind((one,), tracks(2, 8.0))  # five seconds are fresh; three more fade by ten
    assert late.true_share[0] == pytest.approx(math.exp(-0.3) * weights[0] / total)
    assert late.false_share[0] == pytest.approx(weights[1] / total)
    apart = replace(one, accounts=((1, 4.5, -9.0, False), (2, 0.5, -9.0, False)))
    assert not bind((apart,), tracks(2)).lookalike.any()  # 1.65 of 92.7
    beside = replace(apart, accounts=((1, 4.5, -9.0, False), (2, 0.5, -9.0, True)))
    assert bind((beside,), tracks(2)).lookalike.tolist() == [True, True]


def test_a_claim_is_bound_from_a_half_on_to_one_track_and_a_track_to_one_claim() -> None:
    weak = claim(accounts=((1, -0.02, -99.0, False),))  # 0.98 of 1.98
    assert not bind((weak,), tracks(1)).bound.any()
    assert bind((replace(weak, accounts=((1, 0.02, -99.0, False),)),), tracks(1)).bound.all()
    better, worse = (
        claim(name="B", accounts=((1, 6.0, -9.0, False),)),
        claim(name="W", accounts=((1, 4.0, -9.0, False),)),
    )
    found = bind((worse, better), tracks(1))
    assert found.claim[0].id == "B"
    assert not bind((claim(accounts=((7, 9.0, -9.0, False),)),), tracks(2)).bound.any()
    nothing = bind((), tracks(2))
    assert not nothing.heard
    assert nothing.bound.tolist() == [False, False]


def test_a_look_counts_by_the_time_since_the_last_and_accounts_fade_over_a_minute() -> None:
    run = Runner.new()
    state = np.array([[-3000.0, 500.0, 150.0, 27.0, 0.0, 0.0]])
    accounts = []
    for k in range(3):
        now = state.copy()
        now[:, 0] += 27.0 * 2.0 * k
        run.step(table_of(2.0 * k, now), reports((2.0 * k, "remote_id", "R", tuple(now[0, :3]), 25.0)))
        accounts.append(run.state.claims[0].accounts[0])
    first, second, third = accounts
    look = first[1]  # a whole one, with no velocity yet
    keep, weight = math.exp(-2.0 / 60.0), math.tanh(2.0 / 6.0)
    assert 0.0 < look <= 6.0
    assert second[1] == pytest.approx(keep * look + weight * look, rel=0.02)
    assert third[1] > second[1]
    assert max(abs(v) for a in accounts for v in a[1:3]) <= 12.0


def test_the_risk_of_a_claimed_track_is_a_mixture_of_true_false_and_none() -> None:
    classes = np.tile([0.0, 0.0, 0.0, 1.0, 0.0, 0.0], (3, 1))
    base = float(hostile_prior()[3])
    bindings = Bindings(
        {0: claim("remote_id"), 2: claim("adsb")},
        np.array([True, False, True]),
        np.array([0.7, 0.0, 0.9]),
        np.array([0.2, 0.0, 0.05]),
        np.array([False, True, True]),
        True,
    )
    found = hostile_probability(classes, bindings, None)
    follower = base / (1.0 - base) * math.e
    assert found == pytest.approx([
        0.7 * 0.03 + 0.2 * 0.8 + 0.1 * base,
        follower / (1.0 + follower),
        0.9 * 0.1 + 0.05 * 0.8 + 0.05 * base,
    ])  # fmt: skip
    falls = np.tile([0.5, 0.4, 0.0, 0.1, 0.0, 0.0], (3, 1))
    risk = float(falls[0] @ hostile_prior())
    assert hostile_probability(falls, bindings, None)[0] == pytest.approx(0.9 * risk)
    birds = np.tile([0.0, 0.0, 0.0, 0.0, 1.0, 0.0], (1, 1))
    quiet = Bindings({}, np.zeros(1, np.bool_), np.zeros(1), np.zeros(1), np.zeros(1, np.bool_), False)
    assert hostile_probability(birds, quiet, None) == pytest.approx([0.005])
    raised = 0.005 / 0.995 * math.exp(1.5 * 2.0)
    assert hostile_probability(birds, quiet, np.array([2.0])) == pytest.approx([raised / (1.0 + raised)])
    assert hostile_probability(birds * 0.1, quiet, np.zeros(1)) == pytest.approx([1e-3])


def test_what_a_broadcast_says_of_its_sender_counts_by_its_support_and_not_on_whether_it_falls() -> None:
    run = Runner.new()
    for t in range(25):
        now = np.array([[-8000.0 + 210.0 * t, 3000.0, 6000.0, 210.0, 0.0, 0.0]])
        found = run.step(table_of(float(t), now), reports((float(t), "adsb", "F", tuple(now[0, :3]), 25.0)))
    claimed = run.state.claims[0]
    true = bind((claimed,), table_of(24.0, now)).true_share[0]
    slot = run.state.memory.slot[0]
    known = run.state.memory.known[slot]
    sender = known[2:] * report_factor("adsb")[2:]
    wanted = true * known[2:].sum() * sender / sender.sum() + (1.0 - true) * known[2:]
    np.testing.assert_allclose(found.probability[0, 2:], wanted, rtol=0.03, atol=1e-4)
    assert found.claim_consistent[0] == pytest.approx(
        true / (true + bind((claimed,), table_of(24.0, now)).false_share[0])
    )


def sighted(off_m: float, late_s: float = 0.0, sigma_m: float = 100.0, claim_text: str = "") -> float:
    """Weight of one sighting on a track at 1000 m that flies 20 m/s east, `late_s` after it was told."""
    run = Runner.new()
    run.step(tracks(1, 50.0))
    place = (1000.0 - 20.0 * min(late_s, 60.0) + off_m, 0.0, 0.0)
    run.step(tracks(1, 50.0 + late_s), reports((50.0, "sighting", "s", place, sigma_m), claim=claim_text))
    return float(run.state.memory.sightings[run.state.memory.slot[0]])


def test_a_sighting_bears_on_what_was_within_reach_when_it_was_told() -> None:
    """1500 m and twice its own 100 m; where the track was then, at most a minute back."""
    assert sighted(1699.0) == 1.0
    assert sighted(1701.0) == 0.0
    assert sighted(1699.0, late_s=30.0) == 1.0
    assert sighted(-1701.0, late_s=30.0) == 0.0
    assert sighted(1699.0, late_s=90.0) == 1.0
    assert sighted(1499.0, sigma_m=math.nan) == 1.0
    assert sighted(1501.0, sigma_m=math.nan) == 0.0
    assert sighted(0.0, claim_text="Wreck_found") == 0.0


def test_sightings_count_twice_at_most_and_fade_over_ten_minutes() -> None:
    run = Runner.new()
    run.step(tracks(1, 0.0))
    row = (0.0, "sighting", "s", (1000.0, 0.0, 0.0), 100.0)
    run.step(tracks(1, 0.0), reports(row, row, row))
    slot = run.state.memory.slot[0]
    assert run.state.memory.sightings[slot] == 2.0
    run.step(tracks(1, 300.0))
    assert run.state.memory.sightings[slot] == pytest.approx(2.0 * math.exp(-0.5))


def test_a_prior_is_scaled_to_one() -> None:
    doubled = replace(plan(), identify=replace(plan().identify, prior=tuple(2.0 * v for v in (1, 1, 2, 3, 2, 1))))
    state = identify.start(doubled)
    np.testing.assert_allclose(state.prior, np.array([1, 1, 2, 3, 2, 1]) / 10.0)
    np.testing.assert_allclose(state.log_prior, np.log(state.prior))


def test_memory_grows_by_half_hands_out_free_slots_and_keeps_those_in_use() -> None:
    memory, prior = empty_memory(), np.full(6, 1 / 6)
    first = slots_for(memory, np.array([3, 5]), (), prior)
    assert memory.known.shape[0] == 64
    assert sorted(first) == [0, 1]
    memory.known[first] = [[1.0] * 6, [2.0] * 6]
    many = slots_for(memory, np.arange(3, 203), (), prior)
    assert len(set(many.tolist())) == 200
    assert many[[0, 2]].tolist() == first.tolist()
    assert memory.known.shape[0] == 64 + 198
    assert memory.track_id.tolist() == list(range(3, 203))
    np.testing.assert_array_equal(memory.known[first], [[1.0] * 6, [2.0] * 6])
    slots_for(memory, np.arange(3, 266), (), prior)
    assert memory.known.shape[0] == 262 + 131
    end = TrackEnd(0.0, 5, "missed", 0, np.zeros(6), np.eye(6), 0.0)
    slots_for(memory, np.array([3]), (end,), prior)
    assert 5 not in memory.track_id
    assert slots_for(memory, np.array([3, 999]), (), prior)[1] == first[1]
