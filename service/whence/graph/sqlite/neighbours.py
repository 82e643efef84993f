"""What is around nodes, hop by hop."""

from collections.abc import Iterable, Sequence
from itertools import chain

from whence.graph.facts import EdgeKind
from whence.graph.footprint import Footprint
from whence.graph.port import LOOK_AHEAD, Around, Neighbours, datasets_of, footprints_of
from whence.graph.sqlite.activities import activities, footprints
from whence.graph.sqlite.edges import aliases, edges_into
from whence.graph.sqlite.statements import Connection


def neighbours(connection: Connection, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
    """What is around targets: what is live of the owners found says where they lead."""
    asked = dict.fromkeys(targets)
    seen = Neighbours([], [], {}, {}, {})
    new = list(asked)
    for hop in range(1, around.hops + 1):
        found = edges_into(connection, new, around.kinds)
        seen.edges.extend(found)
        owners = {edge.owner for edge in found}.union(new if around.themselves else ()) - seen.activities.keys()
        live = activities(connection, sorted(owners), as_of, window)
        seen.activities.update(live)
        loaded = footprints(connection, sorted(footprints_of(live.values()) - seen.footprints.keys()))
        seen.footprints.update(loaded)
        if hop == around.hops or not found or len(asked) > LOOK_AHEAD:
            break
        new = [key for key in _onward(loaded.values(), around.onward) if key not in asked]
        asked.update(dict.fromkeys(new))
    names = aliases(connection, datasets_of(seen.footprints.values()))
    return seen._replace(targets=list(asked), aliases=names)


def _onward(footprints: Iterable[Footprint], kinds: Sequence[EdgeKind]) -> Iterable[str]:
    """What is read or written, each once."""
    reads = chain.from_iterable(footprint.reads for footprint in footprints if EdgeKind.READS in kinds)
    writes = chain.from_iterable(footprint.writes for footprint in footprints if EdgeKind.WRITES in kinds)
    return dict.fromkeys(chain(reads, writes))
