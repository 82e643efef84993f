"""All that a store keeps of its answers."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from whence.graph.keeping.aliases import Aliases, LookForAliases
from whence.graph.keeping.facets import Facets, LookForFacets
from whence.graph.keeping.nearby import LookAround, Nearby
from whence.graph.keeping.room import Room
from whence.graph.keeping.uses import LooksForUses, Uses
from whence.graph.keeping.watch import Watch


class Looks(NamedTuple):
    """How a store itself answers."""

    cursor: Callable[[], Awaitable[int]]
    neighbours: LookAround
    aliases: LookForAliases
    facets: LookForFacets
    uses: LooksForUses


class Kept:
    """What is asked of all the nodes of a large answer, and mostly again for the next: in one room, under one watch."""

    def __init__(self, looks: Looks) -> None:
        room = Room()
        self.watch = Watch(looks.cursor)
        self.nearby = Nearby(self.watch, room, looks.neighbours)
        self.aliases = Aliases(self.watch, room, looks.aliases)
        self.facets = Facets(self.watch, room, looks.facets)
        self.uses = Uses(self.watch, room, looks.uses)
