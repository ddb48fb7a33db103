"""Tracking scores against an independent scorer's output, closed forms, brute force and the axioms of a metric."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2

from tocsin.errors import BadInput
from tocsin.records.truth import EstimateTable, TruthTable
from tocsin.score import ScoreResult, assign_tracks, score, to_json_dict
from tocsin.score.matching import gospa, match_points, ospa

GOLDEN = Path(__file__).parent / "golden"
STATE = ("x", "y", "z", "vx", "vy", "vz")


def columns(path: Path, key: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, str]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    kind = {row[key]: row.get("kind", "") for row in rows}
    place = {name: index for index, name in enumerate(kind)}
    t = np.array([float(row["t"]) for row in rows])
    index = np.array([place[row[key]] for row in rows], dtype=np.int64)
    state = np.array([[float(row[c]) for c in STATE] for row in rows]).reshape(-1, 6)
    variance = np.array([[float(row.get(f"var_{c}", "nan")) for c in "xyz"] for row in rows]).reshape(-1, 3)
    return t, index, state, variance, kind


def read_case(folder: Path) -> tuple[TruthTable, EstimateTable, np.ndarray]:
    t, index, state, _, kind = columns(folder / "truth.csv", "id")
    truth = TruthTable(t, index, state, tuple(kind), tuple(kind.values()))
    t, index, state, variance, names = columns(folder / "tracks.csv", "track_id")
    scans = np.array([float(line.split(",")[0]) for line in (folder / "detections.csv").read_text().splitlines()[1:]])
    return truth, EstimateTable(t, index, state, variance, tuple(names)), scans


def table(
    points: list[tuple[float, str, tuple[float, float, float]]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]:
    names = tuple(dict.fromkeys(name for _, name, _ in points))
    t = np.array([p[0] for p in points], dtype=float)
    index = np.array([names.index(p[1]) for p in points], dtype=np.int64)
    state = np.zeros((len(points), 6))
    state[:, :3] = np.array([p[2] for p in points], dtype=float).reshape(-1, 3)
    return t, index, state, names


def judge(truth: list, estimates: list, cutoff_m: float = 100.0) -> ScoreResult:
    t, index, state, names = table(truth)
    e_t, e_index, e_state, e_names = table(estimates)
    return score(
        TruthTable(t, index, state, names, ("rocket",) * len(names)),
        EstimateTable(e_t, e_index, e_state, np.full((len(e_t), 3), np.nan), e_names),
        cutoff_m,
    )


@pytest.mark.parametrize("case", ["crossing", "crowd", "cut", "silent", "no-truth"])
def test_agrees_with_the_independent_scorer(case: str) -> None:
    expected = json.loads((GOLDEN / case / "expected.json").read_text())
    truth, estimates, scans = read_case(GOLDEN / case)
    ours = to_json_dict(score(truth, estimates, 100.0, scan_times_s=scans, t_max_s=6.0 if case == "cut" else None))
    assert expected.keys() <= ours.keys()
    for key, value in expected.items():
        if isinstance(value, float):
            assert ours[key] == pytest.approx(value, rel=0, abs=1e-9), key
        else:
            assert ours[key] == value, key
    json.dumps(ours, allow_nan=False)


def test_a_perfect_track() -> None:
    rows = [(float(k), "a", (10.0 * k, 0.0, 0.0)) for k in range(5)]
    result = judge(rows, rows)
    assert result.sets.gospa_m == 0 == result.sets.ospa_m
    assert (result.upkeep.completeness, result.upkeep.switches, result.upkeep.false_tracks) == (1.0, 0, 0)
    assert (result.siap.completeness, result.siap.ambiguity, result.siap.spuriousness) == (1.0, 1.0, 0.0)
    assert (result.siap.track_number_changes_per_s, result.siap.longest_track_segment) == (0.0, 1.0)


def test_one_missed_one_false_one_pair() -> None:
    result = judge(
        [(0.0, "a", (0, 0, 0)), (0.0, "b", (1000, 0, 0))], [(0.0, "1", (3, 4, 0)), (0.0, "2", (-5000, 0, 0))]
    )
    whole = 25 + 100**2 / 2 + 100**2 / 2
    assert result.sets.gospa_m == pytest.approx(whole**0.5)
    assert result.sets.gospa_loc == pytest.approx(25 / whole)
    assert result.sets.gospa_missed == result.sets.gospa_false == pytest.approx(5000 / whole)
    assert result.sets.ospa_m == pytest.approx(((25 + 100**2) / 2) ** 0.5)
    assert result.siap.spuriousness == 0.5


def test_a_held_pair_is_kept_where_the_optimum_would_swap() -> None:
    truth = [(0.0, "a", (0, 0, 0)), (0.0, "b", (50, 0, 0)), (1.0, "a", (0, 0, 0)), (1.0, "b", (50, 0, 0))]
    crossed = [(0.0, "1", (0, 0, 0)), (0.0, "2", (50, 0, 0)), (1.0, "1", (50, 0, 0)), (1.0, "2", (0, 0, 0))]
    result = judge(truth, crossed)
    assert result.sets.gospa_m == 0  # each scan by itself is perfect
    assert result.upkeep.switches == 0
    assert result.upkeep.pos_rmse_m == pytest.approx((2 * 50**2 / 4) ** 0.5)
    far = [(t, name, (10 * x, y, z)) for t, name, (x, y, z) in truth]
    assert judge(far, [(t, n, (10 * x, y, z)) for t, n, (x, y, z) in crossed]).upkeep.switches == 2


def test_siap_counts_twins_and_changes() -> None:
    truth = [(float(k), "a", (0, 0, 0)) for k in range(11)]
    handover = [(float(k), "1", (1, 0, 0)) for k in range(6)] + [(float(k), "2", (1, 0, 0)) for k in range(5, 9)]
    result = judge(truth, handover).siap
    assert result.completeness == pytest.approx(9 / 11)
    assert result.ambiguity == pytest.approx(10 / 9)  # one scan of eleven with two tracks on the object
    assert result.track_number_changes_per_s == pytest.approx(1 / 8)
    assert result.longest_track_segment == pytest.approx(5 / 10)
    assert result.positional_accuracy_m == pytest.approx(1.0)


def test_a_track_that_returns_under_its_number_is_no_change() -> None:
    truth = [(float(k), "a", (0, 0, 0)) for k in range(10)]
    broken = [(float(k), "1", (0, 0, 0)) for k in (0, 1, 2, 6, 7)]
    result = judge(truth, broken).siap
    assert result.track_number_changes_per_s == 0
    assert result.longest_track_segment == pytest.approx(2 / 9)


def test_assign_tracks_takes_the_object_held_most() -> None:
    truth, estimates, scans = read_case(GOLDEN / "crossing")
    held = assign_tracks(truth, estimates, 100.0, scan_times_s=scans)
    assert held.shape == (len(estimates.track_id),)
    assert set(held[[estimates.track_id.index(n) for n in ("500", "501", "502")]].tolist()) == {-1}
    assert held[estimates.track_id.index("1")] in (0, 1)


def test_nees_of_honest_variances() -> None:
    generator = np.random.default_rng(7)
    objects, scans, sigma = 40, 50, np.array([10.0, 20.0, 40.0])
    index = np.tile(np.arange(objects), scans)
    t = np.repeat(np.arange(scans, dtype=float), objects)
    state = np.zeros((len(t), 6))
    state[:, 0] = index * 10000.0
    names = tuple(str(k) for k in range(objects))
    truth = TruthTable(t, index, state, names, ("bird",) * objects)
    noisy = state.copy()
    noisy[:, :3] += generator.normal(size=(len(t), 3)) * sigma
    for claim, verdict in ((1.0, "honest"), (0.25, "boastful")):
        estimates = EstimateTable(t, index, noisy, np.tile(sigma**2 * claim, (len(t), 1)), names)
        nees = score(truth, estimates, 1000.0).nees
        assert nees is not None
        share = nees.inside_95.numerator / nees.inside_95.denominator
        honest = abs(share - 0.95) < 4 * (0.95 * 0.05 / nees.pairs) ** 0.5  # four standard errors of 2,000 pairs
        assert (nees.low < nees.mean < nees.high) == honest == (verdict == "honest")
    assert nees.mean == pytest.approx(12, rel=0.1)
    assert nees.low == pytest.approx(3 * (1 - 1.96 * (2 / (3 * nees.pairs)) ** 0.5), rel=1e-3)  # normal limit
    assert chi2.cdf(7.8147, 3) == pytest.approx(0.95, abs=1e-5)


@pytest.mark.parametrize("cutoff", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cutoff_must_be_a_positive_length(cutoff: float) -> None:
    with pytest.raises(BadInput, match="cut-off"):
        judge([(0.0, "a", (0, 0, 0))], [], cutoff)


def test_states_that_are_not_finite_are_named() -> None:
    with pytest.raises(BadInput, match="tracks, row 2"):
        judge([(0.0, "a", (0, 0, 0))], [(0.0, "1", (0, 0, 0)), (0.0, "2", (0, float("nan"), 0))])
    with pytest.raises(BadInput, match="no scan"):
        judge([], [])


def test_reports_between_scans_are_counted_and_not_scored() -> None:
    rows = [(0.0, "a", (0, 0, 0)), (1.0, "a", (0, 0, 0))]
    result = judge(rows, [*rows, (0.5, "a", (9, 9, 9))])
    assert result.unscored_points == 1
    assert result.sets.gospa_m == 0


def brute_force(truth: np.ndarray, estimates: np.ndarray, c: float) -> tuple[float, float]:
    """Least sum of squared distances over all partial matchings: (gospa², ospa²)."""
    n, m = len(truth), len(estimates)
    best_gospa = best_ospa = np.inf
    for size in range(min(n, m) + 1):
        for rows in itertools.combinations(range(n), size):
            for order in itertools.permutations(range(m), size):
                d2 = [float(np.sum((truth[i] - estimates[j]) ** 2)) for i, j in zip(rows, order, strict=True)]
                best_gospa = min(best_gospa, sum(d2) + c**2 / 2 * (n + m - 2 * size))
                capped = sum(min(v, c**2) for v in d2)
                best_ospa = min(best_ospa, (capped + c**2 * (max(n, m) - size)) / max(n, m, 1))
    return best_gospa, best_ospa


def both(a: np.ndarray, b: np.ndarray, c: float) -> tuple[float, float]:
    matching = match_points(a, b, c)
    return gospa(len(a), len(b), matching, c).total_m, ospa(len(a), len(b), matching, c)


# A coarse lattice makes ties and coincident points common, which random reals would never show.
points = st.integers(0, 5).flatmap(lambda n: arrays(np.float64, (n, 2), elements=st.integers(-6, 6).map(float)))
cutoffs = st.sampled_from([0.5, 2.0, 5.0, 100.0])


@settings(max_examples=60, deadline=None)
@given(points.filter(lambda p: len(p) <= 4), points.filter(lambda p: len(p) <= 5), cutoffs)
def test_matching_is_optimal_against_brute_force(a: np.ndarray, b: np.ndarray, c: float) -> None:
    g2, o2 = brute_force(a, b, c)
    assert both(a, b, c) == pytest.approx((g2**0.5, o2**0.5), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_matching_of_six_is_optimal_against_brute_force(seed: int) -> None:
    generator = np.random.default_rng(seed)
    a, b = generator.normal(0, 3, (6, 3)), generator.normal(0, 3, (6, 3))
    full = min(
        sum(min(float(np.sum((a[i] - b[j]) ** 2)), 16.0) for i, j in enumerate(order))
        for order in itertools.permutations(range(6))
    )
    assert both(a, b, 4.0) == pytest.approx((full**0.5, (full / 6) ** 0.5))


@settings(max_examples=150, deadline=None)
@given(points, points, points, cutoffs)
def test_gospa_and_ospa_are_metrics(x: np.ndarray, y: np.ndarray, z: np.ndarray, c: float) -> None:
    for xy, yx, yz, xz, xx in zip(
        both(x, y, c), both(y, x, c), both(y, z, c), both(x, z, c), both(x, x, c), strict=True
    ):
        assert xx == 0
        assert xy == pytest.approx(yx, abs=1e-9)
        assert xz <= xy + yz + 1e-9
        as_multisets = sorted(map(tuple, x)) == sorted(map(tuple, y))
        assert (xy == 0) == as_multisets


@settings(max_examples=60, deadline=None)
@given(points, points, cutoffs, st.randoms(use_true_random=False))
def test_order_of_points_does_not_matter(a: np.ndarray, b: np.ndarray, c: float, shuffle) -> None:
    rows, columns_ = list(range(len(a))), list(range(len(b)))
    shuffle.shuffle(rows)
    shuffle.shuffle(columns_)
    assert both(a[rows], b[columns_], c) == pytest.approx(both(a, b, c), abs=1e-9)


def test_order_of_rows_does_not_matter() -> None:
    truth, estimates, scans = read_case(GOLDEN / "crowd")
    whole = to_json_dict(score(truth, estimates, 100.0, scan_times_s=scans))
    mix = np.random.default_rng(3).permutation(len(estimates.t_s))
    moved = EstimateTable(
        estimates.t_s[mix],
        estimates.track_index[mix],
        estimates.state[mix],
        estimates.variance_m2[mix],
        estimates.track_id,
    )
    again = to_json_dict(score(truth, moved, 100.0, scan_times_s=scans))
    for key in ("gospa_m", "ospa_m", "completeness", "switches", "pos_rmse_m", "latency_s"):
        assert again[key] == pytest.approx(whole[key]), key
