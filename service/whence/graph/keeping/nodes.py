"""Nodes by key, kept from question to question."""

from collections.abc import Awaitable, Callable, Sequence

from whence.graph.facts import Batch, Node
from whence.graph.keeping.each import Each
from whence.graph.keeping.room import Room
from whence.graph.keeping.watch import Watch

_NODE_BYTES = 500

LookForNodes = Callable[[Sequence[str]], Awaitable[dict[str, Node]]]


class Nodes:
    """Keeps nodes, and that there are none."""

    def __init__(self, watch: Watch, room: Room, look: LookForNodes) -> None:
        """look: answers `nodes` by the store alone."""
        self._look = look
        self._nodes = Each(watch, room, self._look_for_each, _size, _changed)

    async def get(self, keys: Sequence[str]) -> dict[str, Node]:
        """Nodes by key; those that are not there are left out."""
        found = await self._nodes.get(dict.fromkeys(keys))
        return {key: node for key, nodes in found.items() for node in nodes}

    async def _look_for_each(self, keys: Sequence[str]) -> dict[str, tuple[Node, ...]]:
        nodes = await self._look(keys)
        return {key: (nodes[key],) if key in nodes else () for key in keys}


def _size(nodes: Sequence[Node]) -> int:
    return _NODE_BYTES + sum(len(node.namespace) + len(node.name) for node in nodes)


def _changed(batch: Batch) -> set[str]:
    return batch.nodes.keys() | batch.released_nodes
