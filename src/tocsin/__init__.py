"""Tocsin: sense, track, identify, forecast and warn of rockets, mortars, drones, birds and aircraft.

The package root offers the tracker as a library (`Tracker`, `Sensor`, `Detections`, `Tracks`, loaded on first use) and
the version; every other public name has one import path, its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.tracker import Detections, Sensor, Tracker, Tracks

__all__ = ["Detections", "Sensor", "Tracker", "Tracks", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The tracker's names, imported when they are first asked for: `tocsin --help` must not wait for Numba."""
    if name in __all__:
        from tocsin import tracker

        return getattr(tracker, name)
    raise AttributeError(f"module 'tocsin' has no attribute {name!r}")
