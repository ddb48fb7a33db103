"""The comparison with RocketPy: our half of it against the vacuum, and the whole where RocketPy is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tools import world_vs_rocketpy

from tocsin.formats.sensors import level_site
from tocsin.world.atmosphere import Weather
from tocsin.world.flight import make_setting


def test_without_drag_the_world_flies_a_parabola() -> None:
    site = level_site(world_vs_rocketpy.LAT_DEG, world_vs_rocketpy.LON_DEG, world_vs_rocketpy.ALT_M)
    setting = make_setting(site, Weather(0.0, 0.0, 0.143, 0.0, 0.0))
    start = world_vs_rocketpy.start_state(100.0, 45.0, 90.0)
    impact = world_vs_rocketpy.world_impact(setting, start, 1e-9)
    up, flat = start[5], start[3]
    time_s = (up + math.sqrt(up**2 + 2.0 * 9.797 * start[2])) / 9.797
    assert impact[0] == pytest.approx(flat * time_s, rel=2e-3)
    assert abs(impact[1]) < 2.0
    slower = world_vs_rocketpy.world_impact(setting, start, 0.6)
    assert 0.5 * impact[0] < slower[0] < impact[0]


def test_both_agree_where_rocketpy_is(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rocketpy")
    world_vs_rocketpy.main()
    rows = [line.split("|")[1].split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert len(rows) == len(world_vs_rocketpy.CASES)
    assert np.max([float(row[0]) for row in rows]) < 1.0, "like for like, within a metre"
