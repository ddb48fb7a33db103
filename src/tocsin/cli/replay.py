"""`tocsin replay`: the events of a run, recomputed and compared."""

from __future__ import annotations

from pathlib import Path

from tocsin.cli.show import number, out, out_json, progress
from tocsin.journal import Replayed
from tocsin.journal import replay as recompute

__all__ = ["replay"]

_COMPARED = {
    "bytes": "equal to the byte",
    "numbers": "kinds, ids and order equal, numbers equal to 1e-6",
    "none": "nothing recorded was there to compare with",
}


def replay(run: Path, *, as_json: bool) -> int:
    """Run the command; what differs is raised."""
    with progress("recomputing", None) as tell:
        found = recompute(run, lambda done: tell(done, f"{done:,} batches"))
    if as_json:
        out_json({name: getattr(found, name) for name in Replayed.__slots__})
        return 0
    what = f" ({', '.join(found.compared)})" if found.compared else ""
    out(
        f"{number(found.batches, 'batch', 'batches')} recomputed from the journal: {_COMPARED[found.comparison]}{what}."
    )
    out(*(f"Note: {note}." for note in found.notes))
    out(f"Chain {found.chain}")
    return 0
