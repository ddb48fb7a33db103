"""The kinds of records in the two files of a run.

| file | kind | body |
| --- | --- | --- |
| journal.jsonl | header | `Header`: the format and the fingerprint |
| | plan | `Plan` |
| | origin | `Origin`: where the batches came from |
| | batch | `Batch` |
| | act, shot, engaged | exercises only: `OperatorAct`, `Shot`, `Engaged` |
| | end | `End`: the run was not cut off, and what its last output was |
| events.jsonl | events | `Events`: one for each batch |
| | assessment | `Assessed`: at most one, the last |

Outputs hang on the plan's record, and each on the batch that it follows from. Nothing in either file tells when or on
how many threads the run was made.
"""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.journal.fingerprint import Fingerprint
from tocsin.records.detections import Batch
from tocsin.records.engagement import Engaged, OperatorAct, Shot
from tocsin.records.events import Events
from tocsin.records.outcomes import Assessment, ImpactWitness
from tocsin.records.plan import Plan

__all__ = ["EVENTS_FILE", "FORMAT", "JOURNAL_FILE", "KINDS", "Assessed", "End", "Header", "Origin"]

FORMAT = "tocsin-journal/1"
JOURNAL_FILE, EVENTS_FILE = "journal.jsonl", "events.jsonl"


@dataclass(frozen=True, slots=True)
class Header:
    """First record of a journal."""

    format: str
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the batches came from, for the report and the assessment; `advance` never sees it."""

    exercise: bool
    scenario: str = ""  # machine name, "" for recorded data
    title: str = ""
    sources: tuple[str, ...] = ()
    seed: int | None = None
    choices: tuple[tuple[str, str], ...] = ()  # variants of the scenario that were chosen
    instants: bool = False  # times in the files are ISO 8601 instants, not bare seconds
    witnesses: tuple[ImpactWitness, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """Last record of a journal whose run was not cut off."""

    batches: int
    chain: str  # hash of the last record of events.jsonl


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the assess stage made of the whole run."""

    assessments: tuple[Assessment, ...]


KINDS: dict[str, type] = {
    "header": Header,
    "plan": Plan,
    "origin": Origin,
    "batch": Batch,
    "act": OperatorAct,
    "shot": Shot,
    "engaged": Engaged,
    "end": End,
    "events": Events,
    "assessment": Assessed,
}
