"""What probably became of each threat, after the fact, from tracks, impact sensors, sightings and the shot log alone.

takes:   the Plan of the run and an Observed: histories of tracks and forecasts, reports, shots; never truth
gives:   an Assessment for each flight that was hostile, forecast to strike or shot at, with every piece of evidence
assumes: the weights of `weights.WEIGHTS`; pieces of evidence of different origin are independent, of one origin are one
fails:   never on content: what the evidence does not decide at 10:1 is undecided
"""

from __future__ import annotations

from tocsin.assess.collect import Collector
from tocsin.assess.judge import assess
from tocsin.assess.weights import WEIGHTS, Weight

__all__ = ["WEIGHTS", "Collector", "Weight", "assess"]
