"""Writing a batch, and what a batch writes beside the graph: the cursor, and failures.

A batch is one transaction, which also moves the cursor of the one `WhenceMeta` node; a unit's own rows are created
without a look at what is there, which the cursor allows.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from whence.graph.answers import Row
from whence.graph.derive import derive_again, makes_edges
from whence.graph.facts import Batch, Claim, EdgeId, EdgeKind, Failure, Node, Role, Since
from whence.graph.neo4j.activities import footprints
from whence.graph.neo4j.edges import INNER_EDGES
from whence.graph.neo4j.facets import facet_bodies
from whence.graph.neo4j.indexed_text import facet_name, place_text
from whence.graph.neo4j.schema import LABELS
from whence.graph.neo4j.statements import ALL_EDGES, Transaction, fetch, types
from whence.graph.text import fold_text
from whence_schemas.errors import GraphUnavailable
from whence_schemas.identity import Kind

_ROW_BYTES = 1_000
_PORTION_BYTES = 5_000_000
"""Rows are sent in portions of this size (5,000 rows where none is large), which bounds the server's memory."""


class Unprepared(Exception):
    """The database has no cursor: somebody emptied it after it was prepared."""


async def cursor(tx: Transaction) -> int:
    """How many log entries are folded in.

    Raises:
        Unprepared: the database was emptied.
    """
    rows = await fetch(tx, "cursor")
    if not rows:
        raise Unprepared
    return int(rows[0][0])


async def failures(tx: Transaction, limit: int) -> list[Failure]:
    """Events that could not be folded, by index."""
    return [Failure(*row) for row in await fetch(tx, "failures", limit=limit)]


async def apply(tx: Transaction, batch: Batch) -> None:
    """Apply a batch. Others that write wait meanwhile.

    Raises:
        Unprepared: the database was emptied.
        GraphUnavailable: something that a row stands on was not there.
    """
    await fetch(tx, "lock")
    if batch.follows(await cursor(tx)):
        await _apply(tx, batch)


async def _apply(tx: Transaction, batch: Batch) -> None:
    """The rows of a batch. Nodes come before what stands on them, and go last."""
    await _remove_rows(tx, batch)
    for kind, nodes in _node_rows(batch.nodes).items():
        await _write(tx, "add_nodes", nodes, LABELS[Kind(kind)])
    await _add_rows(tx, batch)
    await _write(tx, "add_facets", list(batch.facets.items()), content=True)
    documents = [(key, footprint.document) for key, footprint in batch.footprints.items()]
    await _write(tx, "add_footprints", documents, content=True)
    edges = dict(batch.edges)
    if batch.replaced:
        owners = sorted(batch.replaced)
        await fetch(tx, "remove_inner_edges", types(INNER_EDGES), owners=owners)
        await fetch(tx, "remove_edges", types(ALL_EDGES), owners=owners)  # last: the others are found by WRITES
        edges.update(await _derive_again(tx, [owner for owner in owners if owner[0] != Kind.RUN]))
    for type_, rows in _edge_rows(edges).items():
        await _write(tx, "add_edges", rows, EdgeKind(type_))
    await _release(tx, batch)
    await _write(tx, "add_failures", [tuple(failure) for failure in batch.failures])
    await fetch(tx, "release_failures", entries=sorted(batch.released_failures))
    await fetch(tx, "set_cursor", cursor=batch.cursor)


async def _remove_rows(tx: Transaction, batch: Batch) -> None:
    removed = batch.removed.items()
    await _write(tx, "remove_attempts", [row[:2] for _, rows in removed for row in rows.attempts])
    await _write(tx, "remove_reports", [row[:6] for _, rows in removed for row in rows.reports])
    await _write(tx, "remove_claims", [_claim_row(unit, row) for unit, rows in removed for row in rows.claims])
    await _write(tx, "remove_uses", [row[:4] for _, rows in removed for row in rows.uses])


async def _add_rows(tx: Transaction, batch: Batch) -> None:
    added = batch.added.items()
    await _write(tx, "add_attempts", [tuple(row) for _, rows in added for row in rows.attempts])
    await _write(tx, "add_reports", [(*row, unit) for unit, rows in added for row in rows.reports])
    await _write(tx, "add_claims", [_claim_row(unit, row) for unit, rows in added for row in rows.claims])
    uses: dict[str, list[Row]] = defaultdict(list)
    for _, rows in added:
        for use in rows.uses:
            uses[use.role].append((*use[:5], use.version or None, *use[6:]))
    for role, of_role in uses.items():
        await _write(tx, "add_uses", of_role, Role(role))


async def _release(tx: Transaction, batch: Batch) -> None:
    for query, keys in (
        ("release_facets", batch.released_facets),
        ("release_footprints", batch.released_footprints),
        ("release_nodes", batch.released_nodes),
    ):
        if keys:
            await fetch(tx, query, keys=sorted(keys))


async def _write(tx: Transaction, query: str, rows: Sequence[Row], kind: str = "", content: bool = False) -> None:
    """Run a statement on rows, in portions; `content` if the rows' second column may be large.

    Raises:
        GraphUnavailable: something that a row stands on was not there. The batch is not applied then.
    """
    for portion in _portions(rows, content):
        result = await fetch(tx, query, kind, rows=portion)
        wanted = sum(len(row[2]) for row in portion) if query == "add_edges" else len(portion)
        if result and result[0][0] != wanted:
            raise GraphUnavailable(
                f"{query}: {wanted - result[0][0]} of {wanted} rows refer to nodes that the graph does not have. If "
                "this stays, run `whence rebuild`"
            )


def _portions(rows: Sequence[Row], content: bool) -> Iterator[list[Row]]:
    portion: list[Row] = []
    size = 0
    for row in rows:
        weight = _ROW_BYTES + (len(row[1]) if content else 0)
        if portion and size + weight > _PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(row)
        size += weight
    if portion:
        yield portion


def _node_rows(nodes: Mapping[str, Node]) -> dict[str, list[Row]]:
    """Rows of `add_nodes` by kind."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for key in sorted(nodes):
        node = nodes[key]
        rows[node.kind].append((*node, place_text(fold_text(node.name), fold_text(node.namespace))))
    return rows


def _edge_rows(edges: Mapping[EdgeId, Since]) -> dict[str, list[Row]]:
    """Rows of `add_edges` by kind: those of one owner from one source are one row."""
    rows: dict[str, dict[tuple[str, str], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for edge in sorted(edges):
        rows[edge.kind][edge.owner, edge.source].append((edge.target, *edges[edge]))
    return {kind: [(*start, targets) for start, targets in of_kind.items()] for kind, of_kind in rows.items()}


def _claim_row(unit: str, claim: Claim) -> Row:
    """A row of `add_claims` and `remove_claims`; with the facet's full name only where the index has another."""
    entity, facet, value, first, last = claim
    indexed = facet_name(facet)
    return entity, indexed, last, value, first, unit, None if indexed == facet else facet


async def _derive_again(tx: Transaction, owners: Sequence[str]) -> dict[EdgeId, Since]:
    """All edges of jobs and datasets, from what is left of their rows."""
    reports: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for owner, footprint, declared, start in await fetch(tx, "reports_by_footprint", owners=owners):
        reports[owner].append((footprint, declared, start))
    claims: dict[str, list[tuple[str, str, str, int]]] = defaultdict(list)
    for owner, facet, value, unit, first in await fetch(tx, "claims_by_value", owners=owners):
        if makes_edges(Claim(owner, facet, value, first, first)):
            claims[owner].append((facet, value, unit, first))
    used = await footprints(tx, {row[0] for rows in reports.values() for row in rows})
    bodies = await facet_bodies(tx, {row[1] for rows in claims.values() for row in rows})
    edges: dict[EdgeId, Since] = {}
    for owner in owners:
        edges.update(derive_again(owner, reports[owner], claims[owner], used, bodies))
    return edges
