"""The alias edges of datasets, kept from question to question: most have none."""

from collections.abc import Awaitable, Callable, Sequence

from whence.graph.facts import Batch, EdgeId, EdgeKind, Since
from whence.graph.keeping.each import Each
from whence.graph.keeping.room import Room
from whence.graph.keeping.watch import Watch

_EDGE_BYTES = 400

_Edges = dict[EdgeId, Since]
LookForAliases = Callable[[Sequence[str]], Awaitable[_Edges]]


class Aliases:
    """Keeps alias edges by the names at their ends."""

    def __init__(self, watch: Watch, room: Room, look: LookForAliases) -> None:
        """look: answers `aliases` by the store alone."""
        self._look = look
        self._edges = Each(watch, room, self._look_at_each, about=str, size=_size, changed=renamed)

    async def get(self, keys: Sequence[str]) -> _Edges:
        """Alias edges at either end of which one of the keys is."""
        found = await self._edges.get(dict.fromkeys(keys))
        return {edge: since for edges in found.values() for edge, since in edges.items()}

    async def _look_at_each(self, keys: Sequence[str]) -> dict[str, _Edges]:
        found: dict[str, _Edges] = {key: {} for key in keys}
        for edge, since in (await self._look(keys)).items():
            for name in {edge.source, edge.target} & found.keys():
                found[name][edge] = since
        return found


def _size(edges: _Edges) -> int:
    return _EDGE_BYTES * (1 + len(edges))


def renamed(batch: Batch) -> set[str] | None:
    """Names of which alias edges come or change; None where that is not known, for edges go."""
    if batch.replaced:
        return None
    edges = (edge for edge in batch.edges if edge.kind in (EdgeKind.ALIAS, EdgeKind.RENAMED_FROM))
    return {name for edge in edges for name in (edge.source, edge.target)}
