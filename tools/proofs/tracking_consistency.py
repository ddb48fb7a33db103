"""Average normalised error squared in windows of the life of confirmed tracks, of three families."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.study.consistency import ConsistencyStudy, consistency_campaign, study_of
from tools.work import Work

__all__ = ["ConsistencyProof", "prove"]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """Straight flight, of which the claim is made, the same in gusts, and manoeuvring; with range rate and without."""

    straight: tuple[ConsistencyStudy, ...]
    gusty: tuple[ConsistencyStudy, ...]
    manoeuvring: tuple[ConsistencyStudy, ...]


def prove(work: Work) -> ConsistencyProof:
    """Each family over the seeds."""
    scenes = ("straight-100", "gusty-100", "uas-200")
    found = work.rows(consistency_campaign(scenes, work.seeds))
    return ConsistencyProof(*(tuple(study_of(found, scene, rate) for rate in (True, False)) for scene in scenes))
