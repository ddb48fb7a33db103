"""What this report does not know: said as plainly as what it does."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.report.happenings import zone_list
from tocsin.report.model import HazardLine, Outcome, SensorLine, Track, WarningLine

__all__ = ["unknowns"]


def _tracks(ids: list[int]) -> str:
    return ("track " if len(ids) == 1 else "tracks ") + zone_list([str(one) for one in ids])


def _of_ends(
    tracks: tuple[Track, ...], outcomes: tuple[Outcome, ...], hazards: tuple[HazardLine, ...]
) -> Iterator[str]:
    undecided = [one.track_id for one in outcomes if one.verdict == "undecided"]
    if undecided:
        yield f"What became of {_tracks(undecided)}: the evidence does not reach odds of 10 : 1 for any outcome."
    unassessed = {track.track_id for track in tracks if track.notable} - {one.track_id for one in outcomes}
    if unassessed:
        yield f"What became of {_tracks(sorted(unassessed))}: no assessment was made."
    if outcomes:
        yield (
            "Whether the assessed outcomes are right: they follow from tracks, reports and sensor evidence alone. "
            "Nothing in this report was read from the simulator's truth."
        )
    still = [line.track_id for line in hazards if line.state == "open"]
    if still:
        yield f"Where {_tracks(still)} went after being lost: no evidence closed the hazard before the run ended."


def _of_tracks(tracks: tuple[Track, ...]) -> Iterator[str]:
    vague = [track.track_id for track in tracks if track.notable and track.identified is None]
    if vague:
        yield (
            f"What {_tracks(vague)} was: its class never reached a probability of 0.9."
            if len(vague) == 1
            else (f"What {_tracks(vague)} were: their classes never reached a probability of 0.9.")
        )
    twins = [track.track_id for track in tracks if track.lookalike]
    if twins:
        yield f"Which radar track a cooperative claim belongs to: another track competed for that of {_tracks(twins)}."
    trusting = [track.track_id for track in tracks if track.cooperative_id and track.claim_consistent is None]
    if trusting:
        yield f"Whether the cooperative claim of {_tracks(trusting)} is true: the radar could not test it."


def _of_warnings(warnings: tuple[WarningLine, ...]) -> Iterator[str]:
    timeless = [line.zone_id for line in warnings if line.seconds_left is None]
    if timeless:
        yield f"How many seconds were left when these zones were warned: {zone_list(list(dict.fromkeys(timeless)))}."
    standing = list(dict.fromkeys(line.zone_id for line in warnings if line.cleared is None))
    if standing:
        yield f"When it was over in {zone_list(standing)}: no all-clear was given before the run ended."
    if warnings:
        yield "Whether anyone heard a warning and what they did: the record is of what was sent, not of what was heard."


def unknowns(
    tracks: tuple[Track, ...],
    outcomes: tuple[Outcome, ...],
    hazards: tuple[HazardLine, ...],
    warnings: tuple[WarningLine, ...],
    sensors: tuple[SensorLine, ...],
    *,
    time_of_day: bool,
    errors: int,
) -> tuple[str, ...]:
    """Open questions, each in one sentence, from the gaps in the record itself."""
    lines = [*_of_ends(tracks, outcomes, hazards), *_of_tracks(tracks), *_of_warnings(warnings)]
    for sensor in sensors:
        if sensor.silent:
            lines.append(
                f"What {sensor.sensor_id} would have seen during {sensor.silent_s:.0f} s of silence: "
                "objects in its part of the sky may have passed unseen."
            )
    if errors:
        noun = "item" if errors == 1 else "items"
        lines.append(f"What {errors} unreadable {noun} of the input said: see the error records below.")
    if not time_of_day:
        lines.append(
            "The time of day: the input gave seconds without an epoch, so only times since its start are shown."
        )
    lines.append("Where anything came from: no launch point is estimated, by design.")
    return tuple(lines)
