"""What is left of a flight that was ended: pieces that scatter and fall, or one body."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.world.flight import FALL_STEP_S, Flight, Setting, fall_freely

__all__ = ["BODY_DRAG_M2PKG", "break_up", "disable"]

BODY_DRAG_M2PKG = {"fixed_wing": 0.02, "multirotor": 0.03, "aircraft": 0.005, "bird": 0.1}
"""Cd·A/m of a tumbling body by kind. Terminal speeds at sea level are 28, 23, 57 and 13 m/s; falls of small multirotors
are reported at about 20 m/s (ASSURE A4 final report on ground collision severity, 2017), the others are judgement."""

_PIECES_LEAST, _PIECES_MORE = 3, 4.0
_PIECE_DRAG_MEDIAN_M2PKG, _PIECE_DRAG_SPREAD = 0.01, 1.0
_SCATTER_MPS = 15.0
_PIECE_RCS_DBSM, _PIECE_RCS_SPREAD_DB = -22.0, 4.0
"""Pieces large enough to harm. Debris of broken vehicles is sorted by ballistic coefficient m/(Cd·A) from about 10 to
1,000 kg/m² (Range Commanders Council 321, supplement, debris classes): a lognormal about 100 with a spread of e per
sigma covers it. Number, scatter and echo are judgement: generic values, no real munition's."""


def break_up(setting: Setting, flight: Flight, t_s: float, state: FloatArray) -> list[Flight]:
    """The pieces of a flight that breaks up at `t_s` in `state` (6,), from its own generator; a bird falls whole."""
    if flight.kind == "bird":
        return disable(setting, flight, t_s, state)
    rng = flight.rng
    pieces = []
    for number, child in enumerate(rng.spawn(_PIECES_LEAST + int(rng.poisson(_PIECES_MORE))), start=1):
        drag = float(_PIECE_DRAG_MEDIAN_M2PKG * np.exp(_PIECE_DRAG_SPREAD * child.standard_normal()))
        start = state.copy()
        start[3:] += _SCATTER_MPS * child.standard_normal(3)
        rcs = float(_PIECE_RCS_DBSM + _PIECE_RCS_SPREAD_DB * child.standard_normal())
        piece = replace(
            flight,
            id=f"{flight.id}/debris-{number}",
            kind="debris",
            spec=None,
            rcs_dbsm=rcs,
            drag_m2pkg=drag,
            rng=child,
        )
        pieces.append(_falling(setting, piece, t_s, start))
    return pieces


def disable(setting: Setting, flight: Flight, t_s: float, state: FloatArray) -> list[Flight]:
    """The same thing from `t_s` on, falling as one body; a rocket or mortar round flies on as it did."""
    return [_falling(setting, flight, t_s, state)]


def _falling(setting: Setting, flight: Flight, t_s: float, state: FloatArray) -> Flight:
    states, time_s = fall_freely(setting, state, flight.drag_m2pkg, flight.rng)
    down = bool(np.isfinite(time_s))
    end_s = t_s + (time_s if down else (len(states) - 1) * FALL_STEP_S)
    return replace(flight, start_s=t_s, end_s=end_s, step_s=FALL_STEP_S, states=states, down=down, wreck=True)
