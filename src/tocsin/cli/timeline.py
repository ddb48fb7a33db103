"""The timeline that a duty officer reads: local time, what, where from the site, how many seconds are left."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.records.detections import ReportTable
from tocsin.records.engagement import Engaged, OperatorAct, Shot
from tocsin.records.events import Events
from tocsin.records.identities import CLASSES
from tocsin.records.plan import Plan
from tocsin.records.warnings import WarningEvent

__all__ = ["Timeline", "place"]

HOSTILE = 0.5  # more probably meant to harm than not: then a track is worth a line, as is one that is warned of
_RADAR_WORDS = {"fixed_wing": "fixed-wing drone", "multirotor": "multirotor drone", "aircraft": "crewed aircraft"}


def place(east_m: float, north_m: float) -> str:
    """Bearing and distance from the site's origin."""
    distance = math.hypot(east_m, north_m)
    if distance < 25.0:
        return "at the site"
    bearing = round(math.degrees(math.atan2(east_m, north_m)) % 360.0) % 360
    far = f"{distance / 1000:.1f} km" if distance >= 995.0 else f"{round(distance, -1):.0f} m"
    return f"{bearing:03d}° {far}"


class Timeline:
    """Takes a run step by step; gives its lines."""

    def __init__(self, plan: Plan) -> None:
        self._epoch = datetime.fromisoformat(plan.epoch_utc)
        self._zone = ZoneInfo(plan.site.time_zone)
        self._known: set[int] = set()
        self._forecast: set[int] = set()
        self._end_t_s = 0.0
        self._said: list[tuple[float, str]] = []
        self.dismissed: Counter[str] = Counter()
        self.raised = 0

    @property
    def lines(self) -> list[str]:
        """What has been said so far, in order of time."""
        return [line for _, line in sorted(self._said, key=lambda said: said[0])]

    def head(self, site: str, title: str) -> tuple[str, str]:
        """The first two lines: what; where, when, and from which place bearings are taken."""
        local = self._epoch.astimezone(self._zone)
        when = f"{local:%A %d %B %Y}, local time (UTC{_offset(local)})"
        return title, f"{site}, {when}; bearings and distances from the site"

    def put(
        self,
        events: Events,
        reports: ReportTable,
        acts: Sequence[OperatorAct] = (),
        engaged: Engaged | None = None,
        shots: Sequence[Shot] = (),
    ) -> None:
        """Take one batch and what came of it."""
        self._end_t_s = max(self._end_t_s, events.t_s)
        self._sensors(events)
        self._reports(reports)
        self._tracks(events, engaged)
        self._forecasts(events)
        self._warnings(events.warnings)
        for act in acts:
            words = {"consent": "consents", "refuse": "refuses"}.get(act.act, act.act)
            self._say(act.t_s, f"Operator {words} (request {act.request_id})")
        for request in engaged.requests if engaged else ():
            self._say(
                request.t_s,
                f"Track {request.track_id}: consent asked for {request.effector_id}"
                f"{_left(request.time_left_s)} (request {request.request_id})",
            )
        for shot in shots:
            self._say(shot.t_s, f"Track {shot.track_id}: {shot.effector_id} fires {shot.rounds} rounds (simulated)")
        self._hazards(events)

    def _say(self, t_s: float, what: str) -> None:
        local = (self._epoch + timedelta(seconds=t_s)).astimezone(self._zone)
        tenth = f"{local:%H:%M:%S}.{local.microsecond // 100000}"
        self._said.append((t_s, f"{tenth} {_offset(local)}  {what}"))

    def _sensors(self, events: Events) -> None:
        for change in events.health:
            words = "is silent" if change.state == "silent" else "is heard again"
            self._say(change.t_s, f"Sensor {change.sensor_id} {words} after {change.silent_s:.0f} s")
        for dismissal in events.dismissals:
            self.dismissed[dismissal.rule] += 1

    def _reports(self, reports: ReportTable) -> None:
        for k, kind in enumerate(reports.kind):
            if kind in ("sighting", "impact"):
                where = place(float(reports.position_m[k, 0]), float(reports.position_m[k, 1]))
                claim = f": {reports.claim[k]}" if reports.claim[k] else ""
                what = "an impact" if kind == "impact" else "a sighting"
                self._say(float(reports.t_s[k]), f"Report of {what}, {where}, from {reports.source[k]}{claim}")

    def _tracks(self, events: Events, engaged: Engaged | None) -> None:
        """Introduce a track when it is hostile, or named by a warning or a request; say when one of these ends."""
        table, identities = events.tracks.table, events.identities
        warned = {
            track_id for warning in events.warnings if warning.action == "raise" for track_id in warning.track_ids
        }
        warned |= {request.track_id for request in engaged.requests} if engaged else set()
        for k, track_id in enumerate(table.track_id.tolist()):
            if track_id in self._known or (identities.hostile[k] < HOSTILE and track_id not in warned):
                continue
            self._known.add(track_id)
            best = int(identities.probability[k].argmax())
            kind = _RADAR_WORDS.get(CLASSES[best], CLASSES[best])
            sure = f"{100 * float(identities.probability[k, best]):.0f} %"
            e, n, up, ve, vn, _ = (float(v) for v in table.state[k])
            self._say(
                events.t_s,
                f"Track {track_id}: hostile {100 * float(identities.hostile[k]):.0f} %, {kind} {sure}, {place(e, n)}, "
                f"{up:.0f} m up, {math.hypot(ve, vn):.0f} m/s over ground",
            )
        for end in events.tracks.ended:
            if end.track_id in self._known:
                where = place(float(end.state[0]), float(end.state[1]))
                into = f" into track {end.merged_into}" if end.merged_into else ""
                self._say(end.t_s, f"Track {end.track_id}: ended ({end.rule.replace('_', ' ')}{into}), {where}")

    def _forecasts(self, events: Events) -> None:
        impacts = events.impacts
        for k, track_id in enumerate(impacts.track_id.tolist()):
            if track_id not in self._forecast:
                self._forecast.add(track_id)
                where = place(float(impacts.position_m[k, 0]), float(impacts.position_m[k, 1]))
                left = float(impacts.impact_t_s[k]) - events.t_s
                self._say(events.t_s, f"Track {track_id}: impact expected {where}{_left(left)}")

    def _warnings(self, warnings: Sequence[WarningEvent]) -> None:
        """Zones that are told the same for the same cause stand on one line."""
        together: dict[tuple[str, str, tuple[int, ...]], list[WarningEvent]] = {}
        for warning in warnings:
            together.setdefault((warning.action, warning.cause, warning.track_ids), []).append(warning)
        for (action, cause, track_ids), group in together.items():
            if action == "update":
                continue
            zones = _few([warning.zone_id for warning in group])
            if action == "raise":
                self.raised += len(group)
                first = min(group, key=lambda w: w.seconds_left if not math.isnan(w.seconds_left) else math.inf)
                whom = f" by track {_few([str(t) for t in track_ids])}" if track_ids else ""
                risk = max(warning.probability for warning in group)
                self._say(
                    first.t_s,
                    f"WARNING to {zones}: {cause.replace('_', ' ')}{whom}{_left(first.seconds_left)}, "
                    f"probability of harm up to {risk:.2f}",
                )
            else:
                self._say(group[0].t_s, f"ALL CLEAR to {zones}: {cause.replace('_', ' ')}")

    def _hazards(self, events: Events) -> None:
        for hazard in events.hazards:
            if hazard.track_id not in self._known and hazard.state == "open":
                continue
            where = place(float(hazard.centre_m[0]), float(hazard.centre_m[1]))
            if hazard.state == "open":
                lost = hazard.t_s - hazard.since_t_s
                text = (
                    f"Track {hazard.track_id}: lost for {lost:.0f} s, may be within {hazard.radius_m / 1000:.1f} km of "
                )
                self._say(hazard.t_s, text + where)
            else:
                self._say(hazard.t_s, f"Track {hazard.track_id}: hazard {hazard.state} ({hazard.evidence or where})")


def _offset(local: datetime) -> str:
    text = f"{local:%z}"
    return f"{text[:3]}:{text[3:5]}"


def _left(seconds: float) -> str:
    return "" if math.isnan(seconds) else f", {max(seconds, 0.0):.0f} s left"


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return shown if len(names) <= 6 else f"{shown} and {len(names) - 6} more"
