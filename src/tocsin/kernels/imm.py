"""Interacting multiple models: mixing, and the moments of the mixture (Blom & Bar-Shalom 1988, IEEE TAC 33(8))."""

from __future__ import annotations

import math

import numpy as np

from tocsin.kernels.jit import kernel
from tocsin.kernels.motion import BALLISTIC, STRAIGHT, TURN, FloatArray, IntArray, Motion, advance_state

__all__ = ["mix_track", "mixture_moments", "predict_tracks"]

SURPRISE_TO_WAKE = 3.0  # mean normalised innovation squared per row; consistent filters keep it near 1
WAKE_PROBABILITY = 0.05


@kernel
def transition(motion: Motion, dt: float, t_out: FloatArray) -> None:
    """Model transition probabilities over dt into t_out (3, 3), rows from, columns to."""
    t_out[STRAIGHT, TURN] = 0.5 * (1.0 - math.exp(-2.0 * motion.to_turn_ps * dt))
    t_out[TURN, STRAIGHT] = 0.5 * (1.0 - math.exp(-2.0 * motion.to_straight_ps * dt))
    t_out[STRAIGHT, BALLISTIC] = t_out[TURN, BALLISTIC] = motion.to_ballistic_ps * dt
    t_out[BALLISTIC, STRAIGHT] = t_out[BALLISTIC, TURN] = motion.from_ballistic_ps * dt
    for i in range(3):
        t_out[i, i] = 1.0
        for j in range(3):
            if j != i:
                t_out[i, i] -= t_out[i, j]


@kernel
def mixing_weights(motion: Motion, t: FloatArray, wake: bool, mu_io: FloatArray, w_out: FloatArray) -> None:
    """Predicted model probabilities into mu_io (3,), mixing weights w_out (3 from, 3 to); the improbable sleep at 0."""
    c = np.zeros(3)
    for k in range(3):
        for j in range(3):
            c[k] += mu_io[j] * t[j, k]
    total = 0.0
    for k in range(3):
        if wake:
            c[k] = max(c[k], WAKE_PROBABILITY)
        if c[k] < motion.sleep_below:
            c[k] = 0.0
        total += c[k]
    for k in range(3):
        norm = 0.0
        for j in range(3):
            w_out[j, k] = mu_io[j] * t[j, k]
            norm += w_out[j, k]
        for j in range(3):
            w_out[j, k] = w_out[j, k] / norm if norm > 0.0 else 0.0
    for k in range(3):
        mu_io[k] = c[k] / total


@kernel
def forget_owned(k: int, motion: Motion, x_io: FloatArray, p_io: FloatArray) -> None:
    """Set the component that model k owns to its prior, uncorrelated."""
    for i in range(6):
        p_io[i, 6] = 0.0
        p_io[6, i] = 0.0
    x_io[6] = motion.drag_mean if k == BALLISTIC else 0.0
    sigma = motion.drag_sigma if k == BALLISTIC else motion.turn_sigma
    p_io[6, 6] = sigma * sigma


@kernel
def mix_track(
    motion: Motion,
    t: FloatArray,
    wake: bool,
    mu_io: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
    xs_io: FloatArray,
    ps_io: FloatArray,
) -> None:
    """Mix one track's models in place: mu_io (3,), x_io (3, 7), p_io (3, 7, 7); xs_io, ps_io: scratch of that shape.

    What a model owns does not cross between the ballistic model and the others: there the owner's prior enters.
    """
    w = np.empty((3, 3))
    mixing_weights(motion, t, wake, mu_io, w)
    xs_io[:, :] = x_io
    ps_io[:, :, :] = p_io
    for k in range(3):
        if mu_io[k] == 0.0 or w[k, k] > 1.0 - 1e-9:
            continue
        x_io[k, :] = 0.0
        p_io[k, :, :] = 0.0
        own = w[k, k] if k == BALLISTIC else w[STRAIGHT, k] + w[TURN, k]
        for j in range(3):
            if w[j, k] > 0.0:
                for a in range(7):
                    x_io[k, a] += w[j, k] * xs_io[j, a]
        if own < 1.0:
            x_io[k, 6] = xs_io[k, 6] if w[k, k] > 0.5 else (motion.drag_mean if k == BALLISTIC else 0.0)
        for j in range(3):
            if w[j, k] > 0.0:
                for a in range(7):
                    da = xs_io[j, a] - x_io[k, a]
                    for b in range(7):
                        p_io[k, a, b] += w[j, k] * (ps_io[j, a, b] + da * (xs_io[j, b] - x_io[k, b]))
        if k == STRAIGHT or (own < 1.0 and w[k, k] <= 0.5):
            forget_owned(k, motion, x_io[k], p_io[k])
        elif own < 1.0:
            keep_owned(k, ps_io[k], p_io[k])


@kernel
def keep_owned(k: int, before: FloatArray, p_io: FloatArray) -> None:
    """Restore the owned component's own variance after mixing with a model that does not know it."""
    for i in range(6):
        p_io[i, 6] = before[i, 6] if k == BALLISTIC else 0.0
        p_io[6, i] = p_io[i, 6]
    p_io[6, 6] = before[6, 6]


@kernel
def predict_tracks(
    n: int,
    dt: float,
    motion: Motion,
    hits: IntArray,
    surprise: FloatArray,
    mu_io: FloatArray,
    x_io: FloatArray,
    p_io: FloatArray,
) -> None:
    """Mix and predict n tracks over dt seconds, in place: mu_io (cap, 3), x_io (cap, 3, 7), p_io (cap, 3, 7, 7).

    A track with one detection is not mixed: its models still stand for different kinds of target, not for manoeuvres.
    """
    t = np.zeros((3, 3))
    transition(motion, dt, t)
    xs, ps = np.empty((3, 7)), np.empty((3, 7, 7))
    f, work = np.empty((7, 7)), np.empty((7, 7))
    for i in range(n):
        if hits[i] > 1 and dt > 0.0:
            mix_track(motion, t, surprise[i] > SURPRISE_TO_WAKE, mu_io[i], x_io[i], p_io[i], xs, ps)
        for k in range(3):
            if mu_io[i, k] > 0.0:
                advance_state(k, dt, motion, x_io[i, k], p_io[i, k], f, work)


@kernel
def mixture_moments(
    n: int, mu: FloatArray, x: FloatArray, p: FloatArray, mean_out: FloatArray, cov_out: FloatArray
) -> None:
    """Mean (n, 6) and covariance (n, 6, 6) of position and velocity over the models of n tracks."""
    for i in range(n):
        for a in range(6):
            total = 0.0
            for k in range(3):
                if mu[i, k] > 0.0:
                    total += mu[i, k] * x[i, k, a]
            mean_out[i, a] = total
        for a in range(6):
            for b in range(a + 1):
                total = 0.0
                for k in range(3):
                    if mu[i, k] > 0.0:
                        da = x[i, k, a] - mean_out[i, a]
                        db = x[i, k, b] - mean_out[i, b]
                        total += mu[i, k] * (p[i, k, a, b] + da * db)
                cov_out[i, a, b] = total
                cov_out[i, b, a] = total
