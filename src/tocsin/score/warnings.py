"""Warnings against what was struck: who was told, how early, and who was told for nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.rates import Rate
from tocsin.records.site import Zone
from tocsin.records.truth import TruthEnd
from tocsin.records.warnings import WarningEvent
from tocsin.score.intervals import rate

__all__ = ["Baseline", "Strike", "WarningScore", "Watch", "contains", "score_warnings", "watches"]


@dataclass(frozen=True, slots=True)
class Watch:
    """The life of one warning in one zone: from its raise to its all-clear (infinity while it stands)."""

    warning_id: int
    zone_id: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Strike:
    """One impact in one zone. `warned_s`: seconds from the raise that stood at the impact; None: not warned."""

    object_id: str
    zone_id: str
    t_s: float
    warned_s: float | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a rule that looks at nothing would have scored on the same raid."""

    name: str
    strikes_warned: Rate
    median_warned_s: float | None
    zones_warned: int
    false_warnings: int
    precautionary: int


@dataclass(frozen=True, slots=True)
class WarningScore:
    """One run. Each warning is exactly one of `hits`, `precautionary` and `false_warnings`."""

    strikes: tuple[Strike, ...]
    strikes_warned: Rate  # strikes in a zone with a live warning / strikes in zones
    outside_zones: int  # impacts in no zone: nobody could have been told
    warned_s: tuple[float, ...]  # seconds of warning of the warned strikes, sorted
    median_warned_s: float | None
    zones_warned: int
    zones: int
    hits: int  # warnings during whose life their zone was struck
    precautionary: int  # not struck, but something hostile was in the air during their life
    false_warnings: int  # nothing hostile was in the air during their life
    baselines: tuple[Baseline, ...]


def contains(polygon_m: FloatArray, east_m: float, north_m: float) -> bool:
    """Is the point in the polygon (n, 2)? Even-odd rule; a point on an edge belongs to one of the two sides of it."""
    x, y = polygon_m[:, 0], polygon_m[:, 1]
    x1, y1 = np.roll(x, -1), np.roll(y, -1)
    crosses = (y > north_m) != (y1 > north_m)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x + (north_m - y) * (x1 - x) / (y1 - y)
    return bool(np.count_nonzero(crosses & (east_m < at)) % 2)


def watches(events: tuple[WarningEvent, ...]) -> tuple[Watch, ...]:
    """Warnings as spans, in order of their raise; updates do not change a span."""
    start: dict[tuple[int, str], float] = {}
    end: dict[tuple[int, str], float] = {}
    for event in events:
        key = (event.warning_id, event.zone_id)
        if event.action == "all_clear":
            end.setdefault(key, event.t_s)
        else:
            start.setdefault(key, event.t_s)
    spans = [Watch(key[0], key[1], t, end.get(key, np.inf)) for key, t in start.items()]
    return tuple(sorted(spans, key=lambda span: (span.from_s, span.warning_id, span.zone_id)))


def _strikes(impacts: list[TruthEnd], zones: tuple[Zone, ...], spans: tuple[Watch, ...]) -> tuple[list[Strike], int]:
    strikes, outside = [], 0
    for end in impacts:
        struck = [zone for zone in zones if contains(zone.polygon_m, end.position_m[0], end.position_m[1])]
        outside += not struck
        for zone in struck:
            live = [s.from_s for s in spans if s.zone_id == zone.zone_id and s.from_s <= end.end_t_s <= s.to_s]
            strikes.append(Strike(end.object_id, zone.zone_id, end.end_t_s, end.end_t_s - min(live) if live else None))
    return strikes, outside


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None


def _overlaps(span: Watch, ends: list[TruthEnd]) -> bool:
    return any(end.start_t_s <= span.to_s and span.from_s <= end.end_t_s for end in ends)


def _baselines(strikes: list[Strike], zones: int, first_detection_s: float | None) -> tuple[Baseline, Baseline]:
    """Every zone from the first detection of the raid until its end, and no zone ever."""
    count = len(strikes)
    from_s = np.inf if first_detection_s is None else first_detection_s
    told = [s.t_s - from_s for s in strikes if from_s <= s.t_s]
    raised = 0 if first_detection_s is None else zones
    struck = len({s.zone_id for s in strikes if from_s <= s.t_s})
    everything = Baseline(
        "warn everything", rate("strikes warned", len(told), count), _median(told), raised, 0, raised - struck
    )
    nothing = Baseline("warn nothing", rate("strikes warned", 0, count), None, 0, 0, 0)
    return everything, nothing


def score_warnings(
    events: tuple[WarningEvent, ...],
    zones: tuple[Zone, ...],
    ends: tuple[TruthEnd, ...],
    *,
    first_detection_s: float | None,
) -> WarningScore:
    """Judge the warnings of one run against all that came down, ballistic or not, with intent to harm.

    `first_detection_s` is when a sensor first saw anything hostile (None: never), from which "warn everything" would
    have warned. A strike is warned if a warning of its zone was live at the moment of impact.
    """
    spans = watches(events)
    hostile = [end for end in ends if end.hostile]
    impacts = [end for end in hostile if end.outcome == "impacted"]
    strikes, outside = _strikes(impacts, zones, spans)
    warned = sorted(s.warned_s for s in strikes if s.warned_s is not None)
    hit = [any(s.zone_id == span.zone_id and span.from_s <= s.t_s <= span.to_s for s in strikes) for span in spans]
    near = [_overlaps(span, hostile) for span in spans]
    hits = sum(hit)
    precautionary = sum(n and not h for n, h in zip(near, hit, strict=True))
    return WarningScore(
        strikes=tuple(strikes),
        strikes_warned=rate("strikes warned", len(warned), len(strikes)),
        outside_zones=outside,
        warned_s=tuple(warned),
        median_warned_s=_median(warned),
        zones_warned=len({span.zone_id for span in spans}),
        zones=len(zones),
        hits=hits,
        precautionary=precautionary,
        false_warnings=len(spans) - hits - precautionary,
        baselines=_baselines(strikes, len(zones), first_detection_s),
    )
