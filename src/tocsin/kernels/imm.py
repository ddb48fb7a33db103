"""Interacting multiple models: mixing, prediction, and the moments of the mixture.

Blom & Bar-Shalom, "The interacting multiple model algorithm for systems with Markovian switching coefficients", IEEE
TAC 33(8), 1988. Prediction reads one bank and writes another, so that the old one stays as it was for late scans.
"""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import (
    BALLISTIC,
    HOVER,
    MODELS,
    STRAIGHT,
    THRUST,
    TURN,
    FloatArray,
    IntArray,
    Motion,
    advance_kind,
    advance_state,
    owned_prior,
)

__all__ = [
    "copy_model",
    "count_turns",
    "mix_model",
    "mixture_moments",
    "predict_tracks",
    "reweigh_turns",
    "sum_leaning",
]

SURPRISE_TO_WAKE = 2.0  # mean normalised innovation squared per row; consistent filters keep it at 1, give or take 0.3
WIDEST_MPS = 400.0  # spread of velocity from which there is nothing left to doubt
SURPRISE_MAX = 6.0  # most by which a surprised track's covariance grows in one scan
WAKE_PROBABILITY = 0.05
LEAN_MEMORY = 0.9  # per detection
SETTLED_HITS = 5
SURELY_STRAIGHT = 0.95
SURELY = 0.9  # probability from which a track is taken to turn, or to fly straight
MIX_MIN = 1e-5  # what comes with less adds 0.3 % of its distance from the mean to the spread, or nothing to speak of
STEADY, SETTLING, SLOW, YOUNG = 0, 1, 2, 4  # transition tables: SETTLING alone, or any sum of SLOW and YOUNG


@kernel
def transitions(motion: Motion, dt: float, t_out: FloatArray) -> None:
    """Model transition probabilities over dt into t_out (8, MODELS, MODELS), rows from, columns to.

    Only slow targets may stop (SLOW), only young ballistic ones may thrust (YOUNG). SETTLING is for the second
    detection: models stood for kinds of target before it, and stand for what the target does from then on.
    """
    for table in range(8):
        t = t_out[table]
        for i in range(MODELS):
            for j in range(MODELS):
                t[i, j] = 0.0
        t[STRAIGHT, TURN] = 0.5 * (1.0 - math.exp(-2.0 * motion.to_turn_ps * dt))
        t[TURN, STRAIGHT] = 0.5 * (1.0 - math.exp(-2.0 * motion.to_straight_ps * dt))
        if table == SETTLING:
            t[STRAIGHT, TURN] = min(motion.settle_turn_s * motion.to_turn_ps, 1.0 - motion.level_straight)
            t[TURN, STRAIGHT] = 1.0 - t[STRAIGHT, TURN]
        t[STRAIGHT, BALLISTIC] = t[TURN, BALLISTIC] = motion.to_ballistic_ps * dt
        t[BALLISTIC, STRAIGHT] = t[BALLISTIC, TURN] = motion.from_ballistic_ps * dt
        t[HOVER, STRAIGHT] = t[HOVER, TURN] = 0.5 * (1.0 - math.exp(-motion.from_hover_ps * dt))
        t[THRUST, BALLISTIC] = 1.0 - math.exp(-motion.from_thrust_ps * dt)
        if table != SETTLING and table & SLOW:
            t[STRAIGHT, HOVER] = t[TURN, HOVER] = motion.to_hover_ps * dt
        if table != SETTLING and table & YOUNG:
            t[BALLISTIC, THRUST] = motion.to_thrust_ps * dt
        for i in range(MODELS):
            t[i, i] = 1.0
            for j in range(MODELS):
                if j != i:
                    t[i, i] -= t[i, j]


@kernel
def mixing_weights(
    motion: Motion, t: FloatArray, wake: bool, mu: FloatArray, mu_out: FloatArray, w_out: FloatArray
) -> None:
    """Predicted model probabilities mu_out and mixing weights w_out (from, to); the improbable sleep at 0.

    Only turning never sleeps beside straight flight, however rare: where range rate is precise, a turn that nobody
    waits for leaves the gate before it can surprise. mu, mu_out (MODELS,); `wake` lifts every model that the table t
    (MODELS, MODELS) can reach. A weight below MIX_MIN is left out.
    """
    total = 0.0
    for k in range(MODELS):
        norm = kept = 0.0
        for j in range(MODELS):
            w_out[j, k] = mu[j] * t[j, k] if mu[j] > 0.0 else 0.0
            norm += w_out[j, k]
        for j in range(MODELS):
            if w_out[j, k] < MIX_MIN * norm:
                w_out[j, k] = 0.0
            kept += w_out[j, k]
        scale = 1.0 / kept if kept > 0.0 else 0.0
        for j in range(MODELS):
            w_out[j, k] *= scale
        mu_out[k] = max(norm, WAKE_PROBABILITY) if wake and norm > 0.0 else norm
        if mu_out[k] < motion.sleep_below and not (k == TURN and mu_out[STRAIGHT] > 0.0):
            mu_out[k] = 0.0
        total += mu_out[k]
    for k in range(MODELS):
        mu_out[k] /= total


@kernel
def shares_owned(j: int, k: int) -> bool:
    """True if models j and k mean the same by their seventh component."""
    return j == k or (j != BALLISTIC and j != THRUST and k != BALLISTIC and k != THRUST)


@kernel
def mix_model(
    k: int, motion: Motion, w: FloatArray, x: FloatArray, p: FloatArray, x_out: FloatArray, p_out: FloatArray
) -> None:
    """Mixed state x_out (7,), p_out (7, 7) of model k from all models' x (MODELS, 7), p (MODELS, 7, 7).

    What a model owns does not cross between the level models and the others: from there the owner's prior enters.
    """
    prior, spread = owned_prior(k, motion)
    for a in range(7):
        x_out[a] = 0.0
        for b in range(a + 1):
            p_out[a, b] = 0.0
    for j in range(MODELS):
        if w[j, k] > 0.0:
            for a in range(6):
                x_out[a] += w[j, k] * x[j, a]
            x_out[6] += w[j, k] * (x[j, 6] if shares_owned(j, k) else prior)
    for j in range(MODELS):
        if w[j, k] > 0.0:
            same = shares_owned(j, k)
            for a in range(6):
                da = w[j, k] * (x[j, a] - x_out[a])
                for b in range(a + 1):
                    p_out[a, b] += w[j, k] * p[j, a, b] + da * (x[j, b] - x_out[b])
            d6 = (x[j, 6] if same else prior) - x_out[6]
            for b in range(6):
                p_out[6, b] += w[j, k] * ((p[j, 6, b] if same else 0.0) + d6 * (x[j, b] - x_out[b]))
            p_out[6, 6] += w[j, k] * ((p[j, 6, 6] if same else spread) + d6 * d6)
    if k in (STRAIGHT, HOVER):
        x_out[6], p_out[6, 6] = prior, spread
        for b in range(6):
            p_out[6, b] = 0.0
    for a in range(7):
        for b in range(a):
            p_out[b, a] = p_out[a, b]


@kernel
def table_of(hits: int, age: float, motion: Motion, mu: FloatArray, x: FloatArray) -> int:
    """Which transition table a track goes by."""
    if hits == 2:
        return SETTLING
    k = TURN if mu[TURN] > mu[STRAIGHT] else STRAIGHT
    if mu[HOVER] > mu[k]:
        k = HOVER
    table = STEADY
    if mu[k] > 0.0 and x[k, 3] ** 2 + x[k, 4] ** 2 < motion.hover_below_mps**2:
        table += SLOW
    if age < motion.thrust_age_s and mu[BALLISTIC] > 0.0 and x[BALLISTIC, 5] > 0.0:
        table += YOUNG
    return table


@kernel
def copy_model(x: FloatArray, p: FloatArray, x_out: FloatArray, p_out: FloatArray) -> None:
    """x (7,) and p (7, 7) as they are."""
    for a in range(7):
        x_out[a] = x[a]
        for b in range(7):
            p_out[a, b] = p[a, b]


@kernel
def widen(factor: float, p_io: FloatArray) -> None:
    """Widen place and velocity of p_io (7, 7) by a factor: what surprises is not known as well as the filter claims."""
    if p_io[3, 3] + p_io[4, 4] + p_io[5, 5] > WIDEST_MPS**2:
        return
    root = math.sqrt(factor)
    for a in range(6):
        for b in range(6):
            p_io[a, b] *= factor
        p_io[a, 6] *= root
        p_io[6, a] *= root


@kernel
def predict_tracks(
    n: int,
    t: float,
    dt: float,
    motion: Motion,
    hits: IntArray,
    born: FloatArray,
    surprise: FloatArray,
    place: IntArray,
    mu: FloatArray,
    x: FloatArray,
    p: FloatArray,
    mu_out: FloatArray,
    x_out: FloatArray,
    p_out: FloatArray,
) -> None:
    """Mix and predict n tracks over dt >= 0 seconds to t: mu (cap, MODELS), x (cap, MODELS, 7), p (cap, MODELS, 7, 7).

    place (n,): where each stands in mu, x and p; all else is in the order of the output. Models that sleep are not
    written. A track with one detection is not mixed: its models stand for kinds of target,
    not for manoeuvres; see `advance_kind`.
    """
    tables = np.zeros((8, MODELS, MODELS))
    transitions(motion, dt, tables)
    w = np.empty((MODELS, MODELS))
    f, work = np.empty((7, 7)), np.empty((7, 7))
    for i in range(n):
        j, mix = place[i], hits[i] > 1 and dt > 0.0
        if mix:
            table = tables[table_of(hits[i], t - born[i], motion, mu[j], x[j])]
            mixing_weights(motion, table, surprise[i] > SURPRISE_TO_WAKE, mu[j], mu_out[i], w)
        else:
            for k in range(MODELS):
                mu_out[i, k] = mu[j, k]
        for k in range(MODELS):
            if mu_out[i, k] > 0.0:
                if mix and w[k, k] < 1.0 - 1e-9:
                    mix_model(k, motion, w, x[j], p[j], x_out[i, k], p_out[i, k])
                else:
                    copy_model(x[j, k], p[j, k], x_out[i, k], p_out[i, k])
                if mix and surprise[i] > SURPRISE_TO_WAKE:
                    widen(min(surprise[i], SURPRISE_MAX), p_out[i, k])
                if hits[i] > 1:
                    advance_state(k, dt, motion, x_out[i, k], p_out[i, k], f, work)
                elif dt > 0.0:
                    advance_kind(k, dt, motion, x_out[i, k], p_out[i, k], work)


@kernel
def count_turns(n: int, dt: float, ids: IntArray, mu: FloatArray, turning_io: IntArray, turns_io: FloatArray) -> None:
    """Count turns begun, and seconds of straight flight, turns_io (2,), among n tracks over the last dt seconds.

    mu (n, MODELS) after a scan; ids (n,) 0: not confirmed, and says nothing. turning_io (n,) 1: in a turn, surely,
    until it flies straight, surely; what wavers between the two must not be counted each time.
    """
    for i in range(n):
        if ids[i] > 0 and mu[i, STRAIGHT] + mu[i, TURN] > 0.5:
            if turning_io[i] == 0:
                turns_io[1] += dt
                if mu[i, TURN] > SURELY:
                    turns_io[0] += 1.0
                    turning_io[i] = 1
            elif mu[i, STRAIGHT] > SURELY:
                turning_io[i] = 0


@kernel
def sum_leaning(
    n: int, ids: IntArray, hits: IntArray, mu: FloatArray, moved: FloatArray, lean_io: FloatArray, sums_io: FloatArray
) -> None:
    """Add to sums_io (2,) how far new corrections of velocity lean with older ones, and the square of that.

    Corrections of a filter that expects the right noise know nothing of one another (Kailath 1968; Mehra 1970): where
    it expects too little they lean one way for a while, where it expects too much they go back and forth. moved (n, 4):
    see `update_tracks`; lean_io (3, n): fading sum of a track's corrections. Only tracks that surely fly straight, and
    have done so for a while, count, and each by how well its velocity is known: far ones tell nothing.
    """
    for i in range(n):
        if ids[i] == 0 or mu[i, STRAIGHT] < SURELY_STRAIGHT:
            lean_io[0, i] = lean_io[1, i] = lean_io[2, i] = 0.0
        elif moved[i, 3] > 0.0 and hits[i] > SETTLED_HITS:
            along = 0.0
            for a in range(3):
                along += moved[i, a] * lean_io[a, i]
                lean_io[a, i] = LEAN_MEMORY * lean_io[a, i] + moved[i, a]
            sums_io[0] += along / moved[i, 3]
            sums_io[1] += (along / moved[i, 3]) ** 2


@kernel
def reweigh_turns(n: int, factor: float, hits: IntArray, mu_io: FloatArray) -> None:
    """Bayes' rule for n tracks when the prior odds of a turn change by a factor.

    Tracks of at most two detections are left alone: their models stand for kinds of target.
    """
    for i in range(n):
        if hits[i] > 2 and mu_io[i, TURN] > 0.0:
            total = 1.0 + (factor - 1.0) * mu_io[i, TURN]
            mu_io[i, TURN] *= factor
            for k in range(MODELS):
                mu_io[i, k] /= total


@kernel
def mixture_moments(
    n: int, hits: IntArray, mu: FloatArray, x: FloatArray, p: FloatArray, mean_out: FloatArray, cov_out: FloatArray
) -> None:
    """Mean (n, 6) and covariance (n, 6, 6) of position and velocity over the models of n tracks.

    Of tracks with one detection, which nobody is shown, the variances alone: their covariances stay 0.
    """
    d = np.empty(6)
    for i in range(n):
        for a in range(6):
            mean_out[i, a] = 0.0
            for b in range(a + 1):
                cov_out[i, a, b] = 0.0
        for k in range(MODELS):
            if mu[i, k] > 0.0:
                for a in range(6):
                    mean_out[i, a] += mu[i, k] * x[i, k, a]
        for k in range(MODELS):
            if mu[i, k] > 0.0:
                for a in range(6):
                    d[a] = x[i, k, a] - mean_out[i, a]
                    for b in range(0 if hits[i] > 1 else a, a + 1):
                        cov_out[i, a, b] += mu[i, k] * (p[i, k, a, b] + d[a] * d[b])
        for a in range(6):
            for b in range(a):
                cov_out[i, b, a] = cov_out[i, a, b]
