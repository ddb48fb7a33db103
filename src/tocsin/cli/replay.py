"""`tocsin replay`: the events of a run, recomputed and compared; or every output of it made again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tocsin.cli.report import FILES, write_report
from tocsin.cli.show import number, out, out_json, progress
from tocsin.errors import BadInput
from tocsin.exercise.kinds import KINDS
from tocsin.records.run import RunRecord
from tocsin.session.folder import settle, status_of
from tocsin.session.rebuild import rebuild
from tocsin.session.replay import Replayed, known_head
from tocsin.session.replay import replay as recompute

__all__ = ["replay"]

_COMPARED = {
    "bytes": "equal to the byte",
    "numbers": "kinds, ids and order equal, numbers equal to 1e-6",
    "none": "nothing recorded was there to compare with",
}
_STATES = {
    "running": "The run is still being written.",
    "cut": "The run was cut off",
    "refused": "The run was refused",
}


def replay(run: Path, *, chain: str | None, rebuilt: bool, as_json: bool) -> int:
    """Run the command; what differs is raised."""
    if rebuilt and chain is not None:
        raise BadInput("a run is held against a head by a replay of its own, after --rebuild", column="--chain")
    settle(run)
    return _rebuild(run, as_json=as_json) if rebuilt else _compare(run, chain, as_json=as_json)


def _compare(run: Path, chain: str | None, *, as_json: bool) -> int:
    with progress("recomputing", None) as tell:
        found = recompute(run, lambda done: tell(done, f"{done:,} batches"), KINDS)
    if chain is not None:
        known_head(found, chain, run)
    status, problem = status_of(run)
    if as_json:
        out_json({name: getattr(found, name) for name in Replayed.__slots__} | {"status": status, "problem": problem})
        return 0
    what = f" ({', '.join(found.compared)})" if found.compared else ""
    out(
        f"{number(found.batches, 'batch', 'batches')} recomputed from the journal: {_COMPARED[found.comparison]}{what}."
    )
    if status in _STATES:
        out(f"{_STATES[status]}{f': {problem}.' if problem else ''}")
    out(*(f"Note: {note}." for note in found.notes))
    out(f"Chain {found.chain}" + ("" if chain is None else ", the head that was given"))
    return 0


def _rebuild(run: Path, *, as_json: bool) -> int:
    found = rebuild(run, _report, KINDS)
    if as_json:
        out_json({name: getattr(found, name) for name in type(found).__slots__})
        return 0
    out(f"{number(found.batches, 'batch', 'batches')} recomputed; written again: {', '.join(found.files)}.")
    if found.kept:
        out(f"Left as they are, for no journal holds them: {', '.join(found.kept)}.")
    out("The run was cut off; its report says so." if found.status == "cut" else "The run had come to its end.")
    out(f"Chain {found.chain}")
    return 0


def _report(record: RunRecord, folder: Path) -> Iterable[str]:
    write_report(record, folder)
    return FILES
