"""Facets as they hold, kept from question to question."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from itertools import chain
from typing import NamedTuple

from whence.graph.facts import Batch
from whence.graph.keeping.room import Room, Table
from whence.graph.keeping.watch import Watch
from whence.graph.port import CurrentFacet

_ROW_BYTES = 220

LookForFacets = Callable[[Sequence[str], Sequence[str], int], Awaitable[tuple[list[CurrentFacet], set[str]]]]


class _Known(NamedTuple):
    """The value, if there is one, in questions `since` a time, after which nothing is said."""

    since: int
    value: CurrentFacet | None


_NOTHING: dict[str, _Known] = {}


class Facets:
    """Keeps what facets of some names say of entities."""

    def __init__(self, watch: Watch, room: Room, look: LookForFacets) -> None:
        """look: finds values at a time, and the entities of which those facets say anything later."""
        self._watch = watch
        self._look = look
        self._table: Table[dict[str, _Known]] = Table(room)
        watch.over(self)

    async def get(self, entities: Sequence[str], names: Sequence[str], as_of: int) -> list[CurrentFacet]:
        """The values last said by `as_of`, by (entity, facet); what is not known is looked for in the store."""
        await self._watch.compare()
        names = list(dict.fromkeys(names))
        found, unknown = self._recall(dict.fromkeys(entities), names, as_of)
        if unknown:
            changes = self._watch.changes
            new, later = await self._look(unknown, names, as_of)
            found += new
            if self._watch.unchanged(changes):
                self._learn([entity for entity in unknown if entity not in later], names, new, as_of)
        return sorted(found)

    def _recall(
        self, entities: Collection[str], names: Sequence[str], as_of: int
    ) -> tuple[list[CurrentFacet], list[str]]:
        """The values of those entities of which all is known; and the other entities."""
        values = self._table.values
        found: list[CurrentFacet] = []
        unknown: dict[str, None] = {}
        for name in names:
            for entity in entities:
                known = values.get(entity, _NOTHING).get(name)
                if known is None or known.since > as_of:
                    unknown[entity] = None
                elif known.value is not None:
                    found.append(known.value)
        return [row for row in found if row.entity not in unknown] if unknown else found, list(unknown)

    def _learn(self, entities: Sequence[str], names: Sequence[str], new: Sequence[CurrentFacet], as_of: int) -> None:
        values = {(row.entity, row.facet): row for row in new}
        for entity in entities:
            learned = {name: _Known(as_of, values.get((entity, name))) for name in names}
            known = {**self._table.values.get(entity, {}), **learned}
            bodies = (len(row.value.body) for row in known.values() if row.value is not None)
            self._table.put(entity, known, _ROW_BYTES * (1 + len(known)) + sum(bodies))

    @property
    def empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._table.values

    def forget(self, batch: Batch) -> None:
        """Forget what a batch changes."""
        rows = chain(batch.removed.values(), batch.added.values())
        self._table.drop(claim.entity for one in rows for claim in one.claims)

    def clear(self) -> None:
        """Forget everything."""
        self._table.clear()
