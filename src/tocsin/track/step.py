"""One scan through the tracker: predict, gate, associate, update, bear, judge. A handful of compiled calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from tocsin._threads import on_all
from tocsin.kernels import births, clutter, coverage, gating, imm, lifecycle, polar, posterior, registration
from tocsin.kernels.births import Birth
from tocsin.kernels.measurement import FACTORS
from tocsin.kernels.motion import MODELS, Motion
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.scans import Scan
from tocsin.records.tracks import TrackSettings
from tocsin.track.associators import ASSOCIATORS
from tocsin.track.bank import Bank, Lore
from tocsin.track.parts import parts_of

__all__ = ["NONE_ENDED", "Ended", "Rules", "Stepped", "coast", "moments", "take_scan"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the tracker runs. Each default is argued in docs/why/tracking.md."""

    motion: Motion
    birth: Birth
    settings: TrackSettings
    terrain_head: FloatArray  # (3,)
    terrain_level: FloatArray
    gate: float = 25.0  # squared, on up to four rows: a detection of the target falls outside once in 20,000
    lifetime_s: float = 400.0  # mean time after which a target is gone for reasons of its own
    tentative_loss: float = 0.04  # two misses at detection probability 0.8
    first_sky: float = 0.3  # share of the first scan's detections that are taken for targets
    arrivals_before: float = 0.3  # arrivals in arrivals_time_s that are taken for known before any was seen
    arrivals_time_s: float = 6.0
    confirm_hits: int = 2
    clutter_rounds: int = 4  # of expectation and maximisation while nothing is known of a sensor's clutter
    confirm_own: tuple[float, float] = (0.8, 0.7)  # purity, of a ballistic one: see lifecycle.find_sure
    associator: str = "belief"  # of track.associators.ASSOCIATORS
    masks: dict[int, coverage.Mask] = field(default_factory=dict)  # by sensor, made when it is first heard


CLUTTER_MEMORY = 0.98  # per scan: the map remembers about 50 scans
SEEN_MEMORY = 0.997  # per scan
SKY_MEMORY_S = 30.0
LEARNING_DELAY = 3  # scans until the first dropped tracks tell of clutter
KIND_PRIOR = 10.0  # tracks that the usual shares of kinds are worth
KIND_MEMORY = 300.0  # tracks that the shares are learned from
KIND_SURE = 0.5  # existence from which a track's second detection tells of kinds
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


@dataclass(frozen=True, slots=True)
class Found:
    """What a scan shows of n tracks, with room for those that it begins."""

    row: IntArray  # (>= n,) detection of each, -1: none
    probability: FloatArray  # (>= n,) association probability of that one
    pm: FloatArray  # (>= n,) see kernels.coverage.cover_tracks


def advance_to(rules: Rules, before: Bank, bank: Bank, lore: Lore, t_s: float) -> None:
    """Predict every track of a bank to t_s (no earlier than its time), into another bank."""
    dt, n = t_s - before.t_s if np.isfinite(before.t_s) else 0.0, before.n
    bank.begin(before)
    if n:
        on_all(lambda part: predict(rules, before, bank, t_s, dt, part), parts_of(n))
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


def predict(rules: Rules, before: Bank, bank: Bank, t_s: float, dt: float, part: slice) -> None:
    """Predict one part of the tracks over dt, into another bank that has their bookkeeping."""
    imm.predict_tracks(
        part.stop - part.start,
        t_s,
        dt,
        rules.motion,
        bank.whole[lifecycle.HITS, part],
        bank.real[lifecycle.BORN, part],
        bank.real[lifecycle.SURPRISE, part],
        before.mu[part],
        before.x[part],
        before.p[part],
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


@dataclass(frozen=True, slots=True)
class Gated:
    """Gated pairs of one part of the tracks, k of them, and the scan's m detections, ordered by track."""

    part: slice
    start: IntArray  # (k + 1,)
    det: IntArray
    ll: FloatArray  # (pairs, MODELS)
    nis: FloatArray
    density: FloatArray  # see kernels.posterior.pair_weights
    g: FloatArray  # (k, MODELS, 7, 4)
    factor: FloatArray  # (pairs, MODELS, FACTORS): see kernels.measurement.factor_innovation


@dataclass(frozen=True, slots=True)
class Looked:
    """What gating asks of one scan of m detections."""

    scan: Scan
    z: FloatArray  # (m, 4)
    sigma: FloatArray  # (m, 4)
    kind: IntArray  # (m,)
    rows: int  # the first so many measurement rows are used
    probability: float  # of detection, in sight of the sensor
    mask: coverage.Mask
    head: FloatArray  # this and what follows: see kernels.gating.build_grid
    cells: IntArray
    order: IntArray
    loose: int


def look(rules: Rules, scan: Scan, z: FloatArray, sigma: FloatArray, kind: IntArray, probability: float) -> Looked:
    """Sort a scan's detections into a grid."""
    m, rows = z.shape[0], 4 if np.isfinite(z[:, 3]).any() else 3
    head, cells, order = np.empty(5), np.empty(4 * m + 64, np.int64), np.empty(m, np.int64)
    loose = gating.build_grid(scan.position_m, head, cells, order)
    return Looked(scan, z, sigma, kind, rows, probability, mask_of(rules, scan), head, cells, order, loose)


def gate(rules: Rules, bank: Bank, looked: Looked, found: Found, part: slice) -> Gated:
    """Which detections may belong to which tracks of one part, and how much speaks for each pair."""
    scan, n, m = looked.scan, part.stop - part.start, looked.z.shape[0]
    mu, x, p = bank.mu[part], bank.x[part], bank.p[part]
    pd, pm = np.empty(n), found.pm[part]
    coverage.cover_tracks(n, looked.probability, scan.complete, looked.mask, mu, x, p, pd, pm)
    predicted, g, a = np.empty((n, MODELS, 5)), np.empty((n, MODELS, 7, 4)), np.empty((n, MODELS, 4, 4))
    room, start = 4 * (n + m) + 64, np.empty(n + 1, np.int64)
    while True:
        det, ll, nis = np.empty(room, np.int64), np.empty((room, MODELS)), np.empty(room)
        factor = np.empty((room, MODELS, FACTORS))
        count = gating.find_pairs(
            n,
            rules.gate,
            looked.rows,
            scan.sensor_position_m,
            scan.sensor_rotation,
            mu,
            x,
            p,
            scan.position_m,
            looked.z,
            looked.sigma,
            looked.head,
            looked.cells,
            looked.order,
            looked.loose,
            predicted,
            g,
            a,
            start,
            det,
            ll,
            nis,
            factor,
        )
        if count <= room:
            break
        room = count
    det, ll, density = det[:count], ll[:count], np.empty(count)
    exists = bank.real[lifecycle.EXISTENCE, part]
    posterior.pair_weights(start, det, ll, mu, exists, pd, pm, predicted, looked.kind, density)
    return Gated(part, start, det, ll, nis[:count], density, g, factor)


@dataclass(frozen=True, slots=True)
class Joint:
    """The pairs of all parts together, ordered by track: what association needs of them."""

    start: IntArray  # (n + 1,)
    det: IntArray
    density: FloatArray
    first: list[int]  # pair that each part begins with


def join(gated: list[Gated]) -> Joint:
    """Put the pairs of all parts in one row."""
    first = np.cumsum([0, *(len(each.det) for each in gated)]).tolist()
    if len(gated) == 1:
        return Joint(gated[0].start, gated[0].det, gated[0].density, first)
    start = [each.start[:-1] + offset for each, offset in zip(gated, first[:-1], strict=True)]
    return Joint(
        np.concatenate([*start, first[-1:]]),
        np.concatenate([each.det for each in gated]),
        np.concatenate([each.density for each in gated]),
        first,
    )


def update(bank: Bank, looked: Looked, gated: Gated, marginal: FloatArray, miss: FloatArray, found: Found) -> None:
    """Bring the tracks of one part to their posterior, and say which detection is whose."""
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
    )


def detection_rows(scan: Scan) -> tuple[FloatArray, FloatArray, IntArray]:
    """Measurements z (m, 4), their sigmas (m, 4), and the kind of each by what is missing (see `pair_weights`)."""
    d = scan.detections
    m = len(d.row)
    z, sigma, kind = np.empty((m, 4)), np.empty((m, 4)), np.empty(m, np.int64)
    polar.join_rows(
        d.range_m,
        d.azimuth_rad,
        d.elevation_rad,
        d.range_rate_mps,
        d.sigma_range_m,
        d.sigma_azimuth_rad,
        d.sigma_elevation_rad,
        d.sigma_range_rate_mps,
        z,
        sigma,
        kind,
    )
    return z, sigma, kind


@dataclass(frozen=True, slots=True)
class Sources:
    """What else than the tracks may have given each of m detections."""

    intensity: FloatArray  # (m,) clutter and new targets
    share: FloatArray  # (m,) of new targets in it
    cell: IntArray
    rate_cell: IntArray
    birth: Birth


def sources(
    rules: Rules, lore: Lore, scan: Scan, z: FloatArray, sigma: FloatArray, kind: IntArray, pd: float
) -> Sources:
    """Intensity of clutter and new targets at each detection."""
    s, m = scan.sensor_index, z.shape[0]
    if np.isnan(lore.guess[s]) and m:
        given = scan.clutter_per_scan
        lore.guess[s] = given if np.isfinite(given) else (1.0 - rules.first_sky) * m
        lore.sky[3] = max(lore.sky[3], rules.first_sky * m)
        lore.sky[4] = max(lore.sky[4], rules.first_sky * m)
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
    ratio = pd * float(lore.sky[0] + lore.sky[3]) / per_scan
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


def mask_of(rules: Rules, scan: Scan) -> coverage.Mask:
    """What the sensor of a scan can see."""
    mask = rules.masks.get(scan.sensor_index)
    if mask is None:
        mask = rules.masks[scan.sensor_index] = coverage.mask_of(
            scan.sensor_position_m,
            scan.sensor_rotation,
            scan.max_range_m,
            np.full(4, np.nan),
            rules.motion.level_radius_m,
            rules.terrain_head,
            rules.terrain_level,
        )
    return mask


def associate(
    rules: Rules, lore: Lore, looked: Looked, pairs: Joint, n: int
) -> tuple[Sources, FloatArray, FloatArray, FloatArray]:
    """Sources, and the marginals of pairs, of misses (n,) and of what no track explains (m,).

    While nothing has been learned of a sensor's clutter, what the tracks leave unexplained tells how much there is, and
    that how much they explain: a few rounds of expectation and maximisation.
    """
    scan, m = looked.scan, looked.z.shape[0]
    s, marginal, miss, free = scan.sensor_index, np.empty(len(pairs.det)), np.empty(n), np.empty(m)
    unknown = m > 0 and n > 0 and lore.scans[s, 0] == 0.0 and np.isnan(scan.clutter_per_scan)
    for _ in range(rules.clutter_rounds if unknown else 1):
        source = sources(rules, lore, scan, looked.z, looked.sigma, looked.kind, looked.probability)
        psi = pairs.density / source.intensity[pairs.det]
        ASSOCIATORS[rules.associator].marginals(pairs.start, pairs.det, psi, marginal, miss, free)
        if unknown:
            lore.guess[s] = float(free @ (1.0 - source.share))
    return source, marginal, miss, free


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
    gated = on_all(lambda part: gate(rules, bank, looked, found, part), parts_of(n))
    pairs = join(gated)
    source, marginal, miss, free = associate(rules, lore, looked, pairs, n)
    pieces = [(each, marginal[a:b]) for each, (a, b) in zip(gated, pairwise(pairs.first), strict=True)]
    on_all(lambda piece: update(bank, looked, *piece, miss, found), pieces)
    lore.seen[scan.sensor_index] *= SEEN_MEMORY
    lifecycle.learn_detection(n, scan.sensor_index, found.row, found.pm, bank.real, bank.whole, lore.seen)
    learn(lore, scan, free, kind, probability)
    learn_kinds(rules, bank, lore, found)
    bear(rules, bank, scan, z, sigma, free, source, serial, found)
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
