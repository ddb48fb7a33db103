"""What a session writes into its journal, and the kinds of records that it registers there.

| stream | kind | body |
| --- | --- | --- |
| inputs | header | `Header`: the format and the fingerprint |
| | plan | `Plan` |
| | origin | `Origin`: where the batches came from |
| | batch | `Batch` |
| | end | `End`: the run was not cut off, and what its last output was |
| outputs | events | `Events`: one for each batch |
| | assessment | `Assessed`: at most one, the last |

Outputs hang on the plan's record, and each on the batch that it follows from. Nothing in either stream tells when or on
how many threads the run was made. An exercise registers what is done in it besides.
"""

from __future__ import annotations

from dataclasses import dataclass

from tocsin.journal import Kinds, joined
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.outcomes import Assessment, ImpactWitness
from tocsin.records.plan import Plan

__all__ = ["KINDS", "Assessed", "End", "Origin"]


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
    chain: str  # hash of the last output


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the assess stage made of the whole run."""

    assessments: tuple[Assessment, ...]


KINDS: Kinds = joined(
    {"plan": Plan, "origin": Origin, "batch": Batch, "end": End, "events": Events, "assessment": Assessed}
)
