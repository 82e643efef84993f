"""Running named statements. Lists of keys go to SQLite as one JSON array."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from whence.graph.answers import Row
from whence.graph.queries import load_queries

SQL = load_queries("sqlite")
Connection = sqlite3.Connection


def fetch(connection: Connection, query: str, **parameters: Any) -> list[Any]:
    """All rows of a statement."""
    return connection.execute(SQL[query], parameters).fetchall()


def write(connection: Connection, query: str, rows: Iterable[Row]) -> None:
    """Run a statement on each of the rows."""
    connection.executemany(SQL[query], rows)


def listed(values: Iterable[Any]) -> str:
    """The distinct values as the parameter of a statement."""
    return orjson.dumps(list(dict.fromkeys(values))).decode()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All that is written within, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
