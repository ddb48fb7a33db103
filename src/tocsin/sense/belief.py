"""The belief about the biases of all sensors: a Gaussian, what of it is applied, what cannot be told, and when to tell.

Information is gathered in whitened units (kernels.registration). The biases wander as a stationary process whose law is
the prior, so that an old belief fades into it: over an hour by a tenth of the prior, 10 m and 0.05°.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tocsin.kernels import linear
from tocsin.records.arrays import FloatArray
from tocsin.records.plan import Plan
from tocsin.records.registration import BIASES, Registration

__all__ = ["Belief", "decided", "doubted", "posterior", "start_belief", "told", "unobservable"]

DRIFT_TIME_S = 200.0 * 3600.0  # relaxation time: sqrt(2 · 1 h / 200 h) is a tenth of the prior in an hour
SIGNIFICANT_Z = 4.75  # one in a million looks at sensors without bias passes
LET_GO = 0.5  # share of the threshold below which a correction is taken back
ENTER_Z, STAY_Z = 3.5, 2.5  # standard deviations from which one bias is one, and below which it is none again
KNOWN = 0.01  # share of the prior variance below which a bias may be taken for none: a tenth of the prior sigma
UNSEEN = 0.5  # share of the prior variance that is left in a direction of which nothing has been learned
LEARNED = 0.05  # the best-known direction: at 5 % of the prior variance something has been learned
LEAST_ROWS = 100  # plots of common targets before anything is said: a wrong pair is outvoted
RESET_SHARE, RESET_COUNT = 0.5, 30  # rejected plots that say that the belief itself is wrong
RESET_TORN = 4  # two to eight seconds: longer than a new pair takes to be found
RECENT_MEMORY = 0.98  # per thought, about half a minute
LOADS = 0.2  # share of an eigenvector from which a sensor is named in it
TELL_EVERY_S = 10.0
MOVED = 1.0  # standard deviations of the last told belief: worth telling
SURER = 0.7  # a sigma that has fallen by so much, twice the data, is worth telling


@dataclass(slots=True)
class Belief:
    """Information on B = 4 S biases in whitened units, and what was made of it last."""

    scale: FloatArray  # (4,) prior standard deviations
    info: FloatArray  # (B, B)
    eta: FloatArray  # (B,)
    mean: FloatArray  # (B,)
    cov: FloatArray  # (B, B)
    tally: FloatArray  # (3,) since the last thought: squared normalised residuals, rows, rejected plots
    recent: FloatArray  # (3,) the same, faded
    found: FloatArray  # (B,) the mean given that what is not surely a bias is none: what is applied and told
    t_s: float = -np.inf
    rows: float = 0.0  # so far
    applied: bool = False
    torn: int = 0  # thoughts in a row in which most targets were torn
    told: dict[int, Registration] = field(default_factory=dict)


def start_belief(plan: Plan) -> Belief:
    """The prior."""
    size, r = 4 * len(plan.sensors.sensor_id), plan.registration
    scale = np.array([r.prior_range_m, r.prior_azimuth_rad, r.prior_elevation_rad, r.prior_clock_s])
    nothing = np.zeros((size, size)), np.zeros(size)
    return Belief(scale, *nothing, np.zeros(size), np.eye(size), np.zeros(3), np.zeros(3), np.zeros(size))


def inverted(a: FloatArray) -> FloatArray:
    """Inverse (B, B) of a positive definite matrix."""
    result = np.empty_like(a)
    linear.inverse(a, result)
    return result


def times(a: FloatArray, x: FloatArray) -> FloatArray:
    """Matrix (B, B) times vector (B,)."""
    result = np.empty_like(x)
    linear.product(a, x, result)
    return result


def posterior(belief: Belief, t_s: float) -> None:
    """Mean and covariance from the information; older information fades.

    Where residuals are larger than they should be (targets that turn harder than is allowed for), the information is
    worth less by their mean (the Birge ratio).
    """
    belief.recent[:] = RECENT_MEMORY * belief.recent + belief.tally
    belief.rows += float(belief.tally[1])
    belief.tally[:] = 0.0
    squares, rows = float(belief.recent[0]), float(belief.recent[1])
    size, excess = len(belief.mean), max(1.0, squares / max(rows, 1.0))
    cov = inverted(belief.info / excess + np.eye(size))
    dt, belief.t_s = t_s - belief.t_s, t_s
    if np.isfinite(dt) and dt > 0.0:
        keep = float(np.exp(-dt / DRIFT_TIME_S))
        mean = keep * times(cov, belief.eta) / excess
        cov = keep**2 * cov + (1.0 - keep**2) * np.eye(size)
        fresh = inverted(cov)
        belief.info[:] = excess * (fresh - np.eye(size))
        belief.eta[:] = excess * times(fresh, mean)
    belief.cov[:] = 0.5 * (cov + cov.T)
    belief.mean[:] = times(cov, belief.eta) / excess


def doubted(belief: Belief, *, torn: bool) -> None:
    """Give the belief up where the plots contradict it: a sensor was moved, or what was believed was wrong.

    Either most plots are rejected, or (because the tracker, too, takes what it is given for two things) most targets
    are `torn` for several thoughts in a row.
    """
    belief.torn = belief.torn + 1 if torn else 0
    if belief.recent[2] > RESET_SHARE * belief.recent[1] / 3.0 + RESET_COUNT or belief.torn >= RESET_TORN:
        belief.info[:], belief.eta[:], belief.mean[:], belief.found[:], belief.recent[:] = 0.0, 0.0, 0.0, 0.0, 0.0
        belief.cov[:] = np.eye(len(belief.mean))
        belief.rows, belief.torn = 0.0, 0


def without_the_unsure(belief: Belief) -> None:
    """Take for nought, one after the other, the least sure biases, and condition the others on that.

    Most sensors have few biases of the four. A prior that gives weight to "none" (a spike beside the broad slab) says
    so; its odds for "none" are better than even while |mean| < sigma sqrt(2 ln(prior sigma / sigma)), which is 2 to 3.
    What is not known to a tenth of its prior is left as it is: taking the range of one of two radars on a mast for
    right would put all of their difference on the other.
    """
    mean, cov = belief.mean.copy(), belief.cov.copy()
    limit = np.where(belief.found != 0.0, STAY_Z, ENTER_Z)
    open_ = np.diag(cov) < KNOWN
    while np.any(open_):
        surety = np.where(open_, np.abs(mean) / (limit * np.sqrt(np.maximum(np.diag(cov), 1e-12))), np.inf)
        i = int(np.argmin(surety))
        if surety[i] >= 1.0:
            break
        column = cov[:, i] / cov[i, i]
        mean -= column * mean[i]
        cov -= np.outer(column, cov[i])
        mean[i], open_[i] = 0.0, False
    belief.found[:] = mean


def decided(belief: Belief) -> None:
    """Apply the belief if it differs from "no bias at all" beyond chance.

    The test is of all biases at once, because a difference of two sensors can be sure while neither of the two is.
    """
    without_the_unsure(belief)
    size = len(belief.mean)
    distance = linear.squared_distance(belief.cov, belief.mean)
    limit = size * (1.0 - 2.0 / (9.0 * size) + SIGNIFICANT_Z * np.sqrt(2.0 / (9.0 * size))) ** 3  # Wilson-Hilferty
    belief.applied = distance > limit * (LET_GO if belief.applied else 1.0) and belief.rows >= LEAST_ROWS


def unobservable(belief: Belief, names: tuple[str, ...]) -> tuple[str, ...]:
    """What the data cannot tell, by name: eigenvectors of each kind's covariance that kept most of their prior.

    Only sensors that contributed are looked at, and nothing is said before something has been learned of them.
    """
    used = [s for s in range(len(names)) if np.any(np.diag(belief.info)[4 * s : 4 * s + 4] > 0.0)]
    if not used or linear.clearly_above(LEARNED, belief.cov):
        return ()
    texts = []
    for k, kind in enumerate(BIASES):
        index = np.array([4 * s + k for s in used])
        share, vector = np.empty(len(used)), np.empty((len(used), len(used)))
        linear.symmetric_axes(belief.cov[np.ix_(index, index)], share, vector)
        for weak in np.flatnonzero(share > UNSEEN):
            group = [names[used[i]] for i in np.flatnonzero(np.abs(vector[:, weak]) > LOADS)]
            if len(group) > 1 and np.any(share <= UNSEEN):
                what = "difference" if len(group) == 2 else "differences"
                texts.append(f"{kind} of {' and '.join(group)}: only the {what} can be observed")
            elif len(group) == 1:
                texts.append(f"{kind} of {group[0]}: cannot be observed")
    return tuple(texts)


def told(plan: Plan, belief: Belief, t_s: float) -> tuple[Registration, ...]:
    """A record for each sensor of which there is something new to say."""
    names = plan.sensors.sensor_id
    due = len(belief.told) < len(names) or any(
        old.applied != belief.applied or t_s - old.t_s >= TELL_EVERY_S for old in belief.told.values()
    )
    if belief.rows < LEAST_ROWS or not due:
        return ()
    hidden = unobservable(belief, names)
    if not belief.told and linear.clearly_above(LEARNED, belief.cov):
        return ()
    news = []
    for s, name in enumerate(names):
        if not np.any(np.diag(belief.info)[4 * s : 4 * s + 4] > 0.0):
            continue
        mine = tuple(text for text in hidden if name in text.split(":")[0].split())
        new = registration(belief, t_s, s, name, mine)
        if worth_telling(belief.told.get(s), new):
            belief.told[s] = new
            news.append(new)
    return tuple(news)


def registration(belief: Belief, t_s: float, s: int, name: str, hidden: tuple[str, ...]) -> Registration:
    """What is believed of one sensor, in its units and in words."""
    own = slice(4 * s, 4 * s + 4)
    mean = [float(v) for v in belief.found[own] * belief.scale]
    sigma = [float(v) for v in np.sqrt(np.diag(belief.cov)[own]) * belief.scale]
    degrees = np.rad2deg(mean[1:3])
    found = f"{mean[0]:.1f} m, {degrees[0]:.3f}° azimuth, {degrees[1]:.3f}° elevation, {mean[3]:.3f} s of clock"
    verdict = (
        f"plots of {name} are corrected by a bias of {found}"
        if belief.applied
        else f"no bias that is surely one; {name} is not corrected (best guess {found})"
    )
    why = "; ".join((verdict, *hidden))
    return Registration(
        t_s, s, name, mean[0], mean[1], mean[2], mean[3], sigma[0], sigma[1], sigma[2], sigma[3],
        belief.applied, hidden, why,
    )  # fmt: skip


def worth_telling(old: Registration | None, new: Registration) -> bool:
    """True for the first word, a change of what is applied or observable, and, now and then, of the figures."""
    if old is None or old.applied != new.applied:
        return True
    if new.t_s - old.t_s < TELL_EVERY_S:
        return False
    pairs = [
        (old.range_m, new.range_m, old.sigma_range_m, new.sigma_range_m),
        (old.azimuth_rad, new.azimuth_rad, old.sigma_azimuth_rad, new.sigma_azimuth_rad),
        (old.elevation_rad, new.elevation_rad, old.sigma_elevation_rad, new.sigma_elevation_rad),
        (old.clock_s, new.clock_s, old.sigma_clock_s, new.sigma_clock_s),
    ]
    moved = any(abs(b - a) > MOVED * was or now < SURER * was for a, b, was, now in pairs)
    return moved or old.unobservable != new.unobservable
