"""Edges: into nodes, of owners, by name."""

from collections.abc import Sequence

from whence.graph.answers import edges_of
from whence.graph.facts import EdgeId, EdgeKind, Since
from whence.graph.sqlite.statements import Connection, fetch, listed

_LABELS = {EdgeKind.OWNED_BY, EdgeKind.TAGGED}


def edges_into(connection: Connection, targets: Sequence[str], kinds: Sequence[EdgeKind]) -> list[EdgeId]:
    """Edges of these kinds into the targets."""
    return list(map(EdgeId._make, fetch(connection, "edges_into", targets=listed(targets), kinds=listed(kinds))))


def edges_from(connection: Connection, sources: Sequence[str], kinds: Sequence[EdgeKind]) -> dict[EdgeId, Since]:
    """Edges of these kinds that the sources own."""
    query = "labels_from" if _LABELS.issuperset(kinds) else "edges_from"
    return edges_of(fetch(connection, query, owners=listed(sources), kinds=listed(kinds)))


def since(connection: Connection, edges: Sequence[EdgeId]) -> dict[EdgeId, Since]:
    """When these edges were first seen."""
    return edges_of(fetch(connection, "since", edges=listed(tuple(edge) for edge in edges)))


def aliases(connection: Connection, keys: Sequence[str]) -> dict[EdgeId, Since]:
    """Alias edges at either end of which one of the keys is."""
    return edges_of(fetch(connection, "aliases", keys=listed(keys)))
