"""Tocsin: sense, track, identify, forecast and warn of rockets, mortars, drones, birds and aircraft.

The package root offers the version alone; each public name has one import path, its module.
"""

__all__ = ["__version__"]
__version__ = "0.1.0"
