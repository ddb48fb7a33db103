"""What comes out of one call: the tracks, and what the stages after them said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tocsin import frames
from tocsin.errors import MissingPackage
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import ErrorRecord
from tocsin.records.events import Events
from tocsin.records.forecasts import ImpactTable, ReachTable
from tocsin.records.identities import CLASSES, Dismissal, IdentityTable
from tocsin.records.registration import Registration
from tocsin.records.sensors import SensorHealth
from tocsin.records.site import Site
from tocsin.records.warnings import Hazard, WarningEvent

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Result", "Tracks", "result_of"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What `json.dumps` takes."""

_SHOWN = 5  # tracks that a repr names


@dataclass(frozen=True, slots=True, repr=False)
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
    origin: tuple[float, float, float]  # of the axes: latitude, longitude (degrees), height (m)
    epoch: datetime | None = None  # instant of t_s = 0 in UTC; None: times are the caller's own seconds
    dismissals: tuple[Dismissal, ...] = ()  # what was ignored, by which rule
    health: tuple[SensorHealth, ...] = ()  # sensors that fell silent or came back
    errors: tuple[ErrorRecord, ...] = ()  # reports that could not be used

    def __len__(self) -> int:
        return len(self.track_id)

    @property
    def time(self) -> datetime | None:
        """The instant of `t_s`, in UTC; None where the times given are bare seconds."""
        return None if self.epoch is None else self.epoch + timedelta(seconds=self.t_s)

    @property
    def geodetic(self) -> FloatArray:
        """Latitude, longitude (degrees) and ellipsoidal height (m), (T, 3)."""
        return frames.enu2geodetic(self.position_m, np.array(self.origin))

    @property
    def latitude_deg(self) -> FloatArray:
        """(T,) WGS 84."""
        return self.geodetic[:, 0]

    @property
    def longitude_deg(self) -> FloatArray:
        """(T,) WGS 84."""
        return self.geodetic[:, 1]

    @property
    def altitude_m(self) -> FloatArray:
        """(T,) above the ellipsoid."""
        return self.geodetic[:, 2]

    @property
    def local_velocity_mps(self) -> FloatArray:
        """East, north, up (T, 3) at each track's own place, which a bearing and a climb are read off."""
        return frames.site2local_vector(self.velocity_mps, self.geodetic, np.array(self.origin))

    @property
    def ground_speed_mps(self) -> FloatArray:
        """(T,) horizontal."""
        return np.hypot(self.local_velocity_mps[:, 0], self.local_velocity_mps[:, 1])

    @property
    def climb_mps(self) -> FloatArray:
        """(T,) vertical, positive up."""
        return self.local_velocity_mps[:, 2]

    @property
    def course_deg(self) -> FloatArray:
        """(T,) where it flies to over the ground, 0 to 360 clockwise from true north at its own place."""
        local = self.local_velocity_mps
        return np.rad2deg(np.arctan2(local[:, 0], local[:, 1])) % 360.0

    @property
    def classification(self) -> tuple[str, ...]:
        """(T,) the most probable class of each."""
        return tuple(CLASSES[k] for k in np.argmax(self.class_probability, axis=1)) if len(self) else ()

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """One row for each track, as columns of plain numbers and texts: what the tables below hold."""
        geodetic, local = self.geodetic, self.local_velocity_mps
        found: dict[str, npt.NDArray[np.generic]] = {"t_s": np.full(len(self), self.t_s)}
        if self.time is not None:
            found["time"] = np.full(len(self), np.datetime64(self.time.replace(tzinfo=None), "us"))
        found["track_id"] = self.track_id
        found |= {name: geodetic[:, k] for k, name in enumerate(("latitude_deg", "longitude_deg", "altitude_m"))}
        found |= {name: self.position_m[:, k] for k, name in enumerate(("east_m", "north_m", "up_m"))}
        found |= {name: self.velocity_mps[:, k] for k, name in enumerate(("east_mps", "north_mps", "up_mps"))}
        found["ground_speed_mps"] = np.hypot(local[:, 0], local[:, 1])
        found["course_deg"] = np.rad2deg(np.arctan2(local[:, 0], local[:, 1])) % 360.0
        found["climb_mps"] = local[:, 2]
        found["existence"] = self.existence
        found["class"] = np.array(self.classification, dtype=np.str_)
        found |= {f"p_{name}": self.class_probability[:, k] for k, name in enumerate(CLASSES)}
        return found | {"detection": self.detection, "updated_t_s": self.updated_t_s}

    def to_pandas(self) -> pd.DataFrame:
        """A DataFrame of `columns`; `time`, where there is one, is UTC. Raises MissingPackage."""
        try:
            import pandas as pd
        except ImportError:
            raise _missing("pandas") from None
        frame = pd.DataFrame(self.columns())
        if "time" in frame:
            frame["time"] = frame["time"].dt.tz_localize("UTC")
        return frame

    def to_polars(self) -> pl.DataFrame:
        """A DataFrame of `columns`; `time`, where there is one, is UTC. Raises MissingPackage."""
        try:
            import polars as pl
        except ImportError:
            raise _missing("polars") from None
        frame = pl.DataFrame(self.columns())
        return frame.with_columns(pl.col("time").dt.replace_time_zone("UTC")) if "time" in frame.columns else frame

    def to_geojson(self) -> dict[str, Json]:
        """A FeatureCollection (RFC 7946) of points, for `json.dumps`: longitude, latitude, ellipsoidal height."""
        columns = self.columns()
        if "time" in columns and self.time is not None:
            columns["time"] = np.full(len(self), self.time.isoformat())
        lon, lat, alt = (columns.pop(name).tolist() for name in ("longitude_deg", "latitude_deg", "altitude_m"))
        names, rows = list(columns), list(zip(*(column.tolist() for column in columns.values()), strict=True))
        features: list[Json] = [
            {
                "type": "Feature",
                "id": int(self.track_id[k]),
                "geometry": {"type": "Point", "coordinates": [lon[k], lat[k], alt[k]]},
                "properties": dict(zip(names, row, strict=True)),
            }
            for k, row in enumerate(rows)
        ]
        return {"type": "FeatureCollection", "features": features}

    def __repr__(self) -> str:
        told, names = [], self.classification
        if len(self):
            geodetic, speed, course = self.geodetic, self.ground_speed_mps, self.course_deg
            for k in range(min(len(self), _SHOWN)):
                sure = float(self.class_probability[k].max())
                place = f"{geodetic[k, 0]:.4f}, {geodetic[k, 1]:.4f}, {geodetic[k, 2]:.0f} m"
                way = f"{speed[k]:.0f} m/s to {course[k]:.0f}°"
                told.append(f"  {self.track_id[k]}: {names[k]} {sure:.2f} at {place}, {way}")
        if len(self) > _SHOWN:
            told.append(f"  and {len(self) - _SHOWN} more")
        head = f"Tracks(t_s={self.t_s:.3f}, {len(self)} {'track' if len(self) == 1 else 'tracks'}"
        return "\n".join([f"{head}:", *told, ")"]) if told else f"{head})"


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """All that came of one call. Tables are those of `t_s`; warnings and hazards are those that changed."""

    tracks: Tracks
    identities: IdentityTable  # rows as in `tracks`
    impacts: ImpactTable
    reaches: ReachTable
    warnings: tuple[WarningEvent, ...]
    hazards: tuple[Hazard, ...]
    registrations: tuple[Registration, ...]

    @property
    def t_s(self) -> float:
        """The newest time."""
        return self.tracks.t_s

    @property
    def dismissals(self) -> tuple[Dismissal, ...]:
        """What was ignored, by which rule."""
        return self.tracks.dismissals

    @property
    def health(self) -> tuple[SensorHealth, ...]:
        """Sensors that fell silent or came back."""
        return self.tracks.health

    @property
    def errors(self) -> tuple[ErrorRecord, ...]:
        """Reports that could not be used."""
        return self.tracks.errors

    def __repr__(self) -> str:
        counts = {
            "impacts": len(self.impacts.track_id),
            "warnings": len(self.warnings),
            "hazards": len(self.hazards),
            "dismissals": len(self.dismissals),
            "health": len(self.health),
            "errors": len(self.errors),
        }
        told = "".join(f", {count} {name}" for name, count in counts.items() if count)
        return f"Result({self.tracks!r}{told})"


def result_of(events: Events, site: Site, epoch: datetime | None) -> Result:
    """The events of one batch as a user has them; arrays of the tracks are copies, which are the user's own."""
    table, step = events.tracks.table, events.tracks
    tracks = Tracks(
        t_s=table.t_s,
        track_id=table.track_id.copy(),
        position_m=table.state[:, :3].copy(),
        velocity_mps=table.state[:, 3:].copy(),
        covariance=table.covariance.copy(),
        existence=table.existence.copy(),
        class_probability=events.identities.probability.copy(),
        detection=table.row.copy(),
        updated_t_s=table.updated_t_s.copy(),
        confirmed=step.confirmed.copy(),
        ended=np.array([end.track_id for end in step.ended], dtype=np.int64),
        origin=(site.lat_deg, site.lon_deg, site.alt_m),
        epoch=epoch,
        dismissals=events.dismissals,
        health=events.health,
        errors=events.errors,
    )
    return Result(
        tracks,
        events.identities,
        events.impacts,
        events.reaches,
        events.warnings,
        events.hazards,
        events.registrations,
    )


def _missing(package: str) -> MissingPackage:
    return MissingPackage(f"to_{package} needs {package}, which is not installed: pip install {package}")
