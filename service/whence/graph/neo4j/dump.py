"""All facts, by table."""

from whence.graph.answers import Row
from whence.graph.neo4j.statements import ALL_EDGES, Transaction, fetch, types


async def table_rows(tx: Transaction, table: str) -> list[Row]:
    """Rows of a table of the dump."""
    return list(await fetch(tx, f"dump_{table}", types(ALL_EDGES) if table == "edge" else ""))
