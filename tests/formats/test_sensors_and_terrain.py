"""Sensors and terrain: where they stand in the site's frame."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin import frames
from tocsin.errors import BadInput
from tocsin.formats.sensors import level_site, read_sensors
from tocsin.formats.terrain import read_terrain
from tocsin.records.site import Site

LAT, LON, ALT = 33.7856, 42.4412, 188.0
ORIGIN = np.array([LAT, LON, ALT])


def sensors(folder: Path, text: str) -> Path:
    path = folder / "sensors.csv"
    path.write_text(text)
    return path


def test_one_sensor_at_the_origin_is_the_frame_itself(tmp_path: Path) -> None:
    site, table = read_sensors(sensors(tmp_path, f"sensor_id,lat,lon,alt_m\na,{LAT},{LON},{ALT}\n"))
    assert (site.lat_deg, site.lon_deg, site.alt_m) == (LAT, LON, ALT)
    assert site.radius_m == frames.gaussian_radius_m(LAT) + ALT
    np.testing.assert_array_equal(table.position_m, np.zeros((1, 3)))
    np.testing.assert_array_equal(table.rotation, np.eye(3)[None])
    assert table.kind == ("radar_3d",)
    for column in (table.max_range_m, table.revisit_s, table.detection_probability, table.clutter_per_scan):
        assert math.isnan(column[0])


def test_what_is_given_is_taken(tmp_path: Path) -> None:
    header = "clutter_per_scan,sensor_id,lat,lon,alt_m,kind,max_range_m,revisit_s,detection_probability"
    rows = [f"0,a,{LAT},{LON},{ALT},radar_staring,20000,0.25,0.9", f",b,{LAT + 0.1},{LON},250,,,,"]
    _, table = read_sensors(sensors(tmp_path, "\n".join((header, *rows)) + "\n"))
    assert table.sensor_id == ("a", "b")
    assert [table.max_range_m[0], table.revisit_s[0], table.detection_probability[0]] == [20000, 0.25, 0.9]
    assert (table.clutter_per_scan[0], math.isnan(table.clutter_per_scan[1])) == (0.0, True)
    assert table.kind[1] == "radar_3d"


def test_a_sensor_far_from_the_origin_is_turned(tmp_path: Path) -> None:
    place = (LAT + 0.3, LON - 0.4, 900.0)
    text = f"sensor_id,lat,lon,alt_m\na,{LAT},{LON},{ALT}\nb,{place[0]},{place[1]},{place[2]}\n"
    _, table = read_sensors(sensors(tmp_path, text))
    target = np.array([4000.0, -7000.0, 1500.0])  # in b's own axes
    ours = table.position_m[1] + table.rotation[1] @ target
    theirs = frames.geodetic2enu(frames.enu2geodetic(target, np.array(place)), ORIGIN)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.text(max_size=120).map(lambda t: ("sensor_id,lat,lon,alt_m\n" + t).encode("utf-8", "replace")),
    )
)
def test_any_bytes_are_sensors_or_bad_input(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sensors.csv"
    path.write_bytes(content)
    with contextlib.suppress(BadInput):
        _, table = read_sensors(path)
        assert np.all(np.isfinite(table.position_m))


def site() -> Site:
    return level_site(LAT, LON, ALT)


def sloped(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """A plane in latitude and longitude: what any bilinear reading gives exactly."""
    return 200.0 + 3000.0 * (lat - LAT)[:, None] + 1500.0 * (lon - LON)[None, :]


def check_slope(path: Path, atol: float) -> None:
    terrain = read_terrain(path, site())
    rows, columns = terrain.level_m.shape
    assert min(rows, columns) > 20
    for row, column in ((rows // 2, columns // 2), (rows // 4, columns // 3), (3 * rows // 4, columns // 5)):
        east, north = terrain.east0_m + column * terrain.step_m, terrain.north0_m + row * terrain.step_m
        up = frames.level2enu_up(np.array(east), np.array(north), terrain.level_m[row, column], site().radius_m)
        lat, lon, height = frames.enu2geodetic(np.array([east, north, float(up)]), ORIGIN)
        assert height == pytest.approx(float(sloped(np.array([lat]), np.array([lon]))[0, 0]), abs=atol)


@pytest.mark.parametrize("flip", [1, -1])
def test_npz_heights_are_found_where_they_belong(tmp_path: Path, flip: int) -> None:
    lat, lon = np.linspace(LAT - 0.2, LAT + 0.2, 81)[::flip], np.linspace(LON - 0.2, LON + 0.2, 81)[::flip]
    np.savez(tmp_path / "t.npz", lat=lat, lon=lon, height_m=sloped(lat, lon))
    check_slope(tmp_path / "t.npz", 0.01)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32638"])
def test_geotiff_heights_are_found_where_they_belong(tmp_path: Path, crs: str) -> None:
    if crs == "EPSG:4326":
        transform = Affine(0.004, 0.0, LON - 0.2, 0.0, -0.004, LAT + 0.2)
        lon, lat = LON - 0.2 + 0.004 * (np.arange(100) + 0.5), LAT + 0.2 - 0.004 * (np.arange(100) + 0.5)
        height = sloped(lat, lon)
    else:
        from rasterio.warp import transform as warp

        (x0,), (y0,) = warp("EPSG:4326", crs, [LON], [LAT])
        transform = Affine(400.0, 0.0, x0 - 20000, 0.0, -400.0, y0 + 20000)
        x, y = np.meshgrid(x0 - 20000 + 400 * (np.arange(100) + 0.5), y0 + 20000 - 400 * (np.arange(100) + 0.5))
        lons, lats = warp(crs, "EPSG:4326", x.ravel().tolist(), y.ravel().tolist())
        height = 200.0 + 3000.0 * (np.array(lats) - LAT) + 1500.0 * (np.array(lons) - LON)
        height = height.reshape(100, 100)
    path = tmp_path / "t.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=100, width=100, count=1, dtype="float64", crs=crs, transform=transform
    ) as raster:
        raster.write(height, 1)
    check_slope(path, 2.0)


def test_gaps_are_filled_from_the_nearest(tmp_path: Path) -> None:
    lat, lon = np.linspace(LAT - 0.1, LAT + 0.1, 41), np.linspace(LON - 0.1, LON + 0.1, 41)
    height = np.full((41, 41), 300.0)
    height[10:20, 10:20] = np.nan
    np.savez(tmp_path / "t.npz", lat=lat, lon=lon, height_m=height)
    level = read_terrain(tmp_path / "t.npz", site()).level_m
    assert np.all(np.isfinite(level))
    middle = level[level.shape[0] // 2, level.shape[1] // 2]
    assert middle == pytest.approx(300.0 - ALT, abs=0.5)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("t.npz", b"PK\x03\x04 cut off", "npz"),
        ("t.tif", b"II*\x00 cut off", "GeoTIFF"),
        ("t.asc", b"ncols 3", "unknown kind of terrain"),
    ],
)
def test_what_is_no_grid_is_refused(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=problem):
        read_terrain(path, site())


def test_a_grid_elsewhere_or_out_of_shape_is_refused(tmp_path: Path) -> None:
    axis = np.linspace(0.0, 1.0, 11)
    path = tmp_path / "t.npz"
    np.savez(path, lat=axis, lon=axis, height_m=np.zeros((11, 11)))
    with pytest.raises(BadInput, match="does not cover the site"):
        read_terrain(path, site())
    np.savez(path, lat=axis, lon=axis, height_m=np.zeros((11, 10)))
    with pytest.raises(BadInput, match="do not fit together"):
        read_terrain(path, site())
    np.savez(path, lat=axis, lon=np.zeros(11), height_m=np.zeros((11, 11)))
    with pytest.raises(BadInput, match="must rise or fall"):
        read_terrain(path, site())
    np.savez(path, lat=axis, height_m=np.zeros((11, 11)))
    with pytest.raises(BadInput, match="lon is missing"):
        read_terrain(path, site())
