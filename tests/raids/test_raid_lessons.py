"""What the accounts of 2024 ask of a warning system, on the scenarios that were made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from tocsin.exercise import Step
from tocsin.exercise.causes import holders
from tocsin.exercise.raid import Raid

Played = Callable[[str, int], Raid]
SEEDS = (0, 1, 2)


def plots_of(raid: Raid, name: str) -> list[float]:
    """Times at which a sensor had a plot of this thing."""
    return sorted({scan.t_s for scan in raid.truth.origins if name in scan.origin})


def live_at(raid: Raid, t_s: float) -> dict[int, set[int]]:
    """Warnings that stand at a time: id to the tracks that caused them."""
    live: dict[int, set[int]] = {}
    for step in raid.steps:
        for warning in step.events.warnings:
            if warning.t_s > t_s:
                return live
            if warning.action == "all_clear":
                live.pop(warning.warning_id, None)
            else:
                live.setdefault(warning.warning_id, set()).update(warning.track_ids)
    return live


@pytest.mark.parametrize("seed", SEEDS)
def test_warning_of_a_lost_drone_is_live_when_it_reappears(played: Played, seed: int) -> None:
    raid = played("lost-track", seed)
    plots = plots_of(raid, "drone-1")
    gap = int(np.argmax(np.diff(plots)))
    lost_s, again_s = plots[gap], plots[gap + 1]
    assert again_s - lost_s > 300
    lost = {track_id for track_id, since_s in holders(raid)["drone-1"].items() if since_s <= lost_s}
    live = {key for key, tracks in live_at(raid, again_s).items() if tracks & lost}
    assert live, "no warning of the lost track stood when the drone was seen again"
    cleared = {
        w.warning_id for s in raid.steps for w in s.events.warnings if w.action == "all_clear" and w.t_s < again_s
    }
    assert not live & cleared


@pytest.mark.parametrize("seed", SEEDS)
def test_lost_track_leaves_a_hazard_that_grows(played: Played, seed: int) -> None:
    raid = played("lost-track", seed)
    radii: dict[int, list[float]] = {}
    for step in raid.steps:
        for hazard in step.events.hazards:
            if hazard.state == "open":
                radii.setdefault(hazard.track_id, []).append(hazard.radius_m)
    held = set(holders(raid)["drone-1"])
    grown = [r for track_id, r in radii.items() if track_id in held]
    assert grown
    assert all(r == sorted(r) for r in grown)
    assert max(r[-1] for r in grown) > 3000


@pytest.mark.parametrize("seed", SEEDS)
def test_hostile_is_never_merged_into_the_friendly(played: Played, seed: int) -> None:
    raid = played("returning-friendly", seed)
    held = holders(raid)
    friendly, hostile = set(held["friendly"]), set(held["hostile"])
    assert hostile - friendly, "no track of its own held the hostile"
    for step in raid.steps:
        for end in step.events.tracks.ended:
            assert not (end.track_id in hostile - friendly and end.merged_into in friendly - hostile)
    truth_at = {states.t_s: states for states in raid.truth.states}
    for step in raid.steps:
        truth, identities, table = truth_at.get(step.events.t_s), step.events.identities, step.events.tracks.table
        if truth is None or "hostile" not in truth.id:
            continue
        at = truth.state[truth.id.index("hostile"), :3]
        for i, track_id in enumerate(table.track_id):
            near = np.linalg.norm(table.state[i, :3] - at) < 100
            if int(track_id) in hostile - friendly and near:
                assert identities.cooperative_id[i] != "FRIENDLY-7"


def near_a_sighting(step: Step) -> set[int]:
    """Tracks that a person's report of this batch may have meant: identification never dismisses them."""
    table, reports = step.events.tracks.table, step.batch.reports
    meant: set[int] = set()
    for i, kind in enumerate(reports.kind):
        if kind == "sighting":
            away = np.linalg.norm(table.state[:, :2] - reports.position_m[i, :2], axis=1)
            meant |= {int(t) for t in table.track_id[away < 3000 + 3 * reports.sigma_m[i]]}
    return meant


@pytest.mark.parametrize("name", ["returning-friendly", "ain-al-asad-2021", "mixed-raid"])
def test_every_dismissed_track_has_its_rule(played: Played, name: str) -> None:
    """A track that stays below the threshold, and that nothing can be taken for, is there by a told rule.

    Identification waits ten seconds, twice as long after each reopening: twelve leave room for the next scan.
    """
    raid = played(name, 0)
    told: dict[int, str] = {}
    since: dict[int, float] = {}  # detection at which a track fell below the threshold
    reopened: Counter[int] = Counter()
    seen_by_people: set[int] = set()
    scans: Counter[int] = Counter()
    for step in raid.steps:
        seen_by_people |= near_a_sighting(step)
        for dismissal in step.events.dismissals:
            if dismissal.subject == "track":
                assert dismissal.rule
                assert dismissal.why
                assert 0 < dismissal.residual_risk <= 1
                told[dismissal.id] = dismissal.rule
                reopened[dismissal.id] += dismissal.rule == "reopened"
        identities = step.events.identities
        low = (identities.hostile < raid.plan.identify.dismiss_below_hostile) & ~identities.lookalike
        table = step.events.tracks.table
        scans.update(table.track_id[table.row >= 0].tolist())
        quiet = {int(t) for t in identities.track_id[low]} - seen_by_people
        since = {t: since.get(t, float(table.t_s)) for t in quiet}
        seen = table.track_id[table.row >= 0].tolist()
        due = [t for t in quiet & set(seen) if scans[t] >= 8 and table.t_s - since[t] > 12.0 * 2 ** reopened[t]]
        silent = sorted(t for t in due if told.get(t, "reopened") == "reopened")
        assert silent == [], f"dismissed without a rule at {step.events.t_s}"
    assert told


def test_residual_risk_stays_beside_the_friendly(played: Played) -> None:
    raid = played("returning-friendly", 0)
    bound = [
        float(step.events.identities.hostile[i])
        for step in raid.steps
        for i, name in enumerate(step.events.identities.cooperative_id)
        if name == "FRIENDLY-7"
    ]
    assert bound
    assert min(bound) > 0
