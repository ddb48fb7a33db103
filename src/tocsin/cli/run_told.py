"""What `tocsin run` tells: the timeline while it goes on, and what came of it at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tocsin.cli.show import number, out_json
from tocsin.cli.show import out as say
from tocsin.cli.timeline import Timeline
from tocsin.cli.timing import Stopwatch
from tocsin.records.outcomes import Assessment
from tocsin.records.plan import Plan
from tocsin.records.scenario import Scenario
from tocsin.score.causes import Cause

__all__ = ["Told", "tell"]


@dataclass(frozen=True, slots=True)
class Told:
    """A finished run."""

    out: Path
    plan: Plan
    scenario: Scenario
    seed: int
    chain: str
    timeline: Timeline
    watch: Stopwatch
    assessments: tuple[Assessment, ...]
    causes: tuple[Cause, ...]


def tell(run: Told, *, as_json: bool) -> None:
    """Print it."""
    (_json if as_json else _text)(run)


def _text(run: Told) -> None:
    timeline = run.timeline
    say(*timeline.head(run.plan.site.name, run.scenario.title), "", *timeline.lines, "")
    say(f"{number(timeline.raised, 'warning')} raised. Dismissed: {_counts(timeline.dismissed) or 'nothing'}.")
    for found in run.assessments:
        odds = ", ".join(
            f"{name} {p:.2f}" for name, p in zip(("intercepted", "impacted", "left"), found.probability, strict=True)
        )
        say(f"Track {found.track_id} ({found.classification}): {found.verdict} ({odds})")
    say("", "What the simulator knows (no stage saw it):")
    for cause in run.causes:
        by = "" if cause.cause == cause.outcome else f"; decided by {cause.cause}"
        say(f"  {cause.object_id}: {cause.outcome}{by}: {cause.why}")
    say("", f"Chain {run.chain}", f"Written to {run.out}/ (open report.html)")


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} by rule {rule}" for rule, count in counts.most_common())


def _json(run: Told) -> None:
    out_json(
        {
            "out": str(run.out),
            "scenario": run.scenario.name,
            "seed": run.seed,
            "chain": run.chain,
            "scans": run.watch.scans,
            "detections": run.watch.detections,
            "warnings_raised": run.timeline.raised,
            "dismissed": dict(run.timeline.dismissed),
            "advance_cpu_s": run.watch.advance_cpu_s,
            "timeline": run.timeline.lines,
            "assessments": [
                {"track_id": a.track_id, "verdict": a.verdict, "probability": a.probability} for a in run.assessments
            ],
            "decided": [
                {"object_id": c.object_id, "outcome": c.outcome, "cause": c.cause, "why": c.why} for c in run.causes
            ],
        }
    )
