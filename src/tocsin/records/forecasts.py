"""Where and when things strike or arrive, each with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.records.arrays import FloatArray, IntArray

__all__ = ["ForecastSettings", "ImpactTable", "ReachTable"]


@dataclass(frozen=True, slots=True)
class ImpactTable:
    """Impact forecasts after one scan: a row for each track detected in it that is ballistic with p >= 1/2."""

    t_s: float
    track_id: IntArray  # (n,)
    impact_t_s: FloatArray  # (n,) posterior mean
    impact_t_sigma_s: FloatArray  # (n,)
    position_m: FloatArray  # (n, 3) site frame, on the ground
    lat_deg: FloatArray  # (n,)
    lon_deg: FloatArray  # (n,)
    covariance: FloatArray  # (n, 2, 2) east, north, m²


@dataclass(frozen=True, slots=True)
class ReachTable:
    """For each (flying track, asset) pair worth naming: when it could be reached and how probable that is."""

    t_s: float
    track_id: IntArray  # (n,)
    asset_index: IntArray  # (n,) into Site.assets
    earliest_t_s: FloatArray  # (n,) within the class's speed and turn limits
    expected_t_s: FloatArray  # (n,) if it flies on as it does
    probability: FloatArray  # (n,) that it comes within the asset's radius inside the horizon


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """What is known of the air and the drag, from --wind and --drag, and how far ahead to look."""

    wind_east_mps: float = 0.0
    wind_north_mps: float = 0.0
    wind_sigma_mps: float = 5.0  # per axis; 0: the wind is known
    drag_constant: bool = False  # False: drag may vary with Mach number
    reach_horizon_s: float = 600.0
