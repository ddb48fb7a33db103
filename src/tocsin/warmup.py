"""Compiles, or loads from the cache, what the pipeline needs, on a raid that never was and is thrown away.

Without it the first scans of a run would wait for the compiler, and timing.json would tell the compiler's time.
"""

from __future__ import annotations

import numpy as np

from tocsin.formats.detections import empty_reports, empty_table
from tocsin.frames import enu2aer
from tocsin.kernels import linear, registration
from tocsin.records.arrays import FloatArray
from tocsin.records.detections import Batch, DetectionTable, ReportTable
from tocsin.records.plan import Plan
from tocsin.session import Session

__all__ = ["warm_up"]

SCANS, STEP_S = 24, 0.5


def warm_up(plan: Plan) -> None:
    """Send a rocket, a drone and clutter past each sensor of the plan, then let them be missed."""
    session = Session(plan)
    sensors = min(len(plan.sensors.sensor_id), 2)
    for k in range(SCANS):
        for s in range(sensors):
            session.take(_batch(k * sensors + s, k * STEP_S + 0.1 * s, s, k))
    for k in range(SCANS, SCANS + 4):
        session.take(Batch(k, k * STEP_S, k * STEP_S, -1, empty_table(), empty_reports(), ()))
    _registration(sensors)
    _linear()


def _registration(sensors: int) -> None:
    """What only biased sensors need; nobody is in these arrays."""
    registration.shift_tracks(0, 0.0, np.zeros((1, 3)), np.zeros((1, 3, 7)), np.zeros((1, 3, 7, 7)))
    if sensors > 1:
        targets, size = registration.no_targets(2, sensors), 4 * sensors
        targets.t_s[:] = 0.0
        mean, cov, tally, nobody = np.zeros(size), np.eye(size), np.zeros(3), np.zeros(1, np.int64)
        array = registration.Array(np.ones((sensors, 3)), np.tile(np.eye(3), (sensors, 1, 1)), np.ones(4))
        registration.target_pairs(0.0, 1.0, 1.0, array, nobody, mean, cov, targets, np.zeros(1, np.int64))
        where, info, eta = np.zeros(3), np.zeros((size, size)), np.zeros(size)
        registration.report_gap(0.0, where, np.ones(3), array, mean, cov, 0, targets)
        registration.take_report(0.0, where, np.ones(3), array, mean, cov, 0, targets, info, eta, tally)


def _linear() -> None:
    """What lost rounds, the engagement and the assessment need of small matrices."""
    linear.squared_distance(np.eye(2), np.zeros(2))
    linear.symmetric_axes(np.eye(2), np.empty(2), np.empty((2, 2)))


def _batch(index: int, t_s: float, sensor: int, k: int) -> Batch:
    where = np.array(
        [
            [2000.0 - 120.0 * t_s, 3000.0 - 180.0 * t_s, 900.0 + 90.0 * t_s - 4.9 * t_s**2],
            [1500.0 - 30.0 * t_s, -2000.0 + 20.0 * t_s, 150.0],
            [-1500.0, 700.0 + 37.0 * (k % 5), 200.0 + 53.0 * (k % 7)],
        ]
    )
    return Batch(index, t_s, t_s, sensor, _plots(where), _reports(t_s) if k % 4 == 0 else empty_reports(), ())


def _plots(where: FloatArray) -> DetectionTable:
    aer = enu2aer(where)
    n = len(where)
    rate = np.array([-180.0, -20.0, 1.0])
    return DetectionTable(
        row=np.arange(1, n + 1),
        range_m=aer[:, 2].copy(),
        azimuth_rad=aer[:, 0].copy(),
        elevation_rad=aer[:, 1].copy(),
        sigma_range_m=np.full(n, 10.0),
        sigma_azimuth_rad=np.full(n, 0.003),
        sigma_elevation_rad=np.full(n, 0.003),
        range_rate_mps=rate,
        sigma_range_rate_mps=np.full(n, 1.0),
        snr_db=np.full(n, 15.0),
        rcs_dbsm=np.full(n, -15.0),
    )


def _reports(t_s: float) -> ReportTable:
    return ReportTable(
        t_s=np.array([t_s]),
        source=("warm-up",),
        kind=("adsb",),
        id=("warm-up",),
        position_m=np.array([[1500.0 - 30.0 * t_s, -2000.0 + 20.0 * t_s, 150.0]]),
        sigma_m=np.array([30.0]),
        claim=("",),
    )
