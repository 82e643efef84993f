"""Events that enter and leave a graph, batch by batch, as the projector and an erasure make it change."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.build import payload
from whence.graph.facts import Batch, Contribution
from whence.graph.port import GraphStore
from whence.projection.change import add_change
from whence.projection.fold import OrderedEvent, fold, ordered
from whence_schemas.events import unit_of


class Changes:
    """A graph store and the events that are in it."""

    def __init__(self, store: GraphStore) -> None:
        self.store = store
        self.cursor = 0
        self._events: dict[str, dict[str, OrderedEvent]] = defaultdict(dict)

    async def add(self, *documents: Any) -> Batch:
        """Bring events into the graph, in one batch."""
        return await self.change(map(parsed, documents))

    async def withdraw(self, *documents: Any) -> Batch:
        """Take events out of the graph, in one batch."""
        return await self.change((), map(parsed, documents))

    async def change(self, added: Iterable[OrderedEvent], withdrawn: Iterable[OrderedEvent] = ()) -> Batch:
        """Both in one batch: each unit is folded again from the events that it has now."""
        touched: set[str] = set()
        for event in added:
            self._events[unit_of(event.event)][event.id] = event
            touched.add(unit_of(event.event))
        for event in withdrawn:
            self._events[unit_of(event.event)].pop(event.id, None)
            touched.add(unit_of(event.event))
        before = await self.store.contributions(sorted(touched))
        batch = Batch(self.cursor + 1, start=self.cursor)
        for unit in sorted(touched):
            add_change(batch, before.get(unit, Contribution(unit)), self.contribution(unit))
        await self.store.apply(batch)
        self.cursor = batch.cursor
        return batch

    def contribution(self, unit: str) -> Contribution:
        """What the events of a unit contribute now."""
        events = self._events[unit]
        return fold(unit, events.values()) if events else Contribution(unit)


def parsed(document: Any) -> OrderedEvent:
    """A document, or its bytes, as an event that can be folded."""
    return ordered(payload(document))
