"""What an exercise writes into a journal beside batches: acts of the operator, orders and refusals, shots."""

from __future__ import annotations

from tocsin.journal import Kinds, joined
from tocsin.records.engagement import Engaged, OperatorAct, Shot
from tocsin.session import KINDS as SESSION_KINDS

__all__ = ["KINDS"]

KINDS: Kinds = joined(SESSION_KINDS, {"act": OperatorAct, "shot": Shot, "engaged": Engaged})
