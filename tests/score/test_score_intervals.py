"""Intervals against SciPy, published values and their own coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from tocsin.errors import BadInput
from tocsin.score import bootstrap, clopper_pearson, clustered_rate, rate, wilson


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (0, 20), (1, 20), (7, 20), (20, 20), (199, 200)])
def test_wilson_and_clopper_pearson_against_scipy(successes: int, trials: int) -> None:
    test = binomtest(successes, trials)
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = test.proportion_ci(0.95, method=method)
        assert ours(successes, trials) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_no_trials_say_nothing() -> None:
    assert wilson(0, 0) == clopper_pearson(0, 0) == (0.0, 1.0)
    assert rate("x", 0, 0).high == 1.0


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_impossible_shares_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(BadInput, match="successes"):
        wilson(successes, trials)
    with pytest.raises(BadInput, match="successes"):
        clopper_pearson(successes, trials)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.97])
def test_clopper_pearson_covers_at_least_95_percent(share: float) -> None:
    covered = sum(
        float(binom.pmf(k, 30, share))
        for k in range(31)
        if clopper_pearson(k, 30)[0] <= share <= clopper_pearson(k, 30)[1]
    )
    assert covered >= 0.95


def test_clustered_rate_is_wilson_when_each_cluster_is_one_trial() -> None:
    hits, trials = np.array([1, 0, 1, 1, 0, 1, 1, 1]), np.ones(8, dtype=np.int64)
    pooled = clustered_rate("x", hits, trials)
    # n/(n-1) in the variance makes the effective number of trials one less than the number of clusters
    assert (pooled.low, pooled.high) == pytest.approx(wilson(6 / 8 * 7, 7))
    assert (pooled.numerator, pooled.denominator) == (6, 8)


def test_clustered_rate_is_wide_where_clusters_stand_and_fall_together() -> None:
    hits, trials = np.array([50, 50, 50, 0]), np.array([50, 50, 50, 50])
    pooled, naive = clustered_rate("x", hits, trials), wilson(150, 200)
    assert pooled.high - pooled.low > 3 * (naive[1] - naive[0])
    certain = clustered_rate("x", np.array([50, 50, 50]), np.array([50, 50, 50]))
    assert (certain.low, certain.high) == pytest.approx(wilson(3, 3))
    assert clustered_rate("x", np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)).denominator == 0


def test_bootstrap_covers_the_mean_as_the_normal_interval_does() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = bootstrap(values, lambda v: float(np.mean(v)), np.random.default_rng(2))
    half = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)
    again = bootstrap(values, lambda v: float(np.mean(v)), np.random.default_rng(2))
    assert again == (low, high)
    assert np.isnan(bootstrap(values[:1], lambda v: float(np.mean(v)), np.random.default_rng(2))).all()
