"""A run record to a report: plain values, nothing drawn yet."""

from __future__ import annotations

import msgspec

from tocsin.records.run import RunRecord
from tocsin.records.site import Site
from tocsin.report.engaged import effector_lines, outcome_lines, refusal_lines, shot_lines
from tocsin.report.happenings import happenings, zone_list
from tocsin.report.health import dismissed_lines, error_lines, report_lines, sensor_lines
from tocsin.report.instants import Clock, clock
from tocsin.report.model import (
    AssetPlace,
    HazardLine,
    Outcome,
    Report,
    SensorLine,
    SitePlace,
    Track,
    WarningLine,
    ZonePlace,
)
from tocsin.report.rates import rates
from tocsin.report.tracks import forecast_lines, reach_lines, track_lines
from tocsin.report.unknowns import unknowns
from tocsin.report.warned import hazard_lines, warning_lines

__all__ = ["build", "to_json"]

FORMAT = "tocsin-report-1"

BOUNDARY = (
    "Tocsin senses, tracks, identifies, forecasts and warns. Interception exists only inside its simulator, as a "
    "statistical model; no launch point is estimated and nothing here can aim or guide a weapon."
)
EXERCISE = "This is an exercise: a simulated raid with simulated sensors and a simulated engagement. "


def _site(site: Site, times: Clock, warned: frozenset[str]) -> SitePlace:
    zones = tuple(
        ZonePlace(
            zone.zone_id,
            zone.name,
            zone.population,
            tuple((float(east), float(north)) for east, north in zone.polygon_m),
            zone.zone_id in warned,
        )
        for zone in site.zones
    )
    assets = tuple(
        AssetPlace(one.asset_id, one.name, float(one.position_m[0]), float(one.position_m[1]), one.radius_m)
        for one in site.assets
    )
    return SitePlace(site.name, site.lat_deg, site.lon_deg, site.alt_m, site.time_zone, times.zone_known, zones, assets)


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _brief(
    run: RunRecord,
    tracks: tuple[Track, ...],
    warnings: tuple[WarningLine, ...],
    outcomes: tuple[Outcome, ...],
    hazards: tuple[HazardLine, ...],
    sensors: tuple[SensorLine, ...],
) -> tuple[str, ...]:
    """The incident in a few sentences, the most important first."""
    notable = sum(track.notable for track in tracks)
    told = "told one by one below" if notable == len(tracks) else f"{notable} of them told one by one below"
    lines = [] if run.finished else ["Cut off: the run was stopped before its end; what came after is not told here."]
    lines.append(f"{_count(len(tracks), 'track')} confirmed, {told}." if tracks else "No track was confirmed.")
    if warnings:
        zones = list(dict.fromkeys(line.zone_id for line in warnings))
        timed = sorted(line.seconds_left for line in warnings if line.seconds_left is not None)
        least = f"; least time left at a first warning {timed[0]:.1f} s, most {timed[-1]:.1f} s" if timed else ""
        of = f" of {len(run.site.zones)}" if len(zones) <= len(run.site.zones) else ""
        which = f"{len(zones)}{of} {'zone' if len(zones) == 1 else 'zones'} warned ({zone_list(zones)}){least}."
        lines.append(which)
    else:
        lines.append("No zone was warned.")
    if run.exercise:
        engaged = len({shot.track_id for shot in run.shots})
        fired = f"{_count(len(run.shots), 'simulated burst')} at {_count(engaged, 'track')}"
        lines.append(f"{fired}." if run.shots else "Nothing was fired.")
    verdicts = {
        name: sum(one.verdict == name for one in outcomes) for name in dict.fromkeys(o.verdict for o in outcomes)
    }
    if verdicts:
        lines.append("Assessed: " + ", ".join(f"{count} {name}" for name, count in sorted(verdicts.items())) + ".")
    standing = sum(line.cleared is None for line in warnings)
    if standing:
        lines.append(f"{_count(standing, 'warning')} still stood when the run ended.")
    still = [line.track_id for line in hazards if line.state == "open"]
    if still:
        lines.append(f"{_count(len(still), 'lost track')} with an open hazard area when the run ended.")
    silent = [sensor.sensor_id for sensor in sensors if sensor.silent]
    if silent:
        lines.append(f"Sensors that fell silent: {', '.join(silent)}.")
    return tuple(lines)


def build(run: RunRecord) -> Report:
    """The report of one run. BadInput: its epoch is not an instant."""
    times = clock(run.epoch_utc, run.site.time_zone)
    tracks, warnings, hazards = track_lines(run, times), warning_lines(run, times), hazard_lines(run, times)
    outcomes, shots, sensors = outcome_lines(run, times), shot_lines(run, times), sensor_lines(run, times)
    reports = report_lines(run, times)
    forecasts, forecast_track_ids = forecast_lines(run, times)
    warned = frozenset(line.zone_id for line in warnings)
    quiet = {track.track_id for track in tracks if not track.notable}
    return Report(
        format=FORMAT,
        title=run.title or "Recorded raid",
        scenario=run.scenario,
        exercise=run.exercise,
        boundary=(EXERCISE if run.exercise else "") + BOUNDARY,
        release=run.release,
        chain=run.chain,
        seed=run.seed,
        sources=run.sources,
        began=times.at(0.0 if run.epoch_utc or len(run.tracks.t_s) == 0 else float(run.tracks.t_s.min())),
        finished=times.at(run.end_t_s),
        batches=run.batches,
        scans=run.scans,
        detections=run.detections,
        site=_site(run.site, times, warned),
        brief=_brief(run, tracks, warnings, outcomes, hazards, sensors),
        timeline=happenings(run, times, tracks, warnings, hazards, shots, sensors, reports),
        tracks=tracks,
        forecasts=forecasts,
        forecast_track_ids=forecast_track_ids,
        reaches=reach_lines(run, times),
        warnings=warnings,
        harmless_warned=tuple(sorted({n for line in warnings for n in line.track_ids} & quiet)),
        hazards=hazards,
        shots=shots,
        refusals=refusal_lines(run),
        effectors=effector_lines(run),
        outcomes=outcomes,
        sensors=sensors,
        dismissed=dismissed_lines(run, times),
        reports=reports,
        errors=error_lines(run),
        rates=rates(run, tracks, warnings, outcomes),
        unknowns=unknowns(
            tracks, outcomes, hazards, warnings, sensors, time_of_day=bool(run.epoch_utc), errors=len(run.errors)
        ),
    )


def to_json(report: Report) -> str:
    """The report as JSON text, the form that stands beside the page."""
    return msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"
