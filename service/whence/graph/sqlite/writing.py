"""Writing a batch, and what a batch writes beside the graph: the cursor, failures, and that something was erased."""

import sqlite3

from whence.graph.answers import Row
from whence.graph.derive import derive_again
from whence.graph.facts import Batch, EdgeId, Failure, Node, Since
from whence.graph.sqlite.activities import footprints
from whence.graph.sqlite.facets import facet_bodies
from whence.graph.sqlite.statements import SQL, Connection, fetch, transaction, write
from whence.graph.text import fold_text
from whence_schemas.identity import Kind


def cursor(connection: Connection) -> int:
    """How many log entries are folded in."""
    return int(fetch(connection, "cursor")[0][0])


def failures(connection: Connection, limit: int) -> list[Failure]:
    """Events that could not be folded, by index."""
    return [Failure(*row) for row in fetch(connection, "failures", limit=limit)]


def apply(connection: Connection, batch: Batch) -> None:
    """Apply a batch, all of it or nothing."""
    with transaction(connection):
        if batch.follows(cursor(connection)):
            _apply(connection, batch)


def _apply(connection: Connection, batch: Batch) -> None:
    _write_rows(connection, batch)
    write(connection, "add_facet", batch.facets.items())
    write(connection, "add_footprint", ((key, found.document) for key, found in batch.footprints.items()))
    edges = dict(batch.edges)
    for owner in sorted(batch.replaced):
        connection.execute(SQL["remove_edges"], (owner,))
        if owner[0] != Kind.RUN:
            edges.update(_derive_again(connection, owner))
    write(connection, "add_edge", ((*edge, *since) for edge, since in edges.items()))
    write(connection, "add_node", (_node_row(node) for node in batch.nodes.values()))
    write(connection, "release_facet", ((value,) for value in batch.released_facets))
    write(connection, "release_footprint", ((key,) for key in batch.released_footprints))
    for key in sorted(batch.released_nodes, reverse=True):
        connection.execute(SQL["release_node"], (key,))
    write(connection, "add_failure", batch.failures)
    write(connection, "release_failure", ((entry,) for entry in batch.released_failures))
    if batch.erases:
        connection.execute(SQL["set_remains"])
    connection.execute(SQL["set_cursor"], (batch.cursor,))


def _write_rows(connection: Connection, batch: Batch) -> None:
    removed, added = batch.removed.items(), batch.added.items()
    write(connection, "remove_attempt", (row[:2] for _, rows in removed for row in rows.attempts))
    write(connection, "remove_report", (row[:6] for _, rows in removed for row in rows.reports))
    write(connection, "remove_claim", ((*row, unit) for unit, rows in removed for row in rows.claims))
    write(connection, "remove_use", (row[:4] for _, rows in removed for row in rows.uses))
    write(connection, "add_attempt", (row for _, rows in added for row in rows.attempts))
    write(connection, "add_report", ((*row, unit) for unit, rows in added for row in rows.reports))
    write(connection, "add_claim", ((*row, unit) for unit, rows in added for row in rows.claims))
    write(connection, "add_use", (row for _, rows in added for row in rows.uses))


def _node_row(node: Node) -> Row:
    return (*node, fold_text(node.name), fold_text(node.namespace))


def _derive_again(connection: Connection, owner: str) -> dict[EdgeId, Since]:
    """All edges of a job or dataset, from what is left of its rows."""
    reports = fetch(connection, "reports_by_footprint", owner=owner)
    claims = fetch(connection, "claims_by_value", owner=owner)
    used = footprints(connection, sorted({row[0] for row in reports}))
    return derive_again(owner, reports, claims, used, facet_bodies(connection, {row[1] for row in claims}))


def scrub(connection: Connection) -> None:
    """Write the file anew and cut off its WAL: only then it holds no copy of a deleted row for certain."""
    if not fetch(connection, "remains"):
        return
    connection.execute("PRAGMA temp_store = FILE")  # the file is written there first
    try:
        connection.execute("VACUUM")
    finally:
        connection.execute("PRAGMA temp_store = MEMORY")
    if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        raise sqlite3.OperationalError("another program is reading the graph, so that erased bytes stay in its files")
    connection.execute(SQL["clear_remains"])
