"""The file's format: what brings it to this version, and how all in it is deleted."""

import sqlite3
from contextlib import closing
from pathlib import Path

from whence.graph.sqlite.statements import SQL, Connection
from whence_schemas.errors import ConfigurationError

_MIGRATIONS = ("schema", "format_2")
SCHEMA_VERSION = len(_MIGRATIONS)


def migrate(connection: Connection, path: Path | None, read_only: bool) -> None:
    """Bring the file to this version; a file of an older one also where it is only to be read.

    Raises:
        ConfigurationError: the file is one of a newer Whence.
        sqlite3.DatabaseError: the file is no database, or cannot be written.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path} was written by a newer Whence (format {version}, this one knows {SCHEMA_VERSION}): "
            "upgrade Whence, or move the file away and run `whence rebuild`"
        )
    steps = "".join(SQL[step] for step in _MIGRATIONS[version:])
    if steps and not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")
    elif steps and version:
        with closing(sqlite3.connect(f"{path}", isolation_level=None, timeout=30)) as writing:
            writing.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT")


def clear(connection: Connection) -> None:
    """Delete everything."""
    connection.executescript(f"BEGIN; {SQL['clear']} COMMIT")
