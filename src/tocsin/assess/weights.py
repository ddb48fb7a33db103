"""Every number by which evidence is weighed, in one table, each with its source or named as an assumption."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WEIGHTS", "Weight", "weigh"]


@dataclass(frozen=True, slots=True)
class Weight:
    """A probability, rate or scale, its unit, and why it has this value."""

    value: float
    unit: str
    argument: str


WEIGHTS: dict[str, Weight] = {
    "verdict_odds": Weight(
        10.0,
        "",
        "'strong' evidence begins at 10:1 (Jeffreys, Theory of Probability, 3rd ed., appendix B); below it a verdict "
        "would be the kind of claim without denominator that this stage exists to replace",
    ),
    "left_ballistic": Weight(
        0.01,
        "",
        "assumption: a ballistic flight comes down; one in a hundred comes down beyond anything that is watched",
    ),
    "intercepted_without_shot": Weight(
        0.002, "", "assumption: someone else's effector, or one missing from the log, in one case of 500"
    ),
    "intercepted_without_log": Weight(
        0.05, "", "assumption: where no log of effectors was kept, one threat in twenty met one all the same"
    ),
    "ends_with_shot": Weight(
        0.9, "", "assumption: what a burst ends is last seen flying within one look of the burst's arrival, 9 in 10"
    ),
    "flies_on_after_shot": Weight(
        0.01, "", "assumption: what was ended is tracked on as if whole (debris that keeps the path) once in a hundred"
    ),
    "flies_on_fades_s": Weight(
        5.0,
        "s",
        "fragments slow down within seconds: each further five make it e times less likely, to a tenth at most",
    ),
    "window_before_looks": Weight(1.5, "looks", "the last look before the burst may itself have missed"),
    "window_after_s": Weight(1.5, "s", "the burst lasts about a second, and break-up is not instantaneous"),
    "lost_floor_ballistic": Weight(
        0.02, "", "assumption: a tracker drops a ballistic flight that is still there once in fifty (clutter, masking)"
    ),
    "lost_floor_flyer": Weight(
        0.1, "", "assumption: a drone above 100 m is lost one time in ten though it flies on, whatever the looks say"
    ),
    "lost_floor_low": Weight(
        0.5,
        "",
        "below 100 m terrain masks at any moment: losing it says almost nothing. The drone of Binyamina, October 2024, "
        "was lost, assumed down, and struck",
    ),
    "low_m": Weight(100.0, "m", "a ridge or building of this height is common within a few kilometres of a site"),
    "unseen_last_s": Weight(
        2.0, "s", "below the lowest elevation of a surveillance radar a shell is unseen for its last seconds"
    ),
    "at_ground_left": Weight(0.02, "", "assumption: what comes down elsewhere is not seen down to the forecast place"),
    "at_asset_impacted": Weight(0.7, "", "assumption: a drone that strikes is last seen low and close to an asset"),
    "at_asset_intercepted": Weight(0.15, "", "assumption: bursts reach 2 km, so few end a flight at the asset itself"),
    "at_asset_left": Weight(0.02, "", "assumption: what flies away is last seen near an asset once in fifty"),
    "fell_intercepted": Weight(0.6, "", "assumption: a disabled drone is seen falling in more than half of the cases"),
    "fell_impacted": Weight(0.1, "", "assumption: a dive begins within seconds of a burst by chance one time in ten"),
    "fell_left": Weight(0.02, "", "assumption: what flies away does not fall"),
    "debris_intercepted": Weight(0.4, "", "assumption: break-up gives a new short track in four cases of ten"),
    "debris_otherwise": Weight(0.04, "", "a false track starts in this place and time by clutter once in 25"),
    "debris_radius_m": Weight(300.0, "m", "a fragment at 100 m/s within three seconds"),
    "debris_life_s": Weight(10.0, "s", "a fragment falls 500 m in ten seconds; a flight lasts longer"),
    "debris_heard_ballistic": Weight(
        0.3, "", "assumption: fragments or a dud body make an impact sensor respond a third as often as a warhead does"
    ),
    "debris_heard_flyer": Weight(
        0.5, "", "assumption: a disabled drone falls whole, with what it carries, and is heard half as often"
    ),
    "flyer_strike_covered": Weight(
        0.5, "", "assumption: a lost drone strikes a listed asset, where sensors listen, in half of the cases"
    ),
    "strikes_where_low": Weight(
        0.7, "", "assumption: a drone last seen below 100 m strikes within seconds of flight, seven times in ten"
    ),
    "strikes_where_high": Weight(0.2, "", "assumption: from higher up it strikes so soon once in five"),
    "foreign_report_per_hour": Weight(
        1.0,
        "1/h",
        "assumption: an impact sensor reports something else once an hour (the LCMR's false alarm rate of "
        "2004 was one in 5 to 6 hours, for a radar)",
    ),
    "foreign_report_radius_m": Weight(10000.0, "m", "those reports are spread evenly over a disc of this radius"),
    "forecast_floor_m": Weight(30.0, "m", "survey, terrain and sensor bias that a filter's covariance leaves out"),
    "forecast_floor_s": Weight(1.0, "s", "sound from the place of impact to a sensor three hundred metres away"),
    "edge_fraction": Weight(0.85, "", "beyond this share of its stated range a sensor's detections thin out"),
    "edge_left": Weight(0.8, "", "assumption: what leaves is last seen outbound at the edge in four cases of five"),
    "edge_otherwise": Weight(0.03, "", "assumption: what was coming here is last seen outbound at the edge once in 33"),
    "sighting_factor": Weight(
        3.0, "", "a witness who says so triples the odds and no more: accounts of 6 June 2021 contradict one another"
    ),
    "sighting_radius_m": Weight(3000.0, "m", "a witness's place is where the witness stood"),
    "sighting_window_s": Weight(60.0, "s", "and the time is the time of the call"),
}


def weigh(name: str) -> float:
    """The value of a weight."""
    return WEIGHTS[name].value
