"""Detection of fluctuating targets against numerical integrals, and of the drawn powers against the closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from tocsin.world.detection import detection_probability, draw_power, required_snr, threshold

PFA = 1e-4


def steady(snr: float) -> float:
    """Marcum's Q by its integral: the Rician envelope above the threshold."""
    low = np.sqrt(2.0 * threshold(PFA))
    return float(integrate.quad(lambda r: stats.rice.pdf(r, np.sqrt(2.0 * snr)), low, np.inf, epsabs=1e-12)[0])


@pytest.mark.parametrize("snr_db", [-5.0, 3.0, 8.0, 12.0, 18.0])
@pytest.mark.parametrize("case", [0, 1, 3])
def test_closed_forms_are_the_average_of_marcums_q_over_the_fluctuation(snr_db: float, case: int) -> None:
    mean = 10.0 ** (snr_db / 10.0)
    if case == 0:
        expected = steady(mean)
    else:
        shape = 1.0 if case == 1 else 2.0  # exponential; chi-square of four degrees of freedom
        density = stats.gamma(shape, scale=mean / shape).pdf
        q = lambda s: stats.ncx2.sf(2.0 * threshold(PFA), 2, 2.0 * s)  # noqa: E731
        parts = [
            integrate.quad(lambda s: density(s) * q(s), a, b, epsabs=1e-10, limit=200)[0]
            for a, b in ((0.0, mean), (mean, 5 * mean), (5 * mean, 40 * mean))
        ]
        expected = float(sum(parts))
    assert float(detection_probability(np.array(mean), PFA, case)) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("case", [0, 1, 3])
@pytest.mark.parametrize("wanted", [0.1, 0.5, 0.9])
def test_drawn_powers_cross_the_threshold_as_often_as_the_closed_form_says(case: int, wanted: float) -> None:
    n = 40_000
    snr = required_snr(wanted, PFA, case)
    normals = np.random.default_rng(case).standard_normal((n, 6))
    hits = int(np.sum(draw_power(np.full(n, snr), case, normals) > threshold(PFA)))
    assert stats.binomtest(hits, n, wanted).pvalue > 1e-4


def test_noise_alone_crosses_at_the_false_alarm_rate() -> None:
    n = 400_000
    normals = np.random.default_rng(5).standard_normal((n, 6))
    for case in (0, 1, 3):
        hits = int(np.sum(draw_power(np.zeros(n), case, normals) > threshold(1e-3)))
        assert stats.binomtest(hits, n, 1e-3).pvalue > 1e-4


def test_mean_power_is_signal_plus_noise() -> None:
    normals = np.random.default_rng(6).standard_normal((200_000, 6))
    for case in (0, 1, 3):
        power = draw_power(np.full(len(normals), 20.0), case, normals)
        assert power.mean() == pytest.approx(21.0, abs=5 * power.std() / np.sqrt(len(normals)))


def test_the_classic_figure_of_albersheim_is_near() -> None:
    """Albersheim's equation, good to 0.2 dB for a steady target: 13.1 dB for Pd 0.9 at 1e-6 (Richards, section 6.3)."""
    a, b = np.log(0.62 / 1e-6), np.log(0.9 / 0.1)
    albersheim_db = 10.0 * np.log10(a + 0.12 * a * b + 1.7 * b)
    assert 10.0 * np.log10(required_snr(0.9, 1e-6, 0)) == pytest.approx(albersheim_db, abs=0.2)
