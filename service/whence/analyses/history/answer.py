"""The history of a dataset or job, in pages, with what changed."""

import re
import time
from collections import Counter
from collections.abc import Sequence

from whence.analyses.history.changes import Streaks, compare
from whence.analyses.history.entries import DatasetSource, JobSource, Raw, Source
from whence.graph.facts import State
from whence.graph.port import GraphStore
from whence.lineage.names import Names
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.history import Failing, HistoryEntry, HistoryPage, HistoryQuestion, Measure
from whence_schemas.identity import Kind
from whence_schemas.lineage import Limit
from whence_schemas.read import Cursor

MAX_PREVIOUS = 100
_BACK = 1_000
"""Entries that are read beyond a page, at most, for the values before it."""


class History:
    """The answer. notes: what the reader should know."""

    def __init__(self, store: GraphStore, names: Names, question: HistoryQuestion) -> None:
        self._store = store
        self._names = names
        self._question = question
        self._deadline = time.monotonic() + question.seconds
        self.notes = names.notes

    async def page(self, after: Cursor | None, limit: int) -> HistoryPage:
        """At most so many entries after a place."""
        source = self._source(after)
        found: list[Raw] = []
        more, late = True, False
        while more and not late and self._wants(found, limit):
            raw, more = await source.next()
            found += raw
            late = time.monotonic() > self._deadline
        cut = late and more and len(found) < limit
        return HistoryPage(self._compared(found)[:limit], source.place, Limit.TIME if cut else None)

    async def failing(self) -> tuple[list[Failing], Limit | None]:
        """The checks that failed the last time they were made, since when; and the limit that cut the search."""
        source = self._source(None)
        streaks = Streaks()
        more, late = True, False
        while more and not late and streaks.open:
            raw, more = await source.next()
            streaks.add(_entry(one, ()) for one in raw)
            late = time.monotonic() > self._deadline
        return streaks.failing(not more), Limit.TIME if late and more and streaks.open else None

    def _source(self, after: Cursor | None) -> Source:
        of, as_of = self._question.of, self._question.as_of
        if of[0] == Kind.JOB:
            return JobSource(self._store, of, as_of, after)
        return DatasetSource(self._store, self._names.members(of), as_of, after)

    def _wants(self, found: list[Raw], limit: int) -> bool:
        """Whether the page is not full yet, or the attempts before its last entries are too few."""
        jobs = {one.attempt.job for one in found[:limit]}
        beyond = found[limit:]
        earlier = Counter(one.attempt.job for one in beyond if one.attempt.state == State.COMPLETE)
        few = any(earlier[job] < self._question.previous for job in jobs)
        return len(found) < limit or (few and len(beyond) < _BACK)

    def _compared(self, found: list[Raw]) -> list[HistoryEntry]:
        question = self._question
        measures = compare([(one.attempt, one.found) for one in found], question.previous, question.threshold)
        return [_entry(one, compared) for one, compared in zip(found, measures, strict=True)]


def _entry(raw: Raw, measures: Sequence[Measure]) -> HistoryEntry:
    return HistoryEntry(raw.place.at, raw.role, raw.attempt, measures, [*raw.found.checks.values()])


async def history(store: GraphStore, question: HistoryQuestion, never_alias: Sequence[re.Pattern[str]] = ()) -> History:
    """The history of a dataset or job.

    Raises:
        NotFound: it is not in the graph.
        InvalidQuestion: it is neither dataset nor job; threshold or previous are out of range.
    """
    if question.of[0] not in (Kind.DATASET, Kind.JOB):
        raise InvalidQuestion("a history is that of a dataset or job: ask for the run's job, or the column's dataset")
    if not 0 <= question.threshold < float("inf"):
        raise InvalidQuestion(f"threshold is {question.threshold}, but must be a part such as 0.3, and not negative")
    if not 1 <= question.previous <= MAX_PREVIOUS:
        raise InvalidQuestion(f"previous is {question.previous}, but must lie between 1 and {MAX_PREVIOUS}")
    if question.of not in await store.nodes([question.of]):
        raise NotFound("what the history is asked of is not in the graph: find its exact name with search")
    names = Names(store, question.as_of, never_alias)
    if question.of[0] == Kind.DATASET:
        await names.join([question.of])
    return History(store, names, question)
