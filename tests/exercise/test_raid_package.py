"""A raid that was played: its truth as the judge reads it, and what decided it."""

from __future__ import annotations

from tocsin import exercise
from tocsin.exercise.causes import causes_of, holders
from tocsin.exercise.raid import first_seen_s, plan_of, play, truth_ends
from tocsin.formats.scenarios import load_builtin


def test_a_raid_ends_as_its_truth_says() -> None:
    scenario = load_builtin("bdsc-2021")
    raid = play(scenario, 3)
    (end,) = [end for end in truth_ends(raid.truth) if end.hostile]
    (cause,) = causes_of(raid, holders(raid))
    assert (cause.object_id, cause.outcome) == (end.object_id, end.outcome)
    assert end.outcome in ("intercepted", "impacted")
    seen = first_seen_s(raid.truth, frozenset({end.object_id}))
    assert seen is not None
    assert end.start_t_s <= seen <= end.end_t_s
    assert first_seen_s(raid.truth, frozenset({"nobody"})) is None
    assert isinstance(raid.steps[0], exercise.Step)
    assert plan_of(scenario).site.zones
