"""Whatever arrives: never a cooperative track, never beyond the magazine, never without consent under tight rules,
never two orders at once for one effector or one track, never in a forbidden sector."""

from __future__ import annotations

import itertools
import math

import numpy as np
from engage_cases import Flight, events, site
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tocsin import engage
from tocsin.frames import enu2aer
from tocsin.records.engagement import EngagementOrder, EngagementRequest, OperatorAct, Refusal
from tocsin.records.identities import CLASSES
from tocsin.records.scenario import EffectorSpec, EngagementSpec, OperatorSpec, SectorSpec

SITE = site()
COORDINATE = st.floats(-2500.0, 2500.0)

flights = st.builds(
    Flight,
    track_id=st.integers(1, 5),
    position=st.tuples(COORDINATE, COORDINATE, st.floats(0.0, 1500.0)),
    velocity=st.tuples(st.floats(-80.0, 80.0), st.floats(-80.0, 80.0), st.floats(-20.0, 20.0)),
    kind=st.sampled_from(CLASSES),
    hostile=st.sampled_from([0.01, 0.3, 0.85, 0.97, 1.0]),
    cooperative_id=st.sampled_from(["", "", "ABC123"]),
    consistent=st.sampled_from([math.nan, 0.5, 1.0]),
    lookalike=st.booleans(),
    reach=st.sampled_from([0.0, 0.5, 1.0]),
    strike=st.sampled_from([None, (0.0, 0.0), (9000.0, 0.0)]),
    due_t_s=st.floats(0.0, 120.0),
)
scans = st.lists(
    st.tuples(
        st.floats(0.05, 5.0),
        st.lists(flights, max_size=4, unique_by=lambda f: f.track_id),
        st.sets(st.integers(1, 5), max_size=1),
        st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["consent", "refuse"])), max_size=2),
    ),
    max_size=12,
)
engagements = st.builds(
    EngagementSpec,
    rules=st.sampled_from(["hold", "tight", "free"]),
    effectors=st.lists(
        st.builds(
            EffectorSpec,
            id=st.sampled_from(["G1", "G2", "G3"]),
            east_m=COORDINATE,
            rounds=st.integers(0, 400),
            burst_rounds=st.integers(1, 150),
            slew_degps=st.floats(10.0, 200.0),
            range_max_m=st.floats(500.0, 4000.0),
        ),
        max_size=3,
        unique_by=lambda e: e.id,
    ).map(tuple),
    sectors=st.sampled_from([(), (SectorSpec(azimuth_from_deg=300.0, azimuth_to_deg=45.0),)]),
    ideal=st.sampled_from([(), ("consent",), ("geometry",)]),
)


def checked_orders(
    engagement: EngagementSpec, raid: list[tuple[float, list[Flight], set[int], list[tuple[int, str]]]]
) -> list[EngagementOrder]:
    """Run a raid and check, batch by batch, what must hold at each order; return all orders."""
    state, t_s, orders = engage.start(engagement, SITE), 0.0, []
    request_of: dict[int, int] = {}
    consented: set[int] = set()
    last_refusal: dict[int, str] = {}
    for step_s, seen, ended, said in raid:
        t_s += step_s
        acts = tuple(OperatorAct(t_s, request_id, act, "") for request_id, act in said)
        for act in acts:
            if act.act == "consent" and act.request_id in request_of:
                consented.add(request_of[act.request_id])
        living = tuple(flight for flight in seen if flight.track_id not in ended)
        state, engaged = engage.advance(engagement, SITE, state, events(t_s, living, tuple(ended)), acts, t_s)
        by_id = {flight.track_id: flight for flight in living}
        for order in engaged.orders:
            flight = by_id[order.track_id]
            assert engagement.rules != "hold"
            assert not flight.cooperative_id
            assert flight.kind != "aircraft"
            assert engagement.rules == "free" or "consent" in engagement.ideal or order.track_id in consented
            assert order.fire_t_s >= order.t_s == t_s
        for request in engaged.requests:
            request_of[request.request_id] = request.track_id
        assert {r.track_id for r in engaged.refusals}.isdisjoint(o.track_id for o in engaged.orders)
        check_refusals(engaged.refusals, last_refusal, ended, {o.track_id for o in engaged.orders})
        orders += engaged.orders
    return orders


def check_refusals(refusals: tuple[Refusal, ...], last: dict[int, str], ended: set[int], ordered: set[int]) -> None:
    """A refusal is written only when its rule changed, an order came between, or the track ended."""
    for refusal in refusals:
        assert last.get(refusal.track_id) != refusal.rule
        last[refusal.track_id] = refusal.rule
    for track_id in ended | ordered:
        last.pop(track_id, None)


@settings(max_examples=120, deadline=None)
@given(engagement=engagements, raid=scans)
def test_invariants(
    engagement: EngagementSpec, raid: list[tuple[float, list[Flight], set[int], list[tuple[int, str]]]]
) -> None:
    orders = checked_orders(engagement, raid)
    assert [order.order_id for order in orders] == list(range(1, len(orders) + 1))
    for effector in engagement.effectors:
        mine = [order for order in orders if order.effector_id == effector.id]
        assert sum(order.rounds for order in mine) <= effector.rounds
        assert all(1 <= order.rounds <= effector.burst_rounds for order in mine)
        for before, after in itertools.pairwise(mine):
            assert after.t_s >= before.fire_t_s + effector.burst_s
    for track_id in {order.track_id for order in orders}:
        times = [order.t_s for order in orders if order.track_id == track_id]
        assert len(set(times)) == len(times)


@settings(max_examples=60, deadline=None)
@given(
    east=COORDINATE,
    north=COORDINATE,
    up=st.floats(10.0, 800.0),
    from_deg=st.floats(-360.0, 360.0),
    width_deg=st.floats(1.0, 359.0),
)
def test_no_order_into_a_sector(east: float, north: float, up: float, from_deg: float, width_deg: float) -> None:
    """A target that hovers is met where it is, so its azimuth tells whether the line lies in the sector."""
    gun = EffectorSpec(id="G1", range_max_m=10000.0, range_min_m=1.0, height_m=0.0, elevation_max_deg=90.0)
    sector = SectorSpec(azimuth_from_deg=from_deg, azimuth_to_deg=from_deg + width_deg)
    engagement = EngagementSpec(rules="free", effectors=(gun,), sectors=(sector,))
    hovering = Flight(1, (east, north, up), velocity=(0.0, 0.0, 0.0))
    state = engage.start(engagement, SITE)
    _, engaged = engage.advance(engagement, SITE, state, events(1.0, (hovering,)), (), 1.0)
    assume(math.hypot(east, north) > 10.0)
    azimuth = math.degrees(float(enu2aer(np.array([east, north, up]))[0]))
    margin = min((azimuth - from_deg) % 360.0, (azimuth - from_deg - width_deg) % 360.0)
    if margin > 1e-6 and margin < 360.0 - 1e-6:
        assert bool(engaged.orders) == ((azimuth - from_deg) % 360.0 > width_deg)


def test_the_operator_draws_three_numbers_for_each_request_whatever_the_answer() -> None:
    requests = tuple(EngagementRequest(float(i), i, i, "G1", 1.0, 10.0) for i in range(5))
    streams = []
    for absent in (0.0, 1.0):
        rng = np.random.default_rng(3)
        engage.hear(OperatorSpec(absent_probability=absent), engage.OperatorState(), requests, rng)
        streams.append(rng.random())
    assert streams[0] == streams[1]


def test_operator_rates_and_delays_are_as_specified() -> None:
    n = 4000
    requests = tuple(EngagementRequest(0.0, i, i, "G1", 1.0, 10.0) for i in range(1, n + 1))
    spec = OperatorSpec(consent_probability=0.7, absent_probability=0.2, delay_median_s=4.0, delay_sigma=0.5)
    state = engage.hear(spec, engage.OperatorState(), requests, np.random.default_rng(11))
    _, acts = engage.due(state, math.inf)
    assert abs(len(acts) / n - 0.8) < 4 * math.sqrt(0.16 / n)
    consents = sum(act.act == "consent" for act in acts)
    assert abs(consents / len(acts) - 0.7) < 4 * math.sqrt(0.21 / len(acts))
    logs = np.log([act.t_s for act in acts])
    assert abs(float(np.mean(logs)) - math.log(4.0)) < 4 * 0.5 / math.sqrt(len(acts))
    assert abs(float(np.std(logs)) - 0.5) < 0.03


def test_acts_appear_when_due_and_once() -> None:
    requests = (EngagementRequest(0.0, 1, 1, "G1", 1.0, 10.0),)
    spec = OperatorSpec(consent_probability=1.0, delay_median_s=4.0, delay_sigma=0.0)
    state = engage.hear(spec, engage.OperatorState(), requests, np.random.default_rng(0))
    state, early = engage.due(state, 3.9)
    state, acts = engage.due(state, 4.1)
    _, late = engage.due(state, 9.0)
    assert (early, len(acts), late) == ((), 1, ())
