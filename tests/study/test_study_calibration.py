"""A small sample of the identity proof: claims are true as often as they say, and the arithmetic of it is right."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest

from tocsin.records.identities import CLASSES, IdentifySettings
from tocsin.scenes.population import FAMILIES, RADARS, draw_raid, kind_of
from tocsin.study.calibration import AGES_S, FamilyResult, Look, RaidLooks, judge, looks_campaign, looks_of
from tocsin.study.campaign import run_here

SEEDS = range(700, 700 + 2 * len(RADARS))


def looks(family: str, seeds: Iterable[int]) -> tuple[RaidLooks, ...]:
    return run_here(looks_campaign([family], seeds)).of(family)


@cache
def result(family: str) -> FamilyResult:
    return judge(looks(family, SEEDS))


def made_up(claimed: float, true_share: float, looks: int = 2000) -> RaidLooks:
    """Looks that claim a bird with one probability, of which a share are birds and the rest multirotors."""
    probability = tuple(claimed if c == 4 else 1.0 - claimed if c == 3 else 0.0 for c in range(len(CLASSES)))
    kinds = [4 if k < true_share * looks else 3 for k in range(looks)]
    return RaidLooks("common", 0, tuple(Look(10.0, kind, probability) for kind in kinds), looks, 0, 0)


def test_the_error_of_a_claim_is_its_distance_from_the_truth() -> None:
    right, wrong = judge([made_up(0.8, 0.8)]), judge([made_up(0.8, 0.5)])
    assert right.classes.expected_error == pytest.approx(0.0, abs=1e-9)
    assert wrong.classes.expected_error == pytest.approx(0.3, abs=1e-9)
    assert wrong.drones.expected_error == pytest.approx(0.3, abs=1e-9)
    (only,) = wrong.classes.bins
    assert only.true.low < 0.5 < only.true.high < 0.8
    assert right.classes.log_loss == pytest.approx(-(0.8 * np.log(0.8) + 0.2 * np.log(0.2)))
    assert right.classes.brier == pytest.approx(right.classes.base_brier)


def test_the_tuned_family_is_calibrated_and_beats_its_base_rates() -> None:
    family = result("common")
    assert family.classes.looks >= 1000
    # A sample of n looks in ten bins has an error of about sqrt(10 / n) / 2 by chance: 0.03 here, above the proof's.
    assert family.classes.expected_error <= 0.05
    assert family.drones.expected_error <= 0.07
    assert family.classes.log_loss <= 0.45 * family.classes.base_log_loss
    assert family.classes.brier <= 0.5 * family.classes.base_brier
    assert family.drones.log_loss <= 0.8 * family.drones.base_log_loss


def test_most_intervals_hold_what_was_claimed() -> None:
    family = result("common")
    every = [b for age in family.classes_by_age.values() for b in age.bins if b.true.denominator >= 20]
    holding = [b.true.low <= b.claimed <= b.true.high for b in every]
    assert len(every) >= 12
    assert np.mean(holding) >= 0.75


def test_rounds_are_not_taken_for_flyers_nor_flyers_for_rounds() -> None:
    confusion = np.array(result("common").confusion)
    assert confusion[2:, :2].sum() <= 0.005 * confusion[2:].sum()
    assert confusion[:2, 2:].sum() <= 0.05 * confusion[:2].sum()


def test_dismissals_hardly_flap() -> None:
    family = result("common")
    assert family.dismissals >= 10
    assert family.reopenings <= 0.1 * family.dismissals


def test_kinds_come_from_identifications_own_prior() -> None:
    kinds = [
        kind_of(thing.id) if hasattr(thing, "id") else "bird"
        for seed in range(200, 240)
        for thing in (lambda s: (*s.ballistic, *s.flyers, *s.birds))(draw_raid(FAMILIES["common"], seed)[0])
    ]
    prior = np.array(IdentifySettings().prior)
    shares = np.array([kinds.count(name) for name in CLASSES]) / len(kinds)
    assert shares == pytest.approx(prior / prior.sum(), abs=4 * np.sqrt(0.25 / len(kinds)))


def test_a_raid_is_the_same_each_time_and_families_differ() -> None:
    (once,), (again,) = looks("common", [703]), looks("common", [703])
    (other,) = looks("hovering", [703])
    assert once == again == looks_of("common", 703)
    assert once.looks != other.looks
    assert {look.age_s for look in once.looks} <= set(AGES_S)
