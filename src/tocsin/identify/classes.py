"""What each class looks like to a radar: the likelihood tables of identification, readable in one place.

The figures are generic and public. Each table is one feature; its rows are the classes in the order of CLASSES.

speed       log-normal; what the wind carries has it as an airspeed, and 6 m/s of wind at its height on either axis.
            Consumer multirotors fly at most about 20 m/s and hover for a part of the time; small and one-way fixed
            wings 18-70 m/s. Birds: Alerstam et al. 2007, "Flight speeds among bird species" (PLoS Biology 5:e197): 8-23
            m/s. Aircraft: from a helicopter's approach to a jet's cruise. Mortar bombs leave subsonic at steep angles,
            rockets faster and flatter (textbook exterior ballistics, e.g. Carlucci & Jacobson, "Ballistics").
height      log-normal of the height above level ground. Bird migration peaks in the lowest few hundred metres (Dokter
            et al. 2011, J. R. Soc. Interface 8:30); hobby drones are held to 120 m by law in most countries.
climb       vertical speed: most of the time level, else manoeuvring; ballistic classes take any.
fall        vertical acceleration, m/s²: -g and drag for what is ballistic, about 0 for what flies.
rcs         mean radar cross-section, dBsm. Birds -20 and below for small ones, aircraft 3-20 (light aircraft 2 m²,
            airliners 10-100 m²): Skolnik, "Introduction to Radar Systems", ch. 2. Multirotors -8 to -19 dBsm at 24 GHz:
            Semkin et al. 2020 (IEEE Access 8:48958) and IEICE ComEx 9:262 (2020). Rounds: a metal body of a few
            decimetres, optical region, 0.01-0.1 m². Spreads are wide, since radars differ in band and calibration.
wander      log-normal of the root of the scatter of the velocity within 5 s: birds flap and veer, craft fly legs.
energy      log-normal of the energy speed, sqrt(v² + 2 g h), in the first seconds: near the speed at which a round
            started, whatever part of its climb was seen first; drag lowers it. Tells rocket from mortar only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tocsin.records.arrays import FloatArray
from tocsin.records.identities import CLASSES

__all__ = ["DOUBT", "RESIDUAL_RISK", "ROWS", "WEIGHTS", "ClassRow", "hostile_prior", "report_factor"]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """The figures of one class, in the units of the module's table."""

    speed: tuple[float, float, float, float]  # median (m/s), factor, share that hovers, wind that carries it (m/s)
    height: tuple[float, float]  # median (m), factor
    climb: tuple[float, float, float]  # level, moving (m/s), share that moves
    fall: tuple[float, float]  # mean, standard deviation (m/s²)
    rcs: tuple[float, float]  # mean, standard deviation (dBsm)
    wander: tuple[float, float]  # root of the scatter of the velocity (m/s), factor
    energy: tuple[float, float]  # median (m/s), factor


_FLIES = (300.0, 2.0)  # of an energy that nobody asks for

ROWS = {
    "rocket": ClassRow(
        speed=(200.0, 1.5, 0.0, 0.0),
        height=(1200.0, 2.4),
        climb=(70.0, 180.0, 0.7),
        fall=(-11.0, 4.0),
        rcs=(-13.0, 6.0),
        wander=(3.0, 3.0),
        energy=(314.0, 1.18),
    ),
    "mortar": ClassRow(
        speed=(90.0, 1.5, 0.0, 0.0),
        height=(1000.0, 2.4),
        climb=(70.0, 180.0, 0.7),
        fall=(-11.0, 4.0),
        rcs=(-17.0, 5.5),
        wander=(1.2, 3.0),
        energy=(224.0, 1.16),
    ),
    "fixed_wing": ClassRow(
        speed=(30.0, 1.45, 0.0, 6.0),
        height=(250.0, 2.2),
        climb=(0.7, 3.5, 0.5),
        fall=(0.0, 0.8),
        rcs=(-14.0, 6.0),
        wander=(3.0, 3.5),
        energy=_FLIES,
    ),
    "multirotor": ClassRow(
        speed=(8.0, 1.8, 0.3, 0.0),
        height=(90.0, 1.9),
        climb=(0.6, 3.0, 0.4),
        fall=(0.0, 0.8),
        rcs=(-16.0, 5.5),
        wander=(1.0, 3.5),
        energy=_FLIES,
    ),
    "bird": ClassRow(
        speed=(12.5, 1.35, 0.0, 6.0),
        height=(120.0, 2.3),
        climb=(0.7, 1.5, 0.4),
        fall=(0.0, 0.6),
        rcs=(-25.0, 6.0),
        wander=(3.5, 2.0),
        energy=_FLIES,
    ),
    "aircraft": ClassRow(
        speed=(105.0, 1.9, 0.03, 6.0),
        height=(2000.0, 3.0),
        climb=(1.0, 9.0, 0.3),
        fall=(0.0, 0.7),
        rcs=(9.0, 7.0),
        wander=(2.0, 4.0),
        energy=_FLIES,
    ),
}

WEIGHTS = (0.95, 1.1, 0.8, 0.55, 0.3, 1.2, 0.8, 1.0)
"""Exponent of each feature in the pool: speed, climb, height, fall, model, RCS, wander, energy. Features of one track
are not independent, so that a plain product would count some evidence twice. These eight have the least log loss on
the first of the study's families of flights, rounded (the loss is flat: within 1 % of its least). Wander, and speed and
energy of rounds, were set by what a tracker makes of that family too; all other figures come from the sources above."""

DOUBT = 0.02
"""Share of the prior in every answer: one thing in fifty is flown, built or measured as no row of the table says. It
also bounds what a warning may rest on: no class of a likely kind is ever shown as impossible."""

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


def hostile_prior() -> FloatArray:
    """Probability of intent to harm by class, before any claim, (C,)."""
    return np.array([_HOSTILE[name] for name in CLASSES])


def report_factor(kind: str) -> FloatArray:
    """How likely each class is to carry a broadcast of this kind, relative to the likeliest, (C,)."""
    return np.array([_REPORT[kind][name] for name in CLASSES])
