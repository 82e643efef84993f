"""Edges of owners, into nodes, and between names, kept from question to question."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from whence.graph.answers import edges_by_target
from whence.graph.facts import Batch, EdgeId, EdgeKind, Since
from whence.graph.keeping.each import Each
from whence.graph.keeping.room import Room
from whence.graph.keeping.watch import Watch

_EDGE_BYTES = 250

_Edges = dict[EdgeId, Since]
_Kinds = tuple[EdgeKind, ...]


class LooksForEdges(NamedTuple):
    """How a store itself answers."""

    aliases: Callable[[Sequence[str]], Awaitable[_Edges]]
    edges_from: Callable[[Sequence[str], Sequence[EdgeKind]], Awaitable[_Edges]]
    owners: Callable[[Sequence[str], Sequence[EdgeKind]], Awaitable[list[EdgeId]]]


class Edges:
    """Keeps edges by the node that is asked about, and by their kinds. It answers as the port does."""

    def __init__(self, watch: Watch, room: Room, looks: LooksForEdges) -> None:
        self._watch = watch
        self._room = room
        self._looks = looks
        self._aliases = Each(watch, room, self._look_for_aliases, _size, renamed)
        self._from: dict[_Kinds, Each[_Edges]] = {}
        self._into: dict[_Kinds, Each[list[EdgeId]]] = {}

    async def aliases(self, keys: Sequence[str]) -> _Edges:
        """Alias edges at either end of which one of the keys is."""
        return _together((await self._aliases.get(dict.fromkeys(keys))).values())

    async def edges_from(self, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> _Edges:
        """Edges of these kinds that the sources own."""
        wanted = tuple(sorted(kinds))
        if wanted not in self._from:
            look = partial(self._look_from, wanted)
            self._from[wanted] = Each(self._watch, self._room, look, _size, _sources)
        return _together((await self._from[wanted].get(dict.fromkeys(sources))).values())

    async def owners(self, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
        """Edges of these kinds into the targets."""
        wanted = tuple(sorted(kinds))
        if wanted not in self._into:
            look = partial(self._look_into, wanted)
            self._into[wanted] = Each(self._watch, self._room, look, _size, _targets)
        return list(chain.from_iterable((await self._into[wanted].get(dict.fromkeys(targets))).values()))

    async def _look_for_aliases(self, keys: Sequence[str]) -> dict[str, _Edges]:
        found: dict[str, _Edges] = {key: {} for key in keys}
        for edge, since in (await self._looks.aliases(keys)).items():
            for name in {edge.source, edge.target} & found.keys():
                found[name][edge] = since
        return found

    async def _look_from(self, kinds: _Kinds, keys: Sequence[str]) -> dict[str, _Edges]:
        found: dict[str, _Edges] = {key: {} for key in keys}
        for edge, since in (await self._looks.edges_from(keys, kinds)).items():
            found[edge.owner][edge] = since
        return found

    async def _look_into(self, kinds: _Kinds, keys: Sequence[str]) -> dict[str, list[EdgeId]]:
        return edges_by_target(keys, await self._looks.owners(keys, kinds))


def _together(found: Iterable[_Edges]) -> _Edges:
    return {edge: since for edges in found if edges for edge, since in edges.items()}


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
