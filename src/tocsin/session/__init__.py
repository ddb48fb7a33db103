"""The session: batches from a source, journalled, through the stages, to sinks; and the folder that holds a run.

takes:   a Plan, a source of batches, sinks, and a journal where the run is to be replayed
gives:   events to every sink; from a journal alone the same events again, and every file of a run folder
assumes: batches come in order of arrival; one session writes a journal
fails:   BadInput for a folder or a journal that cannot be used; ChainBroken and ReplayDiffers for one that was changed
"""

from __future__ import annotations

from tocsin.session.kinds import KINDS, Assessed, End, Origin
from tocsin.session.session import Clock, Session, Sink, Source

__all__ = ["KINDS", "Assessed", "Clock", "End", "Origin", "Session", "Sink", "Source"]
