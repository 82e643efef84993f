"""The names of one dataset: the connected component of the alias claims that hold at a time."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from whence.graph.derive import derived_from_facet
from whence.graph.facts import EdgeId, EdgeKind
from whence.graph.port import GraphStore

MAX_NAMES = 32
"""More names than these are hardly one dataset: they are reported and not joined."""


class Names:
    """Joins names of datasets at one time. A component is represented by its smallest (namespace, name)."""

    def __init__(self, store: GraphStore, as_of: int, never_alias: Sequence[re.Pattern[str]] = ()) -> None:
        self._store = store
        self._as_of = as_of
        self._never = never_alias
        self._joined: set[str] = set()
        self._members: dict[str, tuple[str, ...]] = {}
        """Of those that have several names."""
        self.notes: list[str] = []

    def learn(self, aliases: Mapping[str, Collection[EdgeId]]) -> None:
        """Take it that these datasets have the alias edges given: most have none, and need not be asked for again."""
        self._joined.update(key for key, edges in aliases.items() if not edges)

    async def join(self, keys: Iterable[str]) -> None:
        """Find the names of datasets, by key."""
        new = [key for key in dict.fromkeys(keys) if key not in self._joined]
        if not new:
            return
        known = set(new)
        links: dict[str, set[str]] = {key: set() for key in new}
        frontier = new
        while frontier and len(known) <= len(new) + 4 * MAX_NAMES:
            claims = await self._claims(frontier)
            for one, other in claims:
                links.setdefault(one, set()).add(other)
                links.setdefault(other, set()).add(one)
            frontier = sorted(links.keys() - known)
            known |= links.keys()
        await self._settle(new, links)

    async def _claims(self, keys: list[str]) -> list[tuple[str, str]]:
        """Pairs of names that are claimed to be the same, with one of the keys in it, and the claim current. That a
        dataset was renamed holds from its time on, whatever follows."""
        edges = await self._store.aliases(keys)
        if not edges:
            return []
        said = await self._said(sorted({edge.source for edge in edges if edge.kind == EdgeKind.ALIAS}))
        return [
            (edge.source, edge.target)
            for edge, since in edges.items()
            if (edge in said if edge.kind == EdgeKind.ALIAS else since.by(self._as_of)) and await self._allowed(edge)
        ]

    async def _said(self, sources: list[str]) -> set[EdgeId]:
        """Aliases that the sources' current `symlinks` facets claim."""
        found: set[EdgeId] = set()
        for facet in await self._store.facets(sources, ["symlinks"], self._as_of):
            found.update(derived_from_facet(facet.entity, facet.facet, facet.value, facet.body).edges)
        return found

    async def _allowed(self, edge: EdgeId) -> bool:
        if not self._never:
            return True
        nodes = await self._store.nodes([edge.source, edge.target])
        for node in nodes.values():
            name = f"{node.namespace}/{node.name}"
            if any(pattern.search(name) for pattern in self._never):
                self._note(f"{name} is claimed to be another name of a dataset; a never_alias rule keeps them apart")
                return False
        return True

    async def _settle(self, keys: list[str], links: dict[str, set[str]]) -> None:
        joined = [key for key in links if links[key]]
        nodes = await self._store.nodes(joined) if joined else {}
        for key in keys:
            if key in self._joined or not links[key]:
                continue
            component = _component(key, links)
            if len(component) > MAX_NAMES:
                node = nodes.get(key)
                name = f"{node.namespace}/{node.name}" if node else key
                self._note(f"{name} is claimed to have over {MAX_NAMES} names; they are not joined")
                continue
            members = tuple(sorted(component, key=lambda k: nodes[k][2:4] if k in nodes else ("", k)))
            self._members.update(dict.fromkeys(members, members))
            self._joined.update(members)
        self._joined.update(keys)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def members(self, key: str) -> tuple[str, ...]:
        """All names of a joined dataset, the representative first; of anything else the key itself."""
        return self._members.get(key) or (key,)

    def representative(self, key: str) -> str:
        """The name that stands for a joined dataset."""
        return self._members[key][0] if key in self._members else key


def _component(start: str, links: dict[str, set[str]]) -> set[str]:
    found = {start}
    todo = [start]
    while todo:
        for key in links.get(todo.pop(), ()):
            if key not in found:
                found.add(key)
                todo.append(key)
    return found
