"""Nodes: by key, counted, searched."""

from collections.abc import Sequence

from whence.graph.facts import Node
from whence.graph.neo4j.indexed_text import place_text, sortable
from whence.graph.neo4j.schema import LABELS
from whence.graph.neo4j.statements import Transaction, collect, fetch, listed
from whence.graph.port import Place
from whence.graph.text import fold_text


async def nodes(tx: Transaction, keys: Sequence[str]) -> dict[str, Node]:
    """Nodes by key."""
    return {row[0]: Node(*row) for row in await collect(tx, "nodes", keys=listed(keys))}


async def counts(tx: Transaction) -> dict[str, int]:
    """Number of nodes of each kind."""
    found = {str(kind): (await fetch(tx, "counts", label))[0][0] for kind, label in LABELS.items()}
    return {kind: number for kind, number in found.items() if number}


async def search(
    tx: Transaction, text: str, kinds: Sequence[str], after: Place | None, limit: int, namespace: str | None
) -> list[tuple[Place, Node]]:
    """Nodes whose name or namespace contains the text: for each kind the first ones, of these the first."""
    rows = await fetch(
        tx,
        "search" if namespace is None else "search_in",
        namespace=namespace,
        kinds=listed(kinds),
        text=sortable(fold_text(text)),
        limit=limit,
        place=place_text(after.name, after.namespace) if after else "",
        key=after.key if after else "",
    )
    found = [Node(*row) for row in rows]
    return sorted((Place(fold_text(node.name), fold_text(node.namespace), node.key), node) for node in found)[:limit]


async def named(tx: Transaction, name: str, kinds: Sequence[str], limit: int) -> list[Node]:
    """Nodes with exactly this name, case folded."""
    rows = await fetch(tx, "named", name=place_text(fold_text(name), ""), kinds=listed(kinds), limit=limit)
    found = [Node(*row) for row in rows]
    return sorted(found, key=lambda node: (node.kind, fold_text(node.namespace), node.key))[:limit]
