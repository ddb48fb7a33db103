"""The assess stage as a sink: what a whole run was found to mean, from what every batch showed."""

from __future__ import annotations

from tocsin.assess import Collector, assess
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.plan import Plan
from tocsin.session.kinds import Assessed, Origin
from tocsin.session.session import Sink

__all__ = ["Assessing"]


class Assessing(Sink):
    """Gathers what an assessor may see; `assessed` judges all of it."""

    def __init__(self, plan: Plan, origin: Origin) -> None:
        self._plan, self._witnesses = plan, origin.witnesses
        self._collector = Collector()

    def put(self, batch: Batch, events: Events) -> None:
        """Take one batch."""
        self._collector.add(events, batch.reports)

    def note(self, record: object) -> None:
        """Take what was done after it."""
        self._collector.note(record)

    def assessed(self) -> Assessed:
        """The assessment of all that was taken."""
        return Assessed(assess(self._plan, self._collector.observed(self._witnesses)))
