"""Synthetic tracks for identification: truth by class, a radar, and a small two-model filter bank in NumPy.

It is no copy of the track stage: a constant-velocity and a ballistic Kalman filter on converted measurements, with
model probabilities from their innovations. N objects of one class run side by side with known association.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tocsin import identify
from tocsin.frames import gaussian_radius_m
from tocsin.records.arrays import FloatArray, IntArray
from tocsin.records.detections import DetectionTable, ReportTable
from tocsin.records.identities import Dismissal, IdentityTable
from tocsin.records.plan import Plan
from tocsin.records.scans import Scan
from tocsin.records.sensors import SensorTable
from tocsin.records.site import Site, Terrain
from tocsin.records.tracks import MODELS, TrackEnd, TrackStep, TrackTable

G = 9.80665
RADIUS_M = gaussian_radius_m(33.8) + 188.0


def plan() -> Plan:
    terrain = Terrain(0.0, 0.0, 1.0, np.zeros((0, 0)))
    site = Site("test", 33.8, 42.4, 188.0, RADIUS_M, "UTC", (), (), terrain)
    nan = np.array([np.nan])
    sensors = SensorTable(("r",), ("radar_3d",), np.zeros((1, 3)), np.eye(3)[None], nan, nan, nan, nan)
    return Plan("", site, sensors)


def no_detections() -> DetectionTable:
    empty = np.empty(0)
    return DetectionTable(np.empty(0, dtype=np.int64), *([empty] * 10))


def scan_at(t_s: float) -> Scan:
    empty = np.empty((0, 3))
    return Scan(t_s, 0, True, True, no_detections(), empty, np.zeros(3), np.eye(3), 5e4, 1.0, 0.9, 1e-12)


def reports(*rows: tuple[float, str, str, tuple[float, float, float], float], claim: str = "") -> ReportTable:
    """Rows of (t, kind, id, position, sigma)."""
    return ReportTable(
        t_s=np.array([r[0] for r in rows]),
        source=tuple("receiver" for _ in rows),
        kind=tuple(r[1] for r in rows),
        id=tuple(r[2] for r in rows),
        position_m=np.array([r[3] for r in rows], dtype=np.float64).reshape(-1, 3),
        sigma_m=np.array([r[4] for r in rows]),
        claim=tuple(claim for _ in rows),
    )


def table_of(
    t_s: float,
    state: FloatArray,
    *,
    ids: IntArray | None = None,
    covariance: FloatArray | None = None,
    model: FloatArray | None = None,
    seen: bool = True,
    rcs: FloatArray | None = None,
    born: float = 0.0,
) -> TrackTable:
    size = len(state)
    if covariance is None:
        covariance = np.repeat(np.diag([400.0, 400.0, 400.0, 4.0, 4.0, 4.0])[None], size, axis=0)
    if model is None:
        model = np.repeat(np.array([[0.7, 0.2, 0.1]]), size, axis=0)
    model = np.hstack([model, np.zeros((size, len(MODELS) - 3))])
    return TrackTable(
        t_s=t_s,
        track_id=np.arange(1, size + 1) if ids is None else ids,
        state=state,
        covariance=covariance,
        model_probability=model,
        existence=np.full(size, 0.99),
        born_t_s=np.full(size, born),
        updated_t_s=np.full(size, t_s),
        detections=np.full(size, 5, dtype=np.int64),
        row=np.arange(size) if seen else np.full(size, -1, dtype=np.int64),
        row_probability=np.ones(size),
        rcs_dbsm=np.full(size, np.nan) if rcs is None else rcs,
    )


def step_of(table: TrackTable, ended: Sequence[int] = ()) -> TrackStep:
    ends = tuple(TrackEnd(table.t_s, i, "missed", 0, np.zeros(6), np.eye(6), table.t_s) for i in ended)
    return TrackStep(table, np.empty(0, dtype=np.int64), ends, 0)


@dataclass
class Runner:
    """Drives the stage as the pipeline does, and keeps what came out."""

    state: identify.State
    dismissed: list[Dismissal]

    @classmethod
    def new(cls) -> Runner:
        return cls(identify.start(plan()), [])

    def step(self, table: TrackTable, said: ReportTable | None = None, ended: Sequence[int] = ()) -> IdentityTable:
        self.state, identities, dismissals = identify.advance(
            plan(), self.state, scan_at(table.t_s), step_of(table, ended), reports() if said is None else said
        )
        self.dismissed.extend(dismissals)
        return identities


# ------------------------------------------------------------------------------------------------------------- truth
def ballistic_truth(rng: np.random.Generator, n: int, kind: str, times: FloatArray) -> FloatArray:
    """(K, n, 6): drag trajectories over flat ground, first point at launch; after impact NaN."""
    speed = rng.uniform(190, 330, n) if kind == "mortar" else rng.uniform(330, 650, n)
    low, high = (48, 72) if kind == "mortar" else (22, 50)
    elevation, heading = np.radians(rng.uniform(low, high, n)), rng.uniform(0, 2 * np.pi, n)
    beta = rng.uniform(2500, 8000, n)
    s = np.zeros((n, 6))
    s[:, :2] = rng.uniform(-9000, 9000, (n, 2))
    s[:, 3] = speed * np.cos(elevation) * np.sin(heading)
    s[:, 4] = speed * np.cos(elevation) * np.cos(heading)
    s[:, 5] = speed * np.sin(elevation)
    out = np.full((times.size, n, 6), np.nan)
    h, t, k = 0.05, 0.0, 0
    while k < times.size:
        if t >= times[k] - 1e-9:
            out[k] = np.where((s[:, 2:3] >= 0.0) | (t == 0.0), s, np.nan)
            k += 1
        v = np.linalg.norm(s[:, 3:], axis=1, keepdims=True)
        drag = 1.225 * np.exp(-np.maximum(s[:, 2:3], 0.0) / 8500.0) / (2.0 * beta[:, None]) * v
        acceleration = -drag * s[:, 3:] - np.array([0.0, 0.0, G])
        s = np.c_[s[:, :3] + h * s[:, 3:] + 0.5 * h * h * acceleration, s[:, 3:] + h * acceleration]
        t += h
    return out


def flyer_truth(rng: np.random.Generator, n: int, kind: str, times: FloatArray) -> FloatArray:
    """(K, n, 6): piecewise-constant turns and climbs at a class's speeds."""
    speed = {"fixed_wing": (22, 60), "multirotor": (2, 19), "aircraft": (70, 255), "bird": (6, 16)}[kind]
    height = {"fixed_wing": (80, 800), "multirotor": (40, 250), "aircraft": (1500, 11000), "bird": (40, 400)}[kind]
    turn_sd = {"fixed_wing": 0.08, "multirotor": 0.15, "aircraft": 0.005, "bird": 0.25}[kind]
    climb_sd = {"fixed_wing": 1.5, "multirotor": 1.2, "aircraft": 2.5, "bird": 0.8}[kind]
    v, heading = rng.uniform(*speed, n), rng.uniform(0, 2 * np.pi, n)
    radius = rng.uniform(1000, 12000, n)
    bearing = rng.uniform(0, 2 * np.pi, n)
    p = np.c_[radius * np.sin(bearing), radius * np.cos(bearing), rng.uniform(*height, n)]
    turn, climb, goal = rng.normal(0, turn_sd, n), np.zeros(n), rng.normal(0, climb_sd, n)
    out = np.empty((times.size, n, 6))
    h, t, k = 0.1, 0.0, 0
    while k < times.size:
        if t >= times[k] - 1e-9:
            out[k] = np.c_[p, v * np.sin(heading), v * np.cos(heading), climb]
            k += 1
        redraw = rng.random(n) < h / (4.0 if kind == "bird" else 12.0)
        turn = np.where(redraw, rng.normal(0, turn_sd, n) * (rng.random(n) < 0.6), turn)
        goal = np.where(redraw, rng.normal(0, climb_sd, n), goal)
        climb += np.clip(goal - climb, -h, h)
        heading += turn * h
        p += h * np.c_[v * np.sin(heading), v * np.cos(heading), climb]
        t += h
    return out


RCS = {"rocket": -14, "mortar": -17, "fixed_wing": -13, "multirotor": -15, "bird": -25, "aircraft": 10}


# ------------------------------------------------------------------------------------------------------------ filters
def _measured(rng: np.random.Generator, truth: FloatArray, sigma_rad: float) -> tuple[FloatArray, FloatArray]:
    """Converted measurements (n, 3) and their covariances for a radar at the origin: 10 m and `sigma_rad`."""
    r = np.linalg.norm(truth[:, :3], axis=1)
    ground = np.hypot(truth[:, 0], truth[:, 1])
    along = truth[:, :3] / r[:, None]
    side = np.c_[truth[:, 1], -truth[:, 0], np.zeros(len(r))] / ground[:, None]
    up = np.cross(side, along)
    axes = np.stack([along, side, up], axis=2)
    sd = np.c_[np.full(len(r), 10.0), ground * sigma_rad, r * sigma_rad]
    noise = np.einsum("nij,nj->ni", axes, sd * rng.normal(size=sd.shape))
    return truth[:, :3] + noise, np.einsum("nij,nj,nkj->nik", axes, sd**2, axes)


@dataclass
class Bank:
    """Two Kalman filters for each of n objects; index 0 constant velocity, 1 ballistic (gravity as input)."""

    x: FloatArray  # (2, n, 6)
    p: FloatArray  # (2, n, 6, 6)
    mu: FloatArray  # (2, n)

    @classmethod
    def begin(cls, z: FloatArray, r: FloatArray) -> Bank:
        x = np.concatenate([z, np.zeros_like(z)], axis=1)
        p = np.zeros((len(z), 6, 6))
        p[:, :3, :3] = r
        p[:, 3:, 3:] = np.diag([200.0**2, 200.0**2, 150.0**2])
        return cls(np.stack([x, x]), np.stack([p, p]), np.stack([np.full(len(z), 0.8), np.full(len(z), 0.2)]))

    def predict(self, dt: float) -> None:
        f = np.eye(6)
        f[:3, 3:] = dt * np.eye(3)
        for m, q in enumerate((3.0, 8.0)):
            self.x[m] = self.x[m] @ f.T
            if m == 1:
                self.x[m][:, 2] -= 0.5 * G * dt * dt
                self.x[m][:, 5] -= G * dt
            noise = q * q * np.kron(np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]]), np.eye(3))
            self.p[m] = f @ self.p[m] @ f.T + noise
        stay = np.exp(-dt / 30.0)
        self.mu = stay * self.mu + (1 - stay) * np.array([[0.8], [0.2]])

    def update(self, z: FloatArray, r: FloatArray, seen: FloatArray) -> None:
        loglik = np.zeros_like(self.mu)
        for m in range(2):
            s = self.p[m][:, :3, :3] + r
            gain = np.linalg.solve(s, self.p[m][:, :3, :]).transpose(0, 2, 1) * seen[:, None, None]
            nu = z - self.x[m][:, :3]
            loglik[m] = -0.5 * (np.einsum("ni,ni->n", nu, np.linalg.solve(s, nu[..., None])[..., 0]))
            loglik[m] -= 0.5 * np.log(np.linalg.det(s))
            self.x[m] += np.einsum("nij,nj->ni", gain, nu)
            self.p[m] -= gain @ self.p[m][:, :3, :]
        weight = self.mu * np.where(seen, np.exp(loglik - loglik.max(axis=0)), 1.0)
        self.mu = weight / weight.sum(axis=0)

    def output(self) -> tuple[FloatArray, FloatArray]:
        x = np.einsum("mn,mni->ni", self.mu, self.x)
        d = self.x - x
        return x, np.einsum("mn,mnij->nij", self.mu, self.p + d[..., :, None] * d[..., None, :])


def tracks_of(
    rng: np.random.Generator, kind: str, n: int, times: FloatArray, sigma_deg: float = 0.15, with_rcs: bool = True
) -> Iterator[tuple[TrackTable, FloatArray]]:
    """Tables of n tracks of one class, from the second detection on, and which of them still fly (n,)."""
    make = ballistic_truth if kind in ("rocket", "mortar") else flyer_truth
    truth = make(rng, n, kind, times)
    truth[:, :, 2] += 5.0  # no object below the radar's horizon
    mean_rcs = RCS[kind] + rng.normal(0.0, 6.0, n)  # size and aspect of one specimen and another
    bank: Bank | None = None
    for k, t in enumerate(times):
        flying = np.isfinite(truth[k, :, 0])
        here = np.where(flying[:, None], truth[k], truth[max(k - 1, 0)])
        here = np.where(np.isfinite(here), here, 1000.0)
        z, r = _measured(rng, here, np.radians(sigma_deg))
        seen = flying & ((rng.random(n) < 0.9) | (k < 2))
        if bank is None:
            bank = Bank.begin(z, r)
            continue
        bank.predict(float(times[k] - times[k - 1]))
        bank.update(z, r, seen)
        x, p = bank.output()
        rcs = mean_rcs + 10 * np.log10(rng.exponential(1.0, n)) if with_rcs else np.full(n, np.nan)
        model = np.stack([bank.mu[0], np.zeros(n), bank.mu[1]], axis=1)
        table = table_of(float(t), x, covariance=p, model=model, rcs=np.where(seen, rcs, np.nan))
        yield replace(table, row=np.where(seen, np.arange(n), -1)), flying
