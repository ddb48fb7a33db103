"""The doors of the library: what a Python user gives, the pipeline that takes it, and what comes out.

takes:   sensors, zones and assets by latitude and longitude; scans, and reports of others, as arrays and numbers
gives:   tracks, identities, forecasts and warnings after each call, with what was dismissed and what could not be used
assumes: one caller at a time, scans in the order in which they arrived
fails:   BadInput, naming field, row (from 1) and value, for what cannot be; the pipeline then stands as before
"""

from __future__ import annotations

from tocsin.facade.given import Asset, Detections, Report, Sensor, Zone
from tocsin.facade.history import History
from tocsin.facade.pipeline import Pipeline
from tocsin.facade.results import Result, Tracks

__all__ = ["Asset", "Detections", "History", "Pipeline", "Report", "Result", "Sensor", "Tracks", "Zone"]
