"""What is around nodes, hop by hop."""

from collections.abc import Sequence

from whence.graph.answers import aliases_by_name, edges_by_target
from whence.graph.facts import EdgeId
from whence.graph.live import Live, datasets_of, footprints_of, live_of, onward
from whence.graph.port import LOOK_AHEAD, Around, Neighbours
from whence.graph.sqlite.activities import activities, footprints, later
from whence.graph.sqlite.edges import aliases, edges_into
from whence.graph.sqlite.statements import Connection


def neighbours(connection: Connection, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
    """What is around targets: what is live of the owners found says where they lead."""
    asked = dict.fromkeys(targets)
    edges: list[EdgeId] = []
    found: dict[str, Live | None] = {}
    new = list(asked)
    for hop in range(1, around.hops + 1):
        into = edges_into(connection, new, around.kinds)
        edges += into
        owners = {edge.owner for edge in into}.union(new if around.themselves else ()) - found.keys()
        said = activities(connection, sorted(owners), as_of, window)
        live = live_of(owners, said, footprints(connection, sorted(footprints_of(said.values()))))
        found.update(live)
        if hop == around.hops or not into or len(asked) > LOOK_AHEAD:
            break
        new = [key for key in onward(live.values(), around.onward) if key not in asked]
        asked.update(dict.fromkeys(new))
    names = datasets_of(found.values())
    return Neighbours(
        edges_by_target(asked, edges),
        found,
        aliases_by_name(names, aliases(connection, names)),
        later(connection, found, as_of),
    )
