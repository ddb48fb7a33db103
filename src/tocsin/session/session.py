"""One session: batches in, each written down before anything acts on it, events out to every sink.

    Source -> canonical batch -> journal -> durable -> `pipeline.advance` -> journal -> Sinks

`tocsin run`, `tocsin track`, replay and every study drive the stages through this. A source is anything that gives
batches in order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType

from tocsin import pipeline
from tocsin.journal import JournalWriter
from tocsin.journal.codec import canonical
from tocsin.records.detections import Batch
from tocsin.records.events import Events
from tocsin.records.plan import Plan
from tocsin.session.kinds import Assessed, End, Origin
from tocsin.session.snapshot import pack, unpack

__all__ = ["Clock", "Session", "Sink", "Source"]

Source = Iterable[Batch]


class Sink:
    """Takes what a session gives. This one does nothing with it; a sink overrides what it needs."""

    def put(self, batch: Batch, events: Events) -> None:
        """Take one batch and what came of it."""

    def note(self, record: object) -> None:
        """Take what was done after the newest batch: an act of an operator, a shot of an exercise."""

    def close(self) -> None:
        """Write what is held back, and let go. Called once, however the session ends."""


class Clock:
    """Hears of the calls of `pipeline.advance`. This one does not listen; a clock overrides what it times."""

    def begin(self) -> None:
        """Just before a call."""

    def mark(self, stage: str) -> None:
        """After a stage of it."""

    def end(self) -> None:
        """Just after it."""


class Session:
    """Drives the stages over batches. Leave its `with` block, and its sinks and its journal are closed."""

    def __init__(
        self,
        plan: Plan,
        sinks: Sequence[Sink] = (),
        journal: JournalWriter | None = None,
        *,
        origin: Origin | None = None,
        clock: Clock | None = None,
        snapshot: bytes | None = None,
    ) -> None:
        """Begin where nothing has arrived yet, or after the batches that a snapshot of this release stands for.

        `journal` hangs on the plan; `origin` is written into it first.
        """
        self.plan, self._sinks, self._journal = plan, tuple(sinks), journal
        self._clock = Clock() if clock is None else clock
        self.state, self.batches = (pipeline.start(plan), 0) if snapshot is None else unpack(plan, snapshot)
        self._follows = "" if journal is None else journal.root
        if journal is not None and origin is not None:
            journal.write(origin)

    def take(self, batch: Batch) -> tuple[Batch, Events]:
        """Take one batch; gives it as it is journalled, and what came of it."""
        return self.take_group((batch,))[0]

    def take_group(self, batches: Sequence[Batch]) -> list[tuple[Batch, Events]]:
        """Take batches that arrived together: one commit makes them durable, before any is acted on."""
        group = [canonical(batch) for batch in batches]
        hashes = [""] * len(group)
        if self._journal is not None:
            hashes = [self._journal.write(batch) for batch in group]
            self._journal.commit()
        return [(batch, self._advance(batch, follows)) for batch, follows in zip(group, hashes, strict=True)]

    def play(self, source: Source) -> Iterator[tuple[Batch, Events]]:
        """Take every batch of a source; gives each with what came of it."""
        for batch in source:
            yield self.take(batch)

    def note(self, record: object) -> None:
        """Take what was done after the newest batch: journalled, and nothing that `advance` gives depends on it."""
        if self._journal is not None:
            self._journal.write(record)
        self._give(lambda sink: sink.note(record))

    def conclude(self, assessed: Assessed) -> None:
        """Take what the whole session was found to mean: an output that follows from the last batch."""
        if self._journal is not None:
            self._journal.output(assessed, self._follows)

    def snapshot(self) -> bytes:
        """All that the next batch will find; a session begun with it goes on as this one does, to the byte."""
        return pack(self.plan, self.state, self.batches)

    def keep(self) -> None:
        """Keep a snapshot in the journal's store."""
        if self._journal is not None:
            self._journal.commit()
            self._journal.keep(self.batches, self.snapshot())

    def end(self) -> str:
        """Say in the journal that the session came to its end; gives its chain, "" where there is no journal.

        Sinks are closed first: a journal that has an end has whole files beside it.
        """
        self._close_sinks()
        if self._journal is None:
            return ""
        self._journal.write(End(self.batches, self._journal.chain))
        self._journal.commit()
        return self._journal.chain

    def _advance(self, batch: Batch, follows: str) -> Events:
        self._clock.begin()
        self.state, events = pipeline.advance(self.plan, self.state, batch, self._clock.mark)
        self._clock.end()
        self.batches += 1
        if self._journal is not None:
            self._journal.output(events, follows)
            self._journal.commit()
            self._follows = follows
        self._give(lambda sink: sink.put(batch, events))
        return events

    def _give(self, what: Callable[[Sink], None]) -> None:
        """Every sink takes it once, in order, whatever another one raises; the errors go on afterwards."""
        _each(self._sinks, what)

    def _close_sinks(self) -> None:
        try:
            self._give(lambda sink: sink.close())
        finally:
            self._sinks = ()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ExitStack() as stack:
            if self._journal is not None:
                stack.callback(self._journal.close)
            self._close_sinks()


def _each(sinks: tuple[Sink, ...], what: Callable[[Sink], None]) -> None:
    if sinks:
        try:
            what(sinks[0])
        finally:
            _each(sinks[1:], what)
