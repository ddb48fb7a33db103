"""Rows of one batch: which can be used, what is said of the others, and where they lie."""

from __future__ import annotations

import numpy as np

from tocsin.kernels import polar
from tocsin.records.arrays import BoolArray, FloatArray
from tocsin.records.detections import DetectionTable, ErrorRecord

__all__ = ["DEFAULT_SIGMAS", "checked", "filled_and_placed", "reject_all", "usable"]

DEFAULT_SIGMAS = {
    # range (m), azimuth, elevation (degrees), range rate (m/s); ordinary figures of surveillance sensors of each kind
    "radar_3d": (15.0, 0.3, 0.4, 2.0),
    "radar_staring": (10.0, 0.5, 0.5, 1.0),
    "radar_2d": (30.0, 0.5, 2.0, 2.0),
    "eo_ir": (50.0, 0.05, 0.05, 2.0),
    "rf_df": (100.0, 2.0, 5.0, 2.0),
}
DEFAULTS = {
    kind: np.array([r, np.deg2rad(az), np.deg2rad(el), rate]) for kind, (r, az, el, rate) in DEFAULT_SIGMAS.items()
}
COLUMNS = tuple(name for name in DetectionTable.__dataclass_fields__)


def checked(t_s: float, source: str, d: DetectionTable) -> tuple[DetectionTable, tuple[ErrorRecord, ...]]:
    """The rows that can be used, and an error record for each fault of the others."""
    if not any_fault(d):
        return d, ()
    good, faults = usable(t_s, source, d)
    return DetectionTable(*(getattr(d, name)[good] for name in COLUMNS)), faults


def any_fault(d: DetectionTable) -> bool:
    """True if a row cannot be used."""
    unusable = polar.count_unusable(
        d.range_m,
        d.azimuth_rad,
        d.elevation_rad,
        d.range_rate_mps,
        d.sigma_range_m,
        d.sigma_azimuth_rad,
        d.sigma_elevation_rad,
        d.sigma_range_rate_mps,
    )
    return unusable > 0


def usable(t_s: float, source: str, d: DetectionTable) -> tuple[BoolArray, tuple[ErrorRecord, ...]]:
    """Which of n rows can be used (n,), and an error record for each fault of the others.

    Azimuth must be finite and within ±2π (the file rule, [0, 360) degrees, is the reader's); range, where given,
    positive and finite; elevation within ±π/2; sigmas, where given, positive and finite.
    """
    good = np.ones(len(d.row), np.bool_)
    if not any_fault(d):
        return good, ()
    errors: list[tuple[int, ErrorRecord]] = []

    def fault(column: str, bad: BoolArray, problem: str) -> None:
        values = getattr(d, column)
        for i in np.flatnonzero(bad):
            errors.append((int(i), ErrorRecord(t_s, source, int(d.row[i]), column, repr(float(values[i])), problem)))
        good[bad] = False

    fault("azimuth_rad", ~(np.abs(d.azimuth_rad) <= 2 * np.pi), "azimuth is not a finite angle within a turn")
    given = ~np.isnan(d.range_m)
    fault("range_m", given & ~((d.range_m > 0) & np.isfinite(d.range_m)), "range is not positive and finite")
    high = ~np.isnan(d.elevation_rad) & ~(np.abs(d.elevation_rad) <= np.pi / 2)
    fault("elevation_rad", high, "elevation is outside -90 to 90 degrees")
    fault("range_rate_mps", np.isinf(d.range_rate_mps), "range rate is not finite")
    for column in ("sigma_range_m", "sigma_azimuth_rad", "sigma_elevation_rad", "sigma_range_rate_mps"):
        sigma = getattr(d, column)
        fault(column, ~np.isnan(sigma) & ~((sigma > 0) & np.isfinite(sigma)), "sigma is not positive and finite")
    return good, tuple(record for _, record in sorted(errors, key=lambda pair: pair[0]))


def reject_all(
    t_s: float, source: str, d: DetectionTable, column: str, value: str, problem: str
) -> tuple[ErrorRecord, ...]:
    """An error record for every row of a batch that cannot be used as a whole; one with row 0 if it has none."""
    rows = [int(r) for r in d.row] or [0]
    return tuple(ErrorRecord(t_s, source, row, column, value, problem) for row in rows)


def filled_and_placed(
    kind: str, d: DetectionTable, elevation_rad: FloatArray, position_m: FloatArray, rotation: FloatArray
) -> tuple[DetectionTable, FloatArray]:
    """The table with the kind's default where a sigma is not given and with the elevations given, and its places.

    Places are (n, 3) in the site frame, NaN where range or elevation is missing.
    """
    sigma, place = np.empty((4, len(d.row))), np.empty((len(d.row), 3))
    polar.fill_and_place(
        DEFAULTS[kind],
        position_m,
        rotation,
        d.range_m,
        d.azimuth_rad,
        elevation_rad,
        d.sigma_range_m,
        d.sigma_azimuth_rad,
        d.sigma_elevation_rad,
        d.sigma_range_rate_mps,
        sigma,
        place,
    )
    full = DetectionTable(
        row=d.row,
        range_m=d.range_m,
        azimuth_rad=d.azimuth_rad,
        elevation_rad=elevation_rad,
        sigma_range_m=sigma[0],
        sigma_azimuth_rad=sigma[1],
        sigma_elevation_rad=sigma[2],
        range_rate_mps=d.range_rate_mps,
        sigma_range_rate_mps=sigma[3],
        snr_db=d.snr_db,
        rcs_dbsm=d.rcs_dbsm,
    )
    return full, place
