"""The simulated engagement: which effector is given which track, by stated rules. Exists in exercises only.

takes:   the engagement's specification, the site, what it remembers, one batch's Events and its operator's acts
gives:   orders that name tracks (never directions), requests for consent, refusals with their rule, effectors' states
assumes: Events come in order; the world draws what an order leads to; a State is spent by the call that takes it
fails:   never on content: a track that is not engaged is a Refusal, an act that answers no open request has no effect
"""

from __future__ import annotations

from tocsin.engage.decide import State, advance, start
from tocsin.engage.operator import OperatorState, due, hear

__all__ = ["OperatorState", "State", "advance", "due", "hear", "start"]
