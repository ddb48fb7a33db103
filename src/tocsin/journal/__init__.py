"""The journal: everything that went into a run and came out of it, each record chained to the one before.

takes:   a run's Plan, batches and events, in order
gives:   two append-only files, and from the inputs alone the same events again
assumes: one writer for a folder
fails:   ChainBroken for a record that does not follow from the one before; ReplayDiffers for other events
"""

from __future__ import annotations

from tocsin.journal.kinds import EVENTS_FILE, FORMAT, JOURNAL_FILE, Origin
from tocsin.journal.replay import Replayed, replay
from tocsin.journal.writer import JournalWriter

__all__ = ["EVENTS_FILE", "FORMAT", "JOURNAL_FILE", "JournalWriter", "Origin", "Replayed", "replay"]
