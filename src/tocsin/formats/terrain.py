"""Terrain: an elevation grid, as GeoTIFF or npz, to heights on the site's east-north grid.

Heights are metres above the WGS 84 ellipsoid, like every height in these files; a grid above the geoid must be
converted before. A GeoTIFF may be in any projection that it names. An npz file holds `lat` (rows,) and `lon`
(columns,), both in degrees and strictly monotonic, and `height_m` (rows, columns); NaN there means no data.

The result covers the part of the grid within `EXTENT_M` of the site. Where the source has no data the nearest height
that it has stands, as outside its edge.

What a file declares is held against limits before a height of it is read: an npz file `MAX_NODES` heights, and a
GeoTIFF `MAX_PIXELS` about the site, in blocks of at most `MAX_BLOCK_BYTES`. Only GDAL's own GeoTIFF driver is asked:
others, under the same name, would fetch what the file names.
"""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.chunks import file_of
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.site import Site, Terrain

__all__ = ["EXTENT_M", "read_terrain"]

EXTENT_M = 60_000.0  # twice the range at which a radar 10 m above level ground still sees a drone at 50 m
MAX_SIDE = 1200  # nodes along one side: 11 MB of heights
MAX_SOURCE_SIDE = 4000  # of a GeoTIFF as it is read: 33 m from one to the next, three to each node of the result
MAX_NODES = 36_000_000  # of an npz file: 288 MB, one second of arc over a degree and a half
MAX_PIXELS = 10_000**2  # of a GeoTIFF about the site: 14 m from one to the next over all that is used of it
MAX_BLOCK_BYTES = 1 << 28  # GDAL holds a whole strip or tile while it reads one pixel of it
_CACHE_MB = 1024  # GDAL would take a twentieth of the machine's memory for blocks that it has read
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class _Source:
    """Heights (rows, columns) over increasing latitudes and longitudes, all finite."""

    lat: FloatArray
    lon: FloatArray
    height_m: FloatArray


def read_terrain(path: Path | str, site: Site) -> Terrain:
    """The ground about a site. Raises BadInput when the file is no grid or does not cover the site."""
    found = file_of(path)
    reader = {".tif": _geotiff, ".tiff": _geotiff, ".npz": _npz}.get(found.suffix.lower())
    if reader is None:
        raise BadInput("unknown kind of terrain; its name should end in .tif, .tiff or .npz", file=str(path))
    source = reader(found, site)
    if not (source.lat[0] <= site.lat_deg <= source.lat[-1] and source.lon[0] <= site.lon_deg <= source.lon[-1]):
        place = f"{site.lat_deg:.4f}, {site.lon_deg:.4f}"
        raise BadInput(f"the grid does not cover the site at {place}", file=str(path))
    return _resampled(source, site)


def _resampled(source: _Source, site: Site) -> Terrain:
    """The source on a regular east-north grid, each node holding the level of the ground above or below it."""
    origin = np.array([site.lat_deg, site.lon_deg, site.alt_m])
    step = max(_METRES_PER_DEGREE * float(np.min(np.diff(source.lat))), 10.0)
    corners = np.array([[a, o, site.alt_m] for a in source.lat[[0, -1]] for o in source.lon[[0, -1]]])
    enu = frames.geodetic2enu(corners, origin)
    low = np.maximum(enu[:, :2].min(axis=0), -EXTENT_M)
    high = np.minimum(enu[:, :2].max(axis=0), EXTENT_M)
    step = max(step, float((high - low).max()) / (MAX_SIDE - 1))
    east, north = (np.arange(low[k], high[k] + 0.5 * step, step) for k in (0, 1))
    e, n = np.meshgrid(east, north)
    level = np.zeros_like(e)
    for _ in range(3):  # the ground lies under or over the plane, so its latitude hangs on its height: this converges
        up = frames.level2enu_up(e, n, level, site.radius_m)
        geodetic = frames.enu2geodetic(np.stack([e, n, up], axis=-1), origin)
        height_m = _bilinear(source, geodetic[..., 0], geodetic[..., 1])
        ground = np.stack([geodetic[..., 0], geodetic[..., 1], height_m], axis=-1)
        level = frames.enu2level(frames.geodetic2enu(ground, origin), site.radius_m)
    return Terrain(float(east[0]), float(north[0]), step, level)


def _bilinear(source: _Source, lat: FloatArray, lon: FloatArray) -> FloatArray:
    """Heights at places of one shape; outside the grid that of its nearest edge."""
    row, up = _cell(source.lat, lat)
    column, right = _cell(source.lon, lon)
    h = source.height_m
    south = h[row, column] * (1.0 - right) + h[row, column + 1] * right
    north = h[row + 1, column] * (1.0 - right) + h[row + 1, column + 1] * right
    return np.asarray(south * (1.0 - up) + north * up)


def _cell(axis: FloatArray, value: FloatArray) -> tuple[IntArray, FloatArray]:
    """Index of the node below each value, and how far it is to the next, 0 to 1."""
    index = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, len(axis) - 2)
    return index, np.clip((value - axis[index]) / (axis[index + 1] - axis[index]), 0.0, 1.0)


def _npz(path: Path, site: Site) -> _Source:
    try:
        with zipfile.ZipFile(path) as archive:
            _fitting(archive, path)
            lat, lon, height_m = (_array(archive, key) for key in _KEYS)
    except _UNREADABLE as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"not a whole npz file of numbers: {error}", file=str(path)) from error
    for name, axis in (("lat", lat), ("lon", lon)):
        steps = np.diff(axis)
        if not (np.all(np.isfinite(axis)) and (np.all(steps > 0) or np.all(steps < 0))):
            raise BadInput("must rise or fall from each value to the next", file=str(path), column=name)
    if lat[0] > lat[-1]:
        lat, height_m = lat[::-1], height_m[::-1]
    if lon[0] > lon[-1]:
        lon, height_m = lon[::-1], height_m[:, ::-1]
    rows, columns = (_within(axis, about) for axis, about in ((lat, site.lat_deg), (lon, site.lon_deg)))
    return _Source(lat[rows], lon[columns], _filled(height_m[rows, columns], path))


def _fitting(archive: zipfile.ZipFile, path: Path) -> None:
    """Raises BadInput where the arrays that a file declares are too large, are no numbers, or do not fit together."""
    shapes = {}
    for key in _KEYS:
        if f"{key}.npy" not in archive.namelist():
            raise BadInput(f"the array {key} is missing", file=str(path))
        size = archive.getinfo(f"{key}.npy").file_size
        if size > MAX_NODES * 8 + _MAX_HEADER_BYTES:
            problem = f"declares {size:,} bytes; at most {MAX_NODES:,} numbers are read: cut the grid"
            raise BadInput(problem, file=str(path), column=key)
        shape, kind, held = _declared(archive, key)
        if math.prod(shape) > MAX_NODES:
            problem = f"declares {' × '.join(map(str, shape))} numbers; at most {MAX_NODES:,} are read"
            raise BadInput(problem, file=str(path), column=key)
        if kind.kind not in "iuf" or math.prod(shape) * kind.itemsize != held:
            problem = f"declares {shape} of {kind} in {held:,} bytes, which is no array of numbers"
            raise BadInput(problem, file=str(path), column=key)
        shapes[key] = shape
    lat, lon, height_m = (shapes[key] for key in _KEYS)
    if len(lat) != 1 or len(lon) != 1 or height_m != (*lat, *lon) or min(height_m) < 2:
        problem = f"lat {lat}, lon {lon} and height_m {height_m} do not fit together"
        raise BadInput(problem, file=str(path))


def _declared(archive: zipfile.ZipFile, key: str) -> tuple[tuple[int, ...], np.dtype[np.generic], int]:
    """Shape and type that the header of an array declares, and the bytes that follow it."""
    with archive.open(f"{key}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"{key}: unknown version {version} of the format")
        shape, _, kind = _HEADERS[version](stream, max_header_size=_MAX_HEADER_BYTES)
        return shape, kind, archive.getinfo(f"{key}.npy").file_size - stream.tell()


def _array(archive: zipfile.ZipFile, key: str) -> FloatArray:
    with archive.open(f"{key}.npy") as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False), dtype=np.float64)


_KEYS = ("lat", "lon", "height_m")
_MAX_HEADER_BYTES = 10_000
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    RuntimeError,  # an encrypted member, or a method of compression that is not known
    zipfile.BadZipFile,
    zlib.error,
)


def _within(axis: FloatArray, about: float) -> slice:
    """The part of an axis of degrees that can lie within the extent of the site, with a node to spare."""
    reach = 2.0 * EXTENT_M / _METRES_PER_DEGREE / (1.0 if len(axis) == 0 else max(np.cos(np.deg2rad(80.0)), 0.17))
    first = max(int(np.searchsorted(axis, about - reach)) - 1, 0)
    last = min(int(np.searchsorted(axis, about + reach)) + 1, len(axis))
    return slice(min(first, max(last - 2, 0)), max(last, first + 2))


def _geotiff(path: Path, site: Site) -> _Source:
    """The part of a GeoTIFF about the site, warped to latitude and longitude."""
    import rasterio
    from rasterio.enums import Resampling
    from rasterio.errors import NotGeoreferencedWarning
    from rasterio.vrt import WarpedVRT
    from rasterio.windows import Window

    try:
        with (
            warnings.catch_warnings(action="error", category=NotGeoreferencedWarning),
            rasterio.Env(GDAL_CACHEMAX=_CACHE_MB),
            rasterio.open(path, driver="GTiff") as raster,
        ):
            _bounded(raster.block_shapes[0], raster.dtypes[0], path)
            if raster.crs is None:
                raise BadInput("the GeoTIFF names no coordinate system", file=str(path))
            nodata = raster.nodata if raster.nodata is not None else np.nan
            with WarpedVRT(
                raster, crs="EPSG:4326", resampling=Resampling.bilinear, dtype="float64", nodata=nodata
            ) as grid:
                west, south, east, north = _bounds(site)
                lon0, lat0, d_lon, d_lat = grid.transform.c, grid.transform.f, grid.transform.a, -grid.transform.e
                first = max(int((west - lon0) / d_lon), 0), max(int((lat0 - north) / d_lat), 0)
                last = (
                    min(int((east - lon0) / d_lon) + 1, grid.width),
                    min(int((lat0 - south) / d_lat) + 1, grid.height),
                )
                width, height = last[0] - first[0], last[1] - first[1]
                if min(width, height) < 2:
                    raise BadInput("the grid does not cover the site", file=str(path))
                if width * height > MAX_PIXELS:
                    problem = f"{width:,} × {height:,} pixels about the site; at most {MAX_PIXELS:,}: make it coarser"
                    raise BadInput(problem, file=str(path))
                shape = min(height, MAX_SOURCE_SIDE), min(width, MAX_SOURCE_SIDE)
                window = Window(first[0], first[1], width, height)
                data = grid.read(1, window=window, out_shape=shape, masked=True, resampling=Resampling.bilinear)
    except BadInput:
        raise
    except NotGeoreferencedWarning as error:
        raise BadInput("the GeoTIFF does not say where it lies", file=str(path)) from error
    except Exception as error:  # of a damaged file GDAL and its binding raise more kinds than they name
        raise BadInput(f"not a whole GeoTIFF: {error}", file=str(path)) from error
    lon = lon0 + d_lon * (first[0] + width / shape[1] * (np.arange(shape[1]) + 0.5))
    lat = lat0 - d_lat * (first[1] + height / shape[0] * (np.arange(shape[0]) + 0.5))
    height_m = np.ma.filled(data.astype(np.float64), np.nan)
    return _Source(lat[::-1], lon, _filled(height_m[::-1], path))


def _bounded(block: tuple[int, int], kind: str, path: Path) -> None:
    """Raises BadInput for a GeoTIFF of which one block alone would fill the memory."""
    held = block[0] * block[1] * np.dtype(kind).itemsize
    if held > MAX_BLOCK_BYTES:
        problem = f"blocks of {block[1]:,} × {block[0]:,} pixels ({held:,} bytes); at most {MAX_BLOCK_BYTES:,}: tile it"
        raise BadInput(problem, file=str(path))


def _bounds(site: Site) -> tuple[float, float, float, float]:
    lat = 1.2 * EXTENT_M / _METRES_PER_DEGREE
    lon = lat / max(float(np.cos(np.deg2rad(site.lat_deg))), 0.02)
    return site.lon_deg - lon, site.lat_deg - lat, site.lon_deg + lon, site.lat_deg + lat


def _filled(height_m: FloatArray, path: Path) -> FloatArray:
    """Heights with every gap filled from the nearest node that has one."""
    from scipy.ndimage import distance_transform_edt

    known = np.isfinite(height_m) & (np.abs(height_m) < 1e5)
    if not np.any(known):
        raise BadInput("the grid holds no height about the site", file=str(path))
    if np.all(known):
        return np.ascontiguousarray(height_m)
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.ascontiguousarray(height_m[tuple(nearest)])
