"""The benchmark of impact forecasts: its physics and bound against a plain program, and a sample of the proof."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tocsin.bench import impact as impact_bench
from tocsin.bench.impact import FRACTIONS, RUNS, Judged, judge_seed, summarise
from tocsin.cli import main
from tocsin.records.arrays import FloatArray
from tocsin.scenes import ballistic_cases
from tocsin.scenes.ballistic_cases import FAMILIES, bound_of, family_of, make_case, write_case
from tocsin.scenes.ballistic_flight import Air, fly, place_of

PLACE = place_of(33.7856, 42.4412, 188.0)
THETA = np.array([-4000.0, -3500.0, 0.0, 170.0, 150.0, 210.0, 0.0025, 4.0, -6.0, 1.1, 0.35])


def plain_flight(theta: FloatArray, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions (n, 3) at times and (east, north, time) of impact, one body at a time, by the textbook's equations."""
    radius, latitude = PLACE.radius_m, math.radians(33.7856)
    gravity = 9.780327 * (1.0 + 0.0053024 * math.sin(latitude) ** 2 - 0.0000058 * math.sin(2.0 * latitude) ** 2)
    spin = 7.292115e-5 * np.array([0.0, math.cos(latitude), math.sin(latitude)])
    centre = np.array([0.0, 0.0, -radius])

    def height(_: float, s: FloatArray) -> float:
        return float(np.linalg.norm(s[:3] - centre)) - radius

    def rates(t: float, s: FloatArray) -> FloatArray:
        kelvin = 288.15 - 0.0065 * (188.0 + height(t, s))
        air = s[3:] - np.array([theta[7], theta[8], 0.0])
        mach = np.linalg.norm(air) / (20.0468 * math.sqrt(kelvin))
        curve = 1.0 + theta[9] / (1.0 + math.exp((1.0 - mach) / 0.05)) * math.exp(-theta[10] * max(mach - 1.0, 0.0))
        drag = -0.5 * 1.225 * (kelvin / 288.15) ** 4.2559 * theta[6] * curve * np.linalg.norm(air) * air
        down = (s[:3] - centre) / np.linalg.norm(s[:3] - centre)
        pull = gravity * (radius / np.linalg.norm(s[:3] - centre)) ** 2
        return np.concatenate([s[3:], drag - pull * down - 2.0 * np.cross(spin, s[3:])])

    height.terminal, height.direction = True, -1.0  # type: ignore[attr-defined]
    sol = solve_ivp(rates, (0.0, 99.0), theta[:6], "LSODA", rtol=1e-11, atol=1e-8, events=height, dense_output=True)
    return sol.sol(times).T[:, :3], np.array([*sol.y_events[0][-1][:2], sol.t_events[0][-1]])


def plain_bound(theta: FloatArray, times: FloatArray) -> float:
    """Least RMS error (m) of the impact given range, azimuth and elevation at all the times."""
    sigma = np.array([10.0, math.radians(0.15), math.radians(0.15)])
    prior = np.array([1e5, 1e5, 50.0, 1e4, 1e4, 1e4, 0.0025, 5.0, 5.0, 0.5, 0.2])
    steps = np.array([2.0, 2.0, 2.0, 0.1, 0.1, 0.1, 2e-5, 0.2, 0.2, 0.01, 0.01])
    columns, reached = [], []
    for i, step in enumerate(steps):
        pair = [plain_flight(theta + sign * step * np.eye(11)[i], times) for sign in (1.0, -1.0)]
        polar = []
        for p, _ in pair:
            far = np.linalg.norm(p, axis=1)
            polar.append(np.stack([far, np.arctan2(p[:, 0], p[:, 1]), np.arcsin(p[:, 2] / far)], axis=1) / sigma)
        columns.append(((polar[0] - polar[1]) / (2.0 * step)).ravel())
        reached.append((pair[0][1] - pair[1][1])[:2] / (2.0 * step))
    h, g = np.array(columns).T, np.array(reached).T
    return float(np.sqrt(np.trace(g @ np.linalg.inv(h.T @ h + np.diag(prior**-2.0)) @ g.T)))


def variants() -> FloatArray:
    return np.concatenate([THETA[:, None], ballistic_cases._displaced(THETA, 11)], axis=1)


def test_flight_and_bound_are_those_of_a_plain_program() -> None:
    times = np.arange(0.5, 15.0, 0.5)
    flown = fly(PLACE, Air(), variants())
    assert flown is not None
    places, impact = plain_flight(THETA, times)
    np.testing.assert_allclose(flown.state_at(times)[:, :3, 0], places, atol=0.1)
    np.testing.assert_allclose(flown.impact[0], impact, atol=0.1)
    bound = bound_of(ballistic_cases._look(flown.state_at(times)), flown, 11)
    assert bound[-1, 0] == pytest.approx(plain_bound(THETA, times), rel=0.01)
    assert np.all(np.diff(bound, axis=0) < 0.0)


def test_wind_that_turns_with_height_goes_where_it_should() -> None:
    theta = THETA.copy()
    theta[7:9] = 0.0, 20.0  # the air moves north
    impacts = []
    for air in (Air(), Air(turn_radpkm=0.5), Air(growth_per_km=0.5)):
        flown = fly(PLACE, air, theta[:, None])
        assert flown is not None
        impacts.append(flown.impact[0])
    assert impacts[1][0] > impacts[0][0] + 10.0  # clockwise: it blows toward the east aloft
    assert impacts[2][1] > impacts[0][1] + 10.0


@pytest.mark.parametrize("name", FAMILIES)
def test_a_case_follows_from_its_seed_and_reads_back(name: str, tmp_path: Path) -> None:
    case = make_case(family_of(name), 3)
    again = make_case(family_of(name), 3)
    assert np.array_equal(case.measured, again.measured)
    assert not np.array_equal(case.measured[:5], make_case(family_of(name), 4).measured[:5])
    assert math.hypot(*case.impact[:2]) < 3000.0
    folder = write_case(case, tmp_path)
    rows = (folder / "bound.csv").read_text().splitlines()
    assert len(rows) == len((folder / "detections.csv").read_text().splitlines()) == len(case.t_s) + 1
    assert float(rows[-1].split(",")[1]) == pytest.approx(case.bound[-1, 0], abs=1e-3)


SAMPLE = range(900, 908)


@pytest.fixture(scope="module")
def judged() -> list[tuple[Judged, ...]]:
    return [judge_seed(RUNS[:3], seed) for seed in SAMPLE]


@pytest.mark.parametrize("k", range(3), ids=[run.name for run in RUNS[:3]])
def test_sample_of_the_proof(judged: list[tuple[Judged, ...]], k: int) -> None:
    study = summarise(RUNS[k], [case[k] for case in judged])
    assert study.in_time.numerator == study.cases == len(SAMPLE)
    assert study.slowest_first_s <= 2.5
    # 8 flights at 4 fractions, of which perhaps 2 are independent: 16 x 2 squared errors, so that a forecast at the
    # bound has a pooled ratio of 1 ± 0.13 and 95 ± 5.5 % inside; three deviations of each
    late = study.fractions[1:]
    if k != 1:
        assert math.sqrt(np.mean([f.ratio**2 for f in late])) < 1.4
    assert sum(f.inside_95.numerator for f in late) >= 0.78 * len(late) * len(SAMPLE)


def test_summary_counts_what_was_not_answered(judged: list[tuple[Judged, ...]]) -> None:
    cases = [case[2] for case in judged]
    whole = summarise(RUNS[2], cases)
    silent = replace(cases[0], first_s=None, unanswered=cases[0].due, standing=(None,) * len(FRACTIONS))
    study = summarise(RUNS[2], [silent, *cases[1:]])
    assert study.in_time.numerator == whole.in_time.numerator - 1
    assert math.isnan(study.slowest_first_s)
    assert study.fractions[2].answered.numerator == len(cases) - 1
    known = [case.standing[2] for case in cases[1:]]
    misses = [s.miss_m for s in known if s is not None]
    assert study.fractions[2].rms_m == pytest.approx(math.sqrt(np.mean(np.square(misses))))
    assert study.fractions[2].ratio_low < study.fractions[2].ratio < study.fractions[2].ratio_high


def test_a_forecast_counts_while_it_is_fresh() -> None:
    told = np.array([[2.0, 20.0, 30.0, 40.0, 100.0, 0.0, 0.0, 100.0]])
    truth, bound = np.array([0.0, 0.0, 21.0]), np.array([[1.0, 25.0, 0.5], [5.0, 5.0, 0.1]])
    seen = np.array([1.0, 2.0, 2.9, 3.5, 4.0])
    case = impact_bench._judged("x", seen, told, truth, bound)
    assert (case.first_s, case.due, case.unanswered) == (1.0, 2, 2)
    stands = impact_bench._standing(2.5, told, truth, bound)
    assert stands is not None
    assert (stands.miss_m, stands.least_m, stands.late_s, stands.squared) == pytest.approx((50.0, 25.0, 1.0, 25.0))
    assert impact_bench._standing(3.1, told, truth, bound) is None


def test_command_judges_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_case(make_case(family_of("rough"), 5), tmp_path)
    assert main(["bench", "impact", "--folder", str(tmp_path), "--json"]) == 0
    (study,) = json.loads(capsys.readouterr().out)
    assert (study["family"], study["cases"], study["drag"]) == ("rough", 1, "unknown")
    assert [f["answered"]["numerator"] for f in study["fractions"]] == [1] * len(FRACTIONS)
    assert main(["bench", "impact", "--folder", str(tmp_path), "--json", "--wind", "0,0,1"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["wind"], told["drag"]) == ("0,0,1", "unknown")
    assert told["fractions"][1]["rms_m"] != study["fractions"][1]["rms_m"]
    assert main(["bench", "impact", "--folder", str(tmp_path), "--family", "clean"]) == 2
    assert "rough" in capsys.readouterr().err


def test_command_makes_cases_and_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "impact", "--family", "clean", "--cases", "2", "--seed", "9"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.lstrip().startswith(("25%", "40%", "60%", "75%", "90%")) for line in lines) == 10
    assert any("--wind 0,0,0 --drag constant" in line for line in lines)
    for wrong in (["--family", "dirty"], ["--cases", "0"], ["--seed", "-1"], ["--folder", "/nowhere"]):
        assert main(["bench", "impact", *wrong]) == 2
