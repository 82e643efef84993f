"""Which entries of the log an erasure is about."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from whence.audit.reading import entries_at, entries_between
from whence.audit.redacting import Finder
from whence.audit.scope import Scope
from whence.audit.selected import Selected
from whence.audit.selecting import select
from whence.eventlog.leaf import ERASURE
from whence.eventlog.port import Entry, EventLog
from whence.graph.port import GraphStore
from whence_schemas.errors import InvalidQuestion
from whence_schemas.identity import Kind


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen: all that is named here together, and of that only what the finder finds, if there is one.

    entries: ranges of indices, the last one included. declarations: keys of jobs and datasets, of which all
    declarations are meant. scope: what an export of it would open (but without a finder, of declarations only those of
    what it names). Where only a finder is given, it looks through the whole log.
    """

    entries: Sequence[tuple[int, int]] = ()
    declarations: Sequence[str] = ()
    scope: Scope = field(default_factory=Scope)
    finder: Finder | None = None

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            InvalidQuestion: it chooses nothing, or names what cannot be.
        """
        if not (self.entries or self.declarations or self.finder) and self.scope.is_everything:
            raise InvalidQuestion("nothing is chosen: name entries, a scope, declarations, or a text to be found")
        for first, last in self.entries:
            if not 0 <= first <= last:
                raise InvalidQuestion(f"{first}-{last} is no range of entries: write it as first-last, from 0 on")
        for key in self.declarations:
            if key[:1] not in (Kind.JOB, Kind.DATASET):
                raise InvalidQuestion(f"{key[:80]!r} is no id of a job or dataset, and nothing else is declared")


async def choose(
    choice: Choice, log: EventLog, graph: GraphStore, never_alias: Sequence[re.Pattern[str]], size: int
) -> AsyncIterator[list[Entry]]:
    """The entries chosen among the log's first `size` that still have a payload, by index, in pages.

    Raises:
        NotFound: what is named is not there.
        InvalidQuestion: an entry is chosen that there is not, or the scope is too large.
        GraphUnavailable: the scope needs the graph, which is behind or does not answer.
        LogUnavailable: the log cannot be read now.
    """
    for _, last in choice.entries:
        if last >= size:
            raise InvalidQuestion(f"there is no entry {last}: the log has {size}")
    if not choice.entries and not choice.declarations and choice.scope.is_everything:
        async for page in entries_between(log, 0, size):
            yield await asyncio.to_thread(_wanted, page, choice.finder)
        return
    with Selected(Scope(), size) as chosen:
        await _collect(choice, log, graph, never_alias, chosen)
        for indices in chosen.indices():
            async for page in entries_at(log, indices):
                yield await asyncio.to_thread(_wanted, page, choice.finder)


def _wanted(entries: Sequence[Entry], finder: Finder | None) -> list[Entry]:
    return [
        entry
        for entry in entries
        if entry.payload is not None and entry.kind != ERASURE and (finder is None or finder.finds(entry.payload))
    ]


async def _collect(
    choice: Choice, log: EventLog, graph: GraphStore, never_alias: Sequence[re.Pattern[str]], chosen: Selected
) -> None:
    for first, last in choice.entries:
        async for page in entries_between(log, first, last + 1):
            chosen.add_entries(page)
    declared = await log.read_units(choice.declarations, chosen.size)
    chosen.add_entries(chain.from_iterable(declared.values()))
    if choice.scope.is_everything:
        return
    with await select(choice.scope, log, graph, never_alias, chosen.size) as selected:
        for indices in selected.indices():
            async for page in entries_at(log, indices):
                chosen.add_entries(entry for entry in page if entry.unit and _is_meant(entry, choice))


def _is_meant(entry: Entry, choice: Choice) -> bool:
    """Whether an entry in the scope is: not the declarations that an export would only show along with runs."""
    return choice.finder is not None or entry.unit[0] == Kind.RUN or entry.unit in choice.scope.nodes
