"""What a measured quantity may be: one table of limits for files and library alike.

NaN says "not measured". It is allowed for every quantity but the azimuth. Importing this loads no parser.
"""

from __future__ import annotations

from tocsin.formats.cells import Column

__all__ = ["AZIMUTH", "DEGREES", "NUMBERS"]

_LEAST_SIGMA = 1e-6  # its square must stay far from what doubles lose beside the square of a range
_SIGMA_DEG = "a standard deviation must be above 0 and at most 360 degrees"

NUMBERS = (
    Column("range_m", 1e-3, 1e7, "a range must be above 0 and at most 10,000 km"),
    Column("azimuth_deg", -360.0, 360.0, "an azimuth must lie within a turn either way, -360 to 360 degrees"),
    Column("elevation_deg", -90.0, 90.0, "an elevation must lie in -90 to 90 degrees"),
    Column("sigma_range_m", _LEAST_SIGMA, 1e7, "a standard deviation must be above 0"),
    Column("sigma_azimuth_deg", _LEAST_SIGMA, 360.0, _SIGMA_DEG),
    Column("sigma_elevation_deg", _LEAST_SIGMA, 360.0, _SIGMA_DEG),
    Column("range_rate_mps", -1e5, 1e5, "a range rate must lie within 100 km/s"),
    Column("sigma_range_rate_mps", _LEAST_SIGMA, 1e5, "a standard deviation must be above 0"),
    Column("snr_db", -500.0, 500.0, "a ratio must lie in -500 to 500 dB"),
    Column("rcs_dbsm", -500.0, 500.0, "a cross-section must lie in -500 to 500 dBsm"),
)
"""In the order of a DetectionTable's columns, in the units of files."""

AZIMUTH = 1
"""Index of the one quantity that every detection has."""

DEGREES = (1, 2, 4, 5)
"""Indices of the angles: degrees in files, radians in records."""
