"""Edges of owners, into nodes, and between names, kept from question to question."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from whence.graph.facts import Batch, EdgeId, EdgeKind, Since
from whence.graph.keeping.each import Each
from whence.graph.keeping.room import Room
from whence.graph.keeping.watch import Watch

_EDGE_BYTES = 400

_Edges = dict[EdgeId, Since]
_Of = tuple[str, tuple[EdgeKind, ...]]
"""A node, and kinds of its edges."""


class LooksForEdges(NamedTuple):
    """How a store itself answers."""

    aliases: Callable[[Sequence[str]], Awaitable[_Edges]]
    edges_from: Callable[[Sequence[str], Sequence[EdgeKind]], Awaitable[_Edges]]
    owners: Callable[[Sequence[str], Sequence[EdgeKind]], Awaitable[list[EdgeId]]]


class Edges:
    """Keeps edges by the node that is asked about. It answers as the port does."""

    def __init__(self, watch: Watch, room: Room, looks: LooksForEdges) -> None:
        self._looks = looks
        self._aliases = Each(watch, room, self._look_for_aliases, about=str, size=_size, changed=renamed)
        self._from = Each(watch, room, self._look_from, about=_node, size=_size, changed=_sources)
        self._into = Each(watch, room, self._look_into, about=_node, size=_size, changed=_targets)

    async def aliases(self, keys: Sequence[str]) -> _Edges:
        """Alias edges at either end of which one of the keys is."""
        return _together((await self._aliases.get(dict.fromkeys(keys))).values())

    async def edges_from(self, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> _Edges:
        """Edges of these kinds that the sources own."""
        wanted = tuple(kinds)
        return _together((await self._from.get([(key, wanted) for key in dict.fromkeys(sources)])).values())

    async def owners(self, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
        """Edges of these kinds into the targets."""
        wanted = tuple(kinds)
        found = await self._into.get([(key, wanted) for key in dict.fromkeys(targets)])
        return [edge for edges in found.values() for edge in edges]

    async def _look_for_aliases(self, keys: Sequence[str]) -> dict[str, _Edges]:
        found: dict[str, _Edges] = {key: {} for key in keys}
        for edge, since in (await self._looks.aliases(keys)).items():
            for name in {edge.source, edge.target} & found.keys():
                found[name][edge] = since
        return found

    async def _look_from(self, asked: Sequence[_Of]) -> dict[_Of, _Edges]:
        [kinds] = {kinds for _, kinds in asked}
        found: dict[_Of, _Edges] = {one: {} for one in asked}
        for edge, since in (await self._looks.edges_from([key for key, _ in asked], kinds)).items():
            found[edge.owner, kinds][edge] = since
        return found

    async def _look_into(self, asked: Sequence[_Of]) -> dict[_Of, list[EdgeId]]:
        [kinds] = {kinds for _, kinds in asked}
        found: dict[_Of, list[EdgeId]] = {one: [] for one in asked}
        for edge in await self._looks.owners([key for key, _ in asked], kinds):
            found[edge.target, kinds].append(edge)
        return found


def _together(found: Iterable[_Edges]) -> _Edges:
    return {edge: since for edges in found for edge, since in edges.items()}


def _node(asked: _Of) -> str:
    return asked[0]


def _size(edges: _Edges | list[EdgeId]) -> int:
    return _EDGE_BYTES * (1 + len(edges))


def renamed(batch: Batch) -> set[str] | None:
    """Names of which alias edges come or change; None where that is not known, for edges go."""
    if batch.replaced:
        return None
    edges = (edge for edge in batch.edges if edge.kind in (EdgeKind.ALIAS, EdgeKind.RENAMED_FROM))
    return {name for edge in edges for name in (edge.source, edge.target)}


def _sources(batch: Batch) -> set[str]:
    return {edge.owner for edge in batch.edges} | batch.replaced


def _targets(batch: Batch) -> set[str] | None:
    return None if batch.replaced else {edge.target for edge in batch.edges}
