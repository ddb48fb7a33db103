"""Tocsin: sense, track, identify, forecast and warn of rockets, mortars, drones, birds and aircraft.

The package root offers the doors of the library (`Tracker`, `Pipeline` and what they take and give, loaded on first
use) and the version; every other public name has one import path, its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.facade import Asset, Detections, History, Pipeline, Report, Result, Sensor, Tracks, Zone
    from tocsin.tracker import Tracker

__all__ = [
    "Asset",
    "Detections",
    "History",
    "Pipeline",
    "Report",
    "Result",
    "Sensor",
    "Tracker",
    "Tracks",
    "Zone",
    "__version__",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The doors' names, imported when they are first asked for: `tocsin --help` must not wait for Numba."""
    if name == "Tracker":
        from tocsin.tracker import Tracker

        return Tracker
    if name in __all__:
        from tocsin import facade

        return getattr(facade, name)
    raise AttributeError(f"module 'tocsin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
