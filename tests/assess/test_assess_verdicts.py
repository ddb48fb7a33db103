"""What happened, from evidence alone: one case for each way in which a flight ends, and for what must stay open."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from assess_cases import (
    IMPACT_M,
    IMPACT_T_S,
    WITNESS,
    drone,
    joined,
    kinds,
    plan,
    rocket,
    shot,
    straight_path,
    track,
    with_rows,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.assess import WEIGHTS, assess
from tocsin.assess.judge import posterior, verdict_of, witnesses_once
from tocsin.records.outcomes import OUTCOMES, Assessment, Evidence, Observed

PLAN = plan()
AT_FORECAST = (IMPACT_T_S + 0.2, "ear", "impact", (float(IMPACT_M[0]) + 30.0, float(IMPACT_M[1]) - 20.0), "explosion")


def one(observed: Observed) -> Assessment:
    assessments = assess(PLAN, observed)
    assert len(assessments) == 1
    return assessments[0]


def test_rocket_tracked_to_the_ground_and_heard() -> None:
    found = one(with_rows(rocket(28.5), AT_FORECAST))
    assert found.verdict == "impacted"
    assert {"track_ended_at_ground", "impact_report", "no_shot"} <= kinds(found)


def test_rocket_that_nobody_shot_at_impacted_even_unheard() -> None:
    assert one(rocket(28.5)).verdict == "impacted"


def test_rocket_lost_as_a_burst_arrives_and_silence_where_it_would_strike() -> None:
    found = one(replace(rocket(18.0), shots=(shot(18.2),)))
    assert found.verdict == "intercepted"
    assert {"ended_with_shot", "track_ended_in_flight", "impact_silence"} <= kinds(found)


def test_a_report_at_the_forecast_outweighs_the_coincidence() -> None:
    found = one(replace(with_rows(rocket(18.0), AT_FORECAST), shots=(shot(18.2),)))
    assert found.verdict == "impacted"


def test_a_displaced_report_speaks_for_remains() -> None:
    away = (IMPACT_T_S + 12.0, "ear", "impact", (-400.0, 1900.0), "explosion")
    found = one(replace(with_rows(rocket(18.0), away), shots=(shot(18.2),)))
    assert found.verdict == "intercepted"
    assert "impact_report_displaced" in kinds(found)


def test_what_flew_on_after_every_burst_was_not_ended_by_one() -> None:
    found = one(replace(rocket(28.5), shots=(shot(12.0), shot(16.0, shot_id=2))))
    assert found.verdict == "impacted"
    assert "flew_on_after_shot" in kinds(found)


def test_a_lost_rocket_without_shot_or_report_is_not_intercepted() -> None:
    assert one(rocket(18.0)).probability[0] < 0.1


def test_a_lost_drone_stays_open() -> None:
    """The lesson of October 2024: tracked, lost, assumed down, and it struck."""
    assert one(drone(60.0)).verdict == "undecided"
    assert one(drone(60.0, start=(0.0, 6000.0, 60.0))).verdict == "undecided"


def test_a_low_drone_lost_beside_a_burst_stays_open_too() -> None:
    low = drone(120.0, start=(0.0, 6000.0, 50.0))
    assert one(replace(low, shots=tuple(shot(110.0 + 3.0 * i, shot_id=i) for i in range(5)))).verdict == "undecided"


def test_a_drone_that_ends_high_as_a_burst_arrives_is_intercepted() -> None:
    found = one(replace(drone(110.0), shots=(shot(110.3),)))
    assert found.verdict == "intercepted"


def test_a_drone_that_ends_at_an_asset_and_is_heard_impacted() -> None:
    diving = drone(148.0, start=(0.0, 6000.0, 240.0), velocity=(0.0, -40.0, -1.5))
    found = one(with_rows(diving, (150.0, "ear", "impact", (20.0, 10.0), "explosion")))
    assert found.verdict == "impacted"
    assert {"ended_at_asset", "impact_report"} <= kinds(found)


def test_a_drone_that_falls_after_a_burst_is_intercepted() -> None:
    flying, falling = np.arange(0.0, 100.0, 0.5), np.arange(100.5, 105.0, 0.5)
    up = straight_path(flying, (0.0, 6000.0, 250.0), (0.0, -40.0, 0.0))
    down = np.hstack([straight_path(falling - 100.0, tuple(up[-1, :3]), (0.0, -20.0, -30.0))])
    history = joined(track(1, flying, up), track(1, falling, down))
    found = one(replace(drone(100.0), tracks=history, shots=(shot(100.1),)))
    assert found.verdict == "intercepted"
    assert "fell_after_shot" in kinds(found)


def test_outbound_at_the_edge_of_coverage_has_left() -> None:
    found = one(drone(170.0, start=(0.0, 2000.0, 400.0), velocity=(0.0, 45.0, 0.0)))
    assert found.verdict == "left"
    assert "track_left" in kinds(found)


def test_still_in_the_air_at_the_end_of_the_record_is_undecided() -> None:
    assert one(drone(60.0, end_t_s=60.5)).verdict == "undecided"
    assert one(rocket(20.0, end_t_s=20.0)).verdict != "intercepted"


def test_short_tracks_where_the_burst_arrived_speak_for_break_up() -> None:
    base = replace(rocket(18.0), shots=(shot(18.2),), witnesses=())
    t_s = np.arange(19.0, 22.0, 0.5)
    place = tuple(base.tracks.state[-1, :3])
    piece = track(2, t_s, straight_path(t_s - 19.0, place, (5.0, -20.0, -60.0)), "bird", 0.1)
    found = one(replace(base, tracks=joined(base.tracks, piece)))
    assert "debris" in kinds(found)
    assert found.probability[0] > one(base).probability[0]


def test_a_split_track_is_one_flight() -> None:
    whole = rocket(28.5)
    cut = whole.tracks.t_s > 15.0
    tracks = replace(whole.tracks, track_id=np.where(cut, 2, 1))
    casts = replace(whole.forecasts, track_id=np.where(whole.forecasts.t_s > 15.0, 2, 1))
    found = one(replace(whole, tracks=tracks, forecasts=casts, shots=(shot(15.2),)))
    assert found.track_ids == (1, 2)
    assert found.verdict == "impacted"


@pytest.mark.parametrize("kind", ["bird", "aircraft"])
def test_what_was_never_a_threat_is_not_assessed(kind: str) -> None:
    quiet = drone(60.0)
    t_s = quiet.tracks.t_s
    assert assess(PLAN, replace(quiet, tracks=track(1, t_s, quiet.tracks.state, kind, 0.02))) == ()


def test_silence_weighs_by_coverage_and_probability_only() -> None:
    def odds(observed: Observed) -> float:
        probability = one(observed).probability
        return math.log(probability[0] / probability[1])

    base = replace(rocket(18.0), shots=(shot(18.2),), witnesses=())
    far = replace(WITNESS, position_m=(20000.0, 0.0, 3.0))
    deaf, sharp = (replace(WITNESS, probability=p, debris_probability=0.0) for p in (0.3, 0.95))
    assert odds(replace(base, witnesses=(far,))) == pytest.approx(odds(base))
    assert odds(replace(base, witnesses=(deaf,))) - odds(base) == pytest.approx(-math.log(0.7))
    assert odds(replace(base, witnesses=(sharp,))) - odds(base) == pytest.approx(-math.log(0.05))
    two = (sharp, replace(sharp, source="ear2"))
    assert odds(replace(base, witnesses=two)) - odds(base) == pytest.approx(-2 * math.log(0.05))


def test_without_a_shot_log_silence_about_shots_is_no_evidence() -> None:
    assert "no_shot" not in kinds(one(replace(rocket(28.5), shots=None)))
    assert one(replace(rocket(18.0), shots=None, witnesses=())).verdict == "undecided"


def test_two_agencies_with_one_origin_are_one_witness() -> None:
    told = [(18.5, "daily", "sighting", (0.0, 0.0), "shot down, via AFP")]
    copied = [*told, (18.9, "weekly", "sighting", (0.0, 0.0), "shot down, via afp")]
    own = [*told, (18.9, "weekly", "sighting", (0.0, 0.0), "shot down")]
    base = replace(rocket(18.0), shots=(shot(18.2),), witnesses=())
    single, twice, independent = (one(with_rows(base, *rows)).probability[0] for rows in (told, copied, own))
    assert twice == pytest.approx(single)
    assert independent > single


def test_two_rockets_share_one_report_with_the_nearer_forecast() -> None:
    first = with_rows(rocket(28.5), AT_FORECAST)
    shift = np.array([600.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    second = replace(first.tracks, track_id=first.tracks.track_id + 1, state=first.tracks.state + shift)
    casts = first.forecasts
    moved = replace(casts, track_id=casts.track_id + 1, position_m=casts.position_m + shift[:3])
    both = replace(
        first,
        tracks=joined(first.tracks, second),
        forecasts=replace(
            casts,
            t_s=np.tile(casts.t_s, 2),
            track_id=np.concatenate([casts.track_id, moved.track_id]),
            impact_t_s=np.tile(casts.impact_t_s, 2),
            impact_t_sigma_s=np.tile(casts.impact_t_sigma_s, 2),
            position_m=np.vstack([casts.position_m, moved.position_m]),
            covariance=np.tile(casts.covariance, (2, 1, 1)),
        ),
    )
    near, far = assess(PLAN, both)
    assert "impact_report" in kinds(near)
    assert "impact_report" not in kinds(far)


@pytest.mark.parametrize(("best", "verdict"), [(10.01 / 11.01, "impacted"), (9.99 / 10.99, "undecided")])
def test_ten_to_one_decides(best: float, verdict: str) -> None:
    assert verdict_of(((1 - best) / 2, best, (1 - best) / 2)) == verdict


pieces = st.builds(
    Evidence,
    t_s=st.floats(0.0, 100.0),
    kind=st.sampled_from(["a", "b"]),
    origin=st.sampled_from(["x", "y", "z"]),
    why=st.just("because"),
    log_likelihood=st.tuples(*[st.floats(-30.0, 30.0)] * 3),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=8))
def test_posterior_is_a_distribution_and_origins_count_once(evidence: list[Evidence]) -> None:
    counted = witnesses_once(evidence)
    assert len(counted) == len(evidence)
    heavy = [piece.origin for piece in counted if any(piece.log_likelihood)]
    assert len(heavy) == len(set(heavy))
    probability = posterior(counted)
    assert math.isclose(sum(probability), 1.0, abs_tol=1e-9)
    assert verdict_of(probability) in OUTCOMES


def test_every_weight_has_an_argument() -> None:
    assert all(len(weight.argument) > 20 and math.isfinite(weight.value) for weight in WEIGHTS.values())
