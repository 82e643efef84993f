"""What is around nodes, hop by hop."""

from collections.abc import Sequence

from whence.graph.answers import aliases_by_name, edges_by_target
from whence.graph.facts import EdgeId
from whence.graph.live import datasets_of, footprints_of, live_of
from whence.graph.neo4j.activities import activities, footprints, later
from whence.graph.neo4j.edges import aliases, edges_into
from whence.graph.neo4j.statements import Transaction, collect, listed, types
from whence.graph.port import LOOK_AHEAD, Around, Neighbours


async def neighbours(tx: Transaction, targets: Sequence[str], around: Around, as_of: int, window: int) -> Neighbours:
    """What is around targets: all edges ever seen say where they lead."""
    asked, edges = await _look_around(tx, targets, around)
    owners = [edge.owner for edge in edges]
    if around.themselves:
        owners += asked
    said = await activities(tx, owners, as_of, window)
    found = live_of(owners, said, await footprints(tx, footprints_of(said.values())))
    names = datasets_of(found.values())
    return Neighbours(
        edges_by_target(asked, edges),
        found,
        aliases_by_name(names, await aliases(tx, names)),
        await later(tx, found, as_of),
    )


async def _look_around(tx: Transaction, targets: Sequence[str], around: Around) -> tuple[list[str], list[EdgeId]]:
    """Targets, hop by hop, and the edges into them."""
    asked = dict.fromkeys(targets)
    found = await edges_into(tx, targets, around.kinds)
    edges = list(found)
    for _ in range(1, around.hops):
        if not found or len(asked) > LOOK_AHEAD:
            break
        sources = listed(edge.source for edge in found)
        rows = await collect(tx, "onward", types(around.kinds), sources=sources, onward=list(around.onward))
        new = [EdgeId(*row) for row in rows if row[3] not in asked]
        asked.update((edge.target, None) for edge in new)
        found = [edge for edge in new if edge.owner]
        edges += found
    return list(asked), edges
