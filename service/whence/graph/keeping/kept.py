"""All that a store keeps of its answers."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from whence.graph.keeping.edges import Edges, LooksForEdges
from whence.graph.keeping.facets import Facets, LookForFacets
from whence.graph.keeping.nearby import LookAround, Nearby
from whence.graph.keeping.nodes import LookForNodes, Nodes
from whence.graph.keeping.room import Room
from whence.graph.keeping.uses import LooksForUses, Uses
from whence.graph.keeping.watch import Watch


class Looks(NamedTuple):
    """How a store itself answers."""

    cursor: Callable[[], Awaitable[int]]
    nodes: LookForNodes
    edges: LooksForEdges
    neighbours: LookAround
    facets: LookForFacets
    uses: LooksForUses


class Kept:
    """What is asked of all the nodes of a large answer, and mostly again for the next: in one room, under one watch."""

    def __init__(self, looks: Looks) -> None:
        room = Room()
        self.watch = Watch(looks.cursor)
        self.nodes = Nodes(self.watch, room, looks.nodes)
        self.edges = Edges(self.watch, room, looks.edges)
        self.nearby = Nearby(self.watch, room, looks.neighbours)
        self.facets = Facets(self.watch, room, looks.facets)
        self.uses = Uses(self.watch, room, looks.uses)
