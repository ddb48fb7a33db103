"""A raid as a RunRecord, made by hand: three rockets, a drone that is lost and returns, a friendly, birds, an airliner.

The numbers are those of simple parabolas and straight lines, so that tests can say what the report must show.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tocsin.frames import enu2geodetic, gaussian_radius_m
from tocsin.records.detections import ErrorRecord, ReportTable
from tocsin.records.engagement import EffectorStatus, EngagementRequest, OperatorAct, Refusal, Shot
from tocsin.records.identities import CLASSES, Dismissal
from tocsin.records.outcomes import Assessment, Evidence
from tocsin.records.run import ImpactRows, ReachRows, RunRecord, TrackLife, TrackRows
from tocsin.records.sensors import SensorHealth, SensorTable
from tocsin.records.site import Asset, Site, Terrain, Zone
from tocsin.records.tracks import TrackEnd
from tocsin.records.warnings import Hazard, WarningEvent
from tocsin.report import Report, build

LAT, LON, ALT = 33.2625, 44.2346, 40.0
GRAVITY = 9.81
NAN = float("nan")


def site(rows: int = 8, columns: int = 8, size: float = 1000.0) -> Site:
    zones = []
    for row in range(rows):
        for column in range(columns):
            west, south = (column - columns / 2) * size, (row - rows / 2) * size
            corners = np.array([[west, south], [west + size, south], [west + size, south + size], [west, south + size]])
            zones.append(Zone(f"{chr(65 + row)}{column + 1}", "", corners, 100.0))
    assets = (
        Asset("hospital", "Field hospital", np.array([-1200.0, 900.0, 0.0]), 150.0),
        Asset("fuel", "Fuel point", np.array([1700.0, -1300.0, 0.0]), 200.0),
    )
    flat = Terrain(0.0, 0.0, 1.0, np.zeros((0, 0)))
    return Site(
        "Baghdad (BDSC)", LAT, LON, ALT, gaussian_radius_m(LAT) + ALT, "Asia/Baghdad", tuple(zones), assets, flat
    )


def sensors() -> SensorTable:
    eye = np.tile(np.eye(3), (3, 1, 1))
    place = np.array([[200.0, 300.0, 12.0], [-900.0, -400.0, 8.0], [2600.0, 2400.0, 15.0]])
    nan = np.full(3, NAN)
    kinds = ("radar_3d", "radar_staring", "eo_ir")
    return SensorTable(
        ("search-1", "staring-1", "camera-1"), kinds, place, eye, np.array([40000.0, 15000, NAN]), nan, nan, nan
    )


def probabilities(best: str, sure: np.ndarray) -> np.ndarray:
    table = np.repeat(((1 - sure) / (len(CLASSES) - 1))[:, None], len(CLASSES), axis=1)
    table[:, CLASSES.index(best)] = sure
    return table


class Rows:
    """Collects rows of tracks and impacts, then sorts them by time."""

    def __init__(self) -> None:
        self.tracks: list[tuple[np.ndarray, ...]] = []
        self.impacts: list[tuple[np.ndarray, ...]] = []

    def fly(self, number: int, best: str, t: np.ndarray, place: np.ndarray, sure_after: float) -> None:
        sure = np.clip(0.4 + 0.57 * (t - t[0]) / sure_after, 0.0, 0.97)
        velocity = np.gradient(place, t, axis=0)
        variance = np.full((len(t), 3), 400.0)
        self.tracks.append((t, np.full(len(t), number), place, velocity, variance, probabilities(best, sure)))

    def shell(
        self, number: int, best: str, t0: float, t1: float, start: tuple, end: tuple, seen: float, bias: float
    ) -> None:
        """A parabola from start to end, seen from t0 + seen, with forecasts that tighten from 1 km to a few metres."""
        flight = t1 - t0
        t = np.arange(t0 + seen, t1, 0.5)
        share = ((t - t0) / flight)[:, None]
        ground = np.array(start) * (1 - share) + np.array(end) * share
        up = 0.5 * GRAVITY * (t - t0) * (t1 - t)
        self.fly(number, best, t, np.column_stack([ground, up]), 3.0)
        left = 1 - (t - t[0]) / (t1 - t[0])
        along, across = 12 + 700 * left**2, 8 + 180 * left**2
        heading = np.array(end, dtype=float) - np.array(start)
        heading /= np.linalg.norm(heading)
        turn = np.array([heading, [-heading[1], heading[0]]])
        covariance = np.einsum("ia,ni,ib->nab", turn, np.column_stack([along, across]) ** 2, turn)
        place = np.array(end) + heading * (bias * along)[:, None]
        self.impacts.append((t, np.full(len(t), number), np.full(len(t), t1), 0.1 + 2 * left, place, covariance))

    def track_rows(self) -> TrackRows:
        t, number, place, velocity, variance, p = (np.concatenate(part) for part in zip(*self.tracks, strict=True))
        order = np.argsort(t, kind="stable")
        return TrackRows(*(part[order] for part in (t, number, place, velocity, variance, p)))

    def impact_rows(self) -> ImpactRows:
        t, number, when, sigma, place, covariance = (np.concatenate(part) for part in zip(*self.impacts, strict=True))
        order = np.argsort(t, kind="stable")
        enu = np.column_stack([place, np.zeros(len(place))])
        geodetic = enu2geodetic(enu, np.array([LAT, LON, ALT]))
        parts = (t, number, when, sigma, place, geodetic[:, 0], geodetic[:, 1], covariance)
        return ImpactRows(*(part[order] for part in parts))


def straight(t: np.ndarray, start: tuple, velocity: tuple) -> np.ndarray:
    return np.array(start) + np.outer(t - t[0], velocity)


def raid_rows() -> Rows:
    rows = Rows()
    rows.shell(1, "rocket", 20.0, 58.0, (-6500.0, 5200.0), (1250.0, 420.0), 6.0, 0.9)
    rows.shell(2, "rocket", 22.5, 60.5, (-6450.0, 5300.0), (-1500.0, 700.0), 7.0, -0.6)
    rows.shell(3, "mortar", 41.0, 66.0, (2900.0, -4300.0), (2350.0, -3600.0 + 1900.0), 4.0, 0.4)
    far, near = np.arange(5.0, 62.0), np.arange(141.0, 196.0)
    rows.fly(4, "fixed_wing", far, straight(far, (9500.0, 6400.0, 320.0), (-42.0, -24.0, -1.2)), 14.0)
    rows.fly(9, "fixed_wing", near, straight(near, (4300.0, 2200.0, 120.0), (-47.0, -63.0, -1.0)), 10.0)
    friend = np.arange(30.0, 170.0)
    rows.fly(5, "multirotor", friend, straight(friend, (5200.0, -700.0, 260.0), (-27.0, 8.0, -1.2)), 10.0)
    liner = np.arange(0.0, 200.0, 4.0)
    rows.fly(6, "aircraft", liner, straight(liner, (-22000.0, -15000.0, 9500.0), (210.0, 90.0, 0.0)), 10.0)
    generator = np.random.default_rng(4)
    for number in range(10, 34):
        t = np.arange(float(generator.integers(0, 90)), float(generator.integers(110, 200)), 2.0)
        start = (*generator.uniform(-4800, 4800, 2), generator.uniform(40, 260))
        rows.fly(number, "bird", t, straight(t, start, (*generator.normal(0, 9, 2), 0.0)), 8.0)
    return rows


def lives(tracks: TrackRows) -> tuple[TrackLife, ...]:
    hostile = {1: 0.99, 2: 0.99, 3: 0.98, 4: 0.81, 9: 0.86, 5: 0.07, 6: 0.004}
    claims = {5: ("UAV-2291", 0.93, True), 6: ("4CA1F3", 0.999, False)}
    result = []
    for number in np.unique(tracks.track_id).tolist():
        first = float(tracks.t_s[tracks.track_id == number].min())
        name, consistent, twin = claims.get(number, ("", NAN, False))
        result.append(TrackLife(number, first - 1.5, first, hostile.get(number, 0.01), name, consistent, twin))
    return tuple(result)


def warnings_of_the_raid() -> tuple[WarningEvent, ...]:
    def say(
        t: float, number: int, zone: str, action: str, p: float, harm: float, ids: tuple, cause: str, why: str
    ) -> WarningEvent:
        return WarningEvent(t, number, zone, action, p, harm, max(harm - t, 0.0), ids, cause, why)

    rocket = "a rocket is forecast to come down here"
    lines = [
        say(31.0, 1, "E6", "raise", 0.08, 58.0, (1,), "impact", rocket),
        say(31.0, 2, "E5", "raise", 0.06, 58.0, (1,), "impact", rocket),
        say(33.5, 3, "E3", "raise", 0.11, 60.5, (2,), "impact", rocket),
        say(40.0, 1, "E6", "update", 0.71, 58.0, (1,), "impact", rocket),
        say(50.0, 1, "E6", "update", 0.97, 58.0, (1,), "impact", rocket),
        say(59.5, 4, "C7", "raise", 0.4, 66.0, (3,), "impact", "a mortar round is forecast to come down here"),
        say(70.0, 2, "E5", "all_clear", 0.0, NAN, (), "impact elsewhere", "the rocket came down in E6"),
        say(95.0, 1, "E6", "all_clear", 0.0, NAN, (), "impact reported", "impact reported, nothing else on its way"),
        say(95.0, 3, "E3", "all_clear", 0.0, NAN, (), "track ended in flight", "the track ended above ground"),
        say(98.0, 4, "C7", "all_clear", 0.0, NAN, (), "impact reported", "impact reported, nothing else on its way"),
        say(72.0, 5, "F7", "raise", 0.09, NAN, (4,), "lost_track", "a lost drone could be here"),
        say(96.0, 6, "E7", "raise", 0.07, NAN, (4,), "lost_track", "a lost drone could be here"),
        say(150.0, 7, "C6", "raise", 0.22, 186.0, (9,), "reach", "a drone could reach the fuel point"),
    ]
    return tuple(sorted((w for w in lines), key=lambda w: w.t_s))


def assessments() -> tuple[Assessment, ...]:
    shock = Evidence(
        58.4, "impact_report", "seismic-1", "impact sensor seismic-1 within 40 m of the forecast", (-4.0, 2.1, -5.0)
    )
    above = Evidence(57.0, "track_ended_in_flight", "tracker", "the track ended 410 m above ground", (3.2, -1.4, -2.0))
    burst = Evidence(52.0, "shot", "effector log", "two bursts before the track ended", (1.1, 0.0, 0.0))
    heard = Evidence(66.2, "sighting", "guard tower 3", "one explosion heard to the south-east", (0.2, 0.6, -1.0))
    return (
        Assessment(1, "rocket", (0.004, 0.995, 0.001), "impacted", (shock,)),
        Assessment(2, "rocket", (0.965, 0.03, 0.005), "intercepted", (above, burst)),
        Assessment(3, "mortar", (0.21, 0.78, 0.01), "undecided", (heard,)),
    )


def reports() -> ReportTable:
    return ReportTable(
        t_s=np.array([58.4, 66.2, 128.0]),
        source=("seismic-1", "guard tower 3", "<script>alert('x')</script>"),
        kind=("impact", "sighting", "sighting"),
        id=("e1", "s1", "s2"),
        position_m=np.array([[1268.0, 431.0, 0.0], [2300.0, -1650.0, NAN], [3900.0, 2700.0, NAN]]),
        sigma_m=np.array([60.0, 400.0, 300.0]),
        claim=("shock", "one explosion to the south-east", 'engine noise, "like a moped" & low'),
    )


@cache
def built() -> Report:
    """The report of the raid, built once: it is frozen."""
    return build(raid())


def raid() -> RunRecord:
    rows = raid_rows()
    tracks = rows.track_rows()
    cov = np.eye(6) * 400.0
    lost = [
        Hazard(66.0, 4, 61.0, np.array([7148.0, 5056.0]), 350.0, 0.81, "open", ""),
        Hazard(110.0, 4, 61.0, np.array([6000.0, 4300.0]), 2100.0, 0.81, "open", ""),
        Hazard(141.0, 4, 61.0, np.array([5200.0, 3900.0]), 3300.0, 0.81, "reacquired", "track 9 fits the lost one"),
    ]
    last = {number: tracks.position_m[tracks.track_id == number][-1] for number in (1, 2, 3, 4)}
    ends = [
        TrackEnd(t, number, rule, 0, np.r_[last[number], np.zeros(3)], cov, t - 0.5)
        for t, number, rule in ((58.0, 1, "ground"), (60.5, 2, "missed"), (66.0, 3, "ground"), (66.0, 4, "missed"))
    ]
    birds = [
        Dismissal(40.0 + k, "track", 10 + k, "bird", 0.004 + 0.001 * k, "slow, small and flapping") for k in range(20)
    ]
    friendly = [
        Dismissal(48.0, "track", 6, "friendly_adsb", 0.004, "the radar supports the claim of 4CA1F3"),
        Dismissal(60.0, "track", 5, "friendly_remote_id", 0.07, "the radar supports the claim of UAV-2291"),
    ]
    return RunRecord(
        scenario="bdsc-2021",
        title="Rockets at Baghdad, June 2021",
        sources=("CNN, 6 June 2021: two differing accounts of the same night",),
        exercise=True,
        epoch_utc="2021-06-05T21:14:30+00:00",
        end_t_s=200.0,
        seed=7,
        release="0.1.0",
        chain="9f2c" * 16,
        site=site(),
        sensors=sensors(),
        batches=640,
        scans=600,
        detections=8123,
        tracks=tracks,
        lives=lives(tracks),
        impacts=rows.impact_rows(),
        reaches=ReachRows(
            np.array([150.0, 160.0]),
            np.array([9, 9]),
            np.array([1, 1]),
            np.array([180.0, 181.0]),
            np.array([186.0, NAN]),
            np.array([0.22, 0.64]),
        ),
        reports=reports(),
        ends=tuple(ends),
        warnings=warnings_of_the_raid(),
        hazards=tuple(lost),
        dismissals=tuple(birds + friendly),
        health=(
            SensorHealth(104.0, 1, "staring-1", "silent", 4.0),
            SensorHealth(131.0, 1, "staring-1", "alive", 31.0),
            SensorHealth(190.0, 2, "camera-1", "silent", 10.0),
        ),
        errors=(
            ErrorRecord(77.0, "detections.csv", 4021, "azimuth_deg", "400", "azimuth is not in [0, 360)"),
            ErrorRecord(78.0, "detections.csv", 4077, "azimuth_deg", "-3", "azimuth is not in [0, 360)"),
        ),
        requests=(
            EngagementRequest(44.0, 1, 1, "effector-1", 0.9, 14.0),
            EngagementRequest(45.0, 2, 2, "effector-1", 0.7, 15.5),
        ),
        acts=(OperatorAct(47.5, 2, "consent", ""), OperatorAct(57.0, 1, "refuse", "too late")),
        shots=(
            Shot(50.0, 1, 1, "effector-1", 2, 52.2, 75),
            Shot(53.0, 2, 2, "effector-1", 2, 54.9, 75),
        ),
        refusals=(
            Refusal(44.5, 5, "", "cooperative", "track 5 is bound to UAV-2291"),
            Refusal(60.0, 3, "effector-1", "out_of_range", "track 3 is 2.9 km away"),
            Refusal(61.0, 3, "effector-1", "out_of_range", "track 3 is 2.8 km away"),
        ),
        effectors=(EffectorStatus(50.0, "effector-1", 1425, 52.0), EffectorStatus(53.0, "effector-1", 1350, 55.0)),
        assessments=assessments(),
    )
