"""Rows on disk until they are written out, so that what is exported may be larger than memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from typing import NamedTuple

_CREATE = "CREATE TABLE row (section TEXT, key TEXT, body BLOB, PRIMARY KEY (section, key)) WITHOUT ROWID"


class Row(NamedTuple):
    """A row of a section; the key tells it apart from the section's others and gives its place among them."""

    section: str
    key: str
    body: bytes


class Spool:
    """Rows by section. One that is put again under the same key is dropped: it says the same."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def put(self, rows: Iterable[Row]) -> None:
        """Keep rows."""
        self._database.executemany("INSERT OR IGNORE INTO row VALUES (?, ?, ?)", rows)

    def sections(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """The sections that have rows, by name, each with its rows in the order of their keys."""
        found = map(Row._make, self._database.execute("SELECT section, key, body FROM row ORDER BY section, key"))
        return groupby(found, lambda row: row.section)

    def section(self, name: str) -> Iterator[bytes]:
        """The bodies of one section's rows, in the order of their keys."""
        found = self._database.execute("SELECT body FROM row WHERE section = ? ORDER BY key", (name,))
        return (body for (body,) in found)


@contextmanager
def spool() -> Iterator[Spool]:
    """A spool in a temporary file, which goes with it."""
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = OFF")  # nothing is ever rolled back
        database.execute(_CREATE)
        yield Spool(database)
