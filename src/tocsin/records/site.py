"""What is protected and where: the site's frame, its zones, assets and ground."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray

__all__ = ["Asset", "Site", "Terrain", "Zone"]


@dataclass(frozen=True, slots=True)
class Zone:
    """An area that is warned as one: a simple polygon, vertices in order, the first not repeated."""

    zone_id: str
    name: str
    polygon_m: FloatArray  # (n, 2) east, north, metres, site frame
    population: float


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that a drone may be sent at; reached when a track is within `radius_m` of it."""

    asset_id: str
    name: str
    position_m: FloatArray  # (3,) east, north, up, metres, site frame
    radius_m: float


@dataclass(frozen=True, slots=True)
class Terrain:
    """Ground as heights above the site's level sphere on a regular east-north grid; a (0, 0) grid is level ground."""

    east0_m: float  # east of column 0
    north0_m: float  # north of row 0
    step_m: float
    level_m: FloatArray  # (rows north, columns east), bilinear between nodes, edge value outside


@dataclass(frozen=True, slots=True)
class Site:
    """The origin of the one frame, and what stands around it."""

    name: str
    lat_deg: float
    lon_deg: float
    alt_m: float  # ellipsoidal height, WGS 84
    radius_m: float  # Gaussian radius of curvature at the origin plus alt_m: the level sphere
    time_zone: str  # IANA name, for display only
    zones: tuple[Zone, ...]
    assets: tuple[Asset, ...]
    terrain: Terrain
