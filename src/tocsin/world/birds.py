"""Birds: a correlated random walk of the velocity about a bird's own cruise, inside its flock's disc and heights.

Air speeds of flapping birds lie between about 8 and 23 m/s (Alerstam et al., PLoS Biology 5(8), 2007). The velocity is
an Ornstein–Uhlenbeck process about the cruise velocity, the usual correlated velocity model of animal movement (Johnson
et al., Ecology 89(5), 2008); its spread and time constant here are judgement, chosen to give turns within seconds.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.records.arrays import FloatArray
from tocsin.world.atmosphere import wind_factor
from tocsin.world.earth import RADIUS, SHEAR, WIND_EAST, WIND_NORTH, level_up, site_vector
from tocsin.world.ground import ground_level

__all__ = ["flit"]

_TIME_S = 4.0  # time constant of the velocity's fluctuation
_SPREAD = 0.2  # its standard deviation over the cruise speed, per horizontal axis
_RISE_MPS = 0.7  # of the vertical velocity
_VEER_RADPSQRTS = 0.06  # random walk of the cruise heading: 27 degrees in a minute
_HOME_RADPS = 0.3  # how fast a bird outside its disc turns back


@kernel
def flit(
    environment: FloatArray,
    disc: FloatArray,
    east0_m: float,
    north0_m: float,
    step_m: float,
    level_m: FloatArray,
    step_s: float,
    start: FloatArray,
    draws: FloatArray,
    states_out: FloatArray,
) -> None:
    """One bird. `disc` (6,): centre east, north, radius, least and greatest height above terrain, cruise airspeed.

    `start` (4,): east, north, height above terrain, heading. `draws` (m, 4) standard normal; `states_out` (m, 6).
    """
    radius = environment[RADIUS]
    east, north, above, heading = start[0], start[1], start[2], start[3]
    cruise = disc[5]
    keep = math.exp(-step_s / _TIME_S)
    fresh = math.sqrt(1.0 - keep * keep)
    sway_east, sway_north, rise = 0.0, 0.0, 0.0
    local, place, velocity = np.empty(3), np.empty(3), np.empty(3)
    level = ground_level(east0_m, north0_m, step_m, level_m, east, north) + above
    for row in range(states_out.shape[0]):
        up = level_up(radius, east, north, level)
        factor = wind_factor(level, environment[SHEAR])
        place[0], place[1], place[2] = east, north, up
        local[0] = cruise * math.sin(heading) + sway_east + environment[WIND_EAST] * factor
        local[1] = cruise * math.cos(heading) + sway_north + environment[WIND_NORTH] * factor
        local[2] = rise
        site_vector(radius, place, local, velocity)
        for i in range(3):
            states_out[row, i], states_out[row, 3 + i] = place[i], velocity[i]
        east += step_s * velocity[0]
        north += step_s * velocity[1]
        level += step_s * rise
        above = level - ground_level(east0_m, north0_m, step_m, level_m, east, north)
        heading += _VEER_RADPSQRTS * math.sqrt(step_s) * draws[row, 3]
        out_east, out_north = disc[0] - east, disc[1] - north
        if math.hypot(out_east, out_north) > disc[2]:
            error = (math.atan2(out_east, out_north) - heading + math.pi) % (2.0 * math.pi) - math.pi
            heading += min(max(error, -_HOME_RADPS * step_s), _HOME_RADPS * step_s)
        sway_east = keep * sway_east + fresh * _SPREAD * cruise * draws[row, 0]
        sway_north = keep * sway_north + fresh * _SPREAD * cruise * draws[row, 1]
        rise = keep * rise + fresh * _RISE_MPS * draws[row, 2]
        # Outside its heights it climbs or sinks back at 1 m/s at least; terrain that rises faster carries it up.
        rise = max(rise, 1.0) if above < disc[3] else (min(rise, -1.0) if above > disc[4] else rise)
        level = max(level, level - above + 2.0)
