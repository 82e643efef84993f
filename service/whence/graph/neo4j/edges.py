"""Edges: into nodes, of owners, by name."""

from collections.abc import Collection, Sequence

from whence.graph.answers import edges_of
from whence.graph.facts import EdgeId, EdgeKind, Since
from whence.graph.neo4j.statements import ALL_EDGES, Transaction, collect, listed, types

INNER_EDGES = frozenset({EdgeKind.DERIVED_FROM, EdgeKind.TAGGED})
"""Kinds of edges that may start from another node than their owner."""


async def edges_into(tx: Transaction, targets: Sequence[str], kinds: Collection[EdgeKind]) -> list[EdgeId]:
    """Edges of these kinds into the targets."""
    wanted = types([kind for kind in kinds if kind != EdgeKind.HAS_FIELD])
    rows = await collect(tx, "edges_into", wanted, targets=listed(targets)) if wanted else []
    return list(map(EdgeId._make, rows))


async def edges_from(tx: Transaction, sources: Sequence[str], kinds: Collection[EdgeKind]) -> dict[EdgeId, Since]:
    """Edges of these kinds that the sources own."""
    found: dict[EdgeId, Since] = {}
    for query, asked in (
        ("edges_from", set(kinds) - {EdgeKind.TAGGED}),
        ("tags_from", {EdgeKind.TAGGED} & set(kinds)),
        ("inner_edges_from", {EdgeKind.DERIVED_FROM} & set(kinds)),
    ):
        if wanted := types(asked):
            found |= edges_of(await collect(tx, query, wanted, owners=listed(sources)))
    return found


async def since(tx: Transaction, edges: Sequence[EdgeId]) -> dict[EdgeId, Since]:
    """When these edges were first seen."""
    return edges_of(await collect(tx, "since", types(ALL_EDGES), edges=[tuple(edge) for edge in edges]))


async def aliases(tx: Transaction, keys: Sequence[str]) -> dict[EdgeId, Since]:
    """Alias edges at either end of which one of the keys is."""
    return edges_of(await collect(tx, "aliases", keys=listed(keys)))
