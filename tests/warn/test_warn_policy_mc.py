"""The rule of warning against a synthetic tracker: 200 rockets whose forecasts sharpen as a tracker's do.

The forecast error is an Ornstein-Uhlenbeck-like process whose spread follows the time left, calibrated: at every moment
the truth lies in the stated ellipse as often as stated. Beside the rule stand "warn everything" and "warn nothing".
"""

from __future__ import annotations

import numpy as np
import pytest
from warn_cases import ROCKET, Runner, Thing, plan

from tocsin.records.warnings import WarnSettings

RUNS = 200
CLOSING_SCALE_M = (40.0, 12.0)  # sigma of the impact point: 40 m at the end plus 12 m for each second left


def one_run(seed: int, settings: WarnSettings) -> tuple[str, dict[str, float], float]:
    """Struck zone, seconds of warning by zone, and seconds of detection before impact."""
    rng = np.random.default_rng([seed, 20261122])
    site = plan(settings=settings)  # 64 zones over 10 × 10 km
    run = Runner(site)
    truth = rng.uniform(-4800.0, 4800.0, 2)
    seen_s = rng.uniform(9.0, 24.0)
    struck = next(z.zone_id for z in site.site.zones if np.all(np.abs(truth - z.polygon_m.mean(axis=0)) <= 625.0))
    final, slope = CLOSING_SCALE_M
    # A sum of independent refinements: the error at time t is what later detections will still take away.
    left = np.arange(seen_s - 1.5, 0.0, -0.5)
    sigma = final + slope * left
    steps = np.sqrt(np.maximum(sigma**2 - np.append(sigma[1:], 0.0) ** 2, 0.0))[:, None] * rng.normal(
        size=(left.size, 2)
    )
    error = np.cumsum(steps[::-1], axis=0)[::-1]
    warned: dict[str, float] = {}
    for k, s in enumerate(left):
        east, north = truth + error[k]
        rocket = Thing(1, classes=ROCKET, hostile=0.99, impact=(100.0, 0.1 + 0.02 * s, east, north, sigma[k]))
        for event in run.step(100.0 - s, rocket):
            if event.action == "raise":
                warned[event.zone_id] = float(s)
    return struck, warned, float(seen_s)


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[str, dict[str, float], float]]:
    return [one_run(seed, WarnSettings()) for seed in range(RUNS)]


def test_the_struck_zone_is_warned_and_few_others_are(
    outcomes: list[tuple[str, dict[str, float], float]], capsys: pytest.CaptureFixture[str]
) -> None:
    hits = [struck in warned for struck, warned, _ in outcomes]
    zones = [len(warned) for _, warned, _ in outcomes]
    seconds = [warned[struck] for struck, warned, _ in outcomes if struck in warned]
    share, total = np.mean(hits), len(plan().site.zones)
    with capsys.disabled():
        print(
            f"\n  rule: struck zone warned in {sum(hits)}/{len(hits)}, zones warned median {np.median(zones):.0f} "
            f"(mean {np.mean(zones):.2f}), seconds of warning {np.percentile(seconds, (5, 50, 95)).round(1)}"
            f"\n  warn everything: {len(hits)}/{len(hits)}, {total} zones; warn nothing: 0/{len(hits)}, 0 zones"
        )
    assert share >= 0.99
    assert np.median(zones) <= 3
    assert np.percentile(seconds, 5) >= 5.0


def test_neither_baseline_would_pass() -> None:
    everything = WarnSettings(raise_probability=1e-9, early_probability=1e-9, clear_probability=1e-10)
    nothing = WarnSettings(raise_probability=1.0, early_probability=1.0)
    assert np.median([len(one_run(seed, everything)[1]) for seed in range(10)]) > 3
    assert sum(struck in warned for struck, warned, _ in (one_run(s, nothing) for s in range(10))) < 10
