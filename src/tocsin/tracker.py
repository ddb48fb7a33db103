"""The tracker as a library: detections in arrays in, tracks in arrays out, one call for each scan.

    from tocsin import Detections, Sensor, Tracker

    tracker = Tracker(sensors=[Sensor("radar-1", lat_deg=33.7856, lon_deg=42.4412, alt_m=188.0)])
    for scan in scans:  # each a Detections
        tracks = tracker.update(scan)
        print(tracks.track_id, tracks.position_m)

It runs the stages sense, track and identify of the pipeline, and gives what `tocsin track` gives for the same data. All
is in SI units and radians. Positions, velocities and covariances are in one frame: east, north, up on the tangent plane
of WGS 84 at the site, which is the first sensor unless `Tracker(site=...)` names another origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tocsin import identify, sense, track
from tocsin.errors import BadInput
from tocsin.formats.cells import Column
from tocsin.formats.detections import empty_reports, empty_table
from tocsin.formats.sensors import OPTIONAL, PLACE, level_site, placed
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import Batch, DetectionTable
from tocsin.records.identities import CLASSES, IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.sensors import SENSOR_KINDS, SensorTable
from tocsin.records.site import Site
from tocsin.records.tracks import TrackSettings, TrackStep, TrackTable
from tocsin.sense.rows import usable

__all__ = ["CLASSES", "Detections", "Sensor", "Tracker", "Tracks"]


@dataclass(frozen=True, slots=True)
class Sensor:
    """Where a sensor stands and what is known of it; None: not known, estimated or taken as usual for its kind."""

    sensor_id: str
    lat_deg: float  # WGS 84
    lon_deg: float
    alt_m: float  # above the ellipsoid
    kind: str = "radar_3d"  # of tocsin.records.sensors.SENSOR_KINDS
    max_range_m: float | None = None
    revisit_s: float | None = None
    detection_probability: float | None = None
    clutter_per_scan: float | None = None  # expected false detections of one scan


@dataclass(frozen=True, slots=True)
class Detections:
    """One scan of one sensor: n detections at one time, as arrays (n,) or as numbers that hold for all n.

    Azimuth is clockwise from true north at the sensor, elevation up from its horizon, range rate positive outbound.
    None, or NaN in an array, says: not measured; without range a detection is a bearing, without elevation it is
    two-dimensional. A sigma that is not given is taken as usual for the sensor's kind. A scan with n = 0 is
    information: the sensor looked and saw nothing.
    """

    t_s: float  # of the scan, on any one clock; at most 2 s before the newest scan
    azimuth_rad: npt.ArrayLike  # (n,) within a turn either way
    range_m: npt.ArrayLike | None = None
    elevation_rad: npt.ArrayLike | None = None
    range_rate_mps: npt.ArrayLike | None = None
    sigma_range_m: npt.ArrayLike | None = None
    sigma_azimuth_rad: npt.ArrayLike | None = None
    sigma_elevation_rad: npt.ArrayLike | None = None
    sigma_range_rate_mps: npt.ArrayLike | None = None
    snr_db: npt.ArrayLike | None = None
    rcs_dbsm: npt.ArrayLike | None = None
    sensor_id: str | None = None  # None: the first sensor


@dataclass(frozen=True, slots=True)
class Tracks:
    """The T confirmed tracks at `t_s`, in order of `track_id`, those that were not detected in this scan included."""

    t_s: float  # newest time; for a late scan that of the newest one
    track_id: IntArray  # (T,) from 1, never used twice
    position_m: FloatArray  # (T, 3) east, north, up at the site
    velocity_mps: FloatArray  # (T, 3) of the same axes
    covariance: FloatArray  # (T, 6, 6) of position, then velocity
    existence: FloatArray  # (T,) probability that there is such an object
    class_probability: FloatArray  # (T, 6) over tocsin.tracker.CLASSES; rows sum to 1
    detection: IntArray  # (T,) index into the scan of the most probable detection, -1: none
    updated_t_s: FloatArray  # (T,) when the track was last detected
    confirmed: IntArray  # ids that were confirmed by this scan
    ended: IntArray  # ids that ended with this scan


_COLUMNS = tuple(DetectionTable.__dataclass_fields__)[1:]


@dataclass(slots=True)
class _State:
    sense: sense.State
    track: track.State
    identify: identify.State
    batches: int = 0
    tracks: TrackTable | None = None  # seen by sense one scan late, as in the pipeline


class Tracker:
    """Track everything that flies past these sensors."""

    def __init__(
        self,
        sensors: Sequence[Sensor],
        *,
        site: tuple[float, float, float] | None = None,
        settings: TrackSettings | None = None,
        refraction: bool = False,
    ) -> None:
        """Place the sensors, nothing being known of the sky yet.

        `site` is the origin of the frame as latitude, longitude (degrees) and height (m); None: the first sensor.
        `refraction` says that elevations are apparent, to be corrected for the bending in the standard atmosphere.
        Raises BadInput, naming field, row (from 1) and value, for sensors or a site that cannot be.
        """
        origin = None if site is None else level_site(float(site[0]), float(site[1]), float(site[2]))
        placed_at, table = _placed_sensors(sensors, origin)
        rules = TrackSettings() if settings is None else settings
        self._plan = plan = Plan("", placed_at, table, refraction=refraction, track=rules)
        self._state = _State(sense.start(plan), track.start(plan), identify.start(plan))

    def update(self, scan: Detections) -> Tracks:
        """Take one scan and give the tracks after it.

        Scans come in any order of sensors and in order of time; one that is late by at most `settings.max_late_s` is
        put in its place. Raises BadInput, naming field, row (from 1) and value, for a scan that cannot be used; the
        tracker then stands as if it had not been given.
        """
        index = self._sensor_index(scan.sensor_id)
        table, t_s = _table(scan), _time(scan.t_s)
        late_s = self._state.sense.newest_t_s - t_s
        if late_s > self._plan.track.max_late_s:
            problem = f"{late_s:.3f} s behind the newest scan; at most {self._plan.track.max_late_s:g} s can be used"
            raise BadInput(problem, column="t_s", value=repr(t_s))
        _, errors = usable(t_s, "", table)
        if errors:
            raise BadInput(errors[0].problem, row=errors[0].row, column=errors[0].column, value=errors[0].value)
        return self._advance(Batch(self._state.batches, t_s, t_s, index, table, empty_reports(), ()))

    def coast(self, t_s: float) -> Tracks:
        """The tracks at a time at which no sensor looked. Raises BadInput for a time before the newest."""
        t_s = _time(t_s)
        if t_s < self._state.sense.newest_t_s:
            raise BadInput("tracks coast forwards only", column="t_s", value=repr(t_s))
        return self._advance(Batch(self._state.batches, t_s, t_s, -1, empty_table(), empty_reports(), ()))

    def _sensor_index(self, sensor_id: str | None) -> int:
        names = self._plan.sensors.sensor_id
        if sensor_id is None:
            return 0
        if sensor_id not in names:
            raise BadInput(f"no such sensor; one of {', '.join(names)}", column="sensor_id", value=sensor_id)
        return names.index(sensor_id)

    def _advance(self, batch: Batch) -> Tracks:
        plan, state = self._plan, self._state
        state.batches += 1
        state.sense, scan, _ = sense.advance(plan, state.sense, batch, state.tracks)
        state.track, step = track.advance(plan, state.track, scan)
        state.tracks = step.table
        state.identify, identities, _ = identify.advance(plan, state.identify, scan, step, batch.reports)
        return _tracks(step, identities)


def _tracks(step: TrackStep, identities: IdentityTable) -> Tracks:
    table = step.table
    return Tracks(
        t_s=table.t_s,
        track_id=table.track_id,
        position_m=table.state[:, :3],
        velocity_mps=table.state[:, 3:],
        covariance=table.covariance,
        existence=table.existence,
        class_probability=identities.probability,
        detection=table.row,
        updated_t_s=table.updated_t_s,
        confirmed=step.confirmed,
        ended=np.array([end.track_id for end in step.ended], dtype=np.int64),
    )


def _time(t_s: float) -> float:
    if not np.isfinite(t_s):
        raise BadInput("time is not finite", column="t_s", value=repr(t_s))
    return float(t_s)


def _table(scan: Detections) -> DetectionTable:
    """The scan's columns, each (n,), n being that of the azimuths."""
    n = len(_column(scan, "azimuth_rad", None))
    columns = [_column(scan, name, n) for name in _COLUMNS]
    return DetectionTable(np.arange(1, n + 1), *columns)


def _column(scan: Detections, name: str, n: int | None) -> FloatArray:
    """One column as floats of its own; a number or None is spread over n rows."""
    given = getattr(scan, name)
    try:
        values = np.array(np.nan if given is None else given, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput("not an array of numbers", column=name, value=str(given)[:60]) from None
    if values.ndim == 0 and n is not None:
        return np.full(n, float(values))
    if values.ndim != 1 or (n is not None and len(values) != n):
        wanted = "one dimension" if n is None else f"shape ({n},), as azimuth_rad has"
        raise BadInput(f"an array of {wanted} is needed", column=name, value=f"shape {values.shape}")
    return values


def _placed_sensors(sensors: Sequence[Sensor], origin: Site | None) -> tuple[Site, SensorTable]:
    """The site, at the first sensor where none is given, and its table of sensors. Raises BadInput."""
    if not sensors:
        raise BadInput("at least one sensor is needed", column="sensors")
    names = tuple(sensor.sensor_id for sensor in sensors)
    for k, sensor in enumerate(sensors, 1):
        if not sensor.sensor_id or names.index(sensor.sensor_id) != k - 1:
            problem = "names two sensors" if sensor.sensor_id else "a name is needed here"
            raise BadInput(problem, row=k, column="sensor_id", value=sensor.sensor_id)
        if sensor.kind not in SENSOR_KINDS:
            raise BadInput(f"unknown kind; one of {', '.join(SENSOR_KINDS)}", row=k, column="kind", value=sensor.kind)
    places = np.stack([_checked(sensors, rule, needed=True) for rule in PLACE], axis=1)
    site = level_site(*places[0].tolist()) if origin is None else origin
    position_m, rotation = placed(places, site)
    known = (_checked(sensors, rule, needed=False) for rule in OPTIONAL)
    return site, SensorTable(names, tuple(sensor.kind for sensor in sensors), position_m, rotation, *known)


def _checked(sensors: Sequence[Sensor], rule: Column, *, needed: bool) -> FloatArray:
    """One number of each sensor (S,), within the rule of its column in a sensors file; NaN: not given."""
    name = _FIELDS.get(rule.name, rule.name)
    values = [getattr(sensor, name) for sensor in sensors]
    for k, value in enumerate(values, 1):
        if value is None and not needed:
            continue
        if not (isinstance(value, int | float | np.number) and rule.low <= value <= rule.high):
            raise BadInput(rule.rule, row=k, column=name, value=str(value))
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


_FIELDS = {"lat": "lat_deg", "lon": "lon_deg"}
"""Columns of a sensors file whose field here has another name."""
