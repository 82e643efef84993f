"""The graph store on SQLite: embedded, in a file of its own. A module's statements are in the file of its name."""

from whence.graph.sqlite.schema import SCHEMA_VERSION
from whence.graph.sqlite.store import SQLiteGraphStore

__all__ = ["SCHEMA_VERSION", "SQLiteGraphStore"]
