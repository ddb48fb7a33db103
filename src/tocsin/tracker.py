"""The tracker as a library: detections in arrays in, tracks in arrays out, one call for each scan.

    from tocsin import Detections, Sensor, Tracker

    tracker = Tracker(sensors=[Sensor("radar-1", lat_deg=33.7856, lon_deg=42.4412, alt_m=188.0)])
    for scan in scans:  # each a Detections
        tracks = tracker.update(scan)
        print(tracks.track_id, tracks.position_m)

It is the pipeline without anything to protect, and gives what `tocsin track` gives for the same data. All is in SI
units and radians unless a name says `_deg`. Positions, velocities and covariances are in one frame: east, north, up on
the tangent plane of WGS 84 at the site, which is the first sensor unless `Tracker(site=...)` names another origin.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import datetime

from tocsin.facade import Detections, History, Pipeline, Sensor, Tracks
from tocsin.facade.given import Time
from tocsin.records.identities import CLASSES
from tocsin.records.tracks import TrackSettings

__all__ = ["CLASSES", "Detections", "Sensor", "Tracker", "Tracks"]


class Tracker:
    """Track everything that flies past these sensors.

    One thread at a time may call it: a call while another is under way raises ConcurrentUse and does nothing. Copies
    and pickles of it are trackers of their own, which go on from the same state.
    """

    __slots__ = ("__weakref__", "_pipeline")

    def __init__(
        self,
        sensors: Sequence[Sensor],
        *,
        site: tuple[float, float, float] | None = None,
        settings: TrackSettings | None = None,
        refraction: bool = False,
        history: int = 600,
    ) -> None:
        """Place the sensors, nothing being known of the sky yet.

        `site` is the origin of the frame as latitude, longitude (degrees) and height (m); None: the first sensor.
        `refraction` says that elevations are apparent, to be corrected for the bending in the standard atmosphere.
        `history` is how many of the newest times are remembered for `history()`.
        Raises BadInput, naming field, row (from 1) and value, for sensors or a site that cannot be.
        """
        self._pipeline = Pipeline(sensors, site=site, settings=settings, refraction=refraction, history=history)

    @property
    def epoch(self) -> datetime | None:
        """The instant of t_s = 0, which the first instant given has set; None for bare seconds."""
        return self._pipeline.epoch

    def update(self, scan: Detections) -> Tracks:
        """Take one scan and give the tracks after it.

        Scans come in any order of sensors and in order of time; one that is late by at most `settings.max_late_s` is
        put in its place. Raises BadInput, naming field, row (from 1) and value, for a scan that cannot be used; the
        tracker then stands as if it had not been given, but for one thing: a scan more than a minute ahead of all
        others is refused, and one that follows it there is believed. Where such a gap is right, `coast` over it first.
        """
        return self._pipeline.update(scan).tracks

    def coast(self, t_s: Time) -> Tracks:
        """The tracks at a time at which no sensor looked. Raises BadInput for a time before the newest."""
        return self._pipeline.coast(t_s).tracks

    def history(self, track_id: int) -> History:
        """Where a track was, as far as it is remembered; an id that is not gives a history of length 0."""
        return self._pipeline.history(track_id)

    def __copy__(self) -> Tracker:
        return copy.deepcopy(self)

    def __repr__(self) -> str:
        return f"Tracker({self._pipeline!r})"
