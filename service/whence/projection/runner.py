"""The projector: reads the log from its cursor and keeps the graph up to date, batch by batch."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from whence.eventlog.leaf import ERASURE, EVENT, erased_index
from whence.eventlog.port import Entry, EventLog
from whence.graph.facts import Batch, Contribution, Failure
from whence.graph.port import GraphStore
from whence.projection.change import Written, add_change
from whence.projection.fold import Fold, OrderedEvent, in_order, new_fold, ordered
from whence_schemas.errors import WhenceError

log = logging.getLogger(__name__)

BATCH_EVENTS = 512
BATCH_BYTES = 16 * 2**20
_REMEMBERED_UNITS = 1_024
_REMEMBERED_BYTES = 2**20
_RETRY_SECONDS = 1.0
_SMALL_BATCH = 256
_LINGER_SECONDS = 0.4
"""After a small batch events are let gather: a run's START and COMPLETE in one batch are folded once, and a transaction
costs much the same for one event as for ten. An event after a pause is projected at once."""


@dataclass(slots=True)
class _Unit:
    """A unit as it was folded last: its fold can go on with events that are later than the last one."""

    fold: Fold
    last: tuple[int, int, str]
    contribution: Contribution
    size: int


class Projector:
    """Brings the graph up to the log. One projector writes to a graph store at a time."""

    def __init__(self, event_log: EventLog, graph: GraphStore) -> None:
        self._log = event_log
        self._graph = graph
        self._written = Written()
        self._units: OrderedDict[str, _Unit] = OrderedDict()
        self._cursor = 0
        self._remains = True  # until it is known that nothing was left behind by a crash
        self._moved = asyncio.Condition()
        self.failing: str | None = None

    @property
    def cursor(self) -> int:
        """How many log entries this projector knows to be in the graph."""
        return self._cursor

    async def run(self) -> None:
        """Project for ever. While the graph store does not answer, try again; nothing is lost meanwhile."""
        while True:
            try:
                count = await self.step()
                if not count:
                    await self._log.wait_beyond(self._cursor)
                elif count < _SMALL_BATCH:
                    await asyncio.sleep(_LINGER_SECONDS)
                self.failing = None
            except Exception as error:
                self._forget()
                if self.failing is None:
                    expected = isinstance(error, WhenceError)
                    log.warning("the projection waits: %s", error, exc_info=None if expected else error)
                self.failing = str(error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def catch_up(self) -> int:
        """Project all that is in the log now; the cursor afterwards."""
        while await self.step():
            pass
        return self._cursor

    async def wait_for(self, cursor: int) -> None:
        """Wait until the graph holds the log's first `cursor` entries (while `run` is running)."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._cursor >= cursor)

    async def wait_for_erasure(self, cursor: int) -> None:
        """Wait until the graph holds the log's first `cursor` entries, and nothing of what they erased is left."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._cursor >= cursor and not self._remains)

    async def step(self) -> int:
        """Project one batch; the number of events in it, 0 if there was nothing to do."""
        cursor = await self._graph.cursor()
        if cursor != self._cursor:  # the first step, or the graph was changed from elsewhere
            self._forget()
        await self._move(cursor)
        entries = await self._log.read(cursor, BATCH_EVENTS, BATCH_BYTES)
        if entries:
            await self._project(entries, cursor)
        if self._remains and len(entries) < BATCH_EVENTS:  # while a long log is replayed, once is enough
            await self._graph.scrub()
            self._remains = False
        await self._move(entries[-1].index + 1 if entries else cursor)
        return len(entries)

    async def _project(self, entries: list[Entry], cursor: int) -> None:
        """Bring the graph from the cursor to the end of these entries."""
        batch = Batch(entries[-1].index + 1, start=cursor)
        news = await asyncio.to_thread(_parse, entries, batch)
        erased = _erased(entries, batch)
        unknown = [unit for unit, events in news.items() if not self._continues(unit, events)]
        past = await self._log.read_units([*unknown, *erased], cursor)
        before = await self._graph.contributions([unit for unit in past if unit not in self._units])
        await asyncio.to_thread(self._fold, erased | news, past, before, batch)
        try:
            self._written.trim(batch)
            await self._graph.apply(batch)
        except BaseException:
            self._forget()
            raise
        self._remains = self._remains or batch.erases
        self._written.committed(batch)

    def _continues(self, unit: str, events: list[OrderedEvent]) -> bool:
        """Whether the fold remembered for the unit can take these events."""
        known = self._units.get(unit)
        return known is not None and events[0][:3] > known.last

    def _fold(
        self,
        news: dict[str, list[OrderedEvent]],
        past: dict[str, list[Entry]],
        before: dict[str, Contribution],
        batch: Batch,
    ) -> None:
        """Fold the news into their units: those whose past was read, from the beginning."""
        for unit, events in news.items():
            known = self._units.pop(unit, None)
            old = known.contribution if known else before.get(unit, Contribution(unit))
            if known is None or unit in past:
                known = _Unit(new_fold(unit), (0, 0, ""), old, 0)
                events = in_order([*events, *_parse(past.get(unit, []), Batch(0)).get(unit, [])])
            if events:
                self._take(unit, known, events, batch)
            else:  # all of them were erased
                add_change(batch, old, Contribution(unit))

    def _take(self, unit: str, known: _Unit, events: list[OrderedEvent], batch: Batch) -> None:
        """Fold events into a unit. One that cannot be folded is set aside, and stops nothing."""
        old = known.contribution
        for event in events:
            try:
                known.fold.add(event)
            except Exception as error:
                log.exception("entry %d of the log cannot be folded", event.entry)
                batch.failures.append(Failure(event.entry, unit, repr(error)))
        known.contribution = known.fold.contribution()
        add_change(batch, old, known.contribution)
        known.last = events[-1][:3]
        known.size += sum(event.size for event in events)
        if known.fold.open and known.size <= _REMEMBERED_BYTES:
            self._units[unit] = known
        while len(self._units) > _REMEMBERED_UNITS:
            self._units.popitem(last=False)

    def _forget(self) -> None:
        self._written.forget()
        self._units.clear()

    async def _move(self, cursor: int) -> None:
        async with self._moved:
            self._cursor = cursor
            self._moved.notify_all()


def _parse(entries: Iterable[Entry], batch: Batch) -> dict[str, list[OrderedEvent]]:
    """Events by unit, in order; those that are none become failures. Erased ones are left out, and what is none."""
    events: dict[str, list[OrderedEvent]] = {}
    for entry in entries:
        if entry.payload is None or entry.kind != EVENT:
            continue
        try:
            event = ordered(entry.payload, entry.index)
        except WhenceError as error:
            batch.failures.append(Failure(entry.index, entry.unit, str(error)))
        else:
            events.setdefault(entry.unit, []).append(event)
    return {unit: in_order(found) for unit, found in events.items()}


def _erased(entries: Iterable[Entry], batch: Batch) -> dict[str, list[OrderedEvent]]:
    """The units that tombstones say lost an event, without news. What failed of the erased events is forgotten."""
    units: dict[str, list[OrderedEvent]] = {}
    for entry in entries:
        if entry.kind == ERASURE:
            if entry.unit:
                units[entry.unit] = []
            batch.released_failures.add(erased_index(entry.leaf))
    return units
