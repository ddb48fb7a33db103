"""What each class looks like to a radar: the likelihood tables of identification, readable in one place.

The figures are generic and public. Each table is one feature; its rows are the classes in the order of CLASSES.

speed       plateau of horizontal speed, m/s, with log-normal skirts. Drones: consumer multirotors fly at most about
            20 m/s, small and one-way fixed wings 18-70 m/s. Birds: Alerstam et al. 2007, "Flight speeds among bird
            species" (PLoS Biology 5:e197): 8-23 m/s in still air, spread by wind. Aircraft: from a light aircraft's
            approach to a jet's cruise. Mortar bombs leave subsonic at steep angles, rockets faster and flatter
            (textbook exterior ballistics, e.g. Carlucci & Jacobson, "Ballistics"); once drag has done its work their
            speeds overlap, so their rows agree and the energy tells them apart.
height      log-normal of (height above level ground + 100 m). Bird migration peaks in the lowest few hundred metres
            (Dokter et al. 2011, J. R. Soc. Interface 8:30); hobby drones are held to 120 m by law in most countries.
climb       vertical speed: most of the time level, else manoeuvring; ballistic classes take any.
fall        vertical acceleration, m/s²: -g and drag for what is ballistic, about 0 for what flies.
rcs         mean radar cross-section, dBsm. Birds -20 and below for small ones, aircraft 3-20 (light aircraft 2 m²,
            airliners 10-100 m²): Skolnik, "Introduction to Radar Systems", ch. 2. Multirotors -8 to -19 dBsm at 24 GHz:
            Semkin et al. 2020 (IEEE Access 8:48958) and IEICE ComEx 9:262 (2020). Rounds: a metal body of a few
            decimetres, optical region, 0.01-0.1 m². Spreads are wide, since radars differ in band and calibration.
energy      log-normal of the energy speed, sqrt(v² + 2 g h), in the first seconds: the speed at which a round started,
            whatever part of its climb was seen first; drag lowers it later. Used to tell rocket from mortar only.
wander      root of the scatter of the velocity within 20 s over the mean speed: birds circle and veer, aircraft do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.identities import CLASSES

__all__ = ["RESIDUAL_RISK", "Tables", "class_tables", "hostile_prior", "report_factor"]

# class         speed plateau, skirt   height, factor  level, manoeuvring, share   fall, sd    rcs, sd   wander, factor
#               m/s    m/s    ln       m       ×/÷     m/s    m/s          -       m/s²        dBsm  dB  -       ×/÷
_ROWS = {
    "rocket": ((55.0, 420.0, 0.25), (1400.0, 2.4), (70.0, 180.0, 0.7), (-11.0, 5.0), (-14.0, 7.0), (0.10, 3.0)),
    "mortar": ((55.0, 420.0, 0.25), (1400.0, 2.4), (70.0, 180.0, 0.7), (-11.0, 5.0), (-16.0, 7.0), (0.10, 3.0)),
    "fixed_wing": ((20.0, 62.0, 0.15), (300.0, 2.3), (0.7, 3.5, 0.5), (0.0, 0.8), (-13.0, 7.0), (0.15, 3.5)),
    "multirotor": ((0.5, 20.0, 0.20), (120.0, 1.8), (0.6, 3.0, 0.4), (0.0, 0.8), (-15.0, 6.0), (0.18, 3.5)),
    "bird": ((4.0, 18.0, 0.25), (180.0, 1.9), (0.7, 1.5, 0.4), (0.0, 0.6), (-26.0, 7.0), (0.40, 2.0)),
    "aircraft": ((55.0, 265.0, 0.12), (4000.0, 2.6), (1.0, 9.0, 0.3), (0.0, 0.7), (10.0, 9.0), (0.05, 2.5)),
}

_ENERGY = {"rocket": (400.0, 1.30), "mortar": (245.0, 1.22)}  # median m/s, factor

_HOSTILE = {
    "rocket": 0.99,
    "mortar": 0.99,
    "fixed_wing": 0.5,
    "multirotor": 0.4,
    "bird": 0.005,
    "aircraft": 0.12,
}
"""Probability of intent to harm of a class before any claim. What falls on the site's ground is taken to be meant. A
drone that says nothing near a protected site is about as likely hostile as not. A bird is not, but one in two hundred
things that look like birds is something else that meant to look so. Most aircraft without a transponder are merely
old."""

_REPORT = {
    "adsb": {"rocket": 1e-3, "mortar": 1e-3, "fixed_wing": 0.2, "multirotor": 0.02, "bird": 1e-3, "aircraft": 1.0},
    "remote_id": {"rocket": 1e-3, "mortar": 1e-3, "fixed_wing": 1.0, "multirotor": 1.0, "bird": 1e-3, "aircraft": 0.02},
}
"""How likely a class is to carry such a broadcast, relative to the likeliest (ADS-B Out: 14 CFR 91.225; Remote ID:
ASTM F3411, 14 CFR part 89)."""

RESIDUAL_RISK = {"adsb": 0.01, "remote_id": 0.03}
"""Probability of harm from something whose broadcast the radar supports. Neither broadcast is signed: ASTM F3411 offers
no mandatory authentication, and public receivers report spoofed Remote IDs; ADS-B needs dearer equipment to forge."""

SPEED_NODES_MPS = np.geomspace(0.5, 1000.0, 28)
FLOOR = 0.01  # share of a uniform density in every feature: no single look may rule a class out by more than 100:1


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables as arrays for the kernel, classes in the order of CLASSES (C rows)."""

    speed_mps: FloatArray  # (J,) nodes, log-spaced
    speed_mass: FloatArray  # (C, J) rows sum to 1
    height: FloatArray  # (C, 2) mean and sd of ln(height + 100 m)
    climb: FloatArray  # (C, 3) level sd, manoeuvring sd, share of manoeuvring
    fall: FloatArray  # (C, 2) mean and sd, m/s²
    rcs: FloatArray  # (C, 2) mean and sd, dBsm
    energy: FloatArray  # (2, 2) rocket, mortar: mean and sd of the log of the energy speed
    wander: FloatArray  # (C, 2) median of the ratio and sd of twice its logarithm


def _speed_mass(low_mps: float, high_mps: float, skirt: float) -> FloatArray:
    """Plateau between two speeds with log-normal skirts, flat in m/s, as mass on log-spaced nodes."""
    log_v = np.log(SPEED_NODES_MPS)
    beyond = np.maximum(np.maximum(np.log(low_mps) - log_v, log_v - np.log(high_mps)), 0.0)
    mass = np.exp(-0.5 * (beyond / skirt) ** 2) * SPEED_NODES_MPS
    return np.asarray((1.0 - FLOOR) * mass / mass.sum() + FLOOR / log_v.size)


def class_tables() -> Tables:
    """The tables above as arrays."""
    rows = [_ROWS[name] for name in CLASSES]
    return Tables(
        speed_mps=SPEED_NODES_MPS,
        speed_mass=np.array([_speed_mass(*row[0]) for row in rows]),
        height=np.array([(np.log(row[1][0] + 100.0), np.log(row[1][1])) for row in rows]),
        climb=np.array([row[2] for row in rows]),
        fall=np.array([row[3] for row in rows]),
        rcs=np.array([row[4] for row in rows]),
        energy=np.log([_ENERGY[name] for name in ("rocket", "mortar")]),
        wander=np.array([(row[5][0], 2.0 * np.log(row[5][1])) for row in rows]),
    )


def hostile_prior() -> FloatArray:
    """Probability of intent to harm by class, before any claim, (C,)."""
    return np.array([_HOSTILE[name] for name in CLASSES])


def report_factor(kind: str) -> FloatArray:
    """How likely each class is to carry a broadcast of this kind, relative to the likeliest, (C,)."""
    return np.array([_REPORT[kind][name] for name in CLASSES])
