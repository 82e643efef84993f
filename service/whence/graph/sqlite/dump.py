"""All facts, by table."""

from whence.graph.answers import Row
from whence.graph.port import DUMPED
from whence.graph.sqlite.statements import Connection


def table_rows(connection: Connection, table: str) -> list[Row]:
    """Rows of a table of the dump."""
    columns = ", ".join(f'"{column}"' for column in DUMPED[table])
    return connection.execute(f"SELECT {columns} FROM {table}").fetchall()  # noqa: S608
