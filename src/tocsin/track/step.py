"""One scan through the tracker: predict, gate, associate, update, bear, judge. A handful of compiled calls."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tocsin._threads import on_all
from tocsin.kernels import births, clutter, imm, lifecycle, posterior, registration
from tocsin.kernels.births import Birth
from tocsin.kernels.motion import Motion
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.scans import Scan
from tocsin.track.associators import ASSOCIATORS
from tocsin.track.bank import Bank, Lore
from tocsin.track.gates import Found, Gated, Joint, Looked, detection_rows, gate_all, join, look
from tocsin.track.parts import parts_of
from tocsin.track.rules import Rules

__all__ = ["NONE_ENDED", "Ended", "Stepped", "coast", "moments", "take_scan"]

CLUTTER_MEMORY = 0.98  # per scan: the map remembers about 50 scans
SEEN_MEMORY = 0.997  # per scan
SKY_MEMORY_S = 30.0
LEARNING_DELAY = 3  # scans until the first dropped tracks tell of clutter
TURN_MEMORY_S = 5.0
TURN_PRIOR = 0.005  # turns that their usual rate is worth: hardly anything, populations differ a thousandfold
TURN_RATE_MIN_PS = 1e-6
CALM_MEMORY_S = 120.0
CALM_SURE = 3.0  # standard deviations by which corrections must lean, or go back and forth
CALM_STEP, CALM_MOST = 3.0, 81.0  # of the noise of straight flight
KIND_PRIOR = 10.0  # tracks that the usual shares of kinds are worth
KIND_MEMORY = 300.0  # tracks that the shares are learned from
KIND_SURE = 0.5  # existence from which a track's second detection tells of kinds
ROUNDS_END = 0.01  # relative change from which a further round says nothing new
FIRST_PRIOR = 10.0  # detections of the first scan that the usual share of targets is worth
DETECTION_PRIOR = 30.0  # detections that the stated or default detection probability is worth


@dataclass(frozen=True, slots=True)
class Ended:
    """Confirmed tracks that ended in one scan, k of them, as they stood."""

    t_s: float
    ids: IntArray  # (k,)
    rules: IntArray  # (k,)
    into: IntArray  # (k,) key of the track that each was merged into, 0: none
    mean: FloatArray  # (k, 6)
    cov: FloatArray  # (k, 6, 6)
    updated_s: FloatArray  # (k,)


NONE = np.zeros(0, np.int64)
NONE_ENDED = Ended(0.0, NONE, NONE, NONE, np.zeros((0, 6)), np.zeros((0, 6, 6)), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Stepped:
    """What stands after one scan; the first n of each are those of the bank's n tracks."""

    mean: FloatArray  # (>= n, 6)
    cov: FloatArray  # (>= n, 6, 6)
    row: IntArray  # (>= n,)
    row_probability: FloatArray  # (>= n,)
    ended: Ended


def advance_to(rules: Rules, before: Bank, bank: Bank, lore: Lore, t_s: float) -> None:
    """Predict every track of a bank to t_s (no earlier than its time), into another bank."""
    dt, n = t_s - before.t_s if np.isfinite(before.t_s) else 0.0, before.n
    place = bank.begin(before)
    if n:
        motion = straight_noise(rules, lore)._replace(to_turn_ps=turning_rate(rules, lore))
        on_all(lambda part: predict(motion, before, bank, place, t_s, dt, part), parts_of(n))
        head, level = rules.terrain_head, rules.terrain_level
        lifecycle.age_existence(n, dt, rules.lifetime_s, rules.motion, head, level, bank.mu, bank.x, bank.p, bank.real)
    if dt > 0.0:
        fade = float(np.exp(-dt / SKY_MEMORY_S))
        lore.sky[1:3] *= fade
        lore.sky[2] += dt
        lore.sky[0] += dt * arrival_rate(rules, lore)
    bank.t_s = max(before.t_s, t_s)


def arrival_rate(rules: Rules, lore: Lore) -> float:
    """Targets that arrive in a second, as learned."""
    return float((rules.arrivals_before + lore.sky[1]) / (rules.arrivals_time_s + lore.sky[2]))


def turning_rate(rules: Rules, lore: Lore) -> float:
    """Rate at which straight flight is left, 1/s, as learned."""
    rate = (TURN_PRIOR + lore.turns[0]) / (TURN_PRIOR / rules.motion.to_turn_ps + lore.turns[1])
    return max(TURN_RATE_MIN_PS, float(rate))


def learn_manner(rules: Rules, bank: Bank, lore: Lore, n: int, moved: FloatArray) -> None:
    """Learn from the first n tracks how targets fly, moved (n, 4) as the update left it, and tell them."""
    dt = bank.t_s - lore.looked_s
    dt = float(dt) if np.isfinite(dt) else 0.0
    lore.looked_s = bank.t_s
    learn_turns(rules, bank, lore, n, dt)
    learn_calm(bank, lore, n, dt, moved)


def learn_turns(rules: Rules, bank: Bank, lore: Lore, n: int, dt: float) -> None:
    """Learn over dt how often targets turn, and tell the tracks."""
    before, whole = turning_rate(rules, lore), bank.whole
    lore.turns *= np.exp(-dt / TURN_MEMORY_S)
    imm.count_turns(n, dt, whole[lifecycle.ID], bank.mu, whole[lifecycle.TURNING], lore.turns)
    imm.reweigh_turns(n, turning_rate(rules, lore) / before, whole[lifecycle.HITS], bank.mu)


def straight_noise(rules: Rules, lore: Lore) -> Motion:
    """The models of motion with the noise of straight flight as learned."""
    motion, more = rules.motion, float(lore.calm[0])
    along, across, up = motion.straight_along, motion.straight_across, motion.straight_up
    return motion._replace(straight_along=more * along, straight_across=more * across, straight_up=more * up)


def learn_calm(bank: Bank, lore: Lore, n: int, dt: float, moved: FloatArray) -> None:
    """Learn how calmly targets fly straight: a sequential test, which moves the noise by steps."""
    lore.calm[1:] *= np.exp(-dt / CALM_MEMORY_S), np.exp(-2.0 * dt / CALM_MEMORY_S)
    lean = bank.real[lifecycle.LEAN : lifecycle.LEAN + 3]
    imm.sum_leaning(n, bank.whole[lifecycle.ID], bank.whole[lifecycle.HITS], bank.mu, moved, lean, lore.calm[1:])
    noise, leaning, square = lore.calm.tolist()
    if leaning * leaning > CALM_SURE**2 * square:
        lore.calm[0] = min(noise * CALM_STEP, CALM_MOST) if leaning > 0.0 else max(noise / CALM_STEP, 1.0)
        lore.calm[1:] = 0.0


def predict(motion: Motion, before: Bank, bank: Bank, place: IntArray, t_s: float, dt: float, part: slice) -> None:
    """Predict one part of the tracks over dt, into another bank that has their books; place (n,): see `Bank.begin`."""
    imm.predict_tracks(
        part.stop - part.start,
        t_s,
        dt,
        motion,
        bank.whole[lifecycle.HITS, part],
        bank.real[lifecycle.BORN, part],
        bank.real[lifecycle.SURPRISE, part],
        place[part],
        before.mu,
        before.x,
        before.p,
        bank.mu[part],
        bank.x[part],
        bank.p[part],
    )


def coast(rules: Rules, before: Bank, bank: Bank, lore: Lore, t_s: float) -> Stepped:
    """A clock tick, no sensor looked: from one bank into another."""
    advance_to(rules, before, bank, lore, t_s)
    nothing = np.zeros(bank.n)
    mean, cov = moments(bank)
    flag, into = np.zeros(bank.n, np.int64), np.zeros(bank.n, np.int64)
    return settle(rules, bank, lore, mean, cov, Found(np.full(bank.n, -1), nothing, nothing), flag, into)


def moments(bank: Bank) -> tuple[FloatArray, FloatArray]:
    """Mixture mean (n, 6) and covariance (n, 6, 6)."""
    mean, cov, hits = np.empty((bank.n, 6)), np.empty((bank.n, 6, 6)), bank.whole[lifecycle.HITS]

    def work(part: slice) -> None:
        n = part.stop - part.start
        imm.mixture_moments(n, hits[part], bank.mu[part], bank.x[part], bank.p[part], mean[part], cov[part])

    on_all(work, parts_of(bank.n))
    return mean, cov


def settle(
    rules: Rules,
    bank: Bank,
    lore: Lore,
    mean: FloatArray,
    cov: FloatArray,
    found: Found,
    flag: IntArray,
    into: IntArray,
) -> Stepped:
    """End the tracks whose time has come, learn from them, and close the gaps."""
    n, settings = bank.n, rules.settings
    lost = settings.delete_existence, rules.tentative_loss
    lifecycle.judge(n, *lost, found.row, found.pm, cov, found.probability, bank.whole, bank.real, flag)
    lifecycle.learn_clutter(n, flag, bank.whole, lore.counts, lore.rates)
    gone = np.flatnonzero(flag * bank.whole[lifecycle.ID, :n])
    ended = ends_of(bank, mean, cov, flag, into, gone) if len(gone) else NONE_ENDED
    bank.n = lifecycle.compact(
        n, flag, bank.mu, bank.x, bank.p, bank.real, bank.whole, mean, cov, found.row, found.probability
    )
    return Stepped(mean, cov, found.row, found.probability, ended)


def ends_of(bank: Bank, mean: FloatArray, cov: FloatArray, flag: IntArray, into: IntArray, gone: IntArray) -> Ended:
    """The confirmed tracks that end, at k places of a bank."""
    return Ended(
        t_s=bank.t_s,
        ids=bank.whole[lifecycle.ID, gone],
        rules=flag[gone],
        into=np.where(flag[gone] == lifecycle.RULE_MERGED, bank.whole[lifecycle.KEY, into[gone]], 0),
        mean=mean[gone],
        cov=cov[gone],
        updated_s=bank.real[lifecycle.UPDATED, gone],
    )


def update(
    bank: Bank,
    looked: Looked,
    gated: Gated,
    marginal: FloatArray,
    miss: FloatArray,
    found: Found,
    moved: FloatArray,
) -> None:
    """Bring the tracks of one part to their posterior, and say which detection is whose.

    moved (n, 4): how straight flight was corrected, see `posterior.update_tracks`.
    """
    part, real = gated.part, bank.real
    posterior.update_tracks(
        looked.scan.t_s,
        looked.rows,
        gated.start,
        gated.det,
        gated.ll,
        gated.nis,
        marginal,
        miss[part],
        found.pm[part],
        gated.factor,
        gated.g,
        bank.mu[part],
        bank.x[part],
        bank.p[part],
        real[lifecycle.EXISTENCE, part],
        bank.whole[lifecycle.HITS, part],
        real[lifecycle.UPDATED, part],
        real[lifecycle.SURPRISE, part],
        found.row[part],
        found.probability[part],
        moved[part],
    )


@dataclass(frozen=True, slots=True)
class Sources:
    """What else than the tracks may have given each of m detections."""

    intensity: FloatArray  # (m,) clutter and new targets
    share: FloatArray  # (m,) of new targets in it
    cell: IntArray
    rate_cell: IntArray
    birth: Birth


def sources(rules: Rules, lore: Lore, looked: Looked) -> Sources:
    """Intensity of clutter and new targets at each detection."""
    scan, z, sigma, kind = looked.scan, looked.z, looked.sigma, looked.kind
    s, m = scan.sensor_index, z.shape[0]
    if np.isnan(lore.guess[s]) and m:
        given = scan.clutter_per_scan
        lore.guess[s] = given if np.isfinite(given) else (1.0 - rules.first_sky) * m
        lore.sky[3] = max(lore.sky[3], rules.first_sky * m)
        lore.sky[4] = max(lore.sky[4], rules.first_sky * m)
    if np.isnan(lore.first[0]) and (kind == 0).any():
        lore.first[:] = scan.t_s, 0.0, rules.first_sky
    density, rate_density = np.empty(m), np.empty(m)
    cell, rate_cell, new_rate = np.empty(m, np.int64), np.empty(m, np.int64), np.empty(m)
    guess = max(float(lore.guess[s]), 0.1) if m else 0.1
    per_scan = clutter.clutter_intensity(
        scan.sensor_position_m,
        scan.sensor_rotation,
        lore.counts[s],
        lore.rates[s],
        float(lore.scans[s, 0]),
        guess,
        scan.position_m,
        z,
        density,
        rate_density,
        cell,
        rate_cell,
    )
    birth = birth_now(rules.birth, lore)
    births.birth_rate_density(birth, scan.sensor_position_m, scan.position_m, z, sigma, new_rate)
    ratio = looked.probability * float(lore.sky[0] + lore.sky[3]) / per_scan
    reach = scan.max_range_m if np.isfinite(scan.max_range_m) else 3e4
    intensity, share = np.empty(m), np.empty(m)
    births.join_sources(ratio, float(lore.loose[s]), reach, kind, density, rate_density, new_rate, intensity, share)
    return Sources(intensity, share, cell, rate_cell, birth)


def birth_now(birth: Birth, lore: Lore) -> Birth:
    """Shares of the kinds at birth: what stood in the sky before anybody looked is seldom falling."""
    arriving, standing = float(lore.sky[0]), float(lore.sky[3])
    falling = birth.ballistic_share
    if standing > 0.0:
        falling = (falling * arriving + birth.standing_ballistic_share * standing) / (arriving + standing)
    fast = fast_share(birth, lore)
    return birth._replace(
        slow_share=(1.0 - falling) * (1.0 - fast), fast_share=(1.0 - falling) * fast, ballistic_share=falling
    )


def fast_share(birth: Birth, lore: Lore) -> float:
    """Share of fast ones among level targets: what was found here, and before that what is usual."""
    usual = birth.fast_share / (birth.slow_share + birth.fast_share)
    return (KIND_PRIOR * usual + float(lore.kinds[1])) / (KIND_PRIOR + float(lore.kinds.sum()))


def learn_kinds(rules: Rules, bank: Bank, lore: Lore, found: Found) -> None:
    """Learn how many level targets are fast, and tell the tracks that still stand for a kind."""
    hits, exists = bank.whole[lifecycle.HITS], bank.real[lifecycle.EXISTENCE]
    before = fast_share(rules.birth, lore)
    births.learn_kinds(bank.n, found.row, hits, bank.mu, exists, KIND_SURE, lore.kinds)
    lore.kinds *= min(1.0, KIND_MEMORY / max(float(lore.kinds.sum()), 1.0))
    now = fast_share(rules.birth, lore)
    births.reweigh_kinds(bank.n, (1.0 - now) / (1.0 - before), now / before, hits, bank.mu, exists)


def detection_probability(lore: Lore, scan: Scan) -> float:
    """Stated or default detection probability, moved by what sure tracks showed of this sensor."""
    got, due = lore.seen[scan.sensor_index]
    pd = (DETECTION_PRIOR * scan.detection_probability + got) / (DETECTION_PRIOR + due)
    return float(min(max(pd, 0.05), 0.99))


def learn(
    lore: Lore,
    scan: Scan,
    free: FloatArray,
    kind: IntArray,
    pd: float,
) -> None:
    """Move what is believed of the sensor's clutter and of the sky by one scan."""
    s = scan.sensor_index
    lore.loose[s] += 0.05 * (float(free[kind != 0].sum()) - lore.loose[s]) if scan.complete else 0.0
    lore.loose[s] = max(lore.loose[s], 0.05)
    if scan.complete:
        lore.scans[s, 1] += 1.0
        if lore.scans[s, 1] > LEARNING_DELAY:
            clutter.fade_clutter(CLUTTER_MEMORY, lore.counts[s], lore.rates[s], lore.scans[s, :1])
        lore.sky[0] *= 1.0 - pd
        lore.sky[3] *= 1.0 - pd


def learned(lore: Lore, scan: Scan) -> bool:
    """True if the map of clutter of a scan's sensor knows something, or if this is no scan to learn from."""
    return not scan.complete or bool(lore.scans[scan.sensor_index, 0] > 0.0)


def associate(
    rules: Rules, bank: Bank, lore: Lore, looked: Looked, source: Sources, pairs: Joint, pm: FloatArray
) -> tuple[Sources, FloatArray, FloatArray, FloatArray]:
    """Sources, and the marginals of pairs, of misses (n,) and of what no track explains (m,).

    While the map knows nothing of a sensor's clutter, what the tracks leave unexplained tells how much there is, unless
    that is stated, and that how much they explain; what they explain tells how much of the first scan was targets: a
    few rounds of expectation and maximisation.
    """
    scan, n, m = looked.scan, bank.n, looked.z.shape[0]
    known = learned(lore, scan) or m == 0 or n == 0
    s, marginal, miss, free = scan.sensor_index, np.empty(len(pairs.det)), np.empty(n), np.empty(m)
    for left in reversed(range(1 if known else rules.clutter_rounds)):
        psi = pairs.density / source.intensity[pairs.det]
        ASSOCIATORS[rules.associator].marginals(pairs.start, pairs.det, psi, marginal, miss, free)
        if known:
            break
        guess, share = lore.guess[s], standing_share(rules, bank, lore, pairs, marginal, miss, pm)
        if np.isnan(scan.clutter_per_scan):
            lore.guess[s] = float(np.sum(free * (1.0 - source.share)))
        if left == 0 or np.allclose((guess, share), (lore.guess[s], lore.first[2]), ROUNDS_END, 0.0):
            break
        tell_standing(bank, lore, pairs, pm, share)
        source = sources(rules, lore, looked)
    return source, marginal, miss, free


def standing_share(
    rules: Rules, bank: Bank, lore: Lore, pairs: Joint, marginal: FloatArray, miss: FloatArray, pm: FloatArray
) -> float:
    """Which share of the first scan was targets, as far as its tracks have been found again."""
    born, exists = bank.real[lifecycle.BORN], bank.real[lifecycle.EXISTENCE]
    found = births.count_standing(lore.first[0], pairs.start, marginal, miss, pm, born, exists)
    return float((FIRST_PRIOR * rules.first_sky + found) / (FIRST_PRIOR + lore.first[1]))


def tell_standing(bank: Bank, lore: Lore, pairs: Joint, pm: FloatArray, share: float) -> None:
    """Tell the tracks that the first scan began which share of it was targets."""
    born, exists, first = (bank.real[f] for f in (lifecycle.BORN, lifecycle.EXISTENCE, lifecycle.FIRST))
    t_s, _, before = lore.first
    factor = share * (1.0 - before) / (before * (1.0 - share))
    births.reweigh_standing(factor, t_s, pairs.start, pm, born, exists, first, pairs.density)
    lore.sky[3:5] *= share / before
    lore.first[2] = share


def take_scan(rules: Rules, before: Bank, bank: Bank, lore: Lore, scan: Scan, serial: int) -> Stepped:
    """Take one scan, no earlier than the bank's time, from one bank into another.

    `serial` numbers scans and is the root of new tracks' keys.
    """
    advance_to(rules, before, bank, lore, scan.t_s)
    if scan.clock_bias_s != 0.0:
        registration.shift_tracks(bank.n, -scan.clock_bias_s, bank.mu, bank.x, bank.p)
    z, sigma, kind = detection_rows(scan)
    n, m = bank.n, z.shape[0]
    probability = detection_probability(lore, scan) * scan.arrived
    looked = look(rules, scan, z, sigma, kind, probability)
    found = Found(np.empty(n + m, np.int64), np.empty(n + m), np.empty(n + m))
    source = sources(rules, lore, looked)
    gated = gate_all(rules, bank, looked, found, source.intensity, learned(lore, scan))
    pairs = join(gated)
    source, marginal, miss, free = associate(rules, bank, lore, looked, source, pairs, found.pm)
    pieces = [(each, marginal[a:b]) for each, (a, b) in zip(gated, pairwise(pairs.first), strict=True)]
    moved = np.empty((n, 4))
    on_all(lambda piece: update(bank, looked, *piece, miss, found, moved), pieces)
    learn_manner(rules, bank, lore, n, moved)
    lore.seen[scan.sensor_index] *= SEEN_MEMORY
    lifecycle.learn_detection(n, scan.sensor_index, found.row, found.pm, bank.real, bank.whole, lore.seen)
    learn(lore, scan, free, kind, probability)
    learn_kinds(rules, bank, lore, found)
    bear(rules, bank, scan, z, sigma, free, source, serial, found)
    if scan.t_s == lore.first[0]:
        lore.first[1] += bank.n - n
    if scan.clock_bias_s != 0.0:
        registration.shift_tracks(bank.n, scan.clock_bias_s, bank.mu, bank.x, bank.p)
    mean, cov = moments(bank)
    flag, into = np.zeros(bank.n, np.int64), np.zeros(bank.n, np.int64)
    lifecycle.mark_duplicates(pairs.start, pairs.det, marginal, m, mean, cov, bank.real, flag, into)
    return settle(rules, bank, lore, mean, cov, found, flag, into)


def bear(
    rules: Rules,
    bank: Bank,
    scan: Scan,
    z: FloatArray,
    sigma: FloatArray,
    free: FloatArray,
    source: Sources,
    serial: int,
    found: Found,
) -> None:
    """Begin tracks at unexplained detections."""
    n, m = bank.n, z.shape[0]
    bank.make_room(m)
    origin = np.empty(m, np.int64)
    bank.n = births.bear_tracks(
        rules.motion,
        source.birth,
        n,
        scan.sensor_position_m,
        scan.sensor_rotation,
        scan.position_m,
        z,
        sigma,
        free,
        source.share,
        bank.mu,
        bank.x,
        bank.p,
        bank.real[lifecycle.EXISTENCE],
        origin,
    )
    lifecycle.begin_tracks(
        n,
        bank.n,
        scan.t_s,
        serial,
        scan.sensor_index,
        origin,
        source.cell,
        source.rate_cell,
        bank.real,
        bank.whole,
        found.row,
        found.probability,
        found.pm,
    )
