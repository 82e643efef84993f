"""Nodes: by key, counted, searched."""

from collections.abc import Sequence

from whence.graph.facts import Node
from whence.graph.port import Place
from whence.graph.sqlite.statements import Connection, fetch, listed
from whence.graph.text import fold_text


def nodes(connection: Connection, keys: Sequence[str]) -> dict[str, Node]:
    """Nodes by key."""
    return {row[0]: Node(*row) for row in fetch(connection, "nodes", keys=listed(keys))}


def counts(connection: Connection) -> dict[str, int]:
    """Number of nodes of each kind."""
    return dict(fetch(connection, "counts"))


def search(
    connection: Connection, text: str, kinds: Sequence[str], after: Place | None, limit: int, namespace: str | None
) -> list[tuple[Place, Node]]:
    """Nodes whose name or namespace contains the text: for each kind the first ones, of these the first."""
    query = "search" if namespace is None else "search_in"
    place = (after or Place("", "", ""))._asdict()
    found: list[tuple[Place, Node]] = []
    for kind in kinds:
        rows = fetch(connection, query, kind=kind, text=fold_text(text), limit=limit, within=namespace, **place)
        found += [(Place(*row[:3]), Node(*row[2:])) for row in rows]
    return sorted(found)[:limit]


def named(connection: Connection, name: str, kinds: Sequence[str], limit: int) -> list[Node]:
    """Nodes with exactly this name, case folded."""
    return [Node(*row) for row in fetch(connection, "named", name=fold_text(name), kinds=listed(kinds), limit=limit)]
