"""What became of each hostile object of a finished exercise, and what decided it: for a judge, who sees the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tocsin.exercise.raid import Raid, truth_ends
from tocsin.frames import length
from tocsin.score.causes import Cause, EngagementLog, deciding_causes

__all__ = ["causes_of", "holders"]

HOLDS_WITHIN_M = 300.0
"""A track holds the object that is nearest to it, if nearer than this: three σ of 0.3° of azimuth at 20 km."""


def holders(raid: Raid) -> dict[str, dict[int, float]]:
    """For each object the tracks that held it, and since when: nearest at the time of a batch, within 300 m."""
    truth_at = {states.t_s: states for states in raid.truth.states}
    held: dict[str, dict[int, float]] = {}
    for step in raid.steps:
        table = step.events.tracks.table
        truth = truth_at.get(table.t_s)
        if truth is None or not truth.id or not len(table.track_id):
            continue
        distance = length(table.state[:, None, :3] - truth.state[None, :, :3])
        for row, nearest in enumerate(np.argmin(distance, axis=1).tolist()):
            if distance[row, nearest] < HOLDS_WITHIN_M:
                held.setdefault(truth.id[nearest], {}).setdefault(int(table.track_id[row]), table.t_s)
    return held


def causes_of(raid: Raid, held: Mapping[str, Mapping[int, float]]) -> tuple[Cause, ...]:
    """What decided for each hostile object of a finished run."""
    log = EngagementLog(
        requests=tuple(r for step in raid.steps for r in step.engaged.requests),
        acts=tuple(a for step in raid.steps for a in step.acts),
        refusals=tuple(r for step in raid.steps for r in step.engaged.refusals),
    )
    first_plot: dict[str, float] = {}
    for scan in raid.truth.origins:
        for name in scan.origin:
            first_plot.setdefault(name, scan.t_s)
    return deciding_causes(truth_ends(raid.truth), raid.truth.effects, log, held, first_plot)
