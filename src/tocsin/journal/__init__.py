"""The journal: records that went into a run and came out of it, each chained to the one before, in a store.

takes:   records of kinds that their owners registered, in order
gives:   two streams that only grow, and the records again, checked
assumes: one writer for a store
fails:   ChainBroken for a record that does not follow from the one before; BadInput for what is no journal
"""

from __future__ import annotations

from tocsin.journal.kinds import FORMAT, Header, Kinds, joined
from tocsin.journal.reader import Read, Reader
from tocsin.journal.store import STORES, Store, create_store, open_store
from tocsin.journal.writer import JournalWriter

__all__ = [
    "FORMAT",
    "STORES",
    "Header",
    "JournalWriter",
    "Kinds",
    "Read",
    "Reader",
    "Store",
    "create_store",
    "joined",
    "open_store",
]
